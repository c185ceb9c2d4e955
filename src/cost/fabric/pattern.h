#ifndef TP_COST_FABRIC_PATTERN_H
#define TP_COST_FABRIC_PATTERN_H
/* Communication patterns as flows over routes.
 *
 *     one node, order 0 1 2 3              two nodes of two, two rails
 *     0 -> 1 -> 2 -> 3 -> 0                0 -> 1 -> 0, 2 -> 3 -> 2 (share 1/2), 0 <-> 2, 1 <-> 3
 *
 * The analytic rate of a pattern and the messages the DES sends come from the same list of flows.
 */
#include "cost/cost.h"

struct tp_flow {
  int rank;     /* who sends, or receives from the switch */
  int src, dst; /* vertices */
  double share; /* bytes the flow carries: share * tp_comm_phase.flow_bytes */
};

enum { TP_MAX_FLOWS = TP_MAX_RANKS * TP_MAX_RANKS + 2 * TP_MAX_RANKS };

/* Writes the flows of `pattern` that run at once and returns how many (at most TP_MAX_FLOWS); 0
 * where the machine cannot do it (one rank, no reducing switch, a single node).  The order is by
 * rank, so that rank 0's flows come first. */
size_t tp_pattern_flows(const struct tp_machine *machine, enum tp_pattern pattern,
                        struct tp_flow *flows);

/* What the routes give these flows together. */
struct tp_pattern_rate tp_pattern_rate(const struct tp_machine *machine, enum tp_pattern pattern);

/* Chooses the rings of a group of GPUs: the natural order, or, where a link on its way limits it,
 * up to TP_MAX_RINGS cycles that together carry most.  Fills machine->rings. */
void tp_pattern_choose_rings(struct tp_machine *machine);
#endif
