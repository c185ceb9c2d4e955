#include "program/alike.h"

#include "program/op_key.h"

#include <string.h>

/* Ops of one name and one key.  firsts[i] is the first op that has i of the sort before it in its
 * turn: those that are alike are numbered once there are two. */
struct sort {
  uint64_t key[TP_OP_KEY_WORDS];
  const char *name;
  int64_t turn; /* in which it was met last, ... */
  size_t n_met; /* ... and how often */
  size_t n_firsts;
  struct tp_op **firsts;
};

/* The ops of one call of tp_pass_layers, turn after turn.  A sort stands at the place that the hash
 * of its key says, or at the first free one behind; there are twice as many places as ops. */
struct search {
  struct tp_program *program;
  struct tp_arena *arena;
  int64_t turn; /* counted over all segments */
  size_t room;
  int *places; /* the number of a sort, from 1 on; 0: free */
  int n_sorts;
  struct sort *sorts;
};

static bool is_of(const struct tp_segment *segment, int call)
{
  return segment->layers_call == call;
}

static uint64_t hash_of(const uint64_t *key)
{
  uint64_t hash = 0;
  for (int i = 0; i < TP_OP_KEY_WORDS; i++)
    hash = (hash ^ key[i]) * 0x9E3779B97F4A7C15u;
  return hash >> 32;
}

static bool is_same(const struct sort *a, const struct sort *b)
{
  return memcmp(a->key, b->key, sizeof a->key) == 0 && strcmp(a->name, b->name) == 0;
}

static struct sort *sort_of(struct search *search, const struct tp_op *op)
{
  struct sort asked = {.name = op->name, .turn = -1};
  tp_op_key(op, asked.key);
  size_t at = (size_t)hash_of(asked.key) % search->room;
  for (; search->places[at] != 0; at = (at + 1) % search->room) {
    struct sort *const sort = &search->sorts[search->places[at] - 1];
    if (is_same(sort, &asked))
      return sort;
  }
  search->sorts[search->n_sorts] = asked;
  search->places[at] = ++search->n_sorts;
  return &search->sorts[search->places[at] - 1];
}

static void add_op(struct search *search, struct tp_op *op)
{
  struct sort *const sort = sort_of(search, op);
  if (sort->turn != search->turn)
    sort->n_met = 0;
  sort->turn = search->turn;
  const size_t before = sort->n_met++;
  if (before == sort->n_firsts) {
    TP_APPEND(search->arena, sort->firsts, sort->n_firsts, op);
    return;
  }
  struct tp_op *const first = sort->firsts[before];
  if (first->alike == 0)
    first->alike = ++search->program->n_alike;
  op->alike = first->alike;
}

static void add_segment(struct search *search, const struct tp_segment *segment)
{
  for (size_t i = 0; i < segment->n_ops; i++) {
    if (i == 0 || segment->ops[i].turn != segment->ops[i - 1].turn)
      search->turn++;
    add_op(search, &segment->ops[i]);
  }
}

/* How many ops the call's segments have; 0 where they are one turn, which has no op twice. */
static size_t ops_of(const struct tp_program *program, int call)
{
  size_t n_ops = 0;
  int turns = 0;
  for (size_t s = 0; s < program->n_segments; s++) {
    const struct tp_segment *const segment = &program->segments[s];
    if (!is_of(segment, call) || segment->n_ops == 0)
      continue;
    n_ops += segment->n_ops;
    turns += 1 + segment->ops[segment->n_ops - 1].turn;
  }
  return turns > 1 ? n_ops : 0;
}

void tp_program_find_alike(struct tp_program *program, struct tp_arena *arena)
{
  int last_call = 0;
  for (size_t s = 0; s < program->n_segments; s++)
    if (program->segments[s].layers_call > last_call)
      last_call = program->segments[s].layers_call;
  for (int call = 1; call <= last_call; call++) {
    const size_t n_ops = ops_of(program, call);
    if (n_ops == 0)
      continue;
    struct search search = {.program = program, .arena = arena, .room = 2 * n_ops};
    search.places = TP_NEW(arena, int, search.room);
    search.sorts = TP_NEW_RAW(arena, struct sort, n_ops);
    for (size_t s = 0; s < program->n_segments; s++)
      if (is_of(&program->segments[s], call))
        add_segment(&search, &program->segments[s]);
  }
}
