#ifndef TP_FIT_CALIBRATOR_H
#define TP_FIT_CALIBRATOR_H
/* A calibration under way, for the files that do it. */
#include "fit/calibrate_rows.h"

struct tp_calibrator {
  const struct tp_datadir *dirs;
  const struct tp_calibrate_request *request;
  struct tp_arena *arena;
  struct tp_error *error;
  struct tp_device device; /* fitted group by group */
  struct tp_calibrate_rows rows;
  struct tp_calibration *calibration;
};

/* What a fit found of a group's parameters. */
struct tp_calibrator_found {
  const char *const *keys;
  const double *values, *errors; /* errors over the value */
  const bool *at_bound;          /* NULL: none is */
};

/* Appends the group with its parameters' values before and after. */
void tp_calibrator_add(struct tp_calibrator *self, const struct tp_calibrated *group,
                       const struct tp_doc *before, const struct tp_calibrator_found *found);
/* A folder's group that cannot be fitted stays as it was, and the report says why, which is the
 * error's text; of files that were named one by one it is a fault. */
enum tp_status tp_calibrator_leave_out(struct tp_calibrator *self, const char *name,
                                       const char *source);

enum tp_status tp_calibrator_fit_collectives(struct tp_calibrator *self, const struct tp_doc *doc);
#endif
