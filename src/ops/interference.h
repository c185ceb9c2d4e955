#ifndef TP_OPS_INTERFERENCE_H
#define TP_OPS_INTERFERENCE_H
/* A kernel beside others' use of the device: the sharing rule of engine/engine.h for one kernel
 * whose neighbours outlast it.  docs/MODEL.md, "Contention".
 */
#include "cost/cost.h"

/* The zeroed struct: nothing beside it. */
struct tp_interference {
  double held_sms;         /* by a communication kernel */
  double copy_bytes_per_s; /* DRAM traffic of copies, read and written together, as it was moved */
};

/* A copy takes no more than half of the DRAM rate from a kernel that wants more than the rest. */
double tp_interference_time_s(const struct tp_machine *machine, const struct tp_cost *kernel,
                              const struct tp_interference *beside);
#endif
