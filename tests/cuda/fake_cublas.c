/* What attention by products asks of cuBLAS, on the CPU. */
#include "fake_stream.h"
#include "run/element.h"

#include <cublas_v2.h>
#include <stdlib.h>

struct cublasContext {
  int workspaces; /* set since the last stream */
  cudaStream_t stream;
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
  handle->stream = stream;
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

static enum tp_dtype dtype_of(cudaDataType type)
{
  return type == CUDA_R_16F ? TP_DTYPE_FP16 : type == CUDA_R_16BF ? TP_DTYPE_BF16 : TP_DTYPE_FP32;
}

/* A call of cublasGemmBatchedEx, as it is kept until its turn. */
struct products {
  bool turned;
  int m, n, k, lda, ldb, ldc, batch;
  float alpha;
  cudaDataType type;
  const void *const *a, *const *b;
  void *const *c;
};

static void multiply(void *job)
{
  const struct products *const p = job;
  const enum tp_dtype dtype = dtype_of(p->type);
  for (int matrix = 0; matrix < p->batch; matrix++)
    for (int column = 0; column < p->n; column++)
      for (int row = 0; row < p->m; row++) {
        float sum = 0;
        for (int i = 0; i < p->k; i++)
          sum +=
              tp_element_value(dtype, p->a[matrix],
                               p->turned ? (int64_t)row * p->lda + i : (int64_t)i * p->lda + row) *
              tp_element_value(dtype, p->b[matrix], (int64_t)column * p->ldb + i);
        tp_element_set(dtype, p->c[matrix], (int64_t)column * p->ldc + row, sum * p->alpha);
      }
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
      *(const float *)beta != 0 || lda < (turned ? k : m) || ldb < k || ldc < m ||
      b_type != a_type || c_type != a_type)
    return CUBLAS_STATUS_INVALID_VALUE;
  const struct products products = {turned, m, n, k, lda, ldb, ldc, batch, *(const float *)alpha,
                                    a_type, a, b, c};
  fake_stream_run(handle->stream, multiply, &products, sizeof products);
  return CUBLAS_STATUS_SUCCESS;
}
