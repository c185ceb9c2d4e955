#ifndef TP_FIT_SUSTAINED_H
#define TP_FIT_SUSTAINED_H
/* Clocks under load, from GEMMs that were timed rested and after seconds of load without pause. For
 * each GEMM there is a ratio at which the model slows down as the GEMM did; where the model cannot,
 * the measured rate under load over that rested stands for it.  sustained_ratio is their median.
 */
#include "base/csv.h"
#include "platform/device.h"
#include "program/op.h"

struct tp_sustained_sample {
  struct tp_op op; /* a GEMM */
  double slowdown; /* time of the op under load over its time rested */
};

/* Is it such a table: alone_us and time_us, and nothing ran beside? */
bool tp_sustained_is_table(const struct tp_csv *csv);

/* Rows with the columns of ops/costs.h and alone_us, time_us; arena-owned. */
enum tp_status tp_sustained_rows_read(struct tp_csv *csv, struct tp_arena *arena,
                                      struct tp_sustained_sample **samples, size_t *n,
                                      struct tp_error *error);

double tp_sustained_slowdown(const struct tp_device *device,
                             const struct tp_sustained_sample *sample);

static const char tp_sustained_key[] = "sustained_ratio";

struct tp_sustained_fit {
  size_t n;      /* rows of the group; where 0, nothing else is set */
  double ratio;  /* of rates; in the range of the parameter */
  double error;  /* standard error of the mean; 0 of one row */
  bool at_bound; /* the median lies beyond the range */
};

/* Takes the rows whose dtype belongs to `group`, "gemm" or "gemm_fp8", and stores the ratio in the
 * device. */
void tp_fit_sustained(const char *group, const struct tp_sustained_sample *samples, size_t n,
                      struct tp_arena *arena, struct tp_device *device,
                      struct tp_sustained_fit *fit);
#endif
