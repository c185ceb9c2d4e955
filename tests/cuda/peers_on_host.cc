/* Kernels of collectives and of what stands in for them, for the CPU. */
#include "gpu/kernels/flash.cu"
#include "gpu/kernels/peer.cu"
#include "gpu/kernels/standin.cu"
