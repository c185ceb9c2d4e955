#ifndef TP_SERVE_LOADS_H
#define TP_SERVE_LOADS_H
/* Which loads a point is served under: lists multiplied out, or what its row of a file says. */
#include "serve/serve.h"

enum { TP_LOAD_LEAST_REQUESTS = 1, TP_LOAD_MOST_REQUESTS = 1000000 };

struct tp_load_list {
  const double *items;
  size_t n;
};
struct tp_loads {
  struct tp_load_list concurrency, rate, range_ratio, requests, seed;
  bool batch_limits; /* so many run at once at most as a list says */
  const char *trace; /* NULL: none, else its file and requests */
  struct tp_arrivals trace_visits;
};

/* Columns of a points file that say a load, and those of the result, ended by NULL; in `arena`. */
const char *const *tp_loads_columns(struct tp_arena *arena);

/* Whether a row says a load. */
bool tp_loads_has(const struct tp_csv *csv, size_t row);

/* Those of a row of `csv` (NULL: of no file), whose cells go before the lists.  A trace is the only
 * load; else each has either a concurrency or a rate.  TP_E_INPUT where a number makes no sense or
 * none is given. */
enum tp_status tp_loads_of_row(const struct tp_loads *loads, const struct tp_csv *csv, size_t row,
                               struct tp_arena *arena, struct tp_served_load **items, size_t *n,
                               struct tp_error *error);
#endif
