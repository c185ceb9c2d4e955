#ifndef TP_GPU_EMULATION_H
#define TP_GPU_EMULATION_H
/* Stand-ins for the collectives of rank 0 of several, on one GPU (run/standin_plan.h).  They fill
 * an op's output from its own input: as it is (all-reduce), in every rank's place (all-gather), or
 * the rank's part of it (reduce-scatter).  Numbers are not the model's, but times are. */
#include "gpu/gpu.h"

#include <cuda_runtime_api.h>

struct tp_emulation;

/* On the current device; options->emulated is borrowed. */
enum tp_status tp_emulation_open(const struct tp_gpu_options *options,
                                 struct tp_emulation **emulation, struct tp_error *error);
void tp_emulation_close(struct tp_emulation *emulation); /* NULL is fine */

/* May be captured at any time. */
enum tp_status tp_emulation_run(struct tp_emulation *emulation, const struct tp_bound_op *bound,
                                cudaStream_t stream, struct tp_error *error);

/* As struct tp_calls has them. */
enum tp_status tp_emulation_watch(struct tp_emulation *emulation, struct tp_error *error);
enum tp_status tp_emulation_late(struct tp_emulation *emulation, double *late_s,
                                 struct tp_error *error);
#endif
