unit_tests += %D%/test_fold %D%/test_format %D%/test_progress
