# tests of engine
unit_tests += \
	%D%/test_analytic \
	%D%/test_analytic_random \
	%D%/test_fluid \
	%D%/test_timeline
unit_tests += %D%/test_des %D%/test_engines_agree %D%/test_late
%C%_test_des_LDADD = $(des_libs) $(CHECK_LIBS)
%C%_test_engines_agree_LDADD = $(des_libs) $(CHECK_LIBS)
%C%_test_late_LDADD = $(des_libs) $(CHECK_LIBS)
EXTRA_DIST += %D%/rig.h %D%/toy.h
