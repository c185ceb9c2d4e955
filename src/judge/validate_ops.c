/* Measured ops, interference and steady load against the device's cost model. */
#include "fit/collectives.h"
#include "fit/crossing.h"
#include "fit/kernels.h"
#include "fit/overlap.h"
#include "fit/sustained.h"
#include "judge/validator.h"
#include "ops/placement.h"
#include "ops/rows.h"

#include <math.h>
#include <string.h>

/* What the device's file says of the group that the op's cost comes from. */
static const char *source_of(const struct tp_device *device, const struct tp_op *op)
{
  const char *group = tp_fit_group_of(op);
  if (op->kind == TP_OP_COLLECTIVE)
    group = tp_exchange_group_of(&op->collective);
  if (op->kind == TP_OP_COLLECTIVE && group == NULL) {
    const enum tp_algorithm algorithm = op->collective.algorithm;
    const bool peer = algorithm == TP_ALGORITHM_ONE_SHOT || algorithm == TP_ALGORITHM_TWO_SHOT;
    group = peer ? "peer_kernels" : "nccl";
  }
#define X(name, TABLE)                            \
  if (group != NULL && strcmp(group, #name) == 0) \
    return device->name.source;
  TP_DEVICE_FITTED_GROUPS(X)
#undef X
  return "";
}

/* The share of the shapes of its file that took no part in the fit of the source's group; NAN: none
 * of the file did, or it has changed since, which is said. */
static double held_out_of(const struct tp_validator *self, const struct tp_device *device,
                          const char *source)
{
  const struct tp_trace_file *const file = self->request->trace;
  struct tp_catalog *const catalog = self->catalog;
  const double held_out = tp_trace_held_out(file, source);
  if (isnan(held_out) && tp_trace_was_fitted(file, source) && catalog->note != NULL &&
      tp_catalog_is_news(catalog, file))
    catalog->note(tp_arena_printf(self->arena,
                                  "%s: has changed since %s was fitted to it: which rows took part "
                                  "is not known, and all are judged; calibrate anew",
                                  file->path, device->name));
  return held_out;
}

/* Was the device fitted to the row?  Its shape tells, by the share held out then. */
static enum tp_status is_fitted(const struct tp_validator *self, const struct tp_device *device,
                                size_t row, bool *fitted)
{
  const struct tp_op_reader reader = {self->arena, self->error, &self->csv, NULL};
  const struct tp_op_row at = tp_op_row_at(&reader, row);
  const struct tp_interference alone = {0};
  struct tp_op op;
  int64_t ranks = 1;
  TP_TRY(tp_op_row_read(&reader, &at, &op));
  if (op.kind == TP_OP_COLLECTIVE)
    TP_TRY(tp_op_row_count(&reader, &at, "ranks", &ranks));
  const double held_out = held_out_of(self, device, source_of(device, &op));
  *fitted =
      !isnan(held_out) && !tp_fit_is_held_out(tp_fit_shape(&op, (int)ranks, &alone), held_out);
  return TP_OK;
}

/* With the overrides of this run; on any platform, for kernels need none. */
static enum tp_status open_device(const struct tp_validator *self, const struct tp_device **device)
{
  const struct tp_op_costs_request *ops = &self->request->ops;
  const char **platforms, **stacks;
  size_t n_platforms, n_stacks;
  struct tp_setup *setup;
  if (ops->device == NULL)
    return tp_fail(self->error, TP_E_INPUT, "%s: holds single ops; say whose with --device",
                   self->csv.path);
  TP_TRY(tp_datadir_list(self->catalog->dirs, "platforms", ".json", self->arena, &platforms,
                         &n_platforms, self->error));
  TP_TRY(tp_datadir_list(self->catalog->dirs, "platforms/stacks", ".json", self->arena, &stacks,
                         &n_stacks, self->error));
  const struct tp_setup_request wanted = {.platform =
                                              ops->platform != NULL ? ops->platform : platforms[0],
                                          .device = ops->device,
                                          .stack = ops->stack != NULL ? ops->stack : stacks[0],
                                          .sets = ops->sets,
                                          .n_sets = ops->n_sets};
  TP_TRY(tp_setup_open(self->catalog->dirs, &wanted, self->arena, &setup, self->error));
  *device = &setup->device;
  return TP_OK;
}

static enum tp_status mark_fitted(struct tp_validator *self, const struct tp_device *device)
{
  for (size_t i = 0; i < self->validation->n_figures; i++) {
    struct tp_validated *figure = &self->validation->figures[i];
    TP_TRY(is_fitted(self, device, figure->row, &figure->fitted));
  }
  return TP_OK;
}

static enum tp_status run_interference(struct tp_validator *self, const struct tp_device *device)
{
  struct tp_overlap_sample *samples;
  size_t n = 0;
  TP_TRY(tp_overlap_rows_read(device, &self->csv, self->arena, &samples, &n, self->error));
  const double held_out = self->request->trace != NULL
                              ? held_out_of(self, device, device->overlap.source)
                              : (double)NAN;
  self->validation->figures = TP_NEW(self->arena, struct tp_validated, n + 1);
  for (size_t i = 0; i < n; i++) {
    const struct tp_interference *beside = &samples[i].beside;
    if (beside->held_sms == 0 && beside->copy_bytes_per_s == 0)
      continue; /* nothing but noise */
    const char *const what =
        tp_arena_printf(self->arena, "%s beside %g SMs held, %g bytes/s", samples[i].op.name,
                        beside->held_sms, beside->copy_bytes_per_s);
    tp_validator_add(self, i, "slowdown", what, samples[i].slowdown,
                     tp_overlap_slowdown(device, &samples[i]));
    self->validation->figures[self->validation->n_figures - 1].fitted =
        tp_overlap_tells(device, &samples[i]) && !isnan(held_out) &&
        !tp_fit_is_held_out(tp_fit_shape(&samples[i].op, 1, beside), held_out);
  }
  return self->validation->n_figures > 0
             ? TP_OK
             : tp_fail(self->error, TP_E_INPUT,
                       "%s:1: no row with held_sms or copy_bytes_per_s above 0; add some",
                       self->csv.path);
}

/* No row is held out of a median: where the device was fitted to the file, to all of it. */
static enum tp_status run_sustained(struct tp_validator *self, const struct tp_device *device)
{
  struct tp_sustained_sample *samples;
  size_t n = 0;
  TP_TRY(tp_sustained_rows_read(&self->csv, self->arena, &samples, &n, self->error));
  self->validation->figures = TP_NEW(self->arena, struct tp_validated, n + 1);
  for (size_t i = 0; i < n; i++) {
    tp_validator_add(self, i, "slowdown",
                     tp_arena_printf(self->arena, "%s under steady load", samples[i].op.name),
                     samples[i].slowdown, tp_sustained_slowdown(device, &samples[i]));
    self->validation->figures[i].fitted =
        self->request->trace != NULL &&
        !isnan(held_out_of(self, device, source_of(device, &samples[i].op)));
  }
  return TP_OK;
}

static enum tp_status run_crossings(struct tp_validator *self, const struct tp_device *device)
{
  struct tp_crossing_sample *samples;
  size_t n = 0;
  TP_TRY(tp_crossing_rows_read(&self->csv, self->arena, &samples, &n, self->error));
  const bool fitted =
      self->request->trace != NULL && !isnan(held_out_of(self, device, device->overlap.source));
  self->validation->figures = TP_NEW(self->arena, struct tp_validated, n + 1);
  for (size_t i = 0; i < n; i++) {
    tp_validator_add(self, i, "time_us",
                     samples[i].hidden ? "kernels that outlast a collective"
                                       : "a kernel and a collective in turn",
                     1e6 * samples[i].time_s, 1e6 * tp_crossing_time_s(device, &samples[i]));
    self->validation->figures[i].fitted = fitted;
  }
  return TP_OK;
}

enum tp_status tp_validator_run_ops(struct tp_validator *self)
{
  const struct tp_device *device = NULL;
  struct tp_op_time *times;
  TP_TRY(open_device(self, &device));
  TP_TRY(tp_validator_tell(self, tp_readable_ops(self->arena), ""));
  TP_TRY(tp_measured_name_ops(&self->csv, self->request->op, self->arena, self->error));
  if (tp_sustained_is_table(&self->csv))
    return run_sustained(self, device);
  if (tp_crossing_is_table(&self->csv))
    return run_crossings(self, device);
  if (tp_csv_column(&self->csv, "alone_us") >= 0)
    return run_interference(self, device);
  TP_TRY(tp_op_costs(self->catalog->dirs, &self->request->ops, &self->csv, self->arena, &times,
                     self->error));
  const char *const gpu = tp_csv_cell(&self->csv, 0, tp_csv_column(&self->csv, "gpu"));
  tp_op_gpu_tell(self->request->ops.notes, self->csv.path, gpu, device->name, self->arena);
  const int time_column = tp_csv_column(&self->csv, "time_us");
  const int op_column = tp_csv_column(&self->csv, "op");
  self->validation->figures = TP_NEW(self->arena, struct tp_validated, self->csv.n_rows);
  for (size_t row = 0; row < self->csv.n_rows; row++) {
    double measured_us;
    TP_TRY(tp_measured_number(&self->csv, row, time_column, &measured_us, self->error));
    tp_validator_add(self, row, "time_us", tp_csv_cell(&self->csv, row, op_column), measured_us,
                     times[row].predicted_us);
  }
  return self->request->trace != NULL ? mark_fitted(self, device) : TP_OK;
}
