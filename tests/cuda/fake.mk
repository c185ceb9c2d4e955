# The host's side of a GPU device over a fake of CUDA, where CUDA's headers are.
if HAVE_CUDA_HEADERS
if HAVE_CHECK
check_LIBRARIES += %D%/libfakegpu.a
fake_gpu_tests = %D%/test_gpu %D%/test_gpu_comm %D%/test_gpu_gemm %D%/test_lateness
check_PROGRAMS += $(fake_gpu_tests)
TESTS += $(fake_gpu_tests)
endif
endif
%C%_libfakegpu_a_CPPFLAGS = $(AM_CPPFLAGS) $(CUDA_HEADERS)
%C%_libfakegpu_a_SOURCES = %D%/fake_at_once.c %D%/fake_cublaslt.c %D%/fake_gpu.c %D%/fake_gpu.h %D%/fake_stream.h \
	src/gpu/dispatch.c src/gpu/gemm.c src/gpu/gemm_plan.c src/gpu/open.c \
	src/gpu/runtime.c src/gpu/transfer.c
%C%_test_gpu_CPPFLAGS = $(AM_CPPFLAGS) $(CUDA_HEADERS)
%C%_test_gpu_LDADD = %D%/libfakegpu.a $(LDADD)
%C%_test_gpu_gemm_CPPFLAGS = $(AM_CPPFLAGS) $(CUDA_HEADERS)
%C%_test_gpu_gemm_LDADD = %D%/libfakegpu.a $(LDADD)
%C%_test_lateness_CPPFLAGS = $(AM_CPPFLAGS) $(CUDA_HEADERS)
%C%_test_lateness_SOURCES = %D%/test_lateness.c src/gpu/lateness.c
%C%_test_lateness_LDADD = %D%/libfakegpu.a $(LDADD)
%C%_test_gpu_comm_CPPFLAGS = $(AM_CPPFLAGS) $(CUDA_HEADERS)
%C%_test_gpu_comm_SOURCES = %D%/fake_comm.c %D%/fake_comm.h %D%/test_gpu_comm.c \
	src/gpu/beside.c src/gpu/comm.c src/gpu/emulation.c src/gpu/lateness.c src/gpu/standin_try.c \
	src/gpu/starter.c src/gpu/windows.c $(peers_sources) %D%/nccl_linked.c
