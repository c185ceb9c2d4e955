/* cuBLASLt, column by column as it counts; what it is told is held against what it is given. */
#include "fake_gpu.h"
#include "fake_stream.h"
#include "run/element.h"

#include <cublasLt.h>
#include <stdlib.h>
#include <string.h>

static int heuristics, live;

int fake_cublaslt_objects(void)
{
  return live;
}

int fake_gpu_heuristics(void)
{
  return heuristics;
}

struct operation {
  cublasOperation_t transpose_a;
  cublasLtEpilogue_t epilogue;
  int32_t bias_type;
  const void *bias;
  const float *b_scale;
  int8_t fast;
};

struct layout {
  cudaDataType_t type;
  int64_t rows, columns, next;
};

struct preference {
  uint64_t workspace;
  uint32_t alignments[4];
};

static bool fails(void)
{
  return fake_gpu_fails_in > 0 && --fake_gpu_fails_in == 0;
}

#define MAY_FAIL                           \
  do {                                     \
    if (fails())                           \
      return CUBLAS_STATUS_INTERNAL_ERROR; \
  } while (0)

static void *make(size_t bytes)
{
  live++;
  return calloc(1, bytes);
}

static cublasStatus_t drop(void *object)
{
  live--;
  free(object);
  return CUBLAS_STATUS_SUCCESS;
}

const char *cublasLtGetStatusName(cublasStatus_t status)
{
  return status == CUBLAS_STATUS_INTERNAL_ERROR ? "CUBLAS_STATUS_INTERNAL_ERROR" : "another";
}

const char *cublasLtGetStatusString(cublasStatus_t status)
{
  return status == CUBLAS_STATUS_INTERNAL_ERROR ? "a fault of the test" : "another fault";
}

size_t cublasLtGetVersion(void)
{
  return 130002;
}

cublasStatus_t cublasLtCreate(cublasLtHandle_t *handle)
{
  MAY_FAIL;
  *handle = make(1);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle)
{
  return drop(handle);
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *operation,
                                        cublasComputeType_t compute, cudaDataType_t scale)
{
  MAY_FAIL;
  if (compute != CUBLAS_COMPUTE_32F || scale != CUDA_R_32F)
    return CUBLAS_STATUS_INVALID_VALUE;
  *operation = make(sizeof(struct operation));
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t operation)
{
  return drop(operation);
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t handle,
                                              cublasLtMatmulDescAttributes_t attribute,
                                              const void *value, size_t bytes)
{
  struct operation *const o = (struct operation *)handle;
  struct {
    cublasLtMatmulDescAttributes_t attribute;
    void *place;
    size_t bytes;
  } const places[] = {
      {CUBLASLT_MATMUL_DESC_TRANSA, &o->transpose_a, 4},
      {CUBLASLT_MATMUL_DESC_EPILOGUE, &o->epilogue, 4},
      {CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, &o->bias_type, 4},
      {CUBLASLT_MATMUL_DESC_BIAS_POINTER, &o->bias, 8},
      {CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, &o->b_scale, 8},
      {CUBLASLT_MATMUL_DESC_FAST_ACCUM, &o->fast, 1},
  };
  MAY_FAIL;
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
    if (places[i].attribute == attribute && places[i].bytes == bytes) {
      memcpy(places[i].place, value, bytes);
      return CUBLAS_STATUS_SUCCESS;
    }
  return CUBLAS_STATUS_INVALID_VALUE;
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *layout, cudaDataType type,
                                          uint64_t rows, uint64_t columns, int64_t next)
{
  MAY_FAIL;
  struct layout *const made = make(sizeof *made);
  *made = (struct layout){type, (int64_t)rows, (int64_t)columns, next};
  *layout = (cublasLtMatrixLayout_t)made;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout)
{
  return drop(layout);
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *preference)
{
  MAY_FAIL;
  *preference = make(sizeof(struct preference));
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference)
{
  return drop(preference);
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t handle,
                                                    cublasLtMatmulPreferenceAttributes_t attribute,
                                                    const void *value, size_t bytes)
{
  struct preference *const preference = (struct preference *)handle;
  MAY_FAIL;
  if (attribute == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES && bytes == 8) {
    memcpy(&preference->workspace, value, bytes);
    return CUBLAS_STATUS_SUCCESS;
  }
  const int which = (int)attribute - (int)CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES;
  if (which < 0 || which >= 4 || bytes != 4)
    return CUBLAS_STATUS_INVALID_VALUE;
  memcpy(&preference->alignments[which], value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

/* What an algorithm was chosen for. */
struct chosen {
  uint64_t workspace;
  uint32_t alignments[4];
  uint32_t mark;
};
enum { MARK = 0xa190 };

/* As cuBLAS's documentation has it of cublasLtMatmul: fp8 in multiples of 16 bytes, transposed and
 * not, into 16 bits or fp32, its bias in 16 bits; other types all the same. */
static bool is_supported(const struct operation *o, const struct layout *a, const struct layout *b,
                         const struct layout *d, const struct preference *asked)
{
  const bool biased = o->epilogue == CUBLASLT_EPILOGUE_BIAS;
  if (biased && o->bias == NULL)
    return false;
  if (a->type != CUDA_R_8F_E4M3)
    return b->type == a->type && d->type == a->type && (!biased || o->bias_type == (int)d->type);
  const cudaDataType_t bias_type = d->type == CUDA_R_16F ? CUDA_R_16F : CUDA_R_16BF;
  for (int i = 0; i < 4; i++)
    if (asked->alignments[i] % 16 != 0)
      return false;
  return o->transpose_a == CUBLAS_OP_T && b->type == a->type && d->type != CUDA_R_8F_E4M3 &&
         a->rows % 16 == 0 && a->columns % 16 == 0 && a->next % 16 == 0 && b->next % 16 == 0 &&
         d->next % (d->type == CUDA_R_32F ? 4 : 8) == 0 &&
         (!biased || o->bias_type == (int)bias_type);
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle,
                                              cublasLtMatmulDesc_t operation,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int wanted,
                                              cublasLtMatmulHeuristicResult_t *results, int *n)
{
  (void)handle, (void)c, (void)wanted;
  MAY_FAIL;
  heuristics++;
  const struct preference *const asked = (const struct preference *)preference;
  if (fake_gpu_lacks_kernels ||
      !is_supported((const struct operation *)operation, (const struct layout *)a,
                    (const struct layout *)b, (const struct layout *)d, asked))
    return CUBLAS_STATUS_NOT_SUPPORTED;
  struct chosen chosen = {.workspace = asked->workspace, .mark = MARK};
  memcpy(chosen.alignments, asked->alignments, sizeof chosen.alignments);
  _Static_assert(sizeof chosen <= sizeof results->algo, "an algorithm is eight words");
  memcpy(&results->algo, &chosen, sizeof chosen);
  *n = 1;
  return CUBLAS_STATUS_SUCCESS;
}

static enum tp_dtype dtype_of(cudaDataType_t type)
{
  return type == CUDA_R_16F       ? TP_DTYPE_FP16
         : type == CUDA_R_16BF    ? TP_DTYPE_BF16
         : type == CUDA_R_8F_E4M3 ? TP_DTYPE_FP8
                                  : TP_DTYPE_FP32;
}

static double element(const void *matrix, const struct layout *layout, int64_t row, int64_t column)
{
  return (double)tp_element_value(dtype_of(layout->type), matrix, row + column * layout->next);
}

static bool holds(const struct chosen *chosen, const void *const pointers[4], const void *workspace,
                  size_t bytes)
{
  for (int i = 0; i < 4; i++)
    if ((uintptr_t)pointers[i] % chosen->alignments[i] != 0)
      return false;
  return chosen->mark == MARK && workspace != NULL && bytes >= chosen->workspace;
}

/* A call of cublasLtMatmul, as it is kept until its turn. */
struct product {
  struct operation operation;
  struct layout la, lb, ld;
  double alpha;
  const void *a, *b;
  void *d;
};

static void multiply(void *job)
{
  const struct product *const p = job;
  const struct operation *const o = &p->operation;
  const struct layout *const la = &p->la, *const lb = &p->lb, *const ld = &p->ld;
  const bool biased = o->epilogue == CUBLASLT_EPILOGUE_BIAS;
  const double scale = p->alpha * (o->b_scale != NULL ? (double)*o->b_scale : 1);
  for (int64_t j = 0; j < ld->columns; j++)
    for (int64_t i = 0; i < ld->rows; i++) {
      double sum = 0;
      for (int64_t k = 0; k < la->rows; k++)
        sum += element(p->a, la, k, i) * element(p->b, lb, k, j);
      sum *= scale;
      if (biased)
        sum += (double)tp_element_value(dtype_of((cudaDataType_t)o->bias_type), o->bias, i);
      tp_element_set(dtype_of(ld->type), p->d, i + j * ld->next, (float)sum);
    }
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation,
                              const void *alpha, const void *a, cublasLtMatrixLayout_t a_layout,
                              const void *b, cublasLtMatrixLayout_t b_layout, const void *beta,
                              const void *c, cublasLtMatrixLayout_t c_layout, void *d,
                              cublasLtMatrixLayout_t d_layout,
                              const cublasLtMatmulAlgo_t *algorithm, void *workspace, size_t bytes,
                              cudaStream_t stream)
{
  (void)handle, (void)c_layout;
  const struct operation *const o = (const struct operation *)operation;
  const struct layout *const la = (const struct layout *)a_layout;
  const struct layout *const lb = (const struct layout *)b_layout;
  const struct layout *const ld = (const struct layout *)d_layout;
  struct chosen chosen;
  memcpy(&chosen, algorithm, sizeof chosen);
  MAY_FAIL;
  const bool sizes = o->transpose_a == CUBLAS_OP_T && la->columns == ld->rows &&
                     lb->columns == ld->columns && la->rows == lb->rows && la->next >= la->rows &&
                     lb->next >= lb->rows && ld->next >= ld->rows;
  const bool fp8 = la->type == CUDA_R_8F_E4M3;
  if (!sizes || *(const float *)beta != 0 ||
      (la->type == CUDA_R_8F_E4M3) != (lb->type == CUDA_R_8F_E4M3) || (fp8 && o->fast != 1) ||
      (!fp8 && o->b_scale != NULL) ||
      !holds(&chosen, (const void *const[4]){a, b, c, d}, workspace, bytes))
    return CUBLAS_STATUS_INVALID_VALUE;
  const struct product product = {*o, *la, *lb, *ld, (double)*(const float *)alpha, a, b, d};
  fake_stream_run(stream, multiply, &product, sizeof product);
  return CUBLAS_STATUS_SUCCESS;
}
