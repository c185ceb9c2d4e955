/* A GPU made ready: its streams and events, and the parts that answer launches. */
#include "gpu/attention.h"
#include "gpu/check.h"
#include "gpu/gemm.h"
#include "gpu/runtime.h"

#include <stdlib.h>

static enum tp_status check_device(const struct tp_gpu_options *options, struct tp_error *error)
{
  int count = 0;
  const enum tp_status status = tp_gpu_count(&count, error);
  if (status != TP_OK)
    return status;
  if (options->device < 0 || options->device >= count)
    return tp_fail(error, TP_E_ENVIRONMENT,
                   "no GPU %d here, but %d of them from 0; every rank needs one of its own, or "
                   "--emulate-tp runs one rank alone",
                   options->device, count);
  return TP_CUDA(cudaSetDevice(options->device), error);
}

/* Collectives before kernels: a block of theirs that is ready takes the next free place on an SM,
 * as a model of overlap has it. */
static enum tp_status make_streams(struct tp_device_state *state, struct tp_error *error)
{
  int least = 0, greatest = 0;
  enum tp_status status = TP_CUDA(cudaDeviceGetStreamPriorityRange(&least, &greatest), error);
  for (int i = 0; i < TP_MAX_STREAMS && status == TP_OK; i++) {
    status = TP_CUDA(cudaStreamCreateWithPriority(&state->streams[i], cudaStreamNonBlocking,
                                                  i == TP_STREAM_COMPUTE ? least : greatest),
                     error);
    if (status == TP_OK)
      status = TP_CUDA(cudaEventCreateWithFlags(&state->joins[i], cudaEventDisableTiming), error);
  }
  for (int i = 0; i < TP_MAX_EVENTS && status == TP_OK; i++)
    status = TP_CUDA(cudaEventCreateWithFlags(&state->events[i], cudaEventDisableTiming), error);
  return status;
}

static enum tp_status make_parts(struct tp_device_state *state, struct tp_error *error)
{
  enum tp_status status = tp_gpu_facts(state->options.device, &state->facts, error);
  if (status == TP_OK)
    status = make_streams(state, error);
  if (status == TP_OK)
    status = tp_gpu_gemm_open(state->facts.capability, &state->gemm, error);
  if (status == TP_OK)
    status = tp_gpu_attention_open(&state->attention, error);
  if (status == TP_OK)
    status = tp_comm_open(&state->options, &state->comm, error);
  return status;
}

static void destroy_event(cudaEvent_t event)
{
  if (event != NULL)
    cudaEventDestroy(event);
}

static void destroy(struct tp_device_state *state)
{
  tp_gpu_capture_drop(state);
  for (int i = 0; i < TP_MAX_STREAMS; i++)
    if (state->streams[i] != NULL)
      cudaStreamSynchronize(state->streams[i]);
  tp_comm_close(state->comm);
  tp_gpu_attention_close(state->attention);
  tp_gpu_gemm_close(state->gemm);
  cudaFreeHost(state->staging);
  for (int i = 0; i < TP_MAX_MARKS; i++)
    destroy_event(state->marks[i]);
  for (int i = 0; i < TP_MAX_EVENTS; i++)
    destroy_event(state->events[i]);
  for (int i = 0; i < TP_MAX_STREAMS; i++) {
    destroy_event(state->joins[i]);
    if (state->streams[i] != NULL)
      cudaStreamDestroy(state->streams[i]);
  }
  free(state);
}

static enum tp_status watch(struct tp_device_state *state, struct tp_error *error)
{
  return tp_comm_watch(state->comm, error);
}

static enum tp_status late(struct tp_device_state *state, double *late_s, struct tp_error *error)
{
  return tp_comm_late(state->comm, late_s, error);
}

static struct tp_calls calls_of(struct tp_device_state *state)
{
  const struct tp_gpu_options *const options = &state->options;
  const bool grouped = options->group != NULL;
  return (struct tp_calls){
      .name = state->facts.name,
      .state = state,
      .rank = grouped ? tp_team_rank(options->group) : 0,
      .ranks = options->emulated != NULL ? tp_machine_ranks(options->emulated)
               : grouped                 ? tp_team_ranks(options->group)
                                         : 1,
      .allocate = tp_gpu_allocate,
      .release = tp_gpu_release,
      .fill = tp_gpu_fill,
      .write = tp_gpu_write,
      .read = tp_gpu_read,
      .launch = tp_gpu_launch,
      .record = tp_gpu_record,
      .wait = tp_gpu_wait,
      .capture = tp_gpu_capture,
      .capture_end = tp_gpu_capture_end,
      .replay = tp_gpu_replay,
      .graph_free = tp_gpu_graph_free,
      .join = tp_gpu_join,
      .mark = tp_gpu_mark,
      .seconds = tp_gpu_seconds,
      .watch = options->emulated != NULL ? watch : NULL,
      .late = options->emulated != NULL ? late : NULL,
      .finish = tp_gpu_finish,
  };
}

enum tp_status tp_gpu_open(const struct tp_gpu_options *options, struct tp_calls *calls,
                           struct tp_error *error)
{
  enum tp_status status = check_device(options, error);
  if (status != TP_OK)
    return status;
  struct tp_device_state *const state = calloc(1, sizeof *state);
  if (state == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  state->options = *options;
  status = make_parts(state, error);
  if (status == TP_OK)
    *calls = calls_of(state);
  else
    destroy(state);
  return status;
}

void tp_gpu_close(struct tp_calls *calls)
{
  destroy(calls->state);
  *calls = (struct tp_calls){.name = NULL};
}
