#include "cost/fabric/pattern.h"

#include <assert.h>

enum tp_status tp_fabric_make(const struct tp_platform *platform, int ranks,
                              struct tp_fabric **fabric, struct tp_error *error)
{
  if (ranks < 1)
    return tp_fail(error, TP_E_INPUT, "%d ranks: give 1 or more", ranks);
  if (ranks > platform->n_gpus)
    return tp_fail(error, TP_E_INPUT, "%d ranks need %d GPUs and %s has %d: take fewer ranks",
                   ranks, ranks, platform->name, platform->n_gpus);
  struct tp_fabric *made = TP_NEW(platform->arena, struct tp_fabric, 1);
  *made = (struct tp_fabric){
      .platform = platform,
      .ranks = ranks,
      .gpus = TP_NEW(platform->arena, int, ranks),
      .communicators = TP_NEW(platform->arena, struct tp_communicator *, 1),
  };
  for (int r = 0; r < ranks; r++)
    made->gpus[r] = platform->gpus[r];
  *fabric = made;
  return TP_OK;
}

enum tp_status tp_fabric_check(const struct tp_fabric *fabric, struct tp_group group,
                               struct tp_error *error)
{
  if (group.size == 0 || (group.size > 0 && group.stride > 0 &&
                          fabric->ranks % ((int64_t)group.size * group.stride) == 0))
    return TP_OK;
  return tp_fail(error, TP_E_INPUT, "groups of %d ranks %d apart do not fill %d ranks", group.size,
                 group.stride, fabric->ranks);
}

static const struct tp_vertex *gpu_of(const struct tp_communicator *communicator, int group,
                                      int member)
{
  const struct tp_fabric *fabric = communicator->fabric;
  return &fabric->platform
              ->vertices[fabric->gpus[tp_communicator_rank(communicator, group, member)]];
}

static bool same_server(const struct tp_vertex *a, const struct tp_vertex *b)
{
  return a->node == b->node;
}

static bool same_domain(const struct tp_vertex *a, const struct tp_vertex *b)
{
  return a->node == b->node && a->numa == b->numa;
}

int tp_fabric_servers(const struct tp_fabric *fabric)
{
  const struct tp_vertex *const vertices = fabric->platform->vertices;
  int servers = 1;
  for (int r = 1; r < fabric->ranks; r++)
    servers += !same_server(&vertices[fabric->gpus[r - 1]], &vertices[fabric->gpus[r]]);
  return servers;
}

/* How many parts a group's members form; 1 where these get unequal numbers. */
static int count_parts_of(const struct tp_communicator *communicator, int group,
                          bool (*same)(const struct tp_vertex *a, const struct tp_vertex *b))
{
  const int ranks = communicator->ranks;
  int parts = 1, first = 0, least = ranks, most = 0;
  for (int m = 1; m <= ranks; m++) {
    const bool last = m == ranks;
    if (!last && same(gpu_of(communicator, group, m), gpu_of(communicator, group, m - 1)))
      continue;
    least = m - first < least ? m - first : least;
    most = m - first > most ? m - first : most;
    first = m;
    parts += !last;
  }
  return least == most ? parts : 1;
}

/* Of every group alike.  Else they count as one part: no hierarchy fits, a flat ring still runs. */
static int count_parts(const struct tp_communicator *communicator,
                       bool (*same)(const struct tp_vertex *a, const struct tp_vertex *b))
{
  const int parts = count_parts_of(communicator, 0, same);
  for (int group = 1; group < communicator->n_groups; group++)
    if (count_parts_of(communicator, group, same) != parts)
      return 1;
  return parts;
}

/* Of a group's members. */
static int most_in_a_server(const struct tp_communicator *communicator)
{
  int most = 1;
  for (int group = 0; group < communicator->n_groups; group++)
    for (int m = 1, together = 1; m < communicator->ranks; m++) {
      const bool stays =
          same_server(gpu_of(communicator, group, m), gpu_of(communicator, group, m - 1));
      together = stays ? together + 1 : 1;
      most = together > most ? together : most;
    }
  return most;
}

/* A switch that adds in flight and that all of a group's members in one node reach directly, or -1.
 */
static int find_reducing_switch(const struct tp_communicator *communicator, int group, int node)
{
  const struct tp_fabric *fabric = communicator->fabric;
  const struct tp_platform *platform = fabric->platform;
  const int size = communicator->ranks_per_node;
  for (size_t v = 0; v < platform->n_vertices; v++) {
    bool all = platform->vertices[v].reduces;
    for (int m = node * size; all && m < (node + 1) * size; m++) {
      const int gpu = fabric->gpus[tp_communicator_rank(communicator, group, m)];
      all = tp_platform_joins(platform, gpu, (int)v);
    }
    if (all)
      return (int)v;
  }
  return -1;
}

static int *find_reducing_switches(const struct tp_communicator *communicator)
{
  const int nodes = communicator->nodes_used, n = communicator->n_groups * nodes;
  int *found = TP_NEW(communicator->fabric->platform->arena, int, n);
  for (int i = 0; i < n; i++) {
    found[i] = find_reducing_switch(communicator, i / nodes, i % nodes);
    if (found[i] < 0)
      return NULL;
  }
  return found;
}

static struct tp_communicator *make(const struct tp_fabric *fabric, struct tp_group group)
{
  struct tp_arena *arena = fabric->platform->arena;
  struct tp_communicator *made = TP_NEW(arena, struct tp_communicator, 1);
  *made = (struct tp_communicator){
      .fabric = fabric,
      .ranks = group.size,
      .stride = group.stride,
      .n_groups = fabric->ranks / group.size,
      .rates = TP_NEW(arena, struct tp_pattern_rate, TP_N_PATTERNS),
  };
  const bool sockets = fabric->platform->peer_access == TP_PEER_SOCKET_MEMORY;
  made->nodes_used = count_parts(made, sockets ? same_domain : same_server);
  made->ranks_per_node = made->ranks / made->nodes_used;
  made->most_per_node = made->nodes_used > 1 ? made->ranks_per_node : most_in_a_server(made);
  made->domains_used = made->nodes_used > 1 ? made->nodes_used : count_parts(made, same_domain);
  made->ranks_per_domain = made->ranks / made->domains_used;
  made->reducing_switches = find_reducing_switches(made);
  tp_rings_choose(made);
  return made;
}

const struct tp_communicator *tp_fabric_communicator(const struct tp_fabric *fabric,
                                                     struct tp_group group)
{
  if (group.size == 0)
    group = (struct tp_group){fabric->ranks, 1};
  assert(tp_fabric_check(fabric, group, NULL) == TP_OK);
  struct tp_communicator *known = *fabric->communicators;
  while (known != NULL && (known->ranks != group.size || known->stride != group.stride))
    known = known->next;
  if (known != NULL)
    return known;
  struct tp_communicator *made = make(fabric, group);
  made->next = *fabric->communicators;
  *fabric->communicators = made;
  return made;
}
