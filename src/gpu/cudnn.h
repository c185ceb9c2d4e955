#ifndef TP_GPU_CUDNN_H
#define TP_GPU_CUDNN_H
/* Every call of cuDNN is checked, as those of gpu/check.h are.  What cuDNN does not support is a
 * fault of the input (TP_E_INPUT): another shape may do.  All else is TP_E_ENVIRONMENT. */
#include "base/error.h"

#include <cudnn.h>

#define TP_CUDNN(call, error) tp_cudnn_check((call), #call, __FILE__, __LINE__, (error))

/* Statuses of one kind share their thousands (cudnn_graph.h, CUDNN_STATUS_CATEGORY). */
static inline bool tp_cudnn_supports(cudnnStatus_t result)
{
  return CUDNN_STATUS_CATEGORY(result) != CUDNN_STATUS_CATEGORY(CUDNN_STATUS_NOT_SUPPORTED);
}

static inline enum tp_status tp_cudnn_check(cudnnStatus_t result, const char *call,
                                            const char *file, int line, struct tp_error *error)
{
  if (result == CUDNN_STATUS_SUCCESS)
    return TP_OK;
  char reason[256] = "";
  cudnnGetLastErrorString(reason, sizeof reason);
  return tp_fail(error, tp_cudnn_supports(result) ? TP_E_ENVIRONMENT : TP_E_INPUT,
                 "%s:%d: %s: %s (%s)", file, line, call, cudnnGetErrorString(result), reason);
}
#endif
