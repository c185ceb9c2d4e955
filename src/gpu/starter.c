#include "gpu/starter.h"

#include "gpu/check.h"
#include "gpu/standin.h"

/* Makes room for the log, too: that may wait for the device. */
enum tp_status tp_starter_open(struct tp_starter *starter, int device_sms, int shared_bytes,
                               struct tp_error *error)
{
  int least = 0, greatest = 0;
  starter->device_sms = device_sms;
  starter->shared_bytes = shared_bytes;
  TP_TRY(TP_CUDA(cudaDeviceGetStreamPriorityRange(&least, &greatest), error));
  TP_TRY(TP_CUDA(cudaStreamCreateWithPriority(&starter->stream, cudaStreamNonBlocking, greatest),
                 error));
  return tp_lateness_begin(&starter->lateness, device_sms, error);
}

void tp_starter_close(struct tp_starter *starter)
{
  tp_lateness_close(&starter->lateness);
  if (starter->stream != NULL)
    cudaStreamDestroy(starter->stream);
  starter->stream = NULL;
}

/* Each a while after the one before ended: at any point of the kernels beside. */
static enum tp_status launch_all(struct tp_starter *starter, int sms, struct tp_error *error)
{
  enum { HELD_NS = 20000, PAUSE_NS = 200000, SHIFT_NS = 7919 };
  static const struct tp_standin_result nothing = {NULL, NULL, 0, 0};
  static const struct tp_windows nowhere = {NULL, NULL, 0};
  const struct tp_standin_plan plan = {.blocks = sms, .nanoseconds = HELD_NS};
  for (int i = 0; i < TP_STARTS; i++) {
    unsigned long long *const entry = tp_lateness_entry(&starter->lateness, sms);
    TP_TRY(TP_CUDA(tp_standin_stamp(entry, starter->stream), error));
    TP_TRY(TP_CUDA(tp_standin_wait(entry, PAUSE_NS + i * SHIFT_NS, starter->stream), error));
    TP_TRY(TP_CUDA(tp_standin_stamp(entry, starter->stream), error));
    TP_TRY(TP_CUDA(tp_standin_hold(&plan, &nowhere, 0, &nothing, starter->shared_bytes, entry + 1,
                                   starter->stream),
                   error));
  }
  return TP_OK;
}

enum tp_status tp_starter_run(struct tp_starter *starter, int sms, struct tp_starts *starts,
                              struct tp_error *error)
{
  struct tp_late late[TP_LATENESS_MOST];
  TP_TRY(tp_lateness_begin(&starter->lateness, starter->device_sms, error));
  const enum tp_status launched = launch_all(starter, sms, error);
  const enum tp_status done =
      TP_CUDA(cudaStreamSynchronize(starter->stream), launched == TP_OK ? error : NULL);
  if (launched != TP_OK || done != TP_OK)
    return launched != TP_OK ? launched : done;
  TP_TRY(tp_lateness_read(&starter->lateness, late, error));
  for (int i = 0; i < TP_STARTS; i++) {
    starts->first_s[i] = late[i].first_s;
    starts->last_s[i] = late[i].last_s;
  }
  return TP_OK;
}
