#ifndef TP_GPU_SDPA_H
#define TP_GPU_SDPA_H
/* Flash attention: scaled dot-product attention by cuDNN's graph API, causal prefill and decode. */
#include "run/calls.h"

#include <cuda_runtime_api.h>

struct tp_gpu_sdpa;

/* On the current device. TP_E_ENVIRONMENT where this build or machine has no cuDNN. */
enum tp_status tp_gpu_sdpa_open(struct tp_gpu_sdpa **sdpa, struct tp_error *error);
void tp_gpu_sdpa_close(struct tp_gpu_sdpa *sdpa); /* NULL is fine */

/* Plans of a shape are made when it is first met: where `capturing`, a new shape fails with
 * TP_E_INPUT.  TP_E_ENVIRONMENT where cuDNN has no plan for it, naming the mend (materialised). */
enum tp_status tp_gpu_sdpa_run(struct tp_gpu_sdpa *sdpa, const struct tp_bound_op *bound,
                               cudaStream_t stream, bool capturing, struct tp_error *error);
#endif
