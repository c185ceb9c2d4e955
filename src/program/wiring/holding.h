#ifndef TP_PROGRAM_WIRING_HOLDING_H
#define TP_PROGRAM_WIRING_HOLDING_H
/* What ranks hold of values: the words of meaning.c and rules.c. */
#include "program/wiring/reader.h"

enum share { NOTHING, ALIKE, PARTS, PARTS_OF_EXPERTS, PARTS_OF_SHARDS, OWN, MIXED };
enum tokens { ALL_TOKENS, SHARE_OF_TOKENS, MIXED_TOKENS };
enum { NO_NORM = TP_WIRING_N_NORMS, MIXED_NORM };

struct holding {
  enum share share;
  int norm;  /* whose gains made it, NO_NORM, or MIXED_NORM: several ways here differ */
  int age;   /* layers that have ended since */
  int since; /* line that made it its rank's own; 0: none */
  enum tokens tokens;
  int scattered; /* line that left it a share of the tokens; 0: the embedding */
};

struct state {
  bool reached, next; /* the layer's end has been passed already, by the norm for the next */
  struct holding values[TP_WIRING_MOST_VALUES];
};

/* The reader of the whole, the statement at hand, what is held before it. */
struct view {
  const struct tp_wiring_reader *reader;
  const struct tp_wiring_statement *statement;
  struct state *state;
};

static inline const struct holding *in(const struct view *view, int i)
{
  return &view->state->values[view->statement->in[i]];
}

static inline const char *name(const struct view *view, int i)
{
  return tp_wiring_value(view->reader, view->statement->in[i]);
}

static inline bool is_own_of(const struct view *view)
{
  return view->reader->wiring->own;
}

static inline struct holding held(enum share share, int since)
{
  return (struct holding){.share = share, .norm = NO_NORM, .since = share == OWN ? since : 0};
}

static inline bool is_parts(enum share share)
{
  return share == PARTS || share == PARTS_OF_EXPERTS || share == PARTS_OF_SHARDS;
}

/* rules.c: whether the statement's inputs are one thing on every way; what it leaves of its result,
 * and whether it means something. */
enum tp_status tp_wiring_check_inputs(const struct view *view);
enum tp_status tp_wiring_hold(const struct view *view, struct holding *output);
#endif
