#ifndef TP_ENGINE_QUEUE_H
#define TP_ENGINE_QUEUE_H
/* Whose accesses stand before a kernel's in the memory's queues: "work" in engine.h. */
#include "cost/cost.h"

/* What collectives have there: their queue_accesses and their crowding, summed. */
struct tp_queued {
  double accesses, crowding;
};
void tp_queue_add(struct tp_queued *queued, const struct tp_cost *collective);

/* Whether the collective has any there, and whether the kernel waits for such. */
bool tp_queue_holds(const struct tp_cost *collective);
bool tp_queue_slows(const struct tp_cost *kernel);

/* How much longer the kernel's work takes behind these: 1 behind none. */
double tp_queue_slower(const struct tp_cost *kernel, struct tp_queued queued);
#endif
