#ifndef TP_COST_FABRIC_PATTERN_H
#define TP_COST_FABRIC_PATTERN_H
/* Communication patterns as flows over routes.
 *
 *     one node, order 0 1 2 3              two nodes of two, two rails
 *     0 -> 1 -> 2 -> 3 -> 0                0 -> 1 -> 0, 2 -> 3 -> 2 (share 1/2), 0 <-> 2, 1 <-> 3
 *
 * The analytic rate of a pattern and the messages the DES sends come from the same list of flows.
 */
#include "cost/fabric/fabric.h"

struct tp_flow {
  int rank;     /* of the fabric: who sends, or receives from the switch */
  int to;       /* the rank it goes to; itself where it goes to the switch or comes from there */
  int src, dst; /* vertices */
  double share; /* bytes the flow carries: share * tp_comm_phase.flow_bytes */
};

/* Most flows that one rank has in any pattern. */
size_t tp_pattern_most_flows(const struct tp_communicator *communicator);

/* Writes the flows of `pattern` that `rank` has and returns how many. */
size_t tp_pattern_rank_flows(const struct tp_communicator *communicator, enum tp_pattern pattern,
                             int rank, struct tp_flow *flows);

/* The flows of all ranks, of all groups, that run at once, rank 0's first; they live in `arena`.
 * Returns how many: 0 where the communicator has no such pattern. */
size_t tp_pattern_flows(const struct tp_communicator *communicator, enum tp_pattern pattern,
                        struct tp_arena *arena, struct tp_flow **flows);

/* Chooses the rings of a node's members: the natural order, or, where a link on its way limits it,
 * up to TP_MAX_RINGS cycles that together carry most.  Every group takes those that the first one
 * would take by itself. */
void tp_rings_choose(struct tp_communicator *communicator);
#endif
