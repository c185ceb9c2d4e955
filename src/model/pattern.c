#include "model/pattern.h"

enum { MAX_CYCLE = 64 };

int64_t tp_model_layers_of(const struct tp_model *model, int kind, int64_t first, int64_t count)
{
  int64_t n = 0;
  if (tp_model_n_kinds(model) == 1)
    return kind == 0 ? count : 0;
  for (int64_t layer = first; layer < first + count; layer++)
    n += tp_model_kind_of(model, layer) == kind;
  return n;
}

/* Layer number i of the range, in its order. */
static int64_t layer_at(const struct tp_layer_range *range, int64_t i)
{
  return range->backward ? range->first + range->count - 1 - i : range->first + i;
}

static bool same_groups(const struct tp_model *model, const struct tp_layer_range *range, int64_t a,
                        int64_t b)
{
  for (int64_t i = 0; i < range->group; i++)
    if (tp_model_kind_of(model, layer_at(range, a * range->group + i)) !=
        tp_model_kind_of(model, layer_at(range, b * range->group + i)))
      return false;
  return true;
}

/* From group `at` on: the cycle that covers most by recurring, or the one group. */
static struct tp_layer_run longest_run(const struct tp_model *model,
                                       const struct tp_layer_range *range, int64_t at,
                                       int64_t groups)
{
  struct tp_layer_run longest = {.first = at, .cycle = 1, .repeat = 1};
  for (int64_t cycle = 1; cycle <= MAX_CYCLE && cycle <= (groups - at) / 2 &&
                          longest.repeat * longest.cycle < groups - at;
       cycle++) {
    int64_t end = at + cycle;
    while (end < groups && same_groups(model, range, end, end - cycle))
      end++;
    const int64_t repeat = (end - at) / cycle;
    if (repeat > 1 && repeat * cycle > longest.repeat * longest.cycle)
      longest = (struct tp_layer_run){.first = at, .cycle = cycle, .repeat = repeat};
  }
  return longest;
}

static int runs_of_groups(const struct tp_model *model, const struct tp_layer_range *range,
                          struct tp_layer_run runs[TP_MAX_LAYER_RUNS])
{
  const int64_t groups = range->count / range->group;
  int n = 0;
  for (int64_t at = 0; at < groups;) {
    const struct tp_layer_run run = longest_run(model, range, at, groups);
    if (run.repeat == 1 && n > 0 && runs[n - 1].repeat == 1) {
      runs[n - 1].cycle++;
    } else if (n == TP_MAX_LAYER_RUNS - 1) {
      runs[n++] = (struct tp_layer_run){.first = at, .cycle = groups - at, .repeat = 1};
      break;
    } else {
      runs[n++] = run;
    }
    at += run.cycle * run.repeat;
  }
  return n;
}

int tp_pattern_runs(const struct tp_model *model, struct tp_layer_range range,
                    struct tp_layer_run runs[TP_MAX_LAYER_RUNS])
{
  int n = 1;
  if (range.count == 0)
    return 0;
  if (tp_model_n_kinds(model) == 1)
    runs[0] = (struct tp_layer_run){.cycle = 1, .repeat = range.count / range.group};
  else
    n = runs_of_groups(model, &range, runs);
  for (int i = 0; i < n; i++)
    runs[i].first = layer_at(&range, runs[i].first * range.group);
  return n;
}
