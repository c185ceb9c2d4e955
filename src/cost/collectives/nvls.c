#include "cost/collectives/algorithm.h"

static bool possible(const struct tp_exchange *exchange)
{
  return exchange->machine->stack->collectives.nvls &&
         tp_communicator_has(exchange->group, TP_PATTERN_SWITCH);
}

/* Each rank owns 1/n of the buffer: the switch collects it from all (every GPU sends S in total and
 * gets S/n back) and spreads the sum (every GPU sends S/n and gets S). */
static void shape(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  const double sent = exchange->collective->bytes * (1 + 1.0 / exchange->group->ranks);
  cost->n_phases = 1;
  cost->phases[0] = tp_exchange_phase(exchange, TP_PATTERN_SWITCH, 2, sent);
  cost->link_bytes = sent;
  cost->dram_bytes = 2 * exchange->collective->bytes;
}

/* NCCL's kernel, or one of a framework that fits small buffers (multimem). */
static void overheads(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  const struct tp_device_nccl *nccl = &exchange->machine->device->nccl;
  const struct tp_device_peer_kernels *peer = &exchange->machine->device->peer_kernels;
  const bool by_peer_kernel = tp_collective_uses_switch_kernel(exchange);
  cost->fixed_s += by_peer_kernel ? peer->switch_base_s : nccl->nvls_base_s;
  cost->phases[0].flow_bytes *= by_peer_kernel ? peer->switch_wire_ratio : nccl->nvls_wire_ratio;
  cost->sm_share =
      (by_peer_kernel ? peer->sms : nccl->nvls_sms) / exchange->machine->device->datasheet.sm_count;
  cost->sigma = by_peer_kernel ? peer->spread_ratio : nccl->spread_ratio;
}

const struct tp_collective_algorithm tp_collective_nvls = {
    TP_ALGORITHM_NVLS, TP_SERVES(TP_ALL_REDUCE), possible, shape, overheads};
