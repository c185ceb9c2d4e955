#include "gpu/peers.h"

#include "gpu/check.h"
#include "peers/nccl.h"
#include "peers/peer_memory.h"
#include "run/comm_choice.h"

#include <stdlib.h>

struct tp_peers {
  struct tp_comm_place place;
  struct tp_nccl *nccl;
  struct tp_peer_memory memory;
};

enum tp_status tp_peers_open(struct tp_team *group, int device, const struct tp_stack *stack,
                             struct tp_peers **peers, struct tp_error *error)
{
  struct tp_peers *const made = calloc(1, sizeof *made);
  if (made == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  enum tp_status status = tp_peer_memory_open(group, device, &made->memory, error);
  if (status == TP_OK)
    status = tp_nccl_open(group, &made->nccl, error);
  if (status != TP_OK) {
    tp_peers_close(made);
    return status;
  }
  made->place = (struct tp_comm_place){
      .stack = stack, .ranks = tp_team_ranks(group), .peer_access = made->memory.reached};
  *peers = made;
  return TP_OK;
}

void tp_peers_close(struct tp_peers *peers)
{
  if (peers == NULL)
    return;
  tp_nccl_close(peers->nccl);
  if (peers->memory.reached)
    tp_peer_memory_close(&peers->memory);
  free(peers);
}

static enum tp_status run(struct tp_peers *peers, enum tp_comm_way way, const struct tp_op *op,
                          const struct tp_comm_buffers *buffers, cudaStream_t stream,
                          struct tp_error *error)
{
  const struct tp_peer *peer = &peers->memory.peer;
  const struct tp_wire *wire = &op->collective.wire;
  const int sms = op->collective.sms;
  const void *const in = buffers->in;
  void *const out = buffers->out;
  const int64_t n = buffers->elements;
  switch (way) {
  case TP_COMM_NCCL:
    return tp_nccl_run(peers->nccl, op, buffers, stream, error);
  case TP_COMM_ONE_SHOT:
    return TP_CUDA(tp_peer_one_shot(peer, in, out, n, buffers->dtype, sms, stream), error);
  case TP_COMM_TWO_SHOT:
    return TP_CUDA(tp_peer_two_shot(peer, in, out, n, buffers->dtype, sms, stream), error);
  case TP_COMM_FLASH:
    return TP_CUDA(tp_peer_flash(peer, in, out, n, buffers->dtype, wire, sms, stream), error);
  case TP_COMM_NOTHING:
    break; /* a lone rank's */
  }
  return tp_fail(error, TP_E_INPUT, "%s: no way to do it is known", op->name);
}

enum tp_status tp_peers_run(struct tp_peers *peers, const struct tp_bound_op *bound,
                            cudaStream_t stream, struct tp_error *error)
{
  enum tp_comm_way way;
  struct tp_comm_buffers buffers;
  TP_TRY(tp_comm_choose(&peers->place, bound->op, &way, error));
  TP_TRY(tp_comm_buffers_of(bound, peers->place.ranks, &buffers, error));
  return run(peers, way, bound->op, &buffers, stream, error);
}

int tp_peers_nccl_version(void)
{
  return tp_nccl_version();
}
