/* Programs of one op, with operands of their own. */
#include "bench/op.h"
#include "run/make.h"

#include <math.h>

static struct tp_op op_of(enum tp_op_kind kind, const char *name)
{
  return (struct tp_op){.name = name,
                        .kind = kind,
                        .stream = kind == TP_OP_COLLECTIVE ? TP_STREAM_COMM : TP_STREAM_COMPUTE,
                        .records = TP_NO_EVENT};
}

struct tp_lone_op tp_lone_gemm(int64_t m, int64_t n, int64_t k, enum tp_dtype dtype)
{
  struct tp_lone_op lone = {.op = op_of(TP_OP_GEMM, "gemm")};
  lone.op.gemm = (struct tp_gemm){.m = m, .n = n, .k = k, .dtype = dtype};
  return lone;
}

struct tp_lone_op tp_lone_attention(const struct tp_attention *attention)
{
  struct tp_lone_op lone = {.op = op_of(TP_OP_ATTENTION, tp_attention_decodes(attention)
                                                             ? "attention_decode"
                                                             : "attention_prefill")};
  lone.op.attention = *attention;
  return lone;
}

struct tp_lone_op tp_lone_collective(const struct tp_collective *collective)
{
  struct tp_lone_op lone = {.op = op_of(TP_OP_COLLECTIVE, tp_collective_text(collective->kind))};
  lone.op.collective = *collective;
  return lone;
}

/* Elements read and written by a row of `columns`; a norm's gain is read once. */
struct tp_lone_op tp_lone_rows(enum tp_function function, struct tp_row_shape rows)
{
  const double bytes = tp_dtype_bytes(TP_DTYPE_BF16);
  const double x = (double)rows.rows * (double)rows.columns * bytes;
  const double gain = (double)rows.columns * bytes;
  struct tp_lone_op lone = {.op = op_of(TP_OP_MEMORY, tp_function_text(function)), .rows = rows};
  struct tp_memory *memory = &lone.op.memory;
  *memory = (struct tp_memory){
      .function = function, .read_bytes = x, .write_bytes = x, .rows = rows.rows};
  if (function == TP_FUNCTION_NORM)
    memory->read_bytes = x + gain;
  if (function == TP_FUNCTION_ADD_NORM) {
    memory->read_bytes = 2 * x + gain;
    memory->write_bytes = 2 * x;
  }
  if (function == TP_FUNCTION_ACTIVATION)
    memory->read_bytes = 2 * x;
  if (function == TP_FUNCTION_SAMPLE)
    memory->write_bytes = (double)rows.rows * bytes;
  return lone;
}

struct tp_lone_op tp_lone_heads(enum tp_function function, int64_t rows,
                                const struct tp_attention *like)
{
  const int64_t columns = (like->heads + 2 * like->kv_heads) * like->head_dim;
  struct tp_lone_op lone = tp_lone_rows(function, (struct tp_row_shape){rows, columns});
  lone.op.memory.heads = (int)like->heads;
  lone.op.memory.kv_heads = (int)like->kv_heads;
  lone.op.memory.head_dim = (int)like->head_dim;
  return lone;
}

/* Weights or cache that a repetition reads. */
static double kept_bytes(const struct tp_op *op)
{
  if (op->kind == TP_OP_GEMM)
    return (double)op->gemm.n * (double)op->gemm.k * tp_dtype_bytes(op->gemm.dtype);
  if (op->kind == TP_OP_ATTENTION)
    return 2 * (double)op->attention.batch * (double)op->attention.kv_len *
           (double)op->attention.kv_heads * (double)op->attention.head_dim *
           tp_dtype_bytes(op->attention.dtype);
  return 0;
}

struct tp_op_rounds tp_op_rounds(const struct tp_lone_op *lone, double l2_bytes, double op_s,
                                 double graph_s)
{
  enum { MOST_COPIES = 256, MOST_REPEATS = 512 };
  const double bytes = kept_bytes(&lone->op);
  /* Twice the cache, for it need not evict what was used least recently. */
  const double copies = bytes > 0 ? 1 + ceil(2 * l2_bytes / bytes) : 1;
  const int used = (int)fmin(copies, MOST_COPIES);
  const double rounds = fmin(fmax(1, ceil(graph_s / (op_s * used))), MOST_REPEATS / used);
  return (struct tp_op_rounds){.copies = used, .repeats = used * (int64_t)rounds};
}

/* As in a model: fp8 weights meet activations that are not, and making them so takes its time. */
static void make_gemm(struct tp_make *make, struct tp_op *op)
{
  const struct tp_gemm *gemm = &op->gemm;
  make->dtype = tp_dtype_wide(gemm->dtype);
  TP_MAKE_READS(op, tp_make_activation(make, "x", gemm->m, gemm->k));
  TP_MAKE_READS(op, tp_make_weight(make, "weight", TP_ROLE_MATRIX, gemm->dtype, gemm->n, gemm->k));
  TP_MAKE_WRITES(op, tp_make_activation(make, "y", gemm->m, gemm->n));
}

static void make_attention(struct tp_make *make, struct tp_op *op)
{
  const struct tp_attention *a = &op->attention;
  const int64_t tokens = a->batch * a->query_len, kv = a->kv_heads * a->head_dim;
  make->program->batch = (struct tp_batch){1, {{a->batch, a->query_len, a->kv_len - a->query_len}}};
  make->dtype = a->dtype;
  TP_MAKE_READS(op, tp_make_activation(make, "qkv", tokens, a->heads * a->head_dim + 2 * kv));
  TP_MAKE_READS(op, tp_make_cache(make, "keys", a->kv_len, kv));
  TP_MAKE_READS(op, tp_make_cache(make, "values", a->kv_len, kv));
  TP_MAKE_READS(op, tp_make_lengths(make));
  TP_MAKE_WRITES(op, tp_make_activation(make, "attended", tokens, a->heads * a->head_dim));
}

/* Rows of new tokens: one sequence of them, as in prefill, or, few, one each of many. */
static void make_rope_cache(struct tp_make *make, struct tp_op *op, int64_t rows)
{
  enum { FEW = 128 };
  const struct tp_memory *memory = &op->memory;
  const int64_t kv = (int64_t)memory->kv_heads * memory->head_dim;
  const int64_t sequences = rows < FEW ? rows : 1, tokens = rows / sequences;
  make->program->batch = tp_batch_prefill(sequences, tokens);
  const int qkv =
      tp_make_activation(make, "qkv", rows, (int64_t)memory->heads * memory->head_dim + 2 * kv);
  TP_MAKE_READS(op, qkv, tp_make_lengths(make));
  TP_MAKE_WRITES(op, qkv);
  TP_MAKE_WRITES(op, tp_make_cache(make, "keys", tokens, kv));
  TP_MAKE_WRITES(op, tp_make_cache(make, "values", tokens, kv));
}

static void make_rows(struct tp_make *make, struct tp_op *op, struct tp_row_shape rows)
{
  const enum tp_function function = op->memory.function;
  make->program->batch = tp_batch_prefill(rows.rows, 1);
  if (function == TP_FUNCTION_ROPE_CACHE) {
    make_rope_cache(make, op, rows.rows);
    return;
  }
  const int64_t ups = function == TP_FUNCTION_ACTIVATION ? 2 : 1;
  TP_MAKE_READS(op, tp_make_activation(make, "x", rows.rows, ups * rows.columns));
  if (function == TP_FUNCTION_ADD_NORM)
    TP_MAKE_READS(op, tp_make_activation(make, "h", rows.rows, rows.columns));
  if (function == TP_FUNCTION_NORM || function == TP_FUNCTION_ADD_NORM)
    TP_MAKE_READS(op, tp_make_weight(make, "gain", TP_ROLE_GAIN, make->dtype, rows.columns, 1));
  if (function == TP_FUNCTION_SAMPLE) {
    TP_MAKE_WRITES(op, tp_make_index(make, "next", rows.rows));
    return;
  }
  if (function == TP_FUNCTION_ADD_NORM)
    TP_MAKE_WRITES(op, tp_make_activation(make, "sum", rows.rows, rows.columns));
  TP_MAKE_WRITES(op, tp_make_activation(make, "y", rows.rows, rows.columns));
}

/* Buffers as nccl-tests counts: the larger of what goes in and what comes out, in rows of
 * `ranks`, so that a rank's part is whole rows. */
static void make_collective(struct tp_make *make, struct tp_op *op, int ranks)
{
  const struct tp_collective *collective = &op->collective;
  const int64_t columns = (int64_t)(collective->bytes / tp_dtype_bytes(collective->dtype) / ranks);
  const bool in_place = collective->kind == TP_ALL_REDUCE;
  const int64_t from = collective->kind == TP_ALL_GATHER ? 1 : ranks;
  const int64_t to = collective->kind == TP_REDUCE_SCATTER ? 1 : ranks;
  make->dtype = collective->dtype;
  const int buffer = tp_make_activation(make, "buffer", from, columns);
  TP_MAKE_READS(op, buffer);
  TP_MAKE_WRITES(op, in_place ? buffer : tp_make_activation(make, "result", to, columns));
}

enum { KERNEL_DONE, COLLECTIVE_DONE, N_EVENTS };

/* kernel -> all-reduce of a buffer of its own -> the next repetition's kernel -> ...
 *        -> the same kernel, `beside` times      -> */
static void add_between(struct tp_make *make, const struct tp_lone_op *lone, int ranks)
{
  struct tp_op *const kernel = make->segment->ops, beside = *kernel;
  const struct tp_lone_op between = tp_lone_collective(&lone->between);
  struct tp_op *const sum = tp_make_put(make, &between.op);
  make->program->n_events = N_EVENTS;
  make_collective(make, sum, ranks);
  kernel->records = KERNEL_DONE;
  kernel->waits[kernel->n_waits++] = COLLECTIVE_DONE;
  sum->records = COLLECTIVE_DONE;
  sum->waits[sum->n_waits++] = KERNEL_DONE;
  for (int i = 0; i < lone->beside; i++)
    tp_make_put(make, &beside);
}

void tp_lone_program(const struct tp_lone_op *lone, const struct tp_op_rounds *rounds, int ranks,
                     struct tp_arena *arena, struct tp_program *program)
{
  struct tp_make make =
      tp_make_begin(arena, program, lone->op.name, ranks, tp_batch_decode(1, 2), TP_DTYPE_BF16);
  make.copies = (int)rounds->repeats;
  tp_make_segment(&make, rounds->repeats, 2 + (size_t)lone->beside);
  struct tp_op *const op = tp_make_put(&make, &lone->op);
  switch (op->kind) {
  case TP_OP_GEMM:
    make_gemm(&make, op);
    break;
  case TP_OP_ATTENTION:
    make_attention(&make, op);
    break;
  case TP_OP_LATENT:
  case TP_OP_EXPERTS:
    break; /* no executor computes them: none is made */
  case TP_OP_MEMORY:
    make_rows(&make, op, lone->rows);
    break;
  case TP_OP_COLLECTIVE:
    make_collective(&make, op, ranks);
    break;
  case TP_OP_QUANTISE:
    break;
  }
  if (lone->between.bytes > 0)
    add_between(&make, lone, ranks);
}

double tp_lone_bytes(const struct tp_program *program, const struct tp_op_rounds *rounds)
{
  double bytes = 0;
  for (int i = 0; i < program->n_tensors; i++) {
    const struct tp_tensor *tensor = &program->tensors[i];
    const double copies = fmin(tensor->layers, rounds->copies);
    bytes +=
        copies * (double)tensor->rows * (double)tensor->columns * tp_tensor_element_bytes(tensor);
  }
  return bytes;
}
