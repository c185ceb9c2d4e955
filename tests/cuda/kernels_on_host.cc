/* Our kernels and their launchers, for the CPU. */
#include "cuda/gpu_fill.cu"
#include "cuda/gpu_heads.cu"
#include "cuda/gpu_norm.cu"
#include "cuda/gpu_reduce.cu"
#include "cuda/gpu_rows.cu"
