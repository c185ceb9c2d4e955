# Flash attention.
tpsim_cuda_SOURCES += %D%/gpu_sdpa.h
if HAVE_CUDNN
tpsim_cuda_SOURCES += \
	%D%/gpu_cudnn.h \
	%D%/gpu_sdpa.c \
	%D%/gpu_sdpa_graph.c %D%/gpu_sdpa_graph.h \
	%D%/gpu_sdpa_plan.c %D%/gpu_sdpa_plan.h
else
tpsim_cuda_SOURCES += %D%/gpu_sdpa_absent.c
endif
