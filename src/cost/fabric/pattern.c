#include "cost/fabric/pattern.h"

/* Flows being listed, of one member of one group. */
struct list {
  const struct tp_communicator *communicator;
  int group, member;
  struct tp_flow *flows;
  size_t n;
};

static void add(struct list *list, int src, int dst, int to, double share)
{
  const int rank = tp_communicator_rank(list->communicator, list->group, list->member);
  list->flows[list->n++] =
      (struct tp_flow){.rank = rank, .to = to, .src = src, .dst = dst, .share = share};
}

static void add_member(struct list *list, int member, double share)
{
  const int *gpus = list->communicator->fabric->gpus;
  const int from = tp_communicator_rank(list->communicator, list->group, list->member);
  const int to = tp_communicator_rank(list->communicator, list->group, member);
  add(list, gpus[from], gpus[to], to, share);
}

/* The member `step` places after `member` on the ring of its node. */
static int on_ring(const struct tp_communicator *communicator, const struct tp_ring *ring,
                   int member, int step)
{
  const int size = communicator->ranks_per_node, local = member % size;
  return member - local + ring->order[(ring->places[local] + size + step) % size];
}

static void local_ring(struct list *list, double share)
{
  const struct tp_communicator *communicator = list->communicator;
  for (int i = 0; i < communicator->n_rings; i++)
    add_member(list, on_ring(communicator, &communicator->rings[i], list->member, 1),
               share * communicator->rings[i].share);
}

static void across_ring(struct list *list, double share)
{
  const struct tp_communicator *communicator = list->communicator;
  if (communicator->nodes_used > 1)
    add_member(list, (list->member + communicator->ranks_per_node) % communicator->ranks, share);
}

/* Between nodes a library turns the ring so that each of its channels leaves a node through another
 * GPU: every local edge is missing in one channel, every GPU has 1/R of the traffic across. */
static void ring(struct list *list)
{
  const struct tp_communicator *communicator = list->communicator;
  const double across = 1.0 / communicator->ranks_per_node;
  local_ring(list, communicator->nodes_used > 1 ? 1 - across : 1);
  across_ring(list, across);
}

/* Nodes form a binary tree, of same-numbered ranks. */
static void across_tree(struct list *list, double share)
{
  const struct tp_communicator *communicator = list->communicator;
  const int size = communicator->ranks_per_node, node = list->member / size;
  const int neighbours[3] = {(node - 1) / 2, 2 * node + 1, 2 * node + 2};
  for (int i = node == 0; i < 3; i++)
    if (neighbours[i] < communicator->nodes_used)
      add_member(list, neighbours[i] * size + list->member % size, share);
}

/* Chain along the ring in a node, both ways (NCCL's tree inside a node); the edges between nodes
 * are spread over all ranks. */
static void tree(struct list *list)
{
  const struct tp_communicator *communicator = list->communicator;
  const int size = communicator->ranks_per_node, member = list->member;
  for (int i = 0; i < communicator->n_rings; i++) {
    const struct tp_ring *chain = &communicator->rings[i];
    if (member % size != chain->order[size - 1])
      add_member(list, on_ring(communicator, chain, member, 1), chain->share);
    if (member % size != chain->order[0])
      add_member(list, on_ring(communicator, chain, member, -1), chain->share);
  }
  across_tree(list, 1.0 / size);
}

static void direct(struct list *list)
{
  const int ranks = list->communicator->ranks;
  for (int step = 1; step < ranks; step++)
    add_member(list, (list->member + step) % ranks, 1);
}

static void local_direct(struct list *list)
{
  const int size = list->communicator->ranks_per_domain, local = list->member % size;
  for (int step = 1; step < size; step++)
    add_member(list, list->member - local + (local + step) % size, 1);
}

static void across_direct(struct list *list)
{
  const struct tp_communicator *communicator = list->communicator;
  for (int step = 1; step < communicator->domains_used; step++)
    add_member(list, (list->member + step * communicator->ranks_per_domain) % communicator->ranks,
               1);
}

static void in_switch(struct list *list, double share)
{
  const struct tp_communicator *communicator = list->communicator;
  const int rank = tp_communicator_rank(communicator, list->group, list->member);
  const int gpu = communicator->fabric->gpus[rank];
  const int node = list->member / communicator->ranks_per_node;
  const int at = communicator->reducing_switches[list->group * communicator->nodes_used + node];
  add(list, gpu, at, rank, share);
  add(list, at, gpu, rank, share);
}

/* A rank's switch sums all of the buffer for its node, and the rank's part of it goes across. */
static void switch_tree(struct list *list)
{
  const double part = 1.0 / list->communicator->ranks_per_node;
  in_switch(list, 1 + part);
  across_tree(list, part);
}

bool tp_communicator_has(const struct tp_communicator *communicator, enum tp_pattern pattern)
{
  const bool nodes = communicator->nodes_used > 1, domains = communicator->domains_used > 1;
  switch (pattern) {
  case TP_PATTERN_RING:
  case TP_PATTERN_NEXT:
  case TP_PATTERN_DIRECT:
  case TP_PATTERN_TREE:
    return communicator->ranks > 1;
  case TP_PATTERN_SWITCH:
    return communicator->ranks > 1 && !nodes && communicator->reducing_switches != NULL;
  case TP_PATTERN_LOCAL_RING:
    return nodes && communicator->ranks_per_node > 1;
  case TP_PATTERN_ACROSS_RING:
  case TP_PATTERN_ACROSS_TREE:
    return nodes;
  case TP_PATTERN_LOCAL_SWITCH:
  case TP_PATTERN_SWITCH_TREE:
    return nodes && communicator->ranks_per_node > 1 && communicator->reducing_switches != NULL;
  case TP_PATTERN_LOCAL_DIRECT:
    return domains && communicator->ranks_per_domain > 1;
  case TP_PATTERN_ACROSS_DIRECT:
    return domains;
  case TP_N_PATTERNS:
    break;
  }
  return false;
}

static void list_flows(struct list *list, enum tp_pattern pattern)
{
  switch (pattern) {
  case TP_PATTERN_RING:
    ring(list);
    break;
  case TP_PATTERN_NEXT:
    add_member(list, (list->member + 1) % list->communicator->ranks, 1);
    break;
  case TP_PATTERN_DIRECT:
    direct(list);
    break;
  case TP_PATTERN_TREE:
    tree(list);
    break;
  case TP_PATTERN_SWITCH:
  case TP_PATTERN_LOCAL_SWITCH:
    in_switch(list, 1);
    break;
  case TP_PATTERN_SWITCH_TREE:
    switch_tree(list);
    break;
  case TP_PATTERN_ACROSS_TREE:
    across_tree(list, 1);
    break;
  case TP_PATTERN_LOCAL_RING:
    local_ring(list, 1);
    break;
  case TP_PATTERN_ACROSS_RING:
    across_ring(list, 1);
    break;
  case TP_PATTERN_LOCAL_DIRECT:
    local_direct(list);
    break;
  case TP_PATTERN_ACROSS_DIRECT:
    across_direct(list);
    break;
  case TP_N_PATTERNS:
    break;
  }
}

size_t tp_pattern_most_flows(const struct tp_communicator *communicator)
{
  const int of_tree = 2 * TP_MAX_RINGS + 3;
  return (size_t)(communicator->ranks + of_tree);
}

size_t tp_pattern_rank_flows(const struct tp_communicator *communicator, enum tp_pattern pattern,
                             int rank, struct tp_flow *flows)
{
  const int stride = communicator->stride, all = communicator->ranks * stride;
  struct list list = {.communicator = communicator,
                      .group = rank / all * stride + rank % stride,
                      .member = rank % all / stride,
                      .flows = flows};
  if (tp_communicator_has(communicator, pattern))
    list_flows(&list, pattern);
  return list.n;
}

size_t tp_pattern_flows(const struct tp_communicator *communicator, enum tp_pattern pattern,
                        struct tp_arena *arena, struct tp_flow **flows)
{
  struct tp_flow *own = TP_NEW(arena, struct tp_flow, tp_pattern_most_flows(communicator));
  const int ranks = communicator->fabric->ranks;
  size_t n = 0;
  for (int rank = 0; rank < ranks; rank++)
    n += tp_pattern_rank_flows(communicator, pattern, rank, own);
  *flows = TP_NEW(arena, struct tp_flow, n + tp_pattern_most_flows(communicator));
  n = 0;
  for (int rank = 0; rank < ranks; rank++)
    n += tp_pattern_rank_flows(communicator, pattern, rank, *flows + n);
  return n;
}
