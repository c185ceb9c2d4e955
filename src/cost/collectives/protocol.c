/* NCCL's protocols: LL sends 4 bytes of flag with 4 of data, LL128 8 with 120, Simple none but
 * waits for whole slices (NCCL 2.30, src/include/device.h).  MODEL.md, Collectives. */
#include "cost/collectives/algorithm.h"

#include <math.h>

struct protocol {
  double base_s;
  double hop_s[3];      /* by enum tp_link_kind */
  double wire_ratio[3]; /* the same */
};

static const double ll_ratio = 8.0 / 4, ll128_ratio = 128.0 / 120;

/* A chunk that goes round nodes takes the network on one hop a node and local links otherwise. */
static double mean_hop_s(const struct tp_machine *machine, enum tp_pattern pattern,
                         const double *hop_s)
{
  const struct tp_pattern_rate *rates = machine->patterns;
  if (machine->nodes_used == 1 || machine->ranks_per_node == 1 ||
      pattern == TP_PATTERN_LOCAL_RING || pattern == TP_PATTERN_ACROSS_RING)
    return hop_s[rates[pattern].kind];
  const double across = 1.0 / machine->ranks_per_node;
  return across * hop_s[rates[TP_PATTERN_ACROSS_RING].kind] +
         (1 - across) * hop_s[rates[TP_PATTERN_LOCAL_RING].kind];
}

static void apply(const struct tp_machine *machine, const struct protocol *protocol,
                  struct tp_cost *cost)
{
  cost->fixed_s += protocol->base_s;
  for (int i = 0; i < cost->n_phases; i++) {
    const enum tp_link_kind limiting = machine->patterns[cost->phases[i].pattern].limiting;
    cost->phases[i].hop_s += mean_hop_s(machine, cost->phases[i].pattern, protocol->hop_s);
    cost->phases[i].flow_bytes *= protocol->wire_ratio[limiting];
  }
}

void tp_protocol_choose(const struct tp_machine *machine, const struct tp_collective *collective,
                        double local_bytes, struct tp_cost *cost)
{
  const struct tp_device_nccl *nccl = &machine->device->nccl;
  const double pcie = nccl->pcie_wire_ratio, network = nccl->network_wire_ratio;
  const struct protocol protocols[] = {
      {nccl->ll_base_s,
       {nccl->ll_hop_s, nccl->ll_hop_pcie_s, nccl->ll_hop_network_s},
       {nccl->ll_wire_ratio, ll_ratio * pcie, ll_ratio * network}},
      {nccl->ll128_base_s,
       {nccl->ll128_hop_s, nccl->ll128_hop_pcie_s, nccl->ll128_hop_network_s},
       {nccl->ll128_wire_ratio, ll128_ratio * pcie, ll128_ratio * network}},
      {nccl->simple_base_s,
       {nccl->simple_hop_s, nccl->simple_hop_pcie_s, nccl->simple_hop_network_s},
       {nccl->simple_wire_ratio, pcie, network}}};

  struct tp_cost best = *cost;
  double best_s = 0;
  for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++) {
    struct tp_cost tried = *cost;
    apply(machine, &protocols[i], &tried);
    const double tried_s = tp_cost_alone_s(machine, &tried);
    if (i == 0 || tried_s < best_s) {
      best = tried;
      best_s = tried_s;
    }
  }
  *cost = best;
  cost->fixed_s += local_bytes / nccl->local_bytes_per_s +
                   nccl->channels_s * fmin(1, collective->bytes / nccl->channels_bytes);
  cost->sm_share = nccl->ring_sms / machine->device->datasheet.sm_count;
  cost->sigma = nccl->spread_ratio;
}
