/* Flash attention as cuDNN is told to do it, computed operation by operation: against the host
 * device's numbers. */
#include "../suite.h"
#include "fake_cudnn.h"
#include "fake_gpu.h"
#include "gpu/sdpa.h"
#include "host/math.h"
#include "run/element.h"
#include "run/fill_value.h"

#include <string.h>

enum { SPARE = 3, MOST = 1 << 15, MOST_BATCH = 8 };

struct shape {
  bool decode;
  int64_t batch, query_len, kv_len, heads, kv_heads, head_dim, gap, window, later;
};

static const struct shape shapes[] = {
    {false, 1, 1, 1, 1, 1, 8, 0, 0, 0},
    {false, 1, 9, 9, 2, 2, 16, 0, 0, 0},
    {false, 3, 7, 7, 4, 1, 8, 24, 0, 0},
    {false, 2, 12, 12, 6, 2, 16, 8, 0, 0},
    {false, 2, 5, 5, 8, 8, 8, 16, 0, 0},
    {true, 1, 1, 1, 1, 1, 8, 0, 0, 0},
    {true, 4, 1, 11, 2, 2, 16, 0, 0, 0},
    {true, 3, 1, 17, 8, 2, 8, 24, 0, 0},
    {true, 5, 1, 6, 6, 3, 16, 8, 0, 0},
    {true, 2, 1, 20, 8, 1, 16, 40, 0, 0},
    /* windows: narrower than what there is, of one, as wide, wider */
    {false, 3, 7, 7, 4, 1, 8, 24, 3, 0},
    {false, 2, 12, 12, 6, 2, 16, 8, 1, 0},
    {false, 1, 9, 9, 2, 2, 16, 0, 9, 0},
    {false, 1, 9, 9, 2, 2, 16, 0, 20, 0},
    {true, 3, 1, 17, 8, 2, 8, 24, 5, 0},
    {true, 5, 1, 6, 6, 3, 16, 8, 1, 0},
    {true, 4, 1, 11, 2, 2, 16, 0, 11, 0},
    {true, 4, 1, 11, 2, 2, 16, 0, 12, 0},
    /* behind what is cached, with a window and without */
    {false, 3, 4, 11, 4, 1, 8, 24, 0, 0},
    {false, 2, 5, 12, 6, 2, 16, 8, 6, 0},
    /* the first half of a sequence, and one token of it */
    {false, 2, 5, 12, 6, 2, 16, 8, 6, 2},
    {false, 3, 1, 11, 4, 1, 8, 24, 0, 1},
    {false, 3, 1, 11, 4, 1, 8, 24, 4, 1},
};
enum { N_SHAPES = sizeof shapes / sizeof shapes[0], PREFILL = 2, DECODE = 7 };

static const enum tp_dtype dtypes[] = {TP_DTYPE_FP16, TP_DTYPE_BF16};
/* A weighted mean of values in +-1, of weights rounded to the type: twice a unit in the last place.
 */
static const double bounds[] = {0x1p-9, 0x1p-6};

static struct tp_gpu_sdpa *sdpa;
static struct tp_error error;
static const cudaStream_t stream = (cudaStream_t)(intptr_t)1;

struct work {
  struct tp_program program;
  struct tp_op op;
  struct tp_bound_op bound;
  struct tp_tensor tensors[5];
  int32_t lengths[MOST_BATCH];
  _Alignas(256) unsigned char data[4][2 * MOST];
};
static struct work work;

static void setup(void)
{
  fake_gpu_reset();
  fake_cudnn_reset();
  error.text[0] = '\0';
  ck_assert_int_eq(tp_gpu_sdpa_open(&sdpa, &error), TP_OK);
}

static void teardown(void)
{
  tp_gpu_sdpa_close(sdpa);
  ck_assert_int_eq(fake_cudnn_objects(), 0);
  ck_assert_int_eq(fake_gpu_objects(), 0);
}

static struct tp_operand matrix(int i, enum tp_dtype dtype, int64_t rows, int64_t columns,
                                int64_t gap)
{
  struct tp_tensor *const tensor = &work.tensors[i];
  *tensor = (struct tp_tensor){.name = "a matrix", .dtype = dtype, .view_of = TP_NO_TENSOR};
  ck_assert_int_le(rows * (columns + gap), MOST);
  memset(work.data[i], 0xff, sizeof work.data[i]);
  return (struct tp_operand){work.data[i], tensor, rows, columns, columns + gap};
}

static void fill_row(const struct tp_operand *of, int64_t row, uint64_t seed, float most)
{
  for (int64_t c = 0; c < of->columns; c++)
    tp_element_set(of->tensor->dtype, of->data, row * of->row_elements + c,
                   most * tp_uniform(seed, row, c));
}

/* Sequences of a decode have different lengths; what lies beyond them in the caches is large, and
 * NaN where the longest does not reach. */
static void make(const struct shape *s, enum tp_dtype dtype)
{
  const int64_t capacity = s->kv_len + SPARE, kv = s->kv_heads * s->head_dim;
  const int64_t columns = (s->heads + 2 * s->kv_heads) * s->head_dim,
                rows = s->batch * s->query_len;
  work.program = (struct tp_program){.batch = tp_batch_prefill(s->batch, s->query_len + s->later)};
  work.op = (struct tp_op){.name = "attn",
                           .kind = TP_OP_ATTENTION,
                           .half = s->later > 0 ? 1 : 0,
                           .n_in = 4,
                           .n_out = 1,
                           .attention = {.batch = s->batch,
                                         .query_len = s->query_len,
                                         .kv_len = s->kv_len,
                                         .heads = s->heads,
                                         .kv_heads = s->kv_heads,
                                         .head_dim = s->head_dim,
                                         .window = s->window,
                                         .dtype = dtype}};
  work.bound = (struct tp_bound_op){.op = &work.op, .program = &work.program};
  work.bound.in[0] = matrix(0, dtype, rows, columns, s->gap);
  work.bound.in[1] = matrix(1, dtype, s->batch * capacity, kv, 0);
  work.bound.in[2] = matrix(2, dtype, s->batch * capacity, kv, s->gap);
  work.bound.out[0] = matrix(3, dtype, rows, s->heads * s->head_dim, 2 * s->gap);
  work.tensors[4] = (struct tp_tensor){.name = "lengths", .kind = TP_TENSOR_INDEX};
  work.bound.in[3] = (struct tp_operand){work.lengths, &work.tensors[4], s->batch, 1, 1};
  for (int64_t row = 0; row < rows; row++)
    fill_row(&work.bound.in[0], row, 1, 1);
  for (int64_t b = 0; b < s->batch; b++) {
    work.lengths[b] = (int32_t)(s->decode ? s->kv_len - b % s->kv_len : s->kv_len + s->later);
    for (int64_t t = 0; t < s->kv_len; t++) {
      const float most = t < work.lengths[b] ? 1 : 1000;
      fill_row(&work.bound.in[1], b * capacity + t, 2, most);
      fill_row(&work.bound.in[2], b * capacity + t, 3, most);
    }
  }
}

static enum tp_status run(bool capturing)
{
  return tp_gpu_sdpa_run(sdpa, &work.bound, stream, capturing, &error);
}

/* Within `bound`, and what lies between rows untouched. */
static void compare(double bound)
{
  static _Alignas(256) unsigned char wanted[2 * MOST];
  struct tp_arena *arena = tp_arena_create();
  struct tp_bound_op host = work.bound;
  const struct tp_operand *const out = &work.bound.out[0];
  const enum tp_dtype dtype = out->tensor->dtype;
  host.out[0].data = wanted;
  ck_assert_int_eq(tp_host_attention(&host, arena, &error), TP_OK);
  for (int64_t i = 0; i < out->rows * out->row_elements; i++) {
    const double got = (double)tp_element_value(dtype, out->data, i);
    const double want = (double)tp_element_value(dtype, wanted, i);
    if (i % out->row_elements >= out->columns)
      ck_assert_msg(isnan(got), "element %lld beyond a row is %g", (long long)i, got);
    else
      ck_assert_msg(fabs(got - want) <= bound, "element %lld is %g, want %g", (long long)i, got,
                    want);
  }
  tp_arena_free(arena);
}

static void check_run(double bound)
{
  const enum tp_status status = run(false);
  ck_assert_msg(status == TP_OK, "%s", error.text);
  compare(bound);
}

START_TEST(every_shape)
{
  make(&shapes[_i % N_SHAPES], dtypes[_i / N_SHAPES]);
  check_run(bounds[_i / N_SHAPES]);
  ck_assert_ptr_eq(fake_cudnn_stream(), stream);
  ck_assert_int_eq(fake_cudnn_fall_backs(), 0);
}
END_TEST

/* Scores of hundreds, whose exponentials fp32 does not hold. */
START_TEST(large_scores)
{
  make(&shapes[PREFILL], TP_DTYPE_FP16);
  for (int i = 0; i < 2; i++) {
    const struct tp_operand *const of = &work.bound.in[i];
    for (int64_t e = 0; e < of->rows * of->row_elements; e++)
      tp_element_set(TP_DTYPE_FP16, of->data, e, 32 * tp_element_value(TP_DTYPE_FP16, of->data, e));
  }
  check_run(bounds[0]);
}
END_TEST

/* Lengths are read when it runs: the same plan goes on as sequences grow, captured or not. */
START_TEST(sequences_grow)
{
  make(&shapes[DECODE], TP_DTYPE_FP16);
  check_run(bounds[0]);
  const int plans = fake_cudnn_plans(), made = fake_gpu_allocations();
  for (int64_t b = 0; b < shapes[DECODE].batch; b++) {
    const int64_t row = b * (shapes[DECODE].kv_len + SPARE) + work.lengths[b];
    if (work.lengths[b] == shapes[DECODE].kv_len)
      continue;
    fill_row(&work.bound.in[1], row, 2, 1);
    fill_row(&work.bound.in[2], row, 3, 1);
    work.lengths[b]++;
  }
  fake_cudnn_capturing = true;
  ck_assert_int_eq(run(true), TP_OK);
  compare(bounds[0]);
  ck_assert_int_eq(fake_cudnn_plans(), plans);
  ck_assert_int_eq(fake_gpu_allocations(), made);
}
END_TEST

/* All that a plan depends on is part of its key. */
START_TEST(plans_once)
{
  make(&shapes[PREFILL], TP_DTYPE_FP16);
  check_run(bounds[0]);
  check_run(bounds[0]);
  ck_assert_int_eq(fake_cudnn_plans(), 1);
  make(&shapes[PREFILL], TP_DTYPE_BF16);
  check_run(bounds[1]);
  ck_assert_int_eq(fake_cudnn_plans(), 2);
  struct tp_operand *const operands[] = {&work.bound.in[0], &work.bound.in[1], &work.bound.in[2],
                                         &work.bound.out[0]};
  for (int i = 0; i < 4; i++) {
    operands[i]->row_elements += 8;
    ck_assert_int_eq(run(false), TP_OK);
    ck_assert_int_eq(fake_cudnn_plans(), 3 + i);
  }
  work.bound.in[1].rows = work.bound.in[2].rows += shapes[PREFILL].batch;
  ck_assert_int_eq(run(false), TP_OK);
  ck_assert_int_eq(fake_cudnn_plans(), 7);
  const cudaStream_t another = (cudaStream_t)(intptr_t)2;
  ck_assert_int_eq(tp_gpu_sdpa_run(sdpa, &work.bound, another, false, &error), TP_OK);
  ck_assert_int_eq(fake_cudnn_plans(), 8);
  ck_assert_ptr_eq(fake_cudnn_stream(), another);
  work.op.attention.window = 2;
  ck_assert_int_eq(run(false), TP_OK);
  ck_assert_int_eq(fake_cudnn_plans(), 9);
}
END_TEST

START_TEST(new_while_capturing)
{
  make(&shapes[DECODE], TP_DTYPE_FP16);
  fake_cudnn_capturing = true;
  ck_assert_int_eq(run(true), TP_E_INPUT);
  ck_assert_str_eq(error.text,
                   "attention of this shape is new and already captured; run the pass once before");
  fake_cudnn_capturing = false;
  check_run(bounds[0]);
}
END_TEST

/* The next best engine, and the fall back, are taken before it gives up. */
START_TEST(engines_that_refuse)
{
  make(&shapes[PREFILL], TP_DTYPE_FP16);
  fake_cudnn_lacks_best = _i == 0;
  fake_cudnn_refused = _i;
  check_run(bounds[0]);
  ck_assert_int_eq(fake_cudnn_refused, 0);
}
END_TEST

START_TEST(no_engine)
{
  make(&shapes[_i == 0 ? PREFILL : DECODE], TP_DTYPE_FP16);
  fake_cudnn_refused = 4;
  ck_assert_int_eq(run(false), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, _i == 0 ? "batch 3, 7 queries on 7 keys, 4/1 heads of 8"
                                                   : "batch 3, 1 queries on 17 keys"));
  ck_assert_ptr_nonnull(strstr(error.text, "the reason"));
  ck_assert_ptr_nonnull(strstr(error.text, _i == 0 ? "choose materialised attention "
                                                     "(attention.prefill of the stack)"
                                                   : "(attention.decode of the stack)"));
}
END_TEST

START_TEST(refuses)
{
  make(&shapes[DECODE], TP_DTYPE_FP16);
  work.bound.in[1].rows = 10;
  ck_assert_int_eq(run(false), TP_E_INPUT);
  make(&shapes[DECODE], TP_DTYPE_FP16);
  work.op.attention.dtype = TP_DTYPE_FP8;
  ck_assert_int_eq(run(false), TP_E_INPUT);
  make(&shapes[DECODE], TP_DTYPE_FP16);
  work.op.attention.heads = 9;
  ck_assert_int_eq(run(false), TP_E_INPUT);
  make(&shapes[DECODE], TP_DTYPE_FP16);
  work.bound.in[0].rows--;
  ck_assert_int_eq(run(false), TP_E_INPUT);
  ck_assert_int_eq(fake_cudnn_plans(), 0);
}
END_TEST

/* Whichever call fails once, nothing is lost and the next try is well; a failed plan may be made
 * up for by the next. */
START_TEST(every_call_fails_once)
{
  int n = 1, told = 0;
  for (;; n++) {
    teardown();
    setup();
    make(&shapes[DECODE], TP_DTYPE_FP16);
    fake_gpu_fails_in = n;
    const enum tp_status status = run(false);
    if (fake_gpu_fails_in > 0)
      break; /* so many calls there are not */
    ck_assert(status == TP_OK || status == TP_E_ENVIRONMENT);
    told += status != TP_OK;
    check_run(bounds[0]);
  }
  ck_assert_int_gt(told, 300);
  fake_gpu_fails_in = 0;
}
END_TEST

START_TEST(an_opening_that_fails)
{
  struct tp_gpu_sdpa *another = NULL;
  const int before = fake_cudnn_objects();
  fake_gpu_fails_in = 1;
  ck_assert_int_eq(tp_gpu_sdpa_open(&another, &error), TP_E_ENVIRONMENT);
  ck_assert_ptr_nonnull(strstr(error.text, "a fault of the test"));
  ck_assert_ptr_null(another);
  ck_assert_int_eq(fake_cudnn_objects(), before);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("gpu_sdpa");
  TCase *tcase = tcase_create("cases");
  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_loop_test(tcase, every_shape, 0, 2 * N_SHAPES);
  tcase_add_test(tcase, large_scores);
  tcase_add_test(tcase, sequences_grow);
  tcase_add_test(tcase, plans_once);
  tcase_add_test(tcase, new_while_capturing);
  tcase_add_loop_test(tcase, engines_that_refuse, 0, 4);
  tcase_add_loop_test(tcase, no_engine, 0, 2);
  tcase_add_test(tcase, refuses);
  tcase_add_test(tcase, every_call_fails_once);
  tcase_add_test(tcase, an_opening_that_fails);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
