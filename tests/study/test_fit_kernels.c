/* Fits must find back the parameters that made the times, and shrug off a wrong one. */
#include "cost/cost.h"
#include "fit/kernels.h"

#include "../suite.h"

#include <string.h>

static const struct tp_fit_options options = {.hold_out_ratio = 1.0 / 3};

enum { MOST_SAMPLES = 4096 };

static struct tp_arena *arena;
static struct tp_device truth;
static struct tp_kernel_sample samples[MOST_SAMPLES];
static size_t n_samples;

static void setup(void)
{
  struct tp_error error = {""};
  struct tp_doc doc;
  arena = tp_arena_create();
  n_samples = 0;
  ck_assert_msg(tp_doc_open(TP_SRCDIR "/platforms/devices/h100-sxm.json", arena, &doc, &error) ==
                        TP_OK &&
                    tp_device_read(&doc, arena, &truth, &error) == TP_OK,
                "%s", error.text);
  tp_doc_close(&doc);
}

static void teardown(void)
{
  tp_arena_free(arena);
}

/* The time that the true device gives, off by `factor`. */
static void add_sample(struct tp_op op, double factor)
{
  const struct tp_stack stack = {.name = "none"};
  const struct tp_machine machine = {
      .device = &truth, .stack = &stack, .dram_bytes_per_s = truth.datasheet.dram_bytes_per_s};
  const struct tp_cost cost = tp_cost_op(&machine, true, &op);
  ck_assert(n_samples < MOST_SAMPLES);
  samples[n_samples++] =
      (struct tp_kernel_sample){.op = op, .time_s = tp_cost_alone_s(&machine, &cost) * factor};
}

static void add_gemms(void)
{
  for (int64_t m = 1; m <= 32768; m *= 2)
    for (int64_t n = 128; n <= 32768; n *= 2)
      for (int64_t k = 128; k <= 32768; k *= 4)
        add_sample((struct tp_op){.kind = TP_OP_GEMM,
                                  .gemm = {.m = m, .n = n, .k = k, .dtype = TP_DTYPE_BF16}},
                   1);
}

static void fit(const char *group, struct tp_device *device, struct tp_kernel_fit *result)
{
  struct tp_error error = {""};
  const enum tp_status status =
      tp_fit_kernels(group, samples, n_samples, &options, device, arena, result, &error);
  ck_assert_msg(status == TP_OK, "%s", error.text);
}

START_TEST(finds_a_gemm_back)
{
  struct tp_device device = truth;
  struct tp_kernel_fit result;
  add_gemms();
  device.gemm.launch_s *= 1.5;
  device.gemm.compute_ratio = 0.6;
  device.gemm.dram_ratio = 0.6;
  device.gemm.split_s *= 2;
  device.gemm.sm_bytes_per_s /= 1.5;
  fit("gemm", &device, &result);
  ck_assert_msg(result.held_out_error < 5e-3, "held out: %g", result.held_out_error);
  ck_assert_rel(device.gemm.launch_s, truth.gemm.launch_s, 0.02);
  ck_assert_rel(device.gemm.compute_ratio, truth.gemm.compute_ratio, 0.02);
  ck_assert_rel(device.gemm.dram_ratio, truth.gemm.dram_ratio, 0.02);
  ck_assert_rel(device.gemm.sustained_ratio, truth.gemm.sustained_ratio, 1e-15);
  ck_assert_rel(device.gemm_fp8.launch_s, truth.gemm_fp8.launch_s, 1e-15);
  ck_assert_uint_eq(result.n_parameters, 11); /* quantise_* are off in the file and stay so */
  ck_assert_uint_eq(result.n_fitted + result.n_held_out, n_samples);
  ck_assert(result.n_held_out > n_samples / 4 && result.n_held_out < n_samples / 2);
}
END_TEST

/* Each seventh time ten times too long moves a least-squares launch time by 39 %. */
START_TEST(bears_outliers)
{
  struct tp_device device = truth;
  struct tp_kernel_fit result;
  add_gemms();
  for (size_t i = 0; i < n_samples; i += 7)
    samples[i].time_s *= 10;
  fit("gemm", &device, &result);
  ck_assert_rel(device.gemm.launch_s, truth.gemm.launch_s, 0.1);
  ck_assert_rel(device.gemm.dram_ratio, truth.gemm.dram_ratio, 0.1);
  ck_assert(result.spread_ratio > 0.5);
  ck_assert_rel(device.gemm.spread_ratio, result.spread_ratio, 1e-15);
}
END_TEST

START_TEST(finds_memory_back)
{
  truth.memory.row_latency_s = 4e-6; /* the shipped one is switched off, and stays so in a fit */
  struct tp_device device = truth;
  struct tp_kernel_fit result;
  for (double bytes = 1e3; bytes < 1e10; bytes *= 1.2)
    add_sample((struct tp_op){.kind = TP_OP_MEMORY,
                              .memory = {.read_bytes = bytes, .write_bytes = bytes / 2}},
               1);
  device.memory.kernel_floor_s *= 2;
  device.memory.row_latency_s /= 2;
  device.memory.dram_ratio = 0.5;
  fit("memory", &device, &result);
  ck_assert_rel(device.memory.kernel_floor_s, truth.memory.kernel_floor_s, 1e-3);
  ck_assert_rel(device.memory.row_latency_s, truth.memory.row_latency_s, 1e-2);
  ck_assert_rel(device.memory.dram_ratio, truth.memory.dram_ratio, 1e-3);
}
END_TEST

/* Drawing by an SM and computing trade places unseen, so the rest is found less exactly. */
START_TEST(finds_attention_back)
{
  struct tp_device device = truth;
  struct tp_kernel_fit result;
  for (int64_t batch = 1; batch <= 256; batch *= 2)
    for (int64_t kv_heads = 1; kv_heads <= 8; kv_heads *= 2)
      for (int64_t keys = 16; keys <= 65536; keys = keys * 3 / 2)
        add_sample((struct tp_op){.kind = TP_OP_ATTENTION,
                                  .attention = {.batch = batch,
                                                .query_len = 1,
                                                .kv_len = keys,
                                                .heads = 8,
                                                .kv_heads = kv_heads,
                                                .head_dim = 128,
                                                .dtype = TP_DTYPE_BF16}},
                   1);
  device.attention_decode.launch_s *= 1.4;
  device.attention_decode.dram_ratio = 0.7;
  device.attention_decode.unit_s *= 0.7;
  fit("attention_decode", &device, &result);
  ck_assert_msg(result.held_out_error < 0.04, "held out: %g", result.held_out_error);
  ck_assert_rel(device.attention_decode.dram_ratio, truth.attention_decode.dram_ratio, 0.03);
}
END_TEST

#define GEMM_OF(type)                                 \
  {                                                   \
    .kind = TP_OP_GEMM, .gemm.dtype = TP_DTYPE_##type \
  }
#define EXPERTS_OF(type)                                    \
  {                                                         \
    .kind = TP_OP_EXPERTS, .experts.dtype = TP_DTYPE_##type \
  }
static const struct {
  struct tp_op op;
  const char *group; /* NULL: none */
} groups[] = {
    {GEMM_OF(FP16), "gemm"},
    {GEMM_OF(W4A16), "gemm"},
    {GEMM_OF(FP8), "gemm_fp8"},
    {GEMM_OF(W4A8_MXFP4), "gemm_fp8"},
    {GEMM_OF(FP8_BLOCK), "gemm_fp8_block"},
    {GEMM_OF(NVFP4), "gemm_nvfp4"},
    {EXPERTS_OF(BF16), "experts"},
    {EXPERTS_OF(FP8), "experts_fp8"},
    {EXPERTS_OF(FP8_BLOCK), "experts_fp8_block"},
    {EXPERTS_OF(NVFP4), "experts_nvfp4"},
    {EXPERTS_OF(W4A16), "experts_w4a16_marlin"},
    {EXPERTS_OF(W4A16_MXFP4), "experts_w4a16"},
    {EXPERTS_OF(W4A8_MXFP4), "experts_w4a8"},
    {{.kind = TP_OP_LATENT}, "latent_prefill"},
    {{.kind = TP_OP_LATENT, .latent.absorbed = true}, "latent_decode"},
    {{.kind = TP_OP_ATTENTION}, "attention_prefill"},
    {{.kind = TP_OP_ATTENTION, .attention.query_len = 1}, "attention_decode"},
    {{.kind = TP_OP_ATTENTION, .attention.style = TP_ATTENTION_EXPANDED}, NULL},
    {{.kind = TP_OP_MEMORY}, "memory"},
    {{.kind = TP_OP_QUANTISE}, "scaling"},
    {{.kind = TP_OP_COLLECTIVE}, NULL},
};

START_TEST(names_the_group)
{
  const char *const group = tp_fit_group_of(&groups[_i].op);
  if (groups[_i].group == NULL)
    ck_assert_ptr_null(group);
  else
    ck_assert_str_eq(group, groups[_i].group);
}
END_TEST

START_TEST(refusals)
{
  struct tp_device device = truth;
  struct tp_kernel_fit result;
  struct tp_error error = {""};
  for (int64_t i = 0; i < 6; i++)
    add_sample((struct tp_op){.kind = TP_OP_GEMM,
                              .gemm = {.m = 16 << i, .n = 512, .k = 512, .dtype = TP_DTYPE_BF16}},
               1);
  ck_assert_int_eq(
      tp_fit_kernels("gemm", samples, n_samples, &options, &device, arena, &result, &error),
      TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "6 samples are too few"));
  ck_assert_int_eq(
      tp_fit_kernels("nccl", samples, n_samples, &options, &device, arena, &result, &error),
      TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "no kernel group 'nccl'"));
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("fit kernels");
  TCase *tcase = tcase_create("fits");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, finds_a_gemm_back);
  tcase_add_test(tcase, bears_outliers);
  tcase_add_test(tcase, finds_memory_back);
  tcase_add_test(tcase, finds_attention_back);
  tcase_add_loop_test(tcase, names_the_group, 0, sizeof groups / sizeof groups[0]);
  tcase_add_test(tcase, refusals);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
