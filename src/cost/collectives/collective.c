#include "cost/collectives/tuning.h"

#include <inttypes.h>
#include <math.h>

static const struct tp_collective_algorithm *const algorithms[] = {
    [TP_ALGORITHM_AUTO] = NULL,
    [TP_ALGORITHM_FASTEST] = NULL,
    [TP_ALGORITHM_RING] = &tp_collective_ring,
    [TP_ALGORITHM_TREE] = &tp_collective_tree,
    [TP_ALGORITHM_NVLS] = &tp_collective_nvls,
    [TP_ALGORITHM_NVLS_TREE] = &tp_collective_nvls_tree,
    [TP_ALGORITHM_ONE_SHOT] = &tp_collective_one_shot,
    [TP_ALGORITHM_TWO_SHOT] = &tp_collective_two_shot,
    [TP_ALGORITHM_DIRECT] = &tp_collective_direct,
    [TP_ALGORITHM_HIERARCHICAL] = &tp_collective_hierarchical,
    [TP_ALGORITHM_DMA] = &tp_collective_dma,
    [TP_ALGORITHM_FLASH] = &tp_collective_flash,
    [TP_ALGORITHM_FLASH_HIERARCHICAL] = &tp_collective_flash_hierarchical,
    [TP_ALGORITHM_DEEPEP] = &tp_collective_deepep,
    [TP_ALGORITHM_DEEPEP_LOW_LATENCY] = &tp_collective_low_latency,
    [TP_ALGORITHM_NVLINK_ONE_SIDED] = &tp_collective_one_sided,
    [TP_ALGORITHM_NVLINK_TWO_SIDED] = &tp_collective_two_sided,
};

const struct tp_collective_algorithm *tp_collective_algorithm_of(enum tp_algorithm algorithm)
{
  return algorithms[algorithm];
}

static bool can_run(const struct tp_exchange *exchange,
                    const struct tp_collective_algorithm *algorithm)
{
  return (algorithm->kinds & TP_SERVES(exchange->collective->kind)) != 0 &&
         algorithm->possible(exchange);
}

/* Residual and norm with an all-reduce: in its kernel, each rank of its part of the rows, where
 * that is a framework's and the stack has one that does; else in a kernel after it. */
static void add_norm(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  const struct tp_machine *machine = exchange->machine;
  const struct tp_collective *collective = exchange->collective;
  const bool by_framework =
      cost->algorithm == TP_ALGORITHM_ONE_SHOT || cost->algorithm == TP_ALGORITHM_TWO_SHOT ||
      (cost->algorithm == TP_ALGORITHM_NVLS && tp_collective_uses_switch_kernel(exchange));
  const struct tp_memory norm = {.read_bytes = 2 * collective->bytes,
                                 .write_bytes = 2 * collective->bytes,
                                 .function = TP_FUNCTION_ADD_NORM};
  if (by_framework && tp_collective_carries_norm(exchange)) {
    const bool counted =
        cost->algorithm == TP_ALGORITHM_ONE_SHOT && tp_collective_has_norm_kernel(exchange);
    cost->fixed_s += counted ? 0 : machine->device->peer_kernels.norm_s;
    cost->dram_bytes += 3 * collective->bytes / exchange->group->ranks;
    return;
  }
  struct tp_cost kernel = {0};
  tp_cost_memory(machine, &norm, &kernel);
  cost->fixed_s += tp_cost_alone_s(machine, &kernel);
}

static void run(const struct tp_exchange *exchange, const struct tp_collective_algorithm *algorithm,
                struct tp_cost *cost)
{
  *cost = (struct tp_cost){.algorithm = algorithm->algorithm};
  algorithm->shape(exchange, cost);
  if (!tp_collectives_are_ideal(exchange->machine->stack))
    algorithm->overheads(exchange, cost);
  if (exchange->collective->norm > 0)
    add_norm(exchange, cost);
}

/* The fastest of those tried so far: time_s is infinite while none could run. */
struct best {
  double time_s;
  struct tp_cost cost;
};

static void keep_faster(const struct tp_exchange *exchange,
                        const struct tp_collective_algorithm *algorithm, struct best *best)
{
  if (!can_run(exchange, algorithm))
    return;
  struct tp_cost tried;
  run(exchange, algorithm, &tried);
  const double tried_s = tp_cost_alone_s(exchange->machine, &tried);
  if (tried_s < best->time_s)
    *best = (struct best){tried_s, tried};
}

/* Frameworks switch by size; whether the switch can add is the machine's.  A kernel is tried up to
 * its limit, beside those that come after it: so more bytes never end sooner where a framework
 * leaves a kernel late. */
static void try_peer_kernels(const struct tp_exchange *exchange, struct best *best)
{
  const struct tp_stack *stack = exchange->machine->stack;
  const double bytes = exchange->collective->bytes;
  const int ranks = exchange->group->ranks;
  if (bytes < tp_stack_max_bytes(stack->collectives.one_shot_max_bytes, ranks) ||
      tp_collective_has_norm_kernel(exchange))
    keep_faster(exchange, &tp_collective_one_shot, best);
  if (bytes < tp_stack_max_bytes(stack->collectives.two_shot_max_bytes, ranks))
    keep_faster(exchange, &tp_collective_two_shot, best);
  if (tp_collective_uses_switch_kernel(exchange))
    keep_faster(exchange, &tp_collective_nvls, best);
}

/* NCCL leaves rings and trees for a switch later than it should.  The time of what comes after them
 * stands, so that more bytes never end sooner; the SMs are those of what runs. */
static void hold_as_run(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  if ((cost->algorithm != TP_ALGORITHM_NVLS && cost->algorithm != TP_ALGORITHM_NVLS_TREE) ||
      tp_nccl_takes_switch(exchange))
    return;
  struct tp_cost runs;
  run(exchange, tp_nccl_nodes(exchange->group) > 1 ? &tp_collective_tree : &tp_collective_ring,
      &runs);
  cost->sm_share = runs.sm_share;
  cost->crowding_ratio = 0;
}

/* What NCCL takes: its tuning never prefers a tree inside a node, nor a switch for few ranks. */
static void try_nccl(const struct tp_exchange *exchange, struct best *best)
{
  if (tp_nccl_nodes(exchange->group) > 1)
    keep_faster(exchange, &tp_collective_tree, best);
  keep_faster(exchange, &tp_collective_ring, best);
  if (exchange->group->ranks_per_node >= TP_NVLS_LEAST_RANKS) {
    keep_faster(exchange, &tp_collective_nvls, best);
    keep_faster(exchange, &tp_collective_nvls_tree, best);
    hold_as_run(exchange, &best->cost);
  }
}

static void try_low_bit(const struct tp_exchange *exchange, struct best *best)
{
  keep_faster(exchange, &tp_collective_flash, best);
  keep_faster(exchange, &tp_collective_flash_hierarchical, best);
}

/* Of an exchange, whichever library's is faster. */
static void try_exchanges(const struct tp_exchange *exchange, struct best *best)
{
  keep_faster(exchange, &tp_collective_deepep, best);
  keep_faster(exchange, &tp_collective_low_latency, best);
  keep_faster(exchange, &tp_collective_one_sided, best);
  keep_faster(exchange, &tp_collective_two_sided, best);
}

static void try_automatic(const struct tp_exchange *exchange, struct best *best)
{
  const struct tp_stack *stack = exchange->machine->stack;
  if (tp_collective_is_exchange(exchange->collective)) {
    try_exchanges(exchange, best);
    return;
  }
  if (exchange->collective->wire.reduce_bits > 0) {
    try_low_bit(exchange, best);
    return;
  }
  if (stack->collectives.library == TP_LIBRARY_PEER_KERNELS)
    try_peer_kernels(exchange, best);
  if (tp_collectives_are_ideal(stack))
    keep_faster(exchange, &tp_collective_ring, best);
  else
    try_nccl(exchange, best);
  if (isinf(best->time_s))
    keep_faster(exchange, &tp_collective_direct, best);
}

/* Whether the stack's library has it: NCCL reads no peers' buffers. */
static bool is_offered(const struct tp_stack *stack, enum tp_algorithm algorithm)
{
  const bool peer_kernel = algorithm == TP_ALGORITHM_ONE_SHOT || algorithm == TP_ALGORITHM_TWO_SHOT;
  return !peer_kernel || stack->collectives.library != TP_LIBRARY_NCCL;
}

/* Whatever the switch points say.  Low-bit data may find that full precision is faster. */
static void try_all(const struct tp_exchange *exchange, struct best *best)
{
  struct tp_collective plain = *exchange->collective;
  plain.wire = (struct tp_wire){0};
  const struct tp_exchange wide = {exchange->machine, exchange->group, &plain};
  for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
    if (algorithms[i] != NULL && is_offered(exchange->machine->stack, algorithms[i]->algorithm))
      keep_faster(&wide, algorithms[i], best);
  try_low_bit(exchange, best);
}

/* Launched eagerly, an all-reduce kernel first copies its input to a buffer that peers can reach,
 * by a kernel whose time is all that is counted of it; and the host cannot issue the next one
 * sooner than it does. */
static void add_eager(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  const struct tp_machine *machine = exchange->machine;
  const struct tp_device *device = machine->device;
  const struct tp_stack *stack = machine->stack;
  if (stack->launch.decode != TP_LAUNCH_EAGER || exchange->collective->kind != TP_ALL_REDUCE ||
      stack->collectives.library != TP_LIBRARY_PEER_KERNELS)
    return;
  cost->fixed_s +=
      2 * exchange->collective->bytes / (device->memory.dram_ratio * machine->dram_bytes_per_s);
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
    const double excess = cost->phases[i].flow_bytes_per_s / rate;
    cost->phases[i].flow_bytes *= sqrt(sqrt(1 + excess * excess * excess * excess));
  }
  cost->sm_share = fmin(1, sms / device->datasheet.sm_count);
}

/* The algorithm asked for, or NULL: none is, or it cannot run, or it would lose the low-bit wire.
 */
static const struct tp_collective_algorithm *asked_for(const struct tp_exchange *exchange)
{
  const struct tp_collective *collective = exchange->collective;
  const struct tp_collective_algorithm *algorithm = algorithms[collective->algorithm];
  if (algorithm == NULL || !can_run(exchange, algorithm))
    return NULL;
  const bool low_bit =
      algorithm == &tp_collective_flash || algorithm == &tp_collective_flash_hierarchical;
  return low_bit == (collective->wire.reduce_bits > 0) ? algorithm : NULL;
}

/* A group of one has nothing to do. */
static bool is_alone(const struct tp_machine *machine, const struct tp_collective *collective)
{
  return tp_machine_ranks(machine) == 1 || collective->group.size == 1;
}

static struct tp_exchange exchange_of(const struct tp_machine *machine,
                                      const struct tp_collective *collective)
{
  return (struct tp_exchange){machine, tp_fabric_communicator(machine->fabric, collective->group),
                              collective};
}

bool tp_collective_possible(const struct tp_machine *machine,
                            const struct tp_collective *collective)
{
  if (algorithms[collective->algorithm] == NULL || is_alone(machine, collective))
    return true;
  const struct tp_exchange exchange = exchange_of(machine, collective);
  return asked_for(&exchange) != NULL;
}

double tp_collective_in_place_ratio(const struct tp_machine *machine,
                                    const struct tp_collective *collective,
                                    enum tp_algorithm algorithm)
{
  const struct tp_stack *stack = machine->stack;
  const struct tp_exchange exchange = exchange_of(machine, collective);
  double ratio = 0;
  if (algorithm == TP_ALGORITHM_ONE_SHOT || algorithm == TP_ALGORITHM_TWO_SHOT)
    ratio = stack->collectives.peer_in_place_ratio;
  else if (algorithm == TP_ALGORITHM_NVLS && tp_collective_uses_switch_kernel(&exchange))
    ratio = stack->collectives.switch_in_place_ratio;
  return ratio > 0 ? ratio : stack->collectives.in_place_ratio;
}

/* Infinite where nothing does it. */
static struct best choose(const struct tp_exchange *exchange)
{
  struct best best = {.time_s = HUGE_VAL, .cost = {.fixed_s = HUGE_VAL}};
  const struct tp_collective_algorithm *algorithm = asked_for(exchange);
  const bool named = algorithms[exchange->collective->algorithm] != NULL;
  if (algorithm != NULL)
    keep_faster(exchange, algorithm, &best);
  else if (tp_collective_is_exchange(exchange->collective) && named)
    ; /* another library's kernel is none of the stack's */
  else if (exchange->collective->algorithm == TP_ALGORITHM_FASTEST)
    try_all(exchange, &best);
  else
    try_automatic(exchange, &best);
  return best;
}

static enum tp_status fail_exchange(const struct tp_exchange *exchange, struct tp_error *error)
{
  const struct tp_collective *collective = exchange->collective;
  const bool named = algorithms[collective->algorithm] != NULL;
  return tp_fail(error, TP_E_INPUT,
                 "no library of stack %s does %s%s%s of %" PRId64 " tokens on %d ranks of %s: list "
                 "one that does in collectives.libraries, take fewer, or set experts.dispatch and "
                 "experts.decode_dispatch to all-to-all",
                 exchange->machine->stack->name, tp_collective_text(collective->kind),
                 named ? " by " : "", named ? tp_algorithm_text(collective->algorithm) : "",
                 collective->tokens, exchange->group->ranks,
                 exchange->machine->fabric->platform->name);
}

enum tp_status tp_collective_check(const struct tp_machine *machine,
                                   const struct tp_collective *collective, struct tp_error *error)
{
  if (is_alone(machine, collective))
    return TP_OK;
  const enum tp_status status = tp_fabric_check(machine->fabric, collective->group, error);
  if (status != TP_OK)
    return status;
  const struct tp_exchange exchange = exchange_of(machine, collective);
  if (isinf(choose(&exchange).time_s) && tp_collective_is_exchange(collective))
    return fail_exchange(&exchange, error);
  if (isinf(choose(&exchange).time_s))
    return tp_fail(error, TP_E_INPUT, "no algorithm of stack %s does %s%s on %d ranks of %s",
                   machine->stack->name, collective->wire.reduce_bits > 0 ? "low-bit " : "",
                   tp_collective_text(collective->kind), exchange.group->ranks,
                   machine->fabric->platform->name);
  return TP_OK;
}

void tp_cost_collective(const struct tp_machine *machine, const struct tp_collective *collective,
                        struct tp_cost *cost)
{
  *cost = (struct tp_cost){.algorithm = collective->algorithm};
  if (is_alone(machine, collective))
    return;
  const struct tp_exchange exchange = exchange_of(machine, collective);
  *cost = choose(&exchange).cost;
  add_eager(&exchange, cost);
  if (collective->sms > 0 && !tp_collective_is_exchange(collective))
    limit_sms(machine, collective->sms, cost);
  if (collective->sms == TP_NO_SMS)
    cost->sm_share = 0;
}
