#ifndef TP_FIT_CROSSING_H
#define TP_FIT_CROSSING_H
/* What streams and events cost around a collective, from kernels and collectives that wait for each
 * other's stream.  Where they run in turn, they take overlap.crossing_s longer than by themselves.
 * Where further kernels outlast the collective, overlap.wait_s is left of that.  Each parameter is
 * the median of its rows.
 */
#include "base/csv.h"
#include "platform/device.h"

struct tp_crossing_sample {
  double time_s;  /* of the kernels and the collective together */
  double alone_s; /* by themselves: kernels and collective in turn or, if hidden, the kernels */
  bool hidden;    /* the kernels outlast the collective */
};

/* Is it such a table: has it kernel_us and collective_us? */
bool tp_crossing_is_table(const struct tp_csv *csv);

/* In the order of the rows; arena-owned. */
enum tp_status tp_crossing_rows_read(const struct tp_csv *csv, struct tp_arena *arena,
                                     struct tp_crossing_sample **samples, size_t *n,
                                     struct tp_error *error);

/* Time of the sample as the device's parameters predict it. */
double tp_crossing_time_s(const struct tp_device *device, const struct tp_crossing_sample *sample);

struct tp_crossing_fit {
  size_t n;            /* rows; where 0, nothing else is set */
  const char *key;     /* of the parameter */
  double value, error; /* within its range; standard error of the mean, 0 of one row */
  bool at_bound;       /* the median lies beyond the range */
};

/* Fits crossing_s or, to the hidden samples, wait_s, and stores it in the device. */
void tp_fit_crossing(const struct tp_crossing_sample *samples, size_t n, bool hidden,
                     struct tp_arena *arena, struct tp_device *device, struct tp_crossing_fit *fit);
#endif
