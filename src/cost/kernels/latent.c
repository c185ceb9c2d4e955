/* Attention over a latent: docs/MODEL.md, "Latent attention". */
#include "cost/cost.h"
#include "cost/kernels/rate.h"

#include <math.h>

/* Expanded, keys and values are each head's own and as wide as activations; absorbed, a row of the
 * cache serves all heads. */
static double moved_bytes(const struct tp_latent *a)
{
  const double element = tp_dtype_bytes(a->dtype), batch = (double)a->batch;
  const double key = (double)(a->absorbed ? a->kv_rank + a->rope_dim : a->nope_dim + a->rope_dim);
  const double value = (double)(a->absorbed ? a->kv_rank : a->v_dim);
  const double heads = batch * (double)a->heads;
  const double queries = heads * (double)a->query_len * (key + value) * element;
  if (!a->absorbed)
    return queries + heads * (double)a->kv_len * (key + value) * element;
  return queries + batch * (double)a->kv_len * key * tp_kv_dtype_bytes(a->kv_dtype, a->dtype);
}

void tp_cost_latent(const struct tp_machine *machine, const struct tp_latent *latent,
                    struct tp_cost *cost)
{
  const struct tp_device *device = machine->device;
  const struct tp_device_attention_prefill *prefill = &device->attention_prefill;
  const struct tp_device_attention_decode *decode = &device->attention_decode;
  const struct tp_op op = {.kind = TP_OP_LATENT, .latent = *latent};
  const double flops_per_s = tp_matrix_flops_per_s(device, latent->dtype) * prefill->compute_ratio;
  const double dram_ratio = latent->absorbed ? decode->dram_ratio : prefill->dram_ratio;
  cost->fixed_s = latent->absorbed ? decode->launch_s : prefill->launch_s;
  cost->dram_bytes = moved_bytes(latent);
  cost->compute_s = tp_op_flops(&op) / flops_per_s;
  cost->matrix_s = cost->compute_s;
  const double dram_s = cost->dram_bytes / (machine->dram_bytes_per_s * dram_ratio);
  cost->work_s = pow(pow(cost->compute_s, 4) + pow(dram_s, 4), 0.25);
  cost->sigma = latent->absorbed ? decode->spread_ratio : prefill->spread_ratio;
}
