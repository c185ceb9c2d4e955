#ifndef TP_COST_FABRIC_FABRIC_H
#define TP_COST_FABRIC_FABRIC_H
/* Where the ranks sit, and what groups of them get of the links.
 *
 *     fabric        ranks placed on GPUs: today the first GPUs of the platform, in file order
 *     communicator  every group of one (size, stride) of these ranks, all of them at work at once
 *     rate          what the routes give a pattern while each of these groups runs it
 *
 * Communicators and rates are worked out when somebody first asks for them and kept in the fabric,
 * const or not: so a fabric, and the platform under it, belong to one thread at a time.  All of it
 * lives in the platform's arena.
 */
#include "platform/platform.h"
#include "program/mesh.h"

enum { TP_MAX_RINGS = 8 };

/* Who sends to whom in one phase of a collective; the flows themselves: cost/fabric/pattern.h. */
#define TP_PATTERNS(X)                                                                    \
  X(TP_PATTERN_RING, "ring")                   /* round all ranks */                      \
  X(TP_PATTERN_NEXT, "next")                   /* every rank -> the next one */           \
  X(TP_PATTERN_DIRECT, "direct")               /* every rank -> every other */            \
  X(TP_PATTERN_TREE, "tree")                   /* chain in a node, tree of nodes */       \
  X(TP_PATTERN_SWITCH, "switch")               /* rank -> switch and back (NVLS) */       \
  X(TP_PATTERN_LOCAL_RING, "local-ring")       /* ring inside each node */                \
  X(TP_PATTERN_ACROSS_RING, "across-ring")     /* ring of same-numbered ranks of nodes */ \
  X(TP_PATTERN_LOCAL_DIRECT, "local-direct")   /* every other of its domain */            \
  X(TP_PATTERN_ACROSS_DIRECT, "across-direct") /* same-numbered ranks of domains */       \
  X(TP_PATTERN_LOCAL_SWITCH, "local-switch")   /* rank -> its node's switch and back */   \
  X(TP_PATTERN_ACROSS_TREE, "across-tree")     /* tree of same-numbered ranks of nodes */ \
  X(TP_PATTERN_SWITCH_TREE, "switch-tree")     /* both at once, of a part a rank across */
enum tp_pattern {
#define X(name, text) name,
  TP_PATTERNS(X)
#undef X
      TP_N_PATTERNS
};

struct tp_communicator;

/* A pattern on a communicator.  There is one entry of each: those whose entries are the same use
 * the same links. */
struct tp_pattern_rate {
  const struct tp_communicator *communicator; /* NULL: not worked out yet */
  enum tp_pattern pattern;
  bool shared;             /* some rank's flows go slower than they would without the others' */
  double flow_bytes_per_s; /* flow_bytes of a phase over the time its last flow takes */
  double latency_s;        /* longest route; ring and tree: mean over the way round */
  enum tp_link_kind kind;  /* slowest kind used */
  enum tp_link_kind local_kind; /* of flows that stay in a server */
  double network_share;         /* of the flows: those that leave one, of the group with most */
  enum tp_link_kind limiting;   /* kind of the link that limits the rate */
};

/* A cycle through the members of a node (local numbers; every node alike) and what it carries. */
struct tp_ring {
  double share; /* of the bytes; the shares of a communicator sum to 1 */
  int *order;   /* member by place */
  int *places;  /* place by member */
};

struct tp_fabric {
  const struct tp_platform *platform;
  int ranks;
  int *gpus;                              /* vertex of each rank */
  struct tp_communicator **communicators; /* a list: the memo */
};

/* Group g has the ranks tp_communicator_rank(communicator, g, member). */
struct tp_communicator {
  const struct tp_fabric *fabric;
  int ranks, stride;                  /* of a group */
  int n_groups;                       /* that fill the fabric */
  int nodes_used, ranks_per_node;     /* what a library takes for nodes: servers, or the sockets of
                                         TP_PEER_SOCKET_MEMORY; 1 where these get unequal numbers */
  int most_per_node;                  /* ranks of a group, where these are unequal, too */
  int domains_used, ranks_per_domain; /* nodes; of a single node, its NUMA domains */
  int *reducing_switches; /* vertex by group and node of it; NULL: not every one has one */
  int n_rings;
  struct tp_ring rings[TP_MAX_RINGS];
  struct tp_pattern_rate *rates; /* by pattern: the memo */
  struct tp_communicator *next;
};

/* Places `ranks` ranks on the first GPUs of the platform.  TP_E_INPUT where it has fewer. */
enum tp_status tp_fabric_make(const struct tp_platform *platform, int ranks,
                              struct tp_fabric **fabric, struct tp_error *error);

/* Servers that the ranks sit on. */
int tp_fabric_servers(const struct tp_fabric *fabric);

/* Whether groups of this size and stride fill the ranks: TP_E_INPUT where not. */
enum tp_status tp_fabric_check(const struct tp_fabric *fabric, struct tp_group group,
                               struct tp_error *error);

/* The groups of this size and stride, which must fill the ranks; size 0 is all ranks. */
const struct tp_communicator *tp_fabric_communicator(const struct tp_fabric *fabric,
                                                     struct tp_group group);

/* The rank that is `member` of `group`: groups of one offset take turns; `stride` of them lie
 * between each other. */
static inline int tp_communicator_rank(const struct tp_communicator *communicator, int group,
                                       int member)
{
  const int stride = communicator->stride;
  return group / stride * communicator->ranks * stride + group % stride + member * stride;
}

/* Whether groups can do it at all: not one rank alone, without a reducing switch, or on one node.
 */
bool tp_communicator_has(const struct tp_communicator *communicator, enum tp_pattern pattern);

/* What the routes give its flows, of all groups together.  Zeros where it has no such pattern. */
const struct tp_pattern_rate *tp_communicator_rate(const struct tp_communicator *communicator,
                                                   enum tp_pattern pattern);
#endif
