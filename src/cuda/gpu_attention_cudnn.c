/* Flash attention: not built yet; says so, with the mend. */
#include "cuda/gpu_attention_styles.h"

enum tp_status tp_gpu_flash_open(struct tp_gpu_flash **flash, struct tp_error *error)
{
  (void)flash;
  return tp_fail(error, TP_E_ENVIRONMENT,
                 "flash attention needs a cuDNN graph that this build lacks: choose a stack whose "
                 "attention is materialised");
}

void tp_gpu_flash_close(struct tp_gpu_flash *flash)
{
  (void)flash;
}

enum tp_status tp_gpu_flash_run(struct tp_gpu_flash *flash, const struct tp_bound_op *bound,
                                cudaStream_t stream, bool capturing, struct tp_error *error)
{
  (void)flash, (void)bound, (void)stream, (void)capturing;
  return tp_gpu_flash_open(NULL, error);
}
