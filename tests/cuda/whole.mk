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
	src/cuda/gpu_attention.c src/cuda/gpu_attention_blas.c src/cuda/gpu_clocks.c \
	src/cuda/gpu_comm.c src/cuda/gpu_dispatch.c src/cuda/gpu_emulation.c src/cuda/gpu_facts.c \
	src/cuda/gpu_gemm.c src/cuda/gpu_gemm_plan.c src/cuda/gpu_nccl.c src/cuda/gpu_open.c \
	src/cuda/gpu_peer_memory.c src/cuda/gpu_runtime.c src/cuda/gpu_windows.c \
	%D%/fake_cudnn.c %D%/fake_cudnn_run.c src/cuda/gpu_sdpa.c src/cuda/gpu_sdpa_graph.c \
	src/cuda/gpu_sdpa_plan.c
tests_cuda_test_whole_CPPFLAGS = $(AM_CPPFLAGS) $(CUDA_HEADERS)
tests_cuda_test_whole_LDADD = %D%/libhostkernels.a $(host_cuda_libs)
tests_cuda_test_whole_LINK = $(CXXLINK)
