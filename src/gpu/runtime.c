/* Streams, events, graphs and clock of a GPU, by the CUDA runtime. */
#include "gpu/runtime.h"
#include "gpu/check.h"

#include <stdlib.h>

/* A copy or fill in a graph would happen with each replay, from memory that is gone. */
enum tp_status tp_gpu_not_captured(const struct tp_device_state *state, const char *what,
                                   struct tp_error *error)
{
  if (!state->capturing)
    return TP_OK;
  return tp_fail(error, TP_E_INPUT, "%s while a pass is captured; do it before or after", what);
}

enum tp_status tp_gpu_record(struct tp_device_state *state, int event, int stream,
                             struct tp_error *error)
{
  return TP_CUDA(cudaEventRecord(state->events[event], state->streams[stream]), error);
}

enum tp_status tp_gpu_wait(struct tp_device_state *state, int event, int stream,
                           struct tp_error *error)
{
  return TP_CUDA(cudaStreamWaitEvent(state->streams[stream], state->events[event], 0), error);
}

/* All other streams wait for the compute stream. */
static enum tp_status fork_streams(struct tp_device_state *state, struct tp_error *error)
{
  const cudaEvent_t event = state->joins[TP_STREAM_COMPUTE];
  enum tp_status status = TP_CUDA(cudaEventRecord(event, state->streams[TP_STREAM_COMPUTE]), error);
  for (int i = 0; i < TP_MAX_STREAMS && status == TP_OK; i++)
    if (i != TP_STREAM_COMPUTE)
      status = TP_CUDA(cudaStreamWaitEvent(state->streams[i], event, 0), error);
  return status;
}

/* The compute stream waits for all others. */
static enum tp_status gather_streams(struct tp_device_state *state, struct tp_error *error)
{
  enum tp_status status = TP_OK;
  for (int i = 0; i < TP_MAX_STREAMS && status == TP_OK; i++) {
    if (i == TP_STREAM_COMPUTE)
      continue;
    status = TP_CUDA(cudaEventRecord(state->joins[i], state->streams[i]), error);
    if (status == TP_OK)
      status = TP_CUDA(cudaStreamWaitEvent(state->streams[TP_STREAM_COMPUTE], state->joins[i], 0),
                       error);
  }
  return status;
}

enum tp_status tp_gpu_join(struct tp_device_state *state, struct tp_error *error)
{
  const enum tp_status status = gather_streams(state, error);
  return status == TP_OK ? fork_streams(state, error) : status;
}

/* Thread-local: NCCL's own threads call CUDA meanwhile. */
enum tp_status tp_gpu_capture(struct tp_device_state *state, struct tp_error *error)
{
  enum tp_status status = tp_gpu_not_captured(state, "a capture within a capture", error);
  if (status == TP_OK)
    status = TP_CUDA(
        cudaStreamBeginCapture(state->streams[TP_STREAM_COMPUTE], cudaStreamCaptureModeThreadLocal),
        error);
  if (status != TP_OK)
    return status;
  state->capturing = true;
  status = fork_streams(state, error);
  if (status != TP_OK)
    tp_gpu_capture_drop(state);
  return status;
}

void tp_gpu_capture_drop(struct tp_device_state *state)
{
  cudaGraph_t captured = NULL;
  if (state->capturing &&
      cudaStreamEndCapture(state->streams[TP_STREAM_COMPUTE], &captured) == cudaSuccess)
    cudaGraphDestroy(captured);
  (void)cudaGetLastError(); /* an end without a graph is none of the next launch's */
  state->capturing = false;
}

struct tp_graph {
  cudaGraphExec_t executable;
};

static enum tp_status instantiate(struct tp_device_state *state, cudaGraph_t captured,
                                  struct tp_graph **graph, struct tp_error *error)
{
  struct tp_graph *const made = calloc(1, sizeof *made);
  if (made == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  /* Else all of its kernels had the priority of the stream that it is put on. */
  const unsigned long long flags = cudaGraphInstantiateFlagUseNodePriority;
  enum tp_status status = TP_CUDA(cudaGraphInstantiate(&made->executable, captured, flags), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaGraphUpload(made->executable, state->streams[TP_STREAM_COMPUTE]), error);
  if (status == TP_OK)
    *graph = made;
  else
    tp_gpu_graph_free(state, made);
  return status;
}

enum tp_status tp_gpu_capture_end(struct tp_device_state *state, struct tp_graph **graph,
                                  struct tp_error *error)
{
  cudaGraph_t captured = NULL;
  enum tp_status status = gather_streams(state, error);
  state->capturing = false;
  const enum tp_status ended =
      TP_CUDA(cudaStreamEndCapture(state->streams[TP_STREAM_COMPUTE], &captured),
              status == TP_OK ? error : NULL);
  if (status == TP_OK)
    status = ended;
  if (status == TP_OK)
    status = instantiate(state, captured, graph, error);
  if (captured != NULL)
    cudaGraphDestroy(captured);
  return status;
}

enum tp_status tp_gpu_replay(struct tp_device_state *state, struct tp_graph *graph,
                             struct tp_error *error)
{
  return TP_CUDA(cudaGraphLaunch(graph->executable, state->streams[TP_STREAM_COMPUTE]), error);
}

void tp_gpu_graph_free(struct tp_device_state *state, struct tp_graph *graph)
{
  (void)state;
  if (graph == NULL)
    return;
  if (graph->executable != NULL)
    cudaGraphExecDestroy(graph->executable);
  free(graph);
}

enum tp_status tp_gpu_mark(struct tp_device_state *state, int mark, struct tp_error *error)
{
  cudaEvent_t *const event = &state->marks[mark];
  enum tp_status status = tp_gpu_not_captured(state, "a clock mark", error);
  if (status == TP_OK && *event == NULL)
    status = TP_CUDA(cudaEventCreate(event), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaEventRecord(*event, state->streams[TP_STREAM_COMPUTE]), error);
  return status;
}

enum tp_status tp_gpu_seconds(struct tp_device_state *state, int from, int to, double *seconds,
                              struct tp_error *error)
{
  float milliseconds = 0;
  if (state->marks[from] == NULL || state->marks[to] == NULL)
    return tp_fail(error, TP_E_INPUT, "time from mark %d to mark %d, of which one was never set",
                   from, to);
  enum tp_status status = TP_CUDA(cudaEventSynchronize(state->marks[from]), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaEventSynchronize(state->marks[to]), error);
  if (status == TP_OK)
    status =
        TP_CUDA(cudaEventElapsedTime(&milliseconds, state->marks[from], state->marks[to]), error);
  if (status == TP_OK)
    *seconds = 1e-3 * (double)milliseconds;
  return status;
}

/* Not cudaDeviceSynchronize: a load beside the measurement (beside.h) goes on. */
enum tp_status tp_gpu_finish(struct tp_device_state *state, struct tp_error *error)
{
  enum tp_status status = tp_gpu_not_captured(state, "a wait for the device", error);
  for (int i = 0; i < TP_MAX_STREAMS && status == TP_OK; i++)
    status = TP_CUDA(cudaStreamSynchronize(state->streams[i]), error);
  return status;
}
