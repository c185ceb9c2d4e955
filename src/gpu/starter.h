#ifndef TP_GPU_STARTER_H
#define TP_GPU_STARTER_H
/* Stand-ins launched amid other work, to see when they begin (run/beside.h). */
#include "gpu/lateness.h"
#include "run/beside.h"

#include <cuda_runtime_api.h>

/* Zero-initialised to begin with. */
struct tp_starter {
  cudaStream_t stream; /* of a priority as collectives have */
  int device_sms, shared_bytes;
  struct tp_lateness lateness;
};

/* On the current device, for which tp_standin_prepare was called. */
enum tp_status tp_starter_open(struct tp_starter *starter, int device_sms, int shared_bytes,
                               struct tp_error *error);
enum tp_status tp_starter_run(struct tp_starter *starter, int sms, struct tp_starts *starts,
                              struct tp_error *error);
void tp_starter_close(struct tp_starter *starter);
#endif
