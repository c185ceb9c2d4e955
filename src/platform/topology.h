#ifndef TP_PLATFORM_TOPOLOGY_H
#define TP_PLATFORM_TOPOLOGY_H
/* What the readers of topologies (JSON, SimGrid XML) share; nobody else needs it. */
#include "platform/platform.h"

#include "base/arena.h"

/* Vertices and links being gathered; arrays grow in the arena. */
struct tp_topology {
  struct tp_arena *arena;
  size_t n_vertices, n_links;
  struct tp_vertex *vertices;
  struct tp_link *links;
};

enum { TP_MAX_VERTICES = 640, TP_MAX_LINKS = 8192 };

/* Indices of the added item, or -1: the bound above is reached. */
int tp_topology_add_vertex(struct tp_topology *graph, const struct tp_vertex *vertex);
int tp_topology_add_link(struct tp_topology *graph, const struct tp_link *link);
int tp_topology_find_vertex(const struct tp_topology *graph, const char *name); /* -1: none */
/* The link that joins two vertices, or -1. */
int tp_topology_find_link(const struct tp_topology *graph, int a, int b);

/* Makes the platform of a finished graph: lists GPUs, counts nodes, computes routes.  Fails where
 * there is no GPU, a node has none, two GPUs have no route or one longer than TP_MAX_ROUTE.
 * `fault` gets the text of the error without a place; the reader adds file and line. */
enum tp_status tp_platform_finish(const struct tp_topology *graph, struct tp_platform *platform,
                                  struct tp_error *fault);

/* All shortest paths of platform->vertices and links into platform->routes. */
void tp_platform_route_all(struct tp_platform *platform, struct tp_arena *arena);
/* Puts host memory on the way between GPUs of a node, as platform->peer_access says: the memory
 * with the fewest links to both.  TP_E_INPUT where there is none. */
enum tp_status tp_platform_stage(struct tp_platform *platform, struct tp_error *fault);
#endif
