#ifndef TP_PLATFORM_XML_FILE_H
#define TP_PLATFORM_XML_FILE_H
/* A SimGrid platform file as read (xml_read.c), before it is a graph (xml_graph.c). */
#include "platform/topology.h"

struct tp_xml_link {
  struct tp_link link; /* ends not known yet: SimGrid says them only by its routes */
  int line;
  bool dram; /* leads to a GPU's own memory: no part of the topology */
};

struct tp_xml_hop {
  int link;
  int direction; /* +1 UP, -1 DOWN, 0 not said (half duplex) */
};

struct tp_xml_route {
  int from, to; /* vertices */
  int line;
  size_t first_hop, n_hops;
};

struct tp_xml_file {
  const char *path;
  struct tp_arena *arena;
  const char *name, *device_name;
  int peer_access;          /* enum tp_peer_access */
  struct tp_topology graph; /* vertices only */
  size_t n_links, n_routes, n_hops;
  struct tp_xml_link *links;
  struct tp_xml_route *routes;
  struct tp_xml_hop *hops;
};

/* Finds what each link joins from the routes it is on, and finishes the platform. */
enum tp_status tp_xml_make_platform(struct tp_xml_file *file, struct tp_platform *platform,
                                    struct tp_error *error);
#endif
