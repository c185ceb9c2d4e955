#include "cuda/gpu_comm.h"

#include "cuda/comm_choice.h"
#include "cuda/gpu_check.h"
#include "cuda/gpu_emulation.h"
#include "cuda/gpu_nccl.h"
#include "cuda/gpu_peer_memory.h"

#include <stdlib.h>

struct tp_comm {
  struct tp_comm_place place;
  struct tp_emulation *emulation; /* or: */
  struct tp_nccl *nccl;
  struct tp_peer_memory peers;
};

static enum tp_status set_up(struct tp_comm *comm, const struct tp_gpu_options *options,
                             struct tp_error *error)
{
  comm->place = (struct tp_comm_place){.stack = options->stack, .ranks = 1};
  if (options->emulated != NULL)
    return tp_emulation_open(options, &comm->emulation, error);
  if (options->group == NULL)
    return TP_OK;
  enum tp_status status = tp_peer_memory_open(options->group, options->device, &comm->peers, error);
  if (status == TP_OK)
    status = tp_nccl_open(options->group, &comm->nccl, error);
  comm->place.ranks = tp_group_ranks(options->group);
  comm->place.peer_access = comm->peers.reached;
  return status;
}

enum tp_status tp_comm_open(const struct tp_gpu_options *options, struct tp_comm **comm,
                            struct tp_error *error)
{
  struct tp_comm *const made = calloc(1, sizeof *made);
  if (made == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  const enum tp_status status = set_up(made, options, error);
  if (status == TP_OK)
    *comm = made;
  else
    tp_comm_close(made);
  return status;
}

void tp_comm_close(struct tp_comm *comm)
{
  if (comm == NULL)
    return;
  tp_emulation_close(comm->emulation);
  tp_nccl_close(comm->nccl);
  if (comm->peers.reached)
    tp_peer_memory_close(&comm->peers);
  free(comm);
}

/* A buffer is one piece of memory. */
static enum tp_status check_buffer(const struct tp_op *op, const struct tp_operand *operand,
                                   struct tp_error *error)
{
  if (operand->data == NULL)
    return tp_fail(error, TP_E_INPUT, "%s: the program does not say its operands", op->name);
  if (operand->rows > 1 && operand->row_elements != operand->columns)
    return tp_fail(error, TP_E_INPUT,
                   "%s: rows of %lld lie %lld apart; a collective needs them next to each other",
                   op->name, (long long)operand->columns, (long long)operand->row_elements);
  return TP_OK;
}

static enum tp_status copy(const struct tp_bound_op *bound, cudaStream_t stream,
                           struct tp_error *error)
{
  const void *const in = bound->in[0].data;
  void *const out = bound->out[0].data;
  if (in == out)
    return TP_OK;
  return TP_CUDA(cudaMemcpyAsync(out, in, (size_t)bound->op->collective.bytes,
                                 cudaMemcpyDeviceToDevice, stream),
                 error);
}

static enum tp_status run(struct tp_comm *comm, enum tp_comm_way way,
                          const struct tp_bound_op *bound, cudaStream_t stream,
                          struct tp_error *error)
{
  const struct tp_collective *collective = &bound->op->collective;
  const struct tp_peer *peer = &comm->peers.peer;
  const int64_t n = (int64_t)(collective->bytes / tp_dtype_bytes(collective->dtype));
  const void *const in = bound->in[0].data;
  void *const out = bound->out[0].data;
  switch (way) {
  case TP_COMM_NOTHING:
    break;
  case TP_COMM_NCCL:
    return tp_nccl_run(comm->nccl, bound->op, in, out, stream, error);
  case TP_COMM_ONE_SHOT:
    return TP_CUDA(tp_peer_one_shot(peer, in, out, n, collective->dtype, collective->sms, stream),
                   error);
  case TP_COMM_TWO_SHOT:
    return TP_CUDA(tp_peer_two_shot(peer, in, out, n, collective->dtype, collective->sms, stream),
                   error);
  case TP_COMM_FLASH:
    return TP_CUDA(tp_peer_flash(peer, in, out, n, collective->dtype, &collective->wire,
                                 collective->sms, stream),
                   error);
  }
  return copy(bound, stream, error);
}

enum tp_status tp_comm_run(struct tp_comm *comm, const struct tp_bound_op *bound,
                           cudaStream_t stream, struct tp_error *error)
{
  if (comm->emulation != NULL)
    return tp_emulation_run(comm->emulation, bound, stream, error);
  enum tp_comm_way way;
  enum tp_status status = tp_comm_choose(&comm->place, bound->op, &way, error);
  if (status == TP_OK)
    status = check_buffer(bound->op, &bound->in[0], error);
  if (status == TP_OK)
    status = check_buffer(bound->op, &bound->out[0], error);
  return status == TP_OK ? run(comm, way, bound, stream, error) : status;
}
