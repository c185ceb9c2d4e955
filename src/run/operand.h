#ifndef TP_RUN_OPERAND_H
#define TP_RUN_OPERAND_H
/* What an op's operands mean where their shapes alone do not say; shared by all devices. */
#include "run/calls.h"

/* Rows of an op's operands next to each other: `sequences` of `tokens` rows each, which are
 * followed by `later` tokens of the step where an op is of the first half of a sequence.  Sequences
 * are counted as in the op's lengths and caches. */
struct tp_run {
  int64_t first_row, first_sequence, sequences, tokens, later;
};
struct tp_rows {
  int n;
  struct tp_run runs[TP_MAX_CHUNKS + 1];
};
/* A run a chunk of the op's part of the step; attention is of one chunk. */
struct tp_rows tp_rows_of(const struct tp_bound_op *bound);
int64_t tp_rows_sequences(const struct tp_rows *rows);

/* The row's sequence, and how many tokens of it the step has from that row on: its position is the
 * sequence's length without them. */
struct tp_place {
  int64_t sequence, left;
};
struct tp_place tp_rows_place(const struct tp_rows *rows, int64_t row);
/* The row of the sequence's last token. */
int64_t tp_rows_last(const struct tp_rows *rows, int64_t sequence);

/* Logits as `sample` finds them:
 *
 *     block of rank 0   row 0 .. rows - 1, columns: the first `columns` words
 *     block of rank 1   row 0 .. rows - 1, columns: the next ...
 *
 * `rows` are of all tokens, or of the last one of every sequence.  Words from `words` on are
 * padding of the last block. */
struct tp_logits {
  int blocks; /* 1: not gathered */
  int64_t rows, columns, words;
};
struct tp_logits tp_logits_of(const struct tp_bound_op *sample);
/* The row of each block in which the sequence is sampled. */
int64_t tp_logits_row(const struct tp_logits *logits, const struct tp_rows *rows, int64_t sequence);

/* The first of the tokens whose rows `rank` looks up: where there are fewer rows than tokens, they
 * are its share. */
int64_t tp_embedded_from(const struct tp_bound_op *embed, int rank);
#endif
