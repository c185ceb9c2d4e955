#include "gpu/emulation.h"

#include "gpu/check.h"
#include "gpu/lateness.h"
#include "gpu/standin.h"
#include "run/comm_choice.h"

#include <stdlib.h>

enum { HOST_BYTES = 8 << 20 };

struct tp_emulation {
  const struct tp_machine *machine;
  int sms, device_sms, shared_bytes;
  struct tp_windows windows;
  int64_t next; /* vector */
  void *host;   /* what copy engines copy to and from */
  unsigned long long *clock;
  struct tp_lateness lateness;
};

static enum tp_status set_up(struct tp_emulation *emulation, int device, struct tp_error *error)
{
  struct cudaDeviceProp properties;
  enum tp_status status = TP_CUDA(cudaGetDeviceProperties(&properties, device), error);
  if (status != TP_OK)
    return status;
  emulation->device_sms = properties.multiProcessorCount;
  emulation->shared_bytes = (int)properties.sharedMemPerBlockOptin;
  status = TP_CUDA(tp_standin_prepare(emulation->shared_bytes), error);
  if (status == TP_OK)
    status = tp_windows_open(device, &emulation->windows, error);
  if (status == TP_OK)
    status = TP_CUDA(cudaMallocHost(&emulation->host, HOST_BYTES), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaMalloc((void **)&emulation->clock, sizeof *emulation->clock), error);
  return status;
}

enum tp_status tp_emulation_open(const struct tp_gpu_options *options,
                                 struct tp_emulation **emulation, struct tp_error *error)
{
  struct tp_emulation *const made = calloc(1, sizeof *made);
  if (made == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  made->machine = options->emulated;
  made->sms = options->standin_sms;
  const enum tp_status status = set_up(made, options->device, error);
  if (status == TP_OK)
    *emulation = made;
  else
    tp_emulation_close(made);
  return status;
}

void tp_emulation_close(struct tp_emulation *emulation)
{
  if (emulation == NULL)
    return;
  tp_windows_close(&emulation->windows);
  tp_lateness_close(&emulation->lateness);
  cudaFree(emulation->clock);
  cudaFreeHost(emulation->host);
  free(emulation);
}

/* An op without operands can be timed, too. */
static enum tp_status result_of(const struct tp_machine *machine, const struct tp_bound_op *bound,
                                struct tp_standin_result *result, struct tp_error *error)
{
  struct tp_comm_buffers buffers;
  *result = (struct tp_standin_result){NULL, NULL, 0, 0};
  if (bound->op->n_out == 0)
    return TP_OK;
  const enum tp_status status =
      tp_comm_buffers_of(bound, tp_machine_ranks(machine), &buffers, error);
  if (status != TP_OK || buffers.in == buffers.out)
    return status;
  const enum tp_collective_kind kind = bound->op->collective.kind;
  const bool parts = kind == TP_ALL_GATHER || kind == TP_REDUCE_SCATTER;
  const double bytes = (double)buffers.elements * tp_dtype_bytes(buffers.dtype);
  *result =
      (struct tp_standin_result){.in = buffers.in,
                                 .out = buffers.out,
                                 .bytes = (int64_t)bytes / (parts ? tp_machine_ranks(machine) : 1),
                                 .copies = kind == TP_ALL_GATHER ? tp_machine_ranks(machine) : 1};
  return TP_OK;
}

/* The result is part of the traffic; the rest begins where the windows were left. */
static int64_t take(struct tp_emulation *emulation, struct tp_standin_plan *plan,
                    const struct tp_standin_result *result)
{
  const int64_t placed = result->bytes * result->copies / TP_WINDOW_VECTOR_BYTES;
  const int64_t first = emulation->next;
  plan->vectors = plan->vectors > placed ? plan->vectors - placed : 0;
  emulation->next = (first + plan->vectors) % emulation->windows.vectors;
  return first;
}

static enum tp_status hold(struct tp_emulation *emulation, struct tp_standin_plan *plan,
                           const struct tp_standin_result *result, cudaStream_t stream,
                           struct tp_error *error)
{
  const int64_t first = take(emulation, plan, result);
  unsigned long long *const entry = tp_lateness_entry(&emulation->lateness, plan->blocks);
  if (entry != NULL)
    TP_TRY(TP_CUDA(tp_standin_stamp(entry, stream), error));
  return TP_CUDA(tp_standin_hold(plan, &emulation->windows, first, result, emulation->shared_bytes,
                                 entry != NULL ? entry + 1 : NULL, stream),
                 error);
}

/* Copy engines: for collectives that by their stack hold no SM, as those of `ideal` and
 * `t3-simulator`, and where --standin says so.  At most HOST_BYTES by way of the host: copies
 * within a GPU's memory may be kernels, these are copy engines'.  One direction after the other, as
 * a stream is one line. */
static enum tp_status over_host(const struct tp_emulation *emulation, const void *from, void *to,
                                int64_t bytes, cudaStream_t stream, struct tp_error *error)
{
  const size_t length = (size_t)bytes;
  enum tp_status status = TP_CUDA(
      cudaMemcpyAsync(emulation->host, from, length, cudaMemcpyDeviceToHost, stream), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaMemcpyAsync(to, emulation->host, length, cudaMemcpyHostToDevice, stream),
                     error);
  return status;
}

static int64_t least(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

static enum tp_status place(const struct tp_emulation *emulation,
                            const struct tp_standin_result *result, cudaStream_t stream,
                            struct tp_error *error)
{
  enum tp_status status = TP_OK;
  for (int copy = 0; copy < result->copies; copy++)
    for (int64_t at = 0; at < result->bytes && status == TP_OK; at += HOST_BYTES)
      status = over_host(emulation, (const char *)result->in + at,
                         (char *)result->out + copy * result->bytes + at,
                         least(result->bytes - at, HOST_BYTES), stream, error);
  return status;
}

static enum tp_status copy_windows(const struct tp_emulation *emulation, int64_t first,
                                   int64_t vectors, cudaStream_t stream, struct tp_error *error)
{
  const struct tp_windows *windows = &emulation->windows;
  const int64_t most = HOST_BYTES / TP_WINDOW_VECTOR_BYTES;
  enum tp_status status = TP_OK;
  for (int64_t length; vectors > 0 && status == TP_OK; vectors -= length) {
    length = least(least(vectors, most), windows->vectors - first);
    const int64_t at = first * TP_WINDOW_VECTOR_BYTES;
    status = over_host(emulation, (const char *)windows->from + at, (char *)windows->to + at,
                       length * TP_WINDOW_VECTOR_BYTES, stream, error);
    first = (first + length) % windows->vectors;
  }
  return status;
}

static enum tp_status engines(struct tp_emulation *emulation, struct tp_standin_plan *plan,
                              const struct tp_standin_result *result, cudaStream_t stream,
                              struct tp_error *error)
{
  const int64_t first = take(emulation, plan, result);
  enum tp_status status = TP_CUDA(tp_standin_stamp(emulation->clock, stream), error);
  if (status == TP_OK)
    status = place(emulation, result, stream, error);
  if (status == TP_OK)
    status = copy_windows(emulation, first, plan->vectors, stream, error);
  if (status == TP_OK)
    status = TP_CUDA(tp_standin_wait(emulation->clock, plan->nanoseconds, stream), error);
  return status;
}

enum tp_status tp_emulation_run(struct tp_emulation *emulation, const struct tp_bound_op *bound,
                                cudaStream_t stream, struct tp_error *error)
{
  const struct tp_machine *machine = emulation->machine;
  struct tp_standin_plan plan =
      tp_standin_plan_make(machine, tp_batch_decodes(&bound->program->batch), bound->op,
                           emulation->sms, emulation->device_sms);
  struct tp_standin_result result;
  const enum tp_status status = result_of(machine, bound, &result, error);
  if (status != TP_OK)
    return status;
  return plan.blocks > 0 ? hold(emulation, &plan, &result, stream, error)
                         : engines(emulation, &plan, &result, stream, error);
}

enum tp_status tp_emulation_watch(struct tp_emulation *emulation, struct tp_error *error)
{
  return tp_lateness_begin(&emulation->lateness, emulation->device_sms, error);
}

enum tp_status tp_emulation_late(struct tp_emulation *emulation, double *late_s,
                                 struct tp_error *error)
{
  struct tp_late *const late = calloc(TP_LATENESS_MOST, sizeof *late);
  if (late == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  const enum tp_status status = tp_lateness_read(&emulation->lateness, late, error);
  *late_s = 0;
  for (int i = 0; i < emulation->lateness.n && status == TP_OK; i++)
    *late_s += late[i].last_s;
  free(late);
  return status;
}
