/* Attention over a latent: docs/MODEL.md, "Latent attention". */
#include "cost/cost.h"
#include "cost/kernels/rate.h"

#include <math.h>

enum { KEY_BLOCK = 64, SPLIT_KEYS = 128 };

struct shape {
  double batch, queries, keys, heads;
  double key, value; /* elements of a query-key and of a value row */
  double row;        /* of the latent */
  double element_bytes, kv_bytes;
  bool narrow; /* the cache is fp8, its op is not */
};

static struct shape shape_of(const struct tp_latent *a, bool absorbed)
{
  const double row = (double)(a->kv_rank + a->rope_dim);
  return (struct shape){.batch = (double)a->batch,
                        .queries = (double)a->query_len,
                        .keys = (double)a->kv_len,
                        .heads = (double)a->heads,
                        .row = row,
                        .key = absorbed ? row : (double)(a->nope_dim + a->rope_dim),
                        .value = (double)(absorbed ? a->kv_rank : a->v_dim),
                        .element_bytes = tp_dtype_bytes(a->dtype),
                        .kv_bytes = tp_kv_dtype_bytes(a->kv_dtype, a->dtype),
                        .narrow = a->kv_dtype == TP_KV_FP8 && a->dtype != TP_DTYPE_FP8};
}

static double query_bytes(const struct shape *shape)
{
  return shape->batch * shape->heads * shape->queries * (shape->key + shape->value) *
         shape->element_bytes;
}

/* All tiles on all SMs, and the longest by itself: where the long ones start first it is hidden, by
 * fourth powers; in the order of rows it starts last. */
static double both_s(double all_s, double longest_s, double tail_power)
{
  const double power = tail_power > 0 ? tail_power : 4, larger_s = fmax(all_s, longest_s);
  return larger_s * pow(1 + pow(fmin(all_s, longest_s) / larger_s, power), 1 / power);
}

/* Tiles of queries, each looping over the keys it may see, as in flash_prefill of attention.c;
 * absorbed, a tile holds the queries of all heads. */
static void prefill(const struct tp_machine *machine, const struct tp_latent *latent,
                    struct tp_cost *cost)
{
  const struct tp_device *device = machine->device;
  const struct tp_device_latent_prefill *fit = &device->latent_prefill;
  const bool absorbs = fit->absorbs > 0.5;
  const struct shape shape = shape_of(latent, absorbs);
  const double sms = device->datasheet.sm_count;
  const double speed = shape.narrow && fit->kv8_speed > 0 ? fit->kv8_speed : 1;
  const double flops_per_s =
      tp_matrix_flops_per_s(device, latent->dtype) * fit->compute_ratio * speed;
  const double packed = absorbs ? shape.heads : 1;
  const double tiles = ceil(shape.queries * packed / fit->tile_rows);
  const double keys = KEY_BLOCK * ceil(shape.keys / KEY_BLOCK);
  const double context = shape.keys - shape.queries;
  const double first = fmin(keys, context + fmax(fit->tile_rows / packed, KEY_BLOCK));
  const double key_s = 2 * fit->tile_rows * (shape.key + shape.value) * sms / flops_per_s;
  const double blocks = shape.batch * shape.heads / packed;
  const double all_s = blocks * tiles * (fit->tile_s + (first + keys) / 2 * key_s) / sms;
  const double longest_s = fit->tile_s + keys * key_s;
  /* Expanded keys and values are each head's own, and as wide as activations. */
  const double kv_elements =
      shape.batch * shape.keys * (absorbs ? shape.row : shape.heads * (shape.key + shape.value));
  const double converted = shape.batch * shape.keys *
                           (absorbs ? shape.row : shape.heads * (2 * shape.key + shape.value));
  cost->dram_bytes = query_bytes(&shape) + kv_elements * shape.element_bytes;
  cost->fixed_s = fit->launch_s;
  cost->compute_s = both_s(all_s, longest_s, fit->tail_power);
  cost->matrix_s = fmin(all_s, cost->compute_s);
  const double dram_s = cost->dram_bytes / (machine->dram_bytes_per_s * fit->dram_ratio);
  cost->work_s = sqrt(sqrt(tp_power_4(cost->compute_s) + tp_power_4(dram_s)));
  if (shape.narrow) {
    cost->fixed_s += fit->kv8_launch_s;
    if (fit->kv8_bytes_per_s > 0)
      cost->work_s += converted * (shape.element_bytes + 1) / fit->kv8_bytes_per_s;
  }
  cost->sm_share = fmin(1, all_s / longest_s);
  cost->wave_s = all_s / fmax(1, blocks * tiles / sms);
  cost->sigma =
      tp_region_spread(shape.batch * shape.queries, TP_REGIONS_OF(fit), fit->spread_ratio);
}

/* A sequence's tile of heads streams the latent cache through one SM, or through several where the
 * keys are split.  A kernel that cannot read fp8 has the whole cache converted before it. */
static void decode(const struct tp_machine *machine, const struct tp_latent *latent,
                   struct tp_cost *cost)
{
  const struct tp_device *device = machine->device;
  const struct tp_device_latent_decode *fit = &device->latent_decode;
  struct shape shape = shape_of(latent, true);
  const bool converts = shape.narrow && fit->kv8_bytes_per_s > 0;
  const double sms = device->datasheet.sm_count;
  const double rows = shape.heads * shape.queries;
  const double units = shape.batch * ceil(rows / fit->tile_heads);
  const double splits = fmin(fmax(shape.keys / SPLIT_KEYS, 1), fit->most_splits);
  const double active = fmin(sms, units * splits);
  const double padded_keys = fmax(shape.keys, SPLIT_KEYS);
  const double kv_bytes = converts ? shape.element_bytes : shape.kv_bytes;
  const double flops_per_s =
      tp_matrix_flops_per_s(device, latent->dtype) * fit->compute_ratio / sms;
  cost->dram_bytes = shape.batch * shape.keys * shape.row * kv_bytes + query_bytes(&shape);
  const double stream_s =
      units * padded_keys * shape.row * kv_bytes / (active * fit->sm_bytes_per_s);
  const double l2_s = units * shape.keys * shape.row * kv_bytes / fit->l2_bytes_per_s;
  const double product_s = 2 * units * fit->tile_heads * padded_keys * (shape.key + shape.value) /
                           (active * flops_per_s);
  const double dram_s = cost->dram_bytes / (machine->dram_bytes_per_s * fit->dram_ratio);
  const double unit_s = fit->unit_s + fit->head_s * shape.heads;
  const double waiting_s = (fmax(units / sms, 1) - 1) * unit_s;
  const double inner_s = waiting_s + fmax(stream_s, product_s);
  cost->fixed_s =
      fit->launch_s + fit->split_s * fmin(splits - 1, 1) + fit->combine_s * (splits - 1);
  cost->compute_s = unit_s + inner_s;
  cost->matrix_s = product_s * active / sms;
  cost->work_s = unit_s + sqrt(sqrt(tp_power_4(inner_s) + tp_power_4(l2_s) + tp_power_4(dram_s)));
  if (shape.narrow)
    cost->fixed_s += fit->kv8_launch_s;
  if (converts) {
    const double elements = shape.batch * shape.keys * shape.row;
    cost->work_s += elements * (shape.element_bytes + 1) / fit->kv8_bytes_per_s;
    cost->dram_bytes += elements * (shape.element_bytes + 1);
  }
  cost->sm_share = active / sms;
  cost->wave_s = cost->compute_s / fmax(1, units / sms);
  cost->sigma = tp_region_spread(shape.batch, TP_REGIONS_OF(fit), fit->spread_ratio);
}

void tp_cost_latent(const struct tp_machine *machine, const struct tp_latent *latent,
                    struct tp_cost *cost)
{
  if (latent->absorbed)
    decode(machine, latent, cost);
  else
    prefill(machine, latent, cost);
}
