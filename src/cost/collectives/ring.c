#include "cost/collectives/tuning.h"

/* Rounds of n-1 steps: reduce-scatter, all-gather, or one after the other. */
static int rounds(enum tp_collective_kind kind)
{
  return kind == TP_ALL_REDUCE ? 2 : 1;
}

static bool possible(const struct tp_exchange *exchange)
{
  return tp_communicator_has(exchange->group, TP_PATTERN_RING);
}

/* Without a pipeline the first step only copies, and the sum of what the last one brings is a pass
 * of its own. */
static void add_last_sum(const struct tp_exchange *exchange, double chunk_bytes,
                         struct tp_cost *cost)
{
  cost->dram_bytes += (3 - 1) * chunk_bytes;
  cost->fixed_s += 3 * chunk_bytes / exchange->machine->dram_bytes_per_s;
}

static void shape(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  const double n = exchange->group->ranks, bytes = exchange->collective->bytes;
  const bool send = exchange->collective->kind == TP_SEND;
  const int steps = send ? 1 : rounds(exchange->collective->kind) * (exchange->group->ranks - 1);
  const double sent = send ? bytes : steps * bytes / n;

  cost->n_phases = 1;
  /* What a rank sends to the next leaves by its own adapter, whatever the ring's channels do. */
  cost->phases[0] =
      tp_exchange_phase(exchange, send ? TP_PATTERN_NEXT : TP_PATTERN_RING, steps, sent);
  cost->link_bytes = sent;
  /* A reducing step reads its own part and the received one and writes the next GPU's buffer; a
   * copying step reads and writes. */
  const double reduced = exchange->collective->kind == TP_ALL_REDUCE       ? sent / 2
                         : exchange->collective->kind == TP_REDUCE_SCATTER ? sent
                                                                           : 0;
  cost->dram_bytes = 3 * reduced + 2 * (sent - reduced);
  if (exchange->machine->stack->collectives.library == TP_LIBRARY_STEPPED && reduced > 0)
    add_last_sum(exchange, bytes / n, cost);
}

static void overheads(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  const double own = exchange->collective->kind == TP_SEND
                         ? 0
                         : exchange->collective->bytes / exchange->group->ranks;
  tp_protocol_choose(exchange, tp_nccl_protocol(exchange, false), own, cost);
}

const struct tp_collective_algorithm tp_collective_ring = {
    TP_ALGORITHM_RING,
    TP_SERVES(TP_ALL_REDUCE) | TP_SERVES(TP_ALL_GATHER) | TP_SERVES(TP_REDUCE_SCATTER) |
        TP_SERVES(TP_SEND),
    possible, shape, overheads};
