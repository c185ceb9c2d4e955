/* Clocks under the power limit: docs/MODEL.md, "Power". */
#include "cost/cost.h"

#include <math.h>

/* The clock b at which the limit, 1, is drawn by products that take a share U of the pass at b = 1
 * and by transfers that take a share D of the DRAM's rate beside and between them:
 *     idle (1 - U / b) + U / b * b^2 + transfer D = 1
 * for what a GEMM draws grows with the square of its rate. */
static double clock_of(const struct tp_device_overlap *power, double products, double transfers)
{
  const double idle = power->idle_power_ratio;
  const double rest = fmax(0, 1 - idle - power->dram_power_ratio * transfers);
  return (rest + sqrt(rest * rest + 4 * idle * products * products)) / (2 * products);
}

double tp_power_boost(const struct tp_device *device, const struct tp_power_use *use)
{
  enum { ROUNDS = 8 };
  const double most = device->overlap.burst_ratio;
  double boost = 1;
  if (most <= 1 || use->matrix_s <= 0)
    return 1;
  for (int i = 0; i < ROUNDS; i++) {
    const double pass_s = use->pass_s - use->matrix_s * (1 - 1 / boost);
    const double products = fmin(1, use->matrix_s / pass_s);
    const double transfers = fmin(1, use->dram_s / pass_s);
    boost = fmin(most, clock_of(&device->overlap, products, transfers));
  }
  return boost;
}

/* Of the fourth powers of what SMs and memory take, as kernels' models add them. */
void tp_cost_boost(struct tp_cost *cost, double boost)
{
  if (cost->matrix_s <= 0)
    return;
  const double before = pow(cost->compute_s, 4), after = pow(cost->compute_s / boost, 4);
  cost->work_s = sqrt(sqrt(fmax(pow(cost->work_s, 4) - before, 0) + after));
  cost->compute_s /= boost;
  cost->wave_s /= boost;
}
