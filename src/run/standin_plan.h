#ifndef TP_RUN_STANDIN_PLAN_H
#define TP_RUN_STANDIN_PLAN_H
/* What stands in for a collective where one GPU emulates a rank of several.
 *
 *     block 0  [ chunk | chunk | ... | wait ]     every block holds an SM; chunk k of n starts no
 *     block 1  [ chunk | chunk | ... | wait ]     sooner than k/n of the modelled time, and the
 *     ...                                         block ends no sooner than all of it
 *
 * The bytes are those its algorithm reads and writes in this GPU's memory: half are read, half
 * written.  Copy engines instead hold no SM: half the bytes go to host memory, half come from
 * there, at the speed of the link between the two, so they may last longer than the model says.
 * The quantising of a low-bit all-reduce is in the modelled time only.
 */
#include "cost/cost.h"
#include "run/fill_value.h"
#include "run/windows.h"

enum { TP_STANDIN_MODEL_SMS = 0, TP_STANDIN_COPY_ENGINES = -1 };

struct tp_standin_plan {
  int blocks;          /* SMs held; 0: copy engines */
  int64_t vectors;     /* of 16 bytes, copied within memory: as many read as written */
  int64_t nanoseconds; /* at least */
};

/* `sms`: as in struct tp_gpu_options; never more than `device_sms`.  A collective that by its op
 * holds no SMs is left to copy engines whatever `sms` says. */
struct tp_standin_plan tp_standin_plan_make(const struct tp_machine *machine, bool decodes,
                                            const struct tp_op *op, int sms, int device_sms);

/* How many vectors lie before those of block `block`; its own end where the next block's begin. */
TP_BOTH_SIDES static inline int64_t tp_standin_first(const struct tp_standin_plan *plan, int block)
{
  const int64_t each = plan->vectors / plan->blocks, over = plan->vectors % plan->blocks;
  return each * block + (block < over ? block : over);
}

/* When chunk `chunk` of `chunks` may start, after the block has. */
TP_BOTH_SIDES static inline int64_t tp_standin_due(const struct tp_standin_plan *plan,
                                                   int64_t chunk, int64_t chunks)
{
  return (int64_t)((double)plan->nanoseconds * (double)chunk / (double)chunks);
}
#endif
