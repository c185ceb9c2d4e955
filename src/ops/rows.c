#include "ops/rows.h"

#include "base/text.h"
#include "ops/settle.h"
#include "program/op_fields.h"

#include <string.h>

enum tp_status tp_op_row_interference(const struct tp_op_reader *reader,
                                      const struct tp_op_row *row,
                                      struct tp_interference *interference)
{
  TP_TRY(tp_cell_limit(reader, row, "held_sms", &interference->held_sms));
  return tp_cell_amount(reader, row, "copy_bytes_per_s", &interference->copy_bytes_per_s);
}

/* What a row calls its op.  Of a prefill the table says new tokens, of a decode those attended. */
static const struct row_op {
  const char *name;
  enum tp_op_kind kind;
  enum tp_collective_kind collective;
  const char *without; /* fields of the kind that its rows have not, each between spaces */
} row_ops[] = {
#define OF_TOKENS " tokens hidden top_k experts routing sms "
    {"gemm", TP_OP_GEMM, 0, ""},
    {"attention_prefill", TP_OP_ATTENTION, 0, " kv_len "},
    {"attention_decode", TP_OP_ATTENTION, 0, " query_len "},
    {"mla_prefill", TP_OP_LATENT, 0, " kv_len "},
    {"mla_decode", TP_OP_LATENT, 0, " query_len "},
    {"moe", TP_OP_EXPERTS, 0, ""},
    {"memory", TP_OP_MEMORY, 0, ""},
    {"quantise", TP_OP_QUANTISE, 0, ""},
    {"all_reduce", TP_OP_COLLECTIVE, TP_ALL_REDUCE, " norm" OF_TOKENS},
    {"all_gather", TP_OP_COLLECTIVE, TP_ALL_GATHER, " norm" OF_TOKENS},
    {"reduce_scatter", TP_OP_COLLECTIVE, TP_REDUCE_SCATTER, " norm" OF_TOKENS},
    {"all_to_all", TP_OP_COLLECTIVE, TP_ALL_TO_ALL, " norm" OF_TOKENS},
    {"send", TP_OP_COLLECTIVE, TP_SEND, " norm" OF_TOKENS},
    {"prepare", TP_OP_COLLECTIVE, TP_PREPARE, " norm bytes "},
    {"dispatch", TP_OP_COLLECTIVE, TP_DISPATCH, " norm bytes "},
    {"combine", TP_OP_COLLECTIVE, TP_COMBINE, " norm bytes "},
    {"all_reduce_norm", TP_OP_COLLECTIVE, TP_ALL_REDUCE, OF_TOKENS},
    {"alltoall", TP_OP_COLLECTIVE, TP_ALL_TO_ALL, " norm" OF_TOKENS}, /* nccl-tests' spelling */
};
enum { N_OPS = sizeof row_ops / sizeof row_ops[0] };

static bool has_field(const struct row_op *which, const char *name)
{
  const char *const at = strstr(which->without, name);
  return at == NULL || at[-1] != ' ' || at[strlen(name)] != ' ';
}

static const struct row_op *find(const char *name)
{
  for (size_t i = 0; i < N_OPS; i++)
    if (strcmp(name, row_ops[i].name) == 0)
      return &row_ops[i];
  return NULL;
}

struct tp_op_row tp_op_row_at(const struct tp_op_reader *reader, size_t index)
{
  const struct tp_csv *csv = reader->csv;
  return (struct tp_op_row){index, tp_csv_cell(csv, index, tp_csv_column(csv, "op"))};
}

bool tp_op_row_is_collective(const struct tp_op_row *row)
{
  const struct row_op *const which = find(row->op);
  return which != NULL && which->kind == TP_OP_COLLECTIVE;
}

/* What a row's empty cells mean.  Tables of frameworks time prefill with the kernel that writes the
 * cache. */
static void set_defaults(const struct row_op *which, struct tp_op *op)
{
  op->kind = which->kind;
  switch (which->kind) {
  case TP_OP_GEMM:
    op->gemm.dtype = TP_DTYPE_BF16;
    break;
  case TP_OP_ATTENTION:
    op->attention.dtype = TP_DTYPE_BF16;
    if (!has_field(which, "kv_len"))
      op->attention.cache_write = TP_CACHE_WRITTEN_WITH;
    break;
  case TP_OP_LATENT:
    op->latent.dtype = TP_DTYPE_BF16;
    break;
  case TP_OP_EXPERTS:
    op->experts.dtype = TP_DTYPE_BF16;
    break;
  case TP_OP_COLLECTIVE:
    op->collective.kind = which->collective;
    op->collective.dtype = /* DeepEP's tables do not say that theirs were so */
        which->collective == TP_DISPATCH ? TP_DTYPE_FP8_BLOCK : TP_DTYPE_BF16;
    break;
  case TP_OP_QUANTISE:
    op->quantise.dtype = TP_DTYPE_FP8;
    op->quantise.scale = TP_SCALE_TENSOR;
    break;
  case TP_OP_MEMORY:
    break;
  }
}

const char *tp_op_row_usual_dtype(const char *op)
{
  const struct row_op *const which = op != NULL ? find(op) : NULL;
  struct tp_op usual = {.kind = TP_OP_GEMM};
  if (which != NULL && (which->kind == TP_OP_MEMORY || which->kind == TP_OP_QUANTISE))
    return NULL;
  if (which != NULL)
    set_defaults(which, &usual);
  return tp_dtype_text(usual.kind == TP_OP_COLLECTIVE ? usual.collective.dtype : TP_DTYPE_BF16);
}

/* The word among `names` that stands in the cell, for engines call their kernels by long names:
 * unquantizedfusedmoe_triton_tritonexperts.  Other kernels are taken for the first. */
static size_t kernel_in(const char *cell, const char *const *names)
{
  for (size_t i = 1; names[i] != NULL; i++)
    if (strstr(cell, names[i]) != NULL)
      return i;
  return 0;
}

static enum tp_status read_field(const struct tp_op_reader *reader, const struct tp_op_row *row,
                                 const struct tp_op_field *field, struct tp_op *op)
{
  double number = 0;
  int64_t count = 0;
  size_t word = (size_t)tp_op_field_number(op, field);
  switch (field->type) {
  case TP_OP_COUNT:
    TP_TRY(tp_op_row_count(reader, row, field->column, &count));
    number = (double)count;
    break;
  case TP_OP_LIMIT:
  case TP_OP_INT:
    TP_TRY(tp_cell_limit(reader, row, field->column, &number));
    break;
  case TP_OP_AMOUNT:
    TP_TRY(tp_cell_amount(reader, row, field->column, &number));
    break;
  case TP_OP_SKEW:
    TP_TRY(tp_cell_skew(reader, row, field->column, &number));
    break;
  case TP_OP_WORD:
    if (op->kind == TP_OP_EXPERTS && strcmp(field->name, "kernel") == 0) {
      number = (double)kernel_in(
          tp_csv_cell(reader->csv, row->index, tp_csv_column(reader->csv, field->column)),
          field->words);
      break;
    }
    TP_TRY(tp_cell_word(reader, row, field->column, field->words, word, &word));
    number = (double)word;
    break;
  default:
    TP_TRY(tp_cell_number(reader, row, field->column, &number));
    break;
  }
  tp_op_field_set(op, field, number);
  return TP_OK;
}

static enum tp_status fail_unknown(const struct tp_op_reader *reader, const struct tp_op_row *row)
{
  enum { N_NAMES = N_OPS - 1 }; /* the last is another spelling */
  const char *names[N_NAMES];
  for (size_t i = 0; i < N_NAMES; i++)
    names[i] = row_ops[i].name;
  return tp_op_row_fail(reader, row,
                        tp_arena_printf(reader->arena, "column 'op': no op '%.32s'%s", row->op,
                                        tp_text_hint(reader->arena, row->op, names, N_NAMES)));
}

enum tp_status tp_op_row_read(const struct tp_op_reader *reader, const struct tp_op_row *row,
                              struct tp_op *op)
{
  const struct row_op *const which = find(row->op);
  if (which == NULL)
    return fail_unknown(reader, row);
  *op = (struct tp_op){.name = row->op};
  set_defaults(which, op);
  size_t n;
  const struct tp_op_field *const fields = tp_op_fields(which->kind, &n);
  for (size_t i = 0; i < n; i++) {
    const char *const column = fields[i].column;
    if (column != NULL && has_field(which, fields[i].name))
      TP_TRY(read_field(reader, row, &fields[i], op));
  }
  const bool collective = which->kind == TP_OP_COLLECTIVE;
  const struct tp_op_row_shape shape = {.decode = !has_field(which, "query_len"),
                                        .exchange = collective && !has_field(which, "bytes"),
                                        .norm = collective && has_field(which, "norm")};
  return tp_op_row_settle(reader, row, &shape, op);
}
