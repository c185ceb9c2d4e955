#ifndef TP_TESTS_HOST_CUDA_ORDER_H
#define TP_TESTS_HOST_CUDA_ORDER_H
/* When and in which order launches of host_cuda run; for tests in C, too. */
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Launches wait until host_cuda_run; otherwise each runs where it is launched. */
void host_cuda_defer(bool defer);
void host_cuda_run(void);
/* Seed of the order of fibers; 0: as numbered. */
void host_cuda_seed(uint64_t seed);
/* Blocks of a launch that are there at once; a kernel whose blocks wait for each other needs as
 * many as its grid.  At first 8. */
void host_cuda_resident_blocks(int blocks);

#ifdef __cplusplus
}
#endif
#endif
