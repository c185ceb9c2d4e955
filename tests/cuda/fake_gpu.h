#ifndef TP_TESTS_FAKE_GPU_H
#define TP_TESTS_FAKE_GPU_H
/* The CUDA runtime and cuBLASLt as src/gpu calls them, on the CPU: device memory is memory, copies
 * and GEMMs happen at once, everything put on streams is written down, and any call can be made to
 * fail.
 *
 *     "record e0 s0\n" "wait s1 e0\n"      streams and events in the order they were made
 */
#include "gpu/state.h"

/* Forgets all settings and lines. */
void fake_gpu_reset(void);
extern int fake_gpu_capability;

bool fake_gpu_capturing(void);

/* What was put on streams since the last call of this. */
const char *fake_gpu_lines(void);

/* Of the calls that can fail, the n-th from now on (1: the next) does, with an error of its
 * library. Each counts down; 0: none fails. */
extern int fake_gpu_fails_in;
/* cudaMalloc fails beyond so many bytes at once. */
extern size_t fake_gpu_memory_bytes;
/* The heuristics find nothing. */
extern bool fake_gpu_lacks_kernels;

/* Streams, events, descriptors, allocations .. that are made and not destroyed. */
int fake_gpu_objects(void);      /* of the runtime and the parts */
int fake_cublaslt_objects(void); /* of cuBLASLt */
int fake_gpu_allocations(void);  /* made so far */
int fake_gpu_heuristics(void);   /* asked so far */
#endif
