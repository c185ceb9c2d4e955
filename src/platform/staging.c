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

/* -1: none that both reach. */
static int nearest_memory(const struct tp_platform *platform, int from, int to)
{
  int nearest = -1, least = TP_MAX_ROUTE + 1;
  for (int v = 0; v < (int)platform->n_vertices; v++) {
    const struct tp_vertex *vertex = &platform->vertices[v];
    if (vertex->kind != TP_VERTEX_HOST_MEMORY || vertex->node != platform->vertices[from].node)
      continue;
    const int up = tp_platform_route(platform, from, v)->n_hops;
    const int down = tp_platform_route(platform, v, to)->n_hops;
    if (up > 0 && down > 0 && up + down < least) {
      least = up + down;
      nearest = v;
    }
  }
  return nearest;
}

static struct tp_route join(const struct tp_route *up, const struct tp_route *down)
{
  struct tp_route route = *up;
  for (int h = 0; h < down->n_hops; h++)
    route.hops[route.n_hops++] = down->hops[h];
  route.latency_s += down->latency_s;
  route.bytes_per_s = fmin(up->bytes_per_s, down->bytes_per_s);
  route.kind = up->kind > down->kind ? up->kind : down->kind;
  return route;
}

static enum tp_status stage(struct tp_platform *platform, int from, int to, struct tp_error *fault)
{
  const int memory = nearest_memory(platform, from, to);
  if (memory < 0)
    return tp_fail(fault, TP_E_INPUT,
                   "no host memory within %d links of both %s and %s; add a vertex of kind "
                   "\"host_memory\", or let peer_access be \"direct\"",
                   TP_MAX_ROUTE, platform->vertices[from].name, platform->vertices[to].name);
  platform->routes[(size_t)from * platform->n_vertices + (size_t)to] =
      join(tp_platform_route(platform, from, memory), tp_platform_route(platform, memory, to));
  return TP_OK;
}

enum tp_status tp_platform_stage(struct tp_platform *platform, struct tp_error *fault)
{
  if (platform->peer_access == TP_PEER_DIRECT)
    return TP_OK;
  for (int i = 0; i < platform->n_gpus; i++)
    for (int j = 0; j < platform->n_gpus; j++) {
      const int from = platform->gpus[i], to = platform->gpus[j];
      if (i == j || platform->vertices[from].node != platform->vertices[to].node ||
          (platform->peer_access == TP_PEER_SWITCH &&
           stays_in_switches(platform, tp_platform_route(platform, from, to))))
        continue;
      TP_TRY(stage(platform, from, to, fault));
    }
  return TP_OK;
}
