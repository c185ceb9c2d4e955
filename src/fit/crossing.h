#ifndef TP_FIT_CROSSING_H
#define TP_FIT_CROSSING_H
/* Streams and events about a collective: kernels and collectives that wait for each other's stream,
 * against what they take by themselves.  In turn, the difference is overlap.crossing_s; where more
 * kernels outlast the collective, overlap.wait_s.  Each is the median of its rows.
 */
#include "base/csv.h"
#include "platform/device.h"

struct tp_crossing_sample {
  double time_s;  /* of the kernels and the collective */
  double alone_s; /* of what takes the time: both in turn, or the kernels */
  bool hidden;    /* the collective is */
};

/* Is it such a table: has it kernel_us and collective_us? */
bool tp_crossing_is_table(const struct tp_csv *csv);

/* In the order of the rows; arena-owned. */
enum tp_status tp_crossing_rows_read(const struct tp_csv *csv, struct tp_arena *arena,
                                     struct tp_crossing_sample **samples, size_t *n,
                                     struct tp_error *error);

/* What the sample takes by the device's parameters. */
double tp_crossing_time_s(const struct tp_device *device, const struct tp_crossing_sample *sample);

struct tp_crossing_fit {
  size_t n;            /* rows; 0: the rest is nothing */
  const char *key;     /* of the parameter */
  double value, error; /* in its range; standard, of the mean; 0 of one row */
  bool at_bound;       /* the median lies beyond the range */
};

/* crossing_s or, of the hidden ones, wait_s; stores it in the device. */
void tp_fit_crossing(const struct tp_crossing_sample *samples, size_t n, bool hidden,
                     struct tp_arena *arena, struct tp_device *device, struct tp_crossing_fit *fit);
#endif
