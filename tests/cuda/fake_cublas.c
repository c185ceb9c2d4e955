/* What attention by products asks of cuBLAS and of CUDA's memory, on the CPU. */
#include "cuda/element.h"

#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <stdlib.h>

struct cublasContext {
  int workspaces; /* set since the last stream */
};

cublasStatus_t cublasCreate_v2(cublasHandle_t *handle)
{
  *handle = calloc(1, sizeof **handle);
  return *handle != NULL ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_ALLOC_FAILED;
}

cublasStatus_t cublasDestroy_v2(cublasHandle_t handle)
{
  free(handle);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream)
{
  (void)stream;
  handle->workspaces = 0;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void *workspace, size_t bytes)
{
  (void)bytes;
  handle->workspaces += workspace != NULL;
  return CUBLAS_STATUS_SUCCESS;
}

const char *cublasGetStatusString(cublasStatus_t status)
{
  return status == CUBLAS_STATUS_SUCCESS ? "success" : "failure";
}

cudaError_t cudaMalloc(void **memory, size_t bytes)
{
  *memory = malloc(bytes);
  if (*memory != NULL && bytes < 16 << 20) /* not the workspace */
    for (size_t i = 0; i < bytes; i++)
      ((unsigned char *)*memory)[i] = 0xff;
  return *memory != NULL ? cudaSuccess : cudaErrorMemoryAllocation;
}

cudaError_t cudaFree(void *memory)
{
  free(memory);
  return cudaSuccess;
}

static enum tp_dtype dtype_of(cudaDataType type)
{
  return type == CUDA_R_16F ? TP_DTYPE_FP16 : type == CUDA_R_16BF ? TP_DTYPE_BF16 : TP_DTYPE_FP32;
}

/* C [m, n] = alpha op(A) B by columns; a row of C, of m elements, is a column here. */
cublasStatus_t cublasGemmBatchedEx(cublasHandle_t handle, cublasOperation_t transa,
                                   cublasOperation_t transb, int m, int n, int k, const void *alpha,
                                   const void *const a[], cudaDataType a_type, int lda,
                                   const void *const b[], cudaDataType b_type, int ldb,
                                   const void *beta, void *const c[], cudaDataType c_type, int ldc,
                                   int batch, cublasComputeType_t compute, cublasGemmAlgo_t algo)
{
  (void)algo;
  const bool turned = transa == CUBLAS_OP_T;
  if (handle->workspaces != 1 || transb != CUBLAS_OP_N || compute != CUBLAS_COMPUTE_32F ||
      *(const float *)beta != 0 || lda < (turned ? k : m) || ldb < k || ldc < m)
    return CUBLAS_STATUS_INVALID_VALUE;
  for (int matrix = 0; matrix < batch; matrix++)
    for (int column = 0; column < n; column++)
      for (int row = 0; row < m; row++) {
        float sum = 0;
        for (int i = 0; i < k; i++)
          sum += tp_element_value(dtype_of(a_type), a[matrix],
                                  turned ? (int64_t)row * lda + i : (int64_t)i * lda + row) *
                 tp_element_value(dtype_of(b_type), b[matrix], (int64_t)column * ldb + i);
        tp_element_set(dtype_of(c_type), c[matrix], (int64_t)column * ldc + row,
                       sum * *(const float *)alpha);
      }
  return CUBLAS_STATUS_SUCCESS;
}
