#ifndef TP_SWEEP_RESUME_H
#define TP_SWEEP_RESUME_H
/* What an earlier run left of a sweep's rows, checked without holding more than a row of it. */
#include "sweep/sweep.h"

#include <sys/types.h>

struct tp_kept {
  size_t rows;
  off_t bytes; /* of the header and these rows; 0: nothing is kept */
};

/* Reads the rows that stand whole in the file at `path`, whose sidecar is `sidecar`; zeros at its
 * end are none.  TP_E_INPUT where they are not the first ones of this sweep or were altered: its
 * header, its sidecar, as many cells in every row, numbers as this program writes them, no more
 * rows than points; and of the first rows, of those that show a value for the first time and of
 * some of the others the inputs and, where the engine is the analytic one, all that they say. */
enum tp_status tp_kept_read(const struct tp_sweep *sweep, const struct tp_sweep_file *target,
                            const char *path, const char *sidecar, struct tp_kept *kept,
                            struct tp_error *error);
#endif
