#include "bench/bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t n, double p)
{
  const double place = p * (double)(n - 1);
  const size_t below = (size_t)place;
  if (below + 1 >= n)
    return sorted[n - 1];
  return sorted[below] + (place - (double)below) * (sorted[below + 1] - sorted[below]);
}

struct tp_spread tp_spread_of(double *samples_s, size_t n)
{
  qsort(samples_s, n, sizeof *samples_s, compare);
  return (struct tp_spread){.median_s = quantile(samples_s, n, 0.5),
                            .spread_s = quantile(samples_s, n, 0.75) - quantile(samples_s, n, 0.25),
                            .n = (int)n};
}

void tp_spread_write(const struct tp_spread *spread, struct tp_trace_row *row)
{
  tp_trace_row_number(row, "time_us", 1e6 * spread->median_s);
  tp_trace_row_number(row, "spread_us", 1e6 * spread->spread_s);
  tp_trace_row_number(row, "repeats", spread->n);
}

struct tp_repeats tp_sampling_repeats(const struct tp_sampling *sampling, double once_s)
{
  enum { MOST_SETTLING = 10000 };
  const double left_s = sampling->budget_s - sampling->settle_s;
  const double settling = once_s > 0 ? ceil(sampling->settle_s / once_s) - TP_WARM_UPS : 0;
  const double fitting = once_s > 0 ? left_s / once_s : sampling->most;
  return (struct tp_repeats){.settling = (int)fmin(fmax(settling, 0), MOST_SETTLING),
                             .samples =
                                 (int)fmin(fmax(floor(fitting), sampling->least), sampling->most)};
}

enum tp_status tp_bench_agree(struct tp_team *group, void *mine, size_t bytes,
                              struct tp_error *error)
{
  if (group == NULL)
    return TP_OK;
  unsigned char *all = calloc((size_t)tp_team_ranks(group), bytes);
  if (all == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  const enum tp_status status = tp_team_gather(group, mine, bytes, all, error);
  if (status == TP_OK)
    for (size_t i = 0; i < bytes; i++)
      ((unsigned char *)mine)[i] = all[i];
  free(all);
  return status;
}

struct condition {
  enum tp_status status;
  char text[256];
};

/* The first that is not well, by rank. */
static enum tp_status first_unwell(const struct condition *all, int ranks, struct tp_error *error)
{
  for (int i = 0; i < ranks; i++)
    if (all[i].status != TP_OK)
      return tp_fail(error, all[i].status, "rank %d: %s", i, all[i].text);
  return TP_OK;
}

enum tp_status tp_bench_settle(struct tp_team *group, enum tp_status status, struct tp_error *error)
{
  if (group == NULL)
    return status;
  struct condition mine = {.status = status};
  struct condition *all = calloc((size_t)tp_team_ranks(group), sizeof *all);
  if (all == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  if (status != TP_OK && error != NULL)
    snprintf(mine.text, sizeof mine.text, "%.255s", error->text);
  enum tp_status settled = tp_team_gather(group, &mine, sizeof mine, all, error);
  if (settled == TP_OK)
    settled = first_unwell(all, tp_team_ranks(group), error);
  free(all);
  return settled;
}

/* n passes with marks around each. */
static enum tp_status issue_marked(const struct tp_calls *calls, const struct tp_action *action,
                                   int n, struct tp_error *error)
{
  TP_TRY(calls->mark(calls->state, 0, error));
  for (int i = 0; i < n; i++) {
    TP_TRY(action->issue(action->data, error));
    TP_TRY(calls->mark(calls->state, i + 1, error));
  }
  return TP_OK;
}

enum tp_status tp_bench_sample(const struct tp_bench *bench, const struct tp_sampling *sampling,
                               const struct tp_action *action, struct tp_spread *spread,
                               struct tp_error *error)
{
  const struct tp_calls *calls = bench->calls;
  double samples_s[TP_MAX_MARKS], once_s;
  TP_TRY(issue_marked(calls, action, TP_WARM_UPS, error));
  TP_TRY(calls->seconds(calls->state, TP_WARM_UPS - 1, TP_WARM_UPS, &once_s, error));
  struct tp_repeats passes = tp_sampling_repeats(sampling, once_s);
  TP_TRY(tp_bench_agree(bench->group, &passes, sizeof passes, error));
  for (int i = 0; i < passes.settling; i++)
    TP_TRY(action->issue(action->data, error));
  TP_TRY(issue_marked(calls, action, passes.samples, error));
  for (int i = 0; i < passes.samples; i++)
    TP_TRY(calls->seconds(calls->state, i, i + 1, &samples_s[i], error));
  *spread = tp_spread_of(samples_s, (size_t)passes.samples);
  return TP_OK;
}

struct decision {
  enum { MEASURE, SKIP, LEAVE } what;
  double budget_s;
};

/* Of an item's share, for samples: the rest is what items before took beyond theirs (kernels that a
 * library compiles, memory that is filled). */
static double for_samples_s(const struct tp_agenda_run *run, double share_s)
{
  const double beyond_s = run->measured > 0 ? run->beyond_s / (double)run->measured : 0;
  return fmax(share_s - fmax(beyond_s, 0), share_s / 4);
}

/* What takes less leaves its share to what comes after it. */
static struct decision decide(const struct tp_agenda_run *run, const struct tp_trace_row *row,
                              double end_s, size_t items_left)
{
  if (run->trace != NULL && tp_trace_has(run->trace, row))
    return (struct decision){SKIP, 0};
  const double left_s = end_s - run->now_s(run->data);
  if (left_s <= 0)
    return (struct decision){LEAVE, 0};
  const double share_s = for_samples_s(run, left_s / (double)items_left);
  return (struct decision){MEASURE, fmin(run->most_s, share_s)};
}

static enum tp_status measure_item(struct tp_agenda_run *run, size_t item, double budget_s,
                                   struct tp_trace_row *row, struct tp_error *error)
{
  enum tp_status status = TP_OK;
  double begin_s = 0;
  for (int i = run->measured == 0 ? -run->warm_ups : 0; i <= 0 && status == TP_OK; i++) {
    begin_s = run->now_s(run->data);
    status = run->plan->measure(run->plan->data, item, budget_s, row, error);
  }
  run->beyond_s += run->now_s(run->data) - begin_s - budget_s;
  if (status == TP_OK && run->trace != NULL)
    status = tp_trace_add(run->trace, row, error);
  if (status == TP_OK)
    run->measured++;
  return status;
}

/* `refused`: why it was left out, if it was. */
static enum tp_status run_item(struct tp_agenda_run *run, size_t item, double end_s,
                               size_t items_left, const char **refused, struct tp_error *error)
{
  struct tp_trace_row row;
  tp_trace_row_clear(&row, run->plan->layout);
  run->plan->name(run->plan->data, item, &row);
  struct decision decision = decide(run, &row, end_s, items_left);
  enum tp_status status = tp_bench_agree(run->group, &decision, sizeof decision, error);
  if (status != TP_OK)
    return status;
  switch (decision.what) {
  case SKIP:
    run->present++;
    break;
  case LEAVE:
    run->left++;
    break;
  case MEASURE:
    status = measure_item(run, item, decision.budget_s, &row, error);
  }
  if (status != TP_E_INPUT)
    return status;
  run->refused++;
  *refused = error->text;
  return TP_OK;
}

static bool is_among(const struct tp_failures *failures, size_t item)
{
  for (size_t i = 0; failures != NULL && i < failures->n; i++)
    if (failures->items[i] == item)
      return true;
  return false;
}

/* Whether the plan goes on after an item that failed, as the one before it did or did not. */
static bool goes_on(struct tp_agenda_run *run, size_t item, enum tp_status status, bool again)
{
  struct tp_failures *const failures = run->failures;
  run->failed++;
  if (status != TP_E_ENVIRONMENT || run->group != NULL)
    return false;
  if (failures == NULL || failures->n == TP_MOST_FAILURES)
    return !again;
  failures->lost = again;
  if (!again)
    failures->items[failures->n++] = item;
  return !again;
}

static enum tp_status run_items(struct tp_agenda_run *run, const size_t *order, size_t n,
                                struct tp_error *error)
{
  const double end_s = run->now_s(run->data) + run->budget_s;
  struct tp_error first = {.text = ""};
  enum tp_status last = TP_OK;
  bool again = false; /* the item before has failed */
  size_t i = 0;
  for (; i < n; i++) {
    struct tp_error reason = {.text = ""};
    const char *refused = NULL;
    const size_t measured = run->measured;
    if (is_among(run->failures, order[i]))
      continue;
    const enum tp_status status = run_item(run, order[i], end_s, n - i, &refused, &reason);
    if (status != TP_OK) {
      if (run->failed == 0)
        first = reason;
      last = status;
      if (!goes_on(run, order[i], status, again))
        break;
    }
    again = status != TP_OK || (again && run->measured == measured);
    if (run->progress != NULL)
      run->progress(run->data, i + 1, n, refused);
  }
  if (i < n)
    run->left += n - i - 1;
  return last == TP_OK ? TP_OK : tp_fail(error, last, "%s", first.text);
}

enum tp_status tp_agenda_measure(struct tp_agenda_run *run, struct tp_error *error)
{
  const struct tp_agenda *plan = run->plan;
  size_t *order = calloc(plan->n > 0 ? plan->n : 1, sizeof *order);
  if (order == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  run->measured = run->present = run->refused = run->failed = run->left = 0;
  run->beyond_s = 0;
  enum tp_status status = tp_agenda_order(plan, run->round, order, error);
  if (status == TP_OK)
    status = run_items(run, order, tp_agenda_count(plan, run->round), error);
  if (run->failures != NULL)
    run->failures->measured = run->measured;
  free(order);
  return status;
}
