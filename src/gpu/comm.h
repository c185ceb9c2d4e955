#ifndef TP_GPU_COMM_H
#define TP_GPU_COMM_H
/* Collectives on a GPU: among several by what src/peers has (gpu/peers.h): NCCL, our own one- and
 * two-shot kernels over peer memory, the low-bit two-step of Flash Communication; where one GPU
 * emulates a rank of several, by a stand-in.
 */
#include "gpu/gpu.h"

#include <cuda_runtime_api.h>

struct tp_comm;

/* On options->device, which is current.  All ranks of the group call it together, for it sets up
 * peer memory.  Borrows the options' group, stack and machine. */
enum tp_status tp_comm_open(const struct tp_gpu_options *options, struct tp_comm **comm,
                            struct tp_error *error);
void tp_comm_close(struct tp_comm *comm); /* NULL is fine; the device is idle */

/* Puts a collective op into `stream`.  NCCL is set up when it is first needed, and again for every
 * new limit of SMs; TP_E_INPUT where the stream is being captured at that time.  All ranks make the
 * same calls in the same order, and never on two streams at once.  TP_E_INPUT where nobody here can
 * do the collective (T3's sends), TP_E_ENVIRONMENT where the machine lacks something for it; the
 * error names it. */
enum tp_status tp_comm_run(struct tp_comm *comm, const struct tp_bound_op *bound,
                           cudaStream_t stream, struct tp_error *error);

/* As struct tp_calls has them, where options->emulated is given. */
enum tp_status tp_comm_watch(struct tp_comm *comm, struct tp_error *error);
enum tp_status tp_comm_late(struct tp_comm *comm, double *late_s, struct tp_error *error);
#endif
