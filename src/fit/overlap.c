#include "fit/overlap.h"

#include "fit/measured.h"
#include "ops/rows.h"

#include <math.h>

enum tp_status tp_overlap_rows_read(const struct tp_device *device, struct tp_csv *csv,
                                    struct tp_arena *arena, struct tp_overlap_sample **samples,
                                    size_t *n, struct tp_error *error)
{
  static const char *const needed[] = {"op", "held_sms", "copy_bytes_per_s", "alone_us", "time_us"};
  TP_TRY(tp_csv_require(csv, needed, sizeof needed / sizeof needed[0], error));
  const struct tp_op_reader reader = {arena, error, csv, NULL};
  *samples = TP_NEW(arena, struct tp_overlap_sample, csv->n_rows + 1);
  *n = csv->n_rows;
  for (size_t i = 0; i < csv->n_rows; i++) {
    const struct tp_op_row row = tp_op_row_at(&reader, i);
    struct tp_overlap_sample *sample = &(*samples)[i];
    TP_TRY(tp_op_row_read(&reader, &row, &sample->op));
    if (sample->op.kind == TP_OP_COLLECTIVE)
      return tp_op_row_fail(&reader, &row, "a collective; interference is measured on kernels");
    TP_TRY(tp_op_row_interference(&reader, &row, &sample->beside));
    const char *const fault = tp_interference_fault(device, &sample->beside, arena);
    if (fault != NULL)
      return tp_op_row_fail(&reader, &row, fault);
    TP_TRY(tp_measured_slowdown(csv, i, &sample->slowdown, error));
  }
  return TP_OK;
}

static struct tp_machine machine_of(const struct tp_device *device)
{
  static const struct tp_stack stack;
  return (struct tp_machine){
      .device = device, .stack = &stack, .dram_bytes_per_s = device->datasheet.dram_bytes_per_s};
}

double tp_overlap_slowdown(const struct tp_device *device, const struct tp_overlap_sample *sample)
{
  const struct tp_machine machine = machine_of(device);
  const struct tp_cost cost = tp_cost_bare(&machine, &sample->op);
  return tp_interference_time_s(&machine, &cost, &sample->beside) /
         tp_cost_alone_s(&machine, &cost);
}

bool tp_overlap_tells(const struct tp_device *device, const struct tp_overlap_sample *sample)
{
  const struct tp_machine machine = machine_of(device);
  return tp_overlap_is_of_sms(sample) && tp_cost_bare(&machine, &sample->op).sm_share >= 1;
}

bool tp_overlap_is_of_sms(const struct tp_overlap_sample *sample)
{
  return sample->beside.held_sms > 0 && sample->beside.copy_bytes_per_s == 0;
}

/* The rows of one fit. */
struct rows {
  const struct tp_overlap_sample *items;
  size_t n;
  double hold_out_ratio;
  struct tp_device *device;
};

static bool is_held_out(const struct rows *rows, const struct tp_overlap_sample *sample)
{
  return tp_fit_is_held_out(tp_fit_shape(&sample->op, 1, &sample->beside), rows->hold_out_ratio);
}

static double residual(const struct rows *rows, const struct tp_overlap_sample *sample)
{
  return log(tp_overlap_slowdown(rows->device, sample) / sample->slowdown);
}

static bool is_fitted(const struct rows *rows, const struct tp_overlap_sample *sample)
{
  return tp_overlap_tells(rows->device, sample) && !is_held_out(rows, sample);
}

/* Absolute ones: what tiles of an odd size lose in whole waves, others do not. */
static double deviations_at(const struct rows *rows, double held_ratio)
{
  double sum = 0;
  rows->device->overlap.held_ratio = held_ratio;
  for (size_t i = 0; i < rows->n; i++)
    if (is_fitted(rows, &rows->items[i]))
      sum += fabs(residual(rows, &rows->items[i]));
  return sum;
}

#define X(key, least, most, meaning) RANGE_##key,
enum { TP_DEVICE_OVERLAP(X) };
#undef X
#define X(key, least, most, meaning) {least, most},
static const struct {
  double least, most;
} ranges[] = {TP_DEVICE_OVERLAP(X)};
#undef X

/* A scan, for there are kinks where the held share takes over, then a finer one around its best.
 * Downwards: where several values do as well, the greatest, which assumes least. */
static double least_deviations(const struct rows *rows)
{
  enum { STEPS = 200 };
  const double least_ratio = ranges[RANGE_held_ratio].least;
  const double most_ratio = ranges[RANGE_held_ratio].most;
  double high = most_ratio, low = least_ratio, best = high;
  for (int round = 0; round < 4; round++) {
    double least = HUGE_VAL;
    const double step = (high - low) / STEPS, top = high;
    for (int i = 0; i <= STEPS; i++) {
      const double here = top - i * step, deviations = deviations_at(rows, here);
      if (deviations < least * (1 - 1e-12)) {
        least = deviations;
        best = here;
      }
    }
    high = fmin(best + step, most_ratio);
    low = fmax(best - step, least_ratio);
  }
  return best;
}

/* Of the fitted value: s over the root of the summed squares of the slopes. */
static double standard_error(const struct rows *rows, double held_ratio, size_t n_fitted)
{
  const double step = 1e-4;
  double slopes = 0, squares = 0;
  for (size_t i = 0; i < rows->n; i++) {
    if (!is_fitted(rows, &rows->items[i]))
      continue;
    rows->device->overlap.held_ratio = held_ratio;
    squares += pow(residual(rows, &rows->items[i]), 2);
    rows->device->overlap.held_ratio = held_ratio - step;
    const double below = residual(rows, &rows->items[i]);
    rows->device->overlap.held_ratio = held_ratio + step;
    slopes += pow((residual(rows, &rows->items[i]) - below) / (2 * step), 2);
  }
  const double variance = squares / fmax(1, (double)n_fitted - 1);
  return slopes > 0 ? sqrt(variance / slopes) : (double)NAN;
}

static void judge(const struct rows *rows, struct tp_overlap_fit *fit)
{
  for (size_t i = 0; i < rows->n; i++) {
    const struct tp_overlap_sample *sample = &rows->items[i];
    const double error = fabs(expm1(residual(rows, sample)));
    if (is_fitted(rows, sample)) {
      fit->fitted_error += error;
      fit->n_fitted++;
    } else if (tp_overlap_is_of_sms(sample)) {
      fit->held_out_error += error;
      fit->n_held_out++;
    } else if (sample->beside.copy_bytes_per_s > 0) {
      fit->copy_error += error;
      fit->n_copies++;
    }
  }
  fit->fitted_error /= fmax(1, (double)fit->n_fitted);
  fit->held_out_error /= fmax(1, (double)fit->n_held_out);
  fit->copy_error /= fmax(1, (double)fit->n_copies);
}

void tp_fit_overlap(const struct tp_overlap_sample *samples, size_t n,
                    const struct tp_fit_options *options, struct tp_device *device,
                    struct tp_overlap_fit *fit)
{
  const struct rows rows = {samples, n, options->hold_out_ratio, device};
  const double before = device->overlap.held_ratio;
  size_t n_fitted = 0;
  for (size_t i = 0; i < n; i++)
    n_fitted += is_fitted(&rows, &samples[i]);
  const double best = least_deviations(&rows), least = deviations_at(&rows, best);
  *fit =
      (struct tp_overlap_fit){.held_ratio = best, .error = standard_error(&rows, best, n_fitted)};
  if (isnan(fit->error)) {
    const bool kept = deviations_at(&rows, before) <= least * (1 + 1e-9);
    fit->held_ratio = kept ? before : best;
    fit->error = kept ? (double)NAN : 0;
    fit->at_bound = !kept;
  }
  device->overlap.held_ratio = fit->held_ratio;
  judge(&rows, fit);
}
