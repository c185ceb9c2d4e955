/* Peer traffic through host memory: the sender writes there, the receiver reads.
 *
 *     gpu0 -- switch -- bridge -- memory      without peer access gpu0 -> gpu1 goes up to the
 * memory gpu1 --/                                and down again: two GPUs share the switch's uplink
 */
#include "platform/topology.h"

#include <math.h>

/* Both ends of the links on the way, but the first and the last, are neither bridge nor memory. */
static bool stays_in_switches(const struct tp_platform *platform, const struct tp_route *route)
{
  for (int h = 0; h < route->n_hops; h++) {
    const struct tp_link *link = &platform->links[route->hops[h] / 2];
    const enum tp_vertex_kind ends[2] = {platform->vertices[link->a].kind,
                                         platform->vertices[link->b].kind};
    for (int e = 0; e < 2; e++)
      if (ends[e] == TP_VERTEX_BRIDGE || ends[e] == TP_VERTEX_HOST_MEMORY)
        return false;
  }
  return true;
}

/* Host memories of node n, by vertex: vertices[first[n]] up to vertices[first[n + 1]]. */
struct tp_staging {
  int *first, *vertices;
};

static bool is_memory_of(const struct tp_vertex *vertex, int node)
{
  return vertex->kind == TP_VERTEX_HOST_MEMORY && vertex->node == node;
}

static struct tp_staging *list_memories(const struct tp_platform *platform)
{
  struct tp_staging *made = TP_NEW(platform->arena, struct tp_staging, 1);
  const size_t n = platform->n_vertices, n_nodes = (size_t)platform->n_nodes;
  *made = (struct tp_staging){TP_NEW(platform->arena, int, n_nodes + 2),
                              TP_NEW(platform->arena, int, n)};
  int *next = made->first + 1; /* so that it ends as `first` */
  for (size_t v = 0; v < n; v++)
    if (is_memory_of(&platform->vertices[v], platform->vertices[v].node))
      next[platform->vertices[v].node + 1]++;
  for (size_t node = 0; node < n_nodes; node++)
    next[node + 1] += next[node];
  for (size_t v = 0; v < n; v++)
    if (is_memory_of(&platform->vertices[v], platform->vertices[v].node))
      made->vertices[next[platform->vertices[v].node]++] = (int)v;
  return made;
}

/* The one with the fewest links to both; -1: none that both reach. */
static int nearest_memory(const struct tp_platform *platform, int from, int to)
{
  const struct tp_staging *staging = platform->staging;
  const int node = platform->vertices[from].node;
  int nearest = -1, least = TP_MAX_ROUTE + 1;
  for (int i = staging->first[node]; i < staging->first[node + 1]; i++) {
    const int memory = staging->vertices[i];
    const int up = tp_routes_shortest(platform, from, memory).n_hops;
    const int down = tp_routes_shortest(platform, memory, to).n_hops;
    if (up > 0 && down > 0 && up + down < least) {
      least = up + down;
      nearest = memory;
    }
  }
  return nearest;
}

static bool applies(const struct tp_platform *platform, int from, int to,
                    const struct tp_route *shortest)
{
  const struct tp_vertex *a = &platform->vertices[from], *b = &platform->vertices[to];
  return platform->staging != NULL && from != to && a->node == b->node &&
         a->kind == TP_VERTEX_GPU && b->kind == TP_VERTEX_GPU &&
         !(platform->peer_access == TP_PEER_SOCKET_MEMORY && a->numa != b->numa) &&
         !(platform->peer_access == TP_PEER_SWITCH && stays_in_switches(platform, shortest));
}

static struct tp_route route_of(const struct tp_platform *platform, int from, int to)
{
  const int memory = nearest_memory(platform, from, to);
  if (memory < 0)
    return (struct tp_route){0};
  struct tp_route route = tp_routes_shortest(platform, from, memory);
  const struct tp_route down = tp_routes_shortest(platform, memory, to);
  for (int h = 0; h < down.n_hops; h++)
    route.hops[route.n_hops++] = down.hops[h];
  route.latency_s += down.latency_s;
  route.bytes_per_s = fmin(route.bytes_per_s, down.bytes_per_s);
  route.kind = route.kind > down.kind ? route.kind : down.kind;
  return route;
}

struct tp_route tp_platform_route(const struct tp_platform *platform, int from, int to)
{
  const struct tp_route shortest = tp_routes_shortest(platform, from, to);
  return applies(platform, from, to, &shortest) ? route_of(platform, from, to) : shortest;
}

/* Whether the memory is near enough to any two of its node's GPUs. */
static bool serves_all(const struct tp_platform *platform, int memory)
{
  const int *hops = tp_routes_hops(platform, memory);
  int furthest = 0, next = 0;
  for (int i = 0; i < platform->n_gpus; i++) {
    const int gpu = platform->gpus[i];
    if (platform->vertices[gpu].node != platform->vertices[memory].node)
      continue;
    if (hops[gpu] < 0)
      return false;
    next = hops[gpu] > furthest ? furthest : hops[gpu] > next ? hops[gpu] : next;
    furthest = hops[gpu] > furthest ? hops[gpu] : furthest;
  }
  return furthest + next <= TP_MAX_ROUTE;
}

static enum tp_status check_pair(const struct tp_platform *platform, int from, int to,
                                 struct tp_error *fault)
{
  const struct tp_route shortest = tp_routes_shortest(platform, from, to);
  if (!applies(platform, from, to, &shortest) || nearest_memory(platform, from, to) >= 0)
    return TP_OK;
  return tp_fail(fault, TP_E_INPUT,
                 "no host memory within %d links of both %s and %s; add a vertex of kind "
                 "\"host_memory\", or let peer_access be \"direct\"",
                 TP_MAX_ROUTE, platform->vertices[from].name, platform->vertices[to].name);
}

/* Pair by pair only in the nodes where no memory serves all. */
enum tp_status tp_staging_prepare(struct tp_platform *platform, struct tp_error *fault)
{
  if (platform->peer_access == TP_PEER_DIRECT || platform->given != NULL)
    return TP_OK; /* routes that are given go through host memory already where they must */
  platform->staging = list_memories(platform);
  bool *served = TP_NEW(platform->arena, bool, platform->n_nodes);
  for (int i = 0; i < platform->staging->first[platform->n_nodes]; i++) {
    const int memory = platform->staging->vertices[i];
    served[platform->vertices[memory].node] |= serves_all(platform, memory);
  }
  for (int i = 0; i < platform->n_gpus; i++)
    for (int j = 0; j < platform->n_gpus && !served[platform->vertices[platform->gpus[i]].node];
         j++) {
      TP_TRY(check_pair(platform, platform->gpus[i], platform->gpus[j], fault));
    }
  return TP_OK;
}
