#ifndef TP_TESTS_FAKE_STREAM_H
#define TP_TESTS_FAKE_STREAM_H
/* When fakes of libraries do what they were asked to: at once (fake_at_once.c), or in a stream's
 * turn, each time that a graph is replayed (fake_runtime.cc). */
#include <cuda_runtime_api.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Keeps a copy of the job. */
void fake_stream_run(cudaStream_t stream, void (*run)(void *job), const void *job, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
