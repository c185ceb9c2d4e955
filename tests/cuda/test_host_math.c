/* What the host device computes, op by op, against numbers worked out by hand. */
#include "host/math.h"

#include "hand.h"

enum { MOST = 64 };

static struct tp_error error;
static struct tp_arena *arena;
static struct tp_program program;
static struct tp_tensor kinds[2];
enum { FP32, INDEX };

static void setup(void)
{
  arena = tp_arena_create();
  program = (struct tp_program){.mesh = tp_mesh_of_tp(1), .batch = tp_batch_prefill(1, 1)};
  kinds[FP32] = (struct tp_tensor){.kind = TP_TENSOR_ACTIVATION, .dtype = TP_DTYPE_FP32};
  kinds[INDEX] = (struct tp_tensor){.kind = TP_TENSOR_INDEX};
}

static void teardown(void)
{
  tp_arena_free(arena);
}

static struct tp_operand matrix(float *data, int64_t rows, int64_t columns)
{
  return (struct tp_operand){.data = data,
                             .tensor = &kinds[FP32],
                             .rows = rows,
                             .columns = columns,
                             .row_elements = columns};
}

static struct tp_operand indices(int32_t *data, int64_t rows)
{
  return (struct tp_operand){
      .data = data, .tensor = &kinds[INDEX], .rows = rows, .columns = 1, .row_elements = 1};
}

/* Inputs, then outputs, both ended by one without data. */
struct operands {
  struct tp_operand in[TP_MAX_INPUTS + 1], out[TP_MAX_OUTPUTS + 1];
};

static enum tp_status try_op(struct tp_op op, const struct operands *operands)
{
  struct tp_bound_op bound = {.op = &op, .program = &program};
  op.name = "op";
  for (; operands->in[op.n_in].data != NULL; op.n_in++)
    bound.in[op.n_in] = operands->in[op.n_in];
  for (; operands->out[op.n_out].data != NULL; op.n_out++)
    bound.out[op.n_out] = operands->out[op.n_out];
  return tp_host_compute(&bound, 0, arena, &error);
}

static void compute(struct tp_op op, const struct operands *operands)
{
  ck_assert_msg(try_op(op, operands) == TP_OK, "%s", error.text);
}

static struct tp_op function(enum tp_function function)
{
  return (struct tp_op){.kind = TP_OP_MEMORY, .memory = {.function = function}};
}

/* A head of q, one of k, one of v, two numbers each. */
static struct tp_op heads(enum tp_function named)
{
  struct tp_op op = function(named);
  op.memory.heads = op.memory.kv_heads = 1;
  op.memory.head_dim = 2;
  return op;
}

static struct tp_op sample_of(int words)
{
  struct tp_op op = function(TP_FUNCTION_SAMPLE);
  op.memory.read_bytes = (double)tp_batch_sequences(&program.batch) * words * 4;
  return op;
}

static void near(const float *got, const float *want, int n)
{
  for (int i = 0; i < n; i++)
    ck_assert_msg(fabsf(got[i] - want[i]) <= 1e-5F * (1 + fabsf(want[i])), "[%d] = %.9g, want %.9g",
                  i, (double)got[i], (double)want[i]);
}
#define NEAR(got, ...) \
  near((got), (const float[]){__VA_ARGS__}, sizeof((float[]){__VA_ARGS__}) / sizeof(float))

START_TEST(gemm)
{
  float x[] = {1, 2, 3, 4}, w[] = {1, 0, 0, 1, 1, -1}, b[] = {10, 20, 30}, y[6];
  const struct tp_op op = {.kind = TP_OP_GEMM, .gemm = {.m = 2, .n = 3, .k = 2}};
  compute(op, &(struct operands){{matrix(x, 2, 2), matrix(w, 3, 2)}, {matrix(y, 2, 3)}});
  NEAR(y, 1, 2, -1, 3, 4, -1);
  compute(op, &(struct operands){{matrix(x, 2, 2), matrix(w, 3, 2), matrix(b, 3, 1)},
                                 {matrix(y, 2, 3)}});
  NEAR(y, 11, 22, 29, 13, 24, 29);
}
END_TEST

/* x in fp8 under scale 2: 896 is 448, 38 is 19, which is kept as 20; weights are 1/2 and 1,
 * kept 256 times as large. */
START_TEST(gemm_in_fp8)
{
  float x[] = {896, 0, 0, 38}, y[2];
  uint8_t w[] = {0x70, 0x78};
  struct tp_tensor narrow = {.kind = TP_TENSOR_WEIGHT, .dtype = TP_DTYPE_FP8};
  struct tp_operand weight = matrix(NULL, 1, 2);
  weight.data = w;
  weight.tensor = &narrow;
  const struct tp_op op = {.kind = TP_OP_GEMM,
                           .gemm = {.m = 2, .n = 1, .k = 2, .dtype = TP_DTYPE_FP8}};
  compute(op, &(struct operands){{matrix(x, 2, 2), weight}, {matrix(y, 2, 1)}});
  NEAR(y, 448, 40);
}
END_TEST

/* silu(2) = 1.761594, gelu(1) = 0.841192, gelu(-1) = -0.158808 */
START_TEST(gemm_activates)
{
  float x[] = {1}, w[] = {5, 1, -1, 2, 2}, first[1], y[2];
  const struct tp_op op = {.kind = TP_OP_GEMM, .gemm = {.m = 1, .n = 2, .k = 1, .activates = true}};
  compute(op, &(struct operands){{matrix(x, 1, 1), matrix(w + 1, 2, 1)}, {matrix(y, 1, 2)}});
  NEAR(y, 0.841192F, -0.158808F);
  /* up 1 and -1, gate 2 and 2, after one column for another */
  const struct tp_op two = {.kind = TP_OP_GEMM,
                            .gemm = {.m = 1, .n = 5, .k = 1, .activates = true}};
  compute(two, &(struct operands){{matrix(x, 1, 1), matrix(w, 5, 1)},
                                  {matrix(first, 1, 1), matrix(y, 1, 2)}});
  NEAR(first, 5);
  NEAR(y, 1.761594F, -1.761594F);
}
END_TEST

START_TEST(activation)
{
  float up[] = {1, -1, 2, 0}, y[4];
  compute(function(TP_FUNCTION_ACTIVATION),
          &(struct operands){{matrix(up, 1, 4)}, {matrix(y, 1, 2)}});
  NEAR(y, 1.761594F, 0);
  compute(function(TP_FUNCTION_ACTIVATION),
          &(struct operands){{matrix(up, 2, 2)}, {matrix(y, 2, 2)}});
  NEAR(y, 0.841192F, -0.158808F, 1.954598F, 0);
}
END_TEST

/* 3, 4: mean square 12.5; mean 3.5, variance 0.25. */
START_TEST(norms)
{
  float x[] = {3, 4}, gain[] = {1, 2}, bias[] = {10, 20}, y[2];
  const float rms = sqrtf(12.5F + 1e-5F), deviation = sqrtf(0.25F + 1e-5F);
  compute(function(TP_FUNCTION_NORM),
          &(struct operands){{matrix(x, 1, 2), matrix(gain, 2, 1)}, {matrix(y, 1, 2)}});
  NEAR(y, 3 / rms, 8 / rms);
  compute(function(TP_FUNCTION_NORM),
          &(struct operands){{matrix(x, 1, 2), matrix(gain, 2, 1), matrix(bias, 2, 1)},
                             {matrix(x, 1, 2)}}); /* in place */
  NEAR(x, 10 - 0.5F / deviation, 20 + 1 / deviation);
}
END_TEST

START_TEST(sums)
{
  float x[] = {1, 2}, h[] = {2, 2}, sum[] = {1, 0}, gain[] = {1, 1}, kept[2], normed[2];
  const struct tp_operand a = matrix(x, 1, 2), b = matrix(h, 1, 2), g = matrix(gain, 2, 1);
  const struct tp_operand first = matrix(kept, 1, 2), second = matrix(normed, 1, 2);
  compute(function(TP_FUNCTION_ADD), &(struct operands){{a, b}, {first}});
  NEAR(kept, 3, 4);
  program.mesh = tp_mesh_of_tp(4);
  compute(function(TP_FUNCTION_ADD_SHARE), &(struct operands){{a, b}, {first}});
  NEAR(kept, 2.25F, 2.5F);
  compute(function(TP_FUNCTION_ADD_NORM), &(struct operands){{a, b, g}, {first, second}});
  NEAR(kept, 3, 4);
  NEAR(normed, 3 / sqrtf(12.5F), 4 / sqrtf(12.5F));
  compute(function(TP_FUNCTION_ADD_SUM_NORM),
          &(struct operands){{a, b, matrix(sum, 1, 2), g}, {first, second}});
  NEAR(kept, 3, 4);                               /* x + h */
  NEAR(normed, 3 / sqrtf(6.5F), 2 / sqrtf(6.5F)); /* h + sum = 3, 2 */
  compute(function(TP_FUNCTION_COPY), &(struct operands){{a}, {first}});
  NEAR(kept, 1, 2);
}
END_TEST

/* A sum that is kept in bf16 is normalised as it is kept: 257 is 256 there. */
START_TEST(sum_as_kept)
{
  struct tp_tensor narrow = kinds[FP32];
  narrow.dtype = TP_DTYPE_BF16;
  uint16_t bits[2];
  float x[] = {256, 0}, h[] = {1, 1}, gain[] = {1, 1}, normed[2];
  struct tp_operand kept = matrix(NULL, 1, 2);
  kept.data = bits;
  kept.tensor = &narrow;
  compute(function(TP_FUNCTION_ADD_NORM),
          &(struct operands){{matrix(x, 1, 2), matrix(h, 1, 2), matrix(gain, 2, 1)},
                             {kept, matrix(normed, 1, 2)}});
  const float rms = sqrtf((256.0F * 256 + 1) / 2);
  NEAR(normed, 256 / rms, 1 / rms);
  ck_assert(fabsf(normed[1] - 1 / sqrtf((257.0F * 257 + 1) / 2)) > 1e-6F);
}
END_TEST

START_TEST(qk_norm)
{
  float qkv[] = {3, 4, 0, 2, 7, 7}, q[] = {1, 1}, k[] = {1, 3};
  const struct tp_operand all = matrix(qkv, 1, 6);
  compute(heads(TP_FUNCTION_QK_NORM),
          &(struct operands){{all, matrix(q, 2, 1), matrix(k, 2, 1)}, {all}});
  NEAR(qkv, 3 / sqrtf(12.5F), 4 / sqrtf(12.5F), 0, 6 / sqrtf(2.00001F), 7, 7);
}
END_TEST

/* Two numbers a head turn by the position in radians: here 1, then 2. */
START_TEST(rope)
{
  float qkv[] = {1, 0, 0, 1, 5, 6, 1, 0, 0, 1, 5, 6};
  int32_t length[] = {3};
  program.batch = tp_batch_prefill(1, 2);
  const struct tp_operand all = matrix(qkv, 2, 6);
  compute(heads(TP_FUNCTION_ROPE), &(struct operands){{all, indices(length, 1)}, {all}});
  NEAR(qkv, cosf(1), sinf(1), -sinf(1), cosf(1), 5, 6, cosf(2), sinf(2), -sinf(2), cosf(2), 5, 6);
}
END_TEST

/* Of four numbers the first turns with the third, fast; the second with the fourth, 1/100 as far.
 */
START_TEST(rope_is_split_in_halves)
{
  float qkv[] = {1, 1, 0, 0};
  int32_t length[] = {4};
  struct tp_op op = function(TP_FUNCTION_ROPE);
  op.memory.heads = 1;
  op.memory.head_dim = 4;
  const struct tp_operand all = matrix(qkv, 1, 4);
  compute(op, &(struct operands){{all, indices(length, 1)}, {all}});
  NEAR(qkv, cosf(3), cosf(0.03F), sinf(3), sinf(0.03F));
}
END_TEST

/* Two sequences of room for three; the new tokens are second and third. */
START_TEST(cache)
{
  float qkv[] = {0, 0, 1, 2, 3, 4, 0, 0, 5, 6, 7, 8}, keys[12], values[12];
  int32_t lengths[] = {2, 3};
  program.batch = tp_batch_prefill(2, 1);
  for (int i = 0; i < 12; i++)
    keys[i] = values[i] = -1;
  compute(heads(TP_FUNCTION_CACHE), &(struct operands){{matrix(qkv, 2, 6), indices(lengths, 2)},
                                                       {matrix(keys, 6, 2), matrix(values, 6, 2)}});
  NEAR(keys, -1, -1, 1, 2, -1, -1, -1, -1, -1, -1, 5, 6);
  NEAR(values, -1, -1, 3, 4, -1, -1, -1, -1, -1, -1, 7, 8);
  lengths[1] = 4;
  ck_assert_int_eq(try_op(heads(TP_FUNCTION_CACHE),
                          &(struct operands){{matrix(qkv, 2, 6), indices(lengths, 2)},
                                             {matrix(keys, 6, 2), matrix(values, 6, 2)}}),
                   TP_E_CHECK);
  ck_assert_str_eq(error.text,
                   "host: op 'op' is at position 3 of a sequence with room for 3 tokens");
}
END_TEST

START_TEST(rope_and_cache)
{
  float qkv[] = {1, 0, 0, 1, 5, 6}, keys[4], values[4];
  int32_t length[] = {2};
  const struct tp_operand all = matrix(qkv, 1, 6);
  compute(heads(TP_FUNCTION_ROPE_CACHE),
          &(struct operands){{all, indices(length, 1)},
                             {all, matrix(keys, 2, 2), matrix(values, 2, 2)}});
  NEAR(keys + 2, -sinf(1), cosf(1));
  NEAR(values + 2, 5, 6);
}
END_TEST

/* Two heads share a KV head.  The first query sees keys 0 and 1, the second 0 to 2; scores of
 * 0, sqrt(2) ln 2 / sqrt(2) = ln 2: weights 1 : 2. */
START_TEST(attention)
{
  const float score = sqrtf(2) * logf(2);
  float qkv[] = {1, 0, 0, 1, 9, 9, 9, 9, 0, 0, 1, 0, 9, 9, 9, 9};
  float keys[] = {0, 0, score, 0, 0, 0, 100, 100}, values[] = {3, 0, 0, 6, 3, 3, 100, 100};
  float out[8];
  int32_t length[] = {3};
  program.batch = tp_batch_prefill(1, 2);
  const struct tp_op op = {
      .kind = TP_OP_ATTENTION,
      .attention = {.batch = 1, .query_len = 2, .heads = 2, .kv_heads = 1, .head_dim = 2}};
  compute(op, &(struct operands){
                  {matrix(qkv, 2, 8), matrix(keys, 4, 2), matrix(values, 4, 2), indices(length, 1)},
                  {matrix(out, 2, 4)}});
  NEAR(out, 1, 4, 1.5F, 3, 2, 3, 1.5F, 3.75F);
}
END_TEST

/* Two tokens of a sequence behind one; then a token of each of two sequences behind three.  Every
 * row goes to its sequence's place, of five; the head and sampling take the last of each. */
START_TEST(chunks)
{
  float qkv[4 * 3], keys[15], values[15], x[] = {1, 2, 3, 4}, w[] = {10}, y[3];
  float logits[] = {9, 0, 0, 1, 1, 0, 0, 1}, last[] = {0, 1, 1, 0, 0, 1};
  int32_t lengths[] = {3, 4, 4}, next[3];
  program.batch = (struct tp_batch){2, {{1, 2, 1}, {2, 1, 3}}};
  for (int i = 0; i < 12; i++)
    qkv[i] = (float)(i / 3 + 1);
  for (int i = 0; i < 15; i++)
    keys[i] = values[i] = 0;
  struct tp_op op = heads(TP_FUNCTION_CACHE);
  op.memory.head_dim = 1;
  compute(op, &(struct operands){{matrix(qkv, 4, 3), indices(lengths, 3)},
                                 {matrix(keys, 15, 1), matrix(values, 15, 1)}});
  NEAR(keys, 0, 1, 2, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 4, 0);
  NEAR(values, 0, 1, 2, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 4, 0);
  compute((struct tp_op){.kind = TP_OP_GEMM, .gemm = {.m = 3, .n = 1, .k = 1}},
          &(struct operands){{matrix(x, 4, 1), matrix(w, 1, 1)}, {matrix(y, 3, 1)}});
  NEAR(y, 20, 30, 40);
  for (int all = 0; all < 2; all++) {
    compute(sample_of(2), &(struct operands){{all ? matrix(logits, 4, 2) : matrix(last, 3, 2)},
                                             {indices(next, 3)}});
    ck_assert_int_eq(next[0], 1);
    ck_assert_int_eq(next[1], 0);
    ck_assert_int_eq(next[2], 1);
  }
}
END_TEST

/* Of 1, 3, 3 + ln 3 and 2 the third and the second, three to one; of equals the first ones. */
START_TEST(top_k)
{
  float scores[] = {1, 3, 3 + logf(3), 2, 5, 5, 5, 5}, weights[4];
  int32_t choice[4];
  struct tp_operand chosen = indices(choice, 2);
  chosen.columns = chosen.row_elements = 2;
  compute(function(TP_FUNCTION_TOP_K),
          &(struct operands){{matrix(scores, 2, 4)}, {chosen, matrix(weights, 2, 2)}});
  ck_assert_int_eq(choice[0], 2);
  ck_assert_int_eq(choice[1], 1);
  ck_assert_int_eq(choice[2], 0);
  ck_assert_int_eq(choice[3], 1);
  NEAR(weights, 0.75F, 0.25F, 0.5F, 0.5F);
}
END_TEST

/* Two experts of width 1 over two numbers: up and gate of the first, then of the second.  silu(2) =
 * 1.761594; the first gives 3 * silu(2) * (1, 0), the second 4 * silu(2) * (0, 10). */
START_TEST(experts)
{
  float x[] = {1, 2}, up[] = {1, 1, 2, 0, 0, 2, 0, 1}, down[] = {1, 0, 0, 10};
  float weights[] = {0.25F, 0.75F}, y[2];
  int32_t choice[] = {1, 0};
  struct tp_operand chosen = indices(choice, 1);
  chosen.columns = chosen.row_elements = 2;
  const struct operands operands = {
      {matrix(x, 1, 2), chosen, matrix(weights, 1, 2), matrix(up, 4, 2), matrix(down, 4, 1)},
      {matrix(y, 1, 2)}};
  compute((struct tp_op){.kind = TP_OP_EXPERTS}, &operands);
  NEAR(y, 0.75F * 3 * 1.761594F, 0.25F * 4 * 1.761594F * 10);
  choice[1] = 2;
  ck_assert_int_eq(try_op((struct tp_op){.kind = TP_OP_EXPERTS}, &operands), TP_E_CHECK);
  ck_assert_str_eq(error.text, "host: op 'op' finds expert 2, of 2");
}
END_TEST

/* Keys of zeros weigh alike, so that a query gets the mean of the values that it sees.  Four tokens
 * of 1, 2, 4 and 8: all of them in one prefill, and the last one alone. */
START_TEST(windows)
{
  static const struct {
    int window;
    float prefill[4], decode;
  } cases[] = {{0, {1, 1.5F, 7.0F / 3, 3.75F}, 3.75F}, /* none */
               {1, {1, 2, 4, 8}, 8},                   /* its own key alone */
               {2, {1, 1.5F, 3, 6}, 6},
               {3, {1, 1.5F, 7.0F / 3, 14.0F / 3}, 14.0F / 3},
               {4, {1, 1.5F, 7.0F / 3, 3.75F}, 3.75F}, /* as wide as all there is */
               {5, {1, 1.5F, 7.0F / 3, 3.75F}, 3.75F}};
  float qkv[4 * 3], keys[6] = {0}, values[] = {1, 2, 4, 8, 1000, 1000}, out[4];
  int32_t length[] = {4};
  for (int i = 0; i < 4 * 3; i++)
    qkv[i] = 1;
  struct tp_op op = {.kind = TP_OP_ATTENTION,
                     .attention = {.batch = 1,
                                   .query_len = 4,
                                   .heads = 1,
                                   .kv_heads = 1,
                                   .head_dim = 1,
                                   .window = cases[_i].window}};
  program.batch = tp_batch_prefill(1, 4);
  compute(op, &(struct operands){
                  {matrix(qkv, 4, 3), matrix(keys, 6, 1), matrix(values, 6, 1), indices(length, 1)},
                  {matrix(out, 4, 1)}});
  near(out, cases[_i].prefill, 4);
  program.batch = tp_batch_decode(1, 4);
  op.attention.query_len = 1;
  compute(op, &(struct operands){
                  {matrix(qkv, 1, 3), matrix(keys, 6, 1), matrix(values, 6, 1), indices(length, 1)},
                  {matrix(out, 1, 1)}});
  NEAR(out, cases[_i].decode);
}
END_TEST

/* Rows 2 and 3 of four are this rank's. */
START_TEST(embeds)
{
  float table[] = {1, 2, 3, 4}, positions[] = {10, 10, 20, 20}, x[4];
  int32_t tokens[] = {3, 0}, lengths[] = {2}, wrong[] = {4, 0};
  struct tp_piece piece = {.split = TP_SPLIT_WHOLE, .rows = 2, .columns = 2, .sharers = 1};
  struct tp_tensor weight = kinds[FP32];
  weight.pieces = &piece;
  weight.n_pieces = 1;
  struct tp_operand rows = matrix(table, 2, 2);
  rows.tensor = &weight;
  program.batch = tp_batch_prefill(1, 2);
  tokens[0] = 1;
  compute(function(TP_FUNCTION_EMBED), &(struct operands){{indices(tokens, 2), indices(lengths, 1),
                                                           rows, matrix(positions, 2, 2)},
                                                          {matrix(x, 2, 2)}});
  NEAR(x, 13, 14, 21, 22);

  piece.split = TP_SPLIT_ROWS;
  program.mesh = tp_mesh_of_tp(2);
  tokens[0] = 3;
  compute(function(TP_FUNCTION_EMBED),
          &(struct operands){{indices(tokens, 2), indices(lengths, 1), rows}, {matrix(x, 2, 2)}});
  NEAR(x, 0, 0, 1, 2); /* as rank 0 */
  ck_assert_int_eq(
      try_op(function(TP_FUNCTION_EMBED),
             &(struct operands){{indices(wrong, 2), indices(lengths, 1), rows}, {matrix(x, 2, 2)}}),
      TP_E_CHECK);
  ck_assert_str_eq(error.text, "host: op 'op' finds token 4, of 4");
}
END_TEST

START_TEST(samples)
{
  float logits[] = {1, 3, 3, 2, 9, 8, 7, 7};
  int32_t next[2];
  program.batch = tp_batch_prefill(2, 1);
  compute(sample_of(4), &(struct operands){{matrix(logits, 2, 4)}, {indices(next, 2)}});
  ck_assert_int_eq(next[0], 1);
  ck_assert_int_eq(next[1], 0);
  /* logits of both tokens of one sequence: the last counts */
  program.batch = tp_batch_prefill(1, 2);
  compute(sample_of(3), &(struct operands){{matrix(logits, 2, 4)}, {indices(next, 1)}});
  ck_assert_int_eq(next[0], 0);
  logits[4] = logits[5] = logits[6] = logits[7] = NAN;
  compute(sample_of(4), &(struct operands){{matrix(logits, 2, 4)}, {indices(next, 1)}});
  ck_assert_int_eq(next[0], -1);
}
END_TEST

/* Blocks of two ranks; the last word of the second is padding. */
START_TEST(samples_gathered)
{
  float logits[] = {1, 3, 6, 2, /* rank 1: */ 3, 9, 6, 9};
  int32_t next[2];
  struct tp_op gather = {
      .kind = TP_OP_COLLECTIVE, .n_out = 1, .out = {0}, .collective = {.kind = TP_ALL_GATHER}};
  program.batch = tp_batch_prefill(2, 1);
  program.mesh = tp_mesh_of_tp(2);
  program.n_segments = 1;
  program.segments[0] = (struct tp_segment){.repeat = 1, .n_ops = 1, .ops = &gather};
  compute(sample_of(3), &(struct operands){{matrix(logits, 4, 2)}, {indices(next, 2)}});
  ck_assert_int_eq(next[0], 1); /* 1, 3, 3 */
  ck_assert_int_eq(next[1], 0); /* 6, 2, 6 */
}
END_TEST

static void collect(struct tp_op op, const struct operands *a, const struct operands *b)
{
  op.name = "op";
  op.kind = TP_OP_COLLECTIVE;
  op.n_in = op.n_out = 1;
  const struct tp_bound_op first = {
      .op = &op, .program = &program, .in = {a->in[0]}, .out = {a->out[0]}};
  const struct tp_bound_op second = {
      .op = &op, .program = &program, .in = {b->in[0]}, .out = {b->out[0]}};
  const struct tp_bound_op *const both[] = {&first, &second};
  ck_assert_msg(tp_host_collect(both, 2, arena, &error) == TP_OK, "%s", error.text);
}

START_TEST(collectives)
{
  float a[] = {1, 2, 3, 4}, b[] = {10, 20, 30, 40}, all_a[8], all_b[8];
  const struct operands gather_a = {{matrix(a, 2, 2)}, {matrix(all_a, 4, 2)}};
  const struct operands gather_b = {{matrix(b, 2, 2)}, {matrix(all_b, 4, 2)}};
  collect((struct tp_op){.collective = {.kind = TP_ALL_GATHER}}, &gather_a, &gather_b);
  NEAR(all_a, 1, 2, 3, 4, 10, 20, 30, 40);
  NEAR(all_b, 1, 2, 3, 4, 10, 20, 30, 40);
  const struct operands sum_a = {{matrix(a, 2, 2)}, {matrix(a, 2, 2)}};
  const struct operands sum_b = {{matrix(b, 2, 2)}, {matrix(b, 2, 2)}};
  collect((struct tp_op){.collective = {.kind = TP_ALL_REDUCE}}, &sum_a, &sum_b);
  NEAR(a, 11, 22, 33, 44);
  NEAR(b, 11, 22, 33, 44);
}
END_TEST

/* Two bits, groups of eight: 0, 1, 2, 3 are codes as they stand, their sums 0, 2, 4, 6, too. */
START_TEST(low_bit_all_reduce)
{
  float a[16], b[16];
  for (int i = 0; i < 16; i++) {
    a[i] = (float)(i % 4);
    b[i] = (float)(i % 4);
  }
  a[5] = 1.4F; /* becomes 1 on the way */
  const struct operands sum_a = {{matrix(a, 2, 8)}, {matrix(a, 2, 8)}};
  const struct operands sum_b = {{matrix(b, 2, 8)}, {matrix(b, 2, 8)}};
  const struct tp_collective low = {.kind = TP_ALL_REDUCE,
                                    .wire = {.reduce_bits = 2, .gather_bits = 2, .group = 8}};
  collect((struct tp_op){.collective = low}, &sum_a, &sum_b);
  NEAR(a, 0, 2, 4, 6, 0, 2, 4, 6, 0, 2, 4, 6, 0, 2, 4, 6);
  NEAR(b, 0, 2, 4, 6, 0, 2, 4, 6, 0, 2, 4, 6, 0, 2, 4, 6);
}
END_TEST

/* A function or a kind that the host has never heard of is not computed as another one. */
START_TEST(refuses_what_it_does_not_know)
{
  float x[] = {1}, y[] = {-1};
  const struct tp_op made_up = function((enum tp_function)(TP_FUNCTION_TOP_K + 1));
  ck_assert_int_eq(try_op(made_up, &(struct operands){{matrix(x, 1, 1)}, {matrix(y, 1, 1)}}),
                   TP_E_INPUT);
  ck_assert_msg(strstr(error.text, "a function that it does not know") != NULL, "%s", error.text);
  const struct tp_op kind = {.name = "op", .kind = (enum tp_op_kind)(TP_OP_COLLECTIVE + 1)};
  ck_assert_int_eq(try_op(kind, &(struct operands){{matrix(x, 1, 1)}, {matrix(y, 1, 1)}}),
                   TP_E_INPUT);
  ck_assert_msg(strstr(error.text, "a kind that it does not know") != NULL, "%s", error.text);
  ck_assert(y[0] == -1);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("host_math");
  TCase *cases = tcase_create("cases");
  tcase_add_checked_fixture(cases, setup, teardown);
  tcase_add_test(cases, gemm);
  tcase_add_test(cases, gemm_in_fp8);
  tcase_add_test(cases, gemm_activates);
  tcase_add_test(cases, activation);
  tcase_add_test(cases, norms);
  tcase_add_test(cases, sums);
  tcase_add_test(cases, sum_as_kept);
  tcase_add_test(cases, qk_norm);
  tcase_add_test(cases, rope);
  tcase_add_test(cases, rope_is_split_in_halves);
  tcase_add_test(cases, cache);
  tcase_add_test(cases, rope_and_cache);
  tcase_add_test(cases, attention);
  tcase_add_loop_test(cases, windows, 0, 6);
  tcase_add_test(cases, chunks);
  tcase_add_test(cases, top_k);
  tcase_add_test(cases, experts);
  tcase_add_test(cases, embeds);
  tcase_add_test(cases, samples);
  tcase_add_test(cases, samples_gathered);
  tcase_add_test(cases, collectives);
  tcase_add_test(cases, low_bit_all_reduce);
  tcase_add_test(cases, refuses_what_it_does_not_know);
  suite_add_tcase(suite, cases);
  return suite;
}

TP_SUITE_MAIN
