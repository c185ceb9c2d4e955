unit_tests += %D%/test_progress
