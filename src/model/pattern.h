#ifndef TP_MODEL_PATTERN_H
#define TP_MODEL_PATTERN_H
/* In what order kinds of layers follow one another, as a list of runs:
 *
 *     D D D M M M M ...      prefix and body           3 x D, 58 x M
 *     L L L L L G L L ...    a period and what is left of one    10 x (L L L L L G), 2 x L
 */
#include "model/model.h"

/* How many of layers first .. first + count - 1 are of a kind. */
int64_t tp_model_layers_of(const struct tp_model *model, int kind, int64_t first, int64_t count);

/* Layers first .. first + count - 1, `group` of them (a divisor of count) at a time; from the last
 * to the first where backward. */
struct tp_layer_range {
  int64_t first, count, group;
  bool backward;
};

/* `cycle` groups, of kinds that recur `repeat` times; the first begins with layer `first`. */
struct tp_layer_run {
  int64_t first, cycle, repeat;
};
enum { TP_MAX_LAYER_RUNS = 8 };

/* Covers the range, in order, with as long runs as there are; returns how many.  A model of one
 * kind is one run, and what needs more runs than there is room for is one cycle, once. */
int tp_pattern_runs(const struct tp_model *model, struct tp_layer_range range,
                    struct tp_layer_run runs[TP_MAX_LAYER_RUNS]);
#endif
