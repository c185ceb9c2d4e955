#include "cost/collectives/algorithm.h"

#include <math.h>

static const struct tp_collective_algorithm *const algorithms[] = {
    [TP_ALGORITHM_AUTO] = NULL,
    [TP_ALGORITHM_FASTEST] = NULL,
    [TP_ALGORITHM_RING] = &tp_collective_ring,
    [TP_ALGORITHM_TREE] = &tp_collective_tree,
    [TP_ALGORITHM_NVLS] = &tp_collective_nvls,
    [TP_ALGORITHM_ONE_SHOT] = &tp_collective_one_shot,
    [TP_ALGORITHM_TWO_SHOT] = &tp_collective_two_shot,
    [TP_ALGORITHM_DIRECT] = &tp_collective_direct,
    [TP_ALGORITHM_HIERARCHICAL] = &tp_collective_hierarchical,
    [TP_ALGORITHM_DMA] = &tp_collective_dma,
    [TP_ALGORITHM_FLASH] = &tp_collective_flash,
    [TP_ALGORITHM_FLASH_HIERARCHICAL] = &tp_collective_flash_hierarchical,
};

static bool is_ideal(const struct tp_stack *stack)
{
  return stack->collectives.library == TP_LIBRARY_IDEAL ||
         stack->collectives.library == TP_LIBRARY_STEPPED;
}

static void run(const struct tp_machine *machine, const struct tp_collective *collective,
                const struct tp_collective_algorithm *algorithm, struct tp_cost *cost)
{
  *cost = (struct tp_cost){.algorithm = algorithm->algorithm};
  algorithm->shape(machine, collective, cost);
  if (!is_ideal(machine->stack))
    algorithm->overheads(machine, collective, cost);
}

static void keep_faster(const struct tp_machine *machine, const struct tp_collective *collective,
                        const struct tp_collective_algorithm *algorithm, struct tp_cost *best,
                        double *best_s)
{
  if (!algorithm->possible(machine, collective))
    return;
  struct tp_cost tried;
  run(machine, collective, algorithm, &tried);
  const double tried_s = tp_cost_alone_s(machine, &tried);
  if (tried_s < *best_s) {
    *best = tried;
    *best_s = tried_s;
  }
}

bool tp_collective_uses_switch_kernel(const struct tp_machine *machine,
                                      const struct tp_collective *collective)
{
  const struct tp_stack *stack = machine->stack;
  return stack->collectives.library == TP_LIBRARY_PEER_KERNELS &&
         collective->bytes < stack->collectives.switch_max_bytes[machine->ranks > 4];
}

/* Frameworks switch by size; whether the switch can add is the machine's. */
static void run_peer_kernels(const struct tp_machine *machine,
                             const struct tp_collective *collective, struct tp_cost *best,
                             double *best_s)
{
  const struct tp_stack *stack = machine->stack;
  const int many = machine->ranks > 4;
  if (collective->bytes < stack->collectives.one_shot_max_bytes[many]) {
    keep_faster(machine, collective, &tp_collective_one_shot, best, best_s);
    return;
  }
  if (collective->bytes < stack->collectives.two_shot_max_bytes[many])
    keep_faster(machine, collective, &tp_collective_two_shot, best, best_s);
  if (tp_collective_uses_switch_kernel(machine, collective))
    keep_faster(machine, collective, &tp_collective_nvls, best, best_s);
}

/* The fastest of what NCCL has. */
static void run_nccl(const struct tp_machine *machine, const struct tp_collective *collective,
                     struct tp_cost *best, double *best_s)
{
  keep_faster(machine, collective, &tp_collective_ring, best, best_s);
  keep_faster(machine, collective, &tp_collective_tree, best, best_s);
  keep_faster(machine, collective, &tp_collective_nvls, best, best_s);
}

static void run_low_bit(const struct tp_machine *machine, const struct tp_collective *collective,
                        struct tp_cost *best, double *best_s)
{
  keep_faster(machine, collective, &tp_collective_flash, best, best_s);
  keep_faster(machine, collective, &tp_collective_flash_hierarchical, best, best_s);
}

static void run_automatic(const struct tp_machine *machine, const struct tp_collective *collective,
                          struct tp_cost *cost)
{
  double best_s = HUGE_VAL;
  if (collective->wire.reduce_bits > 0)
    run_low_bit(machine, collective, cost, &best_s);
  else if (collective->kind == TP_ALL_TO_ALL)
    run(machine, collective, &tp_collective_direct, cost);
  else if (is_ideal(machine->stack))
    run(machine, collective, &tp_collective_ring, cost);
  else {
    if (machine->stack->collectives.library == TP_LIBRARY_PEER_KERNELS)
      run_peer_kernels(machine, collective, cost, &best_s);
    if (isinf(best_s))
      run_nccl(machine, collective, cost, &best_s);
  }
}

/* Whether the stack's library has it: NCCL reads no peers' buffers. */
static bool is_offered(const struct tp_stack *stack, enum tp_algorithm algorithm)
{
  const bool peer_kernel = algorithm == TP_ALGORITHM_ONE_SHOT || algorithm == TP_ALGORITHM_TWO_SHOT;
  return !peer_kernel || stack->collectives.library != TP_LIBRARY_NCCL;
}

/* Whatever the switch points say.  Low-bit data may find that full precision is faster. */
static void run_fastest(const struct tp_machine *machine, const struct tp_collective *collective,
                        struct tp_cost *cost)
{
  double best_s = HUGE_VAL;
  struct tp_collective plain = *collective;
  plain.wire = (struct tp_wire){0};
  for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
    if (algorithms[i] != NULL && is_offered(machine->stack, algorithms[i]->algorithm))
      keep_faster(machine, &plain, algorithms[i], cost, &best_s);
  run_low_bit(machine, collective, cost, &best_s);
}

/* Launched eagerly, an all-reduce kernel first copies its input to a buffer that peers can reach,
 * by a kernel whose time is all that is counted of it; and the host cannot issue the next one
 * sooner than it does. */
static void add_eager(const struct tp_machine *machine, const struct tp_collective *collective,
                      struct tp_cost *cost)
{
  const struct tp_device *device = machine->device;
  const struct tp_stack *stack = machine->stack;
  if (stack->launch.decode != TP_LAUNCH_EAGER || collective->kind != TP_ALL_REDUCE ||
      stack->collectives.library != TP_LIBRARY_PEER_KERNELS)
    return;
  cost->fixed_s += 2 * collective->bytes / (device->memory.dram_ratio * machine->dram_bytes_per_s);
  const double alone_s = tp_cost_alone_s(machine, cost);
  if (alone_s < device->peer_kernels.host_issue_s)
    cost->fixed_s += device->peer_kernels.host_issue_s - alone_s;
}

/* A kernel with few SMs: it holds these, and cannot move more than they do.  Near the point where
 * both bind, pipelining is not perfect: fourth powers, as in a GEMM. */
static void limit_sms(const struct tp_machine *machine, int sms, struct tp_cost *cost)
{
  const struct tp_device *device = machine->device;
  const double rate = sms * device->trigger.sm_link_bytes_per_s;
  for (int i = 0; i < cost->n_phases; i++) {
    const double excess = machine->patterns[cost->phases[i].pattern].flow_bytes_per_s / rate;
    cost->phases[i].flow_bytes *= sqrt(sqrt(1 + excess * excess * excess * excess));
  }
  cost->sm_share = fmin(1, sms / device->datasheet.sm_count);
}

/* The algorithm asked for, or NULL: none is, or it cannot run, or it would lose the low-bit wire.
 */
static const struct tp_collective_algorithm *asked_for(const struct tp_machine *machine,
                                                       const struct tp_collective *collective)
{
  const struct tp_collective_algorithm *algorithm = algorithms[collective->algorithm];
  if (algorithm == NULL || !algorithm->possible(machine, collective))
    return NULL;
  const bool low_bit =
      algorithm == &tp_collective_flash || algorithm == &tp_collective_flash_hierarchical;
  return low_bit == (collective->wire.reduce_bits > 0) ? algorithm : NULL;
}

bool tp_collective_possible(const struct tp_machine *machine,
                            const struct tp_collective *collective)
{
  return algorithms[collective->algorithm] == NULL || machine->ranks == 1 ||
         asked_for(machine, collective) != NULL;
}

void tp_cost_collective(const struct tp_machine *machine, const struct tp_collective *collective,
                        struct tp_cost *cost)
{
  *cost = (struct tp_cost){.algorithm = collective->algorithm};
  if (machine->ranks == 1)
    return;
  const struct tp_collective_algorithm *algorithm = asked_for(machine, collective);
  if (algorithm != NULL)
    run(machine, collective, algorithm, cost);
  else if (collective->algorithm == TP_ALGORITHM_FASTEST)
    run_fastest(machine, collective, cost);
  else
    run_automatic(machine, collective, cost);
  add_eager(machine, collective, cost);
  if (collective->sms > 0)
    limit_sms(machine, collective->sms, cost);
  if (collective->sms == TP_NO_SMS)
    cost->sm_share = 0;
}
