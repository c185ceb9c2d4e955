/* A platform file as SimGrid reads it, told in numbers: what platform/xml_read.c makes a topology
 * of.  Nested zones, clusters, trees and tori are links and routes then.
 *
 *     {"name": "z", "hosts": [{"name": ...}], "links": [{"name", "bytes_per_s", ...}]}
 *     of each two hosts, in order: how many links are on the way, and which (32 bits each)
 */
#include "engine/des/sim.h"

#include <jansson.h>
#include <simgrid/link.h>
#include <simgrid/zone.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xbt/dynar.h>

static const char *const host_properties[] = {"kind", "node", "numa", "reduces", "only_reduces"};
static const char *const zone_properties[] = {"device", "peer_access"};

static void set_text(json_t *object, const char *key, const char *text)
{
  if (text != NULL && json_object_set_new(object, key, json_string(text)) != 0) {
    fprintf(stderr, "a name is not UTF-8; write the file in UTF-8\n");
    exit(EXIT_FAILURE);
  }
}

/* A GPU's own memory is no part of the topology. */
static bool is_listed(sg_host_t host)
{
  const char *const kind = sg_host_get_property_value(host, "kind");
  return kind == NULL || strcmp(kind, "dram") != 0;
}

static size_t list_hosts(json_t *into, sg_host_t *hosts)
{
  const size_t n_all = sg_host_count(); /* which takes as long as a list of them */
  size_t n = 0;
  for (size_t i = 0; i < n_all; i++) {
    if (!is_listed(hosts[i]))
      continue;
    json_t *const told = json_object();
    set_text(told, "name", sg_host_get_name(hosts[i]));
    for (size_t p = 0; p < sizeof host_properties / sizeof *host_properties; p++)
      set_text(told, host_properties[p], sg_host_get_property_value(hosts[i], host_properties[p]));
    json_array_append_new(into, told);
    hosts[n++] = hosts[i];
  }
  return n;
}

static void list_links(json_t *into)
{
  sg_link_t *const links = sg_link_list();
  const size_t n = sg_link_count();
  for (size_t i = 0; i < n; i++) {
    json_t *const told =
        json_pack("{s:f, s:f, s:b}", "bytes_per_s", sg_link_get_bandwidth(links[i]), "latency_s",
                  sg_link_get_latency(links[i]), "shared", sg_link_is_shared(links[i]) != 0);
    set_text(told, "name", sg_link_get_name(links[i]));
    json_array_append_new(into, told);
    sg_link_set_data(links[i], (void *)(intptr_t)i);
  }
  free(links);
}

static void put_routes(sg_host_t *hosts, size_t n, FILE *out)
{
  xbt_dynar_t links = xbt_dynar_new(sizeof(sg_link_t), NULL);
  for (size_t from = 0; from < n; from++)
    for (size_t to = 0; to < n; to++) {
      if (from == to)
        continue;
      xbt_dynar_reset(links);
      sg_host_get_route(hosts[from], hosts[to], links);
      const int32_t n_links = (int32_t)xbt_dynar_length(links);
      fwrite(&n_links, sizeof n_links, 1, out);
      for (int i = 0; i < n_links; i++) {
        const int32_t link = (int32_t)(intptr_t)sg_link_get_data(
            xbt_dynar_get_as(links, (unsigned long)i, sg_link_t));
        fwrite(&link, sizeof link, 1, out);
      }
    }
  xbt_dynar_free(&links);
}

int tp_des_list(const char *xml, FILE *out)
{
  tp_des_engine_start();
  simgrid_load_platform(xml);
  simgrid_run(); /* without an actor it ends at once, but routes are complete only then */
  const sg_netzone_t zone = sg_zone_get_root();
  sg_host_t *const hosts = sg_host_list();
  json_t *const root = json_pack("{s:[], s:[]}", "hosts", "links");
  set_text(root, "name", sg_zone_get_name(zone));
  for (size_t p = 0; p < sizeof zone_properties / sizeof *zone_properties; p++)
    set_text(root, zone_properties[p], sg_zone_get_property_value(zone, zone_properties[p]));
  const size_t n = list_hosts(json_object_get(root, "hosts"), hosts);
  list_links(json_object_get(root, "links"));
  json_dumpf(root, out, JSON_COMPACT);
  putc('\n', out);
  if (n <= TP_MAX_XML_HOSTS)
    put_routes(hosts, n, out);
  json_decref(root);
  free(hosts);
  return fflush(out) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
