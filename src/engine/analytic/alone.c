#include "engine/analytic/fluid.h"

double tp_engine_alone_s(const struct tp_machine *machine, const struct tp_cost *cost,
                         bool collective)
{
  double longest_s = tp_fluid_larger(cost->work_s, cost->dram_bytes / machine->dram_bytes_per_s);
  if (collective) {
    double phases_s = 0;
    for (int p = 0; p < cost->n_phases; p++)
      phases_s += tp_fluid_delay_s(&cost->phases[p]) + tp_fluid_flow_s(&cost->phases[p]);
    longest_s = tp_fluid_larger(longest_s, phases_s);
  } else {
    longest_s = tp_fluid_larger(longest_s, cost->compute_s);
  }
  return cost->fixed_s + longest_s;
}

static double end_of_phases_s(const struct tp_fluid_lane *lane)
{
  const bool flows = lane->stage == TP_STAGE_FLOW;
  double end_s = lane->stage_end_s;
  for (int p = lane->phase; p < lane->cost->n_phases; p++) {
    const struct tp_comm_phase *phase = &lane->cost->phases[p];
    if (p > lane->phase)
      end_s += tp_fluid_delay_s(phase);
    if (p > lane->phase || !flows)
      end_s += tp_fluid_flow_s(phase);
  }
  return end_s;
}

double tp_fluid_undisturbed_end_s(const struct tp_fluid_lane *lane)
{
  if (lane->stage == TP_STAGE_FIXED)
    return lane->stage_end_s + (lane->alone_s - lane->cost->fixed_s);
  const double end_s =
      tp_fluid_larger(lane->stage_end_s, tp_fluid_larger(lane->work_end_s, lane->dram_end_s));
  if (lane->stage == TP_STAGE_DELAY || lane->stage == TP_STAGE_FLOW)
    return tp_fluid_larger(end_s, end_of_phases_s(lane));
  return end_s;
}
