#include "cost/collectives/algorithm.h"

static bool possible(const struct tp_exchange *exchange)
{
  return tp_communicator_has(exchange->group, TP_PATTERN_DIRECT);
}

/* Every rank sends 1/n of the buffer straight to each of the others. */
static void shape(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  const double part = exchange->collective->bytes / exchange->group->ranks;
  cost->n_phases = 1;
  cost->phases[0] = tp_exchange_phase(exchange, TP_PATTERN_DIRECT, 1, part);
  cost->link_bytes = (exchange->group->ranks - 1) * part;
  cost->dram_bytes = 2 * cost->link_bytes;
}

/* Send and receive with each peer: few bytes go by LL on one channel a peer, more by all channels,
 * which fill up as the buffer grows; a rank's own part is copied meanwhile. */
static void overheads(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  const struct tp_device_nccl *nccl = &exchange->machine->device->nccl;
  const double bytes = exchange->collective->bytes, part = bytes / exchange->group->ranks;
  const double peers_s = nccl->direct_peer_s * (exchange->group->ranks - 1);
  const double ll_s = nccl->direct_ll_base_s + peers_s + part / nccl->direct_ll_bytes_per_s;
  const double fill_s =
      nccl->direct_fill_s * (bytes < nccl->direct_fill_bytes ? bytes / nccl->direct_fill_bytes : 1);
  const double copy_bytes_per_s =
      nccl->direct_local_bytes_per_s > 0 ? nccl->direct_local_bytes_per_s : nccl->local_bytes_per_s;
  const double base_s = nccl->direct_base_s + peers_s + fill_s + part / copy_bytes_per_s;
  const double wire_ratio[] = {nccl->direct_wire_ratio, nccl->pcie_wire_ratio,
                               nccl->network_wire_ratio};
  struct tp_comm_phase *phase = &cost->phases[0];
  const double saturated_bytes = phase->flow_bytes * wire_ratio[phase->rate->limiting];
  const double ll_flow_s = phase->flow_bytes / phase->flow_bytes_per_s;
  if (ll_s + ll_flow_s < base_s + saturated_bytes / phase->flow_bytes_per_s) {
    cost->fixed_s += ll_s;
  } else {
    cost->fixed_s += base_s;
    phase->flow_bytes = saturated_bytes;
  }
  cost->sm_share = nccl->ring_sms / exchange->machine->device->datasheet.sm_count;
  cost->sigma = nccl->spread_ratio;
}

const struct tp_collective_algorithm tp_collective_direct = {
    TP_ALGORITHM_DIRECT, TP_SERVES(TP_ALL_TO_ALL) | TP_SERVES(TP_ALL_GATHER), possible, shape,
    overheads};
