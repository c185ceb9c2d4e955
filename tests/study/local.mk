# tests of study
unit_tests += \
	%D%/test_decode \
	%D%/test_fit_collectives \
	%D%/test_predict
EXTRA_DIST += %D%/world.h
