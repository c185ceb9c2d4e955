#include "platform/topology.h"

#include <math.h>

/* Links of each vertex: links[first[v]] up to links[first[v + 1]]. */
struct adjacency {
  size_t *first;
  int *links;
};

static struct adjacency list_neighbours(const struct tp_platform *platform, struct tp_arena *arena)
{
  const size_t n = platform->n_vertices;
  struct adjacency near = {TP_NEW(arena, size_t, n + 2), TP_NEW(arena, int, 2 * platform->n_links)};
  for (size_t l = 0; l < platform->n_links; l++) {
    near.first[platform->links[l].a + 1]++;
    near.first[platform->links[l].b + 1]++;
  }
  for (size_t v = 0; v < n; v++)
    near.first[v + 1] += near.first[v];
  size_t *const fill = TP_NEW(arena, size_t, n);
  for (size_t l = 0; l < platform->n_links; l++) {
    const int ends[2] = {platform->links[l].a, platform->links[l].b};
    for (int e = 0; e < 2; e++)
      near.links[near.first[ends[e]] + fill[ends[e]]++] = (int)l;
  }
  return near;
}

static int other_end(const struct tp_link *link, int end)
{
  return link->a == end ? link->b : link->a;
}

/* What is known of the way from the source to each vertex. */
struct reach {
  int *hops;         /* links on the way; -1 not reached */
  double *latency_s; /* sum of them */
  int *through;      /* link that arrives */
  int *queue;
};

/* Sums in another order differ in the last bits: equal latencies must stay a tie. */
static bool less(double a, double b)
{
  return a < b - 1e-12 * b;
}

/* Breadth first from `source`; a vertex is settled by the best of its predecessors, all of which
 * stand before it in the queue. */
static void reach_all(const struct tp_platform *platform, const struct adjacency *near, int source,
                      struct reach *reach)
{
  for (size_t v = 0; v < platform->n_vertices; v++)
    reach->hops[v] = -1;
  reach->hops[source] = 0;
  reach->latency_s[source] = 0;
  int n_queued = 0;
  reach->queue[n_queued++] = source;
  for (int q = 0; q < n_queued; q++) {
    const int from = reach->queue[q];
    if (from != source && platform->vertices[from].only_reduces)
      continue;
    for (size_t i = near->first[from]; i < near->first[from + 1]; i++) {
      const struct tp_link *link = &platform->links[near->links[i]];
      const int to = other_end(link, from);
      const double latency_s = reach->latency_s[from] + link->latency_s;
      if (reach->hops[to] < 0) {
        reach->hops[to] = reach->hops[from] + 1;
        reach->queue[n_queued++] = to;
      } else if (reach->hops[to] != reach->hops[from] + 1 ||
                 less(reach->latency_s[to], latency_s) ||
                 (!less(latency_s, reach->latency_s[to]) &&
                  other_end(&platform->links[reach->through[to]], to) < from)) {
        continue;
      }
      reach->latency_s[to] = latency_s;
      reach->through[to] = near->links[i];
    }
  }
}

static int directed(const struct tp_link *links, int link, int from)
{
  return links[link].full_duplex && links[link].a != from ? 2 * link + 1 : 2 * link;
}

/* Writes the route source -> target and its mirror image. */
static void store(struct tp_platform *platform, const struct reach *reach, int source, int target)
{
  const size_t n = platform->n_vertices;
  struct tp_route *there = &platform->routes[(size_t)source * n + (size_t)target];
  struct tp_route *back = &platform->routes[(size_t)target * n + (size_t)source];
  const int n_hops = reach->hops[target];
  there->n_hops = n_hops;
  there->bytes_per_s = HUGE_VAL;
  there->latency_s = reach->latency_s[target];
  there->kind = TP_LINK_NVLINK;
  *back = *there;
  for (int at = target, i = 0; at != source; i++) {
    const int link = reach->through[at];
    const int from = other_end(&platform->links[link], at);
    there->hops[n_hops - 1 - i] = directed(platform->links, link, from);
    back->hops[i] = directed(platform->links, link, at);
    there->bytes_per_s = fmin(there->bytes_per_s, platform->links[link].bytes_per_s);
    if (platform->links[link].kind > there->kind)
      there->kind = platform->links[link].kind;
    at = from;
  }
  back->bytes_per_s = there->bytes_per_s;
  back->kind = there->kind;
}

void tp_platform_route_all(struct tp_platform *platform, struct tp_arena *arena)
{
  const size_t n = platform->n_vertices;
  platform->routes = TP_NEW(arena, struct tp_route, n * n);
  const struct adjacency near = list_neighbours(platform, arena);
  struct reach reach = {TP_NEW(arena, int, n), TP_NEW(arena, double, n), TP_NEW(arena, int, n),
                        TP_NEW(arena, int, n)};
  for (size_t source = 0; source < n; source++) {
    reach_all(platform, &near, (int)source, &reach);
    for (size_t target = source + 1; target < n; target++)
      if (reach.hops[target] > 0 && reach.hops[target] <= TP_MAX_ROUTE)
        store(platform, &reach, (int)source, (int)target);
  }
}

const struct tp_route *tp_platform_route(const struct tp_platform *platform, int from, int to)
{
  return &platform->routes[(size_t)from * platform->n_vertices + (size_t)to];
}
