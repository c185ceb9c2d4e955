#include "ops/interference.h"

#include "engine/engine.h"
#include "engine/sms.h"

#include <math.h>

const char *tp_interference_fault(const struct tp_device *device,
                                  const struct tp_interference *beside, struct tp_arena *arena)
{
  const double sms = device->datasheet.sm_count, rate = device->datasheet.dram_bytes_per_s;
  if (beside->held_sms >= sms)
    return tp_arena_printf(arena,
                           "column 'held_sms': %.9g of the %.0f SMs of %s leave none to the "
                           "kernel; give fewer",
                           beside->held_sms, sms, device->name);
  if (beside->copy_bytes_per_s > rate)
    return tp_arena_printf(arena,
                           "column 'copy_bytes_per_s': %.9g is more than the %.9g bytes/s of "
                           "%s's DRAM; give no more",
                           beside->copy_bytes_per_s, rate, device->name);
  return NULL;
}

double tp_interference_time_s(const struct tp_machine *machine, const struct tp_cost *kernel,
                              const struct tp_interference *beside)
{
  const double share = beside->held_sms / machine->device->datasheet.sm_count;
  const struct tp_sms_held held = {share, tp_cost_held_share(machine, share)};
  const double left_share = fmax(TP_SM_FLOOR, 1 - share);
  const double rate = kernel->sm_share > left_share ? left_share / kernel->sm_share : 1;
  /* Many short transfers, each sharing equally while it lasts: together they get their traffic up
   * to an equal share, the kernel the rest. */
  const double left_bytes_per_s =
      machine->dram_bytes_per_s - fmin(beside->copy_bytes_per_s, machine->dram_bytes_per_s / 2);
  const double runs_s =
      fmax(fmax(kernel->work_s, kernel->compute_s / rate), kernel->dram_bytes / left_bytes_per_s);
  return kernel->fixed_s + runs_s + tp_sms_owed_s(kernel, tp_sms_late_s(held, kernel), runs_s);
}
