/* Reads the part of SimGrid XML 4.1 that describes one flat zone of hosts joined by links:
 * platform, config, zone, host, router, link, route, link_ctn, prop.  Anything else is refused by
 * name and line, for it would change what the file means.
 */
#include "base/file.h"
#include "base/text.h"
#include "platform/xml_file.h"
#include "platform/xml_parse.h"
#include "platform/xml_quantity.h"

#include <string.h>

static const char *const vertex_kinds[] = TP_VERTEX_KIND_NAMES;
static const char *const link_kinds[] = TP_LINK_KIND_NAMES;
static const char *const peer_accesses[] = TP_PEER_ACCESS_NAMES;

struct host {
  struct tp_vertex vertex;
  bool dram;
};

struct reader {
  const struct tp_xml *xml;
  struct tp_xml_file *file;
  size_t n_dram;
  const char **dram; /* hosts that stand for a GPU's memory: routes to them are left out */
  /* What is being read; its children add to it. */
  struct host host;
  struct tp_xml_link link;
  struct tp_xml_route route;
};

static int index_of(const char *const *names, const char *name)
{
  for (int i = 0; names[i] != NULL; i++)
    if (strcmp(names[i], name) == 0)
      return i;
  return -1;
}

static enum tp_status begin_root(void *data, const struct tp_xml_tag *tag)
{
  static const char *const versions[] = {"4.1", "4", NULL};
  const struct reader *reader = data;
  if (index_of(versions, tp_xml_value(tag, "version")) >= 0)
    return TP_OK;
  return tp_xml_fail(reader->xml, tag,
                     "version must be \"4.1\"; convert it with simgrid_update_xml");
}

static enum tp_status begin_zone(void *data, const struct tp_xml_tag *tag)
{
  static const char *const routings[] = {"Full", "Floyd", "Dijkstra", NULL};
  struct reader *reader = data;
  if (reader->file->name != NULL)
    return tp_xml_fail(reader->xml, tag, "a second zone; only one flat zone is supported");
  if (index_of(routings, tp_xml_value(tag, "routing")) < 0)
    return tp_xml_fail(reader->xml, tag, "routing must be Full, Floyd or Dijkstra");
  reader->file->name = tp_xml_value(tag, "id");
  return TP_OK;
}

static enum tp_status take_zone_prop(void *data, const struct tp_xml_tag *tag)
{
  struct reader *reader = data;
  const char *key = tp_xml_value(tag, "id"), *value = tp_xml_value(tag, "value");
  if (strcmp(key, "device") == 0)
    reader->file->device_name = value;
  if (strcmp(key, "peer_access") != 0)
    return TP_OK;
  reader->file->peer_access = index_of(peer_accesses, value);
  return reader->file->peer_access >= 0
             ? TP_OK
             : tp_xml_fail(reader->xml, tag, "peer_access must be direct, switch or host_memory");
}

static enum tp_status begin_host(void *data, const struct tp_xml_tag *tag)
{
  struct reader *reader = data;
  const bool router = strcmp(tag->name, "router") == 0;
  reader->host = (struct host){.vertex = {.name = tp_xml_value(tag, "id"),
                                          .kind = router ? TP_VERTEX_SWITCH : TP_VERTEX_GPU}};
  return TP_OK;
}

static enum tp_status read_count(const struct reader *reader, const struct tp_xml_tag *prop,
                                 int most, int *count)
{
  double value;
  if (!tp_text_number(tp_xml_value(prop, "value"), &value) || value < 0 || value > most ||
      value != (double)(int)value)
    return tp_xml_fail(reader->xml, prop, "'%s' must be a whole number from 0 to %d",
                       tp_xml_value(prop, "id"), most);
  *count = (int)value;
  return TP_OK;
}

static enum tp_status take_host_prop(void *data, const struct tp_xml_tag *prop)
{
  struct reader *reader = data;
  struct host *host = &reader->host;
  const char *key = tp_xml_value(prop, "id"), *value = tp_xml_value(prop, "value");
  if (strcmp(key, "node") == 0)
    return read_count(reader, prop, TP_MAX_VERTICES - 1, &host->vertex.node);
  if (strcmp(key, "numa") == 0)
    return read_count(reader, prop, 1023, &host->vertex.numa);
  if (strcmp(key, "reduces") == 0)
    host->vertex.reduces = strcmp(value, "true") == 0;
  if (strcmp(key, "only_reduces") == 0)
    host->vertex.only_reduces = strcmp(value, "true") == 0;
  if (strcmp(key, "kind") == 0 && strcmp(value, "dram") == 0)
    host->dram = true;
  else if (strcmp(key, "kind") == 0) {
    const int kind = index_of(vertex_kinds, value);
    if (kind < 0)
      return tp_xml_fail(reader->xml, prop,
                         "kind must be gpu, switch, bridge, nic, host_memory or dram");
    host->vertex.kind = (enum tp_vertex_kind)kind;
  }
  return TP_OK;
}

static enum tp_status end_host(void *data, const struct tp_xml_tag *tag)
{
  struct reader *reader = data;
  const struct host *host = &reader->host;
  if (host->dram) {
    TP_APPEND(reader->file->arena, reader->dram, reader->n_dram, host->vertex.name);
    return TP_OK;
  }
  if (tp_topology_find_vertex(&reader->file->graph, host->vertex.name) >= 0)
    return tp_xml_fail(reader->xml, tag, "a second one of this id; rename it");
  if (tp_topology_add_vertex(&reader->file->graph, &host->vertex) < 0)
    return tp_xml_fail(reader->xml, tag, "too many hosts; describe a smaller part of the machine");
  return TP_OK;
}

static int find_link(const struct tp_xml_file *file, const char *name)
{
  for (size_t l = 0; l < file->n_links; l++)
    if (strcmp(file->links[l].link.name, name) == 0)
      return (int)l;
  return -1;
}

static enum tp_status begin_link(void *data, const struct tp_xml_tag *tag)
{
  struct reader *reader = data;
  const char *name = tp_xml_value(tag, "id"), *policy = tp_xml_value(tag, "sharing_policy");
  struct tp_link link = {.name = name, .group = name, .kind = TP_LINK_NETWORK};
  link.full_duplex = policy != NULL && strcmp(policy, "SPLITDUPLEX") == 0;
  if (policy != NULL && !link.full_duplex && strcmp(policy, "SHARED") != 0)
    return tp_xml_fail(reader->xml, tag, "sharing_policy must be SHARED or SPLITDUPLEX");
  if (!tp_xml_bandwidth(tp_xml_value(tag, "bandwidth"), &link.bytes_per_s))
    return tp_xml_fail(reader->xml, tag, "bandwidth must be 1 kBps to 1e15 Bps, as in \"450GBps\"");
  if (!tp_xml_latency(tp_xml_value(tag, "latency"), &link.latency_s))
    return tp_xml_fail(reader->xml, tag, "latency must be 0 to 1 second, as in \"0.5us\"");
  if (find_link(reader->file, name) >= 0)
    return tp_xml_fail(reader->xml, tag, "a second one of this id; rename it");
  reader->link = (struct tp_xml_link){.link = link, .line = tag->line};
  return TP_OK;
}

static enum tp_status take_link_prop(void *data, const struct tp_xml_tag *prop)
{
  struct reader *reader = data;
  struct tp_xml_link *link = &reader->link;
  const char *key = tp_xml_value(prop, "id"), *value = tp_xml_value(prop, "value");
  if (strcmp(key, "group") == 0)
    link->link.group = value;
  if (strcmp(key, "kind") == 0 && strcmp(value, "dram") == 0)
    link->dram = true;
  else if (strcmp(key, "kind") == 0) {
    const int kind = index_of(link_kinds, value);
    if (kind < 0)
      return tp_xml_fail(reader->xml, prop, "kind must be nvlink, pcie, network or dram");
    link->link.kind = (enum tp_link_kind)kind;
  }
  return TP_OK;
}

static enum tp_status end_link(void *data, const struct tp_xml_tag *tag)
{
  struct reader *reader = data;
  (void)tag;
  TP_APPEND(reader->file->arena, reader->file->links, reader->file->n_links, reader->link);
  return TP_OK;
}

static enum tp_status begin_route(void *data, const struct tp_xml_tag *tag)
{
  struct reader *reader = data;
  reader->route = (struct tp_xml_route){.line = tag->line, .first_hop = reader->file->n_hops};
  return TP_OK;
}

static enum tp_status take_hop(void *data, const struct tp_xml_tag *tag)
{
  struct reader *reader = data;
  struct tp_xml_file *file = reader->file;
  const char *name = tp_xml_value(tag, "id"), *direction = tp_xml_value(tag, "direction");
  struct tp_xml_hop hop = {.link = find_link(file, name)};
  if (hop.link < 0)
    return tp_xml_fail(reader->xml, tag, "no link '%.40s'; define it before", name);
  if (direction != NULL)
    hop.direction = strcmp(direction, "UP") == 0 ? 1 : strcmp(direction, "DOWN") == 0 ? -1 : 0;
  if (direction != NULL && hop.direction == 0)
    return tp_xml_fail(reader->xml, tag, "direction must be UP or DOWN");
  if (file->links[hop.link].link.full_duplex && hop.direction == 0)
    return tp_xml_fail(reader->xml, tag, "a SPLITDUPLEX link needs direction=\"UP\" or \"DOWN\"");
  TP_APPEND(file->arena, file->hops, file->n_hops, hop);
  return TP_OK;
}

static bool is_dram(const struct reader *reader, const char *name)
{
  for (size_t i = 0; i < reader->n_dram; i++)
    if (strcmp(reader->dram[i], name) == 0)
      return true;
  return false;
}

static enum tp_status end_route(void *data, const struct tp_xml_tag *tag)
{
  struct reader *reader = data;
  struct tp_xml_file *file = reader->file;
  struct tp_xml_route *route = &reader->route;
  const char *ends[2] = {tp_xml_value(tag, "src"), tp_xml_value(tag, "dst")};
  if (is_dram(reader, ends[0]) || is_dram(reader, ends[1]) || strcmp(ends[0], ends[1]) == 0) {
    file->n_hops = route->first_hop;
    return TP_OK;
  }
  int *const vertices[2] = {&route->from, &route->to};
  for (int e = 0; e < 2; e++) {
    *vertices[e] = tp_topology_find_vertex(&file->graph, ends[e]);
    if (*vertices[e] < 0)
      return tp_xml_fail(reader->xml, tag, "no host '%.40s'; define it before", ends[e]);
  }
  route->n_hops = file->n_hops - route->first_hop;
  if (route->n_hops == 0)
    return tp_xml_fail(reader->xml, tag, "has no link_ctn; name its links");
  TP_APPEND(file->arena, file->routes, file->n_routes, *route);
  return TP_OK;
}

static const struct tp_xml_element elements[] = {
    {"", "platform", {"version"}, {NULL}, begin_root, NULL},
    {"platform", "config", {NULL}, {"id"}, NULL, NULL},
    {"config", "prop", {"id", "value"}, {NULL}, NULL, NULL},
    {"platform", "zone", {"id", "routing"}, {NULL}, begin_zone, NULL},
    {"zone", "prop", {"id", "value"}, {NULL}, take_zone_prop, NULL},
    {"zone", "host", {"id"}, {"speed", "core"}, begin_host, end_host},
    {"zone", "router", {"id"}, {NULL}, begin_host, end_host},
    {"host", "prop", {"id", "value"}, {NULL}, take_host_prop, NULL},
    {"router", "prop", {"id", "value"}, {NULL}, take_host_prop, NULL},
    {"zone", "link", {"id", "bandwidth", "latency"}, {"sharing_policy"}, begin_link, end_link},
    {"link", "prop", {"id", "value"}, {NULL}, take_link_prop, NULL},
    {"zone", "route", {"src", "dst"}, {"symmetrical"}, begin_route, end_route},
    {"route", "link_ctn", {"id"}, {"direction"}, take_hop, NULL},
};

enum tp_status tp_platform_read_xml(const char *path, struct tp_arena *arena,
                                    struct tp_platform *platform, struct tp_error *error)
{
  const char *text;
  TP_TRY(tp_file_read(path, arena, &text, error));
  struct tp_xml_file file = {.path = path, .arena = arena, .graph = tp_topology_of(arena)};
  struct reader reader = {.file = &file};
  const struct tp_xml xml = {.path = path,
                             .elements = elements,
                             .n_elements = sizeof elements / sizeof *elements,
                             .data = &reader,
                             .arena = arena,
                             .error = error};
  reader.xml = &xml;
  TP_TRY(tp_xml_parse(&xml, text));
  return tp_xml_make_platform(&file, platform, error);
}
