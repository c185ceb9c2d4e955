#ifndef TP_ENGINE_DEVIATION_H
#define TP_ENGINE_DEVIATION_H
/* How far off a pass may be, from how far off its ops may be: deviations of ops that err alike add
 * up, those of others by their squares (engine.h). */
#include "program/program.h"

struct tp_deviation {
  double variance; /* of ops that err like no other, s^2 */
  int n_alike;
  double *alike_s; /* by op.alike - 1; NULL: no op errs like another */
};

/* Lives in `arena`. */
struct tp_deviation tp_deviation_begin(const struct tp_program *program, struct tp_arena *arena);

/* An op of the program may be off by so much in all its repetitions.  In the header, because a pass
 * of a model takes a tenth of a microsecond in all. */
static inline void tp_deviation_add(struct tp_deviation *deviation, const struct tp_op *op,
                                    double off_s)
{
  if (op->alike > 0)
    deviation->alike_s[op->alike - 1] += off_s;
  else
    deviation->variance += off_s * off_s;
}

double tp_deviation_variance(const struct tp_deviation *deviation);
#endif
