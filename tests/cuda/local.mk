# tests of cuda
unit_tests += \
	%D%/test_reference \
	%D%/test_trace
EXTRA_DIST += %D%/test_bench.c %D%/trace_folder.h

include %D%/kernels.mk
