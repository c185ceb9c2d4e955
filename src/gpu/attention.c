#include "gpu/attention.h"

#include "gpu/attention_blas.h"
#include "gpu/sdpa.h"

#include <stdlib.h>

struct tp_gpu_attention {
  struct tp_gpu_products *products;
  struct tp_gpu_sdpa *sdpa; /* NULL until a program asks for it */
};

enum tp_status tp_gpu_attention_open(struct tp_gpu_attention **attention, struct tp_error *error)
{
  struct tp_gpu_attention *opened = calloc(1, sizeof *opened);
  if (opened == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "attention: out of memory");
  const enum tp_status status = tp_gpu_products_open(&opened->products, error);
  if (status != TP_OK) {
    tp_gpu_attention_close(opened);
    return status;
  }
  *attention = opened;
  return TP_OK;
}

void tp_gpu_attention_close(struct tp_gpu_attention *attention)
{
  if (attention == NULL)
    return;
  tp_gpu_sdpa_close(attention->sdpa);
  tp_gpu_products_close(attention->products);
  free(attention);
}

enum tp_status tp_gpu_attention_run(struct tp_gpu_attention *attention,
                                    const struct tp_bound_op *bound, cudaStream_t stream,
                                    bool capturing, struct tp_error *error)
{
  if (bound->op->attention.style != TP_ATTENTION_FLASH)
    return tp_gpu_products_run(attention->products, bound, stream, capturing, error);
  if (attention->sdpa == NULL && capturing)
    return tp_fail(error, TP_E_INPUT, "flash attention is new; run the pass once before");
  if (attention->sdpa == NULL) {
    const enum tp_status status = tp_gpu_sdpa_open(&attention->sdpa, error);
    if (status != TP_OK)
      return status;
  }
  return tp_gpu_sdpa_run(attention->sdpa, bound, stream, capturing, error);
}
