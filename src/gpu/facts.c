/* Which GPUs there are, and the versions of what drives them. */
#include "config.h"

#include "gpu/check.h"
#include "gpu/clocks.h"
#include "gpu/gpu.h"
#include "gpu/peers.h"

#include <cublasLt.h>
#ifdef HAVE_CUDNN
#include <cudnn.h>
#endif
#include <stdio.h>
#include <string.h>

enum tp_status tp_gpu_count(int *count, struct tp_error *error)
{
  cudaError_t result = cudaGetDeviceCount(count);
  if (result == cudaSuccess && *count == 0)
    result = cudaErrorNoDevice;
  if (result == cudaSuccess)
    return TP_OK;
  return tp_fail(error, TP_E_ENVIRONMENT,
                 "no GPU can be used here: %s (%s); `nvidia-smi` tells which GPUs and driver there "
                 "are",
                 cudaGetErrorString(result), cudaGetErrorName(result));
}

/* Versions are numbers whose parts are `major` and `minor` apart: 13000 is 13.0 with 1000 and 10.
 */
static void put_version(char text[24], size_t version, size_t major, size_t minor)
{
  snprintf(text, 24, "%zu.%zu.%zu", version / major, version % major / minor, version % minor);
}

/* A lone GPU has no ranks, and nothing here loads NCCL for it. */
static enum tp_status put_nccl_version(char text[24], struct tp_error *error)
{
  int n_gpus = 0;
  TP_TRY(TP_CUDA(cudaGetDeviceCount(&n_gpus), error));
  strcpy(text, n_gpus > 1 ? "absent" : "unused");
  const int version = n_gpus > 1 ? tp_peers_nccl_version() : 0;
  if (version > 0)
    put_version(text, (size_t)version, 10000, 100);
  return TP_OK;
}

static enum tp_status versions(struct tp_gpu_facts *facts, struct tp_error *error)
{
  int driver = 0, runtime = 0;
  enum tp_status status = TP_CUDA(cudaDriverGetVersion(&driver), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaRuntimeGetVersion(&runtime), error);
  if (status != TP_OK)
    return status;
  put_version(facts->driver, (size_t)driver, 1000, 10);
  put_version(facts->runtime, (size_t)runtime, 1000, 10);
  put_version(facts->cublaslt, cublasLtGetVersion(), 10000, 100);
  strcpy(facts->cudnn, "absent");
#ifdef HAVE_CUDNN
  put_version(facts->cudnn, cudnnGetVersion(), 10000, 100);
#endif
  return put_nccl_version(facts->nccl, error);
}

enum tp_status tp_gpu_facts(int device, struct tp_gpu_facts *facts, struct tp_error *error)
{
  int clock_khz = 0, memory_clock_khz = 0;
  struct cudaDeviceProp properties;
  *facts = (struct tp_gpu_facts){.sms = 0};
  enum tp_status status = TP_CUDA(cudaGetDeviceProperties(&properties, device), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaDeviceGetAttribute(&clock_khz, cudaDevAttrClockRate, device), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaDeviceGetAttribute(&memory_clock_khz, cudaDevAttrMemoryClockRate, device),
                     error);
  if (status == TP_OK)
    status = versions(facts, error);
  if (status != TP_OK)
    return status;
  snprintf(facts->name, sizeof facts->name, "%.95s", properties.name);
  facts->sms = properties.multiProcessorCount;
  facts->capability = 10 * properties.major + properties.minor;
  facts->memory_bytes = properties.totalGlobalMem;
  facts->clock_hz = 1e3 * clock_khz;
  facts->memory_clock_hz = 1e3 * memory_clock_khz;
  struct tp_gpu_clocks clocks;
  if (tp_gpu_clocks(device, &clocks)) {
    facts->clock_hz = clocks.clock_hz;
    facts->memory_clock_hz = clocks.memory_clock_hz;
    memcpy(facts->driver, clocks.driver, sizeof facts->driver);
  }
  return TP_OK;
}
