#include "ops/rows.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

enum tp_status tp_op_row_fail(const struct tp_op_reader *reader, const struct tp_op_row *row,
                              const char *text)
{
  return tp_fail(reader->error, TP_E_INPUT, "%s:%d: %s", reader->csv->path,
                 reader->csv->lines[row->index], text);
}

static enum tp_status number_of(const struct tp_op_reader *reader, const struct tp_op_row *row,
                                const char *column, double *number)
{
  const int index = tp_csv_column(reader->csv, column);
  if (index < 0)
    return tp_op_row_fail(
        reader, row, tp_arena_printf(reader->arena, "%s needs a column '%s'", row->op, column));
  const enum tp_status status =
      tp_csv_number(reader->csv, row->index, index, number, reader->error);
  if (status != TP_OK)
    return status;
  return *number > 0
             ? TP_OK
             : tp_op_row_fail(reader, row,
                              tp_arena_printf(reader->arena, "column '%s': %g is not above 0",
                                              column, *number));
}

enum tp_status tp_op_row_count(const struct tp_op_reader *reader, const struct tp_op_row *row,
                               const char *column, int64_t *count)
{
  double number;
  const enum tp_status status = number_of(reader, row, column, &number);
  if (status != TP_OK)
    return status;
  if (number != floor(number) || number > 1e12)
    return tp_op_row_fail(
        reader, row,
        tp_arena_printf(reader->arena, "column '%s': %.9g is not a whole number", column, number));
  *count = (int64_t)number;
  return TP_OK;
}

/* Index of the cell's word among `names`; `fallback` where the cell is empty or absent. */
static enum tp_status word_of(const struct tp_op_reader *reader, const struct tp_op_row *row,
                              const char *column, const char *const *names, size_t fallback,
                              size_t *index)
{
  const char *const cell = tp_csv_cell(reader->csv, row->index, tp_csv_column(reader->csv, column));
  *index = fallback;
  if (cell[0] == '\0')
    return TP_OK;
  size_t n = 0;
  for (; names[n] != NULL; n++)
    if (strcmp(cell, names[n]) == 0) {
      *index = n;
      return TP_OK;
    }
  return tp_op_row_fail(reader, row,
                        tp_arena_printf(reader->arena, "column '%s': no '%.32s'%s", column, cell,
                                        tp_text_hint(reader->arena, cell, names, n)));
}

static enum tp_status dtype_of(const struct tp_op_reader *reader, const struct tp_op_row *row,
                               enum tp_dtype *dtype)
{
  static const char *const names[] = {
#define X(name, text) text,
      TP_DTYPES(X)
#undef X
          NULL};
  size_t index;
  const enum tp_status status = word_of(reader, row, "dtype", names, TP_DTYPE_BF16, &index);
  *dtype = (enum tp_dtype)index;
  return status;
}

static enum tp_status read_gemm(const struct tp_op_reader *reader, const struct tp_op_row *row,
                                struct tp_op *op)
{
  op->kind = TP_OP_GEMM;
  enum tp_status status = tp_op_row_count(reader, row, "m", &op->gemm.m);
  if (status == TP_OK)
    status = tp_op_row_count(reader, row, "n", &op->gemm.n);
  if (status == TP_OK)
    status = tp_op_row_count(reader, row, "k", &op->gemm.k);
  return status == TP_OK ? dtype_of(reader, row, &op->gemm.dtype) : status;
}

/* Tables of frameworks time prefill with the kernel that writes the cache. */
static enum tp_status cache_write_of(const struct tp_op_reader *reader, const struct tp_op_row *row,
                                     bool *with)
{
  static const char *const names[] = {"apart", "with", NULL};
  size_t index;
  const enum tp_status status = word_of(reader, row, "cache_write", names, 1, &index);
  *with = index == 1;
  return status;
}

/* 0 where the cell is empty or absent. */
static enum tp_status amount_of(const struct tp_op_reader *reader, const struct tp_op_row *row,
                                const char *column, double *amount)
{
  const int index = tp_csv_column(reader->csv, column);
  *amount = 0;
  if (tp_csv_cell(reader->csv, row->index, index)[0] == '\0')
    return TP_OK;
  const enum tp_status status =
      tp_csv_number(reader->csv, row->index, index, amount, reader->error);
  if (status != TP_OK || *amount >= 0)
    return status;
  return tp_op_row_fail(
      reader, row, tp_arena_printf(reader->arena, "column '%s': %g is below 0", column, *amount));
}

/* Empty, absent or 0: no window. */
static enum tp_status window_of(const struct tp_op_reader *reader, const struct tp_op_row *row,
                                int64_t *window)
{
  double number;
  const enum tp_status status = amount_of(reader, row, "window", &number);
  if (status == TP_OK && (number != floor(number) || number > 1e12))
    return tp_op_row_fail(
        reader, row,
        tp_arena_printf(reader->arena, "column 'window': %.9g is not a whole number", number));
  *window = status == TP_OK ? (int64_t)number : 0;
  return status;
}

static enum tp_status read_attention(const struct tp_op_reader *reader, const struct tp_op_row *row,
                                     struct tp_op *op)
{
  const struct tp_stack *stack = reader->stack;
  struct tp_attention *attention = &op->attention;
  op->kind = TP_OP_ATTENTION;
  attention->decode = strcmp(row->op, "attention_decode") == 0;
  attention->style = TP_ATTENTION_FLASH;
  if (stack != NULL) {
    attention->style = (enum tp_attention_style)(attention->decode ? stack->attention.decode
                                                                   : stack->attention.prefill);
    attention->score_passes = stack->attention.score_passes;
  }
  enum tp_status status = tp_op_row_count(reader, row, "batch", &attention->batch);
  if (status == TP_OK)
    status =
        tp_op_row_count(reader, row, attention->decode ? "kv_len" : "seq_len", &attention->kv_len);
  if (status == TP_OK)
    status = tp_op_row_count(reader, row, "heads", &attention->heads);
  if (status == TP_OK)
    status = tp_op_row_count(reader, row, "kv_heads", &attention->kv_heads);
  if (status == TP_OK)
    status = tp_op_row_count(reader, row, "head_dim", &attention->head_dim);
  if (status == TP_OK)
    status = window_of(reader, row, &attention->window);
  if (status == TP_OK && !attention->decode)
    status = cache_write_of(reader, row, &attention->writes_cache);
  attention->query_len = attention->decode ? 1 : attention->kv_len;
  return status == TP_OK ? dtype_of(reader, row, &attention->dtype) : status;
}

static enum tp_status read_memory(const struct tp_op_reader *reader, const struct tp_op_row *row,
                                  struct tp_op *op)
{
  op->kind = TP_OP_MEMORY;
  enum tp_status status = amount_of(reader, row, "read_bytes", &op->memory.read_bytes);
  if (status == TP_OK)
    status = amount_of(reader, row, "write_bytes", &op->memory.write_bytes);
  if (status == TP_OK && !(op->memory.read_bytes + op->memory.write_bytes > 0))
    return tp_op_row_fail(reader, row, "memory needs read_bytes, write_bytes or both above 0");
  return status;
}

enum tp_status tp_op_row_interference(const struct tp_op_reader *reader,
                                      const struct tp_op_row *row,
                                      struct tp_interference *interference)
{
  const enum tp_status status = amount_of(reader, row, "held_sms", &interference->held_sms);
  return status == TP_OK
             ? amount_of(reader, row, "copy_bytes_per_s", &interference->copy_bytes_per_s)
             : status;
}

static enum tp_status read_collective(const struct tp_op_reader *reader,
                                      const struct tp_op_row *row, enum tp_collective_kind kind,
                                      struct tp_op *op)
{
  static const char *const algorithms[] = {
#define X(name, text) [name] = text,
      TP_ALGORITHMS(X)
#undef X
          NULL};
  size_t algorithm = TP_ALGORITHM_AUTO;
  op->kind = TP_OP_COLLECTIVE;
  op->collective.kind = kind;
  enum tp_status status = number_of(reader, row, "bytes", &op->collective.bytes);
  if (status == TP_OK)
    status = word_of(reader, row, "algorithm", algorithms, TP_ALGORITHM_AUTO, &algorithm);
  op->collective.algorithm = (enum tp_algorithm)algorithm;
  return status == TP_OK ? dtype_of(reader, row, &op->collective.dtype) : status;
}

static const char *const op_names[] = {"gemm", "attention_prefill", "attention_decode", "memory",
#define X(name, text) text,
                                       TP_COLLECTIVES(X)
#undef X
};
enum { N_OPS = sizeof op_names / sizeof op_names[0], FIRST_COLLECTIVE = 4, MEMORY = 3 };

/* N_OPS where there is none such. */
static size_t find(const char *op)
{
  size_t which = 0;
  if (strcmp(op, "alltoall") == 0) /* nccl-tests' own spelling */
    return FIRST_COLLECTIVE + TP_ALL_TO_ALL;
  while (which < N_OPS && strcmp(op, op_names[which]) != 0)
    which++;
  return which;
}

struct tp_op_row tp_op_row_at(const struct tp_op_reader *reader, size_t index)
{
  const struct tp_csv *csv = reader->csv;
  return (struct tp_op_row){index, tp_csv_cell(csv, index, tp_csv_column(csv, "op"))};
}

bool tp_op_row_is_collective(const struct tp_op_row *row)
{
  const size_t which = find(row->op);
  return which >= FIRST_COLLECTIVE && which < N_OPS;
}

enum tp_status tp_op_row_read(const struct tp_op_reader *reader, const struct tp_op_row *row,
                              struct tp_op *op)
{
  const size_t which = find(row->op);
  *op = (struct tp_op){.name = row->op};
  if (which == N_OPS)
    return tp_op_row_fail(reader, row,
                          tp_arena_printf(reader->arena, "column 'op': no op '%.32s'%s", row->op,
                                          tp_text_hint(reader->arena, row->op, op_names, N_OPS)));
  if (which >= FIRST_COLLECTIVE)
    return read_collective(reader, row, (enum tp_collective_kind)(which - FIRST_COLLECTIVE), op);
  if (which == MEMORY)
    return read_memory(reader, row, op);
  return which == 0 ? read_gemm(reader, row, op) : read_attention(reader, row, op);
}
