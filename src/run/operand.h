#ifndef TP_RUN_OPERAND_H
#define TP_RUN_OPERAND_H
/* What an op's operands mean where their shapes alone do not say; shared by all devices. */
#include "run/calls.h"

/* Logits as `sample` finds them:
 *
 *     block of rank 0   row 0 .. rows - 1, columns: the first `columns` words
 *     block of rank 1   row 0 .. rows - 1, columns: the next ...
 *
 * Sequence b is sampled in row b * rows_each + rows_each - 1 of each block.  Words from `words` on
 * are padding of the last block. */
struct tp_logits {
  int blocks; /* 1: not gathered */
  int64_t rows, rows_each, columns, words;
};
struct tp_logits tp_logits_of(const struct tp_bound_op *sample);

/* The first of the tokens whose rows `rank` looks up: where there are fewer rows than tokens, they
 * are its share. */
int64_t tp_embedded_from(const struct tp_bound_op *embed, int rank);
#endif
