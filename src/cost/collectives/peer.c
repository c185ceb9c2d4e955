/* Kernels that read their peers' buffers: one-shot (everyone sums everything) and two-shot
 * (reduce-scatter, barrier, all-gather). */
#include "cost/collectives/algorithm.h"

#include <math.h>

/* A peer's buffer must be within reach, not behind host memory; and frameworks leave more than two
 * cards that PCIe joins to NCCL. */
static bool possible(const struct tp_exchange *exchange)
{
  const struct tp_communicator *const group = exchange->group;
  if (group->fabric->platform->peer_access != TP_PEER_DIRECT || group->nodes_used > 1 ||
      !tp_communicator_has(group, TP_PATTERN_DIRECT))
    return false;
  const enum tp_link_kind kind = tp_communicator_rate(group, TP_PATTERN_DIRECT)->kind;
  return kind == TP_LINK_NVLINK || (kind == TP_LINK_PCIE && group->ranks == 2);
}

static void one_shot_shape(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  const double n = exchange->group->ranks, bytes = exchange->collective->bytes;
  cost->n_phases = 1;
  cost->phases[0] = tp_exchange_phase(exchange, TP_PATTERN_DIRECT, 1, bytes);
  cost->link_bytes = (n - 1) * bytes;
  cost->dram_bytes = (n + 1) * bytes; /* all n ranks read the buffer, one result is written */
}

static void two_shot_shape(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  const double n = exchange->group->ranks, bytes = exchange->collective->bytes;
  cost->n_phases = 2;
  cost->phases[0] = tp_exchange_phase(exchange, TP_PATTERN_DIRECT, 1, bytes / n);
  cost->phases[1] = cost->phases[0];
  cost->link_bytes = 2 * bytes * (n - 1) / n;
  /* The buffer is read once by parts, a part written, read by all, and the result written. */
  cost->dram_bytes = (3 + 1 / n) * bytes;
}

/* What a kernel takes beyond the link's rate. */
struct kernel {
  double base_s, rank_s, wire_ratio, reduce_bytes_per_s;
};

static void add_overheads(const struct tp_exchange *exchange, const struct kernel *kernel,
                          struct tp_cost *cost)
{
  const struct tp_machine *machine = exchange->machine;
  const struct tp_device_peer_kernels *peer = &machine->device->peer_kernels;
  const double barriers_s = kernel->base_s + kernel->rank_s * (exchange->group->ranks - 1);
  cost->fixed_s += barriers_s * machine->stack->collectives.peer_fixed_ratio +
                   exchange->collective->bytes / kernel->reduce_bytes_per_s;
  const double ratios[] = {kernel->wire_ratio, machine->device->nccl.pcie_wire_ratio,
                           machine->device->nccl.network_wire_ratio};
  for (int i = 0; i < cost->n_phases; i++)
    cost->phases[i].flow_bytes *= ratios[cost->phases[i].rate->limiting];
  cost->sm_share = peer->sms / machine->device->datasheet.sm_count;
  cost->sigma = peer->spread_ratio;
}

static void one_shot_overheads(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  const struct tp_device_peer_kernels *peer = &exchange->machine->device->peer_kernels;
  const struct kernel plain = {peer->one_shot_base_s, peer->one_shot_rank_s,
                               peer->one_shot_wire_ratio, peer->reduce_bytes_per_s};
  const struct kernel with_norm = {peer->norm_base_s, peer->norm_rank_s,
                                   fmax(1, peer->norm_wire_ratio), HUGE_VAL};
  add_overheads(exchange, tp_collective_has_norm_kernel(exchange) ? &with_norm : &plain, cost);
}

static void two_shot_overheads(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  const struct tp_device_peer_kernels *peer = &exchange->machine->device->peer_kernels;
  const struct kernel kernel = {peer->two_shot_base_s, peer->two_shot_rank_s,
                                peer->two_shot_wire_ratio, peer->reduce_bytes_per_s};
  add_overheads(exchange, &kernel, cost);
}

const struct tp_collective_algorithm tp_collective_one_shot = {
    TP_ALGORITHM_ONE_SHOT, TP_SERVES(TP_ALL_REDUCE), possible, one_shot_shape, one_shot_overheads};
const struct tp_collective_algorithm tp_collective_two_shot = {
    TP_ALGORITHM_TWO_SHOT, TP_SERVES(TP_ALL_REDUCE), possible, two_shot_shape, two_shot_overheads};
