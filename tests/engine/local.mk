# tests of engine
unit_tests += \
	%D%/test_fluid \
	%D%/test_timeline
EXTRA_DIST += %D%/toy.h
