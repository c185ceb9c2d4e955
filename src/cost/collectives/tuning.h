#ifndef TP_COST_COLLECTIVES_TUNING_H
#define TP_COST_COLLECTIVES_TUNING_H
/* Which protocol NCCL takes for a buffer, and what it then costs. */
#include "cost/collectives/algorithm.h"

enum tp_protocol { TP_PROTOCOL_LL, TP_PROTOCOL_LL128, TP_PROTOCOL_SIMPLE, TP_N_PROTOCOLS };

/* LL128 needs stores of 128 bytes that arrive whole: NVLink inside a node. */
bool tp_nccl_has_protocol(const struct tp_communicator *group, enum tp_protocol protocol);

/* Nodes of a group: where these have unequal numbers of ranks, as often as a ring leaves one. */
int tp_nccl_nodes(const struct tp_communicator *group);
/* Hops from a leaf of its tree to the root, and how many of them are between nodes. */
struct tp_nccl_depth {
  int hops, across;
};
struct tp_nccl_depth tp_nccl_tree_depth(const struct tp_communicator *group);

/* SMs that NCCL's kernel holds by this protocol: of few bytes not all that it may. */
double tp_nccl_sms(const struct tp_exchange *exchange, enum tp_protocol protocol, bool tree);

enum tp_protocol tp_nccl_protocol(const struct tp_exchange *exchange, bool tree);

/* Whether NCCL believes that rings and trees last longer than a switch takes to begin. */
bool tp_nccl_takes_switch(const struct tp_exchange *exchange);

/* Adds a protocol to a shape: the fastest of `least` and those with a higher rate.  NCCL leaves a
 * protocol later than it should, never sooner.  `local_bytes` are copied beside. */
void tp_protocol_choose(const struct tp_exchange *exchange, enum tp_protocol least,
                        double local_bytes, struct tp_cost *cost);
#endif
