#ifndef TP_GPU_GEMM_H
#define TP_GPU_GEMM_H
/* GEMMs by cuBLASLt: y[m,n] = x[m,k] weight[n,k]^T (+ bias[n]), rows as far apart as the operands
 * say, sums in fp32.
 *
 * An fp8 GEMM has fp8 weights and writes bf16.  Its x is fp8, or a kernel before makes it so, with
 * one scale for the whole of x.
 */
#include "run/calls.h"

#include <cuda_runtime_api.h>

struct tp_gpu_gemm;

/* On the current device, of `capability` (90: sm_90). */
enum tp_status tp_gpu_gemm_open(int capability, struct tp_gpu_gemm **gemm, struct tp_error *error);
void tp_gpu_gemm_close(struct tp_gpu_gemm *gemm); /* NULL is fine; the device is idle */

/* Where a shape is new, cuBLASLt's heuristics are asked and buffers made, which a capture forbids:
 * with `capturing`, a new shape fails with TP_E_INPUT.  TP_E_ENVIRONMENT where the GPU lacks the
 * type. */
enum tp_status tp_gpu_gemm_run(struct tp_gpu_gemm *gemm, const struct tp_bound_op *bound,
                               cudaStream_t stream, bool capturing, struct tp_error *error);
#endif
