#include "engine/deviation.h"

struct tp_deviation tp_deviation_begin(const struct tp_program *program, struct tp_arena *arena)
{
  const int n = program->n_alike;
  return (struct tp_deviation){.n_alike = n, .alike_s = n > 0 ? TP_NEW(arena, double, n) : NULL};
}

double tp_deviation_variance(const struct tp_deviation *deviation)
{
  double variance = deviation->variance;
  for (int i = 0; i < deviation->n_alike; i++)
    variance += deviation->alike_s[i] * deviation->alike_s[i];
  return variance;
}
