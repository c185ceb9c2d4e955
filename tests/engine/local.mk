# tests of engine
unit_tests += \
	%D%/test_analytic \
	%D%/test_analytic_random \
	%D%/test_fluid \
	%D%/test_timeline
if SIMULATOR
unit_tests += %D%/test_des %D%/test_deviation %D%/test_engines_agree %D%/test_late %D%/test_worker
endif
EXTRA_DIST += %D%/rig.h tests/des.h
