#ifndef TP_COST_COLLECTIVES_ALGORITHM_H
#define TP_COST_COLLECTIVES_ALGORITHM_H
/* Collective algorithms: a file each, exporting one const table entry.
 *
 * An algorithm has a shape (who sends how much to whom in how many steps, with no overhead: what
 * the ideal library does) and overheads (what a real library adds).  docs/MODEL.md, Collectives,
 * derives both.
 */
#include "cost/cost.h"

/* A collective, and who does it. */
struct tp_exchange {
  const struct tp_machine *machine;
  const struct tp_communicator *group; /* of collective->group */
  const struct tp_collective *collective;
};

static inline struct tp_comm_phase tp_exchange_phase(const struct tp_exchange *exchange,
                                                     enum tp_pattern pattern, int steps,
                                                     double flow_bytes)
{
  return tp_comm_phase_of(tp_communicator_rate(exchange->group, pattern), steps, flow_bytes);
}

/* Whether collectives have a shape and no overheads. */
static inline bool tp_collectives_are_ideal(const struct tp_stack *stack)
{
  return stack->collectives.library == TP_LIBRARY_IDEAL ||
         stack->collectives.library == TP_LIBRARY_STEPPED;
}

#define TP_SERVES(kind) (1u << (kind))

struct tp_collective_algorithm {
  enum tp_algorithm algorithm;
  unsigned kinds; /* of collective that it can do: TP_SERVES of each */
  /* Whether groups like this one can, the kind aside. */
  bool (*possible)(const struct tp_exchange *exchange);
  /* Fills phases (payload bytes, hop_s 0), dram_bytes and link_bytes. */
  void (*shape)(const struct tp_exchange *exchange, struct tp_cost *cost);
  /* Adds fixed_s, hop_s and wire bytes, sm_share and sigma to a shape. */
  void (*overheads)(const struct tp_exchange *exchange, struct tp_cost *cost);
};

/* NULL for AUTO and FASTEST, which choose among the others. */
const struct tp_collective_algorithm *tp_collective_algorithm_of(enum tp_algorithm algorithm);

extern const struct tp_collective_algorithm tp_collective_ring, tp_collective_tree,
    tp_collective_nvls, tp_collective_nvls_tree, tp_collective_one_shot, tp_collective_two_shot,
    tp_collective_direct, tp_collective_hierarchical, tp_collective_dma, tp_collective_flash,
    tp_collective_flash_hierarchical, tp_collective_deepep, tp_collective_low_latency,
    tp_collective_one_sided, tp_collective_two_sided;

/* Whether the library could run it here; `tp_cost_collective` falls back to AUTO where not. */
bool tp_collective_possible(const struct tp_machine *machine,
                            const struct tp_collective *collective);

/* Its time in a program over that by itself, of the kernels that `algorithm` is of. */
double tp_collective_in_place_ratio(const struct tp_machine *machine,
                                    const struct tp_collective *collective,
                                    enum tp_algorithm algorithm);

/* TP_E_INPUT where nothing that the stack has does this collective here, or its group does not fill
 * the ranks. */
enum tp_status tp_collective_check(const struct tp_machine *machine,
                                   const struct tp_collective *collective, struct tp_error *error);

/* Whether tokens go to experts by it: a kernel made for that, which nothing stands in for. */
static inline bool tp_collective_is_exchange(const struct tp_collective *collective)
{
  return collective->kind == TP_PREPARE || collective->kind == TP_DISPATCH ||
         collective->kind == TP_COMBINE;
}

enum { TP_NVLS_LEAST_RANKS = 4 /* of a node, for which NCCL reduces in the switch */ };

/* Whether the stack reduces this buffer in the switch with its own kernel. */
bool tp_collective_uses_switch_kernel(const struct tp_exchange *exchange);

/* Whether residual and norm may be in a kernel with this all-reduce. */
bool tp_collective_carries_norm(const struct tp_exchange *exchange);

/* Whether a one-shot kernel of its own reduces this buffer, adds the residual and normalises. */
bool tp_collective_has_norm_kernel(const struct tp_exchange *exchange);

#endif
