EXTRA_DIST += %D%/host_cuda_order.h %D%/kernels_on_host.cc %D%/test_kernels.c %D%/operands.h %D%/test_selftest.c

if HAVE_CUDA_HEADERS
if HAVE_CHECK
check_PROGRAMS += %D%/test_kernels %D%/test_selftest
TESTS += %D%/test_kernels %D%/test_selftest
tests_cuda_test_kernels_SOURCES = %D%/test_kernels.c %D%/kernels_on_host.cc src/cuda/gpu_memory.c
tests_cuda_test_kernels_CPPFLAGS = $(AM_CPPFLAGS) $(CUDA_HEADERS)
tests_cuda_test_kernels_LDADD = $(host_cuda_libs)
tests_cuda_test_selftest_SOURCES = %D%/test_selftest.c %D%/kernels_on_host.cc src/cuda/gpu_memory.c
tests_cuda_test_selftest_CPPFLAGS = $(AM_CPPFLAGS) $(CUDA_HEADERS)
tests_cuda_test_selftest_LDADD = $(host_cuda_libs)
endif
endif
