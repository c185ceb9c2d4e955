/* Kernels beside a load: interference.csv. */
#include "bench/ops.h"

#include <assert.h>
#include <math.h>

enum { N_OPS = 14, N_HELD = 6, N_RATES = 4 };
enum { N_LOADS = N_HELD + 2 * N_RATES };

struct beside {
  struct tp_rig *rig;
  struct tp_beside *load;
  struct tp_machine machine;
  struct tp_lone_op ops[N_OPS];
  struct tp_load loads[N_LOADS];
};

static const struct tp_trace_layout layout = {.file = "interference.csv",
                                              .n_keys = 16,
                                              .columns = {"op",
                                                          "m",
                                                          "n",
                                                          "k",
                                                          "dtype",
                                                          "batch",
                                                          "kv_len",
                                                          "heads",
                                                          "kv_heads",
                                                          "head_dim",
                                                          "read_bytes",
                                                          "write_bytes",
                                                          "function",
                                                          "rows",
                                                          "held_sms",
                                                          "asked_bytes_per_s",
                                                          "alone_us",
                                                          "time_us",
                                                          "spread_us",
                                                          "repeats",
                                                          "copy_bytes_per_s"}};

static void name(void *data, size_t item, struct tp_trace_row *row)
{
  const struct beside *self = data;
  const struct tp_load *load = &self->loads[item % N_LOADS];
  tp_lone_name(&self->ops[item / N_LOADS], row);
  tp_trace_row_number(row, "held_sms", load->held_sms);
  tp_trace_row_number(row, "asked_bytes_per_s", load->copy_bytes_per_s);
}

static double expect_s(void *data, size_t item)
{
  const struct beside *self = data;
  return tp_lone_expect_s(&self->machine, &self->ops[item / N_LOADS]);
}

/* Held SMs before copies. */
static int round_of(void *data, size_t item)
{
  const struct beside *self = data;
  return self->loads[item % N_LOADS].copy_bytes_per_s > 0 ? 1 : 0;
}

/* Nothing is allocated, freed or loaded while the load runs: each of these would wait for it. */
static enum tp_status measure_loaded(const struct beside *self, const struct tp_bench *bench,
                                     struct tp_lone_run *run, const struct tp_load *load,
                                     double budget_s, struct tp_spread *spread,
                                     double *moved_bytes_per_s, struct tp_error *error)
{
  struct tp_beside *beside = self->load;
  TP_TRY(beside->start(beside->state, load, error));
  const enum tp_status status = tp_lone_measure(bench, run, budget_s, spread, error);
  const enum tp_status stopped =
      beside->stop(beside->state, moved_bytes_per_s, status == TP_OK ? error : NULL);
  return status != TP_OK ? status : stopped;
}

static enum tp_status measure_both(const struct beside *self, const struct tp_bench *bench,
                                   struct tp_lone_run *run, const struct tp_load *load,
                                   double budget_s, struct tp_trace_row *row,
                                   struct tp_error *error)
{
  struct tp_spread alone, loaded;
  double moved_bytes_per_s = 0;
  TP_TRY(tp_lone_measure(bench, run, budget_s / 2, &alone, error));
  TP_TRY(measure_loaded(self, bench, run, load, budget_s / 2, &loaded, &moved_bytes_per_s, error));
  tp_trace_row_number(row, "alone_us", 1e6 * alone.median_s);
  tp_spread_write(&loaded, row);
  tp_trace_row_number(row, "copy_bytes_per_s", moved_bytes_per_s);
  return TP_OK;
}

static enum tp_status measure(void *data, size_t item, double budget_s, struct tp_trace_row *row,
                              struct tp_error *error)
{
  const struct beside *self = data;
  struct tp_rig_device *device;
  struct tp_lone_run *run;
  TP_TRY(tp_rig_at(self->rig, 1, &device, error));
  TP_TRY(tp_lone_open(&device->bench, &self->machine, &self->ops[item / N_LOADS], &run, error));
  const enum tp_status status =
      measure_both(self, &device->bench, run, &self->loads[item % N_LOADS], budget_s, row, error);
  tp_lone_close(run);
  return status;
}

/* SMs alone; a copy by copy engines; a copy by as many SMs as a ring of NCCL takes on a switch. */
static void choose_loads(struct beside *self)
{
  static const int held[N_HELD] = {0, 4, 8, 16, 24, 36};
  static const double shares[N_RATES] = {0.05, 0.1, 0.2, 0.4};
  enum { COPYING_SMS = 24 };
  const double dram_bytes_per_s = self->machine.device->datasheet.dram_bytes_per_s;
  size_t n = 0;
  for (size_t i = 0; i < N_HELD; i++)
    self->loads[n++] = (struct tp_load){.held_sms = held[i]};
  for (size_t i = 0; i < N_RATES; i++) {
    const double rate = 1e9 * round(1e-9 * shares[i] * dram_bytes_per_s);
    self->loads[n++] = (struct tp_load){.copy_bytes_per_s = rate};
    self->loads[n++] = (struct tp_load){.held_sms = COPYING_SMS, .copy_bytes_per_s = rate};
  }
}

/* What runs beside an all-reduce: GEMMs bound by arithmetic, in one wave and in many, and by
 * memory, down to a few microseconds, attention over a long and a short cache, a residual add. */
static void choose_ops(struct beside *self, const struct tp_rig *rig)
{
  size_t n = 0;
  self->ops[n++] = tp_lone_gemm(1, 768, 4096, TP_DTYPE_BF16);
  self->ops[n++] = tp_lone_gemm(16, 3584, 4096, TP_DTYPE_BF16);
  self->ops[n++] = tp_lone_decode_attention(rig, 1, 1024);
  self->ops[n++] = tp_lone_gemm(1, 8192, 8192, TP_DTYPE_BF16);
  self->ops[n++] = tp_lone_gemm(16, 8192, 8192, TP_DTYPE_BF16);
  self->ops[n++] = tp_lone_gemm(16, 8192, 1024, TP_DTYPE_BF16);
  self->ops[n++] = tp_lone_gemm(256, 7168, 8192, TP_DTYPE_BF16);
  self->ops[n++] = tp_lone_gemm(1024, 8192, 3584, TP_DTYPE_BF16);
  self->ops[n++] = tp_lone_gemm(1024, 2048, 8192, TP_DTYPE_BF16);
  self->ops[n++] = tp_lone_gemm(4096, 4096, 4096, TP_DTYPE_BF16);
  self->ops[n++] = tp_lone_gemm(4096, 7168, 8192, TP_DTYPE_BF16);
  self->ops[n++] = tp_lone_gemm(16384, 2048, 8192, TP_DTYPE_BF16);
  self->ops[n++] = tp_lone_decode_attention(rig, 16, 4096);
  self->ops[n++] = tp_lone_rows(TP_FUNCTION_COPY, (struct tp_row_shape){16384, 8192});
  assert(n == N_OPS);
}

enum tp_status tp_agenda_interference(struct tp_rig *rig, struct tp_beside *beside,
                                      struct tp_arena *arena, struct tp_agenda *plan,
                                      struct tp_error *error)
{
  struct beside *self = TP_NEW(arena, struct beside, 1);
  *self = (struct beside){.rig = rig, .load = beside};
  TP_TRY(tp_rig_machine(rig, 1, &self->machine, error));
  choose_loads(self);
  choose_ops(self, rig);
  *plan = (struct tp_agenda){.n = (size_t)N_OPS * N_LOADS,
                             .layout = &layout,
                             .data = self,
                             .name = name,
                             .expect_s = expect_s,
                             .round = round_of,
                             .measure = measure};
  return TP_OK;
}
