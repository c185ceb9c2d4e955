#include "fake_cudnn.h"
#include "fake_cudnn_descriptor.h"
#include "fake_gpu.h"
#include "fake_stream.h"
#include "run/element.h"

#include <math.h>
#include <stdlib.h>

enum { RANK = 4, MOST_TENSORS = 64 };

struct run {
  const struct descriptor *pack;
  int n;
  struct {
    const struct descriptor *tensor;
    double *values; /* by dimensions, the last next to each other */
  } inner[MOST_TENSORS];
  bool wrong;
};

static const int64_t *size_of(const struct descriptor *tensor)
{
  return numbers(tensor, CUDNN_ATTR_TENSOR_DIMENSIONS);
}

static int64_t offset(const struct descriptor *tensor, const int64_t at[RANK])
{
  const int64_t *const strides = numbers(tensor, CUDNN_ATTR_TENSOR_STRIDES);
  int64_t sum = 0;
  for (int i = 0; i < RANK; i++)
    sum += at[i] * strides[i];
  return sum;
}

static void *memory_of(struct run *run, const struct descriptor *tensor)
{
  const int64_t id = *numbers(tensor, CUDNN_ATTR_TENSOR_UNIQUE_ID);
  if (flag(tensor, CUDNN_ATTR_TENSOR_IS_VIRTUAL)) {
    for (int i = 0; i < run->n; i++)
      if (run->inner[i].tensor == tensor)
        return run->inner[i].values;
    run->wrong = true;
    return NULL;
  }
  const struct attribute *const ids = find(run->pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS);
  const struct attribute *const all = find(run->pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS);
  for (int64_t i = 0; i < ids->n; i++)
    if (((const int64_t *)(const void *)ids->bytes)[i] == id)
      return ((void *const *)(const void *)all->bytes)[i];
  run->wrong = true;
  return NULL;
}

static enum tp_dtype dtype_of(cudnnDataType_t type)
{
  return type == CUDNN_DATA_HALF       ? TP_DTYPE_FP16
         : type == CUDNN_DATA_BFLOAT16 ? TP_DTYPE_BF16
                                       : TP_DTYPE_FP32;
}

static double get(struct run *run, const struct descriptor *tensor, const int64_t at[RANK])
{
  const int64_t *const size = size_of(tensor);
  int64_t place[RANK];
  for (int i = 0; i < RANK; i++)
    place[i] = size[i] == 1 ? 0 : at[i];
  const void *const memory = memory_of(run, tensor);
  const cudnnDataType_t type = (cudnnDataType_t)word(tensor, CUDNN_ATTR_TENSOR_DATA_TYPE);
  for (int i = 0; i < RANK; i++)
    run->wrong |= place[i] < 0 || place[i] >= size[i];
  if (run->wrong)
    return (double)NAN;
  if (flag(tensor, CUDNN_ATTR_TENSOR_IS_VIRTUAL))
    return ((const double *)memory)[offset(tensor, place)];
  if (type == CUDNN_DATA_INT32)
    return ((const int32_t *)memory)[offset(tensor, place)];
  return (double)tp_element_value(dtype_of(type), memory, offset(tensor, place));
}

static void put(struct run *run, const struct descriptor *tensor, const int64_t at[RANK],
                double value)
{
  void *const memory = memory_of(run, tensor);
  const cudnnDataType_t type = (cudnnDataType_t)word(tensor, CUDNN_ATTR_TENSOR_DATA_TYPE);
  if (memory == NULL)
    return;
  if (!flag(tensor, CUDNN_ATTR_TENSOR_IS_VIRTUAL)) {
    tp_element_set(dtype_of(type), memory, offset(tensor, at), (float)value);
    return;
  }
  if (type != CUDNN_DATA_INT32 && type != CUDNN_DATA_BOOLEAN) {
    float kept;
    tp_element_set(dtype_of(type), &kept, 0, (float)value);
    value = (double)tp_element_value(dtype_of(type), &kept, 0);
  }
  ((double *)memory)[offset(tensor, at)] = value;
}

static int64_t count(const struct descriptor *tensor)
{
  const int64_t *const size = size_of(tensor);
  return size[0] * size[1] * size[2] * size[3];
}

/* Room for a virtual result. */
static void begin(struct run *run, const struct descriptor *tensor)
{
  if (!flag(tensor, CUDNN_ATTR_TENSOR_IS_VIRTUAL))
    return;
  run->inner[run->n].tensor = tensor;
  run->inner[run->n++].values = calloc((size_t)count(tensor), sizeof(double));
}

/* The i-th place of a tensor. */
static void place(const struct descriptor *tensor, int64_t i, int64_t at[RANK])
{
  const int64_t *const size = size_of(tensor);
  for (int axis = RANK - 1; axis >= 0; i /= size[axis--])
    at[axis] = i % size[axis];
}

static int64_t limit(struct run *run, const struct descriptor *op, cudnnBackendAttributeName_t name,
                     int64_t sequence, int64_t most)
{
  const struct descriptor *const lengths = part(op, name);
  return lengths == NULL ? most : (int64_t)get(run, lengths, (int64_t[]){sequence, 0, 0, 0});
}

/* Beyond lengths a product is what nobody may use.  Of keys and values whole tiles are read: what
 * lies past a sequence's end counts for nothing, but it is multiplied with 0. */
static void multiply(struct run *run, const struct descriptor *op)
{
  const struct descriptor *const a = part(op, CUDNN_ATTR_OPERATION_MATMUL_ADESC);
  const struct descriptor *const b = part(op, CUDNN_ATTR_OPERATION_MATMUL_BDESC);
  const struct descriptor *const c = part(op, CUDNN_ATTR_OPERATION_MATMUL_CDESC);
  const int64_t *const sa = size_of(a), *const sb = size_of(b), *const sc = size_of(c);
  begin(run, c);
  run->wrong |= sa[0] != sc[0] || sb[0] != sc[0] || sa[1] != sc[1] || sc[1] % sb[1] != 0 ||
                sa[2] != sc[2] || sb[3] != sc[3] || sa[3] != sb[2];
  for (int64_t i = 0; i < count(c) && !run->wrong; i++) {
    int64_t at[RANK];
    place(c, i, at);
    const int64_t rows =
        limit(run, op, CUDNN_ATTR_OPERATION_MATMUL_GEMM_M_OVERRIDE_DESC, at[0], sc[2]);
    const int64_t columns =
        limit(run, op, CUDNN_ATTR_OPERATION_MATMUL_GEMM_N_OVERRIDE_DESC, at[0], sc[3]);
    const int64_t inner =
        limit(run, op, CUDNN_ATTR_OPERATION_MATMUL_GEMM_K_OVERRIDE_DESC, at[0], sa[3]);
    const int64_t shared = at[1] / (sc[1] / sb[1]);
    double sum = at[2] < rows && at[3] < columns ? 0 : (double)NAN;
    for (int64_t k = 0; k < sa[3] && !isnan(sum); k++)
      sum += (k < inner ? get(run, a, (int64_t[]){at[0], at[1], at[2], k}) : 0) *
             get(run, b, (int64_t[]){at[0], shared, k, at[3]});
    put(run, c, at, sum);
  }
}

static double combine(struct run *run, cudnnPointwiseMode_t mode, double x, double b)
{
  switch (mode) {
  case CUDNN_POINTWISE_MUL:
    return x * b;
  case CUDNN_POINTWISE_ADD:
    return x + b;
  case CUDNN_POINTWISE_SUB:
    return x - b;
  case CUDNN_POINTWISE_DIV:
    return x / b;
  case CUDNN_POINTWISE_EXP:
    return exp(x);
  case CUDNN_POINTWISE_LOG:
    return log(x);
  case CUDNN_POINTWISE_CMP_LT:
    return x < b;
  case CUDNN_POINTWISE_CMP_GE:
    return x >= b;
  case CUDNN_POINTWISE_CMP_GT:
    return x > b;
  case CUDNN_POINTWISE_LOGICAL_AND:
    return x != 0 && b != 0;
  default:
    run->wrong = true;
    return (double)NAN;
  }
}

static void apply(struct run *run, const struct descriptor *op)
{
  const struct descriptor *const how = part(op, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR);
  const struct descriptor *const x = part(op, CUDNN_ATTR_OPERATION_POINTWISE_XDESC);
  const struct descriptor *const b = part(op, CUDNN_ATTR_OPERATION_POINTWISE_BDESC);
  const struct descriptor *const t = part(op, CUDNN_ATTR_OPERATION_POINTWISE_TDESC);
  const struct descriptor *const y = part(op, CUDNN_ATTR_OPERATION_POINTWISE_YDESC);
  const cudnnPointwiseMode_t mode = (cudnnPointwiseMode_t)word(how, CUDNN_ATTR_POINTWISE_MODE);
  begin(run, y);
  for (int64_t i = 0; i < count(y) && !run->wrong; i++) {
    int64_t at[RANK];
    place(y, i, at);
    double value;
    if (mode == CUDNN_POINTWISE_GEN_INDEX)
      value = (double)at[*numbers(how, CUDNN_ATTR_POINTWISE_AXIS)];
    else if (mode == CUDNN_POINTWISE_BINARY_SELECT)
      value = get(run, t, at) != 0 ? get(run, x, at) : get(run, b, at);
    else
      value = combine(run, mode, get(run, x, at), b == NULL ? 0 : get(run, b, at));
    put(run, y, at, value);
  }
}

/* Along axes where the result has one element. */
static void reduce(struct run *run, const struct descriptor *op)
{
  const struct descriptor *const how = part(op, CUDNN_ATTR_OPERATION_REDUCTION_DESC);
  const struct descriptor *const x = part(op, CUDNN_ATTR_OPERATION_REDUCTION_XDESC);
  const struct descriptor *const y = part(op, CUDNN_ATTR_OPERATION_REDUCTION_YDESC);
  const bool most = word(how, CUDNN_ATTR_REDUCTION_OPERATOR) == CUDNN_REDUCE_TENSOR_MAX;
  const int64_t *const size = size_of(y);
  int64_t at[RANK];
  begin(run, y);
  for (int64_t i = 0; i < count(y); i++) {
    place(y, i, at);
    put(run, y, at, most ? (double)-INFINITY : 0);
  }
  for (int64_t i = 0; i < count(x) && !run->wrong; i++) {
    int64_t to[RANK];
    place(x, i, at);
    for (int axis = 0; axis < RANK; axis++)
      to[axis] = size[axis] == 1 ? 0 : at[axis];
    const double value = get(run, x, at), old = get(run, y, to);
    put(run, y, to, !most ? old + value : isnan(value) || value > old ? value : old);
  }
}

static bool is_aligned(const struct descriptor *pack)
{
  const struct attribute *const all = find(pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS);
  for (int64_t i = 0; i < 4; i++)
    if ((uintptr_t)((void *const *)(const void *)all->bytes)[i] % 16 != 0)
      return false;
  return true;
}

/* A call of cudnnBackendExecute, as it is kept until its turn. */
struct execution {
  const struct attribute *ops;
  struct descriptor pack;
};

static void compute(struct run *run, const struct attribute *ops)
{
  for (int64_t i = 0; i < ops->n; i++) {
    const struct descriptor *const op =
        ((const struct descriptor *const *)(const void *)ops->bytes)[i];
    if (op->type == CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR)
      multiply(run, op);
    else if (op->type == CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR)
      apply(run, op);
    else
      reduce(run, op);
  }
}

static bool refused; /* by the last that was executed */

static void execute(void *job)
{
  const struct execution *const e = job;
  unsigned char *const workspace =
      *(void *const *)(const void *)find(&e->pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE)->bytes;
  struct run run = {.pack = &e->pack};
  memset(workspace, 0xee, FAKE_CUDNN_WORKSPACE);
  compute(&run, e->ops);
  for (int i = 0; i < run.n; i++)
    free(run.inner[i].values);
  refused = run.wrong;
}

cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan,
                                  cudnnBackendDescriptor_t pack)
{
  if (fake_gpu_fails_in > 0 && --fake_gpu_fails_in == 0)
    return CUDNN_STATUS_EXECUTION_FAILED;
  const struct attribute *const made_for = find(plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE);
  if (made_for == NULL || *(const cudnnHandle_t *)(const void *)made_for->bytes != handle)
    return CUDNN_STATUS_BAD_PARAM;
  const struct descriptor *const config = part(plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG);
  const struct execution execution = {
      .ops =
          find(part(config, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH), CUDNN_ATTR_OPERATIONGRAPH_OPS),
      .pack = *(const struct descriptor *)pack};
  if (!is_aligned(pack))
    return CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER;
  refused = false;
  fake_stream_run((cudaStream_t)(uintptr_t)fake_cudnn_stream(), execute, &execution,
                  sizeof execution);
  return refused ? CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH : CUDNN_STATUS_SUCCESS;
}
