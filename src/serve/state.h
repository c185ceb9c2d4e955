#ifndef TP_SERVE_STATE_H
#define TP_SERVE_STATE_H
/* What the parts of a server share, a file each: who is let in and put out (room.c), what a step
 * works on (step.c), the steps (server.c). */
#include "serve/server.h"

/* One that was let in. */
struct tp_sequence {
  size_t request;
  int replica;
  int64_t prompt, generate; /* tokens it came with, and is to make */
  int64_t made;
  int64_t wanted, cached; /* before it decodes: its prompt, of one that was put out what it had
                             made, too; and how much of that is there */
  int64_t taken;          /* of it in the step under way */
  double cache_bytes;
};

struct tp_replica {
  double cache_bytes;
  int64_t n_running;
  int64_t left;    /* tokens that the step under way may take of prompts, ... */
  int64_t tokens;  /* ... and works on */
  int64_t context; /* that these attend, in sum */
};

struct tp_server_state {
  const struct tp_server *server;
  const struct tp_arrivals *arrivals;
  int64_t concurrency;
  struct tp_visit *visits;
  struct tp_replica *replicas;
  struct tp_sequence *running, *put_out; /* in the order they were let in; put out, the next last */
  size_t n_running, n_put_out;
  size_t came, let_in, ended; /* requests that did */
  bool prompts_alone;         /* the step under way decodes nothing */
  double now_s, recomputed;
};

static inline bool tp_sequence_prefills(const struct tp_sequence *sequence)
{
  return sequence->cached < sequence->wanted;
}

/* Tokens of it that the cache has: the last one made is not among them. */
static inline int64_t tp_sequence_context(const struct tp_sequence *sequence)
{
  return tp_sequence_prefills(sequence) ? sequence->cached : sequence->prompt + sequence->made - 1;
}

/* room.c.  Who is there by now: of a closed loop one for each that ended. */
void tp_room_receive(struct tp_server_state *state);
/* Lets the next one in, on the replica that has fewest of those with room and a budget; false: it
 * waits on. */
bool tp_room_let_in(struct tp_server_state *state);
/* The sequence has grown, or (`stays` false) has ended. */
void tp_room_change(struct tp_server_state *state, struct tp_sequence *sequence, bool stays);
/* As sequences grow the last ones that a replica let in are put out, until its others have room;
 * they come in again before all that wait, and compute anew what they had. */
void tp_room_put_out(struct tp_server_state *state);

/* step.c.  What the fullest replica works on; n 0: there is nobody. */
struct tp_batch tp_step_form(struct tp_server_state *state);
#endif
