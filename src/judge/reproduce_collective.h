#ifndef TP_JUDGE_REPRODUCE_COLLECTIVE_H
#define TP_JUDGE_REPRODUCE_COLLECTIVE_H
/* Published figures of single all-reduces: rows with `all_reduce` in column `op`, where a row of a
 * whole model has none.
 *
 * Inputs: platform, stack, tp, bytes; variant (its wire), algorithm (else the stack's).  Metrics:
 *     time_us
 *     speedup     time of the ring at full precision over it
 */
#include "judge/reproduce.h"

/* Fills `predicted`; the machine's faults go to `status`. */
enum tp_status tp_reproduce_collective(const struct tp_csv *csv, size_t row,
                                       struct tp_catalog *catalog, struct tp_arena *arena,
                                       struct tp_reproduced *out, struct tp_error *error);
#endif
