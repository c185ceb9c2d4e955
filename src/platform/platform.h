#ifndef TP_PLATFORM_PLATFORM_H
#define TP_PLATFORM_PLATFORM_H
/* A topology: vertices joined by links, and the routes between its GPUs.
 *
 *     gpu0 --nvlink-- nvswitch --nvlink-- gpu1      a link has a rate per direction and a latency;
 *                                                   half-duplex links share one rate both ways
 *
 * Routes are shortest paths: fewest links, then least latency, then lowest vertex numbers; or as a
 * SimGrid file gives them.  GPUs that cannot reach each other have routes by way of host memory.
 * The routes from a vertex are worked out when somebody first asks, and kept, const or not: a
 * platform belongs to one thread at a time.
 */
#include "base/json.h"
#include "platform/device.h"

#include <stdint.h>
#include <stdio.h>

enum { TP_MAX_GPUS = 4096, TP_MAX_ROUTE = 40, TP_MAX_XML_HOSTS = 1024 };

enum tp_vertex_kind {
  TP_VERTEX_GPU,
  TP_VERTEX_SWITCH,
  TP_VERTEX_BRIDGE,
  TP_VERTEX_NIC,
  TP_VERTEX_HOST_MEMORY
};
#define TP_VERTEX_KIND_NAMES                              \
  {                                                       \
    "gpu", "switch", "bridge", "nic", "host_memory", NULL \
  }

enum tp_link_kind { TP_LINK_NVLINK, TP_LINK_PCIE, TP_LINK_NETWORK };
#define TP_LINK_KIND_NAMES            \
  {                                   \
    "nvlink", "pcie", "network", NULL \
  }

/* How traffic between two GPUs of a node may go. */
enum tp_peer_access {
  TP_PEER_DIRECT,       /* on shortest paths */
  TP_PEER_SWITCH,       /* through switches; what would meet a bridge goes through host memory */
  TP_PEER_HOST_MEMORY,  /* through host memory: written there and read from there */
  TP_PEER_SOCKET_MEMORY /* the same in a NUMA domain; between domains on shortest paths: a library
                           joins them as it joins nodes */
};
#define TP_PEER_ACCESS_NAMES                                 \
  {                                                          \
    "direct", "switch", "host_memory", "socket_memory", NULL \
  }

struct tp_vertex {
  const char *name;
  enum tp_vertex_kind kind;
  int node;          /* server the vertex sits in, from 0 */
  int numa;          /* NUMA domain inside the node, from 0 */
  bool reduces;      /* switch that adds in flight (NVLS) */
  bool only_reduces; /* such a switch that forwards nothing: peer-to-peer copies are disabled */
};

struct tp_link {
  const char *name;
  const char *group; /* name in the file before expansion: "nvlink" */
  int a, b;          /* vertices; -1 where routes are given and say nothing of ends */
  enum tp_link_kind kind;
  double bytes_per_s; /* per direction */
  double latency_s;
  bool full_duplex;
};

/* A hop is a directed use of a link: 2*link for a->b, 2*link+1 for b->a; 2*link in both directions
 * where the link is half-duplex. */
struct tp_route {
  int n_hops;
  int hops[TP_MAX_ROUTE];
  double latency_s;       /* sum over links */
  double bytes_per_s;     /* least link */
  enum tp_link_kind kind; /* slowest kind on the way: network > pcie > nvlink */
};

struct tp_platform {
  const char *name;
  const char *device_name;
  int peer_access;          /* enum tp_peer_access */
  struct tp_device *device; /* filled by the caller that resolves names */
  size_t n_vertices, n_links;
  struct tp_vertex *vertices;
  struct tp_link *links;
  int n_gpus, n_nodes;
  int *gpus;                     /* vertex of GPU i, in file order */
  struct tp_arena *arena;        /* all of it lives there, and what is worked out on it later */
  struct tp_routes *routes;      /* what is known of them: routes.c */
  struct tp_given_routes *given; /* in place of shortest paths; NULL: these */
  struct tp_staging *staging;    /* NULL: no traffic goes through host memory */
};

/* Reads a topology document (no device inside).  Fails where two GPUs have no route. */
enum tp_status tp_platform_read(const struct tp_doc *doc, struct tp_arena *arena,
                                struct tp_platform *platform, struct tp_error *error);

/* Reads a SimGrid platform file by way of SimGrid: TP_E_ENVIRONMENT in a build without it. */
enum tp_status tp_platform_read_xml(const char *file, struct tp_arena *arena,
                                    struct tp_platform *platform, struct tp_error *error);
/* The same of the file's text. */
enum tp_status tp_platform_parse_xml(const char *file, const char *text, struct tp_arena *arena,
                                     struct tp_platform *platform, struct tp_error *error);

/* n_hops is 0 for a vertex to itself, and where there is no route. */
struct tp_route tp_platform_route(const struct tp_platform *platform, int from, int to);

/* Whether one link joins the two. */
bool tp_platform_joins(const struct tp_platform *platform, int a, int b);

struct tp_ends {
  int from, to; /* vertices */
};

/* Writes the SimGrid XML 4.1 of the platform: a host a vertex (speed 1f: one flop is one second),
 * every GPU with a second host "NAME.mem" behind link "NAME.hbm" of `dram_bytes_per_s`,
 * split-duplex links, explicit routes, and the <config> that switches TCP corrections off.
 * Routes between these ends alone, or, with NULL, between all vertices: of 10,000 a hundred
 * million. */
void tp_platform_write_xml(const struct tp_platform *platform, double dram_bytes_per_s,
                           const struct tp_ends *ends, size_t n_ends, FILE *out);
#endif
