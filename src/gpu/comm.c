#include "gpu/comm.h"

#include "gpu/check.h"
#include "gpu/emulation.h"
#include "gpu/nccl.h"
#include "gpu/peer_memory.h"
#include "run/comm_choice.h"

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
  comm->place.ranks = tp_team_ranks(options->group);
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

static enum tp_status copy(const struct tp_comm_buffers *buffers, cudaStream_t stream,
                           struct tp_error *error)
{
  const double bytes = (double)buffers->elements * tp_dtype_bytes(buffers->dtype);
  if (buffers->in == buffers->out)
    return TP_OK;
  return TP_CUDA(
      cudaMemcpyAsync(buffers->out, buffers->in, (size_t)bytes, cudaMemcpyDeviceToDevice, stream),
      error);
}

static enum tp_status run(struct tp_comm *comm, enum tp_comm_way way, const struct tp_op *op,
                          const struct tp_comm_buffers *buffers, cudaStream_t stream,
                          struct tp_error *error)
{
  const struct tp_peer *peer = &comm->peers.peer;
  const struct tp_wire *wire = &op->collective.wire;
  const int sms = op->collective.sms;
  const void *const in = buffers->in;
  void *const out = buffers->out;
  const int64_t n = buffers->elements;
  switch (way) {
  case TP_COMM_NOTHING:
    return copy(buffers, stream, error);
  case TP_COMM_NCCL:
    return tp_nccl_run(comm->nccl, op, buffers, stream, error);
  case TP_COMM_ONE_SHOT:
    return TP_CUDA(tp_peer_one_shot(peer, in, out, n, buffers->dtype, sms, stream), error);
  case TP_COMM_TWO_SHOT:
    return TP_CUDA(tp_peer_two_shot(peer, in, out, n, buffers->dtype, sms, stream), error);
  case TP_COMM_FLASH:
    return TP_CUDA(tp_peer_flash(peer, in, out, n, buffers->dtype, wire, sms, stream), error);
  }
  return tp_fail(error, TP_E_INPUT, "%s: no way to do it is known", op->name);
}

enum tp_status tp_comm_run(struct tp_comm *comm, const struct tp_bound_op *bound,
                           cudaStream_t stream, struct tp_error *error)
{
  if (comm->emulation != NULL)
    return tp_emulation_run(comm->emulation, bound, stream, error);
  enum tp_comm_way way;
  struct tp_comm_buffers buffers;
  enum tp_status status = tp_comm_choose(&comm->place, bound->op, &way, error);
  if (status == TP_OK)
    status = tp_comm_buffers_of(bound, comm->place.ranks, &buffers, error);
  return status == TP_OK ? run(comm, way, bound->op, &buffers, stream, error) : status;
}

enum tp_status tp_comm_watch(struct tp_comm *comm, struct tp_error *error)
{
  return tp_emulation_watch(comm->emulation, error);
}

enum tp_status tp_comm_late(struct tp_comm *comm, double *late_s, struct tp_error *error)
{
  return tp_emulation_late(comm->emulation, late_s, error);
}
