#ifndef TP_FIT_COLLECTIVES_H
#define TP_FIT_COLLECTIVES_H
/* Fits a group of a device to timed collectives: nccl, peer_kernels, or one of those that take
 * tokens to experts (TP_DEVICE_EXCHANGE_GROUPS).
 *
 * Least squares on ln(predicted / measured), so that 1 KiB weighs as much as 1 GiB, with residuals
 * above a tenth counting less (switch points of the library that the model does not follow).
 * Parameters that the rows say nothing about keep their value.
 */
#include "base/csv.h"
#include "cost/cost.h"
#include "fit/options.h"
#include "ops/placement.h"

struct tp_fit_row {
  struct tp_collective collective;
  int ranks;
  double time_s;
  struct tp_op_placement placement;
};

enum { TP_MAX_COLLECTIVE_PARAMETERS = 40 };

struct tp_fit_quality {
  size_t n_rows, n_held_out; /* rows that were fitted; rows that only judge */
  double mean_error, worst_error,
      held_out_error; /* of |predicted / measured - 1|; the last is a mean, too */
  double spread_ratio;
  size_t n_parameters;
  const char *keys[TP_MAX_COLLECTIVE_PARAMETERS]; /* as in the device file */
  double values[TP_MAX_COLLECTIVE_PARAMETERS];
  double
      errors[TP_MAX_COLLECTIVE_PARAMETERS]; /* standard error over value; NAN: rows do not tell */
  bool at_bound[TP_MAX_COLLECTIVE_PARAMETERS]; /* a bound of its range or of what the rows tell;
                                                  error 0 */
};

/* Reads columns op, ranks, time_us and those of the op into arena-owned rows. */
enum tp_status tp_fit_rows_read(const struct tp_csv *csv, struct tp_arena *arena,
                                struct tp_fit_row **rows, size_t *n_rows, struct tp_error *error);

/* The group that tells what an exchange takes; NULL: it names no kernel of a library that does it.
 */
const char *tp_exchange_group_of(const struct tp_collective *collective);

/* Starts from the values in `device` and writes the fitted ones there, spread_ratio included.  The
 * stack says which library ran.  The same rows give the same values. */
enum tp_status tp_fit_collectives(const struct tp_platform *platform, const struct tp_stack *stack,
                                  const char *group, const struct tp_fit_row *rows, size_t n_rows,
                                  const struct tp_fit_options *options, struct tp_device *device,
                                  struct tp_fit_quality *quality, struct tp_error *error);
#endif
