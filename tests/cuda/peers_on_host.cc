/* Kernels of collectives and of what stands in for them, for the CPU. */
#include "gpu/kernels/standin.cu"
#include "peers/flash.cu"
#include "peers/peer.cu"
