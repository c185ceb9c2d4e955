/* Which buffers the stack's own kernels take, by the limits that its libraries say. */
#include "cost/collectives/algorithm.h"

bool tp_collective_uses_switch_kernel(const struct tp_exchange *exchange)
{
  const struct tp_stack *stack = exchange->machine->stack;
  return stack->collectives.library == TP_LIBRARY_PEER_KERNELS &&
         exchange->collective->bytes <
             tp_stack_max_bytes(stack->collectives.switch_max_bytes, exchange->group->ranks);
}

bool tp_collective_carries_norm(const struct tp_exchange *exchange)
{
  const struct tp_collective *collective = exchange->collective;
  return collective->norm > 0 && collective->wire.reduce_bits == 0 &&
         collective->bytes <
             tp_stack_max_bytes(exchange->machine->stack->collectives.norm_max_bytes,
                                exchange->group->ranks);
}

bool tp_collective_has_norm_kernel(const struct tp_exchange *exchange)
{
  return tp_collective_carries_norm(exchange) &&
         exchange->machine->device->peer_kernels.norm_base_s > 0;
}
