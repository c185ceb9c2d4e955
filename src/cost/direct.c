#include "cost/algorithm.h"

static bool possible(const struct tp_machine *machine, const struct tp_collective *collective)
{
  return machine->patterns[TP_PATTERN_DIRECT].possible &&
         (collective->kind == TP_ALL_TO_ALL || collective->kind == TP_ALL_GATHER);
}

/* Every rank sends 1/n of the buffer straight to each of the others. */
static void shape(const struct tp_machine *machine, const struct tp_collective *collective,
                  struct tp_cost *cost)
{
  const double part = collective->bytes / machine->ranks;
  cost->n_phases = 1;
  cost->phases[0] = (struct tp_comm_phase){TP_PATTERN_DIRECT, 1, 0, part};
  cost->link_bytes = (machine->ranks - 1) * part;
  cost->dram_bytes = 2 * cost->link_bytes;
}

static void overheads(const struct tp_machine *machine, const struct tp_collective *collective,
                      struct tp_cost *cost)
{
  const struct tp_device_nccl *nccl = &machine->device->nccl;
  cost->fixed_s += nccl->direct_base_s + nccl->direct_peer_s * (machine->ranks - 1) +
                   collective->bytes / machine->ranks / nccl->local_bytes_per_s;
  cost->phases[0].flow_bytes *= nccl->direct_wire_ratio;
  cost->sm_share = nccl->ring_sms / machine->device->datasheet.sm_count;
  cost->sigma = nccl->spread_ratio;
}

const struct tp_collective_algorithm tp_collective_direct = {TP_ALGORITHM_DIRECT, possible, shape,
                                                             overheads};
