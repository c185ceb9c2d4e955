#include "study/calibrate.h"

#include "study/device_text.h"
#include "study/fit_collectives.h"
#include "study/nccl_tests.h"
#include "study/op_platform.h"
#include "study/op_rows.h"

#include <math.h>
#include <string.h>

static const char nccl_stack[] = "gpt-fast-compile", peer_stack[] = "vllm-graph";
enum { MOST_GROUPS = 8, LEAST_ROWS = 12 };

/* Samples of one kernel group as they are gathered. */
struct pool {
  const char *source; /* NULL: none yet */
  struct tp_kernel_sample *samples;
  size_t n, room;
};

static const char *const kernel_groups[] = {"gemm", "gemm_fp8", "attention_prefill",
                                            "attention_decode"};
enum { N_KERNEL_GROUPS = sizeof kernel_groups / sizeof kernel_groups[0] };

struct calibrator {
  const struct tp_datadir *dirs;
  const struct tp_calibrate_request *request;
  struct tp_arena *arena;
  struct tp_error *error;
  struct tp_device device; /* fitted group by group */
  struct pool pools[N_KERNEL_GROUPS];
  struct tp_calibration *calibration;
};

/* "a.csv" and "b.csv" -> "a.csv, b.csv", each once. */
static const char *with_source(struct tp_arena *arena, const char *sources, const char *file)
{
  if (sources == NULL)
    return file;
  return strstr(sources, file) != NULL ? sources : tp_arena_printf(arena, "%s, %s", sources, file);
}

static void add_sample(struct calibrator *self, struct pool *pool, const char *file,
                       const struct tp_kernel_sample *sample)
{
  if (pool->n == pool->room) {
    pool->room = pool->room > 0 ? 2 * pool->room : 1024;
    struct tp_kernel_sample *grown = TP_NEW(self->arena, struct tp_kernel_sample, pool->room);
    if (pool->n > 0)
      memcpy(grown, pool->samples, pool->n * sizeof *grown);
    pool->samples = grown;
  }
  pool->samples[pool->n++] = *sample;
  pool->source = with_source(self->arena, pool->source, file);
}

static struct pool *pool_of(struct calibrator *self, const struct tp_op *op)
{
  const char *const group = tp_fit_group_of(op);
  for (size_t i = 0; i < N_KERNEL_GROUPS; i++)
    if (group != NULL && strcmp(group, kernel_groups[i]) == 0)
      return &self->pools[i];
  return NULL;
}

static enum tp_status open_table(struct calibrator *self, const char *file, const char *op,
                                 struct tp_csv *csv)
{
  enum tp_status status =
      tp_measured_open(file, &self->request->where, self->arena, csv, self->error);
  if (status == TP_OK)
    status = tp_measured_name_ops(csv, op, self->arena, self->error);
  if (status == TP_OK && !tp_measured_is_ops(csv))
    status = tp_fail(self->error, TP_E_INPUT, "%s:1: no column 'time_us'; add it", csv->path);
  return status;
}

/* Rows of one kernel; a column `op` must agree with `op`. */
static enum tp_status read_kernels(struct calibrator *self, const char *file, const char *op)
{
  struct tp_csv csv;
  enum tp_status status = open_table(self, file, op, &csv);
  const struct tp_op_reader reader = {self->arena, self->error, &csv, NULL};
  for (size_t i = 0; status == TP_OK && i < csv.n_rows; i++) {
    const struct tp_op_row row = {i, tp_csv_cell(&csv, i, tp_csv_column(&csv, "op"))};
    struct tp_kernel_sample sample = {.op = {.name = row.op}};
    if (strcmp(row.op, op) != 0)
      return tp_op_row_fail(&reader, &row,
                            tp_arena_printf(self->arena,
                                            "op '%.32s' in a table of %s; leave the "
                                            "row out",
                                            row.op, op));
    status = tp_op_row_read(&reader, &row, &sample.op);
    if (status == TP_OK)
      status =
          tp_measured_number(&csv, i, tp_csv_column(&csv, "time_us"), &sample.time_s, self->error);
    sample.time_s *= 1e-6;
    if (status == TP_OK)
      add_sample(self, pool_of(self, &sample.op), file, &sample);
  }
  return status;
}

static enum tp_status read_kernel_files(struct calibrator *self)
{
  const struct tp_calibrate_request *request = self->request;
  const struct {
    const char *op;
    const struct tp_file_list *files;
  } lists[] = {{"gemm", &request->gemm},
               {"attention_prefill", &request->attention_prefill},
               {"attention_decode", &request->attention_decode}};
  enum tp_status status = TP_OK;
  for (size_t l = 0; l < sizeof lists / sizeof lists[0]; l++)
    for (size_t i = 0; i < lists[l].files->n && status == TP_OK; i++)
      status = read_kernels(self, lists[l].files->items[i], lists[l].op);
  return status;
}

/* Appends the group with its parameters' values before and after; `errors` are over the value. */
static void add_group(struct calibrator *self, const struct tp_calibrated *group,
                      const char *const *keys, const double *errors, const struct tp_doc *before,
                      const double *after)
{
  struct tp_calibrated *added = &self->calibration->groups[self->calibration->n_groups++];
  *added = *group;
  added->parameters = TP_NEW(self->arena, struct tp_calibrated_parameter, group->n_parameters);
  for (size_t i = 0; i < group->n_parameters; i++) {
    const char *const path = tp_arena_printf(self->arena, "%s.%s", group->group, keys[i]);
    added->parameters[i] =
        (struct tp_calibrated_parameter){.key = keys[i],
                                         .before = json_number_value(tp_doc_at(before, path)),
                                         .after = after[i],
                                         .error = errors[i] * after[i]};
  }
}

static enum tp_status fit_kernels(struct calibrator *self, const struct tp_doc *doc)
{
  enum tp_status status = TP_OK;
  for (size_t i = 0; i < N_KERNEL_GROUPS && status == TP_OK; i++) {
    const struct pool *pool = &self->pools[i];
    struct tp_kernel_fit fit;
    if (pool->n == 0)
      continue;
    status = tp_fit_kernels(kernel_groups[i], pool->samples, pool->n, &self->request->options,
                            &self->device, self->arena, &fit, self->error);
    if (status != TP_OK)
      break;
    const struct tp_calibrated group = {.group = kernel_groups[i],
                                        .source = pool->source,
                                        .n_fitted = fit.n_fitted,
                                        .n_held_out = fit.n_held_out,
                                        .fitted_error = fit.fitted_error,
                                        .held_out_error = fit.held_out_error,
                                        .spread_ratio = fit.spread_ratio,
                                        .unsettled = fit.unsettled,
                                        .n_parameters = fit.n_parameters};
    add_group(self, &group, fit.keys, fit.errors, doc, fit.values);
  }
  return status;
}

/* Rows of collectives from several files. */
struct rows {
  struct tp_fit_row *items;
  size_t n;
  const char *source;
};

static void append(struct calibrator *self, struct rows *rows, const char *file,
                   const struct tp_fit_row *more, size_t n)
{
  struct tp_fit_row *all = TP_NEW(self->arena, struct tp_fit_row, rows->n + n);
  if (rows->n > 0)
    memcpy(all, rows->items, rows->n * sizeof *all);
  memcpy(all + rows->n, more, n * sizeof *all);
  rows->items = all;
  rows->n += n;
  rows->source = with_source(self->arena, rows->source, file);
}

static enum tp_status read_tables(struct calibrator *self, const struct tp_file_list *files,
                                  const char *op, struct rows *rows)
{
  enum tp_status status = TP_OK;
  for (size_t i = 0; i < files->n && status == TP_OK; i++) {
    struct tp_csv csv;
    struct tp_fit_row *more;
    size_t n;
    status =
        tp_measured_open(files->items[i], &self->request->where, self->arena, &csv, self->error);
    if (status == TP_OK && op != NULL)
      status = tp_measured_name_ops(&csv, op, self->arena, self->error);
    if (status == TP_OK)
      status = tp_fit_rows_read(&csv, self->arena, &more, &n, self->error);
    if (status == TP_OK)
      append(self, rows, files->items[i], more, n);
  }
  return status;
}

static enum tp_status read_texts(struct calibrator *self, struct rows *rows)
{
  const struct tp_file_list *files = &self->request->nccl_tests;
  enum tp_status status = TP_OK;
  for (size_t i = 0; i < files->n && status == TP_OK; i++) {
    struct tp_fit_row *more;
    size_t n;
    status = tp_nccl_tests_read(files->items[i], self->request->nccl_tests_op, self->arena, &more,
                                &n, self->error);
    if (status == TP_OK)
      append(self, rows, files->items[i], more, n);
  }
  return status;
}

/* The platform asked for, or the best with GPUs enough. */
static enum tp_status choose_platform(struct calibrator *self, const struct rows *rows,
                                      const char **name)
{
  *name = self->request->platform;
  if (*name != NULL)
    return TP_OK;
  int ranks = 0;
  for (size_t i = 0; i < rows->n; i++)
    ranks = rows->items[i].ranks > ranks ? rows->items[i].ranks : ranks;
  struct tp_op_platform *platforms;
  size_t n;
  const enum tp_status status =
      tp_op_platforms(self->dirs, self->device.name, self->arena, &platforms, &n, self->error);
  for (size_t i = 0; status == TP_OK && i < n && *name == NULL; i++)
    if (platforms[i].n_gpus >= ranks)
      *name = platforms[i].name;
  if (status == TP_OK && *name == NULL)
    return tp_fail(self->error, TP_E_INPUT,
                   "no platform has %d GPUs of device '%s'; give --platform for collectives", ranks,
                   self->device.name);
  return status;
}

static enum tp_status open_setup(struct calibrator *self, const struct rows *rows,
                                 const char *usual_stack, const struct tp_setup **setup)
{
  struct tp_setup_request wanted = {.device = self->request->device,
                                    .stack = self->request->stack != NULL ? self->request->stack
                                                                          : usual_stack};
  struct tp_setup *opened;
  enum tp_status status = choose_platform(self, rows, &wanted.platform);
  if (status == TP_OK)
    status = tp_setup_open(self->dirs, &wanted, self->arena, &opened, self->error);
  if (status == TP_OK)
    *setup = opened;
  return status;
}

static enum tp_status fit_collectives(struct calibrator *self, const struct tp_doc *doc,
                                      enum tp_fit_group which, const struct rows *rows)
{
  const bool nccl = which == TP_FIT_NCCL;
  const char *const name = nccl ? "nccl" : "peer_kernels";
  const struct tp_setup *setup;
  struct tp_fit_quality quality;
  if (rows->n == 0)
    return TP_OK;
  if (rows->n < LEAST_ROWS)
    return tp_fail(self->error, TP_E_INPUT,
                   "%s: %zu rows of collectives are too few to fit; give at least %d", rows->source,
                   rows->n, LEAST_ROWS);
  enum tp_status status = open_setup(self, rows, nccl ? nccl_stack : peer_stack, &setup);
  if (status != TP_OK)
    return status;
  struct tp_stack stack = setup->stack;
  stack.collectives.library = nccl ? TP_LIBRARY_NCCL : TP_LIBRARY_PEER_KERNELS;
  status = tp_fit_collectives(&setup->platform, &stack, which, rows->items, rows->n,
                              &self->request->options, &self->device, &quality, self->error);
  if (status != TP_OK)
    return status;
  const struct tp_calibrated group = {.group = name,
                                      .source = rows->source,
                                      .n_fitted = quality.n_rows,
                                      .n_held_out = quality.n_held_out,
                                      .fitted_error = quality.mean_error,
                                      .held_out_error = quality.held_out_error,
                                      .spread_ratio = nccl ? self->device.nccl.spread_ratio
                                                           : self->device.peer_kernels.spread_ratio,
                                      .n_parameters = quality.n_parameters};
  add_group(self, &group, quality.keys, quality.errors, doc, quality.values);
  return TP_OK;
}

static enum tp_status calibrate(struct calibrator *self, const struct tp_doc *doc)
{
  const struct tp_calibrate_request *request = self->request;
  struct rows nccl = {0}, peer = {0};
  enum tp_status status = tp_device_read(doc, self->arena, &self->device, self->error);
  if (status == TP_OK)
    status = read_kernel_files(self);
  if (status == TP_OK)
    status = read_tables(self, &request->nccl, NULL, &nccl);
  if (status == TP_OK)
    status = read_texts(self, &nccl);
  if (status == TP_OK)
    status = read_tables(self, &request->peer_kernels, "all_reduce", &peer);
  if (status == TP_OK)
    status = fit_kernels(self, doc);
  if (status == TP_OK)
    status = fit_collectives(self, doc, TP_FIT_NCCL, &nccl);
  if (status == TP_OK)
    status = fit_collectives(self, doc, TP_FIT_PEER_KERNELS, &peer);
  if (status != TP_OK)
    return status;
  if (self->calibration->n_groups == 0)
    return tp_fail(self->error, TP_E_INPUT,
                   "no measurements are given; add --gemm FILE.csv, "
                   "--attention-decode, --collectives ...");
  return tp_device_text(doc, self->calibration->groups, self->calibration->n_groups, self->arena,
                        &self->calibration->text, self->error);
}

enum tp_status tp_calibrate(const struct tp_datadir *dirs,
                            const struct tp_calibrate_request *request, struct tp_arena *arena,
                            struct tp_calibration *calibration, struct tp_error *error)
{
  struct calibrator self = {
      .dirs = dirs, .request = request, .arena = arena, .error = error, .calibration = calibration};
  const char *path;
  struct tp_doc doc;
  *calibration =
      (struct tp_calibration){.groups = TP_NEW(arena, struct tp_calibrated, MOST_GROUPS)};
  enum tp_status status = tp_datadir_find(dirs, "device", "platforms/devices", ".json",
                                          request->device, arena, &path, error);
  if (status == TP_OK)
    status = tp_doc_open(path, arena, &doc, error);
  if (status != TP_OK)
    return status;
  status = calibrate(&self, &doc);
  tp_doc_close(&doc);
  return status;
}
