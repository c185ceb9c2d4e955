# Kernels of ours beside those of collectives.
tpsim_cuda_SOURCES += \
	%D%/gpu_attention.c \
	%D%/gpu_attention_blas.c %D%/gpu_attention_blas.h \
	%D%/gpu_fill.cu \
	%D%/gpu_heads.cu \
	%D%/gpu_memory.c \
	%D%/gpu_norm.cu \
	%D%/gpu_reduce.cu \
	%D%/gpu_rows.cu \
	%D%/gpu_values.cuh
