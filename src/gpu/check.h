#ifndef TP_GPU_CHECK_H
#define TP_GPU_CHECK_H
/* Every call of the CUDA runtime and of cuBLAS is checked.  A failure is the environment's; the
 * error has its place, the call and CUDA's words.  The runtime is then made to forget it: otherwise
 * cudaGetLastError would return it after the next launch, which may have gone well.
 *
 *     enum tp_status status = TP_CUDA(cudaStreamCreate(&stream), error);
 */
#include "base/error.h"

#include <cublasLt.h>
#include <cuda_runtime_api.h>

#define TP_CUDA(call, error)   tp_cuda_check((call), #call, __FILE__, __LINE__, (error))
#define TP_CUBLAS(call, error) tp_cublas_check((call), #call, __FILE__, __LINE__, (error))

static inline enum tp_status tp_cuda_check(cudaError_t result, const char *call, const char *file,
                                           int line, struct tp_error *error)
{
  if (result == cudaSuccess)
    return TP_OK;
  (void)cudaGetLastError();
  return tp_fail(error, TP_E_ENVIRONMENT, "%s:%d: %s: %s (%s)", file, line, call,
                 cudaGetErrorString(result), cudaGetErrorName(result));
}

static inline enum tp_status tp_cublas_check(cublasStatus_t result, const char *call,
                                             const char *file, int line, struct tp_error *error)
{
  if (result == CUBLAS_STATUS_SUCCESS)
    return TP_OK;
  return tp_fail(error, TP_E_ENVIRONMENT, "%s:%d: %s: %s (%s)", file, line, call,
                 cublasLtGetStatusString(result), cublasLtGetStatusName(result));
}
#endif
