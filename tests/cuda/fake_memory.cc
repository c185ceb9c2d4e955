/* Memory of the fake GPU, and what it says of itself. */
#include "fake_runtime.h"
#include "fake_runtime_state.h"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <sys/mman.h>

/* Allocations from so many bytes on lie where all ranks reach them; the rest under the eyes of
 * sanitizers. */
enum { SHARED_FROM_BYTES = 16 << 20, L2_BYTES = 1 << 18 };
static const size_t rank_bytes = static_cast<size_t>(8) << 30;

int fake_rank, fake_ranks = 1;

namespace
{

char *shared; /* | board | rank 0's | rank 1's | .. */
size_t shared_used;
struct block {
  size_t bytes;
  bool is_shared;
  int number;
};
std::map<char *, block> device, pinned;
int made;

bool lies_in(const std::map<char *, block> &all, const void *at, size_t bytes)
{
  char *const first = static_cast<char *>(const_cast<void *>(at));
  auto next = all.upper_bound(first);
  if (next == all.begin())
    return false;
  --next;
  return first + bytes <= next->first + next->second.bytes;
}

char *map_shared(size_t bytes)
{
  void *const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    abort();
  return static_cast<char *>(memory);
}

char *take_shared(size_t bytes)
{
  char *const memory =
      shared + FAKE_BOARD_BYTES + static_cast<size_t>(fake_rank) * rank_bytes + shared_used;
  shared_used += (bytes + 255) / 256 * 256;
  return shared_used <= rank_bytes ? memory : nullptr;
}

host_cuda_work work_of(std::function<void()> does)
{
  host_cuda_work work = {};
  work.step = [does]() {
    does();
    return HOST_CUDA_DONE;
  };
  return work;
}

/* Where each side has to be. */
bool places_fit(const void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind)
{
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  return lies_in(device, to, bytes) == to_device && lies_in(device, from, bytes) == from_device;
}

} // namespace

extern "C" void fake_runtime_share(int ranks)
{
  fake_ranks = ranks;
  shared = map_shared(FAKE_BOARD_BYTES + static_cast<size_t>(ranks) * rank_bytes);
}

char *fake_shared_board(void)
{
  return shared;
}

int fake_allocations(void)
{
  return static_cast<int>(device.size() + pinned.size());
}

extern "C" int fake_runtime_find(size_t bytes, void **found, int most)
{
  std::map<int, void *> by_number;
  int n = 0;
  for (const auto &each : device)
    if (each.second.bytes == bytes)
      by_number[each.second.number] = each.first;
  for (const auto &each : by_number)
    if (n < most)
      found[n++] = each.second;
  return n;
}

extern "C" cudaError_t cudaMalloc(void **memory, size_t bytes)
{
  const bool is_shared = shared != nullptr && bytes >= SHARED_FROM_BYTES;
  const cudaError_t result = fake_forbidden();
  if (result != cudaSuccess)
    return result;
  char *const fresh = is_shared
                          ? take_shared(bytes)
                          : static_cast<char *>(aligned_alloc(256, (bytes + 255) / 256 * 256));
  if (fresh == nullptr)
    return cudaErrorMemoryAllocation;
  if (bytes < SHARED_FROM_BYTES)
    memset(fresh, 0xff, bytes);
  device[fresh] = {bytes, is_shared, made++};
  *memory = fresh;
  return cudaSuccess;
}

extern "C" cudaError_t cudaFree(void *memory)
{
  const cudaError_t result = memory == nullptr ? cudaSuccess : fake_wait_for_all();
  const auto found = device.find(static_cast<char *>(memory));
  if (result != cudaSuccess || memory == nullptr)
    return result;
  if (found == device.end())
    return cudaErrorInvalidValue;
  if (!found->second.is_shared)
    free(memory);
  device.erase(found);
  return cudaSuccess;
}

extern "C" cudaError_t cudaMallocHost(void **memory, size_t bytes)
{
  const cudaError_t result = fake_forbidden();
  if (result != cudaSuccess)
    return result;
  *memory = calloc(bytes, 1);
  pinned[static_cast<char *>(*memory)] = {bytes, false, made++};
  return cudaSuccess;
}

extern "C" cudaError_t cudaFreeHost(void *memory)
{
  const cudaError_t result = memory == nullptr ? cudaSuccess : fake_wait_for_all();
  pinned.erase(static_cast<char *>(memory));
  free(memory);
  return result;
}

extern "C" cudaError_t cudaMemsetAsync(void *memory, int value, size_t bytes, cudaStream_t stream)
{
  if (!lies_in(device, memory, bytes))
    return cudaErrorInvalidValue;
  return fake_submit(stream, work_of([=]() { memset(memory, value, bytes); }));
}

extern "C" cudaError_t cudaMemset(void *memory, int value, size_t bytes)
{
  return cudaMemsetAsync(memory, value, bytes, nullptr);
}

extern "C" cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, enum cudaMemcpyKind)
{
  memcpy(to, from, bytes);
  return cudaSuccess;
}

extern "C" cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes,
                                       enum cudaMemcpyKind kind, cudaStream_t stream)
{
  const void *const host = kind == cudaMemcpyHostToDevice ? from : to;
  const bool pageable = kind != cudaMemcpyDeviceToDevice && !lies_in(pinned, host, bytes);
  if (!places_fit(to, from, bytes, kind) || (pageable && fake_captured(stream)))
    return cudaErrorInvalidValue;
  if (!pageable)
    return fake_submit(stream, work_of([=]() { memcpy(to, from, bytes); }));
  if (kind == cudaMemcpyHostToDevice) {
    const auto staged = std::make_shared<std::vector<char>>(
        static_cast<const char *>(from), static_cast<const char *>(from) + bytes);
    return fake_submit(stream, work_of([=]() { memcpy(to, staged->data(), bytes); }));
  }
  const cudaError_t result = fake_submit(stream, work_of([=]() { memcpy(to, from, bytes); }));
  return result == cudaSuccess ? cudaStreamSynchronize(stream) : result;
}

extern "C" cudaError_t cudaMemcpy2DAsync(void *to, size_t to_row, const void *from, size_t from_row,
                                         size_t width, size_t height, enum cudaMemcpyKind kind,
                                         cudaStream_t stream)
{
  if (kind != cudaMemcpyDeviceToDevice || to_row < width || from_row < width ||
      !places_fit(to, from, (height - 1) * (to_row < from_row ? to_row : from_row) + width, kind))
    return cudaErrorInvalidValue;
  return fake_submit(stream, work_of([=]() {
                       for (size_t i = 0; i < height; i++)
                         memcpy(static_cast<char *>(to) + i * to_row,
                                static_cast<const char *>(from) + i * from_row, width);
                     }));
}

/* ---- memory of other ranks: the same addresses everywhere ---- */

extern "C" cudaError_t cudaIpcGetMemHandle(cudaIpcMemHandle_t *handle, void *memory)
{
  const auto found = device.find(static_cast<char *>(memory));
  if (found == device.end() || !found->second.is_shared)
    return cudaErrorInvalidValue;
  memset(handle, 0, sizeof *handle);
  memcpy(handle, &memory, sizeof memory);
  return cudaSuccess;
}

extern "C" cudaError_t cudaIpcOpenMemHandle(void **memory, cudaIpcMemHandle_t handle, unsigned)
{
  memcpy(memory, &handle, sizeof *memory);
  return device.count(static_cast<char *>(*memory)) > 0 ? cudaErrorInvalidValue : cudaSuccess;
}

extern "C" cudaError_t cudaIpcCloseMemHandle(void *)
{
  return fake_wait_for_all();
}

/* ---- devices ---- */

extern "C" cudaError_t cudaGetDeviceCount(int *count)
{
  *count = fake_ranks;
  return cudaSuccess;
}

extern "C" cudaError_t cudaSetDevice(int device_number)
{
  return device_number == fake_rank ? cudaSuccess : cudaErrorInvalidDevice;
}

extern "C" cudaError_t cudaDeviceGetPCIBusId(char *text, int size, int number)
{
  snprintf(text, static_cast<size_t>(size), "0000:%02d:00.0", number);
  return cudaSuccess;
}

extern "C" cudaError_t cudaDeviceGetByPCIBusId(int *number, const char *text)
{
  *number = atoi(text + 5);
  return cudaSuccess;
}

extern "C" cudaError_t cudaDeviceCanAccessPeer(int *can, int number, int peer)
{
  *can = number != peer;
  return cudaSuccess;
}

extern "C" cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *properties, int)
{
  memset(properties, 0, sizeof *properties);
  snprintf(properties->name, sizeof properties->name, "fibers");
  properties->major = 9;
  properties->multiProcessorCount = 132;
  properties->sharedMemPerBlockOptin = 227 << 10;
  properties->l2CacheSize = L2_BYTES;
  properties->totalGlobalMem = static_cast<size_t>(80) << 30;
  return cudaSuccess;
}

extern "C" cudaError_t cudaDeviceGetAttribute(int *value, enum cudaDeviceAttr, int)
{
  *value = 1000000;
  return cudaSuccess;
}

extern "C" cudaError_t cudaDriverGetVersion(int *version)
{
  *version = 13000;
  return cudaSuccess;
}

extern "C" cudaError_t cudaRuntimeGetVersion(int *version)
{
  *version = 13000;
  return cudaSuccess;
}

extern "C" cudaError_t cudaFuncSetAttribute(const void *, enum cudaFuncAttribute, int)
{
  return cudaSuccess;
}
