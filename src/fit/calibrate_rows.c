#include "fit/calibrate_rows.h"

#include "fit/op_table.h"
#include "fit/traces.h"
#include "ops/rows.h"

#include <string.h>

struct reader {
  const struct tp_calibrate_request *request;
  struct tp_arena *arena;
  struct tp_error *error;
  struct tp_calibrate_rows *rows;
  const struct tp_device *device;
  struct tp_op_files *files; /* opened so far */
};

/* A file and what the device file will say of it. */
struct input {
  const char *path, *source;
};

/* "a.csv" and "b.csv" -> "a.csv, b.csv", each once. */
static const char *with_source(struct tp_arena *arena, const char *sources, const char *file)
{
  if (sources == NULL)
    return file;
  return strstr(sources, file) != NULL ? sources : tp_arena_printf(arena, "%s, %s", sources, file);
}

static void add_sample(const struct reader *self, struct tp_kernel_rows *rows, const char *source,
                       const struct tp_kernel_sample *sample)
{
  TP_APPEND(self->arena, rows->items, rows->n, *sample);
  rows->source = with_source(self->arena, rows->source, source);
}

static struct tp_kernel_rows *rows_of(const struct reader *self, const struct tp_op *op)
{
  static const char *const groups[] = TP_KERNEL_GROUPS;
  const char *const group = tp_fit_group_of(op);
  for (size_t i = 0; i < TP_N_KERNEL_GROUPS; i++)
    if (group != NULL && strcmp(group, groups[i]) == 0)
      return &self->rows->kernels[i];
  return NULL;
}

static enum tp_status open_kernels(const struct reader *self, const char *path, const char *op,
                                   struct tp_csv *csv)
{
  static const char *const needed[] = {"time_us"};
  TP_TRY(tp_op_table_open(self->files, path, &self->request->where, self->arena, csv, self->error));
  TP_TRY(tp_measured_name_ops(csv, op, self->arena, self->error));
  return tp_csv_require(csv, needed, 1, self->error);
}

static enum tp_status fail_foreign(const struct tp_op_reader *reader, const struct tp_op_row *row,
                                   const char *wanted)
{
  return tp_op_row_fail(reader, row,
                        tp_arena_printf(reader->arena,
                                        "op '%.32s' in a table of %s; leave the row out", row->op,
                                        wanted));
}

/* Rows of the op, or where that is NULL of any kernel. */
static enum tp_status read_kernels(const struct reader *self, const struct input *input,
                                   const char *op)
{
  struct tp_csv csv;
  TP_TRY(open_kernels(self, input->path, op, &csv));
  const struct tp_op_reader reader = {self->arena, self->error, &csv, NULL};
  for (size_t i = 0; i < csv.n_rows; i++) {
    const struct tp_op_row row = tp_op_row_at(&reader, i);
    struct tp_kernel_sample sample;
    if (op != NULL && strcmp(row.op, op) != 0)
      return fail_foreign(&reader, &row, op);
    TP_TRY(tp_op_row_read(&reader, &row, &sample.op));
    if (sample.op.kind == TP_OP_COLLECTIVE)
      return fail_foreign(&reader, &row, "kernels");
    TP_TRY(
        tp_measured_number(&csv, i, tp_csv_column(&csv, "time_us"), &sample.time_s, self->error));
    sample.time_s *= 1e-6;
    add_sample(self, rows_of(self, &sample.op), input->source, &sample);
  }
  return TP_OK;
}

static enum tp_status read_kernel_files(const struct reader *self)
{
  const struct tp_calibrate_request *request = self->request;
  const struct {
    const char *op;
    const struct tp_file_list *files;
  } lists[] = {{"gemm", &request->gemm},
               {"attention_prefill", &request->attention_prefill},
               {"attention_decode", &request->attention_decode},
               {"quantise", &request->quantise},
               {NULL, &request->ops}};
  for (size_t l = 0; l < sizeof lists / sizeof lists[0]; l++)
    for (size_t i = 0; i < lists[l].files->n; i++) {
      const struct input input = {lists[l].files->items[i], lists[l].files->items[i]};
      TP_TRY(read_kernels(self, &input, lists[l].op));
    }
  return TP_OK;
}

static void append(const struct reader *self, struct tp_collective_rows *rows, const char *source,
                   const struct tp_fit_row *more, size_t n)
{
  if (n == 0)
    return;
  for (size_t i = 0; i < n; i++)
    TP_APPEND(self->arena, rows->items, rows->n, more[i]);
  rows->source = with_source(self->arena, rows->source, source);
}

static enum tp_status read_collectives(const struct reader *self, const char *path, const char *op,
                                       const struct tp_where *where, struct tp_csv *csv,
                                       struct tp_fit_row **read, size_t *n)
{
  TP_TRY(tp_op_table_open(self->files, path, where, self->arena, csv, self->error));
  if (op != NULL)
    TP_TRY(tp_measured_name_ops(csv, op, self->arena, self->error));
  return tp_fit_rows_read(csv, self->arena, read, n, self->error);
}

static enum tp_status read_tables(const struct reader *self, const struct tp_file_list *files,
                                  const char *op, const struct tp_where *where,
                                  struct tp_collective_rows *rows)
{
  for (size_t i = 0; i < files->n; i++) {
    struct tp_csv csv;
    struct tp_fit_row *more;
    size_t n;
    TP_TRY(read_collectives(self, files->items[i], op, where, &csv, &more, &n));
    append(self, rows, files->items[i], more, n);
    const char *const gpu = n > 0 ? tp_csv_cell(&csv, 0, tp_csv_column(&csv, "gpu")) : "";
    tp_op_gpu_tell(self->request->where.notes, csv.path, gpu, self->device->name, self->arena);
  }
  return TP_OK;
}

static enum tp_status read_exchanges(const struct reader *self, const char *path)
{
  static const char *const groups[] = TP_EXCHANGE_GROUPS;
  struct tp_csv csv;
  struct tp_fit_row *read;
  size_t n;
  TP_TRY(
      tp_op_table_open(self->files, path, &self->request->where, self->arena, &csv, self->error));
  TP_TRY(tp_fit_rows_read(&csv, self->arena, &read, &n, self->error));
  for (size_t i = 0; i < n; i++) {
    const char *const group = tp_exchange_group_of(&read[i].collective);
    if (group == NULL)
      return tp_fail(self->error, TP_E_INPUT,
                     "%s:%d: %s by '%s' is no kernel between experts; give op dispatch, combine "
                     "or prepare, and in column 'algorithm' deepep, deepep-low-latency, "
                     "nvlink-one-sided or nvlink-two-sided",
                     csv.path, csv.lines[i], tp_collective_text(read[i].collective.kind),
                     tp_algorithm_text(read[i].collective.algorithm));
    for (size_t g = 0; g < TP_N_EXCHANGE_GROUPS; g++)
      if (strcmp(groups[g], group) == 0)
        append(self, &self->rows->exchanges[g], path, &read[i], 1);
  }
  return TP_OK;
}

/* Whose kernel runs the algorithm; NULL: of neither group. */
static struct tp_collective_rows *group_of(const struct reader *self, enum tp_algorithm algorithm)
{
  switch (algorithm) {
  case TP_ALGORITHM_AUTO:
  case TP_ALGORITHM_FASTEST:
  case TP_ALGORITHM_RING:
  case TP_ALGORITHM_TREE:
  case TP_ALGORITHM_NVLS:
  case TP_ALGORITHM_NVLS_TREE:
  case TP_ALGORITHM_DIRECT:
  case TP_ALGORITHM_HIERARCHICAL:
    return &self->rows->nccl;
  case TP_ALGORITHM_ONE_SHOT:
  case TP_ALGORITHM_TWO_SHOT:
    return &self->rows->peer_kernels;
  case TP_ALGORITHM_DMA:
  case TP_ALGORITHM_FLASH:
  case TP_ALGORITHM_FLASH_HIERARCHICAL:
  case TP_ALGORITHM_DEEPEP:
  case TP_ALGORITHM_DEEPEP_LOW_LATENCY:
  case TP_ALGORITHM_NVLINK_ONE_SIDED:
  case TP_ALGORITHM_NVLINK_TWO_SIDED:
    break;
  }
  return NULL;
}

static enum tp_status read_collective_trace(const struct reader *self, const struct input *input)
{
  struct tp_csv csv;
  struct tp_fit_row *read;
  size_t n;
  TP_TRY(read_collectives(self, input->path, NULL, &self->request->where, &csv, &read, &n));
  for (size_t i = 0; i < n; i++) {
    struct tp_collective_rows *rows = group_of(self, read[i].collective.algorithm);
    if (rows != NULL)
      append(self, rows, input->source, &read[i], 1);
  }
  return TP_OK;
}

/* Tables with a reader of their own, one of each kind. */
static enum tp_status read_table(const struct reader *self, enum tp_trace_kind kind,
                                 const struct input *input)
{
  struct tp_calibrate_rows *rows = self->rows;
  struct tp_csv csv;
  TP_TRY(tp_op_table_open(self->files, input->path, &self->request->where, self->arena, &csv,
                          self->error));
  if (kind == TP_TRACE_INTERFERENCE) {
    rows->overlap.source = input->source;
    return tp_overlap_rows_read(self->device, &csv, self->arena, &rows->overlap.items,
                                &rows->overlap.n, self->error);
  }
  if (kind == TP_TRACE_SUSTAINED) {
    rows->sustained.source = input->source;
    return tp_sustained_rows_read(&csv, self->arena, &rows->sustained.items, &rows->sustained.n,
                                  self->error);
  }
  rows->crossings.source = input->source;
  return tp_crossing_rows_read(&csv, self->arena, &rows->crossings.items, &rows->crossings.n,
                               self->error);
}

static enum tp_status read_trace(const struct reader *self, enum tp_trace_kind kind,
                                 const struct input *input)
{
  switch (kind) {
  case TP_TRACE_GEMM:
  case TP_TRACE_ATTENTION:
  case TP_TRACE_MEMORY:
  case TP_TRACE_QUANTISE:
    return read_kernels(self, input, NULL);
  case TP_TRACE_COLLECTIVES:
    return read_collective_trace(self, input);
  case TP_TRACE_INTERFERENCE:
  case TP_TRACE_SUSTAINED:
  case TP_TRACE_CROSSINGS:
    return read_table(self, kind, input);
  case TP_TRACE_STARTS: /* say whether points can be relied on */
  case TP_TRACE_LAYERS: /* for validate alone */
  case TP_TRACE_GENERATE:
  case TP_N_TRACES:
    break;
  }
  return TP_OK;
}

static enum tp_status read_traces(const struct reader *self, const struct tp_traces *traces)
{
  for (int i = 0; i < TP_N_TRACES; i++) {
    const struct tp_trace_file *file = &traces->files[i];
    if (file->path == NULL)
      continue;
    const bool median = i == TP_TRACE_SUSTAINED || i == TP_TRACE_CROSSINGS; /* of all rows */
    const double hold_out_ratio = median ? 0 : self->request->options.hold_out_ratio;
    const struct input input = {file->path, tp_trace_source(file, hold_out_ratio, self->arena)};
    TP_TRY(read_trace(self, (enum tp_trace_kind)i, &input));
  }
  return TP_OK;
}

enum tp_status tp_calibrate_rows_read(const struct tp_calibrate_request *request,
                                      const struct tp_device *device, struct tp_arena *arena,
                                      struct tp_calibrate_rows *rows, struct tp_error *error)
{
  struct tp_op_files files = {.n = 0};
  const struct reader self = {request, arena, error, rows, device, &files};
  *rows = (struct tp_calibrate_rows){0};
  TP_TRY(read_kernel_files(&self));
  struct tp_where nccl_tests = request->where;
  nccl_tests.only_nccl_tests = true;
  TP_TRY(read_tables(&self, &request->nccl, NULL, &request->where, &rows->nccl));
  TP_TRY(read_tables(&self, &request->nccl_tests, NULL, &nccl_tests, &rows->nccl));
  TP_TRY(read_tables(&self, &request->peer_kernels, "all_reduce", &request->where,
                     &rows->peer_kernels));
  for (size_t i = 0; i < request->exchanges.n; i++)
    TP_TRY(read_exchanges(&self, request->exchanges.items[i]));
  if (request->traces != NULL)
    TP_TRY(read_traces(&self, request->traces));
  return tp_where_check(&request->where, arena, error);
}
