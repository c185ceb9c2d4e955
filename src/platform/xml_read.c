/* Reads the part of SimGrid XML 4.1 that describes one flat zone of hosts joined by links:
 * platform, config, zone, host, router, link, route, link_ctn, prop.  Anything else is refused by
 * name and line, for it would change what the file means.
 */
#include "base/file.h"
#include "base/text.h"
#include "platform/xml_file.h"
#include "platform/xml_quantity.h"
#include "platform/xml_scan.h"

#include <string.h>

static const char *const vertex_kinds[] = TP_VERTEX_KIND_NAMES;
static const char *const link_kinds[] = TP_LINK_KIND_NAMES;
static const char *const peer_accesses[] = TP_PEER_ACCESS_NAMES;

struct reader {
  struct tp_xml xml;
  struct tp_xml_file *file;
  struct tp_error *error;
  size_t n_dram;
  const char **dram; /* hosts that stand for a GPU's memory: routes to them are left out */
};

static const char *const nothing[] = {NULL};

static int index_of(const char *const *names, const char *name)
{
  for (int i = 0; names[i] != NULL; i++)
    if (strcmp(names[i], name) == 0)
      return i;
  return -1;
}

static enum tp_status fail_element(const struct reader *reader, const struct tp_xml_tag *tag)
{
  return tp_xml_fail(
      &reader->xml, tag, reader->error,
      "this element is not supported; describe one zone of host, router, link, route");
}

/* Reads <prop> children; `take` gets each. */
static enum tp_status read_props(struct reader *reader, const struct tp_xml_tag *parent,
                                 enum tp_status (*take)(struct reader *reader,
                                                        const struct tp_xml_tag *prop, void *data),
                                 void *data)
{
  static const char *const required[] = {"id", "value", NULL};
  for (;;) {
    struct tp_xml_tag prop;
    bool more;
    enum tp_status status = tp_xml_next_child(&reader->xml, parent, &prop, &more, reader->error);
    if (status != TP_OK || !more)
      return status;
    if (strcmp(prop.name, "prop") != 0)
      return fail_element(reader, &prop);
    status = tp_xml_check(&reader->xml, &prop, required, nothing, reader->error);
    if (status == TP_OK)
      status = take(reader, &prop, data);
    if (status == TP_OK)
      status = tp_xml_close_leaf(&reader->xml, &prop, reader->error);
    if (status != TP_OK)
      return status;
  }
}

struct host {
  struct tp_vertex vertex;
  bool dram;
};

static enum tp_status read_count(const struct reader *reader, const struct tp_xml_tag *prop,
                                 int most, int *count)
{
  double value;
  if (!tp_text_number(tp_xml_value(prop, "value"), &value) || value < 0 || value > most ||
      value != (double)(int)value)
    return tp_xml_fail(&reader->xml, prop, reader->error,
                       "'%s' must be a whole number from 0 to %d", tp_xml_value(prop, "id"), most);
  *count = (int)value;
  return TP_OK;
}

static enum tp_status take_host_prop(struct reader *reader, const struct tp_xml_tag *prop,
                                     void *data)
{
  struct host *host = data;
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
      return tp_xml_fail(&reader->xml, prop, reader->error,
                         "kind must be gpu, switch, bridge, nic, host_memory or dram");
    host->vertex.kind = (enum tp_vertex_kind)kind;
  }
  return TP_OK;
}

static enum tp_status read_host(struct reader *reader, const struct tp_xml_tag *tag)
{
  static const char *const required[] = {"id", NULL}, *const known[] = {"speed", "core", NULL};
  const bool router = strcmp(tag->name, "router") == 0;
  struct host host = {.vertex.kind = router ? TP_VERTEX_SWITCH : TP_VERTEX_GPU};
  enum tp_status status =
      tp_xml_check(&reader->xml, tag, required, router ? nothing : known, reader->error);
  if (status == TP_OK)
    status = read_props(reader, tag, take_host_prop, &host);
  if (status != TP_OK)
    return status;
  host.vertex.name = tp_xml_value(tag, "id");
  if (host.dram) {
    reader->dram[reader->n_dram++] = host.vertex.name;
    return TP_OK;
  }
  if (tp_topology_find_vertex(&reader->file->graph, host.vertex.name) >= 0)
    return tp_xml_fail(&reader->xml, tag, reader->error, "a second one of this id; rename it");
  if (tp_topology_add_vertex(&reader->file->graph, &host.vertex) < 0)
    return tp_xml_fail(&reader->xml, tag, reader->error,
                       "too many hosts; describe a smaller part of the machine");
  return TP_OK;
}

static enum tp_status take_link_prop(struct reader *reader, const struct tp_xml_tag *prop,
                                     void *data)
{
  struct tp_xml_link *link = data;
  const char *key = tp_xml_value(prop, "id"), *value = tp_xml_value(prop, "value");
  if (strcmp(key, "group") == 0)
    link->link.group = value;
  if (strcmp(key, "kind") == 0 && strcmp(value, "dram") == 0)
    link->dram = true;
  else if (strcmp(key, "kind") == 0) {
    const int kind = index_of(link_kinds, value);
    if (kind < 0)
      return tp_xml_fail(&reader->xml, prop, reader->error,
                         "kind must be nvlink, pcie, network or dram");
    link->link.kind = (enum tp_link_kind)kind;
  }
  return TP_OK;
}

static int find_link(const struct tp_xml_file *file, const char *name)
{
  for (size_t l = 0; l < file->n_links; l++)
    if (strcmp(file->links[l].link.name, name) == 0)
      return (int)l;
  return -1;
}

static enum tp_status read_link(struct reader *reader, const struct tp_xml_tag *tag)
{
  static const char *const required[] = {"id", "bandwidth", "latency", NULL};
  static const char *const known[] = {"sharing_policy", NULL};
  enum tp_status status = tp_xml_check(&reader->xml, tag, required, known, reader->error);
  if (status != TP_OK)
    return status;
  struct tp_xml_link link = {.line = tag->line, .link.kind = TP_LINK_NETWORK};
  link.link.name = link.link.group = tp_xml_value(tag, "id");
  const char *policy = tp_xml_value(tag, "sharing_policy");
  link.link.full_duplex = policy != NULL && strcmp(policy, "SPLITDUPLEX") == 0;
  if (policy != NULL && !link.link.full_duplex && strcmp(policy, "SHARED") != 0)
    return tp_xml_fail(&reader->xml, tag, reader->error,
                       "sharing_policy must be SHARED or SPLITDUPLEX");
  if (!tp_xml_bandwidth(tp_xml_value(tag, "bandwidth"), &link.link.bytes_per_s))
    return tp_xml_fail(&reader->xml, tag, reader->error,
                       "bandwidth must be 1 kBps to 1e15 Bps, as in \"450GBps\"");
  if (!tp_xml_latency(tp_xml_value(tag, "latency"), &link.link.latency_s))
    return tp_xml_fail(&reader->xml, tag, reader->error,
                       "latency must be 0 to 1 second, as in \"0.5us\"");
  if (find_link(reader->file, link.link.name) >= 0)
    return tp_xml_fail(&reader->xml, tag, reader->error, "a second one of this id; rename it");
  status = read_props(reader, tag, take_link_prop, &link);
  if (status == TP_OK)
    reader->file->links[reader->file->n_links++] = link;
  return status;
}

static enum tp_status read_hop(struct reader *reader, const struct tp_xml_tag *tag)
{
  static const char *const required[] = {"id", NULL}, *const known[] = {"direction", NULL};
  struct tp_xml_file *file = reader->file;
  const enum tp_status status = tp_xml_check(&reader->xml, tag, required, known, reader->error);
  if (status != TP_OK)
    return status;
  struct tp_xml_hop hop = {.link = find_link(file, tp_xml_value(tag, "id"))};
  if (hop.link < 0)
    return tp_xml_fail(&reader->xml, tag, reader->error, "no link '%.40s'; define it before",
                       tp_xml_value(tag, "id"));
  const char *direction = tp_xml_value(tag, "direction");
  if (direction != NULL)
    hop.direction = strcmp(direction, "UP") == 0 ? 1 : strcmp(direction, "DOWN") == 0 ? -1 : 0;
  if (direction != NULL && hop.direction == 0)
    return tp_xml_fail(&reader->xml, tag, reader->error, "direction must be UP or DOWN");
  if (file->links[hop.link].link.full_duplex && hop.direction == 0)
    return tp_xml_fail(&reader->xml, tag, reader->error,
                       "a SPLITDUPLEX link needs direction=\"UP\" or \"DOWN\"");
  file->hops[file->n_hops++] = hop;
  return tp_xml_close_leaf(&reader->xml, tag, reader->error);
}

static bool is_dram(const struct reader *reader, const char *name)
{
  for (size_t i = 0; i < reader->n_dram; i++)
    if (strcmp(reader->dram[i], name) == 0)
      return true;
  return false;
}

static enum tp_status read_route(struct reader *reader, const struct tp_xml_tag *tag)
{
  static const char *const required[] = {"src", "dst", NULL}, *const known[] = {"symmetrical",
                                                                                NULL};
  struct tp_xml_file *file = reader->file;
  struct tp_xml_route route = {.line = tag->line, .first_hop = file->n_hops};
  enum tp_status status = tp_xml_check(&reader->xml, tag, required, known, reader->error);
  while (status == TP_OK) {
    struct tp_xml_tag hop;
    bool more;
    status = tp_xml_next_child(&reader->xml, tag, &hop, &more, reader->error);
    if (status != TP_OK || !more)
      break;
    status =
        strcmp(hop.name, "link_ctn") == 0 ? read_hop(reader, &hop) : fail_element(reader, &hop);
  }
  if (status != TP_OK)
    return status;
  const char *ends[2] = {tp_xml_value(tag, "src"), tp_xml_value(tag, "dst")};
  if (is_dram(reader, ends[0]) || is_dram(reader, ends[1]) || strcmp(ends[0], ends[1]) == 0) {
    file->n_hops = route.first_hop;
    return TP_OK;
  }
  int *const vertices[2] = {&route.from, &route.to};
  for (int e = 0; e < 2; e++) {
    *vertices[e] = tp_topology_find_vertex(&file->graph, ends[e]);
    if (*vertices[e] < 0)
      return tp_xml_fail(&reader->xml, tag, reader->error, "no host '%.40s'; define it before",
                         ends[e]);
  }
  route.n_hops = file->n_hops - route.first_hop;
  if (route.n_hops == 0)
    return tp_xml_fail(&reader->xml, tag, reader->error, "has no link_ctn; name its links");
  file->routes[file->n_routes++] = route;
  return TP_OK;
}

static enum tp_status read_peer_access(struct reader *reader, const struct tp_xml_tag *tag)
{
  reader->file->peer_access = index_of(peer_accesses, tp_xml_value(tag, "value"));
  if (reader->file->peer_access < 0)
    return tp_xml_fail(&reader->xml, tag, reader->error,
                       "peer_access must be direct, switch or host_memory");
  return TP_OK;
}

static enum tp_status read_zone_child(struct reader *reader, const struct tp_xml_tag *tag)
{
  static const char *const prop_keys[] = {"id", "value", NULL};
  if (strcmp(tag->name, "host") == 0 || strcmp(tag->name, "router") == 0)
    return read_host(reader, tag);
  if (strcmp(tag->name, "link") == 0)
    return read_link(reader, tag);
  if (strcmp(tag->name, "route") == 0)
    return read_route(reader, tag);
  if (strcmp(tag->name, "prop") != 0)
    return fail_element(reader, tag);
  enum tp_status status = tp_xml_check(&reader->xml, tag, prop_keys, nothing, reader->error);
  if (status == TP_OK && strcmp(tp_xml_value(tag, "id"), "device") == 0)
    reader->file->device_name = tp_xml_value(tag, "value");
  if (status == TP_OK && strcmp(tp_xml_value(tag, "id"), "peer_access") == 0)
    status = read_peer_access(reader, tag);
  return status == TP_OK ? tp_xml_close_leaf(&reader->xml, tag, reader->error) : status;
}

static enum tp_status read_zone(struct reader *reader, const struct tp_xml_tag *zone)
{
  static const char *const required[] = {"id", "routing", NULL};
  static const char *const routings[] = {"Full", "Floyd", "Dijkstra", NULL};
  enum tp_status status = tp_xml_check(&reader->xml, zone, required, nothing, reader->error);
  if (status != TP_OK)
    return status;
  if (reader->file->name != NULL)
    return tp_xml_fail(&reader->xml, zone, reader->error,
                       "a second zone; only one flat zone is supported");
  if (index_of(routings, tp_xml_value(zone, "routing")) < 0)
    return tp_xml_fail(&reader->xml, zone, reader->error,
                       "routing must be Full, Floyd or Dijkstra");
  reader->file->name = tp_xml_value(zone, "id");
  for (;;) {
    struct tp_xml_tag child;
    bool more;
    status = tp_xml_next_child(&reader->xml, zone, &child, &more, reader->error);
    if (status == TP_OK && more)
      status = read_zone_child(reader, &child);
    if (status != TP_OK || !more)
      return status;
  }
}

static enum tp_status take_nothing(struct reader *reader, const struct tp_xml_tag *prop, void *data)
{
  (void)reader, (void)prop, (void)data;
  return TP_OK;
}

static enum tp_status read_root(struct reader *reader, const struct tp_xml_tag *root)
{
  static const char *const required[] = {"version", NULL};
  enum tp_status status = tp_xml_check(&reader->xml, root, required, nothing, reader->error);
  if (status == TP_OK && strcmp(tp_xml_value(root, "version"), "4.1") != 0 &&
      strcmp(tp_xml_value(root, "version"), "4") != 0)
    return tp_xml_fail(&reader->xml, root, reader->error,
                       "version must be \"4.1\"; convert it with simgrid_update_xml");
  for (;;) {
    struct tp_xml_tag child;
    bool more = false;
    if (status == TP_OK)
      status = tp_xml_next_child(&reader->xml, root, &child, &more, reader->error);
    if (status != TP_OK || !more)
      return status;
    if (strcmp(child.name, "config") == 0)
      status = read_props(reader, &child, take_nothing, NULL);
    else if (strcmp(child.name, "zone") == 0)
      status = read_zone(reader, &child);
    else
      status = fail_element(reader, &child);
  }
}

enum tp_status tp_platform_read_xml(const char *path, struct tp_arena *arena,
                                    struct tp_platform *platform, struct tp_error *error)
{
  const char *text;
  enum tp_status status = tp_file_read(path, arena, &text, error);
  if (status != TP_OK)
    return status;
  size_t n_tags = 1; /* as many of anything, at most */
  for (const char *at = strchr(text, '<'); at != NULL; at = strchr(at + 1, '<'))
    n_tags++;
  struct tp_xml_file file = {.path = path,
                             .arena = arena,
                             .graph = tp_topology_of(arena),
                             .links = TP_NEW(arena, struct tp_xml_link, n_tags),
                             .routes = TP_NEW(arena, struct tp_xml_route, n_tags),
                             .hops = TP_NEW(arena, struct tp_xml_hop, n_tags)};
  struct reader reader = {.xml = {path, text, 1, arena},
                          .file = &file,
                          .error = error,
                          .dram = TP_NEW(arena, const char *, n_tags)};
  struct tp_xml_tag root;
  status = tp_xml_next(&reader.xml, &root, error);
  if (status == TP_OK && (root.name == NULL || root.closes || strcmp(root.name, "platform") != 0))
    return tp_fail(error, TP_E_INPUT, "%s:%d: no <platform> element; not a SimGrid platform file",
                   path, reader.xml.line);
  if (status == TP_OK)
    status = read_root(&reader, &root);
  return status == TP_OK ? tp_xml_make_platform(&file, platform, error) : status;
}
