/* Attention kernels by style and phase: docs/MODEL.md, "Kernels". */
#include "cost/cost.h"
#include "cost/kernels/rate.h"

#include <math.h>

/* The counts of struct tp_attention as doubles: their products pass 2^53 only far from any use. */
struct shape {
  double batch, queries, keys, heads, kv_heads, head_dim, element_bytes, kv_bytes;
  double cached;    /* keys there are */
  double window;    /* keys a query sees at most; infinite without one */
  double products;  /* of a query-key pair */
  double traversal; /* tensors and scores that move, over forward's: 2 backward */
  bool writes_cache;
  bool narrow; /* the cache is fp8, its op is not */
};

static struct shape shape_of(const struct tp_attention *attention)
{
  return (struct shape){.batch = (double)attention->batch,
                        .queries = (double)attention->query_len,
                        .keys = (double)tp_attention_keys(attention),
                        .cached = (double)attention->kv_len,
                        .window = attention->window > 0 ? (double)attention->window : HUGE_VAL,
                        .heads = (double)attention->heads,
                        .kv_heads = (double)attention->kv_heads,
                        .head_dim = (double)attention->head_dim,
                        .products = tp_attention_products(attention),
                        .traversal = attention->backward ? 2 : 1,
                        .writes_cache = attention->cache_write == TP_CACHE_WRITTEN_WITH,
                        .narrow =
                            attention->kv_dtype == TP_KV_FP8 && attention->dtype != TP_DTYPE_FP8,
                        .element_bytes = tp_dtype_bytes(attention->dtype),
                        .kv_bytes = tp_kv_dtype_bytes(attention->kv_dtype, attention->dtype)};
}

enum { KEY_BLOCK = 64, MMA_ROWS = 16, SPLIT_KEYS = 128, CACHE_THREADS = 512, LEAST_ROWS = 64 };

/* Flash kernels hold a tile of queries, keys and values in an SM; heads too wide for the fast ones
 * get others (measured with cuDNN 9 on an H200: prefill up to 256, decode up to 128). */
enum { WIDE_PREFILL = 256, WIDE_DECODE = 128, WIDE_KV8 = 128, USUAL_COLUMNS = 128 };

static double stretch_if(bool applies, double stretch)
{
  return applies && stretch > 0 ? stretch : 1;
}

static bool is_odd(const struct shape *shape)
{
  return exp2(rint(log2(shape->head_dim))) != shape->head_dim;
}

static double stretch_of(const struct shape *shape, double widest, double wide_stretch,
                         double odd_stretch)
{
  return stretch_if(shape->head_dim > widest, wide_stretch) *
         stretch_if(is_odd(shape), odd_stretch);
}

static bool falls_back(const struct tp_device_attention_prefill *fit, const struct shape *shape)
{
  return fit->odd_stretch > 0 && is_odd(shape);
}

/* A tile's queries lie in an SM's memory, so that wide heads leave room for fewer of them.  Kernels
 * that a library falls back to for odd heads have tiles of one instruction's rows: slow in all, but
 * no tile is long. */
static double tile_rows_of(const struct tp_device_attention_prefill *fit, const struct shape *shape)
{
  const double rows = fit->tile_rows * fmin(1, USUAL_COLUMNS / shape->head_dim);
  if (falls_back(fit, shape))
    return fmin(fit->tile_rows, MMA_ROWS);
  return fmax(rows, fmin(fit->tile_rows, LEAST_ROWS));
}

/* What a tile takes beside its loop over keys: of it a share for loading and storing rows, which
 * grows with their width; of tiles of few rows all is as much less. */
static double tile_s_of(const struct tp_device_attention_prefill *fit, const struct shape *shape)
{
  const double wider = shape->head_dim / USUAL_COLUMNS - 1;
  const double rows = falls_back(fit, shape) ? tile_rows_of(fit, shape) / fit->tile_rows : 1;
  return fit->tile_s * rows * (1 + fit->tile_width_share * wider);
}

/* With an fp8 cache, over the time with a 16-bit one. */
static double kv8_stretch_of(const struct shape *shape, double stretch, double wide_stretch)
{
  const bool wide = shape->head_dim > WIDE_KV8 && wide_stretch > 0;
  return stretch_if(shape->narrow, wide ? wide_stretch : stretch);
}

/* Bytes of queries and output, moved once; backward: with their gradients. */
static double query_bytes(const struct shape *shape)
{
  return shape->traversal * 2 * shape->element_bytes * shape->batch * shape->head_dim *
         shape->queries * shape->heads;
}

/* Bytes of K and V of so many keys a sequence. */
static double key_bytes(const struct shape *shape, double keys)
{
  return 2 * shape->kv_bytes * shape->batch * shape->head_dim * keys * shape->kv_heads;
}

/* SM time of the kernel that writes K and V to the cache, one block a token: the narrower the
 * block, the more of them share an SM (vLLM's reshape_and_cache_flash: K*d threads, 512 at most).
 */
static double cache_write_s(const struct tp_device_attention_prefill *fit,
                            const struct shape *shape)
{
  const double full = fmin(1, shape->kv_heads * shape->head_dim / CACHE_THREADS);
  return fit->token_s * full * shape->batch * shape->queries;
}

/* Keys that all tiles see: the first one `first`, the last one `last`, those between as many more
 * each as the one before, but none more than `widest`. */
static double keys_seen(double tiles, double first, double last, double widest)
{
  if (widest >= last)
    return tiles * (first + last) / 2;
  const double step = (last - first) / fmax(tiles - 1, 1);
  const double growing = 1 + floor((widest - first) / step);
  return growing * (first + (growing - 1) * step / 2) + (tiles - growing) * widest;
}

/* Fused causal prefill, or its backward at the forward kernel's rate (none was measured): tiles of
 * query rows, each looping over the keys it may see: those before its last row, of a window those
 * from its first row's window on.  The tiles fill the SMs; the last one, which sees most keys,
 * bounds the time from below.  A kernel that packs groups (FlashAttention 3) fills
 * a tile with the rows of all query heads of a KV head. */
static void flash_prefill(const struct tp_machine *machine, const struct shape *shape,
                          double sm_flops_per_s, struct tp_cost *cost)
{
  const struct tp_device_attention_prefill *fit = &machine->device->attention_prefill;
  const double sms = machine->device->datasheet.sm_count;
  const double packed = fit->packs_group > 0 ? shape->heads / shape->kv_heads : 1;
  const double tile_rows = tile_rows_of(fit, shape);
  const double tiles = ceil(shape->queries * packed / tile_rows);
  const double keys = KEY_BLOCK * ceil(shape->keys / KEY_BLOCK);
  const double rows = tile_rows / packed;
  const double widest = fmin(keys, KEY_BLOCK * ceil((shape->window + rows - 1) / KEY_BLOCK));
  /* The first tile sees its own block of keys behind what was there before the new tokens. */
  const double context = shape->keys - shape->queries;
  const double first = fmin(widest, context + fmax(rows, KEY_BLOCK));
  const double seen = keys_seen(tiles, first, keys, widest);
  /* Exponentials of scores take as long as products over so many columns; the rate is that of
   * heads as wide as most. */
  const double columns = (shape->head_dim + fit->softmax_columns) * USUAL_COLUMNS /
                         (USUAL_COLUMNS + fit->softmax_columns);
  const double key_s = 2 * shape->products * tile_rows * columns / sm_flops_per_s *
                       stretch_of(shape, WIDE_PREFILL, fit->wide_stretch, fit->odd_stretch) *
                       kv8_stretch_of(shape, fit->kv8_stretch, fit->kv8_wide_stretch);
  const double blocks = shape->batch * shape->heads / packed;
  const double tile_s = tile_s_of(fit, shape);
  const double all_s = blocks * (tiles * tile_s + seen * key_s) / sms;
  const double longest_s = tile_s + widest * key_s;

  /* Backward, K's and V's gradients go with them. */
  const double new_bytes = key_bytes(shape, shape->queries),
               all_bytes = key_bytes(shape, shape->keys);
  const double cache_bytes = shape->writes_cache ? 2 * new_bytes : 0;
  const double flash_bytes = query_bytes(shape) + shape->traversal * all_bytes;
  const double bytes = cache_bytes + flash_bytes;
  const double cold = machine->program ? 1 : tp_cold_ratio(bytes, fit->warm_bytes);
  const double byte_s = cold / (machine->dram_bytes_per_s * fit->dram_ratio);
  const double write_s =
      shape->writes_cache ? hypot(cache_write_s(fit, shape) / sms, cache_bytes * byte_s) : 0;
  cost->dram_bytes = cold * bytes;
  cost->fixed_s = fit->launch_s;
  cost->compute_s = sqrt(sqrt(tp_power_4(all_s) + tp_power_4(longest_s)));
  cost->matrix_s = all_s;
  cost->work_s =
      write_s + sqrt(sqrt(tp_power_4(cost->compute_s) + tp_power_4(flash_bytes * byte_s)));
  if (shape->narrow) {
    const double wide_bytes =
        query_bytes(shape) / 2 + new_bytes * shape->element_bytes / shape->kv_bytes;
    cost->fixed_s += fit->kv8_launch_s;
    if (fit->kv8_bytes_per_s > 0)
      cost->work_s += wide_bytes / fit->kv8_bytes_per_s;
  }
  cost->sm_share = fmin(1, all_s / longest_s);
  cost->wave_s = all_s / fmax(1, blocks * tiles / sms);
  cost->sigma =
      tp_region_spread(shape->batch * shape->queries, TP_REGIONS_OF(fit), fit->spread_ratio);
}

/* FlashAttention 2 turns a group's heads into rows of one head: queries and output are copied,
 * unless one sequence or one KV head makes that a view. */
static bool copies_heads(const struct tp_device_attention_decode *fit, const struct shape *shape)
{
  return fit->group_s > 0 && shape->heads > shape->kv_heads && shape->kv_heads > 1 &&
         shape->batch > 1;
}

/* Results of the parts of a split, in fp32: written by the kernel and read by the one that combines
 * them.  Steps that are captured in a graph are planned for the most splits and make them even
 * where nothing is split. */
static double partial_s(const struct tp_device_attention_decode *fit, const struct shape *shape)
{
  const double elements = shape->batch * shape->queries * shape->heads * shape->head_dim;
  const bool makes = fit->partial_bytes_per_s > 0 && shape->batch <= fit->partial_sequences;
  return makes ? 2 * tp_dtype_bytes(TP_DTYPE_FP32) * elements / fit->partial_bytes_per_s : 0;
}

/* Fused decode: one sequence's KV head streams through one SM, or through several where the keys
 * are split. */
static void flash_decode(const struct tp_machine *machine, const struct shape *shape,
                         double flops_per_s, struct tp_cost *cost)
{
  const struct tp_device_attention_decode *fit = &machine->device->attention_decode;
  const double sms = machine->device->datasheet.sm_count;
  const double units = shape->batch * shape->kv_heads;
  const double group = shape->heads / shape->kv_heads;
  const double most_splits = group > 1 || fit->splits_mha > 0 ? fit->most_splits : 1;
  const double keys =
      fmin(shape->cached, shape->keys + (isinf(shape->window) ? 0 : fit->window_keys));
  const double splits = fmin(fmax(keys / SPLIT_KEYS, 1), most_splits);
  const double active = fmin(sms, units * splits);
  const double padded_keys = fmax(keys, SPLIT_KEYS);
  const bool copies = copies_heads(fit, shape);

  const double kv_bytes = key_bytes(shape, keys);
  const double bytes = kv_bytes + (copies ? 3 : 1) * query_bytes(shape);
  cost->dram_bytes = machine->program ? bytes : bytes * tp_cold_ratio(bytes, fit->warm_bytes);
  const double stretch = stretch_of(shape, WIDE_DECODE, fit->wide_stretch, fit->odd_stretch) *
                         kv8_stretch_of(shape, fit->kv8_stretch, fit->kv8_wide_stretch);
  const double stream_s = stretch * key_bytes(shape, padded_keys) / (active * fit->sm_bytes_per_s);
  const double l2_s = stretch * kv_bytes / fit->l2_bytes_per_s;
  /* What a wide head's kernel loses to an fp8 cache no other load makes up for. */
  const double dram_stretch = shape->narrow && shape->head_dim > WIDE_KV8 ? fmax(1, stretch) : 1;
  const double dram_s =
      dram_stretch * cost->dram_bytes / (machine->dram_bytes_per_s * fit->dram_ratio);
  const double padded_rows = MMA_ROWS * ceil(group / MMA_ROWS);
  const double compute_s = 4 * units * padded_rows * padded_keys * shape->head_dim /
                           (flops_per_s * fit->compute_ratio) * sms / active;
  cost->fixed_s = fit->launch_s + (copies ? fit->group_s : 0) + fit->split_s * fmin(splits - 1, 1) +
                  fit->combine_s * (splits - 1) + (shape->narrow ? fit->kv8_launch_s : 0);
  /* The first unit's latency shows, those after it pass beside others' traffic. */
  const double unit_s = fmax(units / sms, 1) * fit->unit_s;
  cost->compute_s = unit_s + fmax(stream_s, compute_s);
  cost->work_s =
      fit->unit_s + partial_s(fit, shape) +
      sqrt(sqrt(tp_power_4(cost->compute_s - fit->unit_s) + tp_power_4(l2_s) + tp_power_4(dram_s)));
  cost->sm_share = active / sms;
  cost->wave_s = cost->compute_s / fmax(1, units / sms);
  cost->sigma = tp_region_spread(shape->batch, TP_REGIONS_OF(fit), fit->spread_ratio);
}

/* Unfused: two GEMMs and passes over a score matrix that lies in DRAM, all of it (no causal
 * saving). */
static void materialised(const struct tp_machine *machine, const struct shape *shape, double passes,
                         double flops_per_s, struct tp_cost *cost)
{
  const struct tp_device *device = machine->device;
  const double ratio =
      device->gemm.compute_ratio * (machine->sustained ? device->gemm.sustained_ratio : 1);
  const double scores = shape->batch * shape->heads * shape->queries * shape->keys;
  cost->dram_bytes =
      shape->traversal * shape->element_bytes *
      (passes * scores + 2 * shape->batch * shape->head_dim *
                             (shape->queries * shape->heads + shape->keys * shape->kv_heads));
  cost->fixed_s = shape->products * device->gemm.launch_s + device->memory.kernel_floor_s;
  cost->compute_s = 2 * shape->products * scores * shape->head_dim / (flops_per_s * ratio);
  cost->work_s =
      cost->compute_s + cost->dram_bytes / (machine->dram_bytes_per_s * device->memory.dram_ratio);
  cost->sm_share = 1;
  cost->sigma = device->memory.spread_ratio;
}

/* Decode in generated kernels that read K and V once a query head.  A group's repeats partly hit
 * the last-level cache, so that DRAM sees less than the kernel draws. */
static void expanded(const struct tp_machine *machine, const struct shape *shape,
                     struct tp_cost *cost)
{
  const struct tp_device_memory *fit = &machine->device->memory;
  const double row_bytes = 2 * shape->element_bytes * shape->batch * shape->head_dim;
  const double drawn_bytes = row_bytes * shape->heads * (shape->keys + shape->queries);
  cost->dram_bytes = row_bytes * (shape->kv_heads * shape->keys + shape->heads * shape->queries);
  cost->fixed_s = 2 * fit->kernel_floor_s + tp_cost_row_latency_s(machine);
  cost->work_s = fmax(drawn_bytes / (machine->dram_bytes_per_s * fit->expanded_ratio),
                      cost->dram_bytes / (machine->dram_bytes_per_s * fit->dram_ratio));
  cost->sm_share = 0;
  cost->sigma = fit->spread_ratio;
}

void tp_cost_attention(const struct tp_machine *machine, const struct tp_attention *attention,
                       struct tp_cost *cost)
{
  const struct shape shape = shape_of(attention);
  const struct tp_device *device = machine->device;
  const double flops_per_s = tp_matrix_flops_per_s(device, attention->dtype);
  const double ratio = device->attention_prefill.compute_ratio;
  switch (attention->style) {
  case TP_ATTENTION_FLASH:
    if (tp_attention_decodes(attention))
      flash_decode(machine, &shape, flops_per_s, cost);
    else
      flash_prefill(machine, &shape, flops_per_s * ratio / device->datasheet.sm_count, cost);
    break;
  case TP_ATTENTION_MATERIALISED:
    materialised(machine, &shape, attention->score_passes, flops_per_s, cost);
    break;
  case TP_ATTENTION_EXPANDED:
    expanded(machine, &shape, cost);
    break;
  }
}
