#ifndef TP_OPS_INTERFERENCE_H
#define TP_OPS_INTERFERENCE_H
/* How long a kernel takes while SMs are held and memory is copied beside it: the sharing rule of
 * engine/engine.h for one kernel whose neighbours outlast it.  docs/MODEL.md, "Interference".
 */
#include "base/arena.h"
#include "cost/cost.h"

/* What runs beside the kernel; nothing where the struct is zeroed. */
struct tp_interference {
  double held_sms;         /* by a communication kernel */
  double copy_bytes_per_s; /* DRAM traffic of copies as it was moved, read and written together */
};

/* Why that cannot run on the device, in words; NULL: it can.  A kernel needs an SM at least. */
const char *tp_interference_fault(const struct tp_device *device,
                                  const struct tp_interference *beside, struct tp_arena *arena);

/* From a kernel that wants more than the rest, a copy takes at most half of the DRAM rate. */
double tp_interference_time_s(const struct tp_machine *machine, const struct tp_cost *kernel,
                              const struct tp_interference *beside);
#endif
