#include "platform/topology.h"

#include <string.h>

int tp_topology_add_vertex(struct tp_topology *graph, const struct tp_vertex *vertex)
{
  if (graph->n_vertices == TP_MAX_VERTICES)
    return -1;
  tp_index_add(&graph->names, vertex->name, (int)graph->n_vertices);
  TP_APPEND(graph->arena, graph->vertices, graph->n_vertices, *vertex);
  return (int)graph->n_vertices - 1;
}

/* The same both ways round. */
static const char *pair_name(const struct tp_topology *graph, int a, int b)
{
  return tp_arena_printf(graph->arena, "%d %d", a < b ? a : b, a < b ? b : a);
}

int tp_topology_add_link(struct tp_topology *graph, const struct tp_link *link)
{
  if (graph->n_links == TP_MAX_LINKS)
    return -1;
  tp_index_add(&graph->pairs, pair_name(graph, link->a, link->b), (int)graph->n_links);
  TP_APPEND(graph->arena, graph->links, graph->n_links, *link);
  return (int)graph->n_links - 1;
}

int tp_topology_find_vertex(const struct tp_topology *graph, const char *name)
{
  return tp_index_find(&graph->names, name);
}

int tp_topology_find_link(const struct tp_topology *graph, int a, int b)
{
  return tp_index_find(&graph->pairs, pair_name(graph, a, b));
}

/* Lists the GPUs and counts the nodes, which must all hold one. */
static enum tp_status list_gpus(const struct tp_topology *graph, struct tp_platform *platform,
                                struct tp_error *fault)
{
  platform->gpus = TP_NEW(graph->arena, int, graph->n_vertices + 1);
  for (size_t v = 0; v < graph->n_vertices; v++)
    if (graph->vertices[v].node >= platform->n_nodes)
      platform->n_nodes = graph->vertices[v].node + 1;
  bool *has_gpu = TP_NEW(graph->arena, bool, platform->n_nodes);
  for (size_t v = 0; v < graph->n_vertices; v++) {
    const struct tp_vertex *vertex = &graph->vertices[v];
    if (vertex->kind != TP_VERTEX_GPU)
      continue;
    if (platform->n_gpus == TP_MAX_GPUS)
      return tp_fail(fault, TP_E_INPUT, "more than %d GPUs; describe a smaller part of the machine",
                     TP_MAX_GPUS);
    platform->gpus[platform->n_gpus++] = (int)v;
    has_gpu[vertex->node] = true;
  }
  if (platform->n_gpus == 0)
    return tp_fail(fault, TP_E_INPUT, "no vertex of kind \"gpu\"; add one");
  for (int node = 0; node < platform->n_nodes; node++)
    if (!has_gpu[node])
      return tp_fail(fault, TP_E_INPUT, "node %d has no GPU; number the nodes from 0 without gaps",
                     node);
  return TP_OK;
}

/* Any two GPUs by the links between them; those of GPU 0 say it of all where they are short. */
static enum tp_status check_routes(const struct tp_platform *platform, struct tp_error *fault)
{
  int furthest = 0;
  for (int i = 0; i < platform->n_gpus && (i == 0 || 2 * furthest > TP_MAX_ROUTE); i++) {
    const int *hops = tp_routes_hops(platform, platform->gpus[i]);
    for (int j = i + 1; j < platform->n_gpus; j++) {
      const int n_hops = hops[platform->gpus[j]];
      if (n_hops < 0 || n_hops > TP_MAX_ROUTE)
        return tp_fail(fault, TP_E_INPUT,
                       "no route from %s to %s within %d links; join them by a link or a switch",
                       platform->vertices[platform->gpus[i]].name,
                       platform->vertices[platform->gpus[j]].name, TP_MAX_ROUTE);
      furthest = n_hops > furthest ? n_hops : furthest;
    }
  }
  return TP_OK;
}

enum tp_status tp_platform_finish(const struct tp_topology *graph, struct tp_platform *platform,
                                  struct tp_error *fault)
{
  platform->arena = graph->arena;
  platform->n_vertices = graph->n_vertices;
  platform->n_links = graph->n_links;
  platform->vertices = graph->vertices;
  platform->links = graph->links;
  TP_TRY(list_gpus(graph, platform, fault));
  tp_routes_prepare(platform);
  TP_TRY(check_routes(platform, fault));
  return tp_staging_prepare(platform, fault);
}
