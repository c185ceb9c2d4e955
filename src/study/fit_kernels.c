#include "study/fit_kernels.h"

#include "cost/cost.h"
#include "study/fit_uncertainty.h"
#include "study/kernel_parameters.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

const char *tp_fit_group_of(const struct tp_op *op)
{
  switch (op->kind) {
  case TP_OP_GEMM:
    return op->gemm.dtype == TP_DTYPE_FP8 ? "gemm_fp8" : "gemm";
  case TP_OP_ATTENTION:
    if (op->attention.style != TP_ATTENTION_FLASH)
      return NULL;
    return op->attention.decode ? "attention_decode" : "attention_prefill";
  case TP_OP_MEMORY:
    return "memory";
  case TP_OP_COLLECTIVE:
    break;
  }
  return NULL;
}

/* One fit in progress. */
struct problem {
  const struct tp_fit_options *options;
  const char *group;
  size_t n_parameters;
  const struct tp_kernel_parameter *parameters[TP_MAX_FIT_PARAMETERS];
  const struct tp_kernel_sample **samples;
  size_t n_samples;
  double first[TP_MAX_FIT_PARAMETERS]; /* where the free parameters start */
  const struct tp_device *before;
  struct tp_device *device; /* a copy of it, being fitted */
  struct tp_machine machine;
  struct tp_stack stack;
};

static void set_parameters(struct problem *problem, const gsl_vector *x)
{
  for (size_t i = 0; i < problem->n_parameters; i++) {
    const struct tp_kernel_parameter *parameter = problem->parameters[i];
    *tp_kernel_parameter_slot(problem->device, parameter->offset) =
        tp_kernel_parameter_from_free(parameter, gsl_vector_get(x, i));
  }
}

static double residual(const struct problem *problem, const struct tp_kernel_sample *sample)
{
  const struct tp_cost cost = tp_cost_op(&problem->machine, TP_DECODE, &sample->op);
  return log(tp_cost_alone_s(&problem->machine, &cost) / sample->time_s);
}

static int sample_residuals(const gsl_vector *x, void *data, gsl_vector *f)
{
  struct problem *problem = data;
  set_parameters(problem, x);
  for (size_t i = 0; i < problem->n_samples; i++) {
    const double r = residual(problem, problem->samples[i]);
    if (!isfinite(r))
      return GSL_EDOM;
    gsl_vector_set(f, i, r);
  }
  return GSL_SUCCESS;
}

/* With few samples some parameters are hardly told, and would drift: each is held to where it
 * started as if by one more sample. */
static const double keep_weight = 0.02;

static double keep_residual(const struct problem *problem, const gsl_vector *x, size_t i)
{
  return keep_weight * (gsl_vector_get(x, i) - problem->first[i]);
}

static int residuals(const gsl_vector *x, void *data, gsl_vector *f)
{
  const struct problem *problem = data;
  const int status = sample_residuals(x, data, f);
  for (size_t i = 0; i < problem->n_parameters; i++)
    gsl_vector_set(f, problem->n_samples + i, keep_residual(problem, x, i));
  return status;
}

/* Soft L1: the weight of a residual r is 1/sqrt(1 + (r/scale)^2). */
static double soft_weight(double r)
{
  const double scale = 0.1;
  return 1 / sqrt(1 + r / scale * (r / scale));
}

static double loss_now(const struct problem *problem)
{
  double loss = 0;
  for (size_t i = 0; i < problem->n_samples; i++)
    loss += 1 / soft_weight(residual(problem, problem->samples[i])) - 1;
  return loss;
}

static double soft_loss(struct problem *problem, const gsl_vector *x)
{
  double kept = 0;
  for (size_t i = 0; i < problem->n_parameters; i++)
    kept += 1 / soft_weight(keep_residual(problem, x, i)) - 1;
  set_parameters(problem, x);
  return loss_now(problem) + kept;
}

/* Iteratively reweighted: a few rounds of weighted least squares. */
static enum tp_status minimise(struct problem *problem, gsl_vector *x, struct tp_error *error)
{
  enum { ROUNDS = 4, ITERATIONS = 40 };
  const size_t p = problem->n_parameters, n = problem->n_samples + p;
  gsl_multifit_nlinear_parameters settings = gsl_multifit_nlinear_default_parameters();
  settings.h_df = 1e-4; /* ceilings make the model stepped: a step too small sees none of it */
  gsl_multifit_nlinear_fdf function = {.f = residuals, .n = n, .p = p, .params = problem};
  gsl_multifit_nlinear_workspace *work =
      gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &settings, n, p);
  gsl_vector *weights = gsl_vector_alloc(n), *f = gsl_vector_alloc(n);
  enum tp_status status = TP_OK;
  if (work == NULL || weights == NULL || f == NULL)
    status =
        tp_fail(error, TP_E_ENVIRONMENT, "out of memory fitting %zu samples", problem->n_samples);
  for (int round = 0; round < ROUNDS && status == TP_OK; round++) {
    int info;
    if (residuals(x, problem, f) != GSL_SUCCESS) {
      status = tp_fail(error, TP_E_INPUT,
                       "%s: a predicted time is not a number; mend the start values of the device",
                       problem->group);
      break;
    }
    for (size_t i = 0; i < n; i++)
      gsl_vector_set(weights, i, soft_weight(gsl_vector_get(f, i)));
    gsl_multifit_nlinear_winit(x, weights, &function, work);
    /* Not converging is no failure: the last iterate is the best seen. */
    gsl_multifit_nlinear_driver(ITERATIONS, 1e-6, 1e-6, 1e-6, NULL, NULL, &info, work);
    gsl_vector_memcpy(x, gsl_multifit_nlinear_position(work));
  }
  gsl_multifit_nlinear_free(work);
  gsl_vector_free(weights);
  gsl_vector_free(f);
  return status;
}

static bool is_held_out(const struct tp_kernel_sample *sample, double hold_out_ratio)
{
  const struct tp_interference alone = {0};
  return tp_fit_is_held_out(tp_fit_shape(&sample->op, 1, &alone), hold_out_ratio);
}

static void judge(const struct problem *problem, const struct tp_kernel_sample *samples,
                  size_t n_samples, struct tp_kernel_fit *fit)
{
  double sum = 0, sum_squares = 0;
  for (size_t i = 0; i < n_samples; i++) {
    const double r = residual(problem, &samples[i]), error = fabs(expm1(r));
    sum += r;
    sum_squares += r * r;
    if (is_held_out(&samples[i], problem->options->hold_out_ratio)) {
      fit->held_out_error += error;
      fit->n_held_out++;
    } else {
      fit->fitted_error += error;
      fit->n_fitted++;
    }
  }
  const double n = (double)n_samples, mean = sum / n;
  fit->fitted_error /= (double)fit->n_fitted;
  fit->held_out_error /= fmax(1, (double)fit->n_held_out);
  fit->spread_ratio = sqrt(sum_squares / n - mean * mean);
}

/* The best so far. */
struct best {
  gsl_vector *x;
  double loss;
  const char *moved; /* parameter whose moving brought it */
};

static const double moves[] = {1, -1};
static const double least_gain = 1e-3; /* of the loss; less is nothing */
enum { MOST_PASSES = 4, N_MOVES = sizeof moves / sizeof moves[0] };

/* Starts over from the best with one parameter moved, keeping what ends better; once for each
 * parameter, up and down. */
static enum tp_status move_each(struct problem *problem, int pass, struct best *best, gsl_vector *x,
                                struct tp_error *error)
{
  enum tp_status status = TP_OK;
  const size_t n_starts = problem->n_parameters * N_MOVES;
  for (size_t start = 0; start < n_starts; start++) {
    const size_t moved = start / N_MOVES;
    tp_fit_progress(problem->options, (size_t)pass * n_starts + start, MOST_PASSES * n_starts);
    gsl_vector_memcpy(x, best->x);
    for (size_t i = 0; i < problem->n_parameters; i++) { /* from where a bound does not hold it */
      const struct tp_kernel_parameter *parameter = problem->parameters[i];
      gsl_vector_set(x, i,
                     tp_kernel_parameter_to_free(parameter, tp_kernel_parameter_from_free(
                                                                parameter, gsl_vector_get(x, i))));
    }
    gsl_vector_set(x, moved, gsl_vector_get(x, moved) + moves[start % N_MOVES]);
    status = minimise(problem, x, error);
    if (status != TP_OK)
      return status;
    const double loss = soft_loss(problem, x);
    if (loss >= best->loss)
      continue;
    if (loss < best->loss * (1 - least_gain))
      best->moved = problem->parameters[moved]->key;
    best->loss = loss;
    gsl_vector_memcpy(best->x, x);
  }
  return status;
}

/* From the values the device holds, until moving parameters brings no more. */
static enum tp_status search(struct problem *problem, struct best *best, gsl_vector *x,
                             struct tp_error *error)
{
  for (size_t i = 0; i < problem->n_parameters; i++) {
    const struct tp_kernel_parameter *parameter = problem->parameters[i];
    problem->first[i] = tp_kernel_parameter_to_free(
        parameter, *tp_kernel_parameter_slot(problem->device, parameter->offset));
    gsl_vector_set(best->x, i, problem->first[i]);
  }
  enum tp_status status = minimise(problem, best->x, error);
  best->loss = status == TP_OK ? soft_loss(problem, best->x) : 0;
  double before = HUGE_VAL;
  for (int pass = 0; pass < MOST_PASSES && status == TP_OK; pass++) {
    best->moved = NULL;
    if (best->loss > before * (1 - least_gain))
      break;
    before = best->loss;
    status = move_each(problem, pass, best, x, error);
  }
  return status;
}

/* At most so many samples take part in the search; all are judged. */
enum { MOST_FITTED = 1500 };

static size_t choose(const struct tp_kernel_sample *samples, size_t n_samples,
                     double hold_out_ratio, const struct tp_kernel_sample **chosen)
{
  size_t n_fitted = 0, n_chosen = 0, seen = 0;
  for (size_t i = 0; i < n_samples; i++)
    n_fitted += !is_held_out(&samples[i], hold_out_ratio);
  const size_t stride = (n_fitted + MOST_FITTED - 1) / MOST_FITTED;
  for (size_t i = 0; i < n_samples; i++)
    if (!is_held_out(&samples[i], hold_out_ratio) && seen++ % stride == 0)
      chosen[n_chosen++] = &samples[i];
  return n_chosen;
}

/* Lists the parameters of the group that may move; the offset of its spread, too. */
static bool list_parameters(const char *name, struct problem *problem, size_t *spread_offset)
{
  const struct tp_kernel_group *group = tp_kernel_group_find(name);
  if (group == NULL)
    return false;
  problem->group = group->name;
  for (size_t i = 0; i < group->n_table; i++) {
    const struct tp_kernel_parameter *parameter = &group->table[i];
    if (strcmp(parameter->key, "spread_ratio") == 0)
      *spread_offset = parameter->offset;
    if (!tp_kernel_parameter_is_held(parameter,
                                     *tp_kernel_parameter_slot(problem->device, parameter->offset)))
      problem->parameters[problem->n_parameters++] = parameter;
  }
  return true;
}

/* A parameter that moves nothing where the search left it: back to what it was, unless it rests on
 * a bound, away from which the fit is worse. */
static void put_back(struct problem *problem, size_t i, struct tp_kernel_fit *fit)
{
  const size_t offset = problem->parameters[i]->offset;
  double *const value = tp_kernel_parameter_slot(problem->device, offset);
  const double left = *value, loss = loss_now(problem);
  memcpy(value, (const char *)problem->before + offset, sizeof *value);
  if (loss_now(problem) <= loss * (1 + least_gain) + 1e-9)
    return;
  *value = left;
  fit->errors[i] = 0;
  fit->at_bound[i] = true;
}

static enum tp_status report(struct problem *problem, const struct best *best,
                             struct tp_kernel_fit *fit, struct tp_error *error)
{
  fit->group = problem->group;
  fit->unsettled = best->moved;
  fit->n_parameters = problem->n_parameters;
  gsl_vector *weights = gsl_vector_alloc(problem->n_samples);
  if (weights == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  set_parameters(problem, best->x);
  for (size_t i = 0; i < problem->n_samples; i++)
    gsl_vector_set(weights, i, soft_weight(residual(problem, problem->samples[i])));
  const struct tp_fit_function function = {sample_residuals, problem, problem->n_samples,
                                           problem->n_parameters};
  const enum tp_status status =
      tp_fit_standard_errors(&function, best->x, weights, fit->errors, error);
  gsl_vector_free(weights);
  set_parameters(problem, best->x);
  for (size_t i = 0; i < problem->n_parameters; i++) {
    const struct tp_kernel_parameter *parameter = problem->parameters[i];
    if (isnan(fit->errors[i]))
      put_back(problem, i, fit);
    fit->keys[i] = parameter->key;
    fit->values[i] = *tp_kernel_parameter_slot(problem->device, parameter->offset);
    fit->errors[i] *= tp_kernel_parameter_slope(parameter, fit->values[i]);
  }
  return status;
}

/* Fits on `problem->device`; the device is whole again only where it succeeds. */
static enum tp_status run(struct problem *problem, const struct tp_kernel_sample *samples,
                          size_t n_samples, struct tp_kernel_fit *fit, struct tp_error *error)
{
  struct best best = {.x = gsl_vector_alloc(problem->n_parameters)};
  gsl_vector *x = gsl_vector_alloc(problem->n_parameters);
  enum tp_status status = best.x == NULL || x == NULL
                              ? tp_fail(error, TP_E_ENVIRONMENT, "out of memory")
                              : search(problem, &best, x, error);
  if (status == TP_OK)
    status = report(problem, &best, fit, error);
  if (status == TP_OK)
    judge(problem, samples, n_samples, fit);
  gsl_vector_free(best.x);
  gsl_vector_free(x);
  return status;
}

enum tp_status tp_fit_kernels(const char *group, const struct tp_kernel_sample *samples,
                              size_t n_samples, const struct tp_fit_options *options,
                              struct tp_device *device, struct tp_arena *scratch,
                              struct tp_kernel_fit *fit, struct tp_error *error)
{
  struct tp_device trial = *device;
  struct problem problem = {.options = options, .before = device, .device = &trial};
  size_t spread_offset = 0;
  if (!list_parameters(group, &problem, &spread_offset))
    return tp_fail(error, TP_E_INPUT, "no kernel group '%s' to fit", group);
  const size_t p = problem.n_parameters;
  problem.samples = TP_NEW(scratch, const struct tp_kernel_sample *, n_samples + 1);
  problem.n_samples = choose(samples, n_samples, options->hold_out_ratio, problem.samples);
  if (problem.n_samples < 3 * p)
    return tp_fail(error, TP_E_INPUT,
                   "%s: %zu samples are too few to fit %zu parameters; give at least %.0f", group,
                   n_samples, p, ceil(10.0 / 3 * (double)p / (1 - options->hold_out_ratio)));
  problem.machine = (struct tp_machine){.device = &trial,
                                        .stack = &problem.stack,
                                        .ranks = 1,
                                        .dram_bytes_per_s = trial.datasheet.dram_bytes_per_s};
  struct tp_kernel_fit done = {0};
  gsl_error_handler_t *handler = gsl_set_error_handler_off(); /* its default aborts */
  enum tp_status status = run(&problem, samples, n_samples, &done, error);
  gsl_set_error_handler(handler);
  if (status == TP_OK)
    status = tp_fit_check_spread(group, done.spread_ratio, error);
  if (status != TP_OK)
    return status;
  *tp_kernel_parameter_slot(&trial, spread_offset) = done.spread_ratio;
  *fit = done;
  *device = trial;
  return TP_OK;
}
