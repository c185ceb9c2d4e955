/* Our kernels and their launchers, for the CPU. */
#include "gpu/kernels/fill.cu"
#include "gpu/kernels/heads.cu"
#include "gpu/kernels/norm.cu"
#include "gpu/kernels/reduce.cu"
#include "gpu/kernels/rows.cu"
