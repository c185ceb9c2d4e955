/* What must hold for any program.  TP_SEED and TP_CASES choose other programs. */
#include "../random.h"
#include "../suite.h"
#include "../toy_program.h"
#include "engine/analytic/fluid.h"

static struct toy toy;

/* Evenly in [0, 1). */
static double fraction(uint64_t *state)
{
  return (double)tp_random_below(state, 1 << 30) * 0x1p-30;
}

static int below(uint64_t *state, int n)
{
  return (int)tp_random_below(state, (size_t)n);
}

static double sometimes(uint64_t *state, double most)
{
  return fraction(state) < 0.5 ? 0 : most * fraction(state);
}

static struct tp_cost random_cost(uint64_t *state, bool collective, bool shared)
{
  struct tp_cost cost = {.fixed_s = sometimes(state, 1),
                         .work_s = sometimes(state, 3),
                         .sigma = fraction(state),
                         .sm_share = collective ? 0.3 * fraction(state) : fraction(state)};
  if (!shared)
    cost.sm_share = 0;
  if (shared)
    cost.dram_bytes = sometimes(state, 3000);
  if (!collective) {
    cost.compute_s = sometimes(state, 3);
    if (shared)
      cost.stall_ratio = sometimes(state, 0.1);
    if (shared)
      cost.memory_share = sometimes(state, 0.1);
    cost.queue_limit = 2;
    return cost;
  }
  if (shared) {
    cost.late_share = sometimes(state, 0.5);
    cost.dram_weight = sometimes(state, 1);
    cost.queue_accesses = sometimes(state, 3);
    cost.crowding = sometimes(state, 1);
  }
  cost.n_phases = below(state, 3);
  for (int p = 0; p < cost.n_phases; p++) {
    const enum tp_pattern pattern = (enum tp_pattern)below(state, 3);
    const int steps = 1 + below(state, 3);
    const double hop_s = sometimes(state, 0.5);
    cost.phases[p] = toy_phase(pattern, steps, hop_s, sometimes(state, 200));
  }
  return cost;
}

/* Three segments, the middle one repeated; `shared`: ops contend. */
static void random_program(uint64_t *state, int n_streams, int64_t repeat, bool shared)
{
  toy_init(&toy);
  toy.program.n_streams = n_streams;
  for (int s = 0; s < 3; s++) {
    toy_segment(&toy, s == 1 ? repeat : 1 + below(state, 3));
    const int n_ops = 1 + below(state, s == 1 ? 12 : 4);
    for (int i = 0; i < n_ops; i++) {
      const int stream = below(state, n_streams);
      const bool collective = stream == TP_STREAM_COMM && fraction(state) < 0.9;
      const int records = below(state, 8) - 4;
      struct tp_op *op =
          toy_op(&toy, collective ? TP_OP_COLLECTIVE : TP_OP_GEMM, stream, TP_NO_EVENT,
                 records < 0 ? TP_NO_EVENT : records, random_cost(state, collective, shared));
      op->n_waits = below(state, 3);
      for (int w = 0; w < op->n_waits; w++)
        op->waits[w] = below(state, 4);
    }
  }
}

static double alone_s(size_t s, size_t i)
{
  return tp_engine_alone_s(&toy.machine, &toy.costs[s][i], toy.ops[s][i].kind == TP_OP_COLLECTIVE);
}

/* The rule of engine.h in the plainest way, every op as long as alone: event registers and stream
 * ends are times, in issue order. */
static double max_plus_s(double *busiest_s, double *sum_s)
{
  double stream_s[TP_MAX_STREAMS] = {0}, busy_s[TP_MAX_STREAMS] = {0}, event_s[TP_MAX_EVENTS] = {0};
  double total_s = 0;
  *busiest_s = *sum_s = 0;
  for (size_t s = 0; s < toy.program.n_segments; s++)
    for (int64_t r = 0; r < toy.program.segments[s].repeat; r++)
      for (size_t i = 0; i < toy.program.segments[s].n_ops; i++) {
        const struct tp_op *op = &toy.ops[s][i];
        double start_s = stream_s[op->stream];
        for (int w = 0; w < op->n_waits; w++)
          start_s = fmax(start_s, event_s[op->waits[w]]);
        const double end_s = start_s + alone_s(s, i);
        stream_s[op->stream] = end_s;
        busy_s[op->stream] += alone_s(s, i);
        if (op->records != TP_NO_EVENT)
          event_s[op->records] = end_s;
        total_s = fmax(total_s, end_s);
        *busiest_s = fmax(*busiest_s, busy_s[op->stream]);
        *sum_s += alone_s(s, i);
      }
  return total_s;
}

static void near(double got, double want, double scale, int i, const char *what)
{
  ck_assert_msg(fabs(got - want) <= 1e-12 * scale, "case %d: %s %.17g, want %.17g", i, what, got,
                want);
}

enum { N_FIGURES = 5 };
static const char *const figures[] = {"total", "compute", "comm", "exposed", "variance"};

/* Of the result's figures, over what they are parts of. */
static void parts_of(const struct tp_result *r, double total_s, double parts[N_FIGURES])
{
  const double figures_s[] = {r->total_s, r->compute_s, r->comm_s, r->comm_exposed_s};
  for (int f = 0; f < 4; f++)
    parts[f] = figures_s[f] / total_s;
  parts[4] = r->variance / (total_s * total_s);
}

/* A kernel before all others that takes nothing from anyone. */
static void put_first(int stream, double work_s)
{
  struct tp_segment *first = &toy.program.segments[0];
  memmove(&toy.ops[0][1], &toy.ops[0][0], first->n_ops * sizeof toy.ops[0][0]);
  memmove(&toy.costs[0][1], &toy.costs[0][0], first->n_ops * sizeof toy.costs[0][0]);
  toy.ops[0][0] = (struct tp_op){
      .name = "sleeper", .kind = TP_OP_GEMM, .stream = stream, .records = TP_NO_EVENT};
  toy.costs[0][0] = toy_work(work_s);
  first->n_ops++;
}

/* States that differ by 1e-14 of a period are the same to the engine, so what it counts may have
 * drifted by as much a period: over all repetitions, this. */
static double drift_s(void)
{
  const struct tp_segment *segment = &toy.program.segments[1];
  double once_s = 0;
  for (size_t i = 0; i < segment->n_ops; i++)
    once_s += alone_s(1, i);
  return 1e-14 * once_s * (double)segment->repeat;
}

static void move(double *size, double most, uint64_t *state)
{
  if (*size > 0)
    *size = fmax(*size / 2, *size + most * (2 * fraction(state) - 1));
}

/* Every size of an op by as much, each its own way. */
static void move_costs(double most_s, uint64_t *state)
{
  for (size_t s = 0; s < toy.program.n_segments; s++)
    for (size_t i = 0; i < toy.program.segments[s].n_ops; i++) {
      struct tp_cost *cost = &toy.costs[s][i];
      move(&cost->fixed_s, most_s, state);
      move(&cost->work_s, most_s, state);
      move(&cost->compute_s, most_s, state);
      move(&cost->dram_bytes, most_s * toy.machine.dram_bytes_per_s, state);
      for (int p = 0; p < cost->n_phases; p++)
        move(&cost->phases[p].flow_bytes, most_s * cost->phases[p].flow_bytes_per_s, state);
    }
}

/* All streams begin by `late_s` later, which rounds every later time another way. */
static struct tp_result replay_late(double late_s)
{
  for (int q = 0; q < toy.program.n_streams; q++)
    toy.costs[0][q] = toy_work(late_s);
  struct tp_result result = toy_run_in_full(&toy);
  result.total_s -= late_s;
  result.compute_s -= late_s;
  return result;
}

/* How far each figure of a whole replay moves for a drift: when it begins late, with the ops' sizes
 * moved by a drift, and in proportion by thousands of it.  The program stays changed. */
static void reach_of_drift(const struct tp_result *full, uint64_t *state, double reach[N_FIGURES])
{
  const double by_s = drift_s();
  double wanted[N_FIGURES], moved[N_FIGURES];
  parts_of(full, full->total_s, wanted);
  memset(reach, 0, N_FIGURES * sizeof *reach);
  for (int q = 0; q < toy.program.n_streams; q++)
    put_first(q, 0);
  for (double times = 1; times <= 1e6; times *= 1e3)
    for (int time = 0; time < 16; time++) {
      const struct tp_result late = replay_late(full->total_s * fraction(state));
      parts_of(&late, full->total_s, moved);
      for (int f = 0; f < N_FIGURES; f++)
        reach[f] = fmax(reach[f], fabs(moved[f] - wanted[f]) / times);
      move_costs(times * by_s, state);
    }
}

/* Contention can magnify: in a few programs in a thousand what is a rounding in one repetition is
 * more in the next.  There counting may differ from a replay as far as replays do from each other
 * that are a drift apart; everywhere else the two agree to the last digits. */
START_TEST(counted_repetitions_equal_replayed_ones)
{
  int magnified = 0;
  const int n = tp_random_cases(1000);
  for (int i = 0; i < n; i++) {
    uint64_t state = tp_random_seed(i);
    const int n_streams = 1 + below(&state, TP_MAX_STREAMS);
    random_program(&state, n_streams, 1 + below(&state, 60), i % 4 != 0);
    const struct tp_result counted = toy_run(&toy, NULL), full = toy_run_in_full(&toy);
    double got[N_FIGURES], want[N_FIGURES], reach[N_FIGURES] = {0}, most = 0;
    parts_of(&counted, full.total_s, got);
    parts_of(&full, full.total_s, want);
    for (int f = 0; f < N_FIGURES; f++)
      most = fmax(most, fabs(got[f] - want[f]));
    if (most > 1e-12 && i % 4 != 0) {
      reach_of_drift(&full, &state, reach);
      magnified++;
    }
    for (int f = 0; f < N_FIGURES; f++)
      ck_assert_msg(fabs(got[f] - want[f]) <= 1e-12 + reach[f],
                    "case %d: %s is %.17g of the time, want %.17g, which a drift moves by %g", i,
                    figures[f], got[f], want[f], reach[f]);
  }
  ck_assert_msg(magnified <= 1 + n / 100, "%d of %d programs magnify", magnified, n);
}
END_TEST

START_TEST(without_sharing_time_is_max_plus)
{
  for (int i = 0; i < tp_random_cases(2000); i++) {
    uint64_t state = tp_random_seed(i);
    const int n_streams = 1 + below(&state, TP_MAX_STREAMS);
    random_program(&state, n_streams, 1 + below(&state, 30), false);
    double busiest_s, sum_s;
    const double want_s = max_plus_s(&busiest_s, &sum_s);
    near(toy_run(&toy, NULL).total_s, want_s, want_s, i, "total");
  }
}
END_TEST

START_TEST(times_keep_their_bounds)
{
  for (int i = 0; i < tp_random_cases(2000); i++) {
    uint64_t state = tp_random_seed(i);
    const int n_streams = 1 + below(&state, TP_MAX_STREAMS);
    random_program(&state, n_streams, 1 + below(&state, 30), true);
    double busiest_s, sum_s;
    const double path_s = max_plus_s(&busiest_s, &sum_s);
    const struct tp_result r = toy_run(&toy, NULL);
    const double slack = 1 + 1e-12;
    ck_assert_msg(r.total_s * slack >= path_s, "case %d: shorter than the critical path", i);
    ck_assert_msg(r.total_s * slack >= busiest_s, "case %d: shorter than a stream", i);
    /* One stream has collectives, of at most 0.3 of the SMs; n streams share the rest. */
    ck_assert_msg(r.total_s <= slack * sum_s * n_streams / 0.7, "case %d: too long", i);
    ck_assert_msg(r.comm_exposed_s <= r.comm_s * slack, "case %d: hides less than nothing", i);
    ck_assert_msg(r.compute_s + r.comm_exposed_s <= r.total_s * slack, "case %d: sum", i);
  }
}
END_TEST

static void speed_up(int pattern, double factor)
{
  for (int s = 0; s < 3; s++)
    for (int o = 0; o < TOY_MAX_OPS; o++)
      for (int p = 0; p < TP_MAX_COMM_PHASES; p++)
        if (toy.costs[s][o].phases[p].rate == &toy_rates[pattern])
          toy.costs[s][o].phases[p].flow_bytes_per_s *= factor;
}

/* Where nothing is shared this is a theorem: every duration falls or stays. */
START_TEST(a_faster_machine_is_never_slower)
{
  for (int i = 0; i < tp_random_cases(2000); i++) {
    uint64_t state = tp_random_seed(i);
    random_program(&state, 1 + below(&state, 4), 1 + below(&state, 30), false);
    for (int s = 0; s < 3; s++)
      for (int o = 0; o < TOY_MAX_OPS; o++)
        if (toy.ops[s][o].stream == TP_STREAM_COMPUTE)
          toy.costs[s][o].dram_bytes = 1000 * toy.costs[s][o].compute_s;
    const double slow_s = toy_run(&toy, NULL).total_s;
    toy.machine.dram_bytes_per_s *= 1 + fraction(&state);
    for (int pattern = 0; pattern < TP_N_PATTERNS; pattern++)
      speed_up(pattern, 1 + fraction(&state));
    ck_assert_msg(toy_run(&toy, NULL).total_s <= slow_s * (1 + 1e-12), "case %d", i);
  }
}
END_TEST

START_TEST(twice_the_repetitions_take_twice_the_period)
{
  int settled = 0;
  for (int i = 0; i < tp_random_cases(2000); i++) {
    uint64_t state = tp_random_seed(i);
    random_program(&state, 2, 240, i % 2 == 0);
    const double once_s = toy_run(&toy, NULL).total_s;
    toy.program.segments[1].repeat = 480;
    const double twice_s = toy_run(&toy, NULL).total_s;
    toy.program.segments[1].repeat = 960;
    const double again_s = toy_run(&toy, NULL).total_s;
    if (fabs((again_s - twice_s) - 2 * (twice_s - once_s)) <= 1e-12 * again_s)
      settled++;
  }
  ck_assert_msg(settled > tp_random_cases(2000) * 9 / 10, "only %d of %d programs settle", settled,
                tp_random_cases(2000));
}
END_TEST

/* Keeps any other op from being the only one that runs. */
static void add_sleeper(double work_s)
{
  put_first(TP_MAX_STREAMS - 1, work_s);
  toy.program.n_streams = TP_MAX_STREAMS;
}

static int in_order(const void *a, const void *b)
{
  const struct tp_span *x = a, *y = b;
  if (x->stream != y->stream)
    return x->stream < y->stream ? -1 : 1;
  return x->end_s < y->end_s ? -1 : x->end_s > y->end_s;
}

static struct tp_timeline spans_in_order(struct tp_arena *arena)
{
  struct tp_timeline timeline = {.arena = arena, .stream_names = toy.program.stream_names};
  toy_run(&toy, &timeline);
  if (timeline.n_spans > 0)
    qsort(timeline.spans, timeline.n_spans, sizeof *timeline.spans, in_order);
  return timeline;
}

/* An op that runs alone is not followed from part to part: it lasts as long as alone. */
START_TEST(ops_alone_end_as_ops_beside_one_that_shares_nothing)
{
  int magnified = 0;
  const int n = tp_random_cases(1000);
  for (int i = 0; i < n; i++) {
    struct tp_arena *arena = tp_arena_create();
    uint64_t state = tp_random_seed(i);
    random_program(&state, 1 + below(&state, TP_MAX_STREAMS - 1), 1 + below(&state, 20), true);
    const double total_s = toy_run_in_full(&toy).total_s;
    const struct tp_timeline alone = spans_in_order(arena);
    add_sleeper(2 * total_s);
    const struct tp_timeline beside = spans_in_order(arena);
    double worst_s = 0;
    for (size_t k = 0; k < alone.n_spans; k++) {
      ck_assert_int_eq(alone.spans[k].stream, beside.spans[k].stream);
      worst_s = fmax(worst_s, fabs(alone.spans[k].end_s - beside.spans[k].end_s));
    }
    ck_assert_msg(worst_s <= 1e-6 * total_s, "case %d: an end differs by %g", i, worst_s);
    magnified += worst_s > 1e-12 * total_s;
    tp_arena_free(arena);
  }
  ck_assert_int_le(magnified, 1 + n / 300);
}
END_TEST

/* To the last bit, whatever the costs were when it was made. */
START_TEST(a_plan_is_the_program_s_and_not_the_costs)
{
  for (int i = 0; i < tp_random_cases(500); i++) {
    struct tp_arena *arena = tp_arena_create();
    struct tp_error error = {{0}};
    uint64_t state = tp_random_seed(i);
    random_program(&state, 1 + below(&state, TP_MAX_STREAMS), 1 + below(&state, 30), true);
    struct tp_run run = {.program = &toy.program, .machine = &toy.machine, .costs = toy.rows};
    run.plan = tp_engine_analytic.plan(&toy.program, arena);
    for (int time = 0; time < 2; time++) {
      struct tp_result result = {0};
      ck_assert_int_eq(tp_engine_analytic.run(&tp_engine_analytic, &run, arena, &result, &error),
                       TP_OK);
      const struct tp_result want = toy_run(&toy, NULL);
      ck_assert_msg(memcmp(&result, &want, sizeof want) == 0, "case %d", i);
      for (size_t s = 0; s < toy.program.n_segments; s++)
        for (size_t o = 0; o < toy.program.segments[s].n_ops; o++)
          toy.costs[s][o] =
              random_cost(&state, toy.ops[s][o].kind == TP_OP_COLLECTIVE, fraction(&state) < 0.5);
    }
    tp_arena_free(arena);
  }
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("analytic_random");
  TCase *tcase = tcase_create("random programs");
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, counted_repetitions_equal_replayed_ones);
  tcase_add_test(tcase, without_sharing_time_is_max_plus);
  tcase_add_test(tcase, times_keep_their_bounds);
  tcase_add_test(tcase, a_faster_machine_is_never_slower);
  tcase_add_test(tcase, twice_the_repetitions_take_twice_the_period);
  tcase_add_test(tcase, ops_alone_end_as_ops_beside_one_that_shares_nothing);
  tcase_add_test(tcase, a_plan_is_the_program_s_and_not_the_costs);
  suite_add_tcase(suite, tcase);
  return suite;
}
TP_SUITE_MAIN
