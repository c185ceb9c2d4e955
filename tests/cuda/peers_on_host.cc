/* Kernels of collectives and of what stands in for them, for the CPU. */
#include "cuda/gpu_flash.cu"
#include "cuda/gpu_peer.cu"
#include "cuda/gpu_standin.cu"
