#include "fit/kernels.h"

#include "cost/cost.h"
#include "fit/kernel_parameters.h"
#include "fit/robust.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *gemm_group(enum tp_dtype dtype)
{
  switch (dtype) {
  case TP_DTYPE_FP8:
  case TP_DTYPE_W4A8_MXFP4:
    return "gemm_fp8";
  case TP_DTYPE_FP8_BLOCK:
    return "gemm_fp8_block";
  case TP_DTYPE_NVFP4:
    return "gemm_nvfp4";
  case TP_DTYPE_FP16:
  case TP_DTYPE_BF16:
  case TP_DTYPE_FP32:
  case TP_DTYPE_W4A16:
  case TP_DTYPE_W4A16_MXFP4:
    break;
  }
  return "gemm";
}

static const char *experts_group(const struct tp_experts *experts)
{
  switch (experts->dtype) {
  case TP_DTYPE_FP8:
    return "experts_fp8";
  case TP_DTYPE_FP8_BLOCK:
    return "experts_fp8_block";
  case TP_DTYPE_NVFP4:
    return "experts_nvfp4";
  case TP_DTYPE_W4A16:
  case TP_DTYPE_W4A16_MXFP4:
    return tp_experts_by_marlin(experts) ? "experts_w4a16_marlin" : "experts_w4a16";
  case TP_DTYPE_W4A8_MXFP4:
    return "experts_w4a8";
  case TP_DTYPE_FP16:
  case TP_DTYPE_BF16:
  case TP_DTYPE_FP32:
    break;
  }
  return "experts";
}

const char *tp_fit_group_of(const struct tp_op *op)
{
  switch (op->kind) {
  case TP_OP_GEMM:
    return gemm_group(op->gemm.dtype);
  case TP_OP_ATTENTION:
    if (op->attention.style != TP_ATTENTION_FLASH)
      return NULL;
    return tp_attention_decodes(&op->attention) ? "attention_decode" : "attention_prefill";
  case TP_OP_LATENT:
    return op->latent.absorbed ? "latent_decode" : "latent_prefill";
  case TP_OP_EXPERTS:
    return experts_group(&op->experts);
  case TP_OP_MEMORY:
    return "memory";
  case TP_OP_QUANTISE:
    return "scaling";
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
  const struct tp_cost cost = tp_cost_op(&problem->machine, true, &sample->op);
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

static bool is_held_out(const struct tp_kernel_sample *sample, double hold_out_ratio)
{
  const struct tp_interference alone = {0};
  return tp_fit_is_held_out(tp_fit_shape(&sample->op, 1, &alone), hold_out_ratio);
}

/* As the cost of each kernel counts them. */
static double rows_of(const struct tp_op *op)
{
  switch (op->kind) {
  case TP_OP_GEMM:
    return (double)op->gemm.m;
  case TP_OP_ATTENTION:
    return (double)(op->attention.batch * op->attention.query_len);
  case TP_OP_LATENT:
    return (double)(op->latent.batch * (op->latent.absorbed ? 1 : op->latent.query_len));
  case TP_OP_EXPERTS:
    return (double)op->experts.tokens;
  case TP_OP_QUANTISE:
  case TP_OP_MEMORY:
  case TP_OP_COLLECTIVE:
    break;
  }
  return 0;
}

static int by_size(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* A normal distribution's spread by how far four fifths of the samples lie off at most, each way
 * as far: the median's own bias is in it.  0 where a region has too few to tell. */
static void judge_regions(const struct problem *problem, const struct tp_kernel_sample *samples,
                          size_t n_samples, struct tp_arena *scratch, struct tp_kernel_fit *fit)
{
  enum { LEAST = 30 };
  static const double deviates = 1.2815515655446004, held = 0.8;
  double *const off = TP_NEW(scratch, double, n_samples + 1);
  for (int region = 0; region < TP_N_REGIONS; region++) {
    size_t n = 0;
    for (size_t i = 0; i < n_samples; i++)
      if (tp_region_of(rows_of(&samples[i].op)) == region)
        off[n++] = fabs(residual(problem, &samples[i]));
    qsort(off, n, sizeof *off, by_size);
    fit->regions[region] =
        n < LEAST ? 0 : off[(size_t)(held * (double)n)] / deviates / fit->spread_ratio;
  }
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
  if (group == NULL || !group->of_kernels)
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

static double residuals_now(const struct problem *problem)
{
  double sum = 0;
  for (size_t i = 0; i < problem->n_samples; i++)
    sum += residual(problem, problem->samples[i]);
  return sum;
}

/* Those that move any sample: what the samples must be enough for. */
static size_t count_telling(struct problem *problem)
{
  const double before = residuals_now(problem);
  size_t n = 0;
  for (size_t i = 0; i < problem->n_parameters; i++) {
    const struct tp_kernel_parameter *parameter = problem->parameters[i];
    double *const value = tp_kernel_parameter_slot(problem->device, parameter->offset);
    const double left = *value, free = tp_kernel_parameter_to_free(parameter, left);
    bool tells = false;
    for (int way = -1; way <= 1 && !tells; way += 2) {
      *value = tp_kernel_parameter_from_free(parameter, free + 0.5 * way);
      tells = residuals_now(problem) != before;
    }
    *value = left;
    n += tells;
  }
  return n;
}

static double loss_now(const struct problem *problem)
{
  double loss = 0;
  for (size_t i = 0; i < problem->n_samples; i++)
    loss += 1 / tp_robust_weight(residual(problem, problem->samples[i])) - 1;
  return loss;
}

/* A parameter that moves nothing where the search left it: back to what it was, unless it rests on
 * a bound, away from which the fit is worse. */
static void put_back(struct problem *problem, size_t i, struct tp_kernel_fit *fit)
{
  const size_t offset = problem->parameters[i]->offset;
  double *const value = tp_kernel_parameter_slot(problem->device, offset);
  const double left = *value, loss = loss_now(problem);
  memcpy(value, (const char *)problem->before + offset, sizeof *value);
  if (tp_robust_fits_as_well(loss_now(problem), loss))
    return;
  *value = left;
  fit->errors[i] = 0;
  fit->at_bound[i] = true;
}

static enum tp_status report(struct problem *problem, const gsl_vector *best,
                             struct tp_kernel_fit *fit, struct tp_error *error)
{
  fit->group = problem->group;
  fit->n_parameters = problem->n_parameters;
  gsl_vector *weights = gsl_vector_alloc(problem->n_samples);
  if (weights == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  set_parameters(problem, best);
  for (size_t i = 0; i < problem->n_samples; i++)
    gsl_vector_set(weights, i, tp_robust_weight(residual(problem, problem->samples[i])));
  const struct tp_fit_function function = {sample_residuals, problem, problem->n_samples,
                                           problem->n_parameters};
  const enum tp_status status =
      tp_fit_standard_errors(&function, best, weights, fit->errors, error);
  gsl_vector_free(weights);
  set_parameters(problem, best);
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

/* Where a bound does not hold it: beyond, moving does nothing. */
static double inside(void *data, size_t i, double x)
{
  const struct tp_kernel_parameter *parameter = ((const struct problem *)data)->parameters[i];
  return tp_kernel_parameter_to_free(parameter, tp_kernel_parameter_from_free(parameter, x));
}

/* From the values the device holds. */
static enum tp_status search(struct problem *problem, gsl_vector *best, struct tp_kernel_fit *fit,
                             struct tp_error *error)
{
  const size_t p = problem->n_parameters;
  const struct tp_robust robust = {.function = {sample_residuals, problem, problem->n_samples, p},
                                   .name = problem->group,
                                   .inside = inside,
                                   .options = problem->options};
  size_t unsettled = p;
  for (size_t i = 0; i < p; i++) {
    const struct tp_kernel_parameter *parameter = problem->parameters[i];
    gsl_vector_set(best, i,
                   tp_kernel_parameter_to_free(
                       parameter, *tp_kernel_parameter_slot(problem->device, parameter->offset)));
  }
  TP_TRY(tp_robust_search(&robust, best, &unsettled, error));
  fit->unsettled = unsettled < p ? problem->parameters[unsettled]->key : NULL;
  return TP_OK;
}

/* Fits on `problem->device`; the device is whole again only where it succeeds. */
static enum tp_status run(struct problem *problem, const struct tp_kernel_sample *samples,
                          size_t n_samples, struct tp_kernel_fit *fit, struct tp_error *error)
{
  gsl_vector *best = gsl_vector_alloc(problem->n_parameters);
  enum tp_status status = best == NULL ? tp_fail(error, TP_E_ENVIRONMENT, "out of memory")
                                       : search(problem, best, fit, error);
  if (status == TP_OK)
    status = report(problem, best, fit, error);
  if (status == TP_OK)
    judge(problem, samples, n_samples, fit);
  gsl_vector_free(best);
  return status;
}

/* Of a group that has regions. */
static void set_regions(const char *group, const struct tp_kernel_fit *fit,
                        struct tp_device *device)
{
  for (int i = 0; i < TP_N_REGIONS; i++) {
    const struct tp_kernel_parameter *const parameter =
        tp_kernel_parameter_find(tp_kernel_group_find(group), tp_kernel_region_keys[i]);
    if (parameter != NULL)
      *tp_kernel_parameter_slot(device, parameter->offset) = fit->regions[i];
  }
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
  problem.samples = TP_NEW(scratch, const struct tp_kernel_sample *, n_samples + 1);
  problem.n_samples = choose(samples, n_samples, options->hold_out_ratio, problem.samples);
  problem.machine = (struct tp_machine){.device = &trial,
                                        .stack = &problem.stack,
                                        .dram_bytes_per_s = trial.datasheet.dram_bytes_per_s};
  const size_t p = count_telling(&problem);
  if (problem.n_samples < 3 * p || problem.n_samples < problem.n_parameters)
    return tp_fail(error, TP_E_INPUT,
                   "%s: %zu samples are too few to fit %zu parameters; give at least %.0f", group,
                   n_samples, p, ceil(10.0 / 3 * (double)p / (1 - options->hold_out_ratio)));
  struct tp_kernel_fit done = {0};
  gsl_error_handler_t *handler = gsl_set_error_handler_off(); /* its default aborts */
  enum tp_status status = run(&problem, samples, n_samples, &done, error);
  gsl_set_error_handler(handler);
  if (status == TP_OK)
    status = tp_fit_check_spread(group, done.spread_ratio, error);
  if (status == TP_OK)
    judge_regions(&problem, samples, n_samples, scratch, &done);
  if (status != TP_OK)
    return status;
  *tp_kernel_parameter_slot(&trial, spread_offset) = done.spread_ratio;
  set_regions(group, &done, &trial);
  *fit = done;
  *device = trial;
  return TP_OK;
}
