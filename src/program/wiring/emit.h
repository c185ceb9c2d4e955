#ifndef TP_PROGRAM_WIRING_EMIT_H
#define TP_PROGRAM_WIRING_EMIT_H
#include "program/pass.h"
#include "program/wiring/wiring.h"

/* The pass comes first: tp_pass_layers hands it back. */
struct tp_wired {
  struct tp_pass pass;
  const struct tp_wiring *wiring;
  const struct tp_wiring_segment *segment;
  enum tp_value values[TP_WIRING_MOST_VALUES];
  enum tp_value shares[TP_WIRING_MOST_VALUES]; /* of the rank's share of the tokens */
};

/* Emits the statement, with those behind it that are one kernel with it; returns how many. */
int tp_wiring_emit(struct tp_wired *wired, const struct tp_wiring_statement *s);
#endif
