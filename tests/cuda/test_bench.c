/* Statistics of samples by hand, and plans against a made-up clock. */
#define _XOPEN_SOURCE 700
#include "bench/bench.h"

#include "trace_folder.h"

static struct tp_error error;

START_TEST(spread_by_hand)
{
  double one[] = {3}, two[] = {1, 2}, five[] = {50, 10, 40, 20, 30}, four[] = {4, 1, 3, 2};
  ck_assert_rel(tp_spread_of(one, 1).median_s, 3, 0);
  ck_assert_rel(tp_spread_of(one, 1).spread_s, 0, 0);
  ck_assert_rel(tp_spread_of(two, 2).median_s, 1.5, 1e-12);
  ck_assert_rel(tp_spread_of(two, 2).spread_s, 0.5, 1e-12);
  ck_assert_rel(tp_spread_of(five, 5).median_s, 30, 1e-12);
  ck_assert_rel(tp_spread_of(five, 5).spread_s, 20, 1e-12); /* 40 - 20 */
  ck_assert_rel(tp_spread_of(four, 4).median_s, 2.5, 1e-12);
  ck_assert_rel(tp_spread_of(four, 4).spread_s, 1.5, 1e-12); /* 3.25 - 1.75 */
  ck_assert_int_eq(tp_spread_of(four, 4).n, 4);
}
END_TEST

START_TEST(counts_by_hand)
{
  const struct tp_sampling sampling = {.budget_s = 1, .least = 3, .most = 50};
  ck_assert_int_eq(tp_sampling_repeats(&sampling, 0.1).samples, 10);
  ck_assert_int_eq(tp_sampling_repeats(&sampling, 0.3).samples, 3);
  ck_assert_int_eq(tp_sampling_repeats(&sampling, 10).samples, 3);
  ck_assert_int_eq(tp_sampling_repeats(&sampling, 1e-6).samples, 50);
  ck_assert_int_eq(tp_sampling_repeats(&sampling, 0).samples, 50);
  ck_assert_int_eq(tp_sampling_repeats(&sampling, 0.1).settling, 0);
  const struct tp_sampling settled = {.budget_s = 1, .settle_s = 0.25, .least = 3, .most = 50};
  ck_assert_int_eq(tp_sampling_repeats(&settled, 0.05).settling, 3); /* the two before count */
  ck_assert_int_eq(tp_sampling_repeats(&settled, 0.05).samples, 15);
  ck_assert_int_eq(tp_sampling_repeats(&settled, 0.2).settling, 0);
  ck_assert_int_eq(tp_sampling_repeats(&settled, 0.2).samples, 3);
  ck_assert_int_eq(tp_sampling_repeats(&settled, 0).settling, 0);
}
END_TEST

/* A device whose clock goes on by what is issued. */
struct tp_device_state {
  double now_s, marks_s[TP_MAX_MARKS];
  int issued, most_mark;
};

static enum tp_status mark(struct tp_device_state *state, int mark, struct tp_error *unused)
{
  (void)unused;
  ck_assert_int_lt(mark, TP_MAX_MARKS);
  state->marks_s[mark] = state->now_s;
  state->most_mark = mark > state->most_mark ? mark : state->most_mark;
  return TP_OK;
}

static enum tp_status seconds(struct tp_device_state *state, int from, int to, double *seconds,
                              struct tp_error *unused)
{
  (void)unused;
  *seconds = state->marks_s[to] - state->marks_s[from];
  return TP_OK;
}

/* The first passes are slow; then 10, 11, 12, 10, 11, 12 ms ... */
static enum tp_status issue(void *data, struct tp_error *unused)
{
  struct tp_device_state *state = data;
  (void)unused;
  state->now_s += state->issued == 0 ? 5 : 1e-3 * (10 + (state->issued - 2) % 3);
  state->issued++;
  return TP_OK;
}

START_TEST(samples_after_warm_up)
{
  struct tp_device_state state = {.now_s = 0};
  const struct tp_calls calls = {.state = &state, .mark = mark, .seconds = seconds};
  const struct tp_bench bench = {.calls = &calls};
  const struct tp_action action = {issue, &state};
  const struct tp_sampling sampling = {.budget_s = 0.105, .least = 3, .most = 50};
  struct tp_spread spread;
  ck_assert_int_eq(tp_bench_sample(&bench, &sampling, &action, &spread, &error), TP_OK);
  ck_assert_int_eq(spread.n, 11); /* the second warm-up took 9 ms */
  ck_assert_int_eq(state.issued, 13);
  ck_assert_rel(spread.median_s, 11e-3, 1e-9);
  ck_assert_rel(spread.spread_s, 1.5e-3, 1e-9); /* 10 x4, 11 x4, 12 x3 */
}
END_TEST

/* What settles is issued before the samples and is none of them: 9 ms, so 4 passes and 6 samples.
 */
START_TEST(settles_before_samples)
{
  struct tp_device_state state = {.now_s = 0};
  const struct tp_calls calls = {.state = &state, .mark = mark, .seconds = seconds};
  const struct tp_bench bench = {.calls = &calls};
  const struct tp_action action = {issue, &state};
  const struct tp_sampling sampling = {.budget_s = 0.105, .settle_s = 0.05, .least = 3, .most = 50};
  struct tp_spread spread;
  ck_assert_int_eq(tp_bench_sample(&bench, &sampling, &action, &spread, &error), TP_OK);
  ck_assert_int_eq(spread.n, 6);
  ck_assert_int_eq(state.issued, 2 + 4 + 6);
  ck_assert_int_eq(state.most_mark, 6);
}
END_TEST

/* Two ranks of unequal speed take as many samples: what the first can. */
START_TEST(ranks_sample_alike)
{
  struct tp_team *group;
  struct tp_device_state state = {.now_s = 0};
  const struct tp_calls calls = {.state = &state, .mark = mark, .seconds = seconds};
  const struct tp_action action = {issue, &state};
  struct tp_spread spread;
  ck_assert_int_eq(tp_team_start(2, &group, &error), TP_OK);
  const struct tp_bench bench = {.calls = &calls, .group = group};
  const int rank = tp_team_rank(group);
  const struct tp_sampling sampling = {.budget_s = rank == 0 ? 0.105 : 0.3, .least = 3, .most = 50};
  enum tp_status status = tp_bench_sample(&bench, &sampling, &action, &spread, &error);
  if (status == TP_OK && (spread.n != 11 || state.issued != 13))
    status = TP_E_CHECK;
  ck_assert_int_eq(tp_team_end(group, status, &error), TP_OK);
}
END_TEST

/* Items that take what their name says; item 3 cannot be measured. */
static const struct tp_trace_layout layout = {
    .file = "items.csv", .n_keys = 1, .columns = {"item", "time_us"}};
enum { N_ITEMS = 6 };
static const double item_s[N_ITEMS] = {4, 1, 8, 2, 16, 1};

struct world {
  struct trace_folder folder;
  struct tp_trace *trace;
  double now_s, budgets_s[N_ITEMS];
  int measured, fail_at, fail_until;
  char order[64];
};
static struct world world;

static void name(void *data, size_t item, struct tp_trace_row *row)
{
  (void)data;
  tp_trace_row_number(row, "item", (double)item);
}

static double expect_s(void *data, size_t item)
{
  (void)data;
  return item_s[item];
}

static double now_s(void *data)
{
  return ((struct world *)data)->now_s;
}

static enum tp_status measure(void *data, size_t item, double budget_s, struct tp_trace_row *row,
                              struct tp_error *reason)
{
  struct world *self = data;
  if (item == 3)
    return tp_fail(reason, TP_E_INPUT, "3 is refused");
  const int turn = self->measured++;
  if (turn >= self->fail_at && turn < self->fail_until)
    return tp_fail(reason, TP_E_ENVIRONMENT, "the device is gone from turn %d on", turn);
  self->now_s += item_s[item];
  self->budgets_s[item] = budget_s;
  const size_t length = strlen(self->order);
  snprintf(self->order + length, sizeof self->order - length, "%zu ", item);
  tp_trace_row_number(row, "time_us", 1e6 * item_s[item]);
  return TP_OK;
}

static const struct tp_agenda plan = {.n = N_ITEMS,
                                      .layout = &layout,
                                      .data = &world,
                                      .name = name,
                                      .expect_s = expect_s,
                                      .measure = measure};
static struct tp_trace_source source;

static void setup(void)
{
  world = (struct world){.folder = trace_folder_make(), .fail_at = -1};
  source = (struct tp_trace_source){
      .directory = world.folder.path, .device = "made up", .version = "0", .date = "today"};
}

static void teardown(void)
{
  trace_folder_remove(&world.folder);
}

static struct tp_agenda_run run_for(double budget_s, enum tp_status want)
{
  struct tp_agenda_run run = {
      .plan = &plan, .budget_s = budget_s, .most_s = 5, .now_s = now_s, .data = &world};
  world.order[0] = '\0';
  ck_assert_int_eq(tp_trace_open(&source, &layout, &run.trace, &error), TP_OK);
  ck_assert_int_eq(tp_agenda_measure(&run, &error), want);
  ck_assert_int_eq(tp_trace_close(run.trace, NULL), TP_OK);
  return run;
}

static struct tp_agenda_run run_noting(struct tp_failures *failures, enum tp_status want)
{
  struct tp_agenda_run run = {.plan = &plan,
                              .budget_s = 1e9,
                              .most_s = 5,
                              .now_s = now_s,
                              .failures = failures,
                              .data = &world};
  world.order[0] = '\0';
  ck_assert_int_eq(tp_trace_open(&source, &layout, &run.trace, &error), TP_OK);
  ck_assert_int_eq(tp_agenda_measure(&run, &error), want);
  ck_assert_int_eq(tp_trace_close(run.trace, NULL), TP_OK);
  return run;
}

/* The first rank's clock and file decide, whatever the second's clock says. */
START_TEST(ranks_measure_alike)
{
  struct tp_team *group;
  ck_assert_int_eq(tp_team_start(2, &group, &error), TP_OK);
  const bool first = tp_team_rank(group) == 0;
  struct tp_agenda_run run = {.plan = &plan,
                              .group = group,
                              .budget_s = first ? 20 : 1e9,
                              .most_s = 5,
                              .now_s = now_s,
                              .data = &world};
  enum tp_status status = TP_OK;
  if (first)
    status = tp_trace_open(&source, &layout, &run.trace, &error);
  if (status == TP_OK)
    status = tp_agenda_measure(&run, &error);
  if (status == TP_OK && (strcmp(world.order, "1 4 2 ") != 0 || run.left != 3))
    status = TP_E_CHECK;
  if (first)
    ck_assert_int_eq(tp_trace_close(run.trace, NULL), TP_OK);
  ck_assert_int_eq(tp_team_end(group, status, &error), TP_OK);
}
END_TEST

START_TEST(warms_up)
{
  struct tp_agenda_run run = {
      .plan = &plan, .budget_s = 60, .most_s = 5, .warm_ups = 2, .now_s = now_s, .data = &world};
  ck_assert_int_eq(tp_agenda_measure(&run, &error), TP_OK);
  ck_assert_str_eq(world.order, "1 1 1 4 2 5 0 ");
  ck_assert_uint_eq(run.measured, 5);
}
END_TEST

/* Items that take as long as their number says, scattered. */
static double scattered_s(void *data, size_t item)
{
  return (double)(item * 7919 % *(const size_t *)data);
}

/* After m turns of n, no gap is wider than two halvings short of even; each has one turn. */
START_TEST(coarse_to_fine)
{
  for (size_t n = 1; n < 300; n += n < 40 ? 1 : 13) {
    size_t order[300];
    bool there[300] = {false};
    const struct tp_agenda many = {.n = n, .data = &n, .expect_s = scattered_s};
    ck_assert_int_eq(tp_agenda_order(&many, 0, order, &error), TP_OK);
    for (size_t m = 0; m < n; m++) {
      const size_t size = (size_t)scattered_s(&n, order[m]);
      ck_assert(!there[size]);
      there[size] = true;
      if (m == 0)
        ck_assert_uint_eq(size, 0);
      if (m == 1)
        ck_assert_uint_eq(size, n - 1);
      size_t widest = 0;
      for (size_t i = 0, last = 0; m > 0 && i < n; i++)
        if (there[i]) {
          widest = i - last > widest ? i - last : widest;
          last = i;
        }
      ck_assert_msg(widest * m <= 4 * n, "%zu of %zu: a gap of %zu", m + 1, n, widest);
    }
  }
}
END_TEST

static size_t pairs(void *data, size_t item)
{
  (void)data;
  return item / 2 * 2;
}

/* Pairs take what their first takes: 4, 8 and 16. */
START_TEST(turns_shared)
{
  size_t order[N_ITEMS];
  struct tp_agenda shared = plan;
  shared.with = pairs;
  ck_assert_int_eq(tp_agenda_order(&shared, 0, order, &error), TP_OK);
  static const size_t by_hand[N_ITEMS] = {0, 1, 4, 5, 2, 3};
  for (size_t i = 0; i < N_ITEMS; i++)
    ck_assert_uint_eq(order[i], by_hand[i]);
}
END_TEST

/* By time 1 5 3 0 2 4: places 0, 5, then 4, 2, 1, 3 of eight. */
START_TEST(coarse_first)
{
  const struct tp_agenda_run run = run_for(60, TP_OK);
  ck_assert_str_eq(world.order, "1 4 2 5 0 ");
  ck_assert_uint_eq(run.measured, 5);
  ck_assert_uint_eq(run.refused, 1);
  ck_assert_uint_eq(run.left + run.present, 0);
  ck_assert_rel(world.budgets_s[1], 5, 0); /* 60 / 6 is more than one may have */
  ck_assert_str_eq(trace_folder_text(&world.folder, "items.csv"),
                   "item,time_us\n1,1000000\n4,16000000\n2,8000000\n5,1000000\n0,4000000\n");
}
END_TEST

START_TEST(shares_and_stops)
{
  const struct tp_agenda_run run = run_for(20, TP_OK);
  ck_assert_str_eq(world.order, "1 4 2 ");
  ck_assert_rel(world.budgets_s[1], 20.0 / 6, 1e-12);
  ck_assert_rel(world.budgets_s[4], 19.0 / 5, 1e-12);
  /* 3 left, 4 items; the two before took 6 s beyond theirs, so a quarter of the share is left */
  ck_assert_rel(world.budgets_s[2], 3.0 / 4 / 4, 1e-12);
  ck_assert_uint_eq(run.left, 3);
  const struct tp_agenda_run next = run_for(60, TP_OK);
  ck_assert_str_eq(world.order, "5 0 ");
  ck_assert_uint_eq(next.present, 3);
  ck_assert_uint_eq(next.left, 0);
}
END_TEST

/* Every item takes 2 s besides what it is given: from the second on that is kept for it. */
static enum tp_status measure_late(void *data, size_t item, double budget_s,
                                   struct tp_trace_row *row, struct tp_error *reason)
{
  struct world *self = data;
  (void)row;
  (void)reason;
  self->now_s += budget_s + 2;
  self->budgets_s[item] = budget_s;
  return TP_OK;
}

START_TEST(keeps_time_for_setting_up)
{
  struct tp_agenda late = plan;
  late.measure = measure_late;
  struct tp_agenda_run run = {
      .plan = &late, .budget_s = 24, .most_s = 5, .now_s = now_s, .data = &world};
  ck_assert_int_eq(tp_agenda_measure(&run, &error), TP_OK);
  ck_assert_uint_eq(run.measured, N_ITEMS);
  ck_assert_rel(world.budgets_s[1], 4, 1e-12);
  ck_assert_rel(world.budgets_s[4], 18.0 / 5 - 2, 1e-12);
  ck_assert_rel(world.now_s, 24, 1e-12);
}
END_TEST

/* Whatever the row at which it breaks: run again, the file is the same. */
START_TEST(resumes)
{
  run_for(1e9, TP_OK);
  const char *const whole = trace_folder_text(&world.folder, "items.csv");
  for (int k = 0; k < 5; k++) {
    unlink(trace_folder_file(&world.folder, "items.csv"));
    world.measured = 0;
    world.fail_at = k;
    world.fail_until = 99;
    run_for(1e9, TP_E_ENVIRONMENT);
    ck_assert_str_eq(error.text,
                     tp_arena_printf(world.folder.arena, "the device is gone from turn %d on", k));
    world.fail_until = 0;
    ck_assert_uint_eq(run_for(1e9, TP_OK).present, (size_t)k);
    ck_assert_str_eq(trace_folder_text(&world.folder, "items.csv"), whole);
  }
}
END_TEST

/* One that fails leaves the others their turn; two in a row do not, and say that the process is
 * lost: another one leaves out the first of them and tries the second. */
START_TEST(some_fail)
{
  struct tp_failures failures = {.n = 0};
  world.fail_at = 1;
  world.fail_until = 2;
  struct tp_agenda_run run = run_noting(&failures, TP_E_ENVIRONMENT);
  ck_assert_str_eq(world.order, "1 2 5 0 ");
  ck_assert_uint_eq(run.failed, 1);
  ck_assert_uint_eq(failures.n, 1);
  ck_assert_uint_eq(failures.items[0], 4);
  ck_assert(!failures.lost);
  ck_assert_str_eq(error.text, "the device is gone from turn 1 on");
  unlink(trace_folder_file(&world.folder, "items.csv"));
  failures.n = 0;
  world.fail_at = world.measured + 1;
  world.fail_until = world.fail_at + 2;
  run = run_noting(&failures, TP_E_ENVIRONMENT);
  ck_assert_str_eq(world.order, "1 ");
  ck_assert_uint_eq(run.failed, 2);
  ck_assert_uint_eq(run.left, 3);
  ck_assert(failures.lost);
  ck_assert_uint_eq(failures.n, 1);
  failures.lost = false;
  run = run_noting(&failures, TP_OK);
  ck_assert_str_eq(world.order, "2 5 0 ");
  ck_assert_uint_eq(run.present, 1);
}
END_TEST

/* Only the round's items have their turn, and are ordered among themselves. */
static int parity(void *data, size_t item)
{
  (void)data;
  return (int)(item % 2);
}

START_TEST(rounds)
{
  struct tp_agenda in_rounds = plan;
  in_rounds.round = parity;
  struct tp_agenda_run run = {
      .plan = &in_rounds, .round = 0, .budget_s = 1e9, .most_s = 5, .now_s = now_s, .data = &world};
  ck_assert_uint_eq(tp_agenda_count(&in_rounds, 0), 3);
  ck_assert_uint_eq(tp_agenda_count(&in_rounds, 2), 0);
  ck_assert_int_eq(tp_agenda_measure(&run, &error), TP_OK);
  ck_assert_str_eq(world.order, "0 4 2 ");
  world.order[0] = '\0';
  run.round = 1;
  ck_assert_int_eq(tp_agenda_measure(&run, &error), TP_OK);
  ck_assert_str_eq(world.order, "1 5 ");
  ck_assert_uint_eq(run.refused, 1);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("bench");
  TCase *samples = tcase_create("samples"), *plans = tcase_create("plans");
  tcase_add_test(samples, spread_by_hand);
  tcase_add_test(samples, counts_by_hand);
  tcase_add_test(samples, samples_after_warm_up);
  tcase_add_test(samples, settles_before_samples);
  tcase_add_test(samples, ranks_sample_alike);
  suite_add_tcase(suite, samples);
  tcase_add_checked_fixture(plans, setup, teardown);
  tcase_set_timeout(plans, 60);
  tcase_add_test(plans, ranks_measure_alike);
  tcase_add_test(plans, coarse_to_fine);
  tcase_add_test(plans, turns_shared);
  tcase_add_test(plans, warms_up);
  tcase_add_test(plans, coarse_first);
  tcase_add_test(plans, shares_and_stops);
  tcase_add_test(plans, keeps_time_for_setting_up);
  tcase_add_test(plans, resumes);
  tcase_add_test(plans, some_fail);
  tcase_add_test(plans, rounds);
  suite_add_tcase(suite, plans);
  return suite;
}

TP_SUITE_MAIN
