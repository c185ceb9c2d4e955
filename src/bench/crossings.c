/* Kernels and collectives that wait for each other's stream: crossings.csv.
 *
 *     kernels 1   kernel -> collective -> kernel -> ...     in turn
 *     kernels 17  kernel -> collective ---------> kernel    the collective ended long before
 *                        -> 16 kernels beside it ->
 */
#include "bench/ops.h"

enum { N_DEGREES = 2, N_SHAPES = 5, BESIDE = 16 };
static const int degrees[N_DEGREES] = {2, 8};
/* Small kernels, so that held SMs are no matter; collectives that so many of them outlast. */
static const struct {
  double bytes;
  int beside;
} shapes[N_SHAPES] = {{16384, 0}, {262144, 0}, {4194304, 0}, {4096, BESIDE}, {16384, BESIDE}};

struct crossings {
  struct tp_rig *rig;
  struct tp_machine machines[N_DEGREES];
};

static const struct tp_trace_layout layout = {
    .file = "crossings.csv",
    .n_keys = 6,
    .columns = {"op", "bytes", "ranks", "dtype", "algorithm", "kernels", "kernel_us",
                "collective_us", "time_us", "spread_us", "repeats"}};

static struct tp_lone_op lone_of(size_t item)
{
  struct tp_lone_op lone = tp_lone_rows(TP_FUNCTION_COPY, (struct tp_row_shape){16, 8192});
  lone.between = (struct tp_collective){
      .kind = TP_ALL_REDUCE, .bytes = shapes[item % N_SHAPES].bytes, .dtype = TP_DTYPE_BF16};
  lone.beside = shapes[item % N_SHAPES].beside;
  return lone;
}

static const struct tp_machine *machine_of(const struct crossings *self, size_t item)
{
  return &self->machines[item / N_SHAPES];
}

static void name(void *data, size_t item, struct tp_trace_row *row)
{
  const struct tp_lone_op lone = lone_of(item);
  const struct tp_lone_op collective = tp_lone_collective(&lone.between);
  tp_lone_name(&collective, row);
  tp_trace_row_number(row, "ranks", tp_machine_ranks(machine_of(data, item)));
  tp_trace_row_number(row, "kernels", 1 + lone.beside);
}

/* As a stand-in is told to last. */
static double collective_s(const struct tp_machine *machine, size_t item)
{
  const struct tp_lone_op lone = lone_of(item);
  const struct tp_lone_op collective = tp_lone_collective(&lone.between);
  const struct tp_cost cost = tp_cost_op(machine, true, &collective.op);
  return tp_cost_alone_s(machine, &cost);
}

static double expect_s(void *data, size_t item)
{
  return collective_s(machine_of(data, item), item);
}

static enum tp_status time_lone(const struct tp_rig_device *device, const struct tp_lone_op *lone,
                                double budget_s, struct tp_spread *spread, struct tp_error *error)
{
  struct tp_lone_run *run;
  enum tp_status status = tp_lone_open(&device->bench, &device->machine, lone, &run, error);
  if (status != TP_OK)
    return status;
  status = tp_lone_measure(&device->bench, run, budget_s, spread, error);
  tp_lone_close(run);
  return status;
}

static enum tp_status measure(void *data, size_t item, double budget_s, struct tp_trace_row *row,
                              struct tp_error *error)
{
  const struct crossings *self = data;
  const struct tp_lone_op both = lone_of(item);
  struct tp_lone_op kernel = both;
  struct tp_rig_device *device;
  struct tp_spread alone, together;
  kernel.between.bytes = 0;
  TP_TRY(tp_rig_at(self->rig, tp_machine_ranks(machine_of(self, item)), &device, error));
  TP_TRY(time_lone(device, &kernel, budget_s / 2, &alone, error));
  TP_TRY(time_lone(device, &both, budget_s / 2, &together, error));
  tp_trace_row_number(row, "kernel_us", 1e6 * alone.median_s);
  tp_trace_row_number(row, "collective_us", 1e6 * collective_s(&device->machine, item));
  tp_spread_write(&together, row);
  return TP_OK;
}

enum tp_status tp_agenda_crossings(struct tp_rig *rig, struct tp_arena *arena,
                                   struct tp_agenda *plan, struct tp_error *error)
{
  struct crossings *self = TP_NEW(arena, struct crossings, 1);
  size_t n = 0;
  self->rig = rig;
  while (n < N_DEGREES && degrees[n] <= rig->setup->platform.n_gpus) {
    TP_TRY(tp_rig_machine(rig, degrees[n], &self->machines[n], error));
    n++;
  }
  *plan = (struct tp_agenda){.n = n * N_SHAPES,
                             .layout = &layout,
                             .data = self,
                             .name = name,
                             .expect_s = expect_s,
                             .measure = measure};
  return TP_OK;
}
