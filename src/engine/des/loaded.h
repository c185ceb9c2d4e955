#ifndef TP_ENGINE_DES_LOADED_H
#define TP_ENGINE_DES_LOADED_H
/* What a worker was told of its platform.  SimGrid reads each route as text, 12 us, so it gets
 * those that plans have needed, or all of a small platform. */
#include "engine/des/des.h"

/* The way between two vertices. */
struct tp_des_way {
  struct tp_ends ends;
  struct tp_route route;
};

/* Starts zeroed: nothing. */
struct tp_des_loaded {
  char *links; /* all that SimGrid knows of them, and the hosts, as text */
  size_t links_bytes, n_ways;
  struct tp_des_way *ways; /* by their ends, in order */
};

/* Whether the plan can be simulated on it. */
bool tp_des_loaded_serves(const struct tp_des_loaded *loaded, const struct tp_des_plan *plan);

/* Adds what the plan needs, on another platform dropping the rest, and writes the XML of all. */
void tp_des_loaded_extend(struct tp_des_loaded *loaded, const struct tp_des_plan *plan, FILE *out);

void tp_des_loaded_drop(struct tp_des_loaded *loaded);
#endif
