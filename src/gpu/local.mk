# What CUDA is needed for: C here, kernels/*.cu by nvcc.
tpsim_cuda_SOURCES += \
	%D%/attention.c %D%/attention.h \
	%D%/attention_blas.c %D%/attention_blas.h \
	%D%/beside.c \
	%D%/check.h \
	%D%/clocks.c %D%/clocks.h \
	%D%/comm.c %D%/comm.h \
	%D%/dispatch.c \
	%D%/emulation.c %D%/emulation.h \
	%D%/facts.c \
	%D%/gemm.c %D%/gemm.h \
	%D%/gemm_plan.c %D%/gemm_plan.h \
	%D%/gpu.h \
	%D%/lateness.c %D%/lateness.h \
	%D%/memory.c \
	%D%/nvrtc.c %D%/nvrtc.h \
	%D%/open.c \
	%D%/peers.h \
	%D%/runtime.c %D%/runtime.h \
	%D%/sdpa.h \
	%D%/standin.h \
	%D%/standin_try.c \
	%D%/starter.c %D%/starter.h \
	%D%/state.h \
	%D%/transfer.c \
	%D%/windows.c \
	%D%/kernels/fill.cu \
	%D%/kernels/heads.cu \
	%D%/kernels/kernels.h \
	%D%/kernels/launch.h \
	%D%/kernels/launchers.h \
	%D%/kernels/norm.cu \
	%D%/kernels/reduce.cu \
	%D%/kernels/rows.cu \
	%D%/kernels/standin.cu \
	%D%/kernels/values.cuh

# Flash attention.
if HAVE_CUDNN
tpsim_cuda_SOURCES += \
	%D%/cudnn.h \
	%D%/sdpa.c \
	%D%/sdpa_graph.c %D%/sdpa_graph.h \
	%D%/sdpa_plan.c %D%/sdpa_plan.h
else
tpsim_cuda_SOURCES += %D%/sdpa_absent.c
endif
if HAVE_CUDA
-include %D%/kernels/$(DEPDIR)/*.cu.d
endif
MOSTLYCLEANFILES = %D%/kernels/$(DEPDIR)/*.cu.d

SUFFIXES = .cu
NVCC_V = $(NVCC_V_@AM_V@)
NVCC_V_ = $(NVCC_V_@AM_DEFAULT_V@)
NVCC_V_0 = @echo "  NVCC    " $@;
.cu.o:
	$(NVCC_V)$(MKDIR_P) $(@D)/$(DEPDIR) && \
	$(NVCC) -std=c++17 $(NVCCFLAGS) $(DEFS) $(AM_CPPFLAGS) $(CPPFLAGS) \
	  -MD -MF $(@D)/$(DEPDIR)/$(@F:.o=.cu.d) -MT $@ -c $< -o $@
