unit_tests += %D%/test_shipped
