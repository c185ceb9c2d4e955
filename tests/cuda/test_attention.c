/* Attention by products against the host device, over a fake of cuBLAS; and the kernels that GEMMs
 * and weights need, by hand. */
#include "host_cuda_order.h"
#include "operands.h"

#include "gpu/attention.h"
#include "gpu/kernels/kernels.h"
#include "run/weights.h"

/* ---- memory: NaN at first, but for workspaces ---- */

cudaError_t cudaMalloc(void **memory, size_t bytes)
{
  *memory = malloc(bytes);
  if (*memory != NULL && bytes < 16 << 20)
    memset(*memory, 0xff, bytes);
  return *memory != NULL ? cudaSuccess : cudaErrorMemoryAllocation;
}

cudaError_t cudaFree(void *memory)
{
  free(memory);
  return cudaSuccess;
}

static const enum tp_dtype dtypes[] = {TP_DTYPE_FP16, TP_DTYPE_BF16, TP_DTYPE_FP32};

/* Sequences of 3 tokens more than before, the second one longer; rows of qkv are views. */
static const struct shape {
  bool decode;
  enum tp_attention_style style;
  int64_t query_len, kv_len, heads, kv_heads, head_dim, window, later;
} shapes[] = {
    {false, TP_ATTENTION_MATERIALISED, 5, 5, 4, 2, 8, 0, 0},
    {false, TP_ATTENTION_MATERIALISED, 13, 13, 3, 1, 12, 0, 0},
    {true, TP_ATTENTION_MATERIALISED, 1, 9, 4, 4, 16, 0, 0},
    {true, TP_ATTENTION_EXPANDED, 1, 9, 6, 2, 8, 0, 0},
    {true, TP_ATTENTION_EXPANDED, 1, 20, 2, 1, 10, 0, 0},
    /* windows: narrower than what there is, as wide, wider */
    {false, TP_ATTENTION_MATERIALISED, 13, 13, 3, 1, 12, 5, 0},
    {false, TP_ATTENTION_MATERIALISED, 13, 13, 3, 1, 12, 1, 0},
    {false, TP_ATTENTION_MATERIALISED, 5, 5, 4, 2, 8, 5, 0},
    {false, TP_ATTENTION_MATERIALISED, 5, 5, 4, 2, 8, 9, 0},
    {true, TP_ATTENTION_MATERIALISED, 1, 9, 4, 4, 16, 2, 0},
    {true, TP_ATTENTION_EXPANDED, 1, 20, 2, 1, 10, 7, 0},
    {true, TP_ATTENTION_EXPANDED, 1, 9, 6, 2, 8, 9, 0},
    /* behind what is cached, with a window and without */
    {false, TP_ATTENTION_MATERIALISED, 4, 11, 4, 2, 8, 0, 0},
    {false, TP_ATTENTION_MATERIALISED, 4, 11, 4, 2, 8, 6, 0},
    /* the first half of a sequence */
    {false, TP_ATTENTION_MATERIALISED, 4, 11, 4, 2, 8, 0, 3},
    {false, TP_ATTENTION_MATERIALISED, 1, 8, 4, 2, 8, 5, 1},
};
enum { N_SHAPES = sizeof shapes / sizeof *shapes };

static void begin(struct trial *trial, const struct shape *shape, struct layout layout)
{
  const int64_t capacity = 24, kv = shape->kv_heads * shape->head_dim;
  trial_begin(trial, TP_FUNCTION_UNNAMED, 2, shape->query_len);
  trial->op = (struct tp_op){.name = "attn.attention", .kind = TP_OP_ATTENTION};
  trial->op.half = shape->later > 0 ? 1 : 0;
  trial->program.batch.chunks[0].tokens += shape->later;
  trial->op.attention = (struct tp_attention){.style = shape->style,
                                              .batch = 2,
                                              .query_len = shape->query_len,
                                              .kv_len = shape->kv_len,
                                              .heads = shape->heads,
                                              .kv_heads = shape->kv_heads,
                                              .head_dim = shape->head_dim,
                                              .window = shape->window,
                                              .dtype = layout.dtype};
  trial_in(trial, layout, 2 * shape->query_len,
           (shape->heads + 2 * shape->kv_heads) * shape->head_dim);
  trial_in(trial, (struct layout){.dtype = layout.dtype}, 2 * capacity, kv);
  trial_in(trial, (struct layout){.dtype = layout.dtype}, 2 * capacity, kv);
  const int32_t length = (int32_t)shape->kv_len;
  /* What is past a shorter sequence's end is a number, but may not matter. */
  const bool shorter = shape->decode && shape->kv_len > 4;
  const int32_t later = (int32_t)shape->later;
  trial_index(trial, 2, (const int32_t[]){(shorter ? length - 4 : length) + later, length + later});
  for (int64_t row = shape->kv_len; row < capacity; row++) /* nobody wrote these */
    for (int64_t column = 0; column < kv; column++)
      tp_element_set(layout.dtype, trial->kernel.in[2].data, row * kv + column, NAN);
  if (shorter)
    for (int64_t i = (shape->kv_len - 4) * kv; i < shape->kv_len * kv; i++)
      tp_element_set(layout.dtype, trial->kernel.in[2].data, i, 1000);
  trial_out(trial, (struct layout){.dtype = layout.dtype}, 2 * shape->query_len,
            shape->heads * shape->head_dim);
}

START_TEST(products)
{
  const struct shape *shape = &shapes[_i / 3];
  const struct layout layout = {.dtype = dtypes[_i % 3], .gap = 8 * (_i % 2)};
  struct tp_error error;
  struct tp_gpu_attention *attention = NULL;
  struct trial trial;
  begin(&trial, shape, layout);
  ck_assert_int_eq(tp_gpu_attention_open(&attention, &error), TP_OK);
  /* What was never run has no room in a capture. */
  ck_assert_int_eq(tp_gpu_attention_run(attention, &trial.kernel, NULL, true, &error), TP_E_INPUT);
  ck_assert_msg(strstr(error.text, "run the pass once before") != NULL, "%s", error.text);
  for (int again = 0; again < 2; again++) {
    host_cuda_seed((uint64_t)again);
    ck_assert_msg(tp_gpu_attention_run(attention, &trial.kernel, NULL, again > 0, &error) == TP_OK,
                  "%s", error.text);
  }
  tp_gpu_attention_close(attention);
  ck_assert_int_eq(tp_host_compute(&trial.host, 0, trial.arena, &error), TP_OK);
  const struct twin *out = &trial.twins[trial.n_twins - 1];
  /* Scores and probabilities are rounded on their way. */
  for (size_t i = 0; i < out->elements; i++) {
    const double got = (double)tp_element_value(layout.dtype, out->kernel_memory, (int64_t)i);
    const double want = (double)tp_element_value(layout.dtype, out->host_memory, (int64_t)i);
    ck_assert_msg(fabs(got - want) <= 4 * rounding(layout.dtype) * (fabs(want) + 1),
                  "shape %d: element %zu is %.9g, want %.9g", _i / 3, i, got, want);
  }
  trial_end(&trial);
}
END_TEST

/* The same bits as the host's, all types, from the middle of a matrix. */
START_TEST(weights)
{
  static const enum tp_dtype all[] = {TP_DTYPE_FP16, TP_DTYPE_BF16, TP_DTYPE_FP32, TP_DTYPE_FP8};
  const int64_t widths[] = {1, 16, 37, 100};
  const struct tp_fill fill = {.key = 0x1234567890abcdefu,
                               .rows = 9,
                               .columns = widths[_i / 4],
                               .first_row = 70,
                               .first_column = 1000,
                               .mean = 1,
                               .spread = 0.1,
                               .dtype = all[_i % 4]};
  const size_t n = (size_t)(fill.rows * fill.columns);
  unsigned char *got = malloc(n * 4), *want = malloc(n * 4);
  memset(got, 0xff, n * 4);
  memset(want, 0xff, n * 4);
  ck_assert_int_eq((int)tp_kernel_fill(got, &fill, NULL), (int)cudaSuccess);
  for (int64_t row = 0; row < fill.rows; row++)
    for (int64_t column = 0; column < fill.columns; column++)
      tp_element_set(fill.dtype, want, row * fill.columns + column,
                     tp_fill_value(&fill, row, column));
  ck_assert_mem_eq(got, want, n * 4);
  free(got);
  free(want);
}
END_TEST

/* Scale and values of fp8 activations; zeros have scale 1. */
START_TEST(fp8_activations)
{
  const enum tp_dtype dtype = dtypes[_i % 3];
  const int64_t columns = _i / 3 % 2 == 0 ? 64 : 37, rows = 3;
  struct trial trial;
  trial_begin(&trial, TP_FUNCTION_COPY, 1, 1);
  struct twin *x = trial_in(&trial, (struct layout){.dtype = dtype, .gap = 8}, rows, columns);
  if (_i >= 6)
    memset(x->kernel_memory, 0, x->elements * (size_t)tp_dtype_bytes(dtype));
  else
    tp_element_set(dtype, x->kernel.data, x->kernel.row_elements + 1, -7.0f);
  unsigned char y[3 * 64], want;
  float scale[TP_SCALE_FLOATS];
  ck_assert_int_eq((int)tp_kernel_quantise(&x->kernel, y, scale, NULL), (int)cudaSuccess);
  ck_assert_rel((double)scale[0], _i >= 6 ? 1 : 7.0 / 448, 1e-6);
  for (int64_t row = 0; row < rows; row++)
    for (int64_t column = 0; column < columns; column++) {
      const float value =
          tp_element_value(dtype, x->kernel.data, row * x->kernel.row_elements + column);
      tp_element_set(TP_DTYPE_FP8, &want, 0, value / scale[0]);
      ck_assert_uint_eq(y[row * columns + column], want);
    }
  trial_end(&trial);
}
END_TEST

/* Built without cuDNN, as this test is. */
START_TEST(no_flash)
{
  const struct shape flash = {true, TP_ATTENTION_FLASH, 1, 9, 4, 4, 16, 0, 0};
  struct tp_error error;
  struct tp_gpu_attention *attention = NULL;
  struct trial trial;
  begin(&trial, &flash, (struct layout){.dtype = TP_DTYPE_BF16});
  ck_assert_int_eq(tp_gpu_attention_open(&attention, &error), TP_OK);
  /* Opening cuDNN allocates: never within a capture. */
  ck_assert_int_eq(tp_gpu_attention_run(attention, &trial.kernel, NULL, true, &error), TP_E_INPUT);
  ck_assert_int_eq(tp_gpu_attention_run(attention, &trial.kernel, NULL, false, &error),
                   TP_E_ENVIRONMENT);
  ck_assert_msg(strstr(error.text, "choose materialised attention") != NULL, "%s", error.text);
  tp_gpu_attention_close(attention);
  trial_end(&trial);
}
END_TEST

static Suite *suite(void)
{
  Suite *s = suite_create("attention");
  TCase *cases = tcase_create("cases");
  tcase_set_timeout(cases, 60);
  tcase_add_loop_test(cases, products, 0, 3 * N_SHAPES);
  tcase_add_loop_test(cases, weights, 0, 16);
  tcase_add_loop_test(cases, fp8_activations, 0, 12);
  tcase_add_test(cases, no_flash);
  suite_add_tcase(s, cases);
  return s;
}

TP_SUITE_MAIN
