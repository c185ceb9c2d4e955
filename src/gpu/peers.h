#ifndef TP_GPU_PEERS_H
#define TP_GPU_PEERS_H
/* The door to src/peers, where all is that takes several GPUs: real collectives among the ranks of
 * a group, by NCCL or by kernels of ours over peer memory, as stack, size and wire decide
 * (run/comm_choice.h).  Nothing else of that folder is known here.  Built with --disable-peers the
 * door is shut: peers/absent.c refuses what knocks. */
#include "ranks/team.h"
#include "run/calls.h"

#include <cuda_runtime_api.h>

struct tp_peers;
struct tp_stack;

/* On `device`, which is current.  All ranks of the group, two or more, call it together, for it
 * sets up peer memory.  Borrows the group and the stack. */
enum tp_status tp_peers_open(struct tp_team *group, int device, const struct tp_stack *stack,
                             struct tp_peers **peers, struct tp_error *error);
void tp_peers_close(struct tp_peers *peers); /* NULL is fine; the device is idle */

/* As tp_comm_run (gpu/comm.h). */
enum tp_status tp_peers_run(struct tp_peers *peers, const struct tp_bound_op *bound,
                            cudaStream_t stream, struct tp_error *error);

/* 22809 is 2.28.9; 0 where no NCCL can be loaded. */
int tp_peers_nccl_version(void);
#endif
