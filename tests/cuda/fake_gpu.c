#include "fake_gpu.h"

#include "gpu/attention.h"
#include "gpu/kernels/kernels.h"
#include "host/math.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int fake_gpu_capability, fake_gpu_fails_in;
size_t fake_gpu_memory_bytes;
bool fake_gpu_lacks_kernels;
static struct {
  char lines[1 << 14];
  size_t used;
  int objects, allocations, streams, events;
  bool capturing;
  cudaError_t last; /* kept until it is asked for, whatever goes well meanwhile */
} now;

void fake_gpu_reset(void)
{
  memset(&now, 0, sizeof now);
  fake_gpu_capability = 90;
  fake_gpu_fails_in = 0;
  fake_gpu_memory_bytes = (size_t)1 << 30;
  fake_gpu_lacks_kernels = false;
}

__attribute__((format(printf, 1, 2))) static void line(const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  now.used +=
      (size_t)vsnprintf(now.lines + now.used, sizeof now.lines - now.used, format, arguments);
  va_end(arguments);
}

const char *fake_gpu_lines(void)
{
  static char taken[sizeof now.lines];
  memcpy(taken, now.lines, sizeof taken);
  now.used = 0;
  now.lines[0] = '\0';
  return taken;
}

bool fake_gpu_capturing(void)
{
  return now.capturing;
}

int fake_gpu_objects(void)
{
  return now.objects;
}

int fake_gpu_allocations(void)
{
  return now.allocations;
}

static bool fails(void)
{
  return fake_gpu_fails_in > 0 && --fake_gpu_fails_in == 0;
}

#define MAY_FAIL                               \
  do {                                         \
    if (fails())                               \
      return now.last = cudaErrorInvalidValue; \
  } while (0)

/* Handles are numbers from 1. */
static int number(const void *handle)
{
  return (int)(intptr_t)handle - 1;
}

static void *handle(int made)
{
  return (void *)(intptr_t)(made + 1);
}

/* ---- gpu/facts.c ---- */

enum tp_status tp_gpu_count(int *count, struct tp_error *error)
{
  *count = 2;
  return fake_gpu_capability > 0 ? TP_OK : tp_fail(error, TP_E_ENVIRONMENT, "no GPU can be used");
}

enum tp_status tp_gpu_facts(int device, struct tp_gpu_facts *facts, struct tp_error *error)
{
  if (fails())
    return tp_fail(error, TP_E_ENVIRONMENT, "facts of %d", device);
  *facts = (struct tp_gpu_facts){
      .name = "Fake GPU", .capability = fake_gpu_capability, .memory_bytes = (size_t)80e9};
  return TP_OK;
}

/* ---- the CUDA runtime ---- */

cudaError_t cudaGetLastError(void)
{
  const cudaError_t last = now.last;
  now.last = cudaSuccess;
  return last;
}

const char *cudaGetErrorString(cudaError_t error)
{
  return error == cudaErrorInvalidValue ? "a fault of the test" : "another fault";
}

const char *cudaGetErrorName(cudaError_t error)
{
  return error == cudaErrorInvalidValue ? "cudaErrorInvalidValue" : "cudaErrorOther";
}

cudaError_t cudaSetDevice(int device)
{
  (void)device;
  MAY_FAIL;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetStreamPriorityRange(int *least, int *greatest)
{
  MAY_FAIL;
  *least = 0;
  *greatest = -5;
  return cudaSuccess;
}

cudaError_t cudaMalloc(void **memory, size_t bytes)
{
  MAY_FAIL;
  if (bytes > fake_gpu_memory_bytes)
    return now.last = cudaErrorMemoryAllocation;
  *memory = aligned_alloc(256, (bytes + 255) / 256 * 256);
  now.objects++;
  now.allocations++;
  return cudaSuccess;
}

cudaError_t cudaFree(void *memory)
{
  now.objects -= memory != NULL;
  free(memory);
  return cudaSuccess;
}

cudaError_t cudaMallocHost(void **memory, size_t bytes)
{
  return cudaMalloc(memory, bytes);
}

cudaError_t cudaFreeHost(void *memory)
{
  return cudaFree(memory);
}

cudaError_t cudaMemsetAsync(void *memory, int value, size_t bytes, cudaStream_t stream)
{
  MAY_FAIL;
  line("set s%d\n", number(stream));
  memset(memory, value, bytes);
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind,
                            cudaStream_t stream)
{
  MAY_FAIL;
  line("%s s%d\n", kind == cudaMemcpyDeviceToHost ? "read" : "write", number(stream));
  memcpy(to, from, bytes);
  return cudaSuccess;
}

cudaError_t cudaMemcpy2DAsync(void *to, size_t to_row, const void *from, size_t from_row,
                              size_t width, size_t height, enum cudaMemcpyKind kind,
                              cudaStream_t stream)
{
  (void)kind;
  MAY_FAIL;
  line("copy s%d\n", number(stream));
  for (size_t i = 0; i < height; i++)
    memcpy((char *)to + i * to_row, (const char *)from + i * from_row, width);
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithPriority(cudaStream_t *stream, unsigned flags, int priority)
{
  MAY_FAIL;
  line("stream s%d %s priority %d\n", now.streams,
       flags == cudaStreamNonBlocking ? "non-blocking" : "blocking", priority);
  *stream = handle(now.streams++);
  now.objects++;
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream)
{
  (void)stream;
  now.objects--;
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
  MAY_FAIL;
  line("sync s%d\n", number(stream));
  return now.capturing ? cudaErrorStreamCaptureUnsupported : cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags)
{
  (void)flags;
  MAY_FAIL;
  line("wait s%d e%d\n", number(stream), number(event));
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags)
{
  (void)flags;
  MAY_FAIL;
  *event = handle(now.events++);
  now.objects++;
  return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t *event)
{
  return cudaEventCreateWithFlags(event, 0);
}

cudaError_t cudaEventDestroy(cudaEvent_t event)
{
  (void)event;
  now.objects--;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream)
{
  MAY_FAIL;
  line("record e%d s%d\n", number(event), number(stream));
  return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event)
{
  MAY_FAIL;
  line("await e%d\n", number(event));
  return cudaSuccess;
}

cudaError_t cudaEventElapsedTime(float *milliseconds, cudaEvent_t from, cudaEvent_t to)
{
  MAY_FAIL;
  *milliseconds = 2.5f * (float)(number(to) - number(from));
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, enum cudaStreamCaptureMode mode)
{
  MAY_FAIL;
  line("capture s%d %s\n", number(stream),
       mode == cudaStreamCaptureModeThreadLocal ? "thread" : "other");
  now.capturing = true;
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph)
{
  now.capturing = false;
  MAY_FAIL;
  line("captured s%d\n", number(stream));
  *graph = handle(0);
  now.objects++;
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph)
{
  (void)graph;
  now.objects--;
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *executable, cudaGraph_t graph,
                                 unsigned long long flags)
{
  (void)graph;
  (void)flags;
  MAY_FAIL;
  *executable = handle(0);
  now.objects++;
  return cudaSuccess;
}

cudaError_t cudaGraphUpload(cudaGraphExec_t executable, cudaStream_t stream)
{
  (void)executable;
  (void)stream;
  MAY_FAIL;
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream)
{
  (void)executable;
  MAY_FAIL;
  line("replay s%d\n", number(stream));
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable)
{
  (void)executable;
  now.objects--;
  return cudaSuccess;
}

/* ---- the other parts of a device ---- */

static enum tp_status open_part(void *part, struct tp_error *error)
{
  void **const made = part;
  if (fails())
    return tp_fail(error, TP_E_ENVIRONMENT, "a part of the device");
  *made = malloc(1);
  now.objects++;
  return TP_OK;
}

static void close_part(void *part)
{
  now.objects -= part != NULL;
  free(part);
}

enum tp_status tp_gpu_attention_open(struct tp_gpu_attention **attention, struct tp_error *error)
{
  return open_part(attention, error);
}

void tp_gpu_attention_close(struct tp_gpu_attention *attention)
{
  close_part(attention);
}

enum tp_status tp_gpu_attention_run(struct tp_gpu_attention *attention,
                                    const struct tp_bound_op *bound, cudaStream_t stream,
                                    bool capturing, struct tp_error *error)
{
  (void)attention;
  (void)error;
  line("%s s%d%s\n", bound->op->name, number(stream), capturing ? " captured" : "");
  return TP_OK;
}

enum tp_status tp_comm_open(const struct tp_gpu_options *options, struct tp_comm **comm,
                            struct tp_error *error)
{
  (void)options;
  return open_part(comm, error);
}

void tp_comm_close(struct tp_comm *comm)
{
  close_part(comm);
}

enum tp_status tp_comm_run(struct tp_comm *comm, const struct tp_bound_op *bound,
                           cudaStream_t stream, struct tp_error *error)
{
  (void)comm;
  line("%s s%d\n", bound->op->name, number(stream));
  return tp_fail(error, TP_E_ENVIRONMENT, "no such wire");
}

enum tp_status tp_comm_watch(struct tp_comm *comm, struct tp_error *error)
{
  (void)comm, (void)error;
  return TP_OK;
}

enum tp_status tp_comm_late(struct tp_comm *comm, double *late_s, struct tp_error *error)
{
  (void)comm, (void)error;
  *late_s = 0;
  return TP_OK;
}

enum tp_status tp_kernel_memory(const struct tp_bound_op *bound, int rank, cudaStream_t stream,
                                struct tp_error *error)
{
  (void)error;
  line("%s s%d rank %d\n", bound->op->name, number(stream), rank);
  return TP_OK;
}

cudaError_t tp_kernel_fill(void *memory, const struct tp_fill *fill, cudaStream_t stream)
{
  (void)memory;
  (void)fill;
  line("fill s%d\n", number(stream));
  return cudaSuccess;
}

cudaError_t tp_kernel_activate(const struct tp_operand *x, const struct tp_operand *y,
                               cudaStream_t stream)
{
  struct tp_arena *const arena = tp_arena_create();
  float *const in = tp_host_row(arena, x), *const out = tp_host_row(arena, y);
  line("activate s%d\n", number(stream));
  for (int64_t i = 0; i < y->rows; i++) {
    tp_host_load_row(x, i, in);
    tp_host_activate(in, x->columns, out, y->columns);
    tp_host_store_row(y, i, out);
  }
  tp_arena_free(arena);
  return cudaSuccess;
}

cudaError_t tp_kernel_quantise(const struct tp_operand *x, void *to, float *scale,
                               cudaStream_t stream)
{
  const struct tp_tensor fp8 = {.dtype = TP_DTYPE_FP8};
  const struct tp_operand whole = {to, &fp8, x->rows, x->columns, x->columns};
  struct tp_arena *const arena = tp_arena_create();
  float *const row = tp_host_row(arena, x);
  float most = 0;
  line("quantise s%d\n", number(stream));
  for (int64_t i = 0; i < x->rows; i++) {
    tp_host_load_row(x, i, row);
    for (int64_t j = 0; j < x->columns; j++)
      most = row[j] > most ? row[j] : -row[j] > most ? -row[j] : most;
  }
  *scale = most > 0 ? most / 448 : 1;
  for (int64_t i = 0; i < x->rows; i++) {
    tp_host_load_row(x, i, row);
    for (int64_t j = 0; j < x->columns; j++)
      row[j] /= *scale;
    tp_host_store_row(&whole, i, row);
  }
  tp_arena_free(arena);
  return cudaSuccess;
}
