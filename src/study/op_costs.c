#include "study/op_costs.h"

#include "base/text.h"
#include "cost/algorithm.h"
#include "study/interval.h"

#include <math.h>
#include <string.h>

static const char default_stack[] = "gpt-fast-compile"; /* NCCL */

struct bench {
  struct tp_arena *arena;
  struct tp_error *error;
  const struct tp_csv *csv;
  const struct tp_setup *setup;
  const char *platform; /* as chosen; NULL: none has the device */
  bool styled;          /* the stack was asked for: its attention kernels */
  struct tp_machine *machines[TP_MAX_RANKS + 1]; /* by ranks; NULL: not made */
};

struct row {
  size_t index;
  const char *op;
};

static enum tp_status fail_row(const struct bench *bench, const struct row *row, const char *text)
{
  return tp_fail(bench->error, TP_E_INPUT, "%s:%d: %s", bench->csv->path,
                 bench->csv->lines[row->index], text);
}

static enum tp_status number_of(const struct bench *bench, const struct row *row,
                                const char *column, double *number)
{
  const int index = tp_csv_column(bench->csv, column);
  if (index < 0)
    return fail_row(bench, row,
                    tp_arena_printf(bench->arena, "%s needs a column '%s'", row->op, column));
  const enum tp_status status = tp_csv_number(bench->csv, row->index, index, number, bench->error);
  if (status != TP_OK)
    return status;
  return *number > 0 ? TP_OK
                     : fail_row(bench, row,
                                tp_arena_printf(bench->arena, "column '%s': %g is not above 0",
                                                column, *number));
}

static enum tp_status count_of(const struct bench *bench, const struct row *row, const char *column,
                               int64_t *count)
{
  double number;
  const enum tp_status status = number_of(bench, row, column, &number);
  if (status != TP_OK)
    return status;
  if (number != floor(number) || number > 1e12)
    return fail_row(
        bench, row,
        tp_arena_printf(bench->arena, "column '%s': %.9g is not a whole number", column, number));
  *count = (int64_t)number;
  return TP_OK;
}

/* Index of the cell's word among `names`; `fallback` where the cell is empty or absent. */
static enum tp_status word_of(const struct bench *bench, const struct row *row, const char *column,
                              const char *const *names, size_t fallback, size_t *index)
{
  const char *const cell = tp_csv_cell(bench->csv, row->index, tp_csv_column(bench->csv, column));
  *index = fallback;
  if (cell[0] == '\0')
    return TP_OK;
  size_t n = 0;
  for (; names[n] != NULL; n++)
    if (strcmp(cell, names[n]) == 0) {
      *index = n;
      return TP_OK;
    }
  return fail_row(bench, row,
                  tp_arena_printf(bench->arena, "column '%s': no '%.32s'%s", column, cell,
                                  tp_text_hint(bench->arena, cell, names, n)));
}

static enum tp_status dtype_of(const struct bench *bench, const struct row *row,
                               enum tp_dtype *dtype)
{
  static const char *const names[] = TP_DTYPE_NAMES;
  size_t index;
  const enum tp_status status = word_of(bench, row, "dtype", names, TP_DTYPE_BF16, &index);
  *dtype = (enum tp_dtype)index;
  return status;
}

static enum tp_status read_gemm(const struct bench *bench, const struct row *row, struct tp_op *op)
{
  op->kind = TP_OP_GEMM;
  enum tp_status status = count_of(bench, row, "m", &op->gemm.m);
  if (status == TP_OK)
    status = count_of(bench, row, "n", &op->gemm.n);
  if (status == TP_OK)
    status = count_of(bench, row, "k", &op->gemm.k);
  return status == TP_OK ? dtype_of(bench, row, &op->gemm.dtype) : status;
}

static enum tp_status read_attention(const struct bench *bench, const struct row *row,
                                     struct tp_op *op)
{
  const struct tp_stack *stack = &bench->setup->stack;
  struct tp_attention *attention = &op->attention;
  op->kind = TP_OP_ATTENTION;
  attention->decode = strcmp(row->op, "attention_decode") == 0;
  attention->style = TP_ATTENTION_FLASH;
  if (bench->styled) {
    attention->style = (enum tp_attention_style)(attention->decode ? stack->attention.decode
                                                                   : stack->attention.prefill);
    attention->score_passes = stack->attention.score_passes;
  }
  enum tp_status status = count_of(bench, row, "batch", &attention->batch);
  if (status == TP_OK)
    status = count_of(bench, row, attention->decode ? "kv_len" : "seq_len", &attention->kv_len);
  if (status == TP_OK)
    status = count_of(bench, row, "heads", &attention->heads);
  if (status == TP_OK)
    status = count_of(bench, row, "kv_heads", &attention->kv_heads);
  if (status == TP_OK)
    status = count_of(bench, row, "head_dim", &attention->head_dim);
  attention->query_len = attention->decode ? 1 : attention->kv_len;
  return status == TP_OK ? dtype_of(bench, row, &attention->dtype) : status;
}

static enum tp_status read_collective(const struct bench *bench, const struct row *row,
                                      enum tp_collective_kind kind, struct tp_op *op)
{
  static const char *const algorithms[] = {
#define X(name, text) [name] = text,
      TP_ALGORITHMS(X)
#undef X
          NULL};
  size_t algorithm = TP_ALGORITHM_AUTO;
  op->kind = TP_OP_COLLECTIVE;
  op->collective.kind = kind;
  enum tp_status status = number_of(bench, row, "bytes", &op->collective.bytes);
  if (status == TP_OK)
    status = word_of(bench, row, "algorithm", algorithms, TP_ALGORITHM_AUTO, &algorithm);
  op->collective.algorithm = (enum tp_algorithm)algorithm;
  return status == TP_OK ? dtype_of(bench, row, &op->collective.dtype) : status;
}

static const char *const op_names[] = {"gemm", "attention_prefill", "attention_decode",
#define X(name, text) text,
                                       TP_COLLECTIVES(X)
#undef X
};
enum { N_OPS = sizeof op_names / sizeof op_names[0], FIRST_COLLECTIVE = 3 };

static enum tp_status read_op(const struct bench *bench, const struct row *row, struct tp_op *op)
{
  size_t which = 0;
  while (which < N_OPS && strcmp(row->op, op_names[which]) != 0)
    which++;
  if (which == N_OPS)
    return fail_row(bench, row,
                    tp_arena_printf(bench->arena, "column 'op': no op '%.32s'%s", row->op,
                                    tp_text_hint(bench->arena, row->op, op_names, N_OPS)));
  if (which >= FIRST_COLLECTIVE)
    return read_collective(bench, row, (enum tp_collective_kind)(which - FIRST_COLLECTIVE), op);
  return which == 0 ? read_gemm(bench, row, op) : read_attention(bench, row, op);
}

/* Kernels need no platform; collectives do, and a machine for each number of ranks. */
static enum tp_status machine_of(struct bench *bench, const struct row *row, const struct tp_op *op,
                                 const struct tp_machine **machine)
{
  int64_t ranks = 1;
  if (op->kind == TP_OP_COLLECTIVE) {
    if (bench->platform == NULL)
      return fail_row(bench, row, "no platform has this device; give --platform for collectives");
    const enum tp_status status = count_of(bench, row, "ranks", &ranks);
    if (status != TP_OK)
      return status;
    if (ranks < 2 || ranks > TP_MAX_RANKS)
      return fail_row(bench, row, "column 'ranks': give 2 to 64");
  }
  struct tp_machine **made = &bench->machines[ranks];
  if (*made == NULL) {
    struct tp_machine *fresh = TP_NEW(bench->arena, struct tp_machine, 1);
    struct tp_error reason;
    const enum tp_status status = tp_machine_make(&bench->setup->platform, &bench->setup->device,
                                                  &bench->setup->stack, (int)ranks, fresh, &reason);
    if (status != TP_OK)
      return fail_row(bench, row, reason.text);
    *made = fresh;
  }
  *machine = *made;
  return TP_OK;
}

static struct tp_cost bare_cost(const struct tp_machine *machine, const struct tp_op *op)
{
  struct tp_cost cost = {.sm_share = 1};
  switch (op->kind) {
  case TP_OP_GEMM:
    tp_cost_gemm(machine, &op->gemm, &cost);
    break;
  case TP_OP_ATTENTION:
    tp_cost_attention(machine, &op->attention, &cost);
    break;
  case TP_OP_MEMORY:
    tp_cost_memory(machine, &op->memory, &cost);
    break;
  case TP_OP_COLLECTIVE:
    tp_cost_collective(machine, &op->collective, &cost);
    break;
  }
  return cost;
}

static enum tp_status time_row(struct bench *bench, const struct row *row, struct tp_op_time *time)
{
  struct tp_op op = {.name = row->op};
  const struct tp_machine *machine = NULL;
  enum tp_status status = read_op(bench, row, &op);
  if (status == TP_OK)
    status = machine_of(bench, row, &op, &machine);
  if (status != TP_OK)
    return status;
  if (op.kind == TP_OP_COLLECTIVE && !tp_collective_possible(machine, &op.collective))
    return fail_row(bench, row, "the algorithm cannot run on this platform; try auto");
  const struct tp_cost cost = bare_cost(machine, &op);
  const double time_s = tp_cost_alone_s(machine, &cost);
  if (!isfinite(time_s))
    return fail_row(bench, row, "this device has no rate for the dtype; take another");
  const struct tp_interval interval = tp_interval_of(time_s, cost.sigma);
  *time = (struct tp_op_time){time_s * 1e6, interval.low_s * 1e6, interval.high_s * 1e6};
  return TP_OK;
}

/* Lower is better: one node before several, a switch before a mesh. */
static int awkwardness(const struct tp_platform *platform)
{
  bool has_switch = false;
  for (size_t i = 0; i < platform->n_vertices; i++)
    has_switch = has_switch || platform->vertices[i].kind == TP_VERTEX_SWITCH;
  return 2 * (platform->n_nodes > 1) + !has_switch;
}

/* The shipped platform that the device stands in by default; NULL where there is none. */
static enum tp_status choose_platform(const struct tp_datadir *dirs, const char *device,
                                      struct tp_arena *arena, const char **chosen, const char **any,
                                      struct tp_error *error)
{
  const char **names;
  size_t n;
  enum tp_status status = tp_datadir_list(dirs, "platforms", ".json", arena, &names, &n, error);
  int best = 0;
  *chosen = NULL;
  *any = status == TP_OK ? names[0] : NULL;
  for (size_t i = 0; i < n && status == TP_OK; i++) {
    const char *path;
    struct tp_doc doc;
    struct tp_platform platform;
    status = tp_datadir_find(dirs, "platform", "platforms", ".json", names[i], arena, &path, error);
    if (status == TP_OK)
      status = tp_doc_open(path, arena, &doc, error);
    if (status != TP_OK)
      break;
    const char *const its = json_string_value(tp_doc_at(&doc, "device"));
    const bool fits = its != NULL && strcmp(its, device) == 0;
    if (fits)
      status = tp_platform_read(&doc, arena, &platform, error);
    tp_doc_close(&doc);
    if (status != TP_OK || !fits)
      continue;
    if (*chosen == NULL || awkwardness(&platform) < best) {
      best = awkwardness(&platform);
      *chosen = names[i];
    }
  }
  return status;
}

static enum tp_status open_bench(const struct tp_datadir *dirs,
                                 const struct tp_op_costs_request *request, struct bench *bench)
{
  const char *any = request->platform;
  enum tp_status status = TP_OK;
  bench->platform = request->platform;
  if (request->platform == NULL)
    status =
        choose_platform(dirs, request->device, bench->arena, &bench->platform, &any, bench->error);
  const struct tp_setup_request wanted = {
      .platform = bench->platform != NULL ? bench->platform : any,
      .device = request->device,
      .stack = request->stack != NULL ? request->stack : default_stack,
      .sets = request->sets,
      .n_sets = request->n_sets};
  struct tp_setup *setup;
  if (status == TP_OK)
    status = tp_setup_open(dirs, &wanted, bench->arena, &setup, bench->error);
  if (status == TP_OK)
    bench->setup = setup;
  return status;
}

enum tp_status tp_op_costs(const struct tp_datadir *dirs, const struct tp_op_costs_request *request,
                           const struct tp_csv *csv, struct tp_arena *arena,
                           struct tp_op_time **times, struct tp_error *error)
{
  struct bench bench = {
      .arena = arena, .error = error, .csv = csv, .styled = request->stack != NULL};
  enum tp_status status = open_bench(dirs, request, &bench);
  const int op_column = tp_csv_column(csv, "op");
  if (status == TP_OK && op_column < 0)
    status =
        tp_fail(error, TP_E_INPUT, "%s:1: no column 'op'; it names the op of each row", csv->path);
  *times = TP_NEW(arena, struct tp_op_time, csv->n_rows);
  for (size_t i = 0; i < csv->n_rows && status == TP_OK; i++) {
    const struct row row = {i, tp_csv_cell(csv, i, op_column)};
    status = time_row(&bench, &row, &(*times)[i]);
  }
  return status;
}
