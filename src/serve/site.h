#ifndef TP_SERVE_SITE_H
#define TP_SERVE_SITE_H
/* The machine that a server works on: what a step takes there, and how much it has room for. */
#include "predict/memory.h"
#include "serve/server.h"

struct tp_site {
  struct tp_steps steps;      /* of the largest point */
  struct tp_program sequence; /* that one sequence decodes with: its cache */
  bool cache_is_static;
  int64_t capacity; /* tokens */
  int since;        /* steps */
};

struct tp_site_limits {
  int64_t step_tokens; /* that a step of a replica takes; 0: all that wait */
  int64_t sequences;   /* that run at once, in all replicas */
};

/* The point of the longest request, and of as many sequences of the longest prompt as the largest
 * step of a replica takes: what memory is needed for.  Where caches grow, a prompt may be all that
 * a sequence had when it was put out. */
struct tp_point tp_site_largest(const struct tp_point *point, const struct tp_arrivals *arrivals,
                                struct tp_site_limits limits);

/* What one request needs beside the weights, and what is left then for the cache of all, beside the
 * activations of as many as may decode in it.  TP_E_INPUT where it does not fit, with the mend
 * where a step takes so much because no budget limits it.  The steps have begun; `misfit` is
 * tp_memory_check's. */
enum tp_status tp_site_room(struct tp_site *site, const struct tp_arrivals *arrivals,
                            struct tp_site_limits limits, struct tp_misfit *misfit,
                            double *room_bytes, struct tp_error *error);

/* Of struct tp_server; `data` is the site. */
double tp_site_cache_bytes(void *data, int64_t tokens);
enum tp_status tp_site_step(void *data, const struct tp_batch *batch, double *seconds,
                            struct tp_error *error);
#endif
