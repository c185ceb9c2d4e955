#ifndef TP_PEERS_NCCL_H
#define TP_PEERS_NCCL_H
/* Collectives by NCCL: a communicator for all ranks of the group, and one more for every limit of
 * SMs that an op brings (ncclConfig_t.maxCTAs).  In a build without NCCL, and where its library is
 * not there, tp_nccl_run fails with TP_E_ENVIRONMENT: stacks that never ask for it go on. */
#include "ranks/team.h"
#include "run/comm_choice.h"

#include <cuda_runtime_api.h>

struct tp_nccl;

/* Loads NCCL and does not call it yet.  Borrows the group. */
enum tp_status tp_nccl_open(struct tp_team *group, struct tp_nccl **nccl, struct tp_error *error);
void tp_nccl_close(struct tp_nccl *nccl); /* NULL is fine */

/* Runs any collective but an all-to-all; in place where in and out are the same.  The first op of a
 * limit sets up its communicator, all ranks together: TP_E_INPUT where the stream is being captured
 * at that time. */
enum tp_status tp_nccl_run(struct tp_nccl *nccl, const struct tp_op *op,
                           const struct tp_comm_buffers *buffers, cudaStream_t stream,
                           struct tp_error *error);

int tp_nccl_version(void); /* 22809 is 2.28.9; 0 where it cannot be loaded */
#endif
