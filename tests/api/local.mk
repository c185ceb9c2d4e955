# The library alone, as a program of its user has it.
if TPSIM
library_tests += %D%/test_tpsim
endif
%C%_test_tpsim_LDADD = libtpsim.la $(CHECK_LIBS)
EXTRA_DIST += %D%/installed.sh
