#include "engine/queue.h"

#include <math.h>

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

/* Of work that is the norm4 of computing and of memory, of which the latter takes 1 + crowding as
 * long: its share of the fourth powers grows by as much. */
static double crowded(const struct tp_cost *kernel, double crowding)
{
  const double square = (1 + crowding) * (1 + crowding);
  return sqrt(sqrt(1 + kernel->memory_share * (square * square - 1)));
}

double tp_queue_slower(const struct tp_cost *kernel, struct tp_queued queued)
{
  const double before =
      queued.accesses < kernel->queue_limit ? queued.accesses : kernel->queue_limit;
  return kernel->stall_ratio * before + crowded(kernel, queued.crowding);
}
