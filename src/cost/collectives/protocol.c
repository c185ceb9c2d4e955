/* NCCL's protocols: LL sends 4 bytes of flag with 4 of data, LL128 8 with 120, Simple none but
 * waits for whole slices (NCCL 2.30, src/include/device.h).  MODEL.md, Collectives. */
#include "cost/collectives/tuning.h"

#include <math.h>

struct protocol {
  double base_s;
  double hop_s[3];      /* by enum tp_link_kind */
  double wire_ratio[3]; /* the same */
};

static const double ll_ratio = 8.0 / 4, ll128_ratio = 128.0 / 120;

/* Of nodes with unequal numbers of ranks, which count as one: hops that leave a node.  A tree has
 * as many as it is deep in nodes, whichever way its chains go. */
static double network_share(const struct tp_communicator *group, const struct tp_pattern_rate *rate)
{
  const struct tp_nccl_depth depth = tp_nccl_tree_depth(group);
  if (rate->pattern != TP_PATTERN_TREE || depth.across == 0)
    return rate->network_share;
  return (double)depth.across / depth.hops;
}

/* A chunk that goes round nodes takes the network on one hop a node and local links otherwise. */
static double mean_hop_s(const struct tp_communicator *group, const struct tp_pattern_rate *rate,
                         const double *hop_s)
{
  if (group->nodes_used == 1) {
    const double share = network_share(group, rate);
    return share * hop_s[TP_LINK_NETWORK] + (1 - share) * hop_s[rate->local_kind];
  }
  if (group->ranks_per_node == 1 || rate->pattern == TP_PATTERN_LOCAL_RING ||
      rate->pattern == TP_PATTERN_ACROSS_RING)
    return hop_s[rate->kind];
  const double across = 1.0 / group->ranks_per_node;
  return across * hop_s[tp_communicator_rate(group, TP_PATTERN_ACROSS_RING)->kind] +
         (1 - across) * hop_s[tp_communicator_rate(group, TP_PATTERN_LOCAL_RING)->kind];
}

static void apply(const struct tp_communicator *group, const struct protocol *protocol,
                  struct tp_cost *cost)
{
  cost->fixed_s += protocol->base_s;
  for (int i = 0; i < cost->n_phases; i++) {
    struct tp_comm_phase *phase = &cost->phases[i];
    phase->hop_s += mean_hop_s(group, phase->rate, protocol->hop_s);
    phase->flow_bytes *= protocol->wire_ratio[phase->rate->limiting];
  }
}

/* A key that is 0 where a device file does not say: then the protocol's own overhead. */
static double said_or(double said, double otherwise)
{
  return said > 0 ? said : otherwise;
}

/* What a rank copies for itself is hidden by what it sends, but for the first bytes. */
static double local_s(const struct tp_device_nccl *nccl, double bytes)
{
  const double shown =
      nccl->local_bytes > 0 ? -nccl->local_bytes * expm1(-bytes / nccl->local_bytes) : bytes;
  return shown / nccl->local_bytes_per_s;
}

void tp_protocol_choose(const struct tp_exchange *exchange, enum tp_protocol least,
                        double local_bytes, struct tp_cost *cost)
{
  const struct tp_device_nccl *nccl = &exchange->machine->device->nccl;
  const double pcie = nccl->pcie_wire_ratio, network = nccl->network_wire_ratio;
  const struct protocol protocols[TP_N_PROTOCOLS] = {
      {nccl->ll_base_s,
       {nccl->ll_hop_s, nccl->ll_hop_pcie_s, nccl->ll_hop_network_s},
       {nccl->ll_wire_ratio, said_or(nccl->ll_pcie_wire_ratio, ll_ratio * pcie),
        said_or(nccl->ll_network_wire_ratio, ll_ratio * network)}},
      {nccl->ll128_base_s,
       {nccl->ll128_hop_s, nccl->ll128_hop_pcie_s, nccl->ll128_hop_network_s},
       {nccl->ll128_wire_ratio, ll128_ratio * pcie,
        said_or(nccl->ll128_network_wire_ratio, ll128_ratio * network)}},
      {nccl->simple_base_s,
       {nccl->simple_hop_s, nccl->simple_hop_pcie_s, nccl->simple_hop_network_s},
       {nccl->simple_wire_ratio, pcie, network}}};

  struct tp_cost best = *cost;
  double best_s = HUGE_VAL;
  for (int p = (int)least; p < TP_N_PROTOCOLS; p++) {
    if (!tp_nccl_has_protocol(exchange->group, (enum tp_protocol)p))
      continue;
    struct tp_cost tried = *cost;
    apply(exchange->group, &protocols[p], &tried);
    const double tried_s = tp_cost_alone_s(exchange->machine, &tried);
    if (tried_s < best_s) {
      best = tried;
      best_s = tried_s;
    }
  }
  *cost = best;
  cost->fixed_s += local_s(nccl, local_bytes) +
                   nccl->channels_s * fmin(1, exchange->collective->bytes / nccl->channels_bytes);
  cost->sm_share = tp_nccl_sms(exchange, least, cost->algorithm == TP_ALGORITHM_TREE) /
                   exchange->machine->device->datasheet.sm_count;
  cost->sigma = nccl->spread_ratio;
}
