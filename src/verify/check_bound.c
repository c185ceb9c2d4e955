/* What the types of numbers explain of an error.
 *
 * Roundings are independent: their squares add up.  A module rounds some six values one after the
 * other (norm, first GEMM, rotated or activated, attended, second GEMM, residual), each by u / sqrt
 * 3 at most in the mean, u half a step of the type.  fp8 rounds the inputs of its two GEMMs so much
 * that nothing else counts.  A single token, of a few numbers, may stray to three times the mean.
 *
 * In fp32 the order of sums counts, too, which that leaves out: 1e-5.
 */
#include "verify/check.h"

#include <math.h>

static double rounding(enum tp_dtype dtype, double modules)
{
  switch (dtype) {
  case TP_DTYPE_FP16:
    return 0x1p-11 * sqrt((6 * modules + 2) / 3);
  case TP_DTYPE_BF16:
    return 0x1p-8 * sqrt((6 * modules + 2) / 3);
  case TP_DTYPE_FP8:
    return 0x1p-4 * sqrt((2 * modules + 1) / 3);
  default:
    break;
  }
  return 1e-5 / 3;
}

/* A group of g numbers of a normal distribution spans 2 sqrt(2 ln g) deviations, in 2^bits - 1
 * steps; an element errs by step / sqrt 12 in the mean (numeric/quantise.h: by half a step at
 * most), once in each rank's part, whose squares add up to those of the sum, and once in the sum.
 */
static double side(int bits, int group)
{
  const double step = 2 * sqrt(2 * log((double)group)) / (exp2((double)bits) - 1);
  return step / sqrt(12);
}

double tp_check_wire_error(const struct tp_wire *wire)
{
  if (wire->reduce_bits == 0)
    return 0;
  return hypot(side(wire->reduce_bits, wire->group), side(wire->gather_bits, wire->group));
}

/* Errors of all modules' outputs reach the end, a token's twice as large where its group has larger
 * ones, too. */
double tp_check_bound(const struct tp_check *check)
{
  const double modules = 2 * (double)check->request.model->layers;
  const struct tp_wire wire = tp_variant_wire(check->variant);
  const double sent = check->request.mesh.tp > 1 ? tp_check_wire_error(&wire) : 0;
  return 3 * rounding(check->request.dtype, modules) + 2 * sqrt(modules) * sent;
}
