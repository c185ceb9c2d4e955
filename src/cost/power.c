/* Clocks under the power limit: docs/MODEL.md, "Power". */
#include "cost/cost.h"

#include <math.h>

/* What is drawn at the clock b, over the limit, by products that take a share U of the pass at
 * b = 1 and by transfers that take a share D of the DRAM's rate beside and between them:
 *     idle (1 - U / b) + U / b * b^2 + transfer D
 * for what a GEMM draws grows with the square of its rate.  The pass is shorter at b, which makes
 * U and D larger: it grows with b.  Transfers draw no more than idle SMs leave. */
static double drawn_at(const struct tp_device_overlap *power, const struct tp_power_use *use,
                       double boost)
{
  const double pass_s = fmax(use->pass_s, use->matrix_s) - use->matrix_s * (1 - 1 / boost);
  const double products = use->matrix_s / pass_s;
  const double transfers = fmin(1, use->dram_s / pass_s);
  const double idle = power->idle_power_ratio;
  return idle * (1 - products / boost) + products * boost +
         fmin(1 - idle, power->dram_power_ratio * transfers);
}

bool tp_power_is_free(const struct tp_device *device, const struct tp_power_use *use)
{
  return use->matrix_s <= 0 || drawn_at(&device->overlap, use, device->overlap.burst_ratio) <= 1;
}

double tp_power_boost(const struct tp_device *device, const struct tp_power_use *use)
{
  enum { HALVINGS = 52 };
  const struct tp_device_overlap *power = &device->overlap;
  double most = power->burst_ratio, least = 0;
  if (most <= 1 || use->matrix_s <= 0)
    return 1;
  if (tp_power_is_free(device, use))
    return most;
  for (int i = 0; i < HALVINGS; i++) {
    const double boost = (least + most) / 2;
    if (drawn_at(power, use, boost) > 1)
      most = boost;
    else
      least = boost;
  }
  return most;
}

/* Bytes of a GEMM that waits for them are drawn beside its products, others' on their own. */
struct tp_power_use tp_cost_power_use(const struct tp_machine *machine, const struct tp_cost *cost)
{
  const double dram_s = cost->dram_bytes / machine->dram_bytes_per_s;
  return (struct tp_power_use){.pass_s = tp_cost_alone_s(machine, cost),
                               .matrix_s = cost->matrix_s,
                               .dram_s = fmax(0, dram_s - cost->matrix_s)};
}

/* Of the fourth powers of what SMs and memory take, as kernels' models add them.  The host that
 * launches is no faster. */
void tp_cost_boost(struct tp_cost *cost, double clock)
{
  if (cost->matrix_s <= 0)
    return;
  const double boost = cost->clock > 0 ? clock / cost->clock : clock;
  const double before = pow(cost->compute_s, 4), after = pow(cost->compute_s / boost, 4);
  const double work_s = sqrt(sqrt(fmax(pow(cost->work_s, 4) - before, 0) + after));
  cost->work_s = fmax(work_s, cost->launch_s);
  cost->compute_s /= boost;
  cost->wave_s /= boost;
  cost->clock = clock;
}
