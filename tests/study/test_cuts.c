/* Layers cut into segments in other ways: the same times, and as far off as before. */
#include "patterns.h"
#include "program/alike.h"

/* Adds a segment to `to` whose repetition is `times` of those of segment s. */
static void add_times(struct world *world, const struct built *from, size_t s, int times,
                      int64_t repeat, struct built *to)
{
  const struct tp_segment *source = &from->program.segments[s];
  const size_t n = source->n_ops;
  struct tp_segment *made = &to->program.segments[to->program.n_segments];
  struct tp_op *ops = TP_NEW(world->arena, struct tp_op, (size_t)times * n);
  struct tp_cost *costs = TP_NEW(world->arena, struct tp_cost, (size_t)times * n);
  if (repeat == 0)
    return;
  for (int time = 0; time < times; time++)
    for (size_t i = 0; i < n; i++) {
      struct tp_op *op = &ops[(size_t)time * n + i];
      *op = source->ops[i];
      op->turn += time * (1 + source->ops[n - 1].turn);
      op->alike = 0;
      costs[(size_t)time * n + i] = from->rows[s][i];
    }
  *made = *source;
  made->repeat = repeat;
  made->n_ops = (size_t)times * n;
  made->ops = ops;
  to->rows[to->program.n_segments++] = costs;
}

/* The same ops in the same order, layers in segments of `times` as long cycles and of the rest. */
static void recut(struct world *world, const struct built *from, int times, struct built *to)
{
  *to = *from;
  to->program.n_segments = 0;
  to->program.n_alike = 0;
  for (size_t s = 0; s < from->program.n_segments; s++) {
    const struct tp_segment *segment = &from->program.segments[s];
    const int cycles = segment->layers_call > 0 ? times : 1;
    add_times(world, from, s, cycles, segment->repeat / cycles, to);
    add_times(world, from, s, 1, segment->repeat % cycles, to);
  }
  tp_program_find_alike(&to->program, world->arena);
}

/* Layers of one kind, and of two that are not alike, cut into other segments. */
START_TEST(how_layers_are_cut_changes_nothing)
{
  struct world world;
  const struct tp_setup *setup = open(&world, "vllm-graph");
  for (int pass = PREFILL; pass < PASSES; pass++)
    for (int period = 1; period <= 3; period++)
      for (int times = 2; times <= 4; times++) {
        struct built built, cut;
        const struct tp_model model = model_of(period, 256, period > 1);
        if (!build(&world, setup, &model, variant(_i), (enum pass)pass, &built))
          continue;
        recut(&world, &built, times, &cut);
        ck_assert_uint_gt(cut.program.n_segments, 0);
        ck_assert_int_gt(cut.program.n_alike, 0);
        const struct tp_result want = run(&world, &built, &tp_engine_analytic);
        const struct tp_result got = run(&world, &cut, &tp_engine_analytic);
        assert_same(&got, &want, 1e-12, built.program.title);
        if (pass == DECODE && times == 2) {
          const struct tp_result des = run(&world, &cut, test_des());
          assert_same(&des, &want, 1e-6, built.program.title);
        }
      }
  world_close(&world);
}
END_TEST

/* Where nothing overlaps, only how many layers are of a kind counts: in two segments,
 * in two others, in six. */
START_TEST(the_order_of_kinds_changes_nothing)
{
  static const char *const orders[] = {"lglglglglglglgl", "llllllllggggggg", "lggllggglllglgl"};
  static const size_t n_segments[] = {4, 4, 8};
  struct world world;
  const struct tp_setup *setup = open(&world, "vllm-graph");
  for (int pass = PREFILL; pass <= DECODE; pass++) {
    struct tp_result results[3];
    for (int order = 0; order < 3; order++) {
      struct built built;
      const struct tp_model model = model_of(2, 256, true);
      for (int layer = 0; layer < LAYERS; layer++)
        kinds_of[layer] = orders[order][layer] == 'g';
      ck_assert(build(&world, setup, &model, "standard", (enum pass)pass, &built));
      ck_assert_uint_eq(built.program.n_segments, n_segments[order]);
      results[order] = run(&world, &built, &tp_engine_analytic);
    }
    assert_same(&results[1], &results[0], 1e-12, orders[1]);
    assert_same(&results[2], &results[0], 1e-12, orders[2]);
  }
  world_close(&world);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("cuts");
  TCase *cases = tcase_create("cases");
  tcase_set_timeout(cases, 120);
  tcase_add_loop_test(cases, how_layers_are_cut_changes_nothing, 0, n_variants());
  tcase_add_test(cases, the_order_of_kinds_changes_nothing);
  suite_add_tcase(suite, cases);
  return suite;
}

TP_SUITE_MAIN
