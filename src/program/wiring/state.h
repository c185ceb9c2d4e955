#ifndef TP_PROGRAM_WIRING_STATE_H
#define TP_PROGRAM_WIRING_STATE_H
/* What holds between two statements of a wiring, a bit a value. */
#include "program/wiring/reader.h"

struct tp_wiring_state {
  bool reached;
  unsigned written;
  unsigned flying;    /* its sum is under way, ... */
  unsigned whole;     /* ... of all tokens, on one way at least, ... */
  unsigned halved;    /* ... or of one half and then the other; ... */
  unsigned gathered;  /* ... what is under way is a ~gather; ... */
  unsigned ran;       /* ... kernels have run since it began, ... */
  unsigned ran_whole; /* ... also where the step is not split; ... */
  unsigned fresh;     /* ... on every way no statement has come since */
  unsigned late;      /* a copy of what came under kernels */
};

static inline unsigned tp_wiring_bits(const int *values, int n)
{
  unsigned set = 0;
  for (int i = 0; i < n; i++)
    set |= 1u << values[i];
  return set;
}

/* What a statement reads of its own accord: a sum that it starts is what others wait for. */
static inline unsigned tp_wiring_reads(const struct tp_wiring_statement *statement)
{
  return tp_wiring_bits(statement->in, statement->n_in);
}

/* Behind the statement; where a half ends, and its sums run under the kernels of the other. */
void tp_wiring_state_step(struct tp_wiring_state *state,
                          const struct tp_wiring_statement *statement);
void tp_wiring_state_other_half(struct tp_wiring_state *state);

/* Where `way` leads to the same place. */
void tp_wiring_state_join(struct tp_wiring_state *state, const struct tp_wiring_state *way);
bool tp_wiring_state_same(const struct tp_wiring_state *a, const struct tp_wiring_state *b);
#endif
