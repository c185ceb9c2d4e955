#include "cost/collectives/algorithm.h"

static bool possible(const struct tp_machine *machine, const struct tp_collective *collective)
{
  return machine->patterns[TP_PATTERN_DIRECT].possible &&
         (collective->kind == TP_ALL_TO_ALL || collective->kind == TP_ALL_GATHER);
}

/* Every rank sends 1/n of the buffer straight to each of the others. */
static void shape(const struct tp_machine *machine, const struct tp_collective *collective,
                  struct tp_cost *cost)
{
  const double part = collective->bytes / machine->ranks;
  cost->n_phases = 1;
  cost->phases[0] = (struct tp_comm_phase){TP_PATTERN_DIRECT, 1, 0, part};
  cost->link_bytes = (machine->ranks - 1) * part;
  cost->dram_bytes = 2 * cost->link_bytes;
}

/* Send and receive with each peer: few bytes go by LL on one channel a peer. */
static void overheads(const struct tp_machine *machine, const struct tp_collective *collective,
                      struct tp_cost *cost)
{
  const struct tp_device_nccl *nccl = &machine->device->nccl;
  const double part = collective->bytes / machine->ranks;
  const double ll_s = nccl->direct_ll_base_s + part / nccl->direct_ll_bytes_per_s;
  const double base_s = nccl->direct_base_s + nccl->direct_peer_s * (machine->ranks - 1) +
                        part / nccl->local_bytes_per_s;
  const double wire_ratio[] = {nccl->direct_wire_ratio, nccl->pcie_wire_ratio,
                               nccl->network_wire_ratio};
  const struct tp_pattern_rate *rate = &machine->patterns[TP_PATTERN_DIRECT];
  const double saturated_bytes = cost->phases[0].flow_bytes * wire_ratio[rate->limiting];
  const double flow_s = saturated_bytes / rate->flow_bytes_per_s;
  if (ll_s < base_s + flow_s) {
    cost->fixed_s += ll_s;
  } else {
    cost->fixed_s += base_s;
    cost->phases[0].flow_bytes = saturated_bytes;
  }
  cost->sm_share = nccl->ring_sms / machine->device->datasheet.sm_count;
  cost->sigma = nccl->spread_ratio;
}

const struct tp_collective_algorithm tp_collective_direct = {TP_ALGORITHM_DIRECT, possible, shape,
                                                             overheads};
