/* For tests of attention by products: no cuDNN. */
#include "cuda/gpu_sdpa.h"

enum tp_status tp_gpu_sdpa_open(struct tp_gpu_sdpa **sdpa, struct tp_error *error)
{
  (void)sdpa;
  return tp_fail(error, TP_E_ENVIRONMENT, "no cuDNN in tests");
}

void tp_gpu_sdpa_close(struct tp_gpu_sdpa *sdpa)
{
  (void)sdpa;
}

enum tp_status tp_gpu_sdpa_run(struct tp_gpu_sdpa *sdpa, const struct tp_bound_op *bound,
                               cudaStream_t stream, bool capturing, struct tp_error *error)
{
  (void)sdpa, (void)bound, (void)stream, (void)capturing;
  return tp_fail(error, TP_E_ENVIRONMENT, "no cuDNN in tests");
}
