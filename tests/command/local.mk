unit_tests += %D%/test_fold %D%/test_progress
