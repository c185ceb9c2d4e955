/* Programs of one op, with operands of their own. */
#include "bench/op.h"

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
  *memory = (struct tp_memory){.function = function, .read_bytes = x, .write_bytes = x};
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

/* A program under construction. */
struct maker {
  struct tp_arena *arena;
  struct tp_tensor *tensors;
  struct tp_op *op;
  int n, layers;
};

enum { MOST_TENSORS = 8 };

static int add(struct maker *maker, const char *name, struct tp_tensor tensor)
{
  tensor.name = name;
  tensor.view_of = TP_NO_TENSOR;
  if (tensor.layers == 0)
    tensor.layers = 1;
  maker->tensors[maker->n] = tensor;
  return maker->n++;
}

static int activation(struct maker *maker, const char *name, enum tp_dtype dtype, int64_t rows,
                      int64_t columns)
{
  return add(maker, name,
             (struct tp_tensor){
                 .kind = TP_TENSOR_ACTIVATION, .dtype = dtype, .rows = rows, .columns = columns});
}

static int indices(struct maker *maker, const char *name, int64_t rows)
{
  return add(maker, name, (struct tp_tensor){.kind = TP_TENSOR_INDEX, .rows = rows, .columns = 1});
}

static int cache(struct maker *maker, const char *name, enum tp_dtype dtype, int64_t rows,
                 int64_t columns)
{
  return add(maker, name,
             (struct tp_tensor){.kind = TP_TENSOR_CACHE,
                                .dtype = dtype,
                                .rows = rows,
                                .columns = columns,
                                .layers = maker->layers});
}

static int weight(struct maker *maker, const char *name, enum tp_role role, enum tp_dtype dtype,
                  int64_t rows, int64_t columns)
{
  struct tp_piece *piece = TP_NEW(maker->arena, struct tp_piece, 1);
  *piece =
      (struct tp_piece){.of = name, .role = role, .rows = rows, .columns = columns, .sharers = 1};
  return add(maker, name,
             (struct tp_tensor){.kind = TP_TENSOR_WEIGHT,
                                .dtype = dtype,
                                .rows = rows,
                                .columns = columns,
                                .layers = role == TP_ROLE_MATRIX ? maker->layers : 1,
                                .n_pieces = 1,
                                .pieces = piece});
}

static void reads(struct maker *maker, int tensor)
{
  maker->op->in[maker->op->n_in++] = tensor;
}

static void writes(struct maker *maker, int tensor)
{
  maker->op->out[maker->op->n_out++] = tensor;
}

/* As in a model: fp8 weights meet activations that are not, and making them so takes its time. */
static void make_gemm(struct maker *maker)
{
  const struct tp_gemm *gemm = &maker->op->gemm;
  const enum tp_dtype wide = tp_dtype_wide(gemm->dtype);
  reads(maker, activation(maker, "x", wide, gemm->m, gemm->k));
  reads(maker, weight(maker, "weight", TP_ROLE_MATRIX, gemm->dtype, gemm->n, gemm->k));
  writes(maker, activation(maker, "y", wide, gemm->m, gemm->n));
}

static void make_attention(struct maker *maker, struct tp_program *program)
{
  const struct tp_attention *a = &maker->op->attention;
  const int64_t tokens = a->batch * a->query_len, kv = a->kv_heads * a->head_dim;
  program->batch = (struct tp_batch){1, {{a->batch, a->query_len, a->kv_len - a->query_len}}};
  reads(maker, activation(maker, "qkv", a->dtype, tokens, a->heads * a->head_dim + 2 * kv));
  reads(maker, cache(maker, "keys", a->dtype, a->batch * a->kv_len, kv));
  reads(maker, cache(maker, "values", a->dtype, a->batch * a->kv_len, kv));
  reads(maker, program->lengths = indices(maker, "lengths", a->batch));
  writes(maker, activation(maker, "attended", a->dtype, tokens, a->heads * a->head_dim));
}

/* Rows of new tokens: one sequence of them, as in prefill, or, few, one each of many. */
static void make_rope_cache(struct maker *maker, int64_t rows, struct tp_program *program)
{
  enum { FEW = 128 };
  const struct tp_memory *memory = &maker->op->memory;
  const int64_t kv = (int64_t)memory->kv_heads * memory->head_dim;
  const int64_t sequences = rows < FEW ? rows : 1;
  program->batch = tp_batch_prefill(sequences, rows / sequences);
  const int qkv = activation(maker, "qkv", TP_DTYPE_BF16, rows,
                             (int64_t)memory->heads * memory->head_dim + 2 * kv);
  reads(maker, qkv);
  reads(maker, program->lengths = indices(maker, "lengths", sequences));
  writes(maker, qkv);
  writes(maker, cache(maker, "keys", TP_DTYPE_BF16, rows, kv));
  writes(maker, cache(maker, "values", TP_DTYPE_BF16, rows, kv));
}

static void make_rows(struct maker *maker, struct tp_row_shape rows, struct tp_program *program)
{
  const enum tp_function function = maker->op->memory.function;
  const enum tp_dtype dtype = TP_DTYPE_BF16;
  program->batch = tp_batch_prefill(rows.rows, 1);
  if (function == TP_FUNCTION_ROPE_CACHE) {
    make_rope_cache(maker, rows.rows, program);
    return;
  }
  const int64_t ups = function == TP_FUNCTION_ACTIVATION ? 2 : 1;
  reads(maker, activation(maker, "x", dtype, rows.rows, ups * rows.columns));
  if (function == TP_FUNCTION_ADD_NORM)
    reads(maker, activation(maker, "h", dtype, rows.rows, rows.columns));
  if (function == TP_FUNCTION_NORM || function == TP_FUNCTION_ADD_NORM)
    reads(maker, weight(maker, "gain", TP_ROLE_GAIN, dtype, rows.columns, 1));
  if (function == TP_FUNCTION_SAMPLE) {
    writes(maker, indices(maker, "next", rows.rows));
    return;
  }
  if (function == TP_FUNCTION_ADD_NORM)
    writes(maker, activation(maker, "sum", dtype, rows.rows, rows.columns));
  writes(maker, activation(maker, "y", dtype, rows.rows, rows.columns));
}

/* Buffers as nccl-tests counts: the larger of what goes in and what comes out, in rows of
 * `ranks`, so that a rank's part is whole rows. */
static void make_collective(struct maker *maker, int ranks)
{
  const struct tp_collective *collective = &maker->op->collective;
  const int64_t columns = (int64_t)(collective->bytes / tp_dtype_bytes(collective->dtype) / ranks);
  const bool in_place = collective->kind == TP_ALL_REDUCE;
  const int64_t from = collective->kind == TP_ALL_GATHER ? 1 : ranks;
  const int64_t to = collective->kind == TP_REDUCE_SCATTER ? 1 : ranks;
  const int buffer = activation(maker, "buffer", collective->dtype, from, columns);
  reads(maker, buffer);
  writes(maker, in_place ? buffer : activation(maker, "result", collective->dtype, to, columns));
}

enum { KERNEL_DONE, COLLECTIVE_DONE, N_EVENTS };

/* kernel -> all-reduce of a buffer of its own -> the next repetition's kernel -> ...
 *        -> the same kernel, `beside` times      -> */
static void add_between(struct maker *maker, const struct tp_lone_op *lone, int ranks,
                        struct tp_segment *segment)
{
  const size_t n = 2 + (size_t)lone->beside;
  struct tp_op *ops = TP_NEW(maker->arena, struct tp_op, n);
  for (size_t i = 0; i < n; i++)
    ops[i] = *maker->op;
  ops[0].records = KERNEL_DONE;
  ops[0].waits[ops[0].n_waits++] = COLLECTIVE_DONE;
  ops[1] = tp_lone_collective(&lone->between).op;
  ops[1].records = COLLECTIVE_DONE;
  ops[1].waits[ops[1].n_waits++] = KERNEL_DONE;
  maker->op = &ops[1];
  make_collective(maker, ranks);
  segment->ops = ops;
  segment->n_ops = n;
}

void tp_lone_program(const struct tp_lone_op *lone, const struct tp_op_rounds *rounds, int ranks,
                     struct tp_arena *arena, struct tp_program *program)
{
  struct tp_op *op = TP_NEW(arena, struct tp_op, 1);
  struct maker maker = {.arena = arena,
                        .tensors = TP_NEW(arena, struct tp_tensor, MOST_TENSORS),
                        .op = op,
                        .layers = (int)rounds->repeats};
  *op = lone->op;
  *program = (struct tp_program){
      .title = op->name,
      .mesh = tp_mesh_of_tp(ranks),
      .batch = tp_batch_decode(1, 2),
      .n_streams = 2,
      .stream_names = {[TP_STREAM_COMPUTE] = "compute", [TP_STREAM_COMM] = "comm"},
      .n_segments = 1,
      .segments = {{.name = "op", .repeat = rounds->repeats, .layers = 1, .n_ops = 1, .ops = op}},
      .tokens = TP_NO_TENSOR,
      .lengths = TP_NO_TENSOR,
      .logits = TP_NO_TENSOR,
      .next = TP_NO_TENSOR,
  };
  switch (op->kind) {
  case TP_OP_GEMM:
    make_gemm(&maker);
    break;
  case TP_OP_ATTENTION:
    make_attention(&maker, program);
    break;
  case TP_OP_LATENT:
  case TP_OP_EXPERTS:
    break; /* no executor computes them: none is made */
  case TP_OP_MEMORY:
    make_rows(&maker, lone->rows, program);
    break;
  case TP_OP_COLLECTIVE:
    make_collective(&maker, ranks);
    break;
  case TP_OP_QUANTISE:
    break;
  }
  if (lone->between.bytes > 0) {
    program->n_events = N_EVENTS;
    add_between(&maker, lone, ranks, &program->segments[0]);
  }
  program->tensors = maker.tensors;
  program->n_tensors = maker.n;
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
