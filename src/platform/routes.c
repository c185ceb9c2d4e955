#include "platform/topology.h"

#include <math.h>

/* Links of each vertex: links[first[v]] up to links[first[v + 1]]. */
struct adjacency {
  size_t *first;
  int *links;
};

/* What is known of the way from a source to each vertex. */
struct reach {
  int *hops;         /* links on the way; -1 not reached */
  double *latency_s; /* sum of them */
  int *queue;
  int *through; /* link that arrives; of sources whose tree is not kept */
};

/* A vertex's tree of shortest paths is worked out when somebody first asks for a route from there,
 * and kept. */
struct tp_routes {
  struct adjacency near;
  struct reach reach; /* of the source looked at last */
  int **through;      /* by source: link that arrives at each vertex, or -1; NULL: not asked for */
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

void tp_routes_prepare(struct tp_platform *platform)
{
  struct tp_arena *arena = platform->arena;
  const size_t n = platform->n_vertices;
  platform->routes = TP_NEW(arena, struct tp_routes, 1);
  struct adjacency near = {NULL, NULL};
  if (platform->given == NULL)
    near = list_neighbours(platform, arena);
  *platform->routes = (struct tp_routes){.near = near,
                                         .reach = {TP_NEW(arena, int, n), TP_NEW(arena, double, n),
                                                   TP_NEW(arena, int, n), TP_NEW(arena, int, n)},
                                         .through = TP_NEW(arena, int *, n)};
}

static int other_end(const struct tp_link *link, int end)
{
  return link->a == end ? link->b : link->a;
}

/* Sums in another order differ in the last bits: equal latencies must stay a tie. */
static bool less(double a, double b)
{
  return a < b - 1e-12 * b;
}

/* Breadth first from `source`; a vertex is settled by the best of its predecessors, all of which
 * stand before it in the queue. */
static void reach_all(const struct tp_platform *platform, int source, int *through)
{
  const struct adjacency *near = &platform->routes->near;
  struct reach *reach = &platform->routes->reach;
  for (size_t v = 0; v < platform->n_vertices; v++)
    reach->hops[v] = through[v] = -1;
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
                  other_end(&platform->links[through[to]], to) < from)) {
        continue;
      }
      reach->latency_s[to] = latency_s;
      through[to] = near->links[i];
    }
  }
}

/* Number of links, then the links; NULL: no route. */
static const int32_t *given(const struct tp_platform *platform, int from, int to)
{
  return platform->given->hops[(size_t)from * platform->n_vertices + (size_t)to];
}

const int *tp_routes_hops(const struct tp_platform *platform, int source)
{
  int *const hops = platform->routes->reach.hops;
  if (platform->given == NULL)
    reach_all(platform, source, platform->routes->reach.through);
  else
    for (int v = 0; v < (int)platform->n_vertices; v++) {
      const int32_t *const route = given(platform, source, v);
      hops[v] = v == source ? 0 : route == NULL || route[0] == 0 ? -1 : route[0];
    }
  return hops;
}

/* Links of the way source -> target, the last one first; 0: none, or a longer one than may be. */
static int climb(const struct tp_platform *platform, int source, int target, int *links)
{
  int **through_of = platform->routes->through;
  if (through_of[source] == NULL) {
    through_of[source] = TP_NEW(platform->arena, int, platform->n_vertices);
    reach_all(platform, source, through_of[source]);
  }
  const int *through = through_of[source];
  int n = 0;
  for (int at = target; at != source; at = other_end(&platform->links[through[at]], at)) {
    if (n == TP_MAX_ROUTE || through[at] < 0)
      return 0;
    links[n++] = through[at];
  }
  return n;
}

static int directed(const struct tp_link *links, int link, int from)
{
  return links[link].full_duplex && links[link].a != from ? 2 * link + 1 : 2 * link;
}

static void add_hop(const struct tp_platform *platform, struct tp_route *route, int at, int hop)
{
  const struct tp_link *const link = &platform->links[hop / 2];
  route->hops[at] = hop;
  route->latency_s += link->latency_s;
  route->bytes_per_s = fmin(route->bytes_per_s, link->bytes_per_s);
  route->kind = link->kind > route->kind ? link->kind : route->kind;
}

static struct tp_route given_route(const struct tp_platform *platform, int from, int to)
{
  struct tp_route route = {.kind = TP_LINK_NVLINK};
  const int32_t *const hops = given(platform, from, to);
  if (hops == NULL || hops[0] == 0 || hops[0] > TP_MAX_ROUTE)
    return route;
  route.bytes_per_s = HUGE_VAL;
  while (route.n_hops < hops[0]) {
    add_hop(platform, &route, route.n_hops, hops[route.n_hops + 1]);
    route.n_hops++;
  }
  return route;
}

/* From the lower vertex to the higher one, or the mirror image of that. */
struct tp_route tp_routes_shortest(const struct tp_platform *platform, int from, int to)
{
  if (platform->given != NULL)
    return given_route(platform, from, to);
  const bool back = to < from;
  const int source = back ? to : from, target = back ? from : to;
  struct tp_route route = {.kind = TP_LINK_NVLINK};
  int links[TP_MAX_ROUTE];
  const int n = climb(platform, source, target, links);
  if (n == 0)
    return route;
  route.n_hops = n;
  route.bytes_per_s = HUGE_VAL;
  for (int i = 0, at = source; i < n; i++) {
    const int link = links[n - 1 - i];
    const int next = other_end(&platform->links[link], at);
    if (back)
      add_hop(platform, &route, n - 1 - i, directed(platform->links, link, next));
    else
      add_hop(platform, &route, i, directed(platform->links, link, at));
    at = next;
  }
  return route;
}

bool tp_platform_joins(const struct tp_platform *platform, int a, int b)
{
  if (platform->given != NULL)
    return tp_routes_shortest(platform, a, b).n_hops == 1;
  const struct adjacency *near = &platform->routes->near;
  for (size_t i = near->first[a]; i < near->first[a + 1]; i++)
    if (other_end(&platform->links[near->links[i]], a) == b)
      return true;
  return false;
}
