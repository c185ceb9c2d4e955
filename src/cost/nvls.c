#include "cost/algorithm.h"

static bool possible(const struct tp_machine *machine, const struct tp_collective *collective)
{
  return machine->stack->collectives.nvls && machine->patterns[TP_PATTERN_SWITCH].possible &&
         collective->kind == TP_ALL_REDUCE;
}

/* Each rank owns 1/n of the buffer: the switch collects it from all (every GPU sends S in total and
 * gets S/n back) and spreads the sum (every GPU sends S/n and gets S). */
static void shape(const struct tp_machine *machine, const struct tp_collective *collective,
                  struct tp_cost *cost)
{
  const double sent = collective->bytes * (1 + 1.0 / machine->ranks);
  cost->n_phases = 1;
  cost->phases[0] = (struct tp_comm_phase){TP_PATTERN_SWITCH, 2, 0, sent};
  cost->link_bytes = sent;
  cost->dram_bytes = 2 * collective->bytes;
}

static void overheads(const struct tp_machine *machine, const struct tp_collective *collective,
                      struct tp_cost *cost)
{
  (void)collective;
  const struct tp_device_nccl *nccl = &machine->device->nccl;
  cost->fixed_s += nccl->nvls_base_s;
  cost->phases[0].flow_bytes *= nccl->nvls_wire_ratio;
  cost->sm_share = nccl->nvls_sms / machine->device->datasheet.sm_count;
  cost->sigma = nccl->spread_ratio;
}

const struct tp_collective_algorithm tp_collective_nvls = {TP_ALGORITHM_NVLS, possible, shape,
                                                           overheads};
