/* Attention kernels: launch + max(flops at a share of the peak, bytes at a share of the bandwidth).
 */
#include "cost/cost.h"
#include "cost/rate.h"

#include <math.h>

void tp_cost_attention(const struct tp_machine *machine, const struct tp_attention *attention,
                       struct tp_cost *cost)
{
  const struct tp_device_attention *fit = &machine->device->attention;
  const double element_bytes = tp_dtype_bytes(attention->dtype);
  const double batch = (double)attention->batch, query_len = (double)attention->query_len,
               kv_len = (double)attention->kv_len, head_dim = (double)attention->head_dim,
               heads = (double)attention->heads, kv_heads = (double)attention->kv_heads;
  const bool flash = attention->style == TP_ATTENTION_FLASH;
  const double causal = flash && !attention->decode ? 0.5 : 1;
  const double read_heads = attention->style == TP_ATTENTION_EXPANDED ? heads : kv_heads;

  cost->flops = 4 * batch * heads * query_len * kv_len * head_dim * causal;
  cost->dram_bytes =
      element_bytes * batch * head_dim * (2 * heads * query_len + 2 * read_heads * kv_len);
  if (attention->style == TP_ATTENTION_MATERIALISED)
    cost->dram_bytes +=
        element_bytes * attention->score_passes * batch * heads * query_len * kv_len;
  cost->fixed_s = fit->launch_s;
  cost->compute_s =
      cost->flops / (tp_matrix_flops_per_s(machine->device, attention->dtype) * fit->compute_ratio);
  cost->work_s =
      fmax(cost->compute_s, cost->dram_bytes / (machine->dram_bytes_per_s * fit->dram_ratio));
  cost->sm_share = 1;
  cost->sigma = fit->spread_ratio;
}
