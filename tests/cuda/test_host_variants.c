/* Every variant whose sum is the model's own gives the model's own numbers, whatever the order. */
#include "run_variant.h"

static struct tp_request request_of(const struct tp_model *model, int tp, enum tp_phase phase)
{
  struct tp_request request = decode_request(model, tp);
  request.phase = phase;
  request.dtype = TP_DTYPE_FP32;
  request.batch = 2;
  request.prompt = 5;
  request.kv_len = 6;
  request.kv_capacity = 8;
  return request;
}

/* Logits of the pass after the prompt, of rank 0. */
static const float *logits(struct run *run, const char *variant, const struct tp_model *model,
                           int tp, uint64_t seed)
{
  run_open(run, tp, seed);
  run_build(run, variant, request_of(model, tp, TP_PREFILL));
  run_pass(run, 5);
  run_build(run, variant, request_of(model, tp, TP_DECODE));
  run_pass(run, 6);
  return run_get(run, 0, run->program.logits);
}

static double worst(const float *got, const float *want, int n)
{
  double most = 0;
  for (int i = 0; i < n; i++) {
    const double error = fabs((double)got[i] - (double)want[i]);
    most = error > most || isnan(error) ? error : most;
  }
  return most;
}

static const char *const same[] = {"standard", "standard+chunked:2"};

START_TEST(sharded_is_unsharded)
{
  const struct tp_model model = toy_model(3);
  struct run alone, run;
  const float *want = logits(&alone, "standard", &model, 1, 1);
  ck_assert(fabsf(want[0]) > 1e-4F);
  for (int tp = 2; tp <= 4; tp += 2)
    for (uint64_t seed = 1; seed <= 3; seed++) {
      const float *got = logits(&run, same[_i], &model, tp, seed);
      ck_assert_msg(worst(got, want, 2 * 1000) < 1e-4, "%s tp %d seed %d: off by %g", same[_i], tp,
                    (int)seed, worst(got, want, 2 * 1000));
      run_close(&run);
    }
  run_close(&alone);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("host_variants");
  TCase *cases = tcase_create("cases");
  tcase_set_timeout(cases, 60);
  tcase_add_loop_test(cases, sharded_is_unsharded, 0, (int)(sizeof same / sizeof *same));
  suite_add_tcase(suite, cases);
  return suite;
}

TP_SUITE_MAIN
