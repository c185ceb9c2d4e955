#include "cost/algorithm.h"

static const struct tp_collective_algorithm *const algorithms[] = {
    [TP_ALGORITHM_AUTO] = NULL,
    [TP_ALGORITHM_RING] = &tp_collective_ring,
    [TP_ALGORITHM_TREE] = &tp_collective_tree,
    [TP_ALGORITHM_NVLS] = &tp_collective_nvls,
    [TP_ALGORITHM_ONE_SHOT] = &tp_collective_one_shot,
    [TP_ALGORITHM_TWO_SHOT] = &tp_collective_two_shot,
    [TP_ALGORITHM_DIRECT] = &tp_collective_direct,
    [TP_ALGORITHM_HIERARCHICAL] = &tp_collective_hierarchical,
};

static void run(const struct tp_machine *machine, const struct tp_collective *collective,
                const struct tp_collective_algorithm *algorithm, struct tp_cost *cost)
{
  *cost = (struct tp_cost){.algorithm = algorithm->algorithm};
  algorithm->shape(machine, collective, cost);
  if (machine->stack->collectives.library != TP_LIBRARY_IDEAL)
    algorithm->overheads(machine, collective, cost);
}

/* NCCL: the fastest of what it has. */
static void run_fastest(const struct tp_machine *machine, const struct tp_collective *collective,
                        struct tp_cost *cost)
{
  static const struct tp_collective_algorithm *const candidates[] = {
      &tp_collective_ring, &tp_collective_tree, &tp_collective_nvls};
  double best_s = 0;
  bool found = false;
  for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
    if (!candidates[i]->possible(machine, collective))
      continue;
    struct tp_cost tried;
    run(machine, collective, candidates[i], &tried);
    const double tried_s = tp_cost_alone_s(machine, &tried);
    if (found && tried_s >= best_s)
      continue;
    *cost = tried;
    best_s = tried_s;
    found = true;
  }
}

static const struct tp_collective_algorithm *peer_kernel(const struct tp_machine *machine,
                                                         const struct tp_collective *collective)
{
  const struct tp_stack *stack = machine->stack;
  const int many = machine->ranks > 4;
  if (!tp_collective_one_shot.possible(machine, collective))
    return NULL;
  if (collective->bytes <= stack->collectives.one_shot_max_bytes[many])
    return &tp_collective_one_shot;
  if (collective->bytes <= stack->collectives.two_shot_max_bytes[many])
    return &tp_collective_two_shot;
  return NULL;
}

/* What AUTO means to the stack's library; NULL: whatever NCCL finds fastest. */
static const struct tp_collective_algorithm *automatic(const struct tp_machine *machine,
                                                       const struct tp_collective *collective)
{
  if (collective->kind == TP_ALL_TO_ALL)
    return &tp_collective_direct;
  switch ((enum tp_library)machine->stack->collectives.library) {
  case TP_LIBRARY_IDEAL:
    return &tp_collective_ring;
  case TP_LIBRARY_PEER_KERNELS:
    return peer_kernel(machine, collective);
  case TP_LIBRARY_NCCL:
    break;
  }
  return NULL;
}

bool tp_collective_possible(const struct tp_machine *machine,
                            const struct tp_collective *collective)
{
  const struct tp_collective_algorithm *algorithm = algorithms[collective->algorithm];
  return algorithm == NULL || machine->ranks == 1 || algorithm->possible(machine, collective);
}

void tp_cost_collective(const struct tp_machine *machine, const struct tp_collective *collective,
                        struct tp_cost *cost)
{
  *cost = (struct tp_cost){.algorithm = collective->algorithm};
  if (machine->ranks == 1)
    return;
  const struct tp_collective_algorithm *algorithm = algorithms[collective->algorithm];
  if (algorithm == NULL || !algorithm->possible(machine, collective))
    algorithm = automatic(machine, collective);
  if (algorithm != NULL)
    run(machine, collective, algorithm, cost);
  else
    run_fastest(machine, collective, cost);
}
