unit_tests += %D%/test_bad %D%/test_shipped
EXTRA_DIST += %D%/load.h
