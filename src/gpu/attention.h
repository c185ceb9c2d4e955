#ifndef TP_GPU_ATTENTION_H
#define TP_GPU_ATTENTION_H
/* Attention in the op's style: flash by cuDNN, materialised and expanded by cuBLAS with kernels of
 * ours between. */
#include "run/calls.h"

#include <cuda_runtime_api.h>

struct tp_gpu_attention;

/* On the current device. */
enum tp_status tp_gpu_attention_open(struct tp_gpu_attention **attention, struct tp_error *error);
void tp_gpu_attention_close(struct tp_gpu_attention *attention); /* NULL is fine */

/* Plans and buffers of a shape are made when it is first met: where `capturing`, a new shape fails
 * with TP_E_INPUT.  TP_E_ENVIRONMENT where the style needs a library that this build lacks. */
enum tp_status tp_gpu_attention_run(struct tp_gpu_attention *attention,
                                    const struct tp_bound_op *bound, cudaStream_t stream,
                                    bool capturing, struct tp_error *error);
#endif
