unit_tests += \
	%D%/test_bad \
	%D%/test_damage \
	%D%/test_open \
	%D%/test_routes \
	%D%/test_shipped
if SIMULATOR
unit_tests += %D%/test_xml
endif
EXTRA_DIST += %D%/tiny.xml
