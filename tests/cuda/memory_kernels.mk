EXTRA_DIST += %D%/host_cuda_order.h %D%/operands.h %D%/kernels_on_host.cc %D%/test_kernels.c \
	%D%/test_attention.c %D%/fake_cublas.c %D%/fake_at_once.c

if HAVE_CUDA_HEADERS
if HAVE_CHECK
check_LIBRARIES += %D%/libhostkernels.a
tests_cuda_libhostkernels_a_SOURCES = %D%/kernels_on_host.cc src/gpu/memory.c
tests_cuda_libhostkernels_a_CPPFLAGS = $(AM_CPPFLAGS) $(CUDA_HEADERS)
check_PROGRAMS += %D%/test_kernels %D%/test_attention
TESTS += %D%/test_kernels %D%/test_attention
tests_cuda_test_kernels_SOURCES = %D%/test_kernels.c
tests_cuda_test_kernels_CPPFLAGS = $(AM_CPPFLAGS) $(CUDA_HEADERS)
tests_cuda_test_kernels_LDADD = %D%/libhostkernels.a $(host_cuda_libs)
tests_cuda_test_kernels_LINK = $(CXXLINK)
tests_cuda_test_attention_SOURCES = %D%/test_attention.c %D%/fake_at_once.c %D%/fake_cublas.c \
	src/gpu/sdpa_absent.c \
	src/gpu/attention.c src/gpu/attention_blas.c
tests_cuda_test_attention_CPPFLAGS = $(AM_CPPFLAGS) $(CUDA_HEADERS)
tests_cuda_test_attention_LDADD = %D%/libhostkernels.a $(host_cuda_libs)
tests_cuda_test_attention_LINK = $(CXXLINK)
endif
endif
