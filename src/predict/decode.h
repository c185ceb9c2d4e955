#ifndef TP_PREDICT_DECODE_H
#define TP_PREDICT_DECODE_H
/* Decode steps of a generation, summed without running each.
 *
 *     step time
 *       |             __--x     A step's time grows with the KV cache: nearly a line, with kinks
 *       |      __-o---          where a kernel leaves its floor.  Two Gauss-Legendre nodes (o) a
 *       |   _o-                 panel; a panel whose nodes leave the line between its ends (x) is
 *       |x--                    halved.  Error below 0.1 % of the step-by-step sum (tested).
 *       +-------------- kv_len
 *
 * Where a kink lies that is known beforehand, a panel ends: of the panels that the rule takes for
 * lines, none has one inside.
 */
#include "engine/engine.h"

/* What adds up over passes. */
struct tp_sum {
  struct tp_result result; /* variance unused */
  double deviation_s;      /* standard deviation of total_s: steps err alike */
};
void tp_sum_add(struct tp_sum *sum, const struct tp_result *pass, double weight);

/* Runs one step that attends `kv_len` tokens.  Its time may have kinks at so many lengths, in any
 * order: a step of that length lies on the lines before and behind. */
struct tp_step {
  enum tp_status (*run)(void *data, int64_t kv_len, struct tp_result *result,
                        struct tp_error *error);
  void *data;
  int n_kinks;
  const int64_t *kinks;
};

/* Adds the steps kv_first .. kv_first+steps-1 to `sum`. */
enum tp_status tp_decode_integrate(const struct tp_step *step, int64_t kv_first, int64_t steps,
                                   struct tp_sum *sum, struct tp_error *error);
#endif
