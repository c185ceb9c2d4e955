#ifndef TP_VERIFY_REFERENCE_H
#define TP_VERIFY_REFERENCE_H
/* What a variant's program must compute, written straight from the equations of its architecture
 * (struct tp_architecture) and not from its program: no ops, streams, shards or caches.  It is
 * written as llama2.c's forward() is, for sequences whose tokens are all there.
 *
 * Overlaps and wires change no equation, so they are ignored here.  As in tp_variant_build,
 * one rank means standard for every architecture but kraken.
 */
#include "program/variant.h"

struct tp_reference {
  const struct tp_model *model;
  const struct tp_variant *variant;
  int ranks;
  int rank;               /* whose logits: they differ where ranks never exchange (no-comm) */
  bool embedding_sharded; /* a rank without the token's row starts from 0 there */
  uint64_t seed;          /* of the weights */
  enum tp_dtype dtype;    /* weights are rounded to it, tables and vectors to its wide type */
  int64_t sequences;      /* that know nothing of each other */
  int64_t length;         /* tokens of each */
  const int32_t *tokens;  /* [sequences, length] */
};

/* logits [sequences, length, vocab] of every position, each from the tokens up to it.  TP_E_INPUT
 * for what no program can express (ALiBi) and for an architecture without an equation here, naming
 * it. */
enum tp_status tp_reference_logits(const struct tp_reference *reference, float *logits,
                                   struct tp_error *error);
#endif
