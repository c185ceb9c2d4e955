#ifndef TP_SERVE_SERVED_H
#define TP_SERVE_SERVED_H
/* One row of what `tpsim serve` finds: the point, the load, how its requests fared.
 *
 * Columns may be added at the end, never renamed or moved.
 */
#include "predict/prediction.h"
#include "serve/server.h"

/* X(name, unit, description).  Those of the point are columns of the sweep's result, which have
 * theirs there. */
#define TP_SERVED_POINT(TEXT, NUMBER) \
  TEXT(model)                         \
  TEXT(platform)                      \
  TEXT(stack)                         \
  TEXT(variant)                       \
  NUMBER(tp)                          \
  NUMBER(pp)                          \
  NUMBER(nodes)                       \
  NUMBER(batch)                       \
  NUMBER(prompt)                      \
  NUMBER(generate) TEXT(dtype) TEXT(engine) NUMBER(dp) NUMBER(ep) TEXT(kv_dtype) NUMBER(layers)

#define TP_SERVED_LOAD(TEXT, NUMBER)                                                              \
  NUMBER(concurrency, "requests", "under way at any time; empty: they come as rate or trace say") \
  NUMBER(rate, "1/s", "requests that come, as a Poisson process")                                 \
  NUMBER(range_ratio, "", "lengths are even between this share of prompt and generate and 1")     \
  NUMBER(requests, "requests", "served, from the first to the last")                              \
  NUMBER(seed, "", "of what is random")                                                           \
  TEXT(trace, "", "file of the requests")

#define TP_SERVED_OUTPUTS(NUMBER)                                                           \
  NUMBER(ttft_s, "s", "time to first token, waiting included, mean over the requests")      \
  NUMBER(ttft_p50_s, "s", "its median")                                                     \
  NUMBER(ttft_p90_s, "s", "its 90 % quantile")                                              \
  NUMBER(ttft_p99_s, "s", "its 99 % quantile")                                              \
  NUMBER(tpot_s, "s",                                                                       \
         "time per output token after the first: a request's mean, mean over the requests") \
  NUMBER(tpot_p50_s, "s", "its median")                                                     \
  NUMBER(tpot_p90_s, "s", "its 90 % quantile")                                              \
  NUMBER(tpot_p99_s, "s", "its 99 % quantile")                                              \
  NUMBER(e2e_s, "s", "from a request's coming to its last token, mean over the requests")   \
  NUMBER(tokens_per_s, "1/s", "generated tokens over the time to the last one's end")       \
  NUMBER(tokens_per_s_per_gpu, "1/s", "the same over the GPUs")

#define TP_SERVED_LATER_OUTPUTS(NUMBER)                                                    \
  NUMBER(speedup, "", "e2e_s of the standard variant under the same load over this one's") \
  NUMBER(sequences, "sequences", "that run, mean over time")                               \
  NUMBER(steps, "steps", "of the server")                                                  \
  NUMBER(recomputed, "tokens", "of the cache that were lost for want of room, and computed again")

struct tp_served {
  struct tp_prediction point; /* its inputs and its status; no other output */
#define TEXT(name, unit, description)   const char *name;
#define NUMBER(name, unit, description) double name;
  TP_SERVED_LOAD(TEXT, NUMBER)
  TP_SERVED_OUTPUTS(NUMBER)
  TP_SERVED_LATER_OUTPUTS(NUMBER)
#undef TEXT
#undef NUMBER
};

struct tp_served_column {
  const char *name, *unit, *description;
  const struct tp_column *point; /* that says unit and description; NULL: they are said here */
  bool is_text, is_input;
  size_t offset; /* in struct tp_served */
};
extern const struct tp_served_column tp_served_columns[];
extern const size_t tp_n_served_columns;

/* "" where there is none; NAN the same. */
const char *tp_served_text(const struct tp_served *row, const struct tp_served_column *column);
double tp_served_number(const struct tp_served *row, const struct tp_served_column *column);

/* Every output NAN, no load. */
void tp_served_clear(struct tp_served *row);

/* Fills all outputs but the speedup in.  Quantiles lie on lines between the requests' values. */
void tp_served_fill(const struct tp_serving *serving, int gpus, struct tp_arena *arena,
                    struct tp_served *row);
#endif
