/* Who may run an all-reduce, who is fastest, and what a user asks for by name. */
#include "predict/collectives.h"

#include "../suite.h"
#include "world.h"

#include <math.h>
#include <string.h>

static struct world world;
static struct tp_machine machine;
static struct tp_error error;

static void set_up(void)
{
  world_open(&world);
}

static void tear_down(void)
{
  world_close(&world);
}

static void use(const char *platform, const char *stack, int ranks)
{
  const struct tp_setup *setup;
  if (tp_catalog_setup(&world.catalog, platform, stack, &setup, &error) != TP_OK ||
      tp_machine_make(&setup->platform, &setup->device, &setup->stack, ranks, &machine, &error) !=
          TP_OK)
    ck_abort_msg("%s", error.text);
}

static size_t list(struct tp_contender **contenders)
{
  const struct tp_variant *variants[2];
  ck_assert_int_eq(tp_catalog_variant(&world.catalog, "flash-int4:32", &variants[0], &error),
                   TP_OK);
  ck_assert_int_eq(tp_catalog_variant(&world.catalog, "ladder", &variants[1], &error), TP_OK);
  return tp_contenders_list(&machine, variants, 2, world.arena, contenders);
}

static void check_list(const char *names)
{
  struct tp_contender *contenders;
  const size_t n = list(&contenders);
  char got[200] = "";
  for (size_t c = 0; c < n; c++)
    snprintf(got + strlen(got), sizeof got - strlen(got), " %s", contenders[c].name);
  ck_assert_str_eq(got, names);
}

START_TEST(what_a_machine_can_run)
{
  use("dgx-h100", "vllm-graph", 8);
  check_list(" stack ring tree nvls one-shot two-shot flash-int4:32");
  use("l40-x4", "vllm-graph", 4);
  check_list(" stack ring tree flash-int4:32"); /* nobody reaches a peer */
  use("l40s-x4", "vllm-graph", 4);
  check_list(" stack ring tree flash-int4:32"); /* vLLM leaves more than two PCIe GPUs to NCCL */
  use("l40s-x4", "vllm-graph", 2);
  check_list(" stack ring tree one-shot two-shot flash-int4:32");
  use("dgx-h100-x2", "vllm-graph", 16);
  check_list(" stack ring tree nvls-tree hierarchical flash-int4:32");
}
END_TEST

/* `auto` is the fastest of what the library has, so never slower than the stack's choice. */
START_TEST(automatic_is_fastest)
{
  static const struct {
    const char *platform, *stack;
    int ranks;
  } machines[] = {{"dgx-h100", "vllm-graph", 8},
                  {"dgx-h100", "gpt-fast-compile", 4},
                  {"l40s-x8", "vllm-graph", 8},
                  {"dgx-h100-x2", "gpt-fast-compile", 16}};
  static const struct tp_contender automatic = {.name = "auto", .algorithm = TP_ALGORITHM_FASTEST};
  for (size_t m = 0; m < sizeof machines / sizeof machines[0]; m++) {
    use(machines[m].platform, machines[m].stack, machines[m].ranks);
    const bool peers = strcmp(machines[m].stack, "vllm-graph") == 0;
    struct tp_contender *contenders;
    const size_t n = list(&contenders);
    for (double bytes = 1024; bytes <= 1 << 30; bytes *= 2) {
      const double time_s = tp_contender_s(&machine, &automatic, bytes, NULL);
      double best_s = (double)INFINITY;
      for (size_t c = 1; c < n; c++)
        if (contenders[c].wire.reduce_bits == 0 &&
            (peers || strstr(contenders[c].name, "-shot") == NULL))
          best_s = fmin(best_s, tp_contender_s(&machine, &contenders[c], bytes, NULL));
      ck_assert_rel(time_s, best_s, 1e-12);
      ck_assert_double_le(time_s, tp_contender_s(&machine, &contenders[0], bytes, NULL));
    }
  }
}
END_TEST

/* With a wire it may be full precision that is faster: small buffers. */
START_TEST(automatic_drops_the_wire_where_it_costs)
{
  use("dgx-h100", "vllm-graph", 4);
  const struct tp_contender low = {.algorithm = TP_ALGORITHM_FASTEST,
                                   .wire = {.reduce_bits = 4, .gather_bits = 4, .group = 128}};
  enum tp_algorithm used;
  tp_contender_s(&machine, &low, 1 << 16, &used);
  ck_assert_int_eq(used, TP_ALGORITHM_ONE_SHOT);
  tp_contender_s(&machine, &low, 1 << 26, &used);
  ck_assert_int_eq(used, TP_ALGORITHM_FLASH);
}
END_TEST

static struct tp_prediction predict(const char *variant, const char *platform,
                                    enum tp_algorithm collective)
{
  struct tp_point point = world_case(&world, "llama-3.1-70b", platform, "vllm-graph", variant);
  point.mesh.tp = 4;
  point.batch = 8;
  point.generate = 1;
  point.collective = collective;
  struct tp_predictor *predictor = tp_predictor_create();
  struct tp_prediction row;
  ck_assert_int_eq(tp_predict(predictor, &point, &row, &error), TP_OK);
  tp_predictor_free(predictor);
  return row;
}

START_TEST(a_choice_reaches_the_prediction)
{
  const double stack_s = predict("standard", "dgx-h100", TP_ALGORITHM_AUTO).ttft_s;
  const double ring_s = predict("standard", "dgx-h100", TP_ALGORITHM_RING).ttft_s;
  ck_assert_double_gt(ring_s, 1.001 * stack_s); /* NVLS at 128 MiB */
  ck_assert_double_le(predict("standard", "dgx-h100", TP_ALGORITHM_FASTEST).ttft_s, stack_s);
  /* An algorithm of full precision leaves low-bit wires alone, and the other way round. */
  ck_assert_double_eq(predict("flash-int4", "dgx-h100", TP_ALGORITHM_RING).ttft_s,
                      predict("flash-int4", "dgx-h100", TP_ALGORITHM_AUTO).ttft_s);
  ck_assert_double_eq(predict("standard", "dgx-h100", TP_ALGORITHM_FLASH).ttft_s, stack_s);
  ck_assert_double_gt(predict("flash-int4", "l40s-x4", TP_ALGORITHM_FLASH).ttft_s,
                      predict("flash-int4", "l40s-x4", TP_ALGORITHM_FLASH_HIERARCHICAL).ttft_s);
  const struct tp_prediction refused = predict("standard", "l40-x4", TP_ALGORITHM_NVLS);
  ck_assert_ptr_nonnull(strstr(refused.status, "nvls cannot run on l40-x4 with 4 ranks"));
}
END_TEST

START_TEST(names)
{
  enum tp_algorithm algorithm = TP_ALGORITHM_RING;
  ck_assert_int_eq(tp_collective_choice_parse("stack", world.arena, &algorithm, &error), TP_OK);
  ck_assert_int_eq(algorithm, TP_ALGORITHM_AUTO);
  ck_assert_int_eq(tp_collective_choice_parse("auto", world.arena, &algorithm, &error), TP_OK);
  ck_assert_int_eq(algorithm, TP_ALGORITHM_FASTEST);
  ck_assert_int_eq(tp_collective_choice_parse("two-shot", world.arena, &algorithm, &error), TP_OK);
  ck_assert_int_eq(algorithm, TP_ALGORITHM_TWO_SHOT);
  ck_assert_int_eq(tp_collective_choice_parse("rings", world.arena, &algorithm, &error),
                   TP_E_INPUT);
  ck_assert_str_eq(error.text, "no collective 'rings'; did you mean 'ring'?");
  ck_assert_int_eq(tp_collective_choice_parse("dma", world.arena, &algorithm, &error), TP_E_INPUT);
}
END_TEST

START_TEST(bus_bandwidth)
{
  ck_assert_double_eq(tp_bus_bytes_per_s(4, 8e6, 1e-3), 12e9);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("collectives");
  TCase *cases = tcase_create("cases");
  tcase_add_checked_fixture(cases, set_up, tear_down);
  tcase_add_test(cases, what_a_machine_can_run);
  tcase_add_test(cases, automatic_is_fastest);
  tcase_add_test(cases, automatic_drops_the_wire_where_it_costs);
  tcase_add_test(cases, a_choice_reaches_the_prediction);
  tcase_add_test(cases, names);
  tcase_add_test(cases, bus_bandwidth);
  suite_add_tcase(suite, cases);
  return suite;
}

TP_SUITE_MAIN
