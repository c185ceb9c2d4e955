#include "fit/collectives.h"

#include "cost/collectives/algorithm.h"
#include "fit/kernel_parameters.h"
#include "fit/robust.h"
#include "fit/uncertainty.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { STARTS = 40, MAX_ITERATIONS = 60 };

static const double knee_ratio = 0.1;   /* residuals beyond it count linearly, not squared */
static const double keep_weight = 0.02; /* pull of a parameter towards where it started */
static const double start_spread_ratio = 0.3;

struct fit {
  struct tp_device device; /* trial values; the machines point here */
  const struct tp_kernel_group *group;
  const struct tp_fit_options *options;
  const size_t *chosen; /* rows that are fitted */
  size_t n_chosen;
  const struct tp_fit_row *rows;
  size_t n_rows, n_parameters;
  struct tp_kernel_parameter parameters[TP_MAX_COLLECTIVE_PARAMETERS];
  double first[TP_MAX_COLLECTIVE_PARAMETERS]; /* ln of the values before the fit */
  struct tp_machine *machines;                /* by row */
};

static double *value_at(struct tp_device *device, const struct tp_kernel_parameter *parameter)
{
  return tp_kernel_parameter_slot(device, parameter->offset);
}

/* What a timing can tell: not the SMs held, nor how far a kernel reaches, nor the spread itself. */
static bool is_fitted(const char *key)
{
  const char *const tail = strrchr(key, '_');
  return strcmp(key, "spread_ratio") != 0 && strcmp(key, "sms") != 0 &&
         strncmp(key, "most_", 5) != 0 && (tail == NULL || strcmp(tail, "_sms") != 0);
}

/* Of an exchange a time of 0 is a term that its library is known to lack. */
static bool is_off(struct fit *fit, const struct tp_kernel_parameter *parameter)
{
  return *value_at(&fit->device, parameter) == 0 &&
         (tp_device_may_lack(parameter->key) ||
          tp_collective_is_exchange(&fit->rows[0].collective));
}

static enum tp_status choose_parameters(struct fit *fit, struct tp_error *error)
{
  const struct tp_kernel_parameter *const table = fit->group->table;
  for (size_t i = 0; i < fit->group->n_table; i++) {
    if (!is_fitted(table[i].key) || is_off(fit, &table[i]))
      continue;
    const double value = *value_at(&fit->device, &table[i]);
    if (!(value > 0))
      return tp_fail(error, TP_E_INPUT, "device %s: %s is %g; a fit starts from a positive value",
                     fit->device.name, table[i].key, value);
    fit->first[fit->n_parameters] = log(value);
    fit->parameters[fit->n_parameters++] = table[i];
  }
  return TP_OK;
}

static enum tp_status make_machines(struct fit *fit, const struct tp_platform *platform,
                                    const struct tp_stack *stack, struct tp_error *error)
{
  for (size_t i = 0; i < fit->n_rows; i++) {
    const int ranks = fit->rows[i].ranks;
    if (ranks < 2 || !(fit->rows[i].time_s > 0))
      return tp_fail(error, TP_E_INPUT, "a fit needs rows of 2 ranks or more and positive times");
    size_t same = 0;
    while (same < i && fit->rows[same].ranks != ranks)
      same++;
    if (same == i)
      TP_TRY(tp_machine_make(platform, &fit->device, stack, ranks, &fit->machines[i], error));
    fit->machines[i] = fit->machines[same];
    const struct tp_collective *const collective = &fit->rows[i].collective;
    if (tp_collective_is_exchange(collective) &&
        !tp_collective_possible(&fit->machines[i], collective))
      return tp_fail(error, TP_E_INPUT,
                     "%s does not reach %d ranks of %s with %" PRId64 " tokens each; leave such "
                     "rows out, or raise most_ranks and most_tokens",
                     fit->group->name, ranks, platform->name, collective->tokens);
  }
  return TP_OK;
}

static void set(struct fit *fit, const gsl_vector *x)
{
  for (size_t i = 0; i < fit->n_parameters; i++) {
    const struct tp_kernel_parameter *parameter = &fit->parameters[i];
    *value_at(&fit->device, parameter) =
        fmin(fmax(exp(gsl_vector_get(x, i)), parameter->least), parameter->most);
  }
}

static double log_ratio(const struct fit *fit, const struct tp_fit_row *row)
{
  const struct tp_machine *machine = &fit->machines[row - fit->rows];
  struct tp_cost cost;
  tp_cost_collective(machine, &row->collective, &cost);
  return log(tp_cost_alone_s(machine, &cost) / row->time_s);
}

static int row_residuals(const gsl_vector *x, void *data, gsl_vector *f)
{
  struct fit *fit = data;
  set(fit, x);
  for (size_t i = 0; i < fit->n_chosen; i++) {
    const double r = log_ratio(fit, &fit->rows[fit->chosen[i]]) / knee_ratio;
    const double soft = knee_ratio * sqrt(2 * (sqrt(1 + r * r) - 1));
    gsl_vector_set(f, i, copysign(soft, r));
  }
  return GSL_SUCCESS;
}

static int residuals(const gsl_vector *x, void *data, gsl_vector *f)
{
  struct fit *fit = data;
  row_residuals(x, data, f);
  for (size_t i = 0; i < fit->n_parameters; i++)
    gsl_vector_set(f, fit->n_chosen + i, keep_weight * (gsl_vector_get(x, i) - fit->first[i]));
  return GSL_SUCCESS;
}

/* One descent from `x`, which holds the end point afterwards; returns the sum of squares. */
static double descend(struct fit *fit, gsl_vector *x)
{
  const size_t n = fit->n_chosen + fit->n_parameters;
  gsl_multifit_nlinear_fdf fdf = {.f = residuals, .n = n, .p = fit->n_parameters, .params = fit};
  const gsl_multifit_nlinear_parameters options = gsl_multifit_nlinear_default_parameters();
  gsl_multifit_nlinear_workspace *work =
      gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &options, n, fit->n_parameters);
  int why;
  gsl_multifit_nlinear_init(x, &fdf, work);
  /* The minimum over protocols has kinks: stopping short of a gradient of zero is no failure. */
  gsl_multifit_nlinear_driver(MAX_ITERATIONS, 1e-6, 1e-8, 1e-8, NULL, NULL, &why, work);
  gsl_vector_memcpy(x, gsl_multifit_nlinear_position(work));
  const double norm = gsl_blas_dnrm2(gsl_multifit_nlinear_residual(work));
  gsl_multifit_nlinear_free(work);
  return norm * norm;
}

/* Several starts: which protocol a size belongs to is a discrete choice that descent cannot undo.
 */
static void search(struct fit *fit, gsl_vector *best)
{
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  gsl_vector *x = gsl_vector_alloc(fit->n_parameters);
  double least = HUGE_VAL;
  for (int start = 0; start < STARTS; start++) {
    tp_fit_progress(fit->options, (size_t)start, STARTS);
    for (size_t i = 0; i < fit->n_parameters; i++)
      gsl_vector_set(x, i,
                     fit->first[i] + (start == 0 ? 0 : gsl_ran_gaussian(rng, start_spread_ratio)));
    const double squares = descend(fit, x);
    if (squares < least) {
      least = squares;
      gsl_vector_memcpy(best, x);
    }
  }
  gsl_vector_free(x);
  gsl_rng_free(rng);
}

static bool is_held_out(const struct fit *fit, const struct tp_fit_row *row)
{
  const struct tp_op op = {.kind = TP_OP_COLLECTIVE, .collective = row->collective};
  const struct tp_interference alone = {0};
  return tp_fit_is_held_out(tp_fit_shape(&op, row->ranks, &alone), fit->options->hold_out_ratio);
}

/* Mean and worst error, and the residual spread. */
static double judge(const struct fit *fit, struct tp_fit_quality *quality)
{
  double squares = 0;
  for (size_t i = 0; i < fit->n_rows; i++) {
    const double r = log_ratio(fit, &fit->rows[i]), error = fabs(expm1(r));
    squares += r * r;
    if (is_held_out(fit, &fit->rows[i])) {
      quality->held_out_error += error;
      quality->n_held_out++;
      continue;
    }
    quality->mean_error += error;
    quality->worst_error = fmax(quality->worst_error, error);
    quality->n_rows++;
  }
  quality->mean_error /= (double)quality->n_rows;
  quality->held_out_error /= fmax(1, (double)quality->n_held_out);
  return sqrt(squares / (double)fit->n_rows);
}

static double loss_at(struct fit *fit, const gsl_vector *x)
{
  gsl_vector *f = gsl_vector_alloc(fit->n_chosen);
  row_residuals(x, fit, f);
  const double norm = gsl_blas_dnrm2(f);
  gsl_vector_free(f);
  return norm * norm;
}

/* A parameter that moves no row where the search ended gets its first value back, unless that fits
 * worse: then the search took it to a bound of its range, or out of the way of what fits. */
static void put_back(struct fit *fit, gsl_vector *best, size_t i, struct tp_fit_quality *quality)
{
  const double found = gsl_vector_get(best, i), loss = loss_at(fit, best);
  gsl_vector_set(best, i, fit->first[i]);
  if (tp_robust_fits_as_well(loss_at(fit, best), loss))
    return;
  gsl_vector_set(best, i, found);
  quality->errors[i] = 0;
  quality->at_bound[i] = true;
}

static enum tp_status settle(struct fit *fit, gsl_vector *best, struct tp_fit_quality *quality,
                             struct tp_error *error)
{
  const struct tp_fit_function function = {row_residuals, fit, fit->n_chosen, fit->n_parameters};
  TP_TRY(tp_fit_standard_errors(&function, best, NULL, quality->errors, error));
  quality->n_parameters = fit->n_parameters;
  for (size_t i = 0; i < fit->n_parameters; i++) {
    quality->keys[i] = fit->parameters[i].key;
    if (isnan(quality->errors[i]))
      put_back(fit, best, i, quality);
  }
  set(fit, best);
  for (size_t i = 0; i < fit->n_parameters; i++) {
    const struct tp_kernel_parameter *const parameter = &fit->parameters[i];
    const double value = quality->values[i] = *value_at(&fit->device, parameter);
    quality->at_bound[i] |=
        !isnan(quality->errors[i]) && (value <= parameter->least || value >= parameter->most);
  }
  return TP_OK;
}

static enum tp_status choose_rows(struct fit *fit, struct tp_arena *scratch, struct tp_error *error)
{
  size_t *chosen = TP_NEW(scratch, size_t, fit->n_rows + 1);
  for (size_t i = 0; i < fit->n_rows; i++)
    if (!is_held_out(fit, &fit->rows[i]))
      chosen[fit->n_chosen++] = i;
  fit->chosen = chosen;
  if (fit->n_chosen == 0)
    return tp_fail(error, TP_E_INPUT, "collectives: no row is left to fit; give more");
  return TP_OK;
}

static enum tp_status run(struct fit *fit, struct tp_fit_quality *quality, struct tp_error *error)
{
  gsl_error_handler_t *handler = gsl_set_error_handler_off(); /* its default aborts */
  gsl_vector *best = gsl_vector_alloc(fit->n_parameters);
  search(fit, best);
  const enum tp_status status = settle(fit, best, quality, error);
  gsl_vector_free(best);
  gsl_set_error_handler(handler);
  return status;
}

const char *tp_exchange_group_of(const struct tp_collective *collective)
{
  static const struct {
    enum tp_algorithm algorithm;
    enum tp_collective_kind kind;
    const char *group;
  } groups[] = {{TP_ALGORITHM_DEEPEP, TP_DISPATCH, "deepep_dispatch"},
                {TP_ALGORITHM_DEEPEP, TP_COMBINE, "deepep_combine"},
                {TP_ALGORITHM_DEEPEP_LOW_LATENCY, TP_DISPATCH, "deepep_ll_dispatch"},
                {TP_ALGORITHM_DEEPEP_LOW_LATENCY, TP_COMBINE, "deepep_ll_combine"},
                {TP_ALGORITHM_NVLINK_ONE_SIDED, TP_DISPATCH, "one_sided_dispatch"},
                {TP_ALGORITHM_NVLINK_ONE_SIDED, TP_COMBINE, "one_sided_combine"},
                {TP_ALGORITHM_NVLINK_TWO_SIDED, TP_PREPARE, "two_sided_prepare"},
                {TP_ALGORITHM_NVLINK_TWO_SIDED, TP_DISPATCH, "two_sided_dispatch"},
                {TP_ALGORITHM_NVLINK_TWO_SIDED, TP_COMBINE, "two_sided_combine"}};
  for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
    if (groups[i].algorithm == collective->algorithm && groups[i].kind == collective->kind)
      return groups[i].group;
  return NULL;
}

enum tp_status tp_fit_collectives(const struct tp_platform *platform, const struct tp_stack *stack,
                                  const char *group, const struct tp_fit_row *rows, size_t n_rows,
                                  const struct tp_fit_options *options, struct tp_device *device,
                                  struct tp_fit_quality *quality, struct tp_error *error)
{
  struct fit fit = {.device = *device,
                    .group = tp_kernel_group_find(group),
                    .options = options,
                    .rows = rows,
                    .n_rows = n_rows};
  struct tp_arena *scratch = tp_arena_create();
  *quality = (struct tp_fit_quality){0};
  fit.machines = TP_NEW(scratch, struct tp_machine, n_rows);
  enum tp_status status = choose_parameters(&fit, error);
  if (status == TP_OK)
    status = make_machines(&fit, platform, stack, error);
  if (status == TP_OK)
    status = choose_rows(&fit, scratch, error);
  if (status == TP_OK)
    status = run(&fit, quality, error);
  quality->spread_ratio = status == TP_OK ? judge(&fit, quality) : 0;
  tp_arena_free(scratch);
  if (status == TP_OK)
    status = tp_fit_check_spread(group, quality->spread_ratio, error);
  if (status != TP_OK)
    return status;
  *device = fit.device;
  *value_at(device, tp_kernel_parameter_find(fit.group, "spread_ratio")) = quality->spread_ratio;
  const enum tp_provenance kind = TP_PROVENANCE_FITTED;
  memcpy((char *)device + fit.group->kind, &kind, sizeof kind);
  return TP_OK;
}
