#ifndef TP_BENCH_GENERATION_H
#define TP_BENCH_GENERATION_H
/* A prefill and its decode steps on a device, captured or launched eagerly as the stack says.
 *
 *     prefill graph    decode graph, steps 1..64    decode graph, steps 65..128    ...
 *
 * A decode graph is captured for the longest cache it serves; its kernels read from the device how
 * long the sequences are, as engines that serve with CUDA graphs do.
 */
#include "bench/rig.h"
#include "program/variant.h"

/* What to run. */
struct tp_generation_point {
  const struct tp_model *model; /* cut to the layers that are meant */
  const struct tp_variant *variant;
  int64_t batch, prompt, generate; /* tokens; of the first, prefill, generate - 1 are steps */
  enum tp_dtype dtype;
};

struct tp_generation;

/* Memory of a rank, and time of prefill and of the first decode step with ops one after another, as
 * the cost model predicts them. */
struct tp_generation_expected {
  double memory_bytes, prefill_s, step_s;
};
enum tp_status tp_generation_expect(const struct tp_machine *machine,
                                    const struct tp_generation_point *point,
                                    struct tp_generation_expected *expected,
                                    struct tp_error *error);

/* Makes random weights and tokens and gets the passes ready to be issued.  TP_E_INPUT where the
 * variant cannot be run. */
enum tp_status tp_generation_open(const struct tp_rig_device *device,
                                  const struct tp_generation_point *point,
                                  struct tp_generation **generation, struct tp_error *error);
void tp_generation_close(struct tp_generation *generation); /* NULL is fine */

/* Sets the lengths of the sequences.  Like all calls below, it issues work and does not wait. */
enum tp_status tp_generation_begin_prefill(struct tp_generation *generation,
                                           struct tp_error *error);
enum tp_status tp_generation_prefill(struct tp_generation *generation, struct tp_error *error);
/* Decode steps count from 1. */
enum tp_status tp_generation_begin_step(struct tp_generation *generation, int64_t step,
                                        struct tp_error *error);
enum tp_status tp_generation_step(struct tp_generation *generation, int64_t step,
                                  struct tp_error *error);

/* Seconds by which stand-ins for the collectives of a pass begin late, all together (struct
 * tp_calls): of the prefill, step 0, or of a step.  The pass is captured once more and run.  0
 * where ranks are not emulated. */
enum tp_status tp_generation_late(struct tp_generation *generation, int64_t step, double *late_s,
                                  struct tp_error *error);
#endif
