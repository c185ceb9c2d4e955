#ifndef TP_SERVE_SERVE_H
#define TP_SERVE_SERVE_H
/* A point under a load: the server of its stack, every step of which is priced as `predict` prices
 * one. */
#include "predict/point.h"
#include "serve/served.h"

/* What is served.  Of the point `batch`, `prompt` and `generate` stand for what follows. */
struct tp_served_load {
  struct tp_load load;
  bool batch_limits;               /* no more than the point's batch run at once */
  const char *trace;               /* NULL: lengths are those of the point */
  struct tp_arrivals trace_visits; /* its requests */
};

struct tp_serve;
struct tp_serve *tp_serve_create(void);
void tp_serve_free(struct tp_serve *serve); /* NULL is fine */

/* Called after every step with the requests that have ended since this was said. */
void tp_serve_progress(struct tp_serve *serve, void (*progress)(void *data, size_t ended),
                       void *data);

/* One that cannot run is TP_OK with its reason in the row's status; TP_E_ENVIRONMENT is returned.
 * The standard variant is served, too, where the last load was another one's. */
enum tp_status tp_serve(struct tp_serve *serve, const struct tp_point *point,
                        const struct tp_served_load *load, struct tp_served *row,
                        struct tp_error *error);
#endif
