#ifndef TP_FIT_REPEATS_H
#define TP_FIT_REPEATS_H
/* Rows that stand twice in a table of measurements. */
#include "base/text.h"
#include "ops/readable.h"

/* Leaves out rows that say in every cell what one above says, for whoever joins files joins some
 * twice, and no clock shows the same nine digits twice. */
void tp_copies_drop(struct tp_csv *csv, struct tp_arena *arena, struct tp_notes *notes);

/* Notes how many rows measure once more what one above did, if any. */
void tp_repeats_tell(const struct tp_csv *csv, const struct tp_readable *readable,
                     struct tp_arena *arena, struct tp_notes *notes); /* notes NULL: not asked */
#endif
