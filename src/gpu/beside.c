#include "run/beside.h"

#include "gpu/check.h"
#include "gpu/standin.h"
#include "gpu/starter.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { MOST_BLOCKS = 1024, LIMIT_S = 60, START_LIMIT_S = 5, CHUNKS_AHEAD = 2 };
static const double trial_s = 0.2;

/* What kernels write and the host reads. */
struct board {
  unsigned started[MOST_BLOCKS], one;
  int64_t chunks[MOST_BLOCKS];
};

struct tp_beside_state {
  int device, device_sms, shared_bytes;
  struct tp_windows windows;
  cudaStream_t stream;
  struct board *board;
  unsigned *stop_flag; /* in the GPU's memory */
  struct tp_starter starter;
  struct tp_load load; /* 0 of both: nothing runs */
  double start_s;
  /* copy engines */
  enum { UNTRIED, ABSENT, PRESENT } engines;
  cudaStream_t copies;
  cudaEvent_t events[CHUNKS_AHEAD];
  pthread_t thread;
  atomic_bool stop;
  size_t chunk_bytes;
  int64_t copied; /* chunks */
  enum tp_status status;
  struct tp_error error;
};

static double now_s(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void sleep_until(double when_s)
{
  const struct timespec when = {(time_t)when_s, (long)((when_s - (double)(time_t)when_s) * 1e9)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL) != 0)
    ;
}

static double window_bytes(const struct tp_beside_state *state)
{
  return (double)state->windows.vectors * TP_WINDOW_VECTOR_BYTES;
}

/* Time in which so many bytes, read and written each, are due. */
static double due_s(const struct tp_beside_state *state, double bytes)
{
  return 2 * bytes / state->load.copy_bytes_per_s;
}

static int held(const struct tp_beside_state *state)
{
  const volatile unsigned *const started = state->board->started;
  int n = 0;
  for (int i = 0; i < state->load.held_sms; i++)
    n += started[i] != 0;
  return n;
}

static enum tp_status wait_until_held(const struct tp_beside_state *state, struct tp_error *error)
{
  const double limit_s = now_s() + START_LIMIT_S;
  while (held(state) < state->load.held_sms && now_s() < limit_s)
    sleep_until(now_s() + 1e-4);
  if (held(state) == state->load.held_sms)
    return TP_OK;
  return tp_fail(error, TP_E_ENVIRONMENT,
                 "of %d SMs only %d could be held in %d s; is something else running on GPU %d?",
                 state->load.held_sms, held(state), START_LIMIT_S, state->device);
}

/* By a copy engine, on a stream of its own: kernels that hold every SM keep no copy waiting. */
static enum tp_status tell_stop(struct tp_beside_state *state, struct tp_error *error)
{
  state->board->one = 1;
  const enum tp_status status =
      TP_CUDA(cudaMemcpyAsync(state->stop_flag, &state->board->one, sizeof state->board->one,
                              cudaMemcpyHostToDevice, state->copies),
              error);
  return status == TP_OK ? TP_CUDA(cudaStreamSynchronize(state->stream), error) : status;
}

static enum tp_status start_blocks(struct tp_beside_state *state, double limit_s,
                                   struct tp_error *error)
{
  const double chunk_bytes = (double)TP_WINDOW_CHUNK * TP_WINDOW_VECTOR_BYTES;
  const int blocks = state->load.held_sms;
  struct tp_beside_job job = {
      .windows = state->windows,
      .limit_nanoseconds = (int64_t)(1e9 * limit_s),
      .stop = state->stop_flag,
      .started = state->board->started,
      .chunks = state->board->chunks,
  };
  if (blocks > state->device_sms || blocks > MOST_BLOCKS)
    return tp_fail(error, TP_E_INPUT, "cannot hold %d SMs: GPU %d has %d", blocks, state->device,
                   state->device_sms);
  if (state->load.copy_bytes_per_s > 0)
    job.chunk_nanoseconds = 1 + (int64_t)(1e9 * due_s(state, blocks * chunk_bytes));
  *state->board = (struct board){.one = 0};
  enum tp_status status =
      TP_CUDA(cudaMemsetAsync(state->stop_flag, 0, sizeof *state->stop_flag, state->stream), error);
  if (status == TP_OK)
    status = TP_CUDA(tp_beside_launch(&job, blocks, state->shared_bytes, state->stream), error);
  return status == TP_OK ? wait_until_held(state, error) : status;
}

/* Chunk i, from where the one before ended and round the windows: the same bytes again would come
 * from the last-level cache.  A copy within memory is a kernel, unless it is asked to leave the SMs
 * alone. */
static cudaError_t copy_chunk(const struct tp_beside_state *state, int64_t i)
{
  const int64_t places = (int64_t)window_bytes(state) / (int64_t)state->chunk_bytes;
  const size_t at = (size_t)(i % places) * state->chunk_bytes;
  void *const to = (char *)state->windows.to + at;
  const void *const from = (const char *)state->windows.from + at;
#if CUDART_VERSION >= 13000
  struct cudaMemcpyAttributes beside_kernels = {.srcAccessOrder = cudaMemcpySrcAccessOrderStream,
                                                .flags = cudaMemcpyFlagPreferOverlapWithCompute};
  size_t first = 0;
  return cudaMemcpyBatchAsync(&to, &from, &state->chunk_bytes, 1, &beside_kernels, &first, 1,
                              state->copies);
#else
  return cudaMemcpyAsync(to, from, state->chunk_bytes, cudaMemcpyDeviceToDevice, state->copies);
#endif
}

/* One chunk after another, each when it is due, a few ahead of the engines at most. */
static void *copy_chunks(void *argument)
{
  struct tp_beside_state *const state = argument;
  struct tp_error *const error = &state->error;
  const double limit_s = state->start_s + LIMIT_S;
  state->status = TP_CUDA(cudaSetDevice(state->device), error);
  for (int64_t i = 0; state->status == TP_OK && !state->stop && now_s() < limit_s; i++) {
    cudaEvent_t event = state->events[i % CHUNKS_AHEAD];
    if (i >= CHUNKS_AHEAD)
      state->status = TP_CUDA(cudaEventSynchronize(event), error);
    sleep_until(state->start_s + due_s(state, (double)i * (double)state->chunk_bytes));
    if (state->status == TP_OK)
      state->status = TP_CUDA(copy_chunk(state, i), error);
    if (state->status == TP_OK)
      state->status = TP_CUDA(cudaEventRecord(event, state->copies), error);
    state->copied = i + 1;
  }
  return NULL;
}

/* A copy that is done while every SM is held took none of them.  One before it loads what a copy
 * needs; the SMs are free again soon, for one that waits for them. */
static enum tp_status try_engines(struct tp_beside_state *state, struct tp_error *error)
{
  const struct tp_load wanted = state->load;
  state->engines = ABSENT;
  if (copy_chunk(state, 0) != cudaSuccess) {
    (void)
        cudaGetLastError(); /* this driver has no such copies: no fault, so nobody shall find it */
    return TP_OK;
  }
  enum tp_status status = TP_CUDA(cudaStreamSynchronize(state->copies), error);
  state->load = (struct tp_load){.held_sms = state->device_sms};
  if (status == TP_OK)
    status = start_blocks(state, trial_s, error);
  if (status == TP_OK)
    status = TP_CUDA(copy_chunk(state, 1), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaStreamSynchronize(state->copies), error);
  if (status == TP_OK && cudaStreamQuery(state->stream) == cudaErrorNotReady)
    state->engines = PRESENT;
  (void)cudaGetLastError();
  state->load = wanted;
  const enum tp_status stopped = tell_stop(state, status == TP_OK ? error : NULL);
  return status == TP_OK ? stopped : status;
}

/* Large enough that the host keeps up: a tenth of a millisecond each, and at least 1 MiB; whole
 * chunks of the windows. */
static size_t engine_bytes(const struct tp_beside_state *state)
{
  const size_t unit = (size_t)TP_WINDOW_CHUNK * TP_WINDOW_VECTOR_BYTES;
  const double wanted = fmax(1 << 20, 1e-4 * state->load.copy_bytes_per_s / 2);
  const double bytes = fmin(wanted, window_bytes(state));
  return (size_t)ceil(bytes / (double)unit) * unit;
}

static enum tp_status start_engines(struct tp_beside_state *state, struct tp_error *error)
{
  state->chunk_bytes = engine_bytes(state);
  const enum tp_status status = state->engines == UNTRIED ? try_engines(state, error) : TP_OK;
  if (status != TP_OK)
    return status;
  if (state->engines == ABSENT)
    return tp_fail(
        error, TP_E_INPUT,
        "no copy within the memory of GPU %d leaves its SMs alone: this load is left out",
        state->device);
  state->stop = false;
  state->copied = 0;
  state->start_s = now_s();
  if (pthread_create(&state->thread, NULL, copy_chunks, state) != 0)
    return tp_fail(error, TP_E_ENVIRONMENT, "cannot start a thread");
  return TP_OK;
}

static bool uses_engines(const struct tp_load *load)
{
  return load->held_sms == 0 && load->copy_bytes_per_s > 0;
}

static enum tp_status stop(struct tp_beside_state *state, double *moved_bytes_per_s,
                           struct tp_error *error)
{
  double bytes = 0;
  enum tp_status status = TP_OK;
  if (uses_engines(&state->load)) {
    state->stop = true;
    pthread_join(state->thread, NULL);
    status = state->status;
    if (status != TP_OK && error != NULL)
      *error = state->error;
    bytes = (double)state->copied * (double)state->chunk_bytes;
    if (status == TP_OK)
      status = TP_CUDA(cudaStreamSynchronize(state->copies), error);
  }
  const enum tp_status stopped = tell_stop(state, status == TP_OK ? error : NULL);
  if (status == TP_OK)
    status = stopped;
  for (int i = 0; i < state->load.held_sms; i++)
    bytes += (double)state->board->chunks[i] * TP_WINDOW_CHUNK * TP_WINDOW_VECTOR_BYTES;
  *moved_bytes_per_s = 2 * bytes / (now_s() - state->start_s);
  state->load = (struct tp_load){.held_sms = 0};
  return status;
}

static enum tp_status start(struct tp_beside_state *state, const struct tp_load *load,
                            struct tp_error *error)
{
  double moved;
  enum tp_status status = TP_OK;
  state->load = *load;
  state->start_s = now_s();
  if (load->held_sms > 0)
    status = start_blocks(state, LIMIT_S, error);
  else if (uses_engines(load))
    status = start_engines(state, error);
  if (status == TP_OK)
    return TP_OK;
  state->load = (struct tp_load){.held_sms = 0};
  stop(state, &moved, NULL);
  return status;
}

static enum tp_status starts(struct tp_beside_state *state, int sms, struct tp_starts *starts,
                             struct tp_error *error)
{
  return tp_starter_run(&state->starter, sms, starts, error);
}

static enum tp_status set_up(struct tp_beside_state *state, struct tp_error *error)
{
  struct cudaDeviceProp properties;
  enum tp_status status = TP_CUDA(cudaSetDevice(state->device), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaGetDeviceProperties(&properties, state->device), error);
  if (status != TP_OK)
    return status;
  state->device_sms = properties.multiProcessorCount;
  state->shared_bytes = (int)properties.sharedMemPerBlockOptin;
  status = TP_CUDA(tp_standin_prepare(state->shared_bytes), error);
  if (status == TP_OK)
    status = tp_windows_open(state->device, &state->windows, error);
  if (status == TP_OK)
    status = TP_CUDA(cudaStreamCreateWithFlags(&state->stream, cudaStreamNonBlocking), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaStreamCreateWithFlags(&state->copies, cudaStreamNonBlocking), error);
  if (status == TP_OK)
    status = tp_starter_open(&state->starter, state->device_sms, state->shared_bytes, error);
  for (int i = 0; i < CHUNKS_AHEAD && status == TP_OK; i++)
    status = TP_CUDA(cudaEventCreateWithFlags(&state->events[i], cudaEventDisableTiming), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaMallocHost((void **)&state->board, sizeof *state->board), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaMalloc((void **)&state->stop_flag, sizeof *state->stop_flag), error);
  return status;
}

static void close_gpu(struct tp_beside_state *state)
{
  cudaFreeHost(state->board);
  cudaFree(state->stop_flag);
  tp_starter_close(&state->starter);
  for (int i = 0; i < CHUNKS_AHEAD; i++)
    if (state->events[i] != NULL)
      cudaEventDestroy(state->events[i]);
  if (state->stream != NULL)
    cudaStreamDestroy(state->stream);
  if (state->copies != NULL)
    cudaStreamDestroy(state->copies);
  tp_windows_close(&state->windows);
  free(state);
}

enum tp_status tp_beside_open_gpu(int device, struct tp_beside *beside, struct tp_error *error)
{
  struct tp_beside_state *const state = calloc(1, sizeof *state);
  if (state == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  state->device = device;
  const enum tp_status status = set_up(state, error);
  if (status == TP_OK)
    *beside = (struct tp_beside){state, start, stop, starts, close_gpu};
  else
    close_gpu(state);
  return status;
}
