#ifndef TP_OPS_PLACEMENT_H
#define TP_OPS_PLACEMENT_H
/* Where measured collectives ran, held against the platform and the device that they are said to
 * have run on.
 *
 * Columns of a table of collectives, all optional, as logs of nccl-tests fill them:
 *     hosts           how many hosts the ranks sat on
 *     ranks_per_host  ranks on the host that had most
 *     gpu             what the driver calls the first rank's GPU: "NVIDIA H100 80GB HBM3"
 */
#include "base/text.h"
#include "ops/cells.h"
#include "platform/platform.h"

struct tp_op_placement {
  int hosts, ranks_per_host; /* 0: not said */
};
enum tp_status tp_op_row_placement(const struct tp_op_reader *reader, const struct tp_op_row *row,
                                   struct tp_op_placement *placement);

/* Why the platform, whose first GPUs the ranks get, is not where they ran; NULL: it may be.  One
 * that was asked for may take a rack for one node, as libraries do. */
const char *tp_op_placement_fault(const struct tp_op_placement *placement, int ranks,
                                  const struct tp_platform *platform, bool was_asked_for,
                                  struct tp_arena *arena);

/* Says once which platform was chosen where none was given; `notes` NULL: nobody is told. */
void tp_op_platform_tell(struct tp_notes *notes, const char *platform, struct tp_arena *arena);
/* Says once that `gpu`, as the driver calls it in FILE, is plainly no `device`. */
void tp_op_gpu_tell(struct tp_notes *notes, const char *file, const char *gpu, const char *device,
                    struct tp_arena *arena);
#endif
