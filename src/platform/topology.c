#include "platform/topology.h"

#include "base/text.h"
#include "platform/sheet.h"

#include <stdlib.h>
#include <string.h>

static const char *const vertex_kinds[] = TP_VERTEX_KIND_NAMES;
static const char *const link_kinds[] = TP_LINK_KIND_NAMES;
static const char *const peer_accesses[] = TP_PEER_ACCESS_NAMES;

struct reader {
  const struct tp_doc *doc;
  struct tp_arena *arena;
  struct tp_error *error;
  struct tp_topology graph;
  struct tp_index groups; /* entries of "links" by name */
};

/* An entry of "vertices"; a count makes name0, name1, ... */
struct vertex_entry {
  const char *name;
  int kind;
  int64_t first, count, node, numa;
  bool reduces, only_reduces;
};

static const struct tp_field vertex_fields[] = {
#define FIELD(name, tag) .key = #name, .type = tag, .offset = offsetof(struct vertex_entry, name)
    {FIELD(name, TP_FIELD_STRING)},
    {FIELD(kind, TP_FIELD_ENUM), .names = vertex_kinds},
    {FIELD(first, TP_FIELD_INT64), .max = TP_MAX_VERTICES, .optional = true},
    {FIELD(count, TP_FIELD_INT64), .min = 1, .max = TP_MAX_VERTICES, .optional = true},
    {FIELD(node, TP_FIELD_INT64), .max = TP_MAX_VERTICES - 1, .optional = true},
    {FIELD(numa, TP_FIELD_INT64), .max = 1023, .optional = true},
    {FIELD(reduces, TP_FIELD_BOOL), .optional = true},
    {FIELD(only_reduces, TP_FIELD_BOOL), .optional = true},
#undef FIELD
};

/* An entry of "links", without "between". */
struct link_entry {
  const char *name, *ring;
  int kind;
  double bytes_per_s_per_direction, latency_s;
  bool full_duplex;
};

static const struct tp_field link_fields[] = {
#define FIELD(name, tag) .key = #name, .type = tag, .offset = offsetof(struct link_entry, name)
    {FIELD(name, TP_FIELD_STRING)},
    {FIELD(ring, TP_FIELD_STRING), .optional = true},
    {FIELD(kind, TP_FIELD_ENUM), .names = link_kinds},
    {FIELD(bytes_per_s_per_direction, TP_FIELD_DOUBLE), .min = 1e3, .max = 1e15},
    {FIELD(latency_s, TP_FIELD_DOUBLE), .min = 0, .max = 1},
    {FIELD(full_duplex, TP_FIELD_BOOL), .optional = true},
#undef FIELD
};

static enum tp_status fail_name(const struct reader *reader, const char *path, const char *name)
{
  return tp_doc_fail(reader->doc, tp_arena_printf(reader->arena, "%s.name", path), reader->error,
                     "'%.40s' is not a name; use letters, digits, '-' and '_'", name);
}

static enum tp_status add_vertex(struct reader *reader, const char *path,
                                 const struct vertex_entry *entry, const char *name)
{
  if (tp_topology_find_vertex(&reader->graph, name) >= 0)
    return tp_doc_fail(reader->doc, path, reader->error,
                       "a second vertex '%s'; rename it, or number it from another \"first\"",
                       name);
  const struct tp_vertex vertex = {.name = name,
                                   .kind = (enum tp_vertex_kind)entry->kind,
                                   .node = (int)entry->node,
                                   .numa = (int)entry->numa,
                                   .reduces = entry->reduces,
                                   .only_reduces = entry->only_reduces};
  if (tp_topology_add_vertex(&reader->graph, &vertex) < 0)
    return tp_doc_fail(reader->doc, path, reader->error,
                       "more than %d vertices; describe a smaller part of the machine",
                       TP_MAX_VERTICES);
  return TP_OK;
}

static enum tp_status read_vertices(struct reader *reader, const char *path)
{
  static const char *const others[] = {NULL};
  struct vertex_entry entry = {.first = -1};
  TP_TRY(tp_sheet_read_object(reader->doc, path, vertex_fields,
                              sizeof vertex_fields / sizeof *vertex_fields, others, &entry,
                              reader->arena, reader->error));
  if (!tp_sheet_is_name(entry.name))
    return fail_name(reader, path, entry.name);
  if (entry.reduces && entry.kind != TP_VERTEX_SWITCH)
    return tp_doc_fail(reader->doc, tp_arena_printf(reader->arena, "%s.reduces", path),
                       reader->error, "only a vertex of kind \"switch\" adds in flight");
  if (entry.only_reduces && !entry.reduces)
    return tp_doc_fail(reader->doc, tp_arena_printf(reader->arena, "%s.only_reduces", path),
                       reader->error,
                       "says that the switch does nothing but reduce; set "
                       "\"reduces\", too");
  if (entry.count == 0 && entry.first >= 0)
    return tp_doc_fail(reader->doc, tp_arena_printf(reader->arena, "%s.first", path), reader->error,
                       "numbers several vertices; give \"count\", too");
  if (entry.count == 0)
    return add_vertex(reader, path, &entry, entry.name);
  const int64_t first = entry.first < 0 ? 0 : entry.first;
  for (int64_t i = 0; i < entry.count; i++)
    TP_TRY(add_vertex(reader, path, &entry,
                      tp_arena_printf(reader->arena, "%s%d", entry.name, (int)(first + i))));
  return TP_OK;
}

/* Vertices of a pattern: "nvswitch", or "gpu[0-7]". */
struct range {
  int n;
  int *vertices;
};

static enum tp_status find_vertex(const struct reader *reader, const char *path, const char *name,
                                  int *vertex)
{
  *vertex = tp_topology_find_vertex(&reader->graph, name);
  if (*vertex >= 0)
    return TP_OK;
  const struct tp_topology *graph = &reader->graph;
  const char **names = TP_NEW(reader->arena, const char *, graph->n_vertices + 1);
  for (size_t v = 0; v < graph->n_vertices; v++)
    names[v] = graph->vertices[v].name;
  return tp_doc_fail(reader->doc, path, reader->error, "no vertex '%.40s'%s", name,
                     tp_text_hint(reader->arena, name, names, graph->n_vertices));
}

static enum tp_status read_range(const struct reader *reader, const char *path, const char *text,
                                 struct range *range)
{
  const size_t stem = strcspn(text, "[");
  if (text[stem] == '\0') {
    *range = (struct range){.n = 1, .vertices = TP_NEW(reader->arena, int, 1)};
    return find_vertex(reader, path, text, range->vertices);
  }
  char *end;
  const char *digits = "0123456789";
  long last = -1;
  const long first = strtol(text + stem + 1, &end, 10);
  const bool starts = strchr(digits, text[stem + 1]) != NULL && *end == '-';
  if (starts && end[1] != '\0' && strchr(digits, end[1]) != NULL)
    last = strtol(end + 1, &end, 10);
  if (stem == 0 || last < 0 || strcmp(end, "]") != 0)
    return tp_doc_fail(reader->doc, path, reader->error,
                       "'%.40s' is not a pattern; write a vertex, or a range like \"gpu[0-7]\"",
                       text);
  if (first > last || last > TP_MAX_VERTICES)
    return tp_doc_fail(reader->doc, path, reader->error,
                       "range '%.40s' must run upwards, to %d at most", text, TP_MAX_VERTICES);
  *range = (struct range){.n = (int)(last - first + 1),
                          .vertices = TP_NEW(reader->arena, int, last - first + 1)};
  for (int i = 0; i < range->n; i++)
    TP_TRY(find_vertex(reader, path,
                       tp_arena_printf(reader->arena, "%.*s%d", (int)stem, text, (int)first + i),
                       &range->vertices[i]));
  return TP_OK;
}

static enum tp_status add_link(struct reader *reader, const char *path,
                               const struct link_entry *entry, int a, int b)
{
  const struct tp_vertex *vertices = reader->graph.vertices;
  if (a == b)
    return tp_doc_fail(reader->doc, path, reader->error, "joins %s to itself", vertices[a].name);
  if (tp_topology_find_link(&reader->graph, a, b) >= 0)
    return tp_doc_fail(reader->doc, path, reader->error,
                       "joins %s and %s a second time; add up the rates in one link",
                       vertices[a].name, vertices[b].name);
  const struct tp_link link = {.name = tp_arena_printf(reader->arena, "%s.%s.%s", entry->name,
                                                       vertices[a].name, vertices[b].name),
                               .group = entry->name,
                               .a = a,
                               .b = b,
                               .kind = (enum tp_link_kind)entry->kind,
                               .bytes_per_s = entry->bytes_per_s_per_direction,
                               .latency_s = entry->latency_s,
                               .full_duplex = entry->full_duplex};
  if (tp_topology_add_link(&reader->graph, &link) < 0)
    return tp_doc_fail(reader->doc, path, reader->error,
                       "more than %d links; describe a smaller part of the machine", TP_MAX_LINKS);
  return TP_OK;
}

static bool same_range(const struct range *a, const struct range *b)
{
  return a->n == b->n && a->n > 1 &&
         memcmp(a->vertices, b->vertices, (size_t)a->n * sizeof *a->vertices) == 0;
}

/* [A, B]: one link a vertex of the longer range; A[i] to B[i] where both are ranges; every pair
 * once where both are the same range. */
static enum tp_status add_between(struct reader *reader, const char *path,
                                  const struct link_entry *entry, const json_t *pair)
{
  struct range ends[2];
  for (size_t e = 0; e < 2; e++) {
    const char *end_path = tp_arena_printf(reader->arena, "%s[%d]", path, (int)e);
    const char *text = json_string_value(json_array_get(pair, e));
    if (text == NULL || json_array_size(pair) != 2)
      return tp_doc_fail(reader->doc, path, reader->error,
                         "must be two vertices or ranges, or a list of such pairs");
    TP_TRY(read_range(reader, end_path, text, &ends[e]));
  }
  if (same_range(&ends[0], &ends[1])) {
    for (int i = 0; i < ends[0].n; i++)
      for (int j = i + 1; j < ends[0].n; j++)
        TP_TRY(add_link(reader, path, entry, ends[0].vertices[i], ends[0].vertices[j]));
    return TP_OK;
  }
  const int n = ends[0].n > ends[1].n ? ends[0].n : ends[1].n;
  if ((ends[0].n != n && ends[0].n != 1) || (ends[1].n != n && ends[1].n != 1))
    return tp_doc_fail(reader->doc, path, reader->error,
                       "ranges of %d and %d vertices cannot be paired; make them equally long",
                       ends[0].n, ends[1].n);
  for (int i = 0; i < n; i++)
    TP_TRY(add_link(reader, path, entry, ends[0].vertices[ends[0].n == 1 ? 0 : i],
                    ends[1].vertices[ends[1].n == 1 ? 0 : i]));
  return TP_OK;
}

static enum tp_status add_ring(struct reader *reader, const char *path,
                               const struct link_entry *entry)
{
  struct range ring;
  TP_TRY(read_range(reader, path, entry->ring, &ring));
  if (ring.n < 3)
    return tp_doc_fail(reader->doc, path, reader->error,
                       "a ring needs three vertices or more; join two with \"between\"");
  for (int i = 0; i < ring.n; i++)
    TP_TRY(add_link(reader, path, entry, ring.vertices[i], ring.vertices[(i + 1) % ring.n]));
  return TP_OK;
}

static enum tp_status read_links(struct reader *reader, const char *path)
{
  static const char *const others[] = {"between", NULL};
  struct link_entry entry = {.full_duplex = true};
  TP_TRY(tp_sheet_read_object(reader->doc, path, link_fields,
                              sizeof link_fields / sizeof *link_fields, others, &entry,
                              reader->arena, reader->error));
  if (!tp_sheet_is_name(entry.name))
    return fail_name(reader, path, entry.name);
  if (tp_index_find(&reader->groups, entry.name) >= 0)
    return tp_doc_fail(reader->doc, tp_arena_printf(reader->arena, "%s.name", path), reader->error,
                       "a second entry '%s'; --set could not tell them apart", entry.name);
  tp_index_add(&reader->groups, entry.name, 0);
  const char *between_path = tp_arena_printf(reader->arena, "%s.between", path);
  const json_t *between = tp_doc_at(reader->doc, between_path);
  if ((between == NULL) == (entry.ring == NULL))
    return tp_doc_fail(reader->doc, path, reader->error,
                       "say which vertices it joins: either \"between\" or \"ring\"");
  if (between == NULL)
    return add_ring(reader, tp_arena_printf(reader->arena, "%s.ring", path), &entry);
  if (!json_is_array(json_array_get(between, 0)))
    return add_between(reader, between_path, &entry, between);
  for (size_t i = 0; i < json_array_size(between); i++)
    TP_TRY(add_between(reader, tp_arena_printf(reader->arena, "%s[%d]", between_path, (int)i),
                       &entry, json_array_get(between, i)));
  return TP_OK;
}

/* Calls `read` for each entry of the array `key`. */
static enum tp_status read_entries(struct reader *reader, const char *key,
                                   enum tp_status (*read)(struct reader *reader, const char *path))
{
  const json_t *array = tp_doc_at(reader->doc, key);
  if (!json_is_array(array))
    return tp_doc_fail(reader->doc, key, reader->error, "must be an array of objects");
  for (size_t i = 0; i < json_array_size(array); i++)
    TP_TRY(read(reader, tp_arena_printf(reader->arena, "%s[%d]", key, (int)i)));
  return TP_OK;
}

enum tp_status tp_platform_read(const struct tp_doc *doc, struct tp_arena *arena,
                                struct tp_platform *platform, struct tp_error *error)
{
  static const struct tp_field fields[] = {
      {.key = "device",
       .type = TP_FIELD_STRING,
       .offset = offsetof(struct tp_platform, device_name)},
      {.key = "peer_access",
       .type = TP_FIELD_ENUM,
       .offset = offsetof(struct tp_platform, peer_access),
       .names = peer_accesses,
       .optional = true},
  };
  static const char *const root_keys[] = {"format", "name", "vertices", "links", NULL};
  struct tp_platform read = {0};
  struct tp_origin origin;
  struct reader reader = {doc, arena, error, tp_topology_of(arena), {.arena = arena}};
  TP_TRY(tp_sheet_read_object(doc, "", fields, sizeof fields / sizeof *fields, root_keys, &read,
                              arena, error));
  TP_TRY(tp_sheet_read_name(doc, &read.name, arena, error));
  TP_TRY(tp_sheet_read_origin(doc, "", &origin, arena, error));
  TP_TRY(read_entries(&reader, "vertices", read_vertices));
  TP_TRY(read_entries(&reader, "links", read_links));
  struct tp_error fault;
  if (tp_platform_finish(&reader.graph, &read, &fault) != TP_OK)
    return tp_doc_fail(doc, read.routes == NULL ? "vertices" : "links", error, "%s", fault.text);
  *platform = read;
  return TP_OK;
}
