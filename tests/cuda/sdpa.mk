# Flash attention over a fake of cuDNN that computes what it is told, where cuDNN's headers are.
EXTRA_DIST += %D%/fake_cudnn.h
if HAVE_CUDNN
if HAVE_CHECK
check_PROGRAMS += %D%/test_gpu_sdpa
TESTS += %D%/test_gpu_sdpa
endif
endif
%C%_test_gpu_sdpa_CPPFLAGS = $(AM_CPPFLAGS) $(CUDA_HEADERS)
%C%_test_gpu_sdpa_SOURCES = %D%/test_gpu_sdpa.c %D%/fake_cudnn.c \
	src/cuda/gpu_sdpa.c src/cuda/gpu_sdpa_graph.c src/cuda/gpu_sdpa_plan.c
%C%_test_gpu_sdpa_LDADD = %D%/libfakegpu.a $(LDADD)
