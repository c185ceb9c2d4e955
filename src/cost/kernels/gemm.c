/* GEMM as tiles on SMs: waves, split k, bandwidth at low occupancy.  Derivation and symbols:
 * docs/MODEL.md, "Kernels". */
#include "cost/cost.h"
#include "cost/kernels/rate.h"

#include <math.h>

struct fit {
  TP_DEVICE_GEMM(TP_FIT_KEY)
};

TP_FIT_OF(gemm, TP_DEVICE_GEMM)
TP_FIT_OF(gemm_fp8, TP_DEVICE_GEMM)
TP_FIT_OF(gemm_fp8_block, TP_DEVICE_GEMM)
TP_FIT_OF(gemm_nvfp4, TP_DEVICE_GEMM)

/* Without units for it a format is multiplied as a wider one. */
static struct fit fit_of(const struct tp_device *device, enum tp_dtype dtype)
{
  const bool fp8 = device->datasheet.fp8_flops_per_s > 0;
  switch (dtype) {
  case TP_DTYPE_NVFP4:
    if (fp8)
      return fit_gemm_nvfp4(device);
    break;
  case TP_DTYPE_FP8_BLOCK:
    if (fp8)
      return fit_gemm_fp8_block(device);
    break;
  case TP_DTYPE_FP8:
  case TP_DTYPE_W4A8_MXFP4:
    if (fp8)
      return fit_gemm_fp8(device);
    break;
  case TP_DTYPE_FP16:
  case TP_DTYPE_BF16:
  case TP_DTYPE_FP32:
  case TP_DTYPE_W4A16:
  case TP_DTYPE_W4A16_MXFP4:
    break;
  }
  return fit_gemm(device);
}

/* What does not depend on the tile. */
struct shape {
  double m, n, k;
  double row_bytes, weight_bytes; /* of an element of A and of B */
  double sms;
  double flop_s;         /* of one SM at full rate; reciprocals, as divisions are dear here */
  double operand_byte_s; /* drawn by one SM */
  double drain_byte_s;   /* written by one SM */
  double l2_byte_s;
  double dram_s; /* operands and result at the bandwidth reached */
};

/* Output tiles that libraries choose from, and the least depth of a split of k. */
struct tile {
  double rows, columns;
};
static const struct tile tiles[] = {{64, 64}, {128, 64}, {64, 256}, {128, 128}, {128, 256}};
enum { N_TILES = sizeof tiles / sizeof *tiles };
enum { MMA_ROWS = 16, LEAST_SPLIT_DEPTH = 512, OUTPUT_BYTES = 2, PARTIAL_BYTES = 4 };
enum { LEAST_TILE = 64, WHOLE_TILE = 128, DEPTH_IN_FLIGHT = 512 };

/* The output cut in tiles. */
struct cut {
  double rows, columns, n_tiles;
};

struct timing {
  double total_s, sm_s, splits;
  struct cut cut;
};

/* fmax and fmin are calls, for the sake of NaN; these run a dozen times a candidate. */
static double larger(double a, double b)
{
  return a > b ? a : b;
}

static double smaller(double a, double b)
{
  return a < b ? a : b;
}

/* Where two resources take a and b, pipelining them is not perfect near a = b. */
static double overlap_s(double a, double b)
{
  const double a2 = a * a, b2 = b * b;
  return sqrt(sqrt(a2 * a2 + b2 * b2));
}

/* Bytes that a tile draws a step along k. */
static double operands(const struct shape *shape, const struct cut *cut)
{
  return cut->rows * shape->row_bytes + cut->columns * shape->weight_bytes;
}

/* Times a way to cut the output and keeps it where it is faster.  `splits` need not be whole:
 * blocks share the depth of a tile as they come free (stream-K). */
static void try_tiles(const struct fit *fit, const struct shape *shape, const struct cut *cut,
                      double splits, struct timing *best)
{
  const double area = cut->rows * cut->columns;
  const double blocks = cut->n_tiles * splits, full = blocks / shape->sms;
  const double waves = full <= 1 ? 1 : full + fit->wave_ratio * (ceil(full - 1e-9) - full);
  const double depth = shape->k / splits;
  const double compute_s = 2 * area * depth * shape->flop_s;
  const double operand_bytes = operands(shape, cut) * depth;
  const double loop_s =
      larger(larger(compute_s, operand_bytes * shape->operand_byte_s), depth * fit->depth_s);
  const double drain_s = area * OUTPUT_BYTES * shape->drain_byte_s;
  const double sm_s = larger(waves * (loop_s + drain_s), operand_bytes * blocks * shape->l2_byte_s);
  double sum_s = 0;
  if (splits > 1)
    sum_s = fit->split_s + (splits + 1) * cut->n_tiles * area * PARTIAL_BYTES * shape->l2_byte_s;
  if (larger(sm_s, shape->dram_s) + sum_s >= best->total_s)
    return; /* the roots below cannot make it less */
  const double total_s = overlap_s(sm_s, shape->dram_s) + sum_s;
  if (total_s < best->total_s)
    *best = (struct timing){.total_s = total_s, .sm_s = sm_s, .splits = splits, .cut = *cut};
}

static struct cut cut_of(const struct shape *shape, const struct tile *tile)
{
  return (struct cut){.rows = smaller(tile->rows, MMA_ROWS * ceil(shape->m / MMA_ROWS)),
                      .columns = tile->columns,
                      .n_tiles = ceil(shape->m / tile->rows) * ceil(shape->n / tile->columns)};
}

/* Of tiles that take the same time the library takes the largest of which most SMs get one, down
 * to one smaller than all that are timed; where no tile is that many, the one timed stays: seen in
 * what held SMs cost GEMMs, which no time of a GEMM alone tells. */
static void choose_placed(const struct shape *shape, struct timing *best)
{
  static const struct tile least = {64, 32};
  const double most_sms = 0.8;
  for (int i = N_TILES - 1; i >= -1 && best->splits <= 1; i--) {
    const struct cut cut = cut_of(shape, i < 0 ? &least : &tiles[i]);
    if (cut.n_tiles < most_sms * shape->sms)
      continue;
    best->cut = cut;
    return;
  }
}

/* Of a block that begins late and has the bandwidth of its SM: what it has in flight arrives once
 * before it computes. */
static double late_block_s(const struct fit *fit, const struct shape *shape,
                           const struct timing *best)
{
  const double area = best->cut.rows * best->cut.columns, depth = shape->k / best->splits;
  const double operand_bytes = operands(shape, &best->cut) * depth;
  return smaller(depth, DEPTH_IN_FLIGHT) * fit->depth_s +
         larger(2 * area * depth * shape->flop_s, operand_bytes * shape->operand_byte_s) +
         area * OUTPUT_BYTES * shape->drain_byte_s;
}

/* The library's heuristics, idealised: the fastest of the tiles, whole or split. */
static struct timing fastest(const struct fit *fit, const struct shape *shape)
{
  struct timing best = {.total_s = HUGE_VAL};
  const double most_splits = larger(1, shape->k / LEAST_SPLIT_DEPTH);
  for (int i = 0; i < N_TILES; i++) {
    const struct cut cut = cut_of(shape, &tiles[i]);
    try_tiles(fit, shape, &cut, 1, &best);
    if (most_splits <= 1 || fit->split_s >= best.total_s)
      continue;
    if (cut.n_tiles < 2 * shape->sms)
      try_tiles(fit, shape, &cut, smaller(2, most_splits), &best);
    const double filling = smaller(shape->sms / cut.n_tiles, most_splits);
    if (filling > 1)
      try_tiles(fit, shape, &cut, filling, &best);
  }
  choose_placed(shape, &best);
  return best;
}

/* Kernels that the library takes by m alone, whatever would be faster: tiles of 64x64 up to 64
 * rows, then half, then whole ones of 128x128, in clusters of two along m; an instruction takes 64
 * rows, be they there or not (vLLM's scaled_mm_sm90_fp8_dispatch.cuh).  A larger tile may still be
 * faster. */
static struct timing by_rows(const struct fit *fit, const struct shape *shape)
{
  struct timing best = {.total_s = HUGE_VAL};
  const bool small = shape->m <= LEAST_TILE, half = shape->m <= fit->half_tile_rows;
  const double least_area =
      (small ? LEAST_TILE : WHOLE_TILE) * (small || half ? LEAST_TILE : WHOLE_TILE);
  const double row_groups = LEAST_TILE * ceil(shape->m / LEAST_TILE);
  for (int i = 0; i < N_TILES; i++) {
    if (tiles[i].rows * tiles[i].columns < least_area || (!small && tiles[i].rows < WHOLE_TILE))
      continue;
    const double row_tiles = ceil(shape->m / tiles[i].rows);
    const struct cut cut = {.rows = smaller(tiles[i].rows, row_groups),
                            .columns = tiles[i].columns,
                            .n_tiles = (row_tiles > 1 ? 2 * ceil(row_tiles / 2) : 1) *
                                       ceil(shape->n / tiles[i].columns)};
    try_tiles(fit, shape, &cut, 1, &best);
  }
  return best;
}

/* Tiles of 64x128 and larger, although smaller ones would fill more SMs. */
static struct timing wide(const struct fit *fit, const struct shape *shape)
{
  static const struct tile choice[] = {{64, 128}, {128, 128}, {128, 256}};
  struct timing best = {.total_s = HUGE_VAL};
  for (size_t i = 0; i < sizeof choice / sizeof *choice; i++) {
    const struct cut cut = cut_of(shape, &choice[i]);
    try_tiles(fit, shape, &cut, 1, &best);
  }
  return best;
}

static struct timing choose(const struct fit *fit, const struct shape *shape)
{
  if (fit->half_tile_rows > 0)
    return by_rows(fit, shape);
  if (fit->wide_tile_rows > 0 && shape->m >= fit->wide_tile_rows)
    return wide(fit, shape);
  return fastest(fit, shape);
}

/* Operands that reach the SMs from DRAM.  A benchmark that repeats one GEMM finds small ones in the
 * last-level cache; in a layer the weights are always cold. */
static double dram_bytes(const struct tp_machine *machine, const struct fit *fit,
                         const struct shape *shape)
{
  const double weight_bytes = shape->weight_bytes * shape->k * shape->n;
  const double activation_bytes =
      shape->row_bytes * shape->m * shape->k + OUTPUT_BYTES * shape->m * shape->n;
  const double all_bytes = weight_bytes + activation_bytes;
  if (machine->program)
    return all_bytes;
  return all_bytes *
         tp_cold_ratio(weight_bytes + fit->activation_ratio * activation_bytes, fit->warm_bytes);
}

static double quantise_s(const struct fit *fit, const struct shape *shape)
{
  if (fit->quantise_bytes_per_s <= 0)
    return 0;
  const double bytes = shape->m * shape->k * (2 + shape->row_bytes);
  return larger(shape->m * fit->quantise_row_s, bytes / fit->quantise_bytes_per_s);
}

/* Of a product whose activations are quantised already: the table's fixed time without the kernel
 * that does it there, as far as the device's file tells it apart, else without a launch and what
 * the GEMM's own fit has for it; but no less than that of a 16-bit product. */
static double plain_fixed_s(const struct tp_device *device, const struct tp_gemm *gemm,
                            double launch_s, double quantise_s)
{
  const struct tp_quantise with = {
      .m = gemm->m, .k = gemm->k, .dtype = gemm->dtype, .scale = TP_SCALE_TOKEN};
  const double known_s = tp_cost_quantise_cached_s(device, &with);
  const double plain_s =
      known_s > 0 ? launch_s + quantise_s - known_s : launch_s - device->memory.kernel_floor_s;
  return larger(device->gemm.launch_s, plain_s);
}

/* Tables of some kernels are timed without a graph.  DeepGEMM lays scales out in fours of rows. */
static double issue_s(const struct fit *fit, int64_t m)
{
  if ((double)m < fit->few_rows)
    return fit->issue_few_s;
  return m % 4 != 0 ? larger(fit->issue_s, fit->issue_ragged_s) : fit->issue_s;
}

void tp_cost_gemm(const struct tp_machine *machine, const struct tp_gemm *gemm,
                  struct tp_cost *cost)
{
  const struct tp_device *device = machine->device;
  const struct fit fit = fit_of(device, gemm->dtype);
  const bool fp8 =
      tp_dtype_activation_bytes(gemm->dtype) < 2 && device->datasheet.fp8_flops_per_s > 0;
  struct shape shape = {.m = (double)gemm->m,
                        .n = (double)gemm->n,
                        .k = (double)gemm->k,
                        .row_bytes = tp_dtype_activation_bytes(gemm->dtype),
                        .weight_bytes = tp_dtype_bytes(gemm->dtype),
                        .sms = device->datasheet.sm_count};
  const double clock_ratio = machine->sustained ? fit.sustained_ratio : 1;
  shape.flop_s =
      shape.sms / (tp_matrix_flops_per_s(device, gemm->dtype) * fit.compute_ratio * clock_ratio);
  shape.operand_byte_s = 1 / fit.sm_bytes_per_s;
  shape.drain_byte_s = 1 / fit.epilogue_bytes_per_s;
  shape.l2_byte_s = 1 / fit.l2_bytes_per_s;
  cost->dram_bytes = dram_bytes(machine, &fit, &shape);
  shape.dram_s = cost->dram_bytes / (machine->dram_bytes_per_s * fit.dram_ratio);

  const struct timing best = choose(&fit, &shape);
  cost->fixed_s = fit.launch_s + quantise_s(&fit, &shape);
  if (gemm->quantising == TP_QUANTISED_APART && fp8)
    cost->fixed_s = plain_fixed_s(device, gemm, fit.launch_s, quantise_s(&fit, &shape));
  cost->work_s = best.total_s;
  cost->matrix_s = 2 * shape.m * shape.n * shape.k * shape.flop_s / shape.sms;
  cost->compute_s = best.sm_s;
  cost->sm_share = smaller(best.cut.n_tiles * best.splits / shape.sms, 1);
  cost->wave_s = late_block_s(&fit, &shape, &best);
  cost->sigma = tp_region_spread(shape.m, TP_REGIONS_OF(&fit), fit.spread_ratio);
  const double issue_work_s = issue_s(&fit, gemm->m) - cost->fixed_s;
  cost->issued = !machine->program && issue_work_s > cost->work_s;
  if (cost->issued)
    cost->work_s = issue_work_s;
}
