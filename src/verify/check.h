#ifndef TP_VERIFY_CHECK_H
#define TP_VERIFY_CHECK_H
/* Whether a device computes what a variant's equations say: a prefill, steps of any kind and some
 * decode steps on random tokens and weights, every logit against the reference (reference.h).
 *
 * It notices a missing wait (on a host device: in some order), a wrong operand, memory that nobody
 * wrote (it is NaN), a collective that is left out, rows read past a cache's length.
 */
#include "host/host.h"
#include "program/variant.h"

enum { TP_CHECK_MOST_BETWEEN = 2 };

struct tp_check {
  struct tp_request request; /* its batch is the prefill; kv_capacity is set here */
  /* Steps after it, of the same sequences in the same order: each goes on where they are. */
  int n_between;
  struct tp_batch between[TP_CHECK_MOST_BETWEEN];
  const struct tp_variant *variant;
  const struct tp_variant *against; /* whose equations it is held against; NULL: its own */
  int steps;                        /* of decode, after these */
  bool captured; /* passes are graphs, replayed; a step then reads as far as the cache goes */
  uint64_t seed; /* of weights and tokens */
};

/* The ranks that this process has: all of a host's, or the one of a GPU. */
struct tp_check_ranks {
  int n;
  const struct tp_calls *const *calls;
  struct tp_host *host; /* NULL: a GPU, which runs by itself */
};

struct tp_check_programs {
  struct tp_program prefill, decode;
  struct tp_program between[TP_CHECK_MOST_BETWEEN];
};

/* The largest relative error (Euclidean) of any token's logits, and the largest that rounding to
 * the tensors' types explains. */
struct tp_check_result {
  double error, bound;
};

/* Builds the programs that the check runs, in `arena`.  TP_E_INPUT as from tp_variant_build. */
enum tp_status tp_check_build(const struct tp_check *check, struct tp_arena *arena,
                              struct tp_check_programs *programs, struct tp_error *error);

/* TP_E_CHECK where an error is above its bound or a next token is not the likeliest; the error says
 * where.  TP_E_INPUT where a program does not say its operands.  `result` is set with TP_OK and
 * TP_E_CHECK. Decode's context is changed. */
enum tp_status tp_check_run(const struct tp_check *check, const struct tp_check_ranks *ranks,
                            struct tp_check_programs *programs, struct tp_check_result *result,
                            struct tp_error *error);

/* check_bound.c */
double tp_check_bound(const struct tp_check *check);
/* Mean error of one all-reduce over a low-bit wire, relative to its sum; 0 at full precision. */
double tp_check_wire_error(const struct tp_wire *wire);
#endif
