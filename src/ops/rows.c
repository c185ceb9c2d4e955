#include "ops/rows.h"

#include "base/text.h"
#include "program/op_fields.h"

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
  TP_TRY(tp_csv_number(reader->csv, row->index, index, number, reader->error));
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
  TP_TRY(number_of(reader, row, column, &number));
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

enum tp_status tp_op_row_interference(const struct tp_op_reader *reader,
                                      const struct tp_op_row *row,
                                      struct tp_interference *interference)
{
  TP_TRY(amount_of(reader, row, "held_sms", &interference->held_sms));
  return amount_of(reader, row, "copy_bytes_per_s", &interference->copy_bytes_per_s);
}

/* The same, of whole numbers. */
static enum tp_status limit_of(const struct tp_op_reader *reader, const struct tp_op_row *row,
                               const char *column, double *limit)
{
  TP_TRY(amount_of(reader, row, column, limit));
  if (*limit == floor(*limit) && *limit <= 1e12)
    return TP_OK;
  return tp_op_row_fail(
      reader, row,
      tp_arena_printf(reader->arena, "column '%s': %.9g is not a whole number", column, *limit));
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

/* "balanced", "random" or "power_law_A"; an empty cell is balanced. */
static enum tp_status skew_of(const struct tp_op_reader *reader, const struct tp_op_row *row,
                              const char *column, double *skew)
{
  enum { MOST_SKEW = 10 }; /* where one expert has all but a thousandth of the tokens */
  static const char power_law[] = "power_law_";
  const char *const cell = tp_csv_cell(reader->csv, row->index, tp_csv_column(reader->csv, column));
  *skew = 0;
  if (cell[0] == '\0' || strcmp(cell, "balanced") == 0)
    return TP_OK;
  if (strcmp(cell, "random") == 0) {
    *skew = TP_RANDOM_EXPERTS;
    return TP_OK;
  }
  if (strncmp(cell, power_law, strlen(power_law)) == 0 &&
      tp_text_number(cell + strlen(power_law), skew) && *skew > 0 && *skew <= MOST_SKEW)
    return TP_OK;
  return tp_op_row_fail(reader, row,
                        tp_arena_printf(reader->arena,
                                        "column '%s': no '%.32s': give balanced, random or "
                                        "power_law_A with A above 0, %d at most",
                                        column, cell, (int)MOST_SKEW));
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
    TP_TRY(limit_of(reader, row, field->column, &number));
    break;
  case TP_OP_AMOUNT:
    TP_TRY(amount_of(reader, row, field->column, &number));
    break;
  case TP_OP_SKEW:
    TP_TRY(skew_of(reader, row, field->column, &number));
    break;
  case TP_OP_WORD:
    if (op->kind == TP_OP_EXPERTS && strcmp(field->name, "kernel") == 0) {
      number = (double)kernel_in(
          tp_csv_cell(reader->csv, row->index, tp_csv_column(reader->csv, field->column)),
          field->words);
      break;
    }
    TP_TRY(word_of(reader, row, field->column, field->words, word, &word));
    number = (double)word;
    break;
  default:
    TP_TRY(number_of(reader, row, field->column, &number));
    break;
  }
  tp_op_field_set(op, field, number);
  return TP_OK;
}

/* DeepSeek's, which nearly all latents have. */
static void settle_latent(bool decode, struct tp_latent *latent)
{
  latent->absorbed = decode;
  if (decode)
    latent->query_len = 1;
  else
    latent->kv_len = latent->query_len;
  latent->kv_rank = latent->kv_rank > 0 ? latent->kv_rank : 512;
  latent->rope_dim = latent->rope_dim > 0 ? latent->rope_dim : 64;
  latent->nope_dim = latent->nope_dim > 0 ? latent->nope_dim : 128;
  latent->v_dim = latent->v_dim > 0 ? latent->v_dim : 128;
  latent->kv_dtype = tp_kv_dtype_of(latent->kv_dtype, latent->dtype);
}

/* Published models whose experts have no gate, for tables that do not tell them apart. */
static const struct {
  int64_t hidden, intermediate, top_k, experts;
} ungated_models[] = {
    {2688, 1856, 6, 128}, /* NVIDIA-Nemotron-3-Nano-30B-A3B, config.json: relu2 */
};

static bool is_ungated(const struct tp_experts *experts)
{
  for (size_t i = 0; i < sizeof ungated_models / sizeof *ungated_models; i++)
    if (experts->hidden == ungated_models[i].hidden &&
        experts->intermediate == ungated_models[i].intermediate &&
        experts->top_k == ungated_models[i].top_k && experts->experts == ungated_models[i].experts)
      return true;
  return false;
}

static enum tp_status settle_experts(const struct tp_op_reader *reader, const struct tp_op_row *row,
                                     struct tp_experts *experts)
{
  static const char *const answers[] = {"yes", "no", NULL};
  size_t ungated = is_ungated(experts);
  TP_TRY(word_of(reader, row, "gated", answers, ungated, &ungated));
  experts->ungated = ungated > 0;
  if (experts->top_k > experts->experts)
    return tp_op_row_fail(reader, row, "column 'top_k' passes 'experts'");
  if (experts->experts % experts->moe_ep != 0)
    return tp_op_row_fail(reader, row, "column 'moe_ep' does not divide 'experts'");
  if (experts->intermediate % experts->moe_tp != 0)
    return tp_op_row_fail(reader, row, "column 'moe_tp' does not divide 'intermediate'");
  return TP_OK;
}

static enum tp_status settle_exchange(const struct tp_op_reader *reader,
                                      const struct tp_op_row *row,
                                      const struct tp_collective *exchange)
{
  if (exchange->tokens == 0 || exchange->hidden == 0 || exchange->top_k == 0)
    return tp_op_row_fail(reader, row, "needs tokens, hidden, top_k and experts above 0");
  if (exchange->top_k > exchange->experts)
    return tp_op_row_fail(reader, row, "column 'top_k' passes 'experts'");
  return TP_OK;
}

/* What the columns do not say, and what they say together. */
static enum tp_status settle(const struct tp_op_reader *reader, const struct tp_op_row *row,
                             const struct row_op *which, struct tp_op *op)
{
  const struct tp_stack *const stack = reader->stack;
  struct tp_attention *const attention = &op->attention;
  if (which->kind == TP_OP_MEMORY && !(op->memory.read_bytes + op->memory.write_bytes > 0))
    return tp_op_row_fail(reader, row, "memory needs read_bytes, write_bytes or both above 0");
  if (which->kind == TP_OP_COLLECTIVE && !has_field(which, "bytes"))
    return settle_exchange(reader, row, &op->collective);
  if (which->kind == TP_OP_COLLECTIVE && has_field(which, "norm") && op->collective.norm == 0)
    return tp_op_row_fail(reader, row,
                          "all_reduce_norm needs 'hidden' above 0: the elements of a row that is "
                          "normalised");
  if (which->kind == TP_OP_EXPERTS)
    return settle_experts(reader, row, &op->experts);
  const bool decode = !has_field(which, "query_len");
  if (which->kind == TP_OP_LATENT)
    settle_latent(decode, &op->latent);
  if (which->kind == TP_OP_QUANTISE && !tp_dtype_quantises(op->quantise.dtype))
    return tp_op_row_fail(reader, row,
                          tp_arena_printf(reader->arena,
                                          "column 'dtype': nothing is quantised to %s; take fp8",
                                          tp_dtype_text(op->quantise.dtype)));
  if (which->kind != TP_OP_ATTENTION)
    return TP_OK;
  if (attention->heads % attention->kv_heads != 0)
    return tp_op_row_fail(
        reader, row, "column 'kv_heads' does not divide 'heads'; each must serve equally many");
  attention->kv_dtype = tp_kv_dtype_of(attention->kv_dtype, attention->dtype);
  if (decode)
    attention->query_len = 1;
  else
    attention->kv_len = attention->query_len;
  if (stack != NULL) {
    attention->style =
        (enum tp_attention_style)(decode ? stack->attention.decode : stack->attention.prefill);
    attention->score_passes = stack->attention.score_passes;
  }
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
  return settle(reader, row, which, op);
}
