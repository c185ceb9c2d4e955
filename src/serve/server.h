#ifndef TP_SERVE_SERVER_H
#define TP_SERVE_SERVER_H
/* A server that works on many requests at once: continuous batching with chunked prefill.
 *
 *     waiting   r5 r6 ...                      in the order of their coming
 *     running   r1 r2 r3 decode | r4 prefills  every step anew: who decodes, whose prompt goes on
 *     step      {3, 1, context} {1, 2048, 6144}
 *
 * A step takes one token of every sequence that decodes and, as far as its budget of tokens goes,
 * the prompts of those that came first; or, where the software prefills first, prompts alone as
 * long as there are any.  A request is let in when the cache has room for all of its tokens; or,
 * where the cache grows with them, for those it has, and the last one that was let in is put out
 * when there is none left, to be computed anew.  Orca (Yu et al., OSDI 2022), Sarathi-Serve (arXiv
 * 2403.02310).
 *
 * A step is priced at means: who decodes at their mean context; prompts that begin by the octave of
 * their tokens, prompts that go on, either at their mean length and context.  Decode is linear in
 * the context, so that its mean loses nothing but what windows cut off.  Attention of prompts grows
 * with the square and comes out too short by the variance of the lengths of a bin over the square
 * of their mean: no more than 4 % where lengths are even within an octave.  Means are whole tokens.
 *
 * A request goes to the replica that has fewest; a step lasts as long as that of the replica with
 * most tokens, and of those alike the one whose tokens attend most.
 */
#include "program/batch.h"
#include "serve/arrivals.h"

struct tp_server {
  int64_t step_tokens;    /* that a step of a replica takes at most */
  int64_t most_sequences; /* that run at once, in all replicas; 0: as many as there is room for */
  bool prefills_first, cache_grows;
  int replicas;
  double room_bytes; /* for the cache of a replica, on the GPU that has least */
  /* What the cache of a sequence of so many tokens takes there. */
  double (*cache_bytes)(void *data, int64_t tokens);
  enum tp_status (*step)(void *data, const struct tp_batch *batch, double *seconds,
                         struct tp_error *error);
  void *data;
  void (*progress)(void *data, size_t ended); /* after every step; NULL: none */
  void *progress_data;
};

/* How a request fared; times from the beginning of the load. */
struct tp_visit {
  double came_s, first_s, ended_s; /* came; its first token was there; its last */
  int64_t prompt, generate;
};

struct tp_serving {
  struct tp_visit *visits; /* a request each, in the order of their coming */
  size_t n;
  double ended_s; /* the last one */
  int64_t steps;
  double sequences;  /* that a step worked on, on average over time */
  double recomputed; /* tokens of the cache that those that were put out lost */
};

/* Serves them all; `concurrency` above 0: a closed loop of so many.  TP_E_INPUT where the cache has
 * no room for one of them alone.  The visits are in `arena`. */
enum tp_status tp_server_run(const struct tp_server *server, const struct tp_arrivals *arrivals,
                             int64_t concurrency, struct tp_arena *arena,
                             struct tp_serving *serving, struct tp_error *error);
#endif
