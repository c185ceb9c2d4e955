/* Models whose layers are of several kinds: a period of layers is timed as exactly as one layer,
 * and how far its time may be off is the same. */
#include "patterns.h"

enum { MOST_PERIOD = 6 };

/* Kinds that are alike change nothing, in whatever order they come. */
START_TEST(a_period_of_equal_kinds_is_uniform)
{
  struct world world;
  const struct tp_setup *setup = open(&world, _i % 2 == 0 ? "vllm-graph" : "eager");
  const char *name = variant(_i / 2);
  for (int pass = PREFILL; pass < PASSES; pass++) {
    struct built uniform, periodic;
    const struct tp_model alike = model_of(1, 0, false);
    if (!build(&world, setup, &alike, name, (enum pass)pass, &uniform))
      continue;
    const struct tp_result want = run(&world, &uniform, &tp_engine_analytic);
    for (int period = 2; period <= MOST_PERIOD; period += 2) {
      const struct tp_model model = model_of(period, 0, false);
      ck_assert(build(&world, setup, &model, name, (enum pass)pass, &periodic));
      ck_assert_double_eq(tp_program_kv_bytes(&periodic.program, 2048),
                          tp_program_kv_bytes(&uniform.program, 2048));
      ck_assert_double_eq(periodic.program.weight_bytes, uniform.program.weight_bytes);
      const struct tp_result got = run(&world, &periodic, &tp_engine_analytic);
      assert_same(&got, &want, 1e-12, uniform.program.title);
    }
  }
  world_close(&world);
}
END_TEST

START_TEST(engines_agree_on_periods)
{
  struct world world;
  const struct tp_setup *setup = open(&world, "vllm-graph");
  for (int period = 2; period <= MOST_PERIOD; period += 2)
    for (int pass = PREFILL; pass <= DECODE; pass++) {
      struct built built;
      const struct tp_model model = model_of(period, 256, true);
      build(&world, setup, &model, variant(_i), (enum pass)pass, &built);
      const struct tp_result analytic = run(&world, &built, &tp_engine_analytic);
      const struct tp_result des = run(&world, &built, test_des());
      assert_same(&des, &analytic, 1e-6, built.program.title);
    }
  world_close(&world);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("patterns");
  TCase *cases = tcase_create("cases");
  tcase_set_timeout(cases, 120);
  tcase_add_loop_test(cases, a_period_of_equal_kinds_is_uniform, 0, 2 * n_variants());
  tcase_add_loop_test(cases, engines_agree_on_periods, 0, n_variants());
  suite_add_tcase(suite, cases);
  return suite;
}

TP_SUITE_MAIN
