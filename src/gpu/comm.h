#ifndef TP_GPU_COMM_H
#define TP_GPU_COMM_H
/* Collectives on a GPU.  By whom is chosen by stack, size and wire (comm_choice.h): NCCL, our own
 * one- and two-shot kernels over peer memory, the low-bit two-step of Flash Communication, or, when
 * one GPU emulates a rank of several, a stand-in.
 */
#include "gpu/gpu.h"

#include <cuda_runtime_api.h>

struct tp_comm;

/* On options->device, which is current.  Made by all ranks of the group together: peer memory is
 * set up here.  Borrows the options' group,
 * stack and machine. */
enum tp_status tp_comm_open(const struct tp_gpu_options *options, struct tp_comm **comm,
                            struct tp_error *error);
void tp_comm_close(struct tp_comm *comm); /* NULL is fine; the device is idle */

/* Puts a collective op into `stream`.  NCCL is set up when it is first needed, for every limit of
 * SMs anew: where the stream is captured then, that fails with TP_E_INPUT.  All ranks make the same
 * calls in the same order, and never on two streams at once.  TP_E_INPUT names a collective that
 * nobody here can do (T3's sends), TP_E_ENVIRONMENT what the machine lacks for it. */
enum tp_status tp_comm_run(struct tp_comm *comm, const struct tp_bound_op *bound,
                           cudaStream_t stream, struct tp_error *error);
#endif
