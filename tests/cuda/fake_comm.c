#include "config.h"

#include "fake_comm.h"

#include "gpu/kernels/kernels.h"
#include "gpu/standin.h"
#include "peers/peer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_NCCL
#include <nccl.h>
ncclResult_t ncclGroupStart(void); /* nccl.h leaves the parameters open */
ncclResult_t ncclGroupEnd(void);
#endif

struct fake_comm fake_comm;

void fake_comm_reset(int device)
{
  fake_comm = (struct fake_comm){
      .device = device, .unreached = -1, .hidden = -1, .held = -1, .pace = 1, .share = 1};
}

__attribute__((format(printf, 1, 2))) static void line(const char *format, ...)
{
  const size_t used = strlen(fake_comm.lines);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(fake_comm.lines + used, sizeof fake_comm.lines - used, format, arguments);
  va_end(arguments);
}

static bool fails(void)
{
  return fake_comm.fails_in > 0 && --fake_comm.fails_in == 0;
}

static cudaError_t made(void **memory, size_t bytes)
{
  if (fails())
    return cudaErrorMemoryAllocation;
  fake_comm.objects++;
  *memory = calloc(bytes < (1 << 16) ? bytes : 1, 1);
  return cudaSuccess;
}

static cudaError_t gone(void *memory)
{
  if (memory != NULL)
    fake_comm.objects--;
  free(memory);
  return cudaSuccess;
}

cudaError_t cudaMalloc(void **memory, size_t bytes)
{
  return made(memory, bytes);
}
/* The host's memory that was asked for last. */
static const char *of_host;
static size_t bytes_of_host;
cudaError_t cudaMallocHost(void **memory, size_t bytes)
{
  const cudaError_t result = made(memory, bytes);
  of_host = *memory;
  bytes_of_host = bytes;
  return result;
}
/* What blocks poll is not the host's. */
static bool is_far(const void *memory)
{
  const char *const at = memory;
  return at < of_host || at >= of_host + bytes_of_host;
}
cudaError_t cudaFree(void *memory)
{
  return gone(memory);
}
cudaError_t cudaFreeHost(void *memory)
{
  return gone(memory);
}
cudaError_t cudaMemset(void *memory, int value, size_t bytes)
{
  (void)memory, (void)value, (void)bytes;
  return fails() ? cudaErrorInvalidValue : cudaSuccess;
}
cudaError_t tp_kernel_fill(void *memory, const struct tp_fill *fill, cudaStream_t stream)
{
  (void)memory, (void)fill, (void)stream;
  return fails() ? cudaErrorInvalidValue : cudaSuccess;
}
cudaError_t cudaDeviceSynchronize(void)
{
  return fails() ? cudaErrorInvalidValue : cudaSuccess;
}
cudaError_t cudaGetLastError(void)
{
  return cudaSuccess;
}
const char *cudaGetErrorString(cudaError_t error)
{
  (void)error;
  return "made to fail";
}
const char *cudaGetErrorName(cudaError_t error)
{
  (void)error;
  return "fake";
}

cudaError_t cudaDeviceGetPCIBusId(char *text, int size, int device)
{
  snprintf(text, (size_t)size, "0000:%02d:00.0", device);
  return fails() ? cudaErrorInvalidValue : cudaSuccess;
}
cudaError_t cudaDeviceGetByPCIBusId(int *device, const char *text)
{
  *device = atoi(text + 5);
  return *device == fake_comm.hidden ? cudaErrorInvalidValue : cudaSuccess;
}
cudaError_t cudaDeviceCanAccessPeer(int *can, int device, int peer)
{
  *can = device != peer && peer != fake_comm.unreached;
  return cudaSuccess;
}
cudaError_t cudaIpcGetMemHandle(cudaIpcMemHandle_t *handle, void *memory)
{
  (void)memory;
  memset(handle, 0, sizeof *handle);
  handle->reserved[0] = (char)(1 + fake_comm.device);
  return fails() ? cudaErrorInvalidValue : cudaSuccess;
}
cudaError_t cudaIpcOpenMemHandle(void **memory, cudaIpcMemHandle_t handle, unsigned flags)
{
  (void)flags;
  if (fails() || handle.reserved[0] == 0)
    return cudaErrorInvalidValue;
  fake_comm.opened++;
  return made(memory, 1);
}
cudaError_t cudaIpcCloseMemHandle(void *memory)
{
  fake_comm.opened--;
  return gone(memory);
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *properties, int device)
{
  (void)device;
  memset(properties, 0, sizeof *properties);
  properties->multiProcessorCount = 132;
  properties->sharedMemPerBlockOptin = 1000;
  properties->l2CacheSize = 1 << 20;
  return fails() ? cudaErrorInvalidValue : cudaSuccess;
}
cudaError_t cudaStreamIsCapturing(cudaStream_t stream, enum cudaStreamCaptureStatus *status)
{
  (void)stream;
  *status = fake_comm.capturing ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind,
                            cudaStream_t stream)
{
  (void)to, (void)from, (void)stream;
  line("copy %zu kind %d\n", bytes, (int)kind);
  return fails() ? cudaErrorInvalidValue : cudaSuccess;
}
cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind)
{
  (void)to, (void)from, (void)bytes, (void)kind;
  return fails() ? cudaErrorInvalidValue : cudaSuccess;
}
cudaError_t cudaMemsetAsync(void *memory, int value, size_t bytes, cudaStream_t stream)
{
  (void)memory, (void)value, (void)bytes, (void)stream;
  return cudaSuccess;
}
cudaError_t cudaMemcpyBatchAsync(void *const *to, const void *const *from, const size_t *bytes,
                                 size_t n, struct cudaMemcpyAttributes *attributes,
                                 size_t *first_of, size_t n_attributes, cudaStream_t stream)
{
  (void)to, (void)stream;
  if (n != 1 || n_attributes != 1 || *first_of != 0 ||
      attributes->srcAccessOrder != cudaMemcpySrcAccessOrderStream ||
      attributes->flags != cudaMemcpyFlagPreferOverlapWithCompute)
    return cudaErrorInvalidValue;
  if (fake_comm.n_copies < 16)
    fake_comm.copied[fake_comm.n_copies++] = *from;
  line("engines %zu\n", *bytes);
  return fails() ? cudaErrorInvalidValue : cudaSuccess;
}

size_t tp_peer_bytes(int64_t slot_bytes)
{
  return 2 * (size_t)slot_bytes;
}
static cudaError_t reduce(const char *what, const struct tp_peer *peer, int64_t n, int blocks)
{
  line("%s %lld elements, %d blocks, rank %d of %d\n", what, (long long)n, blocks, peer->rank,
       peer->ranks);
  return fails() ? cudaErrorInvalidValue : cudaSuccess;
}
cudaError_t tp_peer_one_shot(const struct tp_peer *peer, const void *in, void *out, int64_t n,
                             enum tp_dtype dtype, int blocks, cudaStream_t stream)
{
  (void)in, (void)out, (void)dtype, (void)stream;
  return reduce("one-shot", peer, n, blocks);
}
cudaError_t tp_peer_two_shot(const struct tp_peer *peer, const void *in, void *out, int64_t n,
                             enum tp_dtype dtype, int blocks, cudaStream_t stream)
{
  (void)in, (void)out, (void)dtype, (void)stream;
  return reduce("two-shot", peer, n, blocks);
}
cudaError_t tp_peer_flash(const struct tp_peer *peer, const void *in, void *out, int64_t n,
                          enum tp_dtype dtype, const struct tp_wire *wire, int blocks,
                          cudaStream_t stream)
{
  (void)in, (void)out, (void)dtype, (void)stream;
  return reduce(wire->reduce_bits == 4 ? "flash-int4" : "flash", peer, n, blocks);
}

cudaError_t tp_standin_prepare(int shared_bytes)
{
  return fails() || shared_bytes != 1000 ? cudaErrorInvalidValue : cudaSuccess;
}
cudaError_t tp_standin_hold(const struct tp_standin_plan *plan, const struct tp_windows *windows,
                            int64_t first, const struct tp_standin_result *result, int shared_bytes,
                            unsigned long long *begins, cudaStream_t stream)
{
  (void)windows, (void)begins;
  const bool beside = fake_comm.held_blocks > 0 && fake_comm.held_by != stream &&
                      !fake_comm.in_turn &&
                      fake_comm.share * (fake_comm.held_blocks + plan->blocks) <= 132;
  if (!beside)
    fake_comm.elapsed_ns += fake_comm.pace * (double)plan->nanoseconds;
  fake_comm.held_by = stream;
  fake_comm.held_blocks = plan->blocks;
  line("hold %d: %d copies of %lld\n", plan->blocks, result->copies, (long long)result->bytes);
  fake_comm.first = (long long)first;
  fake_comm.vectors = (long long)plan->vectors;
  return fails() || shared_bytes != 1000 ? cudaErrorInvalidValue : cudaSuccess;
}
cudaError_t tp_standin_stamp(unsigned long long *clock, cudaStream_t stream)
{
  (void)clock, (void)stream;
  line("stamp\n");
  return fails() ? cudaErrorInvalidValue : cudaSuccess;
}
cudaError_t tp_standin_wait(const unsigned long long *clock, int64_t nanoseconds,
                            cudaStream_t stream)
{
  (void)clock, (void)stream;
  line("wait%s\n", nanoseconds > 0 ? "" : " for nothing");
  return fails() ? cudaErrorInvalidValue : cudaSuccess;
}

/* Every block copies as many chunks as its number. */
cudaError_t tp_beside_launch(const struct tp_beside_job *job, int blocks, int shared_bytes,
                             cudaStream_t stream)
{
  (void)stream;
  if (fails() || shared_bytes != 1000 || !is_far(job->stop))
    return cudaErrorInvalidValue;
  for (int i = 0; i < blocks; i++) {
    job->started[i] = fake_comm.held < 0 || i < fake_comm.held;
    job->chunks[i] = job->chunk_nanoseconds > 0 ? i : 0;
  }
  fake_comm.period = (long long)job->chunk_nanoseconds;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device)
{
  (void)device;
  return fails() ? cudaErrorInvalidValue : cudaSuccess;
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags)
{
  (void)flags;
  return made((void **)stream, 1);
}
cudaError_t cudaDeviceGetStreamPriorityRange(int *least, int *greatest)
{
  *least = 0;
  *greatest = -5;
  return fails() ? cudaErrorInvalidValue : cudaSuccess;
}
cudaError_t cudaStreamCreateWithPriority(cudaStream_t *stream, unsigned flags, int priority)
{
  (void)flags, (void)priority;
  return made((void **)stream, 1);
}
cudaError_t cudaStreamDestroy(cudaStream_t stream)
{
  return gone(stream);
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
  (void)stream;
  return cudaSuccess;
}
cudaError_t cudaEventCreate(cudaEvent_t *event)
{
  return made((void **)event, 1);
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags)
{
  (void)stream, (void)event, (void)flags;
  return fails() ? cudaErrorInvalidValue : cudaSuccess;
}
cudaError_t cudaEventElapsedTime(float *milliseconds, cudaEvent_t from, cudaEvent_t to)
{
  (void)from, (void)to;
  *milliseconds = 1e-6f * (float)fake_comm.elapsed_ns;
  fake_comm.elapsed_ns = fake_comm.held_blocks = 0;
  return fails() ? cudaErrorInvalidValue : cudaSuccess;
}
cudaError_t cudaStreamQuery(cudaStream_t stream)
{
  (void)stream;
  fake_comm.trials++;
  return fake_comm.copies_take_sms ? cudaSuccess : cudaErrorNotReady;
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags)
{
  (void)flags;
  return made((void **)event, 1);
}
cudaError_t cudaEventDestroy(cudaEvent_t event)
{
  return gone(event);
}
cudaError_t cudaEventSynchronize(cudaEvent_t event)
{
  (void)event;
  return fails() ? cudaErrorInvalidValue : cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream)
{
  (void)event, (void)stream;
  return fails() ? cudaErrorInvalidValue : cudaSuccess;
}

#ifdef HAVE_NCCL
ncclResult_t ncclGetVersion(int *version)
{
  *version = 22809;
  return ncclSuccess;
}
const char *ncclGetErrorString(ncclResult_t result)
{
  (void)result;
  return "made to fail";
}
const char *ncclGetLastError(ncclComm_t comm)
{
  (void)comm;
  return "fake";
}
ncclResult_t ncclGetUniqueId(ncclUniqueId *id)
{
  memset(id, 0, sizeof *id);
  id->internal[5] = 77;
  return fails() ? ncclSystemError : ncclSuccess;
}
ncclResult_t ncclCommInitRankConfig(ncclComm_t *comm, int ranks, ncclUniqueId id, int rank,
                                    ncclConfig_t *config)
{
  (void)ranks, (void)rank;
  if (id.internal[5] != 77 || fails())
    return ncclSystemError;
  fake_comm.most_ctas = config->maxCTAs;
  *comm = (ncclComm_t)(void *)&fake_comm.lines[fake_comm.connected++];
  fake_comm.objects++;
  return ncclSuccess;
}
ncclResult_t ncclCommDestroy(ncclComm_t comm)
{
  (void)comm;
  fake_comm.objects--;
  return ncclSuccess;
}
static ncclResult_t call(const char *what, size_t count, ncclDataType_t type, ncclComm_t comm)
{
  line("%s %zu type %d by %d\n", what, count, (int)type,
       (int)((const char *)(void *)comm - fake_comm.lines));
  return fails() ? ncclSystemError : ncclSuccess;
}
ncclResult_t ncclAllReduce(const void *in, void *out, size_t count, ncclDataType_t type,
                           ncclRedOp_t op, ncclComm_t comm, cudaStream_t stream)
{
  (void)in, (void)out, (void)op, (void)stream;
  return call("all_reduce", count, type, comm);
}
ncclResult_t ncclAllGather(const void *in, void *out, size_t count, ncclDataType_t type,
                           ncclComm_t comm, cudaStream_t stream)
{
  (void)in, (void)out, (void)stream;
  return call("all_gather", count, type, comm);
}
ncclResult_t ncclReduceScatter(const void *in, void *out, size_t count, ncclDataType_t type,
                               ncclRedOp_t op, ncclComm_t comm, cudaStream_t stream)
{
  (void)in, (void)out, (void)op, (void)stream;
  return call("reduce_scatter", count, type, comm);
}
ncclResult_t ncclGroupStart(void)
{
  line("group\n");
  return ncclSuccess;
}
ncclResult_t ncclGroupEnd(void)
{
  line("end\n");
  return ncclSuccess;
}
ncclResult_t ncclSend(const void *in, size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream)
{
  (void)in, (void)peer, (void)stream;
  return call("send", count, type, comm);
}
ncclResult_t ncclRecv(void *out, size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream)
{
  (void)out, (void)peer, (void)stream;
  return call("receive", count, type, comm);
}
#endif
