# tests of study
unit_tests += \
	%D%/test_decode \
	%D%/test_fit_collectives
EXTRA_DIST += %D%/world.h
