/* The two engines follow one rule (engine.h), so they give the same times, to rounding, wherever
 * the analytic engine's links by pattern are the real ones: one pattern at a time, or one pattern
 * for all.  TP_SEED and TP_CASES choose other random programs. */
#include "../random.h"
#include "platform/open.h"
#include "program/variant.h"
#include "rig.h"

#ifdef __SANITIZE_ADDRESS__
enum { SLOW = 1 }; /* SimGrid runs its actors as threads then */
#else
enum { SLOW = 0 };
#endif

static void check_agree(const struct tp_result *des, const struct tp_result *analytic, double rel,
                        const char *what)
{
  const double wanted[] = {analytic->total_s, analytic->compute_s, analytic->comm_s,
                           analytic->comm_exposed_s, analytic->variance};
  const double got[] = {des->total_s, des->compute_s, des->comm_s, des->comm_exposed_s,
                        des->variance};
  const double scale[] = {analytic->total_s, analytic->total_s, analytic->total_s,
                          analytic->total_s, analytic->total_s * analytic->total_s};
  for (int i = 0; i < 5; i++)
    ck_assert_msg(fabs(got[i] - wanted[i]) <= rel * scale[i],
                  "%s: figure %d is %.17g, analytic %.17g", what, i, got[i], wanted[i]);
}

/* --- programs of the variants ------------------------------------------------------------- */

static const char *const roots[] = {TP_SRCDIR};
static const struct tp_datadir dirs = {.roots = roots, .n_roots = 1};

static void cost_program(const struct tp_program *program, const struct tp_machine *machine,
                         struct tp_arena *arena, const struct tp_cost **rows)
{
  for (size_t s = 0; s < program->n_segments; s++) {
    struct tp_cost *costs = TP_NEW(arena, struct tp_cost, program->segments[s].n_ops);
    for (size_t i = 0; i < program->segments[s].n_ops; i++)
      costs[i] =
          tp_cost_op(machine, tp_batch_decodes(&program->batch), &program->segments[s].ops[i]);
    rows[s] = costs;
  }
}

static void compare_variant(const struct tp_setup *setup, const struct tp_model *model,
                            const char *text, bool decode, int tp)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_error error = {{0}};
  struct tp_machine machine;
  struct tp_variant variant;
  struct tp_program program = {0};
  const struct tp_cost *rows[TP_MAX_SEGMENTS];
  const struct tp_request request = {.model = model,
                                     .mesh = tp_mesh_of_tp(tp),
                                     .batch = decode ? tp_batch_decode(4, 700)
                                                     : tp_batch_prefill(4, 512),
                                     .kv_capacity = 1024,
                                     .dtype = TP_DTYPE_BF16};
  enum tp_status status =
      tp_machine_make(&setup->platform, &setup->device, &setup->stack, tp, &machine, &error);
  if (status == TP_OK)
    status = tp_variant_open(&dirs, text, arena, &variant, &error);
  if (status == TP_OK)
    status = tp_variant_build(&variant, &request, arena, &program, &error);
  ck_assert_msg(status == TP_OK, "%s", error.text);

  cost_program(&program, &machine, arena, rows);
  const struct tp_run run = {.program = &program, .machine = &machine, .costs = rows};
  struct tp_result analytic, des;
  status = tp_engine_analytic.run(&tp_engine_analytic, &run, arena, &analytic, &error);
  if (status == TP_OK)
    status = test_des()->run(test_des(), &run, arena, &des, &error);
  ck_assert_msg(status == TP_OK, "%s", error.text);
  check_agree(&des, &analytic, 1e-9,
              tp_arena_printf(arena, "%s, %s", setup->platform.name, program.title));
  tp_arena_free(arena);
}

static const char *const platforms[] = {"dgx-h100",    "dgx-a100-40gb",  "dgx-b200",
                                        "dgx-h100-x2", "dgx-h100-nop2p", "a100-cube-mesh",
                                        "mi300x-x8",   "l40s-x8"};

START_TEST(variants_take_the_same_time)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_error error = {{0}};
  struct tp_setup *setup;
  struct tp_model model;
  const struct tp_setup_request request = {.platform = platforms[_i], .stack = "ideal"};
  enum tp_status status = tp_setup_open(&dirs, &request, arena, &setup, &error);
  if (status == TP_OK)
    status = tp_model_open(TP_SRCDIR "/models/llama-3.1-8b.json", arena, &model, &error);
  ck_assert_msg(status == TP_OK, "%s", error.text);
  model.layers = SLOW ? 2 : 6;
  for (size_t a = 0; tp_architectures[a] != NULL; a++)
    for (int tp = SLOW ? 8 : 1; tp <= 8; tp *= 2)
      for (int decode = 0; decode <= 1; decode++)
        compare_variant(setup, &model, tp_architectures[a]->name, decode == 1, tp);
  for (int tp = SLOW ? 8 : 2; tp <= 8; tp *= 2) {
    compare_variant(setup, &model, "flash-int4", false, tp);
    compare_variant(setup, &model, "ladder+flash-int4-int8:32", true, tp);
    compare_variant(setup, &model, "ladder+flash-int2-sr", false, tp);
    compare_variant(setup, &model, "spd:40", true, tp);
    compare_variant(setup, &model, "fal", false, tp);
    compare_variant(setup, &model, "parallel-track:3", true, tp);
    compare_variant(setup, &model, "sequence-parallel", true, tp);
    compare_variant(setup, &model, "tokenweave:2", true, tp);
    compare_variant(setup, &model, "ladder.tpa+flash-int4", true, tp);
  }
  tp_arena_free(arena);
}
END_TEST

/* --- programs that make no sense ---------------------------------------------------------- */

static double fraction(uint64_t *state)
{
  return (double)tp_random_below(state, 1 << 30) * 0x1p-30;
}

static double sometimes(uint64_t *state, double most)
{
  return tp_random_below(state, 2) == 0 ? 0 : most * fraction(state);
}

static struct tp_cost random_cost(uint64_t *state, bool collective, enum tp_pattern pattern,
                                  int n_streams)
{
  struct tp_cost cost = {.fixed_s = sometimes(state, 5e-6),
                         .work_s = sometimes(state, 20e-6),
                         .dram_bytes = sometimes(state, 40e6),
                         .sigma = fraction(state),
                         .sm_share = fraction(state)};
  if (!collective) {
    cost.compute_s = sometimes(state, 20e-6);
    cost.stall_ratio = sometimes(state, 1);
    cost.memory_share = sometimes(state, 1);
    cost.queue_limit = tp_random_below(state, 2) == 0 ? HUGE_VAL : 4 * fraction(state);
    return cost;
  }
  cost.queue_accesses = sometimes(state, 8);
  cost.crowding = sometimes(state, 1);
  cost.dram_weight = sometimes(state, 1);
  cost.late_share = sometimes(state, 1);
  cost.sm_share *= 0.98 / n_streams; /* all together less than all */
  cost.n_phases = (int)tp_random_below(state, 3);
  for (int p = 0; p < cost.n_phases; p++) {
    const int steps = 1 + (int)tp_random_below(state, 5);
    const double hop_s = sometimes(state, 2e-6);
    cost.phases[p] = toy_phase(pattern, steps, hop_s, sometimes(state, 4e6));
  }
  return cost;
}

static void random_program(struct rig *rig, uint64_t *state, enum tp_pattern pattern)
{
  rig->toy.program.n_streams = 1 + (int)tp_random_below(state, TP_MAX_STREAMS);
  const size_t segments = 1 + tp_random_below(state, 3);
  for (size_t s = 0; s < segments; s++) {
    toy_segment(&rig->toy, 1 + (int64_t)tp_random_below(state, 6));
    const size_t ops = 1 + tp_random_below(state, 12);
    for (size_t i = 0; i < ops; i++) {
      const bool collective = tp_random_below(state, 3) == 0;
      const int stream = (int)tp_random_below(state, (size_t)rig->toy.program.n_streams);
      const int records = (int)tp_random_below(state, 6) - 1;
      struct tp_op *op =
          toy_op(&rig->toy, collective ? TP_OP_COLLECTIVE : TP_OP_GEMM, stream, TP_NO_EVENT,
                 records, random_cost(state, collective, pattern, rig->toy.program.n_streams));
      op->n_waits = (int)tp_random_below(state, 3);
      for (int w = 0; w < op->n_waits; w++)
        op->waits[w] = (int)tp_random_below(state, 5);
    }
  }
}

static const char *const random_platforms[] = {"dgx-h100", "a100-cube-mesh", "mi300x-x8"};
enum { N_RANDOM_PLATFORMS = sizeof random_platforms / sizeof *random_platforms };

static size_t random_platform(uint64_t *state)
{
  return tp_random_below(state, N_RANDOM_PLATFORMS);
}

static void run_random_case(int i)
{
  static const enum tp_pattern patterns[] = {TP_PATTERN_RING, TP_PATTERN_DIRECT, TP_PATTERN_SWITCH};
  uint64_t state = tp_random_seed(i);
  const size_t platform = random_platform(&state);
  const int ranks = platform == 0 ? 2 << tp_random_below(&state, 3) : 8;
  /* The mesh has no direct links between all; in-switch reduction needs a switch. */
  const enum tp_pattern pattern = patterns[tp_random_below(&state, platform == 0   ? 3
                                                                   : platform == 1 ? 1
                                                                                   : 2)];
  struct rig *rig = malloc(sizeof *rig);
  ck_assert_ptr_nonnull(rig);
  rig_open(rig, random_platforms[platform], ranks);
  random_program(rig, &state, pattern);
  const struct tp_result analytic = rig_analytic(rig);
  const struct tp_result folded = rig_des(rig, TP_DETAIL_FLOW, false, NULL);
  const struct tp_result whole = rig_des(rig, TP_DETAIL_FLOW, true, NULL);
  const char *what =
      tp_arena_printf(rig->arena, "case %d on %s, %d ranks", i, random_platforms[platform], ranks);
  check_agree(&folded, &analytic, 1e-9, what);
  check_agree(&whole, &analytic, 1e-9, what);
  rig_close(rig);
  free(rig);
}

/* A platform after the other: the DES starts a process for each that it has not read last. */
START_TEST(random_programs_take_the_same_time)
{
  for (size_t p = 0; p < N_RANDOM_PLATFORMS; p++)
    for (int i = 0; i < tp_random_cases(SLOW ? 5 : 150); i++) {
      uint64_t state = tp_random_seed(i);
      if (random_platform(&state) == p)
        run_random_case(i);
    }
}
END_TEST

/* --- folding ------------------------------------------------------------------------------- */

/* Two modules, each with an all-reduce that the other's kernels hide in part. */
static void pipeline(struct rig *rig, enum tp_pattern pattern, int repeat)
{
  toy_segment(&rig->toy, SLOW ? 1 : repeat);
  for (int module = 0; module < 2; module++) {
    toy_kernel(&rig->toy, 2 + module, TP_NO_EVENT, toy_compute(7e-6, 0.9));
    toy_kernel(&rig->toy, TP_NO_EVENT, module, toy_bytes(9e6));
    struct tp_cost reduce = toy_comm(pattern, 6, 0.7e-6, 1e6, 0.15);
    reduce.late_share = 0.4;
    toy_collective(&rig->toy, module, 2 + module, reduce);
  }
  toy_kernel(&rig->toy, 3, TP_NO_EVENT, toy_work(1e-6));
}

static const struct {
  const char *name;
  int ranks, repeat;
} machines[] = {{"dgx-h100", 8, 6},       {"dgx-h100-x2", 16, 2}, {"t3-ring-8", 8, 6},
                {"a100-cube-mesh", 8, 3}, {"l40s-x4", 4, 6},      {"l40s-x8", 8, 3},
                {"l40s-x8", 6, 6},        {"h100-nvl64", 32, 2}};

/* One rank for all, and a sleep for kernels that nothing can disturb: the same times as every rank
 * and op by itself, and, for one pattern at a time, as the analytic engine's. */
START_TEST(folding_changes_nothing)
{
  int folded = 0;
  for (int p = 0; p < TP_N_PATTERNS; p++) {
    struct rig *rig = malloc(sizeof *rig);
    ck_assert_ptr_nonnull(rig);
    rig_open(rig, machines[_i].name, machines[_i].ranks);
    const char *what = tp_arena_printf(rig->arena, "%s, pattern %d", machines[_i].name, p);
    pipeline(rig, (enum tp_pattern)p, machines[_i].repeat);
    const int last = SLOW ? TP_DETAIL_STEP : TP_DETAIL_CHUNK;
    const int details =
        tp_communicator_has(rig_rate(rig, (enum tp_pattern)p)->communicator, (enum tp_pattern)p)
            ? last
            : -1;
    for (int detail = TP_DETAIL_FLOW; detail <= details; detail++) {
      struct rig_record record;
      const struct tp_result whole = rig_des(rig, (enum tp_detail)detail, true, NULL);
      const struct tp_result fold = rig_des(rig, (enum tp_detail)detail, false, &record);
      check_agree(&fold, &whole, 1e-9, what);
      const struct tp_result analytic = rig_analytic(rig);
      if (detail == TP_DETAIL_FLOW)
        check_agree(&whole, &analytic, 1e-9, what);
      folded += record.ranks == 1;
    }
    rig_close(rig);
    free(rig);
  }
  /* Behind a switch of two cards, exchanges inside a domain meet nobody: l40s-x4 folds, too. */
  ck_assert_int_eq(folded > 0, _i <= 4 || _i == 7);
}
END_TEST

/* Every group of a size and stride at once, over links of its own or shared ones. */
START_TEST(groups_take_the_same_time)
{
  static const struct tp_group groups[] = {{2, 1}, {2, 2}, {4, 1}, {2, 4}, {4, 2}};
  static const enum tp_pattern patterns[] = {TP_PATTERN_RING, TP_PATTERN_DIRECT, TP_PATTERN_TREE};
  const int ranks = machines[_i].ranks;
  for (size_t g = 0; g < sizeof groups / sizeof *groups; g++)
    for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++) {
      if (ranks % (groups[g].size * groups[g].stride) != 0)
        continue;
      struct rig *rig = malloc(sizeof *rig);
      ck_assert_ptr_nonnull(rig);
      rig_open(rig, machines[_i].name, ranks);
      rig->toy.group = groups[g];
      const char *what =
          tp_arena_printf(rig->arena, "%s, groups of %d %d apart, pattern %d", machines[_i].name,
                          groups[g].size, groups[g].stride, patterns[p]);
      pipeline(rig, patterns[p], 1);
      const struct tp_result whole = rig_des(rig, TP_DETAIL_FLOW, true, NULL);
      const struct tp_result folded = rig_des(rig, TP_DETAIL_FLOW, false, NULL);
      const struct tp_result analytic = rig_analytic(rig);
      check_agree(&whole, &analytic, 1e-9, what);
      check_agree(&folded, &analytic, 1e-9, what);
      rig_close(rig);
      free(rig);
    }
}
END_TEST

/* --- where they differ -------------------------------------------------------------------- */

static double both_at_once_s(struct rig *rig, const struct tp_engine *engine)
{
  struct tp_error error = {{0}};
  struct tp_result result = {0};
  const struct tp_run run = rig_run_of(rig, TP_DETAIL_FLOW, false);
  ck_assert_int_eq(engine->run(engine, &run, rig->arena, &result, &error), TP_OK);
  return result.total_s;
}

/* A ring and an exchange of all with all, at once, each 100 us of a GPU's way out: the analytic
 * engine knows only flows of the same pattern to share links; on the wire 8 flows leave each GPU
 * over one link: the 7 exchanges have 7/8 of it for 800/7 us, and the ring has sent 1/7 by then. */
START_TEST(different_patterns_meet_on_links)
{
  struct rig rig;
  rig_open(&rig, "dgx-h100", 8);
  rig.toy.program.n_streams = 3;
  toy_segment(&rig.toy, 1);
  toy_collective(&rig.toy, TP_NO_EVENT, TP_NO_EVENT,
                 toy_comm(TP_PATTERN_RING, 1, 0.5e-6, 45e6, 0.1));
  toy_op(&rig.toy, TP_OP_COLLECTIVE, 2, TP_NO_EVENT, TP_NO_EVENT,
         toy_comm(TP_PATTERN_DIRECT, 1, 0.5e-6, 45e6 / 7, 0.1));
  ck_assert_rel(both_at_once_s(&rig, &tp_engine_analytic), 101e-6, 1e-9);
  ck_assert_rel(both_at_once_s(&rig, test_des()), 201e-6, 1e-9);
  rig_close(&rig);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("engines-agree");
  TCase *agree = tcase_create("agree");
  tcase_set_timeout(agree, 300);
  tcase_add_loop_test(agree, variants_take_the_same_time, 0,
                      SLOW ? 1 : (int)(sizeof platforms / sizeof *platforms));
  tcase_add_test(agree, random_programs_take_the_same_time);
  tcase_add_loop_test(agree, folding_changes_nothing, 0,
                      SLOW ? 5 : (int)(sizeof machines / sizeof *machines));
  tcase_add_loop_test(agree, groups_take_the_same_time, 0,
                      (int)(sizeof machines / sizeof *machines));
  tcase_add_test(agree, different_patterns_meet_on_links);
  suite_add_tcase(suite, agree);
  return suite;
}

TP_SUITE_MAIN
