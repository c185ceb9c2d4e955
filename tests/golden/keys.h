#ifndef TP_TESTS_GOLDEN_KEYS_H
#define TP_TESTS_GOLDEN_KEYS_H
/* What keys.c asks of the model: times of many ops and of many passes with one value changed. */
#include "base/datadir.h"

#define KEYS_STACK "vllm-graph"

struct keys_key {
  const char *name, *value; /* the value as its file writes it */
};

struct keys_list {
  struct keys_key *items;
  size_t n;
};

/* Every number and switch of a device, a stack with its libraries, and a link. */
enum tp_status keys_list_read(const char *root, struct tp_arena *arena, struct keys_list *list,
                              struct tp_error *error);

enum keys_probe {
  KEYS_OPS,        /* of every kind */
  KEYS_STANDARD,   /* passes, within a server and across */
  KEYS_TRIGGERED,  /* the same of variants that start collectives within a GEMM */
  KEYS_OVERLAPPED, /* of those that run them beside kernels */
  KEYS_QUANTISED,  /* of one that sends them in few bits */
  KEYS_STAGES,     /* of layers in two servers, half in each */
  KEYS_OTHERS,     /* of other software: expanded attention, fused activations, fp8, training */
  KEYS_N_PROBES
};

/* An op or a pass; NAN where it has no such number. */
struct keys_time {
  double time_s, width; /* width: the upper end of its interval over the lower */
  double fits;          /* 1, or 0: into memory */
};

struct keys_times {
  struct keys_time *items;
  size_t n; /* 0: a value was refused */
};

/* What is opened once, since no key changes it: models, variants, the table of ops. */
struct keys_bench;
struct keys_bench *keys_bench_open(const struct tp_datadir *dirs, struct tp_arena *arena);

struct keys_settings {
  const char **items; /* "KEY=VALUE" */
  size_t n;
};

/* The times under the settings; they live in `arena`. */
struct keys_times keys_bench_times(const struct keys_bench *bench, enum keys_probe probe,
                                   const struct keys_settings *sets, struct tp_arena *arena);

/* Two values of a key, the lower first; whether both are in its range, a try shows.  How many
 * pairs. */
struct keys_pair {
  const char *low, *high;
};
enum { KEYS_MOST_PAIRS = 8 };
size_t keys_pairs(const char *value, struct tp_arena *arena,
                  struct keys_pair pairs[KEYS_MOST_PAIRS]);

/* What is set for a key to have the value, and to bind. */
struct keys_settings keys_settings_of(const char *key, const char *value, struct tp_arena *arena);

/* Where a key may be seen, the likeliest first. */
enum { KEYS_PROBES_OF_ONE = 3 };
void keys_probes(const char *key, enum keys_probe probes[KEYS_PROBES_OF_ONE]);

/* A table of ops, as `tpsim cost` reads it; the caller frees it. */
char *keys_ops_text(void);
#endif
