/* Large GEMMs rested and under steady load: sustained.csv. */
#include "bench/ops.h"

#include <assert.h>
#include <math.h>

enum { N_DTYPES = 2, N_SHAPES = 2, MOST = N_DTYPES * N_SHAPES };

struct sustained {
  struct tp_rig *rig;
  struct tp_machine machine;
  void (*rest)(double seconds);
  struct tp_lone_op ops[MOST];
};

static const struct tp_trace_layout layout = {
    .file = "sustained.csv",
    .n_keys = 5,
    .columns = {"op", "m", "n", "k", "dtype", "alone_us", "time_us", "spread_us", "repeats"}};

static void name(void *data, size_t item, struct tp_trace_row *row)
{
  tp_lone_name(&((const struct sustained *)data)->ops[item], row);
}

static double expect_s(void *data, size_t item)
{
  const struct sustained *self = data;
  return tp_lone_expect_s(&self->machine, &self->ops[item]);
}

/* Block after block, with no more between them than reading marks takes; the last one counts. */
static enum tp_status measure_loaded(const struct tp_bench *bench, struct tp_lone_run *run,
                                     double load_s, struct tp_spread *loaded,
                                     struct tp_error *error)
{
  static const double block_s = 0.5;
  for (double done_s = 0; done_s < load_s;) {
    TP_TRY(tp_lone_measure(bench, run, block_s, loaded, error));
    done_s += loaded->n * loaded->median_s * (double)run->rounds.repeats;
  }
  return TP_OK;
}

/* A fifth of the time the GPU rests.  Alone is as short as the samples of gemm.csv. */
static enum tp_status measure_both(const struct sustained *self, const struct tp_bench *bench,
                                   struct tp_lone_run *run, double budget_s,
                                   struct tp_trace_row *row, struct tp_error *error)
{
  static const double most_rest_s = 2, alone_s = 0.05, least_load_s = 1;
  const double rest_s = fmin(budget_s / 5, most_rest_s);
  struct tp_spread alone, loaded;
  TP_TRY(bench->calls->finish(bench->calls->state, error));
  if (self->rest != NULL)
    self->rest(rest_s);
  TP_TRY(tp_lone_measure(bench, run, alone_s, &alone, error));
  TP_TRY(measure_loaded(bench, run, fmax(budget_s - rest_s, least_load_s), &loaded, error));
  tp_trace_row_number(row, "alone_us", 1e6 * alone.median_s);
  tp_spread_write(&loaded, row);
  return TP_OK;
}

static enum tp_status measure(void *data, size_t item, double budget_s, struct tp_trace_row *row,
                              struct tp_error *error)
{
  const struct sustained *self = data;
  struct tp_rig_device *device;
  struct tp_lone_run *run;
  enum tp_status status = tp_rig_at(self->rig, 1, &device, error);
  if (status == TP_OK)
    status = tp_lone_open(&device->bench, &self->machine, &self->ops[item], &run, error);
  if (status != TP_OK)
    return status;
  status = measure_both(self, &device->bench, run, budget_s, row, error);
  tp_lone_close(run);
  return status;
}

/* Prefill of a 70B model: gate and up at TP 2, down at TP 8. */
enum tp_status tp_agenda_sustained(struct tp_rig *rig, void (*rest)(double seconds),
                                   struct tp_arena *arena, struct tp_agenda *plan,
                                   struct tp_error *error)
{
  struct sustained *self = TP_NEW(arena, struct sustained, 1);
  *self = (struct sustained){.rig = rig, .rest = rest};
  TP_TRY(tp_rig_machine(rig, 1, &self->machine, error));
  const bool has_fp8 = self->machine.device->datasheet.fp8_flops_per_s > 0;
  size_t n = 0;
  for (int i = 0; i < (has_fp8 ? N_DTYPES : 1); i++) {
    const enum tp_dtype dtype = i == 0 ? TP_DTYPE_BF16 : TP_DTYPE_FP8;
    self->ops[n++] = tp_lone_gemm(4096, 28672, 8192, dtype);
    self->ops[n++] = tp_lone_gemm(8192, 8192, 3584, dtype);
  }
  assert(n <= MOST);
  *plan = (struct tp_agenda){.n = n,
                             .layout = &layout,
                             .data = self,
                             .name = name,
                             .expect_s = expect_s,
                             .measure = measure};
  return TP_OK;
}
