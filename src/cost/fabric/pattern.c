#include "cost/fabric/pattern.h"

#include <stdlib.h>

struct list {
  const struct tp_machine *machine;
  struct tp_flow *flows;
  size_t n;
};

static void add(struct list *list, int rank, int src, int dst, double share)
{
  list->flows[list->n++] = (struct tp_flow){.rank = rank, .src = src, .dst = dst, .share = share};
}

static void add_ranks(struct list *list, int from, int to, double share)
{
  add(list, from, list->machine->gpus[from], list->machine->gpus[to], share);
}

/* The rank `step` places after `rank` on the ring of its node. */
static int on_ring(const struct tp_machine *machine, const struct tp_ring *ring, int rank, int step)
{
  const int size = machine->ranks_per_node, local = rank % size;
  int place = 0;
  while (ring->order[place] != local)
    place++;
  return rank - local + ring->order[(place + size + step) % size];
}

static void local_ring(struct list *list, int rank, double share)
{
  const struct tp_machine *machine = list->machine;
  if (machine->ranks_per_node < 2)
    return;
  for (int i = 0; i < machine->n_rings; i++)
    add_ranks(list, rank, on_ring(machine, &machine->rings[i], rank, 1),
              share * machine->rings[i].share);
}

static void across_ring(struct list *list, int rank, double share)
{
  const struct tp_machine *machine = list->machine;
  if (machine->nodes_used > 1)
    add_ranks(list, rank, (rank + machine->ranks_per_node) % machine->ranks, share);
}

/* Between nodes a library turns the ring so that each of its channels leaves a node through another
 * GPU: every local edge is missing in one channel, every GPU has 1/R of the traffic across. */
static void ring(struct list *list, int rank)
{
  const struct tp_machine *machine = list->machine;
  const double across = 1.0 / machine->ranks_per_node;
  local_ring(list, rank, machine->nodes_used > 1 ? 1 - across : 1);
  across_ring(list, rank, across);
}

/* Chain along the ring in a node, both ways (NCCL's tree inside a node); nodes form a binary tree
 * whose edges are spread over same-numbered ranks. */
static void tree(struct list *list, int rank)
{
  const struct tp_machine *machine = list->machine;
  const int size = machine->ranks_per_node, node = rank / size;
  for (int i = 0; size > 1 && i < machine->n_rings; i++) {
    const struct tp_ring *chain = &machine->rings[i];
    if (rank % size != chain->order[size - 1])
      add_ranks(list, rank, on_ring(machine, chain, rank, 1), chain->share);
    if (rank % size != chain->order[0])
      add_ranks(list, rank, on_ring(machine, chain, rank, -1), chain->share);
  }
  const int neighbours[3] = {(node - 1) / 2, 2 * node + 1, 2 * node + 2};
  for (int i = node == 0; i < 3; i++)
    if (neighbours[i] < machine->nodes_used)
      add_ranks(list, rank, neighbours[i] * size + rank % size, 1.0 / size);
}

static void direct(struct list *list, int rank)
{
  const int ranks = list->machine->ranks;
  for (int step = 1; step < ranks; step++)
    add_ranks(list, rank, (rank + step) % ranks, 1);
}

static void local_direct(struct list *list, int rank)
{
  const struct tp_machine *machine = list->machine;
  const int size = machine->ranks_per_domain, local = rank % size;
  for (int step = 1; step < size && machine->domains_used > 1; step++)
    add_ranks(list, rank, rank - local + (local + step) % size, 1);
}

static void across_direct(struct list *list, int rank)
{
  const struct tp_machine *machine = list->machine;
  for (int step = 1; step < machine->domains_used; step++)
    add_ranks(list, rank, (rank + step * machine->ranks_per_domain) % machine->ranks, 1);
}

static void in_switch(struct list *list, int rank)
{
  const struct tp_machine *machine = list->machine;
  if (machine->reducing_switch < 0 || machine->nodes_used > 1)
    return;
  add(list, rank, machine->gpus[rank], machine->reducing_switch, 1);
  add(list, rank, machine->reducing_switch, machine->gpus[rank], 1);
}

size_t tp_pattern_flows(const struct tp_machine *machine, enum tp_pattern pattern,
                        struct tp_flow *flows)
{
  struct list list = {.machine = machine, .flows = flows};
  for (int rank = 0; machine->ranks > 1 && rank < machine->ranks; rank++) {
    switch (pattern) {
    case TP_PATTERN_RING:
      ring(&list, rank);
      break;
    case TP_PATTERN_DIRECT:
      direct(&list, rank);
      break;
    case TP_PATTERN_TREE:
      tree(&list, rank);
      break;
    case TP_PATTERN_SWITCH:
      in_switch(&list, rank);
      break;
    case TP_PATTERN_LOCAL_RING:
      if (machine->nodes_used > 1)
        local_ring(&list, rank, 1);
      break;
    case TP_PATTERN_ACROSS_RING:
      across_ring(&list, rank, 1);
      break;
    case TP_PATTERN_LOCAL_DIRECT:
      local_direct(&list, rank);
      break;
    case TP_PATTERN_ACROSS_DIRECT:
      across_direct(&list, rank);
      break;
    case TP_N_PATTERNS:
      break;
    }
  }
  return list.n;
}

/* Seconds a directed link needs for one flow_byte of the pattern: sum of shares over its rate. */
static void add_load(const struct tp_platform *platform, const struct tp_flow *flow, double sign,
                     double *load)
{
  const struct tp_route *route = tp_platform_route(platform, flow->src, flow->dst);
  for (int h = 0; h < route->n_hops; h++)
    load[route->hops[h]] += sign * flow->share / platform->links[route->hops[h] / 2].bytes_per_s;
}

/* The busiest directed link on the way of `flows`. */
static int worst_hop(const struct tp_platform *platform, const struct tp_flow *flows, size_t n,
                     const double *load)
{
  int worst = tp_platform_route(platform, flows[0].src, flows[0].dst)->hops[0];
  for (size_t i = 0; i < n; i++) {
    const struct tp_route *route = tp_platform_route(platform, flows[i].src, flows[i].dst);
    for (int h = 0; h < route->n_hops; h++)
      worst = load[route->hops[h]] > load[worst] ? route->hops[h] : worst;
  }
  return worst;
}

/* Of links as busy as the busiest, to rounding (several rings fill more than one), the slowest
 * kind.
 */
static enum tp_link_kind limiting_kind(const struct tp_platform *platform,
                                       const struct tp_flow *flows, size_t n, const double *load,
                                       double most)
{
  enum tp_link_kind kind = TP_LINK_NVLINK;
  for (size_t i = 0; i < n; i++) {
    const struct tp_route *route = tp_platform_route(platform, flows[i].src, flows[i].dst);
    for (int h = 0; h < route->n_hops; h++) {
      const enum tp_link_kind here = platform->links[route->hops[h] / 2].kind;
      if (load[route->hops[h]] >= most * (1 - 1e-9) && here > kind)
        kind = here;
    }
  }
  return kind;
}

/* Whether some rank's flows would end sooner without the others'. */
static bool is_shared(const struct tp_platform *platform, const struct tp_flow *flows,
                      size_t n_flows, const double *all, double *own)
{
  bool shared = false;
  for (size_t first = 0, end; first < n_flows; first = end) {
    for (end = first; end < n_flows && flows[end].rank == flows[first].rank; end++)
      add_load(platform, &flows[end], 1, own);
    const double with_s = all[worst_hop(platform, flows + first, end - first, all)];
    const double alone_s = own[worst_hop(platform, flows + first, end - first, own)];
    shared |= with_s > alone_s * (1 + 1e-9);
    for (size_t i = first; i < end; i++)
      add_load(platform, &flows[i], -1, own);
  }
  return shared;
}

/* A chunk that goes round meets every link in turn, so its steps take the mean; flows that all
 * start at once end with the slowest. */
static double latency(const struct tp_platform *platform, enum tp_pattern pattern,
                      const struct tp_flow *flows, size_t n_flows)
{
  double longest = 0, sum = 0, shares = 0;
  for (size_t i = 0; i < n_flows; i++) {
    const double latency_s = tp_platform_route(platform, flows[i].src, flows[i].dst)->latency_s;
    longest = latency_s > longest ? latency_s : longest;
    sum += flows[i].share * latency_s;
    shares += flows[i].share;
  }
  return pattern == TP_PATTERN_RING || pattern == TP_PATTERN_TREE ? sum / shares : longest;
}

struct tp_pattern_rate tp_pattern_rate(const struct tp_machine *machine, enum tp_pattern pattern)
{
  const struct tp_platform *platform = machine->platform;
  struct tp_flow flows[TP_MAX_FLOWS];
  const size_t n = tp_pattern_flows(machine, pattern, flows);
  struct tp_pattern_rate rate = {.possible = n > 0};
  if (!rate.possible)
    return rate;
  double *all = calloc(4 * platform->n_links, sizeof *all);
  if (all == NULL)
    abort();
  double *const own = all + 2 * platform->n_links;

  for (size_t i = 0; i < n; i++) {
    const struct tp_route *route = tp_platform_route(platform, flows[i].src, flows[i].dst);
    rate.kind = route->kind > rate.kind ? route->kind : rate.kind;
    add_load(platform, &flows[i], 1, all);
  }
  rate.latency_s = latency(platform, pattern, flows, n);
  rate.shared = is_shared(platform, flows, n, all, own);
  const int worst = worst_hop(platform, flows, n, all);
  rate.flow_bytes_per_s = 1 / all[worst];
  rate.limiting = limiting_kind(platform, flows, n, all, all[worst]);
  free(all);
  return rate;
}
