# tests of cuda
unit_tests += \
	%D%/test_correct \
	%D%/test_element \
	%D%/test_executor \
	%D%/test_group \
	%D%/test_host \
	%D%/test_host_clock \
	%D%/test_host_variants \
	%D%/test_plans \
	%D%/test_reference \
	%D%/test_trace
EXTRA_DIST += %D%/hand.h %D%/run_variant.h %D%/test_bench.c %D%/trace_folder.h

include %D%/kernels.mk
