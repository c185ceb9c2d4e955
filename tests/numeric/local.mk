# tests of numeric
unit_tests += \
	%D%/test_half \
	%D%/test_low_bit_reduce \
	%D%/test_packed \
	%D%/test_quantise \
	%D%/test_samples
