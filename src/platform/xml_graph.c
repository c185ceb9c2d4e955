#include "platform/xml_file.h"

/* Every link has two ends, every vertex is a point; walking a route says which of them are the
 * same point.
 *
 *     route gpu0 -> gpu1:  gpu0 = l0.end0   l0.end1 = l1.end1   l1.end0 = gpu1
 *
 * Points are numbered: vertices first, then two ends a link. */
struct points {
  struct tp_xml_file *file;
  int *parent; /* union-find */
  int *vertex; /* of a root: its vertex, or -1 */
  struct tp_error *error;
};

static int find(struct points *points, int point)
{
  while (points->parent[point] != point)
    point = points->parent[point] = points->parent[points->parent[point]];
  return point;
}

static int end_of(const struct points *points, int link, int end)
{
  return (int)points->file->graph.n_vertices + 2 * link + end;
}

static enum tp_status join(struct points *points, const struct tp_xml_route *route, int a, int b)
{
  const int root = find(points, a), other = find(points, b);
  if (root == other)
    return TP_OK;
  const int here = points->vertex[root], there = points->vertex[other];
  const struct tp_vertex *vertices = points->file->graph.vertices;
  if (here >= 0 && there >= 0)
    return tp_fail(points->error, TP_E_INPUT,
                   "%s:%d: route %s to %s would make %s and %s one point; its links do not fit the "
                   "routes before it",
                   points->file->path, route->line, vertices[route->from].name,
                   vertices[route->to].name, vertices[here].name, vertices[there].name);
  points->parent[other] = root;
  points->vertex[root] = here >= 0 ? here : there;
  return TP_OK;
}

/* Which end of the link the route enters from `point`. */
static int entered_end(struct points *points, const struct tp_xml_hop *hop, int point)
{
  if (hop->direction != 0)
    return hop->direction > 0 ? 0 : 1;
  return find(points, end_of(points, hop->link, 1)) == find(points, point) ? 1 : 0;
}

static enum tp_status walk(struct points *points, const struct tp_xml_route *route)
{
  int point = route->from;
  for (size_t h = 0; h < route->n_hops; h++) {
    const struct tp_xml_hop *hop = &points->file->hops[route->first_hop + h];
    const int end = entered_end(points, hop, point);
    TP_TRY(join(points, route, point, end_of(points, hop->link, end)));
    point = end_of(points, hop->link, 1 - end);
  }
  return join(points, route, point, route->to);
}

/* Vertex at a root; a point without a host becomes a switch. */
static int vertex_at(struct points *points, int root)
{
  if (points->vertex[root] >= 0)
    return points->vertex[root];
  struct tp_topology *graph = &points->file->graph;
  const struct tp_vertex junction = {
      .name = tp_arena_printf(graph->arena, "junction%zu", graph->n_vertices),
      .kind = TP_VERTEX_SWITCH};
  return points->vertex[root] = tp_topology_add_vertex(graph, &junction);
}

static enum tp_status add_links(struct points *points, const bool *used)
{
  struct tp_xml_file *file = points->file;
  const int n_hosts = (int)file->graph.n_vertices;
  int *ends = TP_NEW(file->arena, int, 2 * file->n_links);
  for (int l = 0; l < (int)file->n_links; l++)
    for (int end = 0; end < 2 && !file->links[l].dram; end++)
      ends[2 * l + end] = find(points, n_hosts + 2 * l + end);
  for (int l = 0; l < (int)file->n_links; l++) {
    const struct tp_xml_link *read = &file->links[l];
    if (read->dram)
      continue;
    if (!used[l])
      return tp_fail(points->error, TP_E_INPUT,
                     "%s:%d: link '%s' is on no route, so its ends are unknown; remove it",
                     file->path, read->line, read->link.name);
    struct tp_link link = read->link;
    link.a = vertex_at(points, ends[2 * l]);
    link.b = vertex_at(points, ends[2 * l + 1]);
    if (link.a < 0 || link.b < 0 || link.a == link.b ||
        tp_topology_find_link(&file->graph, link.a, link.b) >= 0)
      return tp_fail(points->error, TP_E_INPUT,
                     "%s:%d: link '%s' joins no new pair of points; one link may join two",
                     file->path, read->line, read->link.name);
    if (tp_topology_add_link(&file->graph, &link) < 0)
      return tp_fail(points->error, TP_E_INPUT,
                     "%s:%d: more than %d links; describe a smaller part of the machine",
                     file->path, read->line, TP_MAX_LINKS);
  }
  return TP_OK;
}

/* Routes here are shortest paths: a file that says otherwise would be simulated wrongly. */
static enum tp_status compare_routes(const struct tp_xml_file *file,
                                     const struct tp_platform *platform, struct tp_error *error)
{
  for (size_t r = 0; r < file->n_routes; r++) {
    const struct tp_xml_route *route = &file->routes[r];
    const int n_hops = tp_platform_route(platform, route->from, route->to).n_hops;
    if (n_hops != (int)route->n_hops)
      return tp_fail(error, TP_E_INPUT,
                     "%s:%d: route %s to %s has %zu links, the shortest path %d; only shortest "
                     "paths are supported",
                     file->path, route->line, file->graph.vertices[route->from].name,
                     file->graph.vertices[route->to].name, route->n_hops, n_hops);
  }
  return TP_OK;
}

enum tp_status tp_xml_make_platform(struct tp_xml_file *file, struct tp_platform *platform,
                                    struct tp_error *error)
{
  const size_t n_points = file->graph.n_vertices + 2 * file->n_links;
  struct points points = {file, TP_NEW(file->arena, int, n_points),
                          TP_NEW(file->arena, int, n_points), error};
  for (size_t p = 0; p < n_points; p++) {
    points.parent[p] = (int)p;
    points.vertex[p] = p < file->graph.n_vertices ? (int)p : -1;
  }
  bool *used = TP_NEW(file->arena, bool, file->n_links + 1);
  for (size_t r = 0; r < file->n_routes; r++)
    TP_TRY(walk(&points, &file->routes[r]));
  for (size_t h = 0; h < file->n_hops; h++)
    used[file->hops[h].link] = true;
  TP_TRY(add_links(&points, used));
  struct tp_platform read = {
      .name = file->name, .device_name = file->device_name, .peer_access = file->peer_access};
  struct tp_error fault;
  const enum tp_status status = tp_platform_finish(&file->graph, &read, &fault);
  if (status != TP_OK)
    return tp_fail(error, status, "%s:1: %s", file->path, fault.text);
  TP_TRY(compare_routes(file, &read, error));
  *platform = read;
  return TP_OK;
}
