#ifndef TP_GPU_KERNELS_KERNELS_H
#define TP_GPU_KERNELS_KERNELS_H
/* Kernels of ours, for callers in C.  Each function puts one kernel into a stream and returns what
 * CUDA says of the launch. */
#include <cuda_runtime_api.h>

#ifdef __cplusplus
extern "C" {
#endif
#include "run/calls.h"

/* tp_fill_value of every element, rounded to fill->dtype. */
cudaError_t tp_kernel_fill(void *memory, const struct tp_fill *fill, cudaStream_t stream);

/* A memory op (enum tp_function) of a rank.  TP_E_INPUT where no kernel computes its function; the
 * error names it. */
enum tp_status tp_kernel_memory(const struct tp_bound_op *bound, int rank, cudaStream_t stream,
                                struct tp_error *error);

/* For GEMMs that activate: silu(gate) * up where x has twice y's columns, else gelu(x). */
cudaError_t tp_kernel_activate(const struct tp_operand *x, const struct tp_operand *y,
                               cudaStream_t stream);

/* x as fp8 e4m3 in rows without gaps: to = x / *scale, where *scale, in device memory, becomes the
 * largest magnitude of x over 448, or 1 if that is 0.  `scale` has room for TP_SCALE_FLOATS. */
enum { TP_SCALE_FLOATS = 1 + 512 };
cudaError_t tp_kernel_quantise(const struct tp_operand *x, void *to, float *scale,
                               cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
