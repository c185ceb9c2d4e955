# The whole device of a GPU on the CPU: its host's side and its kernels over fakes that compute.
EXTRA_DIST += %D%/test_whole.c %D%/fake_runtime.h %D%/fake_runtime_state.h %D%/fake_runtime.cc \
	%D%/fake_memory.cc %D%/fake_nccl.cc %D%/peers_on_host.cc
if HAVE_CUDNN
if HAVE_CHECK
check_PROGRAMS += %D%/test_whole
TESTS += %D%/test_whole
endif
endif
tests_cuda_test_whole_SOURCES = %D%/test_whole.c %D%/fake_runtime.cc %D%/fake_memory.cc \
	%D%/fake_nccl.cc %D%/fake_cublas.c %D%/fake_cublaslt.c %D%/peers_on_host.cc \
	src/gpu/attention.c src/gpu/attention_blas.c src/gpu/clocks.c \
	src/gpu/comm.c src/gpu/dispatch.c src/gpu/emulation.c src/gpu/lateness.c src/gpu/facts.c \
	src/gpu/gemm.c src/gpu/gemm_plan.c src/gpu/open.c \
	src/gpu/runtime.c src/gpu/transfer.c src/gpu/windows.c \
	%D%/fake_cudnn.c %D%/fake_cudnn_run.c src/gpu/sdpa.c src/gpu/sdpa_graph.c \
	src/gpu/sdpa_plan.c $(peers_sources) %D%/nccl_linked.c
tests_cuda_test_whole_CPPFLAGS = $(AM_CPPFLAGS) $(CUDA_HEADERS)
tests_cuda_test_whole_LDADD = %D%/libhostkernels.a $(host_cuda_libs)
tests_cuda_test_whole_LINK = $(CXXLINK)
