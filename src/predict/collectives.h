#ifndef TP_PREDICT_COLLECTIVES_H
#define TP_PREDICT_COLLECTIVES_H
/* All-reduces of one machine side by side: every algorithm that can run there, low-bit wires, and
 * what the stack would take, as a benchmark of one collective would time them. */
#include "cost/cost.h"
#include "program/variant.h"

/* "stack" (AUTO), "auto" (FASTEST) or an algorithm of all-reduces by its name. */
enum tp_status tp_collective_choice_parse(const char *name, struct tp_arena *arena,
                                          enum tp_algorithm *algorithm, struct tp_error *error);

/* Makes the all-reduces of a program that the stack would choose for run by `algorithm`: those of
 * full precision by one of full precision, those with a low-bit wire by a flash form; the others
 * stay.  TP_E_INPUT where it cannot run on the machine. */
enum tp_status tp_collective_choose(struct tp_program *program, const struct tp_machine *machine,
                                    enum tp_algorithm algorithm, struct tp_error *error);

struct tp_contender {
  const char *name; /* "ring", "flash-int4", "stack" */
  enum tp_algorithm algorithm;
  struct tp_wire wire;
};

/* Seconds of an all-reduce of `bytes` (16-bit elements) of each rank; NAN: cannot run here.
 * `used`: what an automatic choice came to; may be NULL. */
double tp_contender_s(const struct tp_machine *machine, const struct tp_contender *contender,
                      double bytes, enum tp_algorithm *used);

/* As nccl-tests counts: 2 (n-1)/n bytes over the time. */
double tp_bus_bytes_per_s(int ranks, double bytes, double time_s);

/* The contenders that can run on the machine: "stack", full-precision algorithms in the order of
 * TP_ALGORITHMS, then the wires of `variants` (those that have one). */
size_t tp_contenders_list(const struct tp_machine *machine,
                          const struct tp_variant *const *variants, size_t n_variants,
                          struct tp_arena *arena, struct tp_contender **contenders);
#endif
