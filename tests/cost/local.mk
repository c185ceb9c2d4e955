unit_tests += %D%/test_machine %D%/test_collective
EXTRA_DIST += %D%/machines.h
