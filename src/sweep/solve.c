#include "sweep/solve.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_roots.h>
#include <math.h>
#include <string.h>

enum { SCAN_CELLS = 64, MOST_WHOLE = 256, MOST_TRIES = 16, MOST_STEPS = 200 };

/* A gain that falls short by rounding is reached: variants that coincide differ by so much. */
static const double rounding = 1e-12;
static const double root_ratio = 1e-12; /* of the value */

struct search {
  const struct tp_solve_request *request;
  struct tp_arena *arena, *scratch;
  enum tp_axis_name axis; /* TP_N_AXES: a key of --set */
  enum tp_status status;  /* of the last prediction that failed */
  struct tp_error *error;
  struct tp_solution *solution;
};

struct sample {
  double value, gain; /* gain NAN: cannot run */
  const char *reason;
};

static const char *unit_of(const char *key)
{
  static const struct {
    const char *suffix, *unit;
  } units[] = {
      {"bytes_per_s_per_direction", "bytes/s"},
      {"bytes_per_s", "bytes/s"},
      {"flops_per_s", "flops/s"},
      {"_hz", "Hz"},
      {"_bytes", "bytes"},
      {"_bytes_to_4_ranks", "bytes"},
      {"_bytes_above_4_ranks", "bytes"},
      {"_s", "s"},
  };
  const size_t length = strlen(key);
  for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
    const size_t n = strlen(units[i].suffix);
    if (n <= length && strcmp(key + length - n, units[i].suffix) == 0)
      return units[i].unit;
  }
  return "";
}

static enum tp_axis_name axis_of(const char *key)
{
  static const enum tp_axis_name whole[] = {TP_AXIS_tp, TP_AXIS_batch, TP_AXIS_prompt,
                                            TP_AXIS_generate};
  for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
    if (strcmp(key, tp_axis_column(whole[i])->name) == 0)
      return whole[i];
  return TP_N_AXES;
}

/* The overrides asked for, and the key's after them. */
static void add_override(const struct search *search, double value, struct tp_catalog *catalog)
{
  const struct tp_catalog *given = search->request->catalog;
  const char **sets = TP_NEW(search->scratch, const char *, given->n_sets + 1);
  for (size_t i = 0; i < given->n_sets; i++)
    sets[i] = given->sets[i];
  sets[given->n_sets] = tp_arena_printf(search->scratch, "%s=%.17g", search->request->key, value);
  catalog->sets = sets;
  catalog->n_sets = given->n_sets + 1;
}

/* The point with the key at `value`. */
static enum tp_status predict_at(struct search *search, double value, struct tp_prediction *row,
                                 struct tp_error *error)
{
  tp_arena_reset(search->scratch);
  const struct tp_catalog *given = search->request->catalog;
  struct tp_catalog catalog = {.arena = search->scratch,
                               .dirs = given->dirs,
                               .engines = given->engines,
                               .sets = given->sets,
                               .n_sets = given->n_sets};
  struct tp_grid grid = *search->request->grid;
  if (search->axis == TP_N_AXES)
    add_override(search, value, &catalog);
  else
    grid.axes[search->axis] = (struct tp_axis){.numbers = &value, .n = 1};
  struct tp_point point;
  enum tp_status status = tp_grid_point(&grid, &catalog, 0, &point, error);
  if (status != TP_OK)
    return status;
  struct tp_predictor *predictor = tp_predictor_create();
  status = tp_predict(predictor, &point, row, error);
  tp_predictor_free(predictor);
  return status;
}

static struct sample sample_at(struct search *search, double value)
{
  struct tp_prediction row;
  struct sample sample = {value, (double)NAN, NULL};
  if (search->status == TP_OK)
    search->status = predict_at(search, value, &row, search->error);
  if (search->status != TP_OK)
    return sample;
  sample.gain = row.speedup - 1;
  if (isnan(sample.gain)) /* kraken runs where standard does not, or the point itself does not */
    sample.reason = strcmp(row.status, "ok") == 0 ? "the standard variant cannot run there"
                                                  : tp_arena_strdup(search->arena, row.status);
  return sample;
}

static double above(const struct search *search, const struct sample *sample)
{
  return sample->gain - search->request->gain + rounding;
}

static bool reached(const struct search *search, const struct sample *sample)
{
  return above(search, sample) >= 0;
}

/* The first whole number from `value` on, before `end`, that runs; else the last one tried. */
static struct sample first_that_runs(struct search *search, double value, double end, int tries)
{
  struct sample sample = sample_at(search, value);
  while (isnan(sample.gain) && search->status == TP_OK && --tries > 0 && sample.value + 1 < end)
    sample = sample_at(search, sample.value + 1);
  return sample;
}

static double scan_value(const struct search *search, size_t i, size_t n)
{
  const double from = search->request->from, to = search->request->to;
  const double share = (double)i / (double)n;
  if (i == 0 || i == n)
    return i == 0 ? from : to;
  return from > 0 ? from * pow(to / from, share) : from + (to - from) * share;
}

static size_t scan(struct search *search, struct sample **samples)
{
  const double from = search->request->from, to = search->request->to;
  const bool whole = search->solution->whole, all = whole && to - from < MOST_WHOLE;
  const size_t cells = all ? (size_t)(to - from) : whole ? MOST_WHOLE : SCAN_CELLS;
  *samples = TP_NEW(search->arena, struct sample, cells + 1);
  size_t n = 0;
  for (size_t i = 0; i <= cells && search->status == TP_OK; i++) {
    double value = all ? from + (double)i : scan_value(search, i, cells);
    if (!whole) {
      (*samples)[n++] = sample_at(search, value);
      continue;
    }
    value = floor(value);
    const double end = i == cells ? value + 1 : floor(scan_value(search, i + 1, cells));
    if (n == 0 || value > (*samples)[n - 1].value)
      (*samples)[n++] = first_that_runs(search, value, all ? value + 1 : end, MOST_TRIES);
  }
  return n;
}

/* The cell's ends close in on the crossing. */
static void bisect(struct search *search, struct sample *low, struct sample *high)
{
  while (low->value + 1 < high->value && search->status == TP_OK) {
    const double middle = floor((low->value + high->value) / 2);
    const struct sample sample = first_that_runs(search, middle, high->value, MOST_TRIES);
    if (isnan(sample.gain))
      return;
    *(reached(search, &sample) == reached(search, low) ? low : high) = sample;
  }
}

struct brent {
  struct search *search;
  bool logarithmic;
  bool gap; /* a value that cannot run was met */
  struct sample *low, *high;
};

/* Called by the root finder: ends of the bracket are kept as samples. */
static double above_at(double x, void *data)
{
  struct brent *brent = data;
  struct sample *const low = brent->low, *const high = brent->high;
  const double value = brent->logarithmic ? exp(x) : x;
  if (!(value > low->value && value < high->value))
    return above(brent->search, value <= low->value ? low : high);
  const struct sample sample = sample_at(brent->search, value);
  if (isnan(sample.gain)) {
    brent->gap = true;
    return 0; /* ends the search */
  }
  *(reached(brent->search, &sample) == reached(brent->search, low) ? low : high) = sample;
  return above(brent->search, &sample);
}

static void narrow(struct search *search, struct sample *low, struct sample *high)
{
  struct brent brent = {search, low->value > 0, false, low, high};
  gsl_function function = {above_at, &brent};
  gsl_root_fsolver *solver = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
  if (solver == NULL) {
    search->status = tp_fail(search->error, TP_E_ENVIRONMENT, "no memory for the root finder");
    return;
  }
  int status =
      gsl_root_fsolver_set(solver, &function, brent.logarithmic ? log(low->value) : low->value,
                           brent.logarithmic ? log(high->value) : high->value);
  for (int i = 0; i < MOST_STEPS && status == GSL_SUCCESS && !brent.gap; i++) {
    const struct sample *const side = reached(search, high) ? high : low;
    if (search->status != TP_OK || high->value - low->value <= root_ratio * high->value ||
        above(search, side) < rounding)
      break;
    status = gsl_root_fsolver_iterate(solver);
  }
  gsl_root_fsolver_free(solver);
}

static double gain_beside(struct search *search, double value)
{
  struct tp_prediction row;
  struct tp_error unused;
  const double asked = search->solution->whole ? floor(value) : value;
  return predict_at(search, asked, &row, &unused) == TP_OK ? row.speedup - 1 : (double)NAN;
}

static void add_crossing(struct search *search, struct sample low, struct sample high)
{
  struct tp_solution *solution = search->solution;
  const bool rises = reached(search, &high);
  if (solution->whole)
    bisect(search, &low, &high);
  else
    narrow(search, &low, &high);
  if (search->status != TP_OK)
    return;
  const struct sample *at = rises ? &high : &low;
  solution->crossings[solution->n_crossings++] =
      (struct tp_crossing){.value = at->value,
                           .gain = at->gain,
                           .rises = rises,
                           .gain_half = gain_beside(search, at->value / 2),
                           .gain_double = gain_beside(search, at->value * 2)};
}

static void note_unsolved(struct tp_solution *solution, const struct sample *samples, size_t i)
{
  struct tp_unsolved *last = &solution->unsolved[solution->n_unsolved];
  if (i > 0 && isnan(samples[i - 1].gain))
    last[-1].last = samples[i].value;
  else
    solution->unsolved[solution->n_unsolved++] =
        (struct tp_unsolved){samples[i].value, samples[i].value, samples[i].reason};
}

static void note_gain(struct tp_solution *solution, const struct sample *sample)
{
  if (isnan(solution->first_gain)) {
    solution->first_value = solution->least_value = solution->best_value = sample->value;
    solution->first_gain = solution->least_gain = solution->best_gain = sample->gain;
  }
  solution->last_value = sample->value;
  solution->last_gain = sample->gain;
  if (sample->gain < solution->least_gain) {
    solution->least_value = sample->value;
    solution->least_gain = sample->gain;
  }
  if (sample->gain > solution->best_gain) {
    solution->best_value = sample->value;
    solution->best_gain = sample->gain;
  }
}

/* Values that cannot run between two that do are stepped over. */
static void walk(struct search *search, const struct sample *samples, size_t n)
{
  struct tp_solution *solution = search->solution;
  solution->crossings = TP_NEW(search->arena, struct tp_crossing, n);
  solution->unsolved = TP_NEW(search->arena, struct tp_unsolved, n);
  const struct sample *before = NULL;
  for (size_t i = 0; i < n && search->status == TP_OK; i++) {
    if (isnan(samples[i].gain)) {
      note_unsolved(solution, samples, i);
      continue;
    }
    note_gain(solution, &samples[i]);
    if (before != NULL && reached(search, before) != reached(search, &samples[i]))
      add_crossing(search, *before, samples[i]);
    before = &samples[i];
  }
}

static enum tp_status check(const struct search *search, struct tp_error *error)
{
  const struct tp_solve_request *request = search->request;
  const double from = request->from, to = request->to;
  const struct tp_axis *variants = &request->grid->axes[TP_AXIS_variant];
  if (tp_grid_size(request->grid) != 1)
    return tp_fail(error, TP_E_INPUT, "break-even is of one point; give every option one value");
  if (variants->n == 0 || strcmp(variants->words[0], "standard") == 0)
    return tp_fail(error, TP_E_INPUT,
                   "standard gains nothing over itself; name another with --variant");
  if (!(request->gain > -1))
    return tp_fail(error, TP_E_INPUT, "gain %.9g: no time is negative; take more than -1",
                   request->gain);
  if (!(from >= 0 && from < to))
    return tp_fail(error, TP_E_INPUT, "from %.9g to %.9g is no range; take 0 <= from < to", from,
                   to);
  if (search->solution->whole && (from != floor(from) || to != floor(to)))
    return tp_fail(error, TP_E_INPUT, "%s is a whole number; so are the ends of its range",
                   request->key);
  return TP_OK;
}

enum tp_status tp_solve(const struct tp_solve_request *request, struct tp_arena *arena,
                        struct tp_solution *solution, struct tp_error *error)
{
  struct search search = {.request = request,
                          .arena = arena,
                          .axis = axis_of(request->key),
                          .error = error,
                          .solution = solution};
  const bool whole = search.axis != TP_N_AXES;
  *solution = (struct tp_solution){.unit = whole ? tp_axis_column(search.axis)->unit
                                                 : unit_of(request->key),
                                   .whole = whole,
                                   .first_gain = (double)NAN};
  search.status = check(&search, error);
  if (search.status != TP_OK)
    return search.status;
  search.scratch = tp_arena_create();
  struct sample *samples;
  sample_at(&search, request->to); /* a range that the schema refuses is refused at once */
  const size_t n = scan(&search, &samples);
  walk(&search, samples, n);
  tp_arena_free(search.scratch);
  if (search.status == TP_OK && isnan(solution->first_gain))
    return tp_fail(error, TP_E_INPUT, "no %s from %.9g to %.9g can run: %s", request->key,
                   request->from, request->to, solution->unsolved[0].reason);
  return search.status;
}
