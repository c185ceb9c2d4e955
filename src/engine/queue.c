#include "engine/queue.h"

void tp_queue_add(struct tp_queued *queued, const struct tp_cost *collective)
{
  queued->accesses += collective->queue_accesses;
  queued->crowding += collective->crowding;
}

bool tp_queue_holds(const struct tp_cost *collective)
{
  return collective->queue_accesses > 0 || collective->crowding > 0;
}

bool tp_queue_slows(const struct tp_cost *kernel)
{
  return kernel->stall_ratio > 0 || kernel->memory_share > 0;
}

double tp_queue_slower(const struct tp_cost *kernel, struct tp_queued queued)
{
  const double before =
      queued.accesses < kernel->queue_limit ? queued.accesses : kernel->queue_limit;
  return 1 + kernel->stall_ratio * before + kernel->memory_share * queued.crowding;
}
