#include "fit/crossing.h"

#include "fit/measured.h"
#include "ops/median.h"

#include <math.h>

enum { KERNELS, KERNEL, COLLECTIVE, TIME, N_COLUMNS };
static const char *const columns[N_COLUMNS] = {"kernels", "kernel_us", "collective_us", "time_us"};

bool tp_crossing_is_table(const struct tp_csv *csv)
{
  return tp_csv_column(csv, columns[KERNEL]) >= 0 && tp_csv_column(csv, columns[COLLECTIVE]) >= 0;
}

/* Several kernels to a collective outlast it. */
static struct tp_crossing_sample sample_of(const double cells[N_COLUMNS])
{
  const bool hidden = cells[KERNELS] > 1;
  const double alone_us = cells[KERNELS] * cells[KERNEL] + (hidden ? 0 : cells[COLLECTIVE]);
  return (struct tp_crossing_sample){1e-6 * cells[TIME], 1e-6 * alone_us, hidden};
}

enum tp_status tp_crossing_rows_read(const struct tp_csv *csv, struct tp_arena *arena,
                                     struct tp_crossing_sample **samples, size_t *n,
                                     struct tp_error *error)
{
  TP_TRY(tp_csv_require(csv, columns, N_COLUMNS, error));
  *samples = TP_NEW(arena, struct tp_crossing_sample, csv->n_rows + 1);
  *n = csv->n_rows;
  for (size_t i = 0; i < csv->n_rows; i++) {
    double cells[N_COLUMNS];
    for (size_t c = 0; c < N_COLUMNS; c++)
      TP_TRY(tp_measured_number(csv, i, tp_csv_column(csv, columns[c]), &cells[c], error));
    if (cells[KERNELS] != floor(cells[KERNELS]))
      return tp_fail(error, TP_E_INPUT, "%s:%d: column 'kernels': %g is not a whole number",
                     csv->path, csv->lines[i], cells[KERNELS]);
    (*samples)[i] = sample_of(cells);
  }
  return TP_OK;
}

double tp_crossing_time_s(const struct tp_device *device, const struct tp_crossing_sample *sample)
{
  return sample->alone_s + (sample->hidden ? device->overlap.wait_s : device->overlap.crossing_s);
}

/* No less than nothing, and no more than the schema allows. */
static const double most_s = 1e-3;

void tp_fit_crossing(const struct tp_crossing_sample *samples, size_t n, bool hidden,
                     struct tp_arena *arena, struct tp_device *device, struct tp_crossing_fit *fit)
{
  double *const beyond_s = TP_NEW(arena, double, n + 1);
  *fit = (struct tp_crossing_fit){.key = hidden ? "wait_s" : "crossing_s"};
  for (size_t i = 0; i < n; i++)
    if (samples[i].hidden == hidden)
      beyond_s[fit->n++] = samples[i].time_s - samples[i].alone_s;
  if (fit->n == 0)
    return;
  const struct tp_median median = tp_median_of(beyond_s, fit->n);
  fit->value = fmin(fmax(median.value, 0), most_s);
  fit->at_bound = fit->value != median.value;
  fit->error = median.error;
  *(hidden ? &device->overlap.wait_s : &device->overlap.crossing_s) = fit->value;
}
