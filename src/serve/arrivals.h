#ifndef TP_SERVE_ARRIVALS_H
#define TP_SERVE_ARRIVALS_H
/* The requests of a load: when they come, how long their prompts are, how much they generate. */
#include "base/csv.h"

#include <stdint.h>

struct tp_arrival {
  double
      at_s; /* of an open loop; of a closed one nothing: it comes when an earlier one has ended */
  int64_t prompt, generate;
};

struct tp_arrivals {
  struct tp_arrival *items; /* in the order of their coming */
  size_t n;
};

/* Tokens of the longest request, its generated ones included. */
int64_t tp_arrivals_longest(const struct tp_arrivals *arrivals);

/* Exactly one of `concurrency` and `rate_per_s` is above 0. */
struct tp_load {
  int64_t concurrency; /* a closed loop: so many requests are under way at any time */
  double rate_per_s;   /* an open one: requests come as a Poisson process */
  double range_ratio; /* lengths are even between this share of those named and 1; 1: those named */
  int64_t requests;
  uint64_t seed;
};

/* Lengths are drawn first, so that loops of one seed serve the same requests, whatever the rate.
 * Arena-owned. */
struct tp_arrivals tp_arrivals_draw(const struct tp_load *load, int64_t prompt, int64_t generate,
                                    struct tp_arena *arena);

/* The columns that a trace is read by, NULL-ended. */
extern const char *const tp_arrivals_columns[];

/* The rows of a trace, by the names that published ones have: arrival_s, prompt, generate;
 * TIMESTAMP, ContextTokens, GeneratedTokens (Azure's); Timestamp, Request tokens, Response tokens
 * (BurstGPT's).  Times are in seconds, or a date and time of day; the first row's is 0. */
enum tp_status tp_arrivals_read(const struct tp_csv *csv, struct tp_arena *arena,
                                struct tp_arrivals *arrivals, struct tp_error *error);
#endif
