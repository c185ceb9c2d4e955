# tests of study
unit_tests += %D%/test_fit_collectives
