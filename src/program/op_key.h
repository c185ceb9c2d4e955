#ifndef TP_PROGRAM_OP_KEY_H
#define TP_PROGRAM_OP_KEY_H
/* What the cost of an op depends on, as words that can be compared: every field of its payload's
 * table that COSTS. */
#include "program/op.h"

enum { TP_OP_KEY_WORDS = 12 };

/* Writes the words of the payload and its kind to words[0 ..] and returns how many they are, at
 * most TP_OP_KEY_WORDS. */
int tp_op_key(const struct tp_op *op, uint64_t *words);
#endif
