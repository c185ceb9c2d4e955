#ifndef TP_GPU_CUDNN_H
#define TP_GPU_CUDNN_H
/* Every call of cuDNN is checked, as those of gpu/check.h are. */
#include "base/error.h"

#include <cudnn.h>

#define TP_CUDNN(call, error) tp_cudnn_check((call), #call, __FILE__, __LINE__, (error))

static inline enum tp_status tp_cudnn_check(cudnnStatus_t result, const char *call,
                                            const char *file, int line, struct tp_error *error)
{
  if (result == CUDNN_STATUS_SUCCESS)
    return TP_OK;
  char reason[256] = "";
  cudnnGetLastErrorString(reason, sizeof reason);
  return tp_fail(error, TP_E_ENVIRONMENT, "%s:%d: %s: %s (%s)", file, line, call,
                 cudnnGetErrorString(result), reason);
}
#endif
