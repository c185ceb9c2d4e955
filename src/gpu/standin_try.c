#include "run/standin_try.h"

#include "gpu/check.h"
#include "gpu/standin.h"

/* Long beside what a tool takes for a launch. */
enum { MANY = 5, HELD_NS = 2000000 };

struct trial {
  int sms, shared_bytes;
  cudaStream_t streams[2];
  cudaEvent_t begin, end, joined;
};

static enum tp_status set_up(struct trial *trial, int device, struct tp_error *error)
{
  struct cudaDeviceProp properties;
  enum tp_status status = TP_CUDA(cudaGetDeviceProperties(&properties, device), error);
  if (status != TP_OK)
    return status;
  trial->sms = properties.multiProcessorCount;
  trial->shared_bytes = (int)properties.sharedMemPerBlockOptin;
  status = TP_CUDA(tp_standin_prepare(trial->shared_bytes), error);
  for (int i = 0; i < 2 && status == TP_OK; i++)
    status = TP_CUDA(cudaStreamCreateWithFlags(&trial->streams[i], cudaStreamNonBlocking), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaEventCreate(&trial->begin), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaEventCreate(&trial->end), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaEventCreateWithFlags(&trial->joined, cudaEventDisableTiming), error);
  return status;
}

static void clean_up(struct trial *trial)
{
  const cudaEvent_t events[] = {trial->begin, trial->end, trial->joined};
  for (int i = 0; i < 3; i++)
    if (events[i] != NULL)
      cudaEventDestroy(events[i]);
  for (int i = 0; i < 2; i++)
    if (trial->streams[i] != NULL)
      cudaStreamDestroy(trial->streams[i]);
}

static enum tp_status hold(const struct trial *trial, int stream, int blocks,
                           struct tp_error *error)
{
  static const struct tp_windows nowhere = {NULL, NULL, 0};
  static const struct tp_standin_result nothing = {NULL, NULL, 0, 0};
  const struct tp_standin_plan plan = {.blocks = blocks, .nanoseconds = HELD_NS};
  return TP_CUDA(tp_standin_hold(&plan, &nowhere, 0, &nothing, trial->shared_bytes, NULL,
                                 trial->streams[stream]),
                 error);
}

/* What both streams do from here on is timed. */
static enum tp_status begin(const struct trial *trial, struct tp_error *error)
{
  enum tp_status status = TP_CUDA(cudaEventRecord(trial->begin, trial->streams[0]), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaStreamWaitEvent(trial->streams[1], trial->begin, 0), error);
  return status;
}

/* The time for one of `n`. */
static enum tp_status end(const struct trial *trial, int n, double *ratio, struct tp_error *error)
{
  float milliseconds = 0;
  enum tp_status status = TP_CUDA(cudaEventRecord(trial->joined, trial->streams[1]), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaStreamWaitEvent(trial->streams[0], trial->joined, 0), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaEventRecord(trial->end, trial->streams[0]), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaEventSynchronize(trial->end), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaEventElapsedTime(&milliseconds, trial->begin, trial->end), error);
  *ratio = 1e6 * (double)milliseconds / HELD_NS / n;
  return status;
}

static enum tp_status in_turn(const struct trial *trial, double *ratio, struct tp_error *error)
{
  enum tp_status status = begin(trial, error);
  for (int i = 0; i < MANY && status == TP_OK; i++)
    status = hold(trial, 0, 1, error);
  return status == TP_OK ? end(trial, MANY, ratio, error) : status;
}

static enum tp_status at_once(const struct trial *trial, int blocks, double *ratio,
                              struct tp_error *error)
{
  enum tp_status status = begin(trial, error);
  for (int stream = 0; stream < 2 && status == TP_OK; stream++)
    status = hold(trial, stream, blocks, error);
  return status == TP_OK ? end(trial, 1, ratio, error) : status;
}

enum tp_status tp_standin_try(int device, struct tp_standin_ratios *ratios, struct tp_error *error)
{
  struct trial trial = {.sms = 0};
  enum tp_status status = set_up(&trial, device, error);
  if (status == TP_OK)
    status = in_turn(&trial, &ratios->last, error);
  if (status == TP_OK)
    status = at_once(&trial, trial.sms / 2, &ratios->apart, error);
  if (status == TP_OK)
    status = at_once(&trial, trial.sms / 2 + 1, &ratios->close, error);
  clean_up(&trial);
  return status;
}
