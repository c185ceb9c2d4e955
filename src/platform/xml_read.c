/* Makes a platform of what SimGrid reads in a file, whatever zones and clusters it comes from.  A
 * host is a vertex, a GPU unless its properties say otherwise; routes stay as they are, so that
 * links need no ends. */
#define _GNU_SOURCE /* strverscmp */
#include "base/file.h"
#include "base/text.h"
#include "platform/topology.h"
#include "platform/xml_listing.h"
#include "platform/xml_notes.h"

#include <stdlib.h>
#include <string.h>

static const char *const vertex_kinds[] = TP_VERTEX_KIND_NAMES;
static const char *const link_kinds[] = TP_LINK_KIND_NAMES;
static const char *const peer_accesses[] = TP_PEER_ACCESS_NAMES;

/* A host or a link of the listing, and what it became. */
struct item {
  const json_t *told;
  const char *name; /* of a link: without the end of SimGrid's that says which way */
  const struct tp_xml_named *noted;
  bool used; /* link: by a route */
  bool half; /* link: one way of a full-duplex one */
  bool down; /* and that is from its second end to its first */
  int made;  /* vertex or link; -1: none */
};

struct reader {
  const char *path;
  struct tp_arena *arena;
  struct tp_error *error;
  struct tp_xml_notes notes;
  struct tp_xml_listing listing;
  struct item *hosts, *links;
  struct tp_topology graph;
};

static int index_of(const char *const *names, const char *name)
{
  for (int i = 0; names[i] != NULL; i++)
    if (strcmp(names[i], name) == 0)
      return i;
  return -1;
}

static const char *text_of(const json_t *object, const char *key)
{
  return json_string_value(json_object_get(object, key));
}

/* At the line that names it; at the first where a cluster made it. */
static enum tp_status fail(const struct reader *reader, const char *what, const struct item *item,
                           const char *fault)
{
  return tp_fail(reader->error, TP_E_INPUT, "%s:%d: %s '%.60s': %s", reader->path,
                 item->noted == NULL ? 1 : item->noted->line, what, item->name, fault);
}

/* As the file has them, then by name, with the numbers in names as numbers. */
static int compare_items(const void *left, const void *right)
{
  const struct item *a = *(struct item *const *)left, *b = *(struct item *const *)right;
  if (a->noted != NULL && b->noted != NULL)
    return (a->noted > b->noted) - (a->noted < b->noted);
  return a->noted != NULL ? -1 : b->noted != NULL ? 1 : strverscmp(a->name, b->name);
}

static struct item **in_order(const struct reader *reader, struct item *items, size_t n)
{
  struct item **const order = TP_NEW(reader->arena, struct item *, n + 1);
  for (size_t i = 0; i < n; i++)
    order[i] = &items[i];
  qsort(order, n, sizeof *order, compare_items);
  return order;
}

static struct item *list_items(const struct reader *reader, const char *key)
{
  const json_t *const array = json_object_get(reader->listing.root, key);
  struct item *const items = TP_NEW(reader->arena, struct item, json_array_size(array) + 1);
  for (size_t i = 0; i < json_array_size(array); i++) {
    const json_t *const told = json_array_get(array, i);
    items[i] = (struct item){
        .told = told, .name = tp_arena_strdup(reader->arena, text_of(told, "name")), .made = -1};
  }
  return items;
}

static enum tp_status take_count(const struct reader *reader, const struct item *host,
                                 const char *key, int most, int *count)
{
  const char *const text = text_of(host->told, key);
  double value = 0;
  if (text != NULL &&
      (!tp_text_number(text, &value) || value < 0 || value > most || value != (double)(int)value))
    return fail(
        reader, "host", host,
        tp_arena_printf(reader->arena, "%s must be a whole number from 0 to %d", key, most));
  *count = (int)value;
  return TP_OK;
}

static bool is_true(const struct item *host, const char *key)
{
  const char *const text = text_of(host->told, key);
  return text != NULL && strcmp(text, "true") == 0;
}

static enum tp_status take_hosts(struct reader *reader)
{
  const size_t n = reader->listing.n_hosts;
  reader->hosts = list_items(reader, "hosts");
  for (size_t i = 0; i < n; i++)
    reader->hosts[i].noted = tp_xml_noted(&reader->notes.hosts, reader->hosts[i].name);
  struct item *const *const order = in_order(reader, reader->hosts, n);
  for (size_t i = 0; i < n; i++) {
    struct item *const host = order[i];
    const char *const kind = text_of(host->told, "kind");
    struct tp_vertex vertex = {.name = host->name,
                               .reduces = is_true(host, "reduces"),
                               .only_reduces = is_true(host, "only_reduces")};
    TP_TRY(take_count(reader, host, "node", TP_MAX_VERTICES - 1, &vertex.node));
    TP_TRY(take_count(reader, host, "numa", 1023, &vertex.numa));
    const int known = kind == NULL ? TP_VERTEX_GPU : index_of(vertex_kinds, kind);
    if (known < 0)
      return fail(reader, "host", host,
                  "kind must be gpu, switch, bridge, nic, host_memory or dram");
    vertex.kind = (enum tp_vertex_kind)known;
    host->made = tp_topology_add_vertex(&reader->graph, &vertex);
  }
  return TP_OK;
}

static bool alike(const json_t *a, const json_t *b)
{
  return json_equal(json_object_get(a, "bytes_per_s"), json_object_get(b, "bytes_per_s")) &&
         json_equal(json_object_get(a, "latency_s"), json_object_get(b, "latency_s"));
}

/* SimGrid makes two links of a full-duplex link "l", "l_UP" and "l_DOWN". */
static void join_halves(struct reader *reader)
{
  struct tp_index index = {.arena = reader->arena};
  for (size_t i = 0; i < reader->listing.n_links; i++)
    if (tp_index_find(&index, reader->links[i].name) < 0)
      tp_index_add(&index, reader->links[i].name, (int)i);
  for (size_t i = 0; i < reader->listing.n_links; i++) {
    struct item *const up = &reader->links[i];
    const size_t n = strlen(up->name);
    if (up->half || n < 4 || strcmp(up->name + n - 3, "_UP") != 0)
      continue;
    const char *const name = tp_arena_printf(reader->arena, "%.*s", (int)n - 3, up->name);
    const int other = tp_index_find(&index, tp_arena_printf(reader->arena, "%s_DOWN", name));
    if (other < 0 || !alike(up->told, reader->links[other].told))
      continue;
    struct item *const down = &reader->links[other];
    up->half = down->half = down->down = true;
    up->name = down->name = name;
  }
}

static enum tp_status check_link(const struct reader *reader, const struct item *item,
                                 const struct tp_link *link)
{
  if (!json_is_true(json_object_get(item->told, "shared")))
    return fail(reader, "link", item,
                "a FATPIPE, whose flows do not slow each other; make it SHARED or SPLITDUPLEX");
  if (!(link->bytes_per_s >= 1e3 && link->bytes_per_s <= 1e15))
    return fail(reader, "link", item, "bandwidth must be 1 kBps to 1e15 Bps, as in \"450GBps\"");
  if (!(link->latency_s >= 0 && link->latency_s <= 1))
    return fail(reader, "link", item, "latency must be 0 to 1 second, as in \"0.5us\"");
  return (int)link->kind >= 0
             ? TP_OK
             : fail(reader, "link", item, "kind must be nvlink, pcie, network or dram");
}

static enum tp_status take_link(struct reader *reader, struct item *item, const struct item *before)
{
  const struct tp_xml_named *const noted = item->noted;
  if (item->half && before != NULL && before->half && strcmp(before->name, item->name) == 0) {
    item->made = before->made;
    return TP_OK;
  }
  const struct tp_link link = {
      .name = item->name,
      .group = noted == NULL || noted->group == NULL ? item->name : noted->group,
      .a = -1,
      .b = -1,
      .kind = noted == NULL || noted->kind == NULL
                  ? TP_LINK_NETWORK
                  : (enum tp_link_kind)index_of(link_kinds, noted->kind),
      .bytes_per_s = json_number_value(json_object_get(item->told, "bytes_per_s")),
      .latency_s = json_number_value(json_object_get(item->told, "latency_s")),
      .full_duplex = item->half};
  TP_TRY(check_link(reader, item, &link));
  item->made = (int)reader->graph.n_links;
  TP_APPEND(reader->arena, reader->graph.links, reader->graph.n_links, link);
  return TP_OK;
}

/* Those of routes, and those that the file says are of the machine: SimGrid has more, such as a
 * host's way to itself. */
static enum tp_status take_links(struct reader *reader)
{
  const size_t n = reader->listing.n_links, n_hosts = reader->listing.n_hosts;
  reader->links = list_items(reader, "links");
  join_halves(reader);
  const int32_t *at = reader->listing.routes;
  for (size_t i = 0; n_hosts > 0 && i < n_hosts * (n_hosts - 1); i++, at += 1 + *at)
    for (int32_t h = 1; h <= *at; h++)
      reader->links[at[h]].used = true;
  for (size_t i = 0; i < n; i++)
    reader->links[i].noted = tp_xml_noted(&reader->notes.links, reader->links[i].name);
  struct item *const *const order = in_order(reader, reader->links, n);
  const struct item *before = NULL;
  for (size_t i = 0; i < n; i++) {
    const char *const kind = order[i]->noted == NULL ? NULL : order[i]->noted->kind;
    if (!order[i]->used && (kind == NULL || strcmp(kind, "dram") == 0))
      continue;
    TP_TRY(take_link(reader, order[i], before));
    before = order[i];
  }
  return TP_OK;
}

static void take_routes(const struct reader *reader, struct tp_platform *platform)
{
  const size_t n = reader->listing.n_hosts, n_pairs = n * n;
  struct tp_given_routes *const given = TP_NEW(reader->arena, struct tp_given_routes, 1);
  given->hops = TP_NEW(reader->arena, const int32_t *, n_pairs + 1);
  int32_t *at = reader->listing.routes;
  for (size_t from = 0; from < n; from++)
    for (size_t to = 0; to < n; to++) {
      if (from == to)
        continue;
      given->hops[(size_t)reader->hosts[from].made * n + (size_t)reader->hosts[to].made] = at;
      for (int32_t h = 1; h <= *at; h++) {
        const struct item *const link = &reader->links[at[h]];
        at[h] = 2 * link->made + (link->down ? 1 : 0);
      }
      at += 1 + *at;
    }
  platform->given = given;
}

static enum tp_status make(struct reader *reader, struct tp_platform *platform)
{
  const json_t *const root = reader->listing.root;
  const char *const access = text_of(root, "peer_access"), *const device = text_of(root, "device");
  struct tp_platform made = {
      .name = tp_arena_strdup(reader->arena, text_of(root, "name")),
      .device_name = device == NULL ? NULL : tp_arena_strdup(reader->arena, device),
      .peer_access = access == NULL ? TP_PEER_DIRECT : index_of(peer_accesses, access)};
  if (made.peer_access < 0)
    return tp_fail(reader->error, TP_E_INPUT,
                   "%s:1: peer_access must be direct, switch, host_memory or socket_memory", reader->path);
  TP_TRY(take_hosts(reader));
  TP_TRY(take_links(reader));
  take_routes(reader, &made);
  struct tp_error fault;
  const enum tp_status status = tp_platform_finish(&reader->graph, &made, &fault);
  if (status != TP_OK)
    return tp_fail(reader->error, status, "%s:1: %s", reader->path, fault.text);
  *platform = made;
  return TP_OK;
}

enum tp_status tp_platform_parse_xml(const char *path, const char *text, struct tp_arena *arena,
                                     struct tp_platform *platform, struct tp_error *error)
{
  struct reader reader = {
      .path = path, .arena = arena, .error = error, .graph = tp_topology_of(arena)};
  TP_TRY(tp_xml_notes_read(path, text, arena, &reader.notes, error));
  TP_TRY(tp_xml_list(path, reader.notes.text, arena, &reader.listing, error));
  const enum tp_status status = make(&reader, platform);
  json_decref(reader.listing.root);
  return status;
}

enum tp_status tp_platform_read_xml(const char *path, struct tp_arena *arena,
                                    struct tp_platform *platform, struct tp_error *error)
{
  const char *text;
  TP_TRY(tp_file_read(path, arena, &text, error));
  return tp_platform_parse_xml(path, text, arena, platform, error);
}
