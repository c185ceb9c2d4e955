#ifndef TP_PROGRAM_LIVE_H
#define TP_PROGRAM_LIVE_H
/* Part of a program, and what is live where it ends: tensors that later ops read before they write
 * them. */
#include "program/operands.h"
#include "program/program.h"

struct tp_excerpt {
  size_t n;
  struct tp_segment segments[TP_MAX_SEGMENTS];
};

enum { TP_MAX_LIVE = 16 };

struct tp_live {
  int n;
  int tensors[TP_MAX_LIVE]; /* activations that are no views */
};

/* TP_E_INPUT where it is full. */
enum tp_status tp_excerpt_append(struct tp_excerpt *excerpt, struct tp_segment segment,
                                 struct tp_error *error);

/* The op that the stream ends with; NULL: it has none. */
struct tp_op *tp_excerpt_last(const struct tp_excerpt *part, int stream);

/* What `after` needs of activations.  TP_E_INPUT where that is more than TP_MAX_LIVE. */
enum tp_status tp_live_before(const struct tp_program *program, const struct tp_excerpt *after,
                              struct tp_live *live, struct tp_error *error);
double tp_live_bytes(const struct tp_program *program, const struct tp_live *live);

/* Norms of live tensors are worked out where they are read: the part that ends with one leaves it
 * out, with what it is the norm of live in its place, and the next begins with it. */
enum tp_status tp_live_leave_norms(const struct tp_program *program, struct tp_excerpt *part,
                                   struct tp_arena *arena, struct tp_live *live,
                                   struct tp_error *error);
enum tp_status tp_live_receive(const struct tp_program *program, const struct tp_excerpt *before,
                               struct tp_excerpt *part, struct tp_arena *arena,
                               struct tp_error *error);
#endif
