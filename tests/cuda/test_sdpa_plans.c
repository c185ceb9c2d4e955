/* Plans of flash attention as cuDNN itself makes them, for a GPU that it is told of: sm_90.json,
 * with Hopper's limits as its tuning guide states them.  Kernels are chosen and compiled, not run.
 */
#include "../suite.h"
#include "gpu/sdpa_plan.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* cuDNN keeps what it compiled until the end. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
  return "detect_leaks=0";
}

static cudnnBackendDescriptor_t properties;
static const char *(*kernel)(void);
static struct tp_error error;

/* Under the name of CUDA's driver, which cuDNN looks for. */
static bool load_driver(void)
{
  void *const driver = dlopen(TP_FAKE_DRIVER, RTLD_NOW | RTLD_GLOBAL);
  void *const found = driver == NULL ? NULL : dlsym(driver, "fake_driver_kernel");
  memcpy(&kernel, &found, sizeof kernel);
  return found != NULL;
}

/* What another cuDNN wants told of a device may differ. */
static bool tell_device(void)
{
  static char text[4096];
  FILE *file = fopen(TP_SRCDIR "/tests/cuda/sm_90.json", "r");
  if (file == NULL)
    return false;
  const size_t n = fread(text, 1, sizeof text - 1, file);
  text[n] = '\0';
  fclose(file);
  return cudnnBackendCreateDescriptor(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, &properties) ==
             CUDNN_STATUS_SUCCESS &&
         cudnnBackendSetAttribute(properties, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION,
                                  CUDNN_TYPE_CHAR, (int64_t)n + 1, text) == CUDNN_STATUS_SUCCESS &&
         cudnnBackendFinalize(properties) == CUDNN_STATUS_SUCCESS;
}

struct heads {
  int64_t heads, kv_heads, head_dim;
};
struct length {
  int64_t batch, tokens;
};

/* Behind `context` tokens, and of them and itself a query sees `window`. */
struct seen {
  int64_t context, window;
};

static void check_seen(bool decode, struct heads h, struct length l, enum tp_dtype dtype,
                       int64_t gap, struct seen seen)
{
  const int64_t columns = (h.heads + 2 * h.kv_heads) * h.head_dim, kv = h.kv_heads * h.head_dim;
  const struct tp_sdpa_shape shape = {.padded = decode,
                                      .window = seen.window,
                                      .dtype = dtype,
                                      .batch = l.batch,
                                      .query_len = decode ? 1 : l.tokens,
                                      .kv_len = l.tokens + seen.context,
                                      .heads = h.heads,
                                      .kv_heads = h.kv_heads,
                                      .head_dim = h.head_dim,
                                      .capacity = l.tokens + seen.context + 3,
                                      .q_row = columns + gap,
                                      .keys_row = kv,
                                      .values_row = kv,
                                      .row = h.heads * h.head_dim};
  struct tp_sdpa_plan plan;
  const enum tp_status status =
      tp_sdpa_plan_make(&(struct tp_sdpa_target){.properties = properties}, &shape, &plan, &error);
  ck_assert_msg(status == TP_OK, "%s", error.text);
  ck_assert_msg(strstr(kernel(), "flash") != NULL, "not flash attention: %s", kernel());
  ck_assert_int_ge(plan.workspace_bytes, 0);
  tp_sdpa_plan_free(&plan);
}

static void check(bool decode, struct heads h, struct length l, enum tp_dtype dtype, int64_t gap)
{
  check_seen(decode, h, l, dtype, gap, (struct seen){0, 0});
}

/* Shards of 8B and 70B Llamas at TP 1 to 8. */
static const struct heads llamas[] = {{32, 8, 128}, {16, 4, 128}, {8, 2, 128},  {4, 1, 128},
                                      {64, 8, 128}, {32, 4, 128}, {16, 2, 128}, {8, 1, 128}};
static const struct length prefills[] = {{1, 256}, {1, 4096}, {64, 1024}};
static const struct length decodes[] = {{1, 1024}, {4, 1024}, {64, 4096}};
enum { N_LLAMAS = 8, N_LENGTHS = 3 };

/* A quarter of a second a plan, and more to load cuDNN: every shard with one length and type of
 * each, one after the other. */
START_TEST(llama)
{
  for (int i = 0; i < N_LLAMAS; i++) {
    const enum tp_dtype dtype = i % 2 == 0 ? TP_DTYPE_BF16 : TP_DTYPE_FP16;
    check(false, llamas[i], prefills[i % N_LENGTHS], dtype, 0);
    check(true, llamas[i], decodes[(i + 1) % N_LENGTHS], dtype, 0);
  }
}
END_TEST

/* Those of the selftest: small heads, rows with something beside q, k and v. */
START_TEST(selftest)
{
  static const struct {
    struct heads heads;
    struct length prefill, decode;
    int64_t gap;
  } cases[] = {{{1, 1, 16}, {1, 1}, {1, 1}, 24},
               {{4, 4, 16}, {3, 5}, {3, 9}, 24},
               {{6, 2, 32}, {2, 37}, {5, 70}, 0},
               {{8, 1, 64}, {1, 65}, {2, 33}, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const enum tp_dtype dtype = i % 2 == 0 ? TP_DTYPE_FP16 : TP_DTYPE_BF16;
    check(false, cases[i].heads, cases[i].prefill, dtype, cases[i].gap);
    check(true, cases[i].heads, cases[i].decode, dtype, cases[i].gap);
  }
}
END_TEST

/* Windows of Mistral and Gemma, of one token, and wider than all there is; chunks of a prompt
 * behind what is cached, with and without. */
START_TEST(windows)
{
  static const struct {
    bool decode;
    struct heads heads;
    struct length length;
    struct seen seen;
  } cases[] = {
      {false, {32, 8, 128}, {1, 8192}, {0, 4096}},    {false, {8, 4, 64}, {3, 100}, {0, 1}},
      {false, {8, 4, 64}, {3, 100}, {0, 1000}},       {true, {32, 8, 128}, {4, 8192}, {0, 4096}},
      {true, {8, 4, 64}, {3, 100}, {0, 1}},           {true, {8, 4, 64}, {3, 100}, {0, 1000}},
      {false, {32, 8, 128}, {1, 2048}, {6144, 0}},    {false, {4, 4, 16}, {3, 2}, {5, 0}},
      {false, {32, 8, 128}, {1, 2048}, {6144, 4096}}, {false, {4, 4, 16}, {3, 2}, {5, 3}}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    check_seen(cases[i].decode, cases[i].heads, cases[i].length,
               i % 2 == 0 ? TP_DTYPE_BF16 : TP_DTYPE_FP16, 0, cases[i].seen);
}
END_TEST

/* cuDNN's own words say why there is no plan. */
START_TEST(no_engine)
{
  const struct tp_sdpa_shape odd = {.dtype = TP_DTYPE_BF16,
                                    .batch = 1,
                                    .query_len = 8,
                                    .kv_len = 8,
                                    .heads = 2,
                                    .kv_heads = 2,
                                    .head_dim = 7,
                                    .capacity = 8,
                                    .q_row = 42,
                                    .keys_row = 14,
                                    .values_row = 14,
                                    .row = 14};
  struct tp_sdpa_plan plan;
  ck_assert_int_eq(
      tp_sdpa_plan_make(&(struct tp_sdpa_target){.properties = properties}, &odd, &plan, &error),
      TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "2/2 heads of 7"));
  ck_assert_ptr_nonnull(strstr(error.text, "choose materialised attention"));
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("sdpa_plans");
  TCase *tcase = tcase_create("sm_90");
  tcase_set_timeout(tcase, 120);
  tcase_add_test(tcase, llama);
  tcase_add_test(tcase, selftest);
  tcase_add_test(tcase, windows);
  tcase_add_test(tcase, no_engine);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  if (!load_driver() || !tell_device()) {
    puts("1..0 # SKIP this cuDNN plans for no device that it does not see");
    return EXIT_SUCCESS;
  }
  SRunner *runner = srunner_create(suite());
  srunner_run_all(runner, CK_ENV);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
