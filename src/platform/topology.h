#ifndef TP_PLATFORM_TOPOLOGY_H
#define TP_PLATFORM_TOPOLOGY_H
/* What the readers of topologies (JSON, SimGrid XML) share; nobody else needs it. */
#include "platform/platform.h"

#include "base/arena.h"
#include "base/index.h"

/* Vertices and links being gathered; arrays grow in the arena. */
struct tp_topology {
  struct tp_arena *arena;
  struct tp_index names, pairs; /* vertices by name, links by "a b" */
  size_t n_vertices, n_links;
  struct tp_vertex *vertices;
  struct tp_link *links;
};

enum { TP_MAX_VERTICES = 65536, TP_MAX_LINKS = 1048576 };

static inline struct tp_topology tp_topology_of(struct tp_arena *arena)
{
  return (struct tp_topology){.arena = arena, .names.arena = arena, .pairs.arena = arena};
}

/* Indices of the added item, or -1: the bound above is reached. */
int tp_topology_add_vertex(struct tp_topology *graph, const struct tp_vertex *vertex);
int tp_topology_add_link(struct tp_topology *graph, const struct tp_link *link);
int tp_topology_find_vertex(const struct tp_topology *graph, const char *name); /* -1: none */
/* The link that joins two vertices, or -1. */
int tp_topology_find_link(const struct tp_topology *graph, int a, int b);

/* Makes the platform of a finished graph: lists GPUs, counts nodes, prepares routes.  Fails where
 * there is no GPU, a node has none, two GPUs have no route or one longer than TP_MAX_ROUTE.
 * `fault` gets the text of the error without a place; the reader adds file and line. */
enum tp_status tp_platform_finish(const struct tp_topology *graph, struct tp_platform *platform,
                                  struct tp_error *fault);

/* The routes of a file that gives them all, in place of shortest paths. */
struct tp_given_routes {
  const int32_t **hops; /* by from * n_vertices + to: how many, then these; NULL: none */
};

/* Makes platform->routes, which finds the shortest paths from a vertex when asked. */
void tp_routes_prepare(struct tp_platform *platform);
/* The shortest path, host memory or not. */
struct tp_route tp_routes_shortest(const struct tp_platform *platform, int from, int to);
/* Links from `source` to each vertex, -1 where it does not get; lasts until the next route. */
const int *tp_routes_hops(const struct tp_platform *platform, int source);

/* Makes platform->staging where platform->peer_access puts host memory on the way between GPUs of a
 * node: the memory with the fewest links to both.  TP_E_INPUT where there is none. */
enum tp_status tp_staging_prepare(struct tp_platform *platform, struct tp_error *fault);
#endif
