#ifndef TP_COST_COLLECTIVES_ALGORITHM_H
#define TP_COST_COLLECTIVES_ALGORITHM_H
/* Collective algorithms: a file each, exporting one const table entry.
 *
 * An algorithm has a shape (who sends how much to whom in how many steps, with no overhead: what
 * the ideal library does) and overheads (what a real library adds).  docs/MODEL.md, Collectives,
 * derives both.
 */
#include "cost/cost.h"

struct tp_collective_algorithm {
  enum tp_algorithm algorithm;
  bool (*possible)(const struct tp_machine *machine, const struct tp_collective *collective);
  /* Fills phases (payload bytes, hop_s 0), dram_bytes and link_bytes. */
  void (*shape)(const struct tp_machine *machine, const struct tp_collective *collective,
                struct tp_cost *cost);
  /* Adds fixed_s, hop_s and wire bytes, sm_share and sigma to a shape. */
  void (*overheads)(const struct tp_machine *machine, const struct tp_collective *collective,
                    struct tp_cost *cost);
};

extern const struct tp_collective_algorithm tp_collective_ring, tp_collective_tree,
    tp_collective_nvls, tp_collective_one_shot, tp_collective_two_shot, tp_collective_direct,
    tp_collective_hierarchical, tp_collective_dma, tp_collective_flash,
    tp_collective_flash_hierarchical;

/* Whether the library could run it here; `tp_cost_collective` falls back to AUTO where not. */
bool tp_collective_possible(const struct tp_machine *machine,
                            const struct tp_collective *collective);

/* Whether the stack reduces this buffer in the switch with its own kernel. */
bool tp_collective_uses_switch_kernel(const struct tp_machine *machine,
                                      const struct tp_collective *collective);

/* Adds the fastest of LL, LL128 and Simple to a shape; `local_bytes` are copied beside. */
void tp_protocol_choose(const struct tp_machine *machine, const struct tp_collective *collective,
                        double local_bytes, struct tp_cost *cost);
#endif
