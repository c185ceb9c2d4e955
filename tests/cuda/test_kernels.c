/* Every memory op's kernel against the host device: all types, odd sizes, rows with gaps, rows off
 * 16 bytes; on fibers in several orders. */
#include "host_cuda_order.h"
#include "operands.h"

#include "gpu/kernels/kernels.h"

static const enum tp_dtype dtypes[] = {TP_DTYPE_FP16, TP_DTYPE_BF16, TP_DTYPE_FP32};
static const struct layout layouts[] = {{.gap = 0}, {.gap = 8}, {.gap = 1}, {.gap = 8, .shift = 1}};
/* Less than a pack, packs and a tail, rows that one block reads more than once. */
static const int64_t widths[] = {1, 7, 40, 333, 2100};
enum { N_LAYOUTS = 3 * 4, N_WIDTHS = 5 };

struct shape {
  struct layout layout;
  int64_t columns;
};

static struct shape shape_of(int i)
{
  struct shape shape = {.layout = layouts[i / 3 % 4], .columns = widths[i / N_LAYOUTS]};
  shape.layout.dtype = dtypes[i % 3];
  return shape;
}

static void run(struct trial *trial, struct layout layout, int rank)
{
  struct tp_error error;
  snprintf(trial->text, sizeof trial->text, "%s, %lld columns, gap %d, shift %d",
           tp_dtype_text(layout.dtype), (long long)trial->kernel.in[0].columns, layout.gap,
           layout.shift);
  host_cuda_seed(trial->random);
  ck_assert_int_eq(tp_kernel_memory(&trial->kernel, rank, NULL, &error), TP_OK);
  ck_assert_msg(tp_host_compute(&trial->host, rank, trial->arena, &error) == TP_OK, "%s",
                error.text);
  for (int i = 0; i < trial->n_twins; i++)
    twin_compare(trial, &trial->twins[i]);
  trial_end(trial);
}

static void adds_and_copies(int i)
{
  const struct shape s = shape_of(i);
  static const enum tp_function functions[] = {TP_FUNCTION_ADD, TP_FUNCTION_ADD_SHARE,
                                               TP_FUNCTION_COPY};
  for (int f = 0; f < 3; f++) {
    struct trial trial;
    trial_begin(&trial, functions[f], 3, 1);
    trial_in(&trial, s.layout, 3, s.columns);
    if (functions[f] != TP_FUNCTION_COPY)
      trial_in(&trial, s.layout, 3, s.columns);
    if (functions[f] == TP_FUNCTION_ADD)
      trial_out_same(&trial, 0);
    else
      trial_out(&trial, s.layout, 3, s.columns);
    run(&trial, s.layout, 0);
  }
}

static void activations(int i)
{
  const struct shape s = shape_of(i);
  for (int gates = 0; gates < 2; gates++) {
    struct trial trial;
    trial_begin(&trial, TP_FUNCTION_ACTIVATION, 3, 1);
    trial_in(&trial, s.layout, 3, s.columns * (1 + gates));
    trial_out(&trial, (struct layout){.dtype = s.layout.dtype}, 3, s.columns);
    run(&trial, s.layout, 0);
  }
}

/* norm, add_norm, add_sum_norm; RMS and layer. */
static void norms(int i)
{
  const struct shape s = shape_of(i);
  const struct layout vector = {.dtype = s.layout.dtype};
  static const enum tp_function functions[] = {TP_FUNCTION_NORM, TP_FUNCTION_ADD_NORM,
                                               TP_FUNCTION_ADD_SUM_NORM};
  for (int f = 0; f < 6; f++) {
    struct trial trial;
    trial_begin(&trial, functions[f / 2], 3, 1);
    for (int summand = 0; summand <= f / 2; summand++)
      trial_in(&trial, s.layout, 3, s.columns);
    for (int input = 0; input <= f % 2; input++)
      trial_in(&trial, vector, s.columns, 1);
    if (f >= 2)
      trial_out_same(&trial, 0);
    trial_out(&trial, s.layout, 3, s.columns);
    run(&trial, s.layout, 0);
  }
}

static void norm_in_place(int i)
{
  const struct shape s = shape_of(i);
  struct trial trial;
  trial_begin(&trial, TP_FUNCTION_NORM, 600, 1);
  trial_in(&trial, s.layout, s.columns < 100 ? 600 : 2, s.columns); /* many rows: fewer threads */
  trial_in(&trial, (struct layout){.dtype = s.layout.dtype}, s.columns, 1);
  trial_out_same(&trial, 0);
  run(&trial, s.layout, 0);
}

static const struct heads {
  int heads, kv_heads, head_dim;
} heads[] = {{4, 2, 64}, {3, 1, 6}, {8, 8, 20}, {6, 2, 128}, {2, 1, 256}, {2, 1, 232}};

static void begin_heads(struct trial *trial, enum tp_function function, int i)
{
  const struct heads *h = &heads[i / N_LAYOUTS];
  const struct shape s = shape_of(i);
  trial_begin(trial, function, 2, 3);
  trial->op.memory.heads = h->heads;
  trial->op.memory.kv_heads = h->kv_heads;
  trial->op.memory.head_dim = h->head_dim;
  trial_in(trial, s.layout, 6, (h->heads + 2 * h->kv_heads) * h->head_dim);
}

static void head_norms(int i)
{
  const struct layout vector = {.dtype = shape_of(i).layout.dtype};
  struct trial trial;
  begin_heads(&trial, TP_FUNCTION_QK_NORM, i);
  trial_in(&trial, vector, heads[i / N_LAYOUTS].head_dim, 1);
  trial_in(&trial, vector, heads[i / N_LAYOUTS].head_dim, 1);
  trial_out_same(&trial, 0);
  run(&trial, shape_of(i).layout, 0);
}

/* Six rows of two sequences: alike; of two chunks; of either half of three sequences of four. */
static const struct {
  struct tp_batch batch;
  int half;
} steps[] = {{{1, {{2, 3, 0}}}, 0},
             {{2, {{1, 4, 1}, {1, 2, 7}}}, 0},
             {{1, {{3, 4, 0}}}, 1},
             {{1, {{3, 4, 0}}}, 2}};
enum { N_STEPS = sizeof steps / sizeof steps[0] };

/* Sequences of unequal length, cached beside what was there. */
static void positions_and_caches(int i)
{
  const struct heads *h = &heads[i / N_LAYOUTS];
  const struct layout layout = shape_of(i).layout;
  static const enum tp_function functions[] = {TP_FUNCTION_ROPE, TP_FUNCTION_CACHE,
                                               TP_FUNCTION_ROPE_CACHE};
  for (int n = 0; n < 3 * N_STEPS; n++) {
    const int f = n % 3;
    struct trial trial;
    begin_heads(&trial, functions[f], i);
    trial.program.batch = steps[n / 3].batch;
    trial.op.half = steps[n / 3].half;
    trial_index(&trial, 2, (const int32_t[]){5, 9});
    if (functions[f] != TP_FUNCTION_CACHE)
      trial_out_same(&trial, 0);
    for (int cache = 0; cache < 2 && functions[f] != TP_FUNCTION_ROPE; cache++)
      trial_out(&trial, layout, 2 * 10, h->kv_heads * h->head_dim);
    run(&trial, layout, 0);
  }
}

/* The second of two ranks' halves of a table of 16 rows, or all of it with positions. */
static void embeddings(int i)
{
  const struct shape s = shape_of(i);
  for (int n = 0; n < 4; n++) {
    const int sharded = n % 2;
    struct tp_piece piece = {.split = sharded ? TP_SPLIT_ROWS : TP_SPLIT_WHOLE,
                             .rows = sharded ? 8 : 16,
                             .columns = s.columns,
                             .sharers = 1};
    struct trial trial;
    trial_begin(&trial, TP_FUNCTION_EMBED, 2, 2);
    if (n >= 2)
      trial.program.batch = (struct tp_batch){2, {{1, 3, 0}, {1, 1, 4}}};
    trial_index(&trial, 4, (const int32_t[]){0, 15, 8, 7});
    trial_index(&trial, 2, (const int32_t[]){3, 5});
    struct twin *table = trial_in(&trial, s.layout, piece.rows, s.columns);
    table->tensor.n_pieces = 1;
    table->tensor.pieces = &piece;
    if (!sharded)
      trial_in(&trial, s.layout, 5, s.columns);
    trial_out(&trial, s.layout, 4, s.columns);
    run(&trial, s.layout, sharded);
  }
}

/* Logits of two ranks, each with its half of the words and the last one padded; `positions` rows a
 * sequence, or as many as it has tokens. */
static void sample(int i, bool gathered, int64_t positions, bool chunks)
{
  const struct shape s = shape_of(i);
  struct trial trial;
  struct tp_op gather = {.kind = TP_OP_COLLECTIVE, .n_out = 1, .out = {5}};
  gather.collective.kind = TP_ALL_GATHER;
  trial_begin(&trial, TP_FUNCTION_SAMPLE, 3, positions);
  if (chunks)
    trial.program.batch = (struct tp_batch){2, {{1, positions + 2, 0}, {2, positions - 1, 0}}};
  trial.op.in[0] = 5;
  if (gathered) {
    trial.program.n_segments = 1;
    trial.program.segments[0] = (struct tp_segment){.n_ops = 1, .ops = &gather};
  }
  const int64_t blocks = gathered ? 2 : 1;
  const int64_t words = gathered ? 2 * s.columns - 1 : s.columns;
  struct twin *logits = trial_in(&trial, s.layout, blocks * 3 * positions, s.columns);
  trial.op.memory.read_bytes = (double)(3 * words) * tp_tensor_element_bytes(&logits->tensor);
  struct twin *next =
      twin_make(&trial, (struct layout){.dtype = TP_DTYPE_FP32}, TP_TENSOR_INDEX, 3, 1);
  trial.op.n_out = 1;
  trial.kernel.out[0] = next->kernel;
  trial.host.out[0] = next->host;
  run(&trial, s.layout, 0);
}

static void likeliest_words(int i)
{
  for (int gathered = 0; gathered < 2; gathered++) {
    sample(i, gathered, 1, false);
    sample(i, gathered, 4, false);
    sample(i, gathered, 4, true);
  }
}

/* A process for all layouts of a width: to fork one each costs more than the kernels. */
#define ALL_LAYOUTS(function)                                   \
  START_TEST(all_##function)                                    \
  {                                                             \
    for (int i = _i * N_LAYOUTS; i < (_i + 1) * N_LAYOUTS; i++) \
      function(i);                                              \
  }                                                             \
  END_TEST
ALL_LAYOUTS(adds_and_copies)
ALL_LAYOUTS(activations)
ALL_LAYOUTS(norms)
ALL_LAYOUTS(norm_in_place)
ALL_LAYOUTS(head_norms)
ALL_LAYOUTS(positions_and_caches)
ALL_LAYOUTS(embeddings)
ALL_LAYOUTS(likeliest_words)

/* Ties go to the first, and where there is only NaN there is no word. */
START_TEST(likeliest_of_equals)
{
  struct trial trial;
  trial_begin(&trial, TP_FUNCTION_SAMPLE, 3, 1);
  trial.op.memory.read_bytes = 3 * 300 * 4;
  struct twin *logits = trial_in(&trial, (struct layout){.dtype = TP_DTYPE_FP32}, 3, 300);
  float *values = logits->kernel_memory;
  for (int i = 0; i < 900; i++)
    values[i] = i < 300 ? 0 : i < 600 ? NAN : -INFINITY;
  values[77] = values[78] = values[299] = 1;
  int32_t next[3];
  const struct tp_tensor index = {.kind = TP_TENSOR_INDEX};
  trial.kernel.out[0] = (struct tp_operand){
      .data = next, .tensor = &index, .rows = 3, .columns = 1, .row_elements = 1};
  ck_assert_int_eq(tp_kernel_memory(&trial.kernel, 0, NULL, NULL), TP_OK);
  ck_assert_int_eq(next[0], 77);
  ck_assert_int_eq(next[1], -1);
  ck_assert_int_eq(next[2], 0);
  trial_end(&trial);
}
END_TEST

START_TEST(refuses_what_is_not_said)
{
  struct tp_error error;
  struct trial trial;
  trial_begin(&trial, TP_FUNCTION_UNNAMED, 1, 1);
  trial.op.name = "exchange.sum";
  ck_assert_int_eq(tp_kernel_memory(&trial.kernel, 0, NULL, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, "op 'exchange.sum' does not say what it computes: no kernel can");
  trial_end(&trial);
}
END_TEST

static Suite *suite(void)
{
  Suite *s = suite_create("kernels");
  TCase *rows = tcase_create("rows");
  tcase_set_timeout(rows, 60);
  tcase_add_loop_test(rows, all_adds_and_copies, 0, N_WIDTHS);
  tcase_add_loop_test(rows, all_activations, 0, N_WIDTHS);
  tcase_add_loop_test(rows, all_norms, 0, N_WIDTHS);
  tcase_add_loop_test(rows, all_norm_in_place, 0, N_WIDTHS);
  tcase_add_loop_test(rows, all_embeddings, 0, N_WIDTHS);
  tcase_add_loop_test(rows, all_likeliest_words, 0, N_WIDTHS);
  tcase_add_test(rows, likeliest_of_equals);
  tcase_add_test(rows, refuses_what_is_not_said);
  suite_add_tcase(s, rows);
  TCase *of_heads = tcase_create("heads");
  tcase_set_timeout(of_heads, 60);
  tcase_add_loop_test(of_heads, all_head_norms, 0, N_WIDTHS);
  tcase_add_loop_test(of_heads, all_positions_and_caches, 0, N_WIDTHS);
  suite_add_tcase(s, of_heads);
  return s;
}

TP_SUITE_MAIN
