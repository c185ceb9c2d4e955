/* GEMMs as cuBLASLt is told to do them, over one that counts by columns: against the host device's
 * numbers. */
#include "../suite.h"
#include "fake_gpu.h"
#include "gpu/gemm.h"
#include "host/math.h"
#include "run/element.h"
#include "run/fill_value.h"
#include "run/weights.h"

#include <string.h>

enum { M = 9, N = 48, K = 32, GAP = 16, MOST = 4096, WEIGHT = 1 };

static struct tp_gpu_gemm *gemm;
static struct tp_error error;
static const cudaStream_t stream = (cudaStream_t)(intptr_t)1;

/* An op with its operands: matrices of M x K, N x K and so on, rows further apart than wide. */
struct work {
  struct tp_op op;
  struct tp_bound_op bound;
  struct tp_tensor tensors[5];
  _Alignas(256) unsigned char data[5][4 * MOST];
};

static void setup_device(int capability)
{
  fake_gpu_reset();
  error.text[0] = '\0';
  ck_assert_int_eq(tp_gpu_gemm_open(capability, &gemm, &error), TP_OK);
}

static void setup(void)
{
  setup_device(90);
}

static void teardown(void)
{
  tp_gpu_gemm_close(gemm);
  ck_assert_int_eq(fake_gpu_objects(), 0);
  ck_assert_int_eq(fake_cublaslt_objects(), 0);
}

static struct tp_operand matrix(struct work *work, int i, enum tp_dtype dtype, int64_t rows,
                                int64_t columns, int64_t gap, uint64_t seed)
{
  struct tp_tensor *const tensor = &work->tensors[i];
  const float unit = i == WEIGHT ? tp_weight_unit(dtype) : 1;
  *tensor = (struct tp_tensor){.name = "a matrix", .dtype = dtype, .view_of = TP_NO_TENSOR};
  memset(work->data[i], 0xff, sizeof work->data[i]);
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < columns && seed > 0; c++)
      tp_element_set(dtype, work->data[i], r * (columns + gap) + c, tp_uniform(seed, r, c) / unit);
  return (struct tp_operand){work->data[i], tensor, rows, columns, columns + gap};
}

static void make(struct work *work, enum tp_dtype dtype, bool bias)
{
  const enum tp_dtype wide = tp_dtype_wide(dtype);
  work->op = (struct tp_op){.name = "gemm",
                            .kind = TP_OP_GEMM,
                            .n_in = bias ? 3 : 2,
                            .n_out = 1,
                            .gemm = {.m = M, .n = N, .k = K, .dtype = dtype}};
  work->bound = (struct tp_bound_op){.op = &work->op};
  work->bound.in[0] = matrix(work, 0, wide, M, K, GAP, 1);
  work->bound.in[1] = matrix(work, WEIGHT, dtype, N, K, 2 * GAP, 2);
  if (bias)
    work->bound.in[2] = matrix(work, 2, wide, N, 1, 0, 3);
  work->bound.out[0] = matrix(work, 3, wide, M, N, 3 * GAP, 0);
}

static float value(const struct tp_operand *operand, int64_t row, int64_t column)
{
  return tp_element_value(operand->tensor->dtype, operand->data,
                          row * operand->row_elements + column);
}

/* Within `bound`, and what lies between rows untouched. */
static void check_output(const struct tp_operand *got, const struct tp_operand *want, double bound)
{
  for (int64_t r = 0; r < got->rows; r++)
    for (int64_t c = 0; c < got->row_elements; c++) {
      const double g = (double)value(got, r, c), w = (double)value(want, r, c);
      if (c >= got->columns)
        ck_assert_msg(isnan(g), "row %lld: column %lld beyond the row is %g", (long long)r,
                      (long long)c, g);
      else
        ck_assert_msg(fabs(g - w) <= bound, "(%lld, %lld) is %.6g, want %.6g", (long long)r,
                      (long long)c, g, w);
    }
}

static void run(const struct work *work)
{
  const enum tp_status status = tp_gpu_gemm_run(gemm, &work->bound, stream, false, &error);
  ck_assert_msg(status == TP_OK, "%s", error.text);
}

static void compare(const struct work *work, double bound)
{
  static struct work want;
  struct tp_arena *arena = tp_arena_create();
  want = *work;
  want.bound.op = &want.op;
  for (int i = 0; i < work->op.n_out; i++) {
    const size_t which = (size_t)(work->bound.out[i].tensor - work->tensors);
    want.bound.out[i].data = want.data[which];
  }
  run(work);
  tp_host_gemm(&want.bound, arena);
  for (int i = 0; i < work->op.n_out; i++)
    check_output(&work->bound.out[i], &want.bound.out[i], bound);
  tp_arena_free(arena);
}

static struct work work;

/* Sums of 32 products of +-1 are some 2 large: a unit in the last place is 2^-7 in bf16. */
static const struct {
  enum tp_dtype dtype;
  bool bias;
  double bound;
} types[] = {
    {TP_DTYPE_BF16, false, 0x1p-6}, {TP_DTYPE_BF16, true, 0x1p-6}, {TP_DTYPE_FP16, false, 0x1p-9},
    {TP_DTYPE_FP16, true, 0x1p-9},  {TP_DTYPE_FP32, false, 1e-5},  {TP_DTYPE_FP32, true, 1e-5},
};

START_TEST(every_type)
{
  make(&work, types[_i].dtype, types[_i].bias);
  compare(&work, types[_i].bound);
  ck_assert_str_eq(fake_gpu_lines(), "");
}
END_TEST

/* x becomes fp8 first, as on the host. */
START_TEST(fp8_of_wide_x)
{
  make(&work, TP_DTYPE_FP8, _i == 1);
  compare(&work, 0x1p-6);
  ck_assert_str_eq(fake_gpu_lines(), "quantise s0\n");
}
END_TEST

/* x that is fp8 goes as it is. */
START_TEST(fp8_of_fp8_x)
{
  make(&work, TP_DTYPE_FP8, false);
  work.bound.in[0] = matrix(&work, 0, TP_DTYPE_FP8, M, K, GAP, 1);
  compare(&work, 0x1p-6);
  ck_assert_str_eq(fake_gpu_lines(), "");
}
END_TEST

START_TEST(no_fp8)
{
  teardown();
  setup_device(80);
  make(&work, TP_DTYPE_FP8, false);
  ck_assert_int_eq(tp_gpu_gemm_run(gemm, &work.bound, stream, false, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, "compute capability 8.0 has no fp8 GEMMs (8.9 and newer have); take "
                               "bf16 or fp16");
}
END_TEST

/* Activations of all columns: half as many by silu(gate) * up, as many by gelu. */
START_TEST(activates)
{
  make(&work, TP_DTYPE_BF16, false);
  work.op.gemm.activates = true;
  work.bound.out[0] = matrix(&work, 3, TP_DTYPE_BF16, M, _i == 0 ? N / 2 : N, GAP, 0);
  compare(&work, 0.1); /* the scratch is bf16, the host's sums are not */
  ck_assert_str_eq(fake_gpu_lines(), "activate s0\n");
}
END_TEST

/* x made fp8 and columns to activate lie side by side in the scratch. */
START_TEST(activates_fp8)
{
  make(&work, TP_DTYPE_FP8, true);
  work.op.gemm.activates = true;
  work.bound.out[0] = matrix(&work, 3, TP_DTYPE_BF16, M, N / 2, GAP, 0);
  compare(&work, 0.1);
  ck_assert_str_eq(fake_gpu_lines(), "quantise s0\nactivate s0\n");
}
END_TEST

/* 16 columns to the first output, the rest to the second, activated or as they are. */
START_TEST(two_outputs)
{
  enum { FIRST = 16 };
  const bool activated = _i == 0;
  make(&work, TP_DTYPE_BF16, true);
  work.op.n_out = 2;
  work.op.gemm.activates = activated;
  work.bound.out[0] = matrix(&work, 3, TP_DTYPE_BF16, M, FIRST, GAP, 0);
  work.bound.out[1] =
      matrix(&work, 4, TP_DTYPE_BF16, M, activated ? (N - FIRST) / 2 : N - FIRST, 2 * GAP, 0);
  compare(&work, 0.1);
  ck_assert_str_eq(fake_gpu_lines(), activated ? "copy s0\nactivate s0\n" : "copy s0\ncopy s0\n");
}
END_TEST

/* The heuristics are asked once a shape; rows, types, alignment and bias are part of it. */
START_TEST(asks_once)
{
  make(&work, TP_DTYPE_BF16, false);
  run(&work);
  const int asked = fake_gpu_heuristics(), made = fake_gpu_allocations();
  run(&work);
  ck_assert_int_eq(fake_gpu_heuristics(), asked);
  work.bound.in[0].row_elements += 8;
  run(&work);
  ck_assert_int_eq(fake_gpu_heuristics(), asked + 1);
  work.bound.in[0].data = work.data[0] + 16;
  run(&work);
  ck_assert_int_eq(fake_gpu_heuristics(), asked + 2);
  work.bound.in[0].rows = work.bound.out[0].rows = M - 1;
  run(&work);
  ck_assert_int_eq(fake_gpu_heuristics(), asked + 3);
  ck_assert_int_eq(fake_gpu_allocations(), made);
}
END_TEST

/* Another bias of the same shape is the one that is added. */
START_TEST(bias_of_this_call)
{
  make(&work, TP_DTYPE_FP32, true);
  compare(&work, 1e-5);
  work.bound.in[2] = matrix(&work, 2, TP_DTYPE_FP32, N, 1, 0, 77);
  compare(&work, 1e-5);
  work.bound.in[2].data = memcpy(work.data[4], work.data[2], 4 * N);
  memset(work.data[2], 0xff, sizeof work.data[2]);
  run(&work);
  ck_assert(!isnan(value(&work.bound.out[0], 0, 0)));
}
END_TEST

/* A larger x made fp8 takes more memory; plans of the smaller go on with the old. */
START_TEST(scales_of_two_scratches)
{
  make(&work, TP_DTYPE_FP8, false);
  work.bound.in[0].rows = work.bound.out[0].rows = 2;
  run(&work);
  const int made = fake_gpu_allocations();
  make(&work, TP_DTYPE_FP8, false);
  for (int i = 0; i < M * (K + GAP); i++)
    tp_element_set(TP_DTYPE_BF16, work.data[0], i, 0.25f);
  compare(&work, 0x1p-6);
  work.bound.in[0].rows = work.bound.out[0].rows = 2;
  compare(&work, 0x1p-6);
  ck_assert_int_eq(fake_gpu_allocations(), made + 1);
}
END_TEST

START_TEST(captured)
{
  make(&work, TP_DTYPE_FP8, false);
  const int asked = fake_gpu_heuristics(), made = fake_gpu_allocations();
  ck_assert_int_eq(tp_gpu_gemm_run(gemm, &work.bound, stream, true, &error), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "run the pass once before"));
  ck_assert_int_eq(fake_gpu_heuristics(), asked);
  ck_assert_int_eq(fake_gpu_allocations(), made);
  run(&work);
  ck_assert_int_eq(tp_gpu_gemm_run(gemm, &work.bound, stream, true, &error), TP_OK);
  ck_assert_int_eq(fake_gpu_allocations(), made + 1);
  work.bound.in[0].rows = work.bound.out[0].rows = M - 1; /* a scratch there is, but no plan */
  ck_assert_int_eq(tp_gpu_gemm_run(gemm, &work.bound, stream, true, &error), TP_E_INPUT);
}
END_TEST

START_TEST(refuses)
{
  make(&work, TP_DTYPE_BF16, false);
  work.bound.in[1].columns = K - 1;
  ck_assert_int_eq(tp_gpu_gemm_run(gemm, &work.bound, stream, false, &error), TP_E_INPUT);
  make(&work, TP_DTYPE_BF16, false);
  work.bound.out[0].columns = N / 2; /* half, but nothing activates */
  ck_assert_int_eq(tp_gpu_gemm_run(gemm, &work.bound, stream, false, &error), TP_E_INPUT);
  work.op.gemm.activates = true;
  work.bound.out[0].columns = N / 3; /* neither half nor all */
  ck_assert_int_eq(tp_gpu_gemm_run(gemm, &work.bound, stream, false, &error), TP_E_INPUT);
  make(&work, TP_DTYPE_FP8, false);
  work.op.gemm.k = work.bound.in[0].columns = work.bound.in[1].columns = K - 8;
  ck_assert_int_eq(tp_gpu_gemm_run(gemm, &work.bound, stream, false, &error), TP_E_ENVIRONMENT);
  ck_assert_ptr_nonnull(strstr(error.text, "multiples of 16"));
  make(&work, TP_DTYPE_BF16, false);
  fake_gpu_lacks_kernels = true;
  ck_assert_int_eq(tp_gpu_gemm_run(gemm, &work.bound, stream, false, &error), TP_E_ENVIRONMENT);
  ck_assert_ptr_nonnull(strstr(error.text, "no kernel for m=9 n=48 k=32"));
}
END_TEST

/* What does not fit is told once: the next op that goes well is not blamed for it. */
START_TEST(no_room)
{
  make(&work, TP_DTYPE_BF16, false);
  fake_gpu_memory_bytes = 1000;
  ck_assert_int_eq(tp_gpu_gemm_run(gemm, &work.bound, stream, false, &error), TP_E_ENVIRONMENT);
  ck_assert_int_eq(cudaGetLastError(), cudaSuccess);
  fake_gpu_memory_bytes = (size_t)1 << 30;
  compare(&work, 0x1p-6);
}
END_TEST

/* Whichever call fails, it is told, nothing is kept, and the next try is well. */
START_TEST(every_call_fails_once)
{
  int n = 1;
  for (;; n++) {
    teardown();
    setup();
    make(&work, TP_DTYPE_FP8, true);
    fake_gpu_fails_in = n;
    const enum tp_status status = tp_gpu_gemm_run(gemm, &work.bound, stream, false, &error);
    if (fake_gpu_fails_in > 0)
      break; /* so many calls there are not */
    ck_assert_int_eq(status, TP_E_ENVIRONMENT);
    ck_assert_ptr_nonnull(strstr(error.text, "a fault of the test"));
    ck_assert_int_eq(cudaGetLastError(), cudaSuccess);
    compare(&work, 0x1p-6);
  }
  ck_assert_int_gt(n, 15);
  fake_gpu_fails_in = 0;
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("gpu_gemm");
  TCase *tcase = tcase_create("cases");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_loop_test(tcase, every_type, 0, sizeof types / sizeof types[0]);
  tcase_add_loop_test(tcase, fp8_of_wide_x, 0, 2);
  tcase_add_test(tcase, fp8_of_fp8_x);
  tcase_add_test(tcase, no_fp8);
  tcase_add_loop_test(tcase, activates, 0, 2);
  tcase_add_test(tcase, activates_fp8);
  tcase_add_loop_test(tcase, two_outputs, 0, 2);
  tcase_add_test(tcase, asks_once);
  tcase_add_test(tcase, bias_of_this_call);
  tcase_add_test(tcase, scales_of_two_scratches);
  tcase_add_test(tcase, captured);
  tcase_add_test(tcase, refuses);
  tcase_add_test(tcase, no_room);
  tcase_add_test(tcase, every_call_fails_once);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
