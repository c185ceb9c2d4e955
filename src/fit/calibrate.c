#include "fit/calibrator.h"
#include "fit/device_text.h"
#include "fit/kernel_parameters.h"
#include "platform/lend.h"

#include <math.h>
#include <string.h>

enum { MOST_GROUPS = 7 + TP_N_KERNEL_GROUPS + TP_N_EXCHANGE_GROUPS };

static const char *const kernel_groups[] = TP_KERNEL_GROUPS;

/* The group's place in the report where it was fitted. */
static struct tp_calibrated *fitted_group(struct tp_calibrator *self, const char *name)
{
  for (size_t i = 0; i < self->calibration->n_groups; i++)
    if (strcmp(self->calibration->groups[i].group, name) == 0 &&
        self->calibration->groups[i].n_parameters > 0)
      return &self->calibration->groups[i];
  return NULL;
}

/* One parameter more of a group that was fitted: its source speaks for all of them. */
static void add_parameter(struct tp_calibrator *self, const struct tp_doc *before,
                          struct tp_calibrated *group, const struct tp_calibrated_parameter *found,
                          const char *source)
{
  struct tp_arena *arena = self->arena;
  struct tp_calibrated_parameter *all =
      TP_NEW(arena, struct tp_calibrated_parameter, group->n_parameters + 1);
  memcpy(all, group->parameters, group->n_parameters * sizeof *all);
  const char *const path = tp_arena_printf(arena, "%s.%s", group->group, found->key);
  all[group->n_parameters] = *found;
  all[group->n_parameters++].before = json_number_value(tp_doc_at(before, path));
  group->parameters = all;
  if (strstr(group->source, source) == NULL)
    group->source = tp_arena_printf(arena, "%s; %s", group->source, source);
}

static const char warm_key[] = "warm_bytes";

/* NULL where the group knows no such thing. */
static double *warm_bytes_of(struct tp_device *device, const char *name)
{
  const struct tp_kernel_parameter *const parameter =
      tp_kernel_parameter_find(tp_kernel_group_find(name), warm_key);
  return parameter != NULL ? tp_kernel_parameter_slot(device, parameter->offset) : NULL;
}

static void add_kernels(struct tp_calibrator *self, const struct tp_doc *doc,
                        const struct tp_kernel_rows *rows, const struct tp_kernel_fit *fit)
{
  const struct tp_calibrated group = {.group = fit->group,
                                      .source = rows->source,
                                      .n_fitted = fit->n_fitted,
                                      .n_held_out = fit->n_held_out,
                                      .fitted_error = fit->fitted_error,
                                      .held_out_error = fit->held_out_error,
                                      .spread_ratio = fit->spread_ratio,
                                      .unsettled = fit->unsettled,
                                      .n_parameters = fit->n_parameters};
  const struct tp_calibrator_found found = {fit->keys, fit->values, fit->errors, fit->at_bound};
  tp_calibrator_add(self, &group, doc, &found);
}

/* The ops of a folder were timed over copies in turn, none of which the cache still held: what
 * other tables have warm is switched off, or scatter would pass for it. */
static enum tp_status fit_group(struct tp_calibrator *self, const struct tp_doc *doc,
                                const char *name, const struct tp_kernel_rows *rows)
{
  double *const warm_bytes =
      self->request->traces != NULL ? warm_bytes_of(&self->device, name) : NULL;
  const double before = warm_bytes != NULL ? *warm_bytes : 0;
  struct tp_kernel_fit fit;
  if (warm_bytes != NULL)
    *warm_bytes = 0;
  const enum tp_status status = tp_fit_kernels(name, rows->items, rows->n, &self->request->options,
                                               &self->device, self->arena, &fit, self->error);
  if (status == TP_OK)
    add_kernels(self, doc, rows, &fit);
  if (warm_bytes == NULL)
    return status;
  if (status != TP_OK) {
    *warm_bytes = before;
    return status;
  }
  const struct tp_calibrated_parameter cold = {.key = warm_key, .after = 0};
  add_parameter(self, doc, fitted_group(self, name), &cold, rows->source);
  return TP_OK;
}

static enum tp_status fit_kernels(struct tp_calibrator *self, const struct tp_doc *doc)
{
  enum tp_status status = TP_OK;
  for (size_t i = 0; i < TP_N_KERNEL_GROUPS && status == TP_OK; i++) {
    const struct tp_kernel_rows *rows = &self->rows.kernels[i];
    if (rows->n == 0)
      continue;
    status = fit_group(self, doc, kernel_groups[i], rows);
    if (status == TP_E_INPUT)
      status = tp_calibrator_leave_out(self, kernel_groups[i], rows->source);
  }
  return status;
}

/* For a group that was fitted before; no later fit asks the device for it. */
static enum tp_status add_found(struct tp_calibrator *self, const struct tp_doc *before,
                                const char *name, const struct tp_calibrated_parameter *found,
                                const char *source)
{
  struct tp_calibrated *group = fitted_group(self, name);
  if (group == NULL) {
    tp_fail(self->error, TP_E_INPUT, "%s of %.4g waits for a group that is fitted", found->key,
            found->after);
    return tp_calibrator_leave_out(self, name, source);
  }
  add_parameter(self, before, group, found, source);
  return TP_OK;
}

static enum tp_status add_sustained(struct tp_calibrator *self, const struct tp_doc *before,
                                    const char *name)
{
  const struct tp_sustained_rows *rows = &self->rows.sustained;
  struct tp_device judged = self->device;
  struct tp_sustained_fit fit;
  tp_fit_sustained(name, rows->items, rows->n, self->arena, &judged, &fit);
  const struct tp_calibrated_parameter found = {
      .key = tp_sustained_key, .after = fit.ratio, .error = fit.error, .at_bound = fit.at_bound};
  return fit.n > 0 ? add_found(self, before, name, &found, rows->source) : TP_OK;
}

static enum tp_status add_crossing(struct tp_calibrator *self, const struct tp_doc *before,
                                   bool hidden)
{
  const struct tp_crossing_rows *rows = &self->rows.crossings;
  struct tp_device judged = self->device;
  struct tp_crossing_fit fit;
  tp_fit_crossing(rows->items, rows->n, hidden, self->arena, &judged, &fit);
  const struct tp_calibrated_parameter found = {
      .key = fit.key, .after = fit.value, .error = fit.error, .at_bound = fit.at_bound};
  return fit.n > 0 ? add_found(self, before, "overlap", &found, rows->source) : TP_OK;
}

/* The rule for a shared DRAM has no parameter: its error stands by itself. */
static void add_copies(struct tp_calibrator *self, const struct tp_overlap_fit *fit)
{
  if (fit->n_copies > 0)
    self->calibration->groups[self->calibration->n_groups++] =
        (struct tp_calibrated){.group = "(DRAM shared with copies)",
                               .source = self->rows.overlap.source,
                               .n_held_out = fit->n_copies,
                               .fitted_error = (double)NAN,
                               .held_out_error = fit->copy_error,
                               .spread_ratio = (double)NAN};
}

static void fit_overlap(struct tp_calibrator *self, const struct tp_doc *doc)
{
  static const char *const keys[] = {"held_ratio"};
  const struct tp_overlap_rows *rows = &self->rows.overlap;
  struct tp_overlap_fit fit;
  if (rows->n == 0)
    return;
  tp_fit_overlap(rows->items, rows->n, &self->request->options, &self->device, &fit);
  const struct tp_calibrated group = {.group = "overlap",
                                      .source = rows->source,
                                      .n_fitted = fit.n_fitted,
                                      .n_held_out = fit.n_held_out,
                                      .fitted_error = fit.fitted_error,
                                      .held_out_error = fit.held_out_error,
                                      .spread_ratio = (double)NAN,
                                      .n_parameters = 1};
  const double error = fit.error / fit.held_ratio;
  const struct tp_calibrator_found found = {keys, &fit.held_ratio, &error, &fit.at_bound};
  if (fit.n_fitted > 0)
    tp_calibrator_add(self, &group, doc, &found);
  add_copies(self, &fit);
}

static enum tp_status fit_all(struct tp_calibrator *self, const struct tp_doc *doc)
{
  TP_TRY(fit_kernels(self, doc));
  TP_TRY(add_sustained(self, doc, "gemm"));
  TP_TRY(add_sustained(self, doc, "gemm_fp8"));
  TP_TRY(tp_calibrator_fit_collectives(self, doc));
  fit_overlap(self, doc);
  TP_TRY(add_crossing(self, doc, false));
  return add_crossing(self, doc, true);
}

static enum tp_status check_fitted(const struct tp_calibrator *self)
{
  const struct tp_calibration *calibration = self->calibration;
  for (size_t i = 0; i < calibration->n_groups; i++)
    if (calibration->groups[i].n_parameters > 0)
      return TP_OK;
  if (calibration->n_groups == 0)
    return tp_fail(self->error, TP_E_INPUT,
                   "no measurements are given; add --gemm FILE.csv, "
                   "--attention-decode, --collectives ... or a folder of traces");
  const char *const why = calibration->groups[0].left_out;
  return tp_fail(self->error, TP_E_INPUT, "%s: nothing could be fitted: %s", self->request->device,
                 why != NULL ? why : "nothing ran beside held SMs");
}

static enum tp_status calibrate(struct tp_calibrator *self, const struct tp_doc *doc)
{
  struct tp_calibration *calibration = self->calibration;
  TP_TRY(tp_device_borrow(self->dirs, doc, self->arena, self->error));
  TP_TRY(tp_device_read(doc, self->arena, &self->device, self->error));
  TP_TRY(
      tp_calibrate_rows_read(self->request, &self->device, self->arena, &self->rows, self->error));
  TP_TRY(fit_all(self, doc));
  TP_TRY(check_fitted(self));
  return tp_device_text(doc, &self->device, calibration->groups, calibration->n_groups, self->arena,
                        &calibration->text, self->error);
}

enum tp_status tp_calibrate(const struct tp_datadir *dirs,
                            const struct tp_calibrate_request *request, struct tp_arena *arena,
                            struct tp_calibration *calibration, struct tp_error *error)
{
  struct tp_calibrator self = {
      .dirs = dirs, .request = request, .arena = arena, .error = error, .calibration = calibration};
  const char *path;
  struct tp_doc doc;
  *calibration =
      (struct tp_calibration){.groups = TP_NEW(arena, struct tp_calibrated, MOST_GROUPS)};
  TP_TRY(tp_datadir_find(dirs, "device", "platforms/devices", ".json", request->device, arena,
                         &path, error));
  TP_TRY(tp_doc_open(path, arena, &doc, error));
  const enum tp_status status = calibrate(&self, &doc);
  tp_doc_close(&doc);
  return status;
}
