/* Fused experts: docs/MODEL.md, "Experts". */
#include "cost/cost.h"
#include "cost/kernels/load.h"
#include "cost/kernels/rate.h"

#include <math.h>

struct fit {
  TP_DEVICE_EXPERTS(TP_FIT_KEY)
};

TP_FIT_OF(experts, TP_DEVICE_EXPERTS)
TP_FIT_OF(experts_fp8, TP_DEVICE_EXPERTS)
TP_FIT_OF(experts_fp8_block, TP_DEVICE_EXPERTS)
TP_FIT_OF(experts_nvfp4, TP_DEVICE_EXPERTS)
TP_FIT_OF(experts_w4a16, TP_DEVICE_EXPERTS)
TP_FIT_OF(experts_w4a16_marlin, TP_DEVICE_EXPERTS)
TP_FIT_OF(experts_w4a8, TP_DEVICE_EXPERTS)
TP_FIT_OF(experts_cutlass, TP_DEVICE_EXPERTS)
TP_FIT_OF(experts_fp8_cutlass, TP_DEVICE_EXPERTS)

/* Where it is not the engine's first and was fitted apart. */
static bool is_apart(const struct tp_experts *experts, enum tp_provenance kind)
{
  return experts->kernel == TP_EXPERTS_CUTLASS && kind != TP_PROVENANCE_NONE;
}

static struct fit fit_of(const struct tp_device *device, const struct tp_experts *experts)
{
  switch (experts->dtype) {
  case TP_DTYPE_FP8:
    return is_apart(experts, device->experts_fp8_cutlass.kind) ? fit_experts_fp8_cutlass(device)
                                                               : fit_experts_fp8(device);
  case TP_DTYPE_FP8_BLOCK:
    return fit_experts_fp8_block(device);
  case TP_DTYPE_NVFP4:
    return fit_experts_nvfp4(device);
  case TP_DTYPE_W4A16:
  case TP_DTYPE_W4A16_MXFP4:
    return tp_experts_by_marlin(experts) ? fit_experts_w4a16_marlin(device)
                                         : fit_experts_w4a16(device);
  case TP_DTYPE_W4A8_MXFP4:
    return fit_experts_w4a8(device);
  case TP_DTYPE_FP16:
  case TP_DTYPE_BF16:
  case TP_DTYPE_FP32:
    break;
  }
  return is_apart(experts, device->experts_cutlass.kind) ? fit_experts_cutlass(device)
                                                         : fit_experts(device);
}

enum { TILE_COLUMNS = 128, OUTPUT_BYTES = 2, VECTOR_WIDTH = 16, SORTED_FROM = 4 };

/* What does not depend on the tile. */
struct shape {
  struct tp_expert_load load;
  double row_bytes, weight_bytes; /* of an element */
  double sms, l2_bytes, flop_s, dram_byte_s;
};

struct timing {
  double total_s, sm_s, dram_bytes, tiles;
};

/* Of the result, and how much of k is multiplied at a time; 1: as it is. */
struct tile {
  double rows, columns, depth;
};

/* vLLM's get_default_config for Triton's kernel, which shapes without a tuned file get. */
static struct tile tile_by_tokens(double tokens)
{
  const bool few = tokens <= 64;
  return (struct tile){.rows = tokens <= 32    ? 16
                               : tokens <= 96  ? 32
                               : tokens <= 512 ? 64
                                               : 128,
                       .columns = few ? 64 : 128,
                       .depth = few ? 128 : 64};
}

/* opt_flags of Triton's matmul_ogs: the power of two from the rows that an expert gets on average,
 * counting those of other ranks' experts as if they were this rank's. */
static struct tile tile_by_rows(const struct fit *fit, const struct tp_experts *experts)
{
  const int64_t local = experts->experts / experts->moe_ep;
  const int64_t each = experts->tokens * experts->top_k / (local > 0 ? local : 1);
  double rows = fit->least_rows;
  while (rows < (double)each && rows < fit->most_rows)
    rows *= 2;
  return (struct tile){rows, TILE_COLUMNS, 1};
}

/* A row that no vector of elements divides is loaded element by element. */
static double ragged_s(const struct fit *fit, const struct tile *tile, double depth, bool ragged)
{
  return ragged && fit->elements_per_s > 0
             ? (tile->rows + tile->columns) * depth / fit->elements_per_s
             : 0;
}

/* One grouped product: every expert's rows by its own panel of n x k.  Blocks of all experts fill
 * the SMs together.  A panel is read once for the expert's first tile of rows, and again for each
 * further one as far as the cache has not kept it. */
static struct timing product(const struct fit *fit, const struct shape *shape,
                             const struct tile *tile, double row_tiles, double n, double k,
                             bool ragged)
{
  const double tiles = row_tiles * ceil(n / tile->columns), full = tiles / shape->sms;
  const double depth = ceil(k / tile->depth) * tile->depth;
  const double operand_bytes =
      (tile->rows * shape->row_bytes + tile->columns * shape->weight_bytes) * k;
  const double flops = 2 * tile->rows * tile->columns * depth;
  const double loop_s = fmax(fmax(flops * shape->flop_s, operand_bytes / fit->sm_bytes_per_s),
                             fmax(depth * fit->depth_s, ragged_s(fit, tile, depth, ragged)));
  const double tile_s =
      fit->tile_s + loop_s + tile->rows * tile->columns * OUTPUT_BYTES / fit->epilogue_bytes_per_s;
  const double waves = full <= 1 ? 1 : full + fit->wave_ratio * (ceil(full - 1e-9) - full);
  const double panel_bytes = n * k * shape->weight_bytes;
  const double missed = fmax(0, 1 - fit->panel_cache_ratio * shape->l2_bytes / panel_bytes);
  const double again = fmax(0, row_tiles - shape->load.touched);
  struct timing timing = {.tiles = tiles};
  timing.sm_s = fmax(waves * tile_s, tiles * operand_bytes / fit->l2_bytes_per_s);
  timing.dram_bytes = (shape->load.touched + again * missed) * panel_bytes +
                      shape->load.rows * (k * shape->row_bytes + n * OUTPUT_BYTES);
  timing.total_s =
      sqrt(sqrt(tp_power_4(timing.sm_s) + tp_power_4(timing.dram_bytes * shape->dram_byte_s))) +
      row_tiles * fit->group_s;
  return timing;
}

static double stretch_of(double stretch)
{
  return stretch > 0 ? stretch : 1;
}

/* Up and gate side by side, then down. */
static struct timing products(const struct fit *fit, const struct shape *shape,
                              const struct tp_experts *experts, const struct tile *tile)
{
  const double hidden = (double)experts->hidden;
  const double inner = (double)experts->intermediate / (double)experts->moe_tp;
  const bool ragged = experts->intermediate / experts->moe_tp % VECTOR_WIDTH != 0;
  const double row_tiles = tp_expert_row_tiles(&shape->load, tile->rows);
  const double partial = tp_expert_partial_tiles(&shape->load, tile->rows) / row_tiles;
  const double empty = tp_expert_empty_tiles(&shape->load, tile->rows) / row_tiles;
  const double slow =
      (1 + (stretch_of(fit->partial_stretch) - 1) * partial) * (1 + fit->empty_stretch * empty);
  const double down_slow = slow * (ragged ? stretch_of(fit->ragged_stretch) : 1);
  const double outer = (experts->gated == TP_GATE_NO ? 1 : 2) * inner;
  const struct timing up = product(fit, shape, tile, row_tiles, outer, hidden, false);
  const struct timing down = product(fit, shape, tile, row_tiles, hidden, inner, ragged);
  return (struct timing){.total_s = slow * up.total_s + down_slow * down.total_s,
                         .sm_s = slow * up.sm_s + down_slow * down.sm_s,
                         .dram_bytes = up.dram_bytes + down.dram_bytes,
                         .tiles = fmin(up.tiles, down.tiles)};
}

/* Permuting, activating and summing go over rows of tokens; an engine that leaves those of other
 * ranks in place goes over them, too, where they are there at all. */
static double row_bytes(const struct fit *fit, const struct shape *shape,
                        const struct tp_experts *experts)
{
  const double inner = (double)experts->intermediate / (double)experts->moe_tp;
  const double pairs = (double)experts->tokens * (double)experts->top_k;
  const double others = experts->rows_held == TP_HOLDS_OWN ? 0 : fmax(0, pairs - shape->load.rows);
  const double rows = shape->load.rows + fit->idle_ratio * others;
  return rows * (4 * (double)experts->hidden +
                 (experts->gated == TP_GATE_NO ? 2 : 3) * inner * OUTPUT_BYTES);
}

/* In time, of which what a kernel before left in the cache takes less. */
static double row_s(const struct fit *fit, const struct tp_machine *machine, double bytes)
{
  const double dram_s = bytes / (machine->dram_bytes_per_s * fit->row_dram_ratio);
  if (!(fit->cached_bytes > 0) || !(fit->cache_bytes_per_s > 0))
    return dram_s;
  const double cold = fmin(fmax(bytes / fit->cached_bytes - 1, 0), 1);
  return cold * dram_s + (1 - cold) * bytes / fit->cache_bytes_per_s;
}

/* Few tokens find their experts without being sorted, where those are all on the rank. */
static double sort_s(const struct fit *fit, const struct tp_experts *experts)
{
  if (SORTED_FROM * experts->tokens * experts->top_k > experts->experts)
    return fit->sort_s;
  if (experts->moe_ep == 1)
    return 0;
  return fit->few_sort_s > 0 ? fit->few_sort_s : fit->sort_s;
}

static struct timing fastest(const struct fit *fit, const struct shape *shape,
                             const struct tp_experts *experts)
{
  struct timing best = {.total_s = HUGE_VAL};
  if (fit->tiles_by_tokens > 0.5) {
    const struct tile tile = tile_by_tokens((double)experts->tokens);
    return products(fit, shape, experts, &tile);
  }
  if (fit->tiles_by_rows > 0.5) {
    const struct tile tile = tile_by_rows(fit, experts);
    return products(fit, shape, experts, &tile);
  }
  for (double rows = fit->least_rows; rows <= fit->most_rows; rows *= 2) {
    const struct tile tile = {rows, TILE_COLUMNS, 1};
    const struct timing timing = products(fit, shape, experts, &tile);
    if (timing.total_s < best.total_s)
      best = timing;
  }
  return best;
}

void tp_cost_experts(const struct tp_machine *machine, const struct tp_experts *experts,
                     struct tp_cost *cost)
{
  const struct tp_device *device = machine->device;
  const struct fit fit = fit_of(device, experts);
  const double sms = device->datasheet.sm_count;
  const double flops_per_s = tp_matrix_flops_per_s(device, experts->dtype) * fit.compute_ratio;
  const struct shape shape = {.load = tp_expert_load(experts),
                              .row_bytes = tp_dtype_activation_bytes(experts->dtype),
                              .weight_bytes = tp_dtype_bytes(experts->dtype),
                              .sms = sms,
                              .l2_bytes = device->datasheet.l2_bytes,
                              .flop_s = sms / flops_per_s,
                              .dram_byte_s = 1 / (machine->dram_bytes_per_s * fit.dram_ratio)};
  const struct timing best = fastest(&fit, &shape, experts);
  const bool second = experts->kernel == TP_EXPERTS_CUTLASS || experts->kernel == TP_EXPERTS_MARLIN;
  const double slower = second ? stretch_of(fit.second_stretch) : 1;
  const double moved_bytes = row_bytes(&fit, &shape, experts);
  const double moved_s = row_s(&fit, machine, moved_bytes);
  const struct tp_op op = {.kind = TP_OP_EXPERTS, .experts = *experts};
  cost->fixed_s = slower * (fit.launch_s + sort_s(&fit, experts));
  cost->work_s = slower * (best.total_s + moved_s);
  cost->compute_s = slower * best.sm_s;
  cost->matrix_s = fmin(best.sm_s, tp_op_flops(&op) / flops_per_s);
  cost->dram_bytes = fmin(best.dram_bytes + moved_bytes, cost->work_s * machine->dram_bytes_per_s);
  cost->sm_share = fmin(1, best.tiles / sms);
  cost->sigma = tp_region_spread((double)experts->tokens, TP_REGIONS_OF(&fit), fit.spread_ratio);
}
