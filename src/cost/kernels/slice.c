/* A GEMM that is followed slice by slice (T3), and how often it reads its operands from DRAM.
 * docs/MODEL.md, "Track and trigger". */
#include "cost/cost.h"

#include <math.h>

enum { TILE = 128, OUTPUT_BYTES = 2, NEWTON_STEPS = 30 };

/* Ratio of reads of a panel of `kept_bytes` that hit when, between two reads of a line, `other`
 * bytes that nobody reads again and what of the panel was missed come in, and every line that
 * comes in takes the place of any: h = exp(-(other + kept (1 - h)) / cache).  The root is the only
 * one in [0, 1], and Newton's steps from 0 stay below it. */
static double hit_ratio(double kept_bytes, double other_bytes, double cache_bytes)
{
  double h = 0;
  for (int i = 0; i < NEWTON_STEPS; i++) {
    const double held = exp(-(other_bytes + kept_bytes * (1 - h)) / cache_bytes);
    const double step = (held - h) / (1 - held * kept_bytes / cache_bytes);
    h += step;
    if (step < 1e-12)
      break;
  }
  return h;
}

/* The tiles are computed wave by wave in groups of columns, down the rows of a group before the
 * next one.  The columns of B of a group are read by every wave, and stay in the cache as far as
 * rows of A and, where they pass through it, outputs let them; A is read once a group. */
static double grouped_read_bytes(const struct tp_machine *machine, const struct tp_gemm *gemm,
                                 double groups)
{
  const struct tp_device_datasheet *sheet = &machine->device->datasheet;
  const double element_bytes = tp_dtype_bytes(gemm->dtype);
  const double depth_bytes = (double)gemm->k * element_bytes;
  const double columns = ceil((double)gemm->n / TILE) / groups;
  const double rows = fmax(1, sheet->sm_count / columns);
  const double group_bytes = fmin(columns, sheet->sm_count) * TILE * depth_bytes;
  double other_bytes = rows * TILE * depth_bytes;
  if (gemm->output == TP_OUTPUT_CACHED)
    other_bytes += sheet->sm_count * TILE * TILE * OUTPUT_BYTES;
  const double misses = 1 - hit_ratio(group_bytes, other_bytes, sheet->l2_bytes);
  const double waves_down = fmax(1, ceil((double)gemm->m / TILE) / rows);
  return (double)gemm->m * depth_bytes * groups +
         (double)gemm->n * depth_bytes * (1 + (waves_down - 1) * misses);
}

double tp_cost_gemm_read_bytes(const struct tp_machine *machine, const struct tp_gemm *gemm)
{
  double best_bytes = HUGE_VAL;
  const double a_bytes = (double)gemm->m * (double)gemm->k * tp_dtype_bytes(gemm->dtype);
  const double most = ceil((double)gemm->n / TILE);
  for (double groups = 1; groups <= most && groups * a_bytes < best_bytes; groups++)
    best_bytes = fmin(best_bytes, grouped_read_bytes(machine, gemm, groups));
  return best_bytes;
}

/* Waves wait for `stall_ratio` of the reads; the kernel's fitted time has those of the cached form
 * in it.  Tiles beyond what the trackers follow wait for others to be sent. */
void tp_cost_gemm_slice(const struct tp_machine *machine, const struct tp_gemm *gemm,
                        struct tp_cost *cost)
{
  const struct tp_device_trigger *trigger = &machine->device->trigger;
  const double output_bytes = (double)gemm->m * (double)gemm->n * OUTPUT_BYTES;
  struct tp_gemm cached = *gemm;
  cached.output = TP_OUTPUT_CACHED;
  const double cached_bytes = tp_cost_gemm_read_bytes(machine, &cached);
  const double read_bytes = tp_cost_gemm_read_bytes(machine, gemm);
  const double byte_stall_s = trigger->stall_ratio / machine->dram_bytes_per_s;
  const double cached_stall_s = fmin(cached_bytes * byte_stall_s, cost->work_s);
  const double stall_s = cached_stall_s * read_bytes / cached_bytes;
  double work_s = cost->work_s - cached_stall_s + stall_s;
  if (gemm->output != TP_OUTPUT_CACHED) {
    const double tiles = trigger->tiles_per_sm * machine->device->datasheet.sm_count;
    work_s *= fmax(1, tiles / trigger->tracker_tiles);
  }
  cost->stall_ratio = stall_s / work_s;
  cost->dram_bytes =
      read_bytes + (gemm->output == TP_OUTPUT_CACHED     ? output_bytes
                    : gemm->output == TP_OUTPUT_UNCACHED ? output_bytes * trigger->store_ratio
                                                         : 0);
  cost->queue_limit = HUGE_VAL;
  if (gemm->arbitrated) {
    const double intensity = cost->dram_bytes / machine->dram_bytes_per_s / work_s;
    cost->queue_limit = trigger->threshold_accesses * fmax(0, 1 - intensity);
  }
  cost->work_s = work_s / gemm->slices;
  cost->compute_s = fmin(cost->compute_s, work_s) / gemm->slices;
  cost->matrix_s /= gemm->slices;
  cost->wave_s = fmin(cost->wave_s, cost->compute_s);
  cost->dram_bytes /= gemm->slices;
  if (gemm->continues)
    cost->fixed_s = 0;
}
