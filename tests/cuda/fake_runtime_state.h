#ifndef TP_TESTS_FAKE_RUNTIME_STATE_H
#define TP_TESTS_FAKE_RUNTIME_STATE_H
/* What the parts of the fake share: fake_runtime.cc, fake_memory.cc, fake_nccl.cc. */
#include "host_cuda.h"

#include <cuda_runtime_api.h>
#include <memory>
#include <vector>

struct fake_capture;

extern int fake_rank, fake_ranks;

bool fake_captured(cudaStream_t stream);
/* Into the stream, or into the graph that it is captured for. */
cudaError_t fake_submit(cudaStream_t stream, host_cuda_work work);
/* As cudaDeviceSynchronize. */
cudaError_t fake_wait_for_all(void);

/* An error while a stream is captured, whose capture is void then. */
cudaError_t fake_forbidden(void);

int fake_allocations(void);
/* Memory that all ranks see, FAKE_BOARD_BYTES of zeros at first. */
char *fake_shared_board(void);
enum { FAKE_BOARD_BYTES = 1 << 28 };
#endif
