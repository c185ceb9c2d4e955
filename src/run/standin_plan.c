#include "run/standin_plan.h"

#include <math.h>

/* SMs that the library's kernel occupies. */
static int model_sms(const struct tp_machine *machine, const struct tp_cost *cost)
{
  const double sms = cost->sm_share * machine->device->datasheet.sm_count;
  return sms > 0 ? (int)fmax(1, round(sms)) : 0;
}

struct tp_standin_plan tp_standin_plan_make(const struct tp_machine *machine, bool decodes,
                                            const struct tp_op *op, int sms, int device_sms)
{
  const struct tp_cost cost = tp_cost_op(machine, decodes, op);
  /* Streams and events are real here. */
  const double lasts_s = tp_cost_alone_s(machine, &cost) - tp_cost_crossing_s(machine, op);
  int blocks = sms == TP_STANDIN_MODEL_SMS ? model_sms(machine, &cost) : sms;
  if (sms == TP_STANDIN_COPY_ENGINES || op->collective.sms == TP_NO_SMS)
    blocks = 0;
  return (struct tp_standin_plan){
      .blocks = blocks < device_sms ? blocks : device_sms,
      .vectors = (int64_t)ceil(cost.dram_bytes / (2 * TP_WINDOW_VECTOR_BYTES)),
      .nanoseconds = (int64_t)ceil(lasts_s * 1e9),
  };
}
