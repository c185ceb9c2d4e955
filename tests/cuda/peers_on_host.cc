/* Kernels of collectives and of what stands in for them, for the CPU. */
#include "peers/flash.cu"
#include "peers/peer.cu"
#include "gpu/kernels/standin.cu"
