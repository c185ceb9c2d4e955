#include "cuda/beside.h"

#include "cuda/gpu_check.h"
#include "cuda/gpu_standin.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { MOST_BLOCKS = 1024, LIMIT_S = 60, START_LIMIT_S = 5, CHUNKS_AHEAD = 2 };

/* What kernels and the host both see. */
struct board {
  unsigned stop, started[MOST_BLOCKS];
  int64_t chunks[MOST_BLOCKS];
};

struct tp_beside_state {
  int device, device_sms, shared_bytes;
  struct tp_windows windows;
  cudaStream_t stream;
  struct board *board;
  struct tp_load load; /* 0 of both: nothing runs */
  double start_s;
  /* copy engines */
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

static enum tp_status start_blocks(struct tp_beside_state *state, struct tp_error *error)
{
  const double chunk_bytes = (double)TP_WINDOW_CHUNK * TP_WINDOW_VECTOR_BYTES;
  const int blocks = state->load.held_sms;
  struct tp_beside_job job = {
      .windows = state->windows,
      .limit_nanoseconds = LIMIT_S * (int64_t)1000000000,
      .stop = &state->board->stop,
      .started = state->board->started,
      .chunks = state->board->chunks,
  };
  if (blocks > state->device_sms || blocks > MOST_BLOCKS)
    return tp_fail(error, TP_E_INPUT, "cannot hold %d SMs: GPU %d has %d", blocks, state->device,
                   state->device_sms);
  if (state->load.copy_bytes_per_s > 0)
    job.chunk_nanoseconds = 1 + (int64_t)(1e9 * due_s(state, blocks * chunk_bytes));
  *state->board = (struct board){.stop = 0};
  enum tp_status status =
      TP_CUDA(tp_beside_launch(&job, blocks, state->shared_bytes, state->stream), error);
  return status == TP_OK ? wait_until_held(state, error) : status;
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
      state->status =
          TP_CUDA(cudaMemcpyAsync(state->windows.to, state->windows.from, state->chunk_bytes,
                                  cudaMemcpyDeviceToDevice, state->stream),
                  error);
    if (state->status == TP_OK)
      state->status = TP_CUDA(cudaEventRecord(event, state->stream), error);
    state->copied = i + 1;
  }
  return NULL;
}

/* Large enough that the host keeps up: a tenth of a millisecond each, and at least 1 MiB. */
static enum tp_status start_engines(struct tp_beside_state *state, struct tp_error *error)
{
  double bytes = 1e-4 * state->load.copy_bytes_per_s / 2;
  if (bytes < 1 << 20)
    bytes = 1 << 20;
  if (bytes > window_bytes(state))
    bytes = window_bytes(state);
  state->chunk_bytes = (size_t)bytes;
  state->stop = false;
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
  }
  *(volatile unsigned *)&state->board->stop = 1;
  if (status == TP_OK)
    status = TP_CUDA(cudaStreamSynchronize(state->stream), error);
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
    status = start_blocks(state, error);
  else if (uses_engines(load))
    status = start_engines(state, error);
  if (status == TP_OK)
    return TP_OK;
  state->load = (struct tp_load){.held_sms = 0};
  stop(state, &moved, NULL);
  return status;
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
  for (int i = 0; i < CHUNKS_AHEAD && status == TP_OK; i++)
    status = TP_CUDA(cudaEventCreateWithFlags(&state->events[i], cudaEventDisableTiming), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaMallocHost((void **)&state->board, sizeof *state->board), error);
  return status;
}

static void close_gpu(struct tp_beside_state *state)
{
  cudaFreeHost(state->board);
  for (int i = 0; i < CHUNKS_AHEAD; i++)
    if (state->events[i] != NULL)
      cudaEventDestroy(state->events[i]);
  if (state->stream != NULL)
    cudaStreamDestroy(state->stream);
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
    *beside = (struct tp_beside){state, start, stop, close_gpu};
  else
    close_gpu(state);
  return status;
}
