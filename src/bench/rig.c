#include "bench/rig.h"

#include <stdlib.h>

enum tp_status tp_rig_machine(const struct tp_rig *rig, int tp, struct tp_machine *machine,
                              struct tp_error *error)
{
  const struct tp_setup *setup = rig->setup;
  TP_TRY(tp_machine_make(&setup->platform, &setup->device, &setup->stack, tp, machine, error));
  machine->program = machine->sustained = rig->programs;
  return TP_OK;
}

static enum tp_status open_device(struct tp_rig *rig, int tp, struct tp_rig_device *device,
                                  struct tp_error *error)
{
  TP_TRY(tp_rig_machine(rig, tp, &device->machine, error));
  TP_TRY(
      rig->opener.open(rig->opener.data, &device->machine, &device->calls, &device->owner, error));
  device->bench = (struct tp_bench){.calls = &device->calls, .group = rig->group};
  return TP_OK;
}

enum tp_status tp_rig_at(struct tp_rig *rig, int tp, struct tp_rig_device **device,
                         struct tp_error *error)
{
  for (int i = 0; i < rig->n; i++)
    if (tp_machine_ranks(&rig->devices[i]->machine) == tp) {
      *device = rig->devices[i];
      return TP_OK;
    }
  if (rig->n == TP_RIG_DEGREES)
    return tp_fail(error, TP_E_INPUT, "more than %d tensor-parallel degrees at once; take fewer",
                   (int)TP_RIG_DEGREES);
  struct tp_rig_device *made = calloc(1, sizeof *made);
  if (made == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  const enum tp_status status = open_device(rig, tp, made, error);
  if (status != TP_OK) {
    free(made);
    return status;
  }
  rig->devices[rig->n++] = made;
  *device = made;
  return TP_OK;
}

void tp_rig_close(struct tp_rig *rig)
{
  for (int i = 0; i < rig->n; i++) {
    struct tp_rig_device *device = rig->devices[i];
    rig->opener.close(rig->opener.data, &device->calls, device->owner);
    free(device);
  }
  rig->n = 0;
}
