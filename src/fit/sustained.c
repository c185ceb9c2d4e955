#include "fit/sustained.h"

#include "cost/cost.h"
#include "fit/kernel_parameters.h"
#include "fit/kernels.h"
#include "fit/measured.h"
#include "ops/median.h"
#include "ops/rows.h"

#include <math.h>
#include <string.h>

bool tp_sustained_is_table(const struct tp_csv *csv)
{
  return tp_csv_column(csv, "alone_us") >= 0 && tp_csv_column(csv, "held_sms") < 0 &&
         tp_csv_column(csv, "copy_bytes_per_s") < 0;
}

enum tp_status tp_sustained_rows_read(struct tp_csv *csv, struct tp_arena *arena,
                                      struct tp_sustained_sample **samples, size_t *n,
                                      struct tp_error *error)
{
  static const char *const needed[] = {"op", "alone_us", "time_us"};
  TP_TRY(tp_csv_require(csv, needed, sizeof needed / sizeof needed[0], error));
  const struct tp_op_reader reader = {arena, error, csv, NULL};
  *samples = TP_NEW(arena, struct tp_sustained_sample, csv->n_rows + 1);
  *n = csv->n_rows;
  for (size_t i = 0; i < csv->n_rows; i++) {
    const struct tp_op_row row = tp_op_row_at(&reader, i);
    struct tp_sustained_sample *sample = &(*samples)[i];
    TP_TRY(tp_op_row_read(&reader, &row, &sample->op));
    if (sample->op.kind != TP_OP_GEMM)
      return tp_op_row_fail(&reader, &row, "no GEMM; steady load is measured on GEMMs");
    TP_TRY(tp_measured_slowdown(csv, i, &sample->slowdown, error));
  }
  return TP_OK;
}

static double time_s(const struct tp_device *device, const struct tp_op *op, bool sustained)
{
  static const struct tp_stack stack;
  const struct tp_machine machine = {.device = device,
                                     .stack = &stack,
                                     .dram_bytes_per_s = device->datasheet.dram_bytes_per_s,
                                     .sustained = sustained};
  const struct tp_cost cost = tp_cost_bare(&machine, op);
  return tp_cost_alone_s(&machine, &cost);
}

double tp_sustained_slowdown(const struct tp_device *device,
                             const struct tp_sustained_sample *sample)
{
  return time_s(device, &sample->op, true) / time_s(device, &sample->op, false);
}

/* The ratio at which the model slows down as was measured: work that has no part in the matrix rate
 * thins it.  One that binds it by operands would ask for any ratio: of that the rate's own stands.
 */
static double ratio_of(const struct tp_device *device, const struct tp_kernel_parameter *parameter,
                       const struct tp_sustained_sample *sample)
{
  struct tp_device trial = *device;
  double *const ratio = tp_kernel_parameter_slot(&trial, parameter->offset);
  const double of_rate = 1 / sample->slowdown;
  double low = fmin(of_rate * of_rate, 1), high = fmax(of_rate * of_rate, 1);
  *ratio = low;
  if (!(tp_sustained_slowdown(&trial, sample) >= sample->slowdown))
    return of_rate;
  for (int i = 0; i < 60; i++) {
    *ratio = (low + high) / 2;
    if (tp_sustained_slowdown(&trial, sample) > sample->slowdown)
      low = *ratio;
    else
      high = *ratio;
  }
  return high;
}

void tp_fit_sustained(const char *group, const struct tp_sustained_sample *samples, size_t n,
                      struct tp_arena *arena, struct tp_device *device,
                      struct tp_sustained_fit *fit)
{
  double *ratios = TP_NEW(arena, double, n + 1);
  *fit = (struct tp_sustained_fit){.n = 0};
  const struct tp_kernel_parameter *parameter =
      tp_kernel_parameter_find(tp_kernel_group_find(group), tp_sustained_key);
  for (size_t i = 0; i < n; i++)
    if (strcmp(tp_fit_group_of(&samples[i].op), group) == 0)
      ratios[fit->n++] = ratio_of(device, parameter, &samples[i]);
  if (fit->n == 0)
    return;
  const struct tp_median median = tp_median_of(ratios, fit->n);
  fit->ratio = fmin(fmax(median.value, parameter->least), parameter->most);
  fit->at_bound = fit->ratio != median.value;
  fit->error = median.error;
  *tp_kernel_parameter_slot(device, parameter->offset) = fit->ratio;
}
