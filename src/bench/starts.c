/* How late stand-ins for collectives begin amid kernels of several kinds: starts.csv.  The first
 * and the last block of a stand-in, from when it could begin: medians, and the worst. */
#include "bench/ops.h"

#include <math.h>
#include <stdlib.h>

enum { N_OPS = 5, N_SMS = 2 };
/* As many as NVLS takes on a switch, and as a ring does. */
static const int held_sms[N_SMS] = {8, 24};

struct starts {
  struct tp_rig *rig;
  struct tp_beside *beside;
  struct tp_machine machine;
  struct tp_lone_op ops[N_OPS];
};

static const struct tp_trace_layout layout = {
    .file = "starts.csv",
    .n_keys = 15,
    .columns = {"op",    "m",        "n",        "k",          "dtype",       "batch",    "kv_len",
                "heads", "kv_heads", "head_dim", "read_bytes", "write_bytes", "function", "rows",
                "sms",   "alone_us", "first_us", "last_us",    "latest_us",   "repeats"}};

static void name(void *data, size_t item, struct tp_trace_row *row)
{
  const struct starts *self = data;
  tp_lone_name(&self->ops[item / N_SMS], row);
  tp_trace_row_number(row, "sms", held_sms[item % N_SMS]);
}

static double expect_s(void *data, size_t item)
{
  const struct starts *self = data;
  return tp_lone_expect_s(&self->machine, &self->ops[item / N_SMS]);
}

static void write_row(double alone_s, struct tp_starts *starts, struct tp_trace_row *row)
{
  double latest_s = 0;
  for (int i = 0; i < TP_STARTS; i++)
    latest_s = fmax(latest_s, starts->last_s[i]);
  tp_trace_row_number(row, "alone_us", 1e6 * alone_s);
  tp_trace_row_number(row, "first_us", 1e6 * tp_spread_of(starts->first_s, TP_STARTS).median_s);
  tp_trace_row_number(row, "last_us", 1e6 * tp_spread_of(starts->last_s, TP_STARTS).median_s);
  tp_trace_row_number(row, "latest_us", 1e6 * latest_s);
  tp_trace_row_number(row, "repeats", TP_STARTS);
}

/* Kernels are issued for as long as stand-ins are launched, and twice that. */
static enum tp_status measure_amid(const struct starts *self, const struct tp_bench *bench,
                                   struct tp_lone_run *run, int sms, double budget_s,
                                   struct tp_trace_row *row, struct tp_error *error)
{
  const struct tp_calls *calls = bench->calls;
  struct tp_spread alone;
  struct tp_starts starts;
  TP_TRY(tp_lone_measure(bench, run, budget_s / 2, &alone, error));
  const double graph_s = alone.median_s * (double)run->rounds.repeats;
  for (int i = 0; i < 1 + (int)(2 * tp_starts_s / graph_s); i++)
    TP_TRY(calls->replay(calls->state, run->graph, error));
  TP_TRY(self->beside->starts(self->beside->state, sms, &starts, error));
  TP_TRY(calls->finish(calls->state, error));
  write_row(alone.median_s, &starts, row);
  return TP_OK;
}

static enum tp_status measure(void *data, size_t item, double budget_s, struct tp_trace_row *row,
                              struct tp_error *error)
{
  const struct starts *self = data;
  struct tp_rig_device *device;
  struct tp_lone_run *run;
  TP_TRY(tp_rig_at(self->rig, 1, &device, error));
  TP_TRY(tp_lone_open(&device->bench, &self->machine, &self->ops[item / N_SMS], &run, error));
  const enum tp_status status =
      measure_amid(self, &device->bench, run, held_sms[item % N_SMS], budget_s, row, error);
  tp_lone_close(run);
  return status;
}

enum tp_status tp_agenda_starts(struct tp_rig *rig, struct tp_beside *beside,
                                struct tp_arena *arena, struct tp_agenda *plan,
                                struct tp_error *error)
{
  struct starts *self = TP_NEW(arena, struct starts, 1);
  *self = (struct starts){
      .rig = rig,
      .beside = beside,
      .ops = {tp_lone_gemm(4096, 7168, 8192, TP_DTYPE_BF16),
              tp_lone_gemm(1024, 2048, 8192, TP_DTYPE_BF16),
              tp_lone_gemm(16, 8192, 8192, TP_DTYPE_BF16), tp_lone_decode_attention(rig, 16, 4096),
              tp_lone_rows(TP_FUNCTION_COPY, (struct tp_row_shape){16384, 8192})}};
  TP_TRY(tp_rig_machine(rig, 1, &self->machine, error));
  *plan = (struct tp_agenda){.n = (size_t)N_OPS * N_SMS,
                             .layout = &layout,
                             .data = self,
                             .name = name,
                             .expect_s = expect_s,
                             .measure = measure};
  return TP_OK;
}
