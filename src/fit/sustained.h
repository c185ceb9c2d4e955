#ifndef TP_FIT_SUSTAINED_H
#define TP_FIT_SUSTAINED_H
/* Clocks under load: GEMMs timed rested and after seconds of load without pause.  sustained_ratio
 * of a dtype's group is the median of those at which the model slows down as they did; where it
 * cannot, of their rates, loaded over rested.
 */
#include "base/csv.h"
#include "platform/device.h"
#include "program/op.h"

struct tp_sustained_sample {
  struct tp_op op; /* a GEMM */
  double slowdown; /* its time under load over its time rested */
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
  size_t n;      /* rows of the group; 0: the rest is nothing */
  double ratio;  /* of rates; in the range of the parameter */
  double error;  /* standard, of the mean; 0 of one row */
  bool at_bound; /* the median lies beyond the range */
};

/* Of the rows whose dtype is the group's, "gemm" or "gemm_fp8"; stores the ratio in the device. */
void tp_fit_sustained(const char *group, const struct tp_sustained_sample *samples, size_t n,
                      struct tp_arena *arena, struct tp_device *device,
                      struct tp_sustained_fit *fit);
#endif
