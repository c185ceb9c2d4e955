#include "fake_cudnn.h"

#include "fake_cudnn_descriptor.h"
#include "fake_gpu.h"
#include "gpu/nvrtc.h"

#include <stdlib.h>
#include <string.h>

bool fake_cudnn_lacks_best, fake_cudnn_capturing;
int fake_cudnn_refused;
static int live, plans, fall_backs;
static const void *stream;

/* Nothing is compiled here. */
void tp_nvrtc_load(void)
{
}

void fake_cudnn_reset(void)
{
  live = plans = fall_backs = fake_cudnn_refused = 0;
  fake_cudnn_lacks_best = fake_cudnn_capturing = false;
  stream = NULL;
}

int fake_cudnn_objects(void)
{
  return live;
}

int fake_cudnn_fall_backs(void)
{
  return fall_backs;
}

int fake_cudnn_plans(void)
{
  return plans;
}

const void *fake_cudnn_stream(void)
{
  return stream;
}

#define MAY_FAIL                                           \
  do {                                                     \
    if (fake_gpu_fails_in > 0 && --fake_gpu_fails_in == 0) \
      return CUDNN_STATUS_INTERNAL_ERROR;                  \
    if (fake_cudnn_capturing)                              \
      return CUDNN_STATUS_BAD_PARAM_CUDA_GRAPH_MISMATCH;   \
  } while (0)

static size_t bytes_of(cudnnBackendAttributeType_t type)
{
  switch (type) {
  case CUDNN_TYPE_BOOLEAN:
    return sizeof(bool);
  case CUDNN_TYPE_INT64:
  case CUDNN_TYPE_DOUBLE:
  case CUDNN_TYPE_VOID_PTR:
  case CUDNN_TYPE_HANDLE:
  case CUDNN_TYPE_BACKEND_DESCRIPTOR:
    return 8;
  default:
    return 4;
  }
}

const char *cudnnGetErrorString(cudnnStatus_t status)
{
  return status == CUDNN_STATUS_INTERNAL_ERROR ? "a fault of the test" : "another fault";
}

void cudnnGetLastErrorString(char *text, size_t bytes)
{
  strncpy(text, "the reason", bytes);
}

size_t cudnnGetVersion(void)
{
  return 91900;
}

cudnnStatus_t cudnnCreate(cudnnHandle_t *handle)
{
  MAY_FAIL;
  live++;
  *handle = calloc(1, 8);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDestroy(cudnnHandle_t handle)
{
  live--;
  free(handle);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t to)
{
  (void)handle;
  if (fake_gpu_fails_in > 0 && --fake_gpu_fails_in == 0)
    return CUDNN_STATUS_INTERNAL_ERROR;
  stream = to;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type,
                                           cudnnBackendDescriptor_t *made)
{
  if (type != CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR)
    MAY_FAIL;
  struct descriptor *const descriptor = calloc(1, sizeof *descriptor);
  descriptor->type = type;
  live++;
  *made = descriptor;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor)
{
  live--;
  free(descriptor);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t handle,
                                       cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t n,
                                       const void *values)
{
  struct descriptor *const of = handle;
  if (of->type != CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR)
    MAY_FAIL;
  if (of->final || of->n == FAKE_CUDNN_ATTRIBUTES ||
      n * (int64_t)bytes_of(type) > FAKE_CUDNN_BYTES || find(of, name) != NULL)
    return CUDNN_STATUS_BAD_PARAM;
  for (int64_t i = 0; type == CUDNN_TYPE_BACKEND_DESCRIPTOR && i < n; i++)
    if (!((struct descriptor *const *)values)[i]->final)
      return CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED;
  struct attribute *const made = &of->attributes[of->n++];
  *made = (struct attribute){.name = name, .type = type, .n = n};
  memcpy(made->bytes, values, (size_t)n * bytes_of(type));
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t handle)
{
  struct descriptor *const of = handle;
  if (of->type != CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR)
    MAY_FAIL;
  if (of->type == CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR) {
    if (fake_cudnn_refused > 0 && fake_cudnn_refused--)
      return CUDNN_STATUS_NOT_SUPPORTED;
    plans++;
  }
  of->final = true;
  return CUDNN_STATUS_SUCCESS;
}

/* An engine's config knows its graph; two configs a mode. */
static int64_t name_engines(const struct descriptor *heuristics, int64_t most,
                            struct descriptor **configs)
{
  const bool best = word(heuristics, CUDNN_ATTR_ENGINEHEUR_MODE) == CUDNN_HEUR_MODE_A;
  fall_backs += !best;
  if (find(part(heuristics, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH),
           CUDNN_ATTR_OPERATIONGRAPH_HANDLE) == NULL ||
      (best && fake_cudnn_lacks_best) || most < 2)
    return 0;
  for (int i = 0; i < 2; i++) {
    configs[i]->attributes[configs[i]->n] =
        *find(heuristics, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH);
    configs[i]->n++;
    configs[i]->final = true;
  }
  return 2;
}

cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t const handle,
                                       cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t most, int64_t *n,
                                       void *values)
{
  (void)type;
  MAY_FAIL;
  const struct descriptor *const of = handle;
  if (!of->final)
    return CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED;
  if (name == CUDNN_ATTR_ENGINEHEUR_RESULTS)
    *n = name_engines(of, most, values);
  else if (name == CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE)
    *(int64_t *)values = FAKE_CUDNN_WORKSPACE;
  else
    return CUDNN_STATUS_BAD_PARAM;
  return CUDNN_STATUS_SUCCESS;
}
