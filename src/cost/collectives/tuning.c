/* How long NCCL itself believes that a ring, a tree or a switch lasts: it runs that for which this
 * is least, whatever that takes in truth.  Constants of NCCL 2.30, src/graph/tuning.cc.  MODEL.md,
 * NCCL. */
#include "cost/collectives/tuning.h"

#include <math.h>

enum { NVLINK = TP_LINK_NVLINK, PCIE = TP_LINK_PCIE, NETWORK = TP_LINK_NETWORK };

static const double base_us[2][TP_N_PROTOCOLS] = {{6.6, 14, 8.4}, {6.8, 14, 8.4}};
static const double hop_us[2][3][TP_N_PROTOCOLS] = {
    {[NVLINK] = {0.6, 1.9, 3.4}, [PCIE] = {1, 2.5, 5.7}, [NETWORK] = {2.7, 4, 14}},
    {[NVLINK] = {0.6, 1.25, 4}, [PCIE] = {1, 1.9, 4}, [NETWORK] = {5, 8.5, 14}}};
/* Each hop of a ring over nodes waits at least for the network's own overhead. */
static const double overhead_us[TP_N_PROTOCOLS] = {1, 1, 3};
/* A switch by Simple, the trees of switches over nodes by hops on the network. */
static const double switch_us = 25, switch_hop_us = 20.9;
/* Of what wires carry; LL moves no more than this share of a ring's on one, two, or more nodes
 * (141, 45 and 35 GB/s of an H100's 370, 384 and 384; others alike). */
static const double link_ratio = 0.8, ll128_ratio = 0.92, tree_ratio = 0.92, ll_ratio = 0.5,
                    tree_ll_ratio = 1 / 3.8;
static const double ll_most[3] = {0.37, 0.117, 0.091};

/* Of its bandwidth a tree reaches less, by log2 of the buffer over 64 bytes. */
enum { CORRECTED = 23 };
static const double corrections[TP_N_PROTOCOLS][CORRECTED] = {
    {1, 1, 1, 1, .9, .8, .7, .7, .7, .7, .6, .5, .4, .4, .5, .6, .7, .8, .9, 1, 1, 1, 1},
    {1, 1, 1, 1, 1, .9, .8, .8, .8, .7, .6, .6, .6, .6, .6, .6, .8, .9, .9, .9, .9, 1, 1},
    {.9, .9, .9, .9, .9, .9, .9, .8, .7, .6, .6, .5, .5, .5, .5, .6, .7, .8, .7, .7, .8, .9, .9}};

static double correction(enum tp_protocol protocol, double bytes)
{
  const int size = bytes < 64 ? -1 : (int)floor(log2(bytes / 64));
  return size >= 0 && size < CORRECTED ? corrections[protocol][size] : 1;
}

static enum tp_link_kind local_kind(const struct tp_communicator *group, enum tp_pattern pattern)
{
  const bool nodes = tp_communicator_has(group, TP_PATTERN_LOCAL_RING);
  if (nodes)
    return tp_communicator_rate(group, TP_PATTERN_LOCAL_RING)->kind;
  const struct tp_pattern_rate *rate = tp_communicator_rate(group, pattern);
  return rate->network_share < 1 ? rate->local_kind : rate->kind;
}

bool tp_nccl_has_protocol(const struct tp_communicator *group, enum tp_protocol protocol)
{
  return protocol != TP_PROTOCOL_LL128 || group->ranks_per_node == 1 ||
         local_kind(group, TP_PATTERN_RING) == TP_LINK_NVLINK;
}

static double wire_bytes_per_s(const struct tp_communicator *group, enum tp_pattern pattern)
{
  const struct tp_pattern_rate *rate = tp_communicator_rate(group, pattern);
  return rate->flow_bytes_per_s * (rate->limiting == TP_LINK_NETWORK ? 1 : link_ratio);
}

int tp_nccl_nodes(const struct tp_communicator *group)
{
  if (group->nodes_used > 1)
    return group->nodes_used;
  const double share = tp_communicator_rate(group, TP_PATTERN_RING)->network_share;
  return (int)fmax(1, round(share * group->ranks));
}

static int log2_ceil(int n)
{
  int log2 = 0;
  while (1 << log2 < n)
    log2++;
  return log2;
}

struct tp_nccl_depth tp_nccl_tree_depth(const struct tp_communicator *group)
{
  const int across = log2_ceil(tp_nccl_nodes(group));
  return (struct tp_nccl_depth){group->most_per_node - 1 + across, across};
}

static double ll_share(const struct tp_communicator *group)
{
  const int nodes = tp_nccl_nodes(group);
  return ll_most[nodes > 2 ? 2 : nodes - 1];
}

static double ring_s(const struct tp_exchange *exchange, enum tp_protocol protocol)
{
  const struct tp_communicator *group = exchange->group;
  const int rounds = exchange->collective->kind == TP_ALL_REDUCE ? 2 : 1;
  const int nodes = tp_nccl_nodes(group);
  const int steps = rounds * (group->ranks - 1), across = rounds * (nodes - 1);
  const double(*const hop)[TP_N_PROTOCOLS] = hop_us[0];
  const enum tp_link_kind kind = local_kind(group, TP_PATTERN_RING);
  const double local_us = fmax(hop[kind][protocol], nodes > 1 ? overhead_us[protocol] : 0);
  const double ratios[TP_N_PROTOCOLS] = {fmin(ll_ratio, ll_share(group)), ll128_ratio, 1};
  const double sent = exchange->collective->bytes * steps / group->ranks;
  return 1e-6 * (base_us[0][protocol] + (steps - across) * local_us +
                 across * hop[NETWORK][protocol]) +
         sent / (ratios[protocol] * wire_bytes_per_s(group, TP_PATTERN_RING));
}

static double tree_s(const struct tp_exchange *exchange, enum tp_protocol protocol)
{
  const struct tp_communicator *group = exchange->group;
  const double bytes = exchange->collective->bytes;
  const int nodes = tp_nccl_nodes(group);
  const double(*const hop)[TP_N_PROTOCOLS] = hop_us[1];
  const double latency_us =
      2 * ((group->most_per_node - 1) * hop[local_kind(group, TP_PATTERN_TREE)][protocol] +
           log2(nodes) * hop[NETWORK][protocol]);
  const double ratios[TP_N_PROTOCOLS] = {fmin(tree_ll_ratio * tree_ratio, ll_share(group)),
                                         nodes == 1 ? 7.0 / 9 : 120.0 / 128, tree_ratio};
  return 1e-6 * (base_us[1][protocol] + latency_us) +
         bytes / (ratios[protocol] * correction(protocol, bytes) *
                  wire_bytes_per_s(group, TP_PATTERN_TREE));
}

/* The protocol that is believed to be the fastest, and how long it is believed to take. */
static enum tp_protocol believed(const struct tp_exchange *exchange, bool tree, double *least_s)
{
  enum tp_protocol best = TP_PROTOCOL_LL;
  *least_s = HUGE_VAL;
  for (int p = 0; p < TP_N_PROTOCOLS; p++) {
    const enum tp_protocol protocol = (enum tp_protocol)p;
    if (!tp_nccl_has_protocol(exchange->group, protocol))
      continue;
    const double takes_s = tree ? tree_s(exchange, protocol) : ring_s(exchange, protocol);
    if (takes_s < *least_s) {
      *least_s = takes_s;
      best = protocol;
    }
  }
  return best;
}

enum tp_protocol tp_nccl_protocol(const struct tp_exchange *exchange, bool tree)
{
  double least_s;
  return believed(exchange, tree, &least_s);
}

bool tp_nccl_takes_switch(const struct tp_exchange *exchange)
{
  const int nodes = tp_nccl_nodes(exchange->group);
  const double begun_s = 1e-6 * (switch_us + 2 * log2(nodes) * switch_hop_us);
  double ring_takes_s, tree_takes_s = HUGE_VAL;
  believed(exchange, false, &ring_takes_s);
  if (nodes > 1)
    believed(exchange, true, &tree_takes_s);
  return begun_s < fmin(ring_takes_s, tree_takes_s);
}

/* A block less where each thread would get fewer bytes; LL counts those of a rank in rings
 * (threadThresholds of src/graph/tuning.cc, topoGetAlgoInfo of src/enqueue.cc).  Through host
 * memory NCCL's search finds paths for two. */
double tp_nccl_sms(const struct tp_exchange *exchange, enum tp_protocol protocol, bool tree)
{
  static const double threads[TP_N_PROTOCOLS] = {512, 640, 512};
  static const double thread_bytes[TP_N_PROTOCOLS] = {8, 8, 64};
  static const double most_by_pcie = 2;
  const struct tp_device_nccl *nccl = &exchange->machine->device->nccl;
  const bool pcie = local_kind(exchange->group, TP_PATTERN_RING) == TP_LINK_PCIE;
  const double most = pcie ? fmin(most_by_pcie, nccl->ring_sms) : nccl->ring_sms;
  const double ranks = protocol == TP_PROTOCOL_LL && !tree ? exchange->group->ranks : 1;
  const double block_bytes = threads[protocol] * thread_bytes[protocol] * ranks;
  const double least = fmax(1, nccl->least_sms);
  return fmin(most, fmax(least, floor(exchange->collective->bytes / block_bytes)));
}
