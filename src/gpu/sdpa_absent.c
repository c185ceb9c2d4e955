/* Built where cuDNN is not. */
#include "gpu/sdpa.h"

enum tp_status tp_gpu_sdpa_open(struct tp_gpu_sdpa **sdpa, struct tp_error *error)
{
  (void)sdpa;
  return tp_fail(error, TP_E_ENVIRONMENT,
                 "flash attention needs cuDNN, which this build lacks: choose materialised "
                 "attention (attention.prefill and attention.decode of the stack), or configure "
                 "with cuDNN installed beside the CUDA toolkit");
}

void tp_gpu_sdpa_close(struct tp_gpu_sdpa *sdpa)
{
  (void)sdpa;
}

enum tp_status tp_gpu_sdpa_run(struct tp_gpu_sdpa *sdpa, const struct tp_bound_op *bound,
                               cudaStream_t stream, bool capturing, struct tp_error *error)
{
  (void)bound, (void)stream, (void)capturing;
  return tp_gpu_sdpa_open(&sdpa, error);
}
