unit_tests += \
	%D%/test_csv \
	%D%/test_text
