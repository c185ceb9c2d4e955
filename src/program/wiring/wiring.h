#ifndef TP_PROGRAM_WIRING_WIRING_H
#define TP_PROGRAM_WIRING_WIRING_H
/* An architecture as text, NAME.tpa: how residuals, norms, modules and sums hang together.
 *
 *     architecture ladder
 *     layers 1
 *       n = norm x for attention     x holds the embedding at first
 *       a = attention n
 *       a ~sum                       starts the sum over ranks, ...
 *       n = norm x for mlp
 *       m = mlp n
 *       m ~sum
 *     layers rest
 *       x += a                       ... for which its first reader waits
 *       ...
 *
 * It is read once (read.c, statement.c) and checked for what no model or degree changes (flow.c,
 * meaning.c); a builder (build.c), equations (text.c) and the reference (verify/reference_wiring.c)
 * then walk the same statements.  docs/WIRINGS.md is the language's page.
 */
#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum {
  TP_WIRING_MOST_VALUES = 16,
  TP_WIRING_MOST_STATEMENTS = 200,
  TP_WIRING_MOST_SEGMENTS = 8,
  TP_WIRING_MOST_SUMS = 4,   /* of other values than attention's and the MLP's output */
  TP_WIRING_MOST_SHARES = 8, /* values that hold a rank's share of the tokens somewhere */
  TP_WIRING_RESIDUAL = 0     /* the value "x" */
};

enum tp_wiring_verb {
  TP_WIRING_NORM,
  TP_WIRING_ATTENTION,
  TP_WIRING_MLP,
  TP_WIRING_BOTH, /* side by side on one norm, their first GEMMs one */
  TP_WIRING_ADD,
  TP_WIRING_SHARE, /* x / ranks + h */
  TP_WIRING_COPY,
  TP_WIRING_COMBINE, /* W [y_1 .. y_N], of blocks of their own */
  TP_WIRING_SUM,     /* started, as the next two */
  TP_WIRING_SCATTER, /* summed, and each rank keeps its share of the tokens */
  TP_WIRING_GATHER,  /* the shares of all ranks */
  TP_WIRING_WAIT,
  TP_WIRING_SPLIT, /* up to the next of these two for one half of the tokens, then for the other */
  TP_WIRING_JOIN,  /* from here on for all of them */
  TP_WIRING_HEAD
};

/* Whether the statement starts a collective, for which the first reader of its value waits. */
static inline bool tp_wiring_exchanges(enum tp_wiring_verb verb)
{
  return verb == TP_WIRING_SUM || verb == TP_WIRING_SCATTER || verb == TP_WIRING_GATHER;
}

/* Over whom: the axes of a mesh (program/mesh.h). */
#define TP_WIRING_GROUPS(X) \
  X(TENSOR, "tensor") X(EXPERTS, "experts") X(EXPERT_TENSOR, "expert-tensor")
enum tp_wiring_group {
#define X(name, text) TP_WIRING_OVER_##name,
  TP_WIRING_GROUPS(X)
#undef X
      TP_WIRING_N_GROUPS
};

/* Whose gains a norm takes. */
#define TP_WIRING_NORMS(X) X(ATTENTION, "attention") X(MLP, "mlp") X(NEXT, "next") X(HEAD, "head")
enum tp_wiring_norm {
#define X(name, text) TP_WIRING_NORM_##name,
  TP_WIRING_NORMS(X)
#undef X
      TP_WIRING_N_NORMS
};

/* Statements that are one kernel where the stack fuses them. */
enum tp_wiring_fusion {
  TP_WIRING_ALONE,
  TP_WIRING_ADD_NORM,    /* this sum and the norm of it */
  TP_WIRING_ADD_SUM_NORM /* x += h; z = h + t; the norm of z, which nobody else reads */
};

/* Values by number. */
struct tp_wiring_statement {
  enum tp_wiring_verb verb;
  int line;
  int n_in, in[2], n_out, out[2];
  enum tp_wiring_norm norm;
  enum tp_wiring_group over;
  unsigned waits;                    /* a bit a value: sums under way that it reads, */
  unsigned halved, gathered;         /* ... of these those that were started for halves; gathers, */
  unsigned fresh;                    /* no statement has come since they were started; */
  bool overlapped, overlapped_whole; /* one of them may have run under kernels: those of the other
                                        half, too; in a step that is not split */
  bool share;                        /* it works on the rank's share of the tokens, ... */
  bool half;                         /* ... on one half of them and then on the other */
  unsigned live;                     /* values that somebody reads after it */
  enum tp_wiring_fusion fuses;
  const char *name, *fused; /* of its op */
};

struct tp_wiring_body {
  int first, n; /* statements */
  int line;
};

enum tp_wiring_extent {
  TP_WIRING_LAYERS,  /* so many */
  TP_WIRING_PERCENT, /* so many of a hundred */
  TP_WIRING_REST,    /* all that no other segment takes */
  TP_WIRING_EVERY,   /* the same, so many at a time; what fills no group is one, too, ... */
  TP_WIRING_LEFT     /* ... unless it has a segment of its own */
};

struct tp_wiring_segment {
  enum tp_wiring_extent extent;
  int line, count;                  /* 0: the architecture's argument, or none */
  bool by_argument;                 /* the count is that */
  struct tp_wiring_body each, last; /* of EVERY and LEFT the last layer of a group; n 0: as each */
};

/* How the modules of models hang together that it is for. */
#define TP_WIRING_FITS(X)                                                 \
  X(ANY, "")                                                              \
  X(IN_TURN, "in turn")           /* one after the other */               \
  X(SIDE_BY_SIDE, "side by side") /* on one residual, each with a norm */ \
  X(ON_ONE_NORM, "on one norm")
enum tp_wiring_fit {
#define X(name, text) TP_WIRING_FIT_##name,
  TP_WIRING_FITS(X)
#undef X
      TP_WIRING_N_FITS
};

/* vocabulary.c: how files say these. */
extern const char *const tp_wiring_groups[TP_WIRING_N_GROUPS];
extern const char *const tp_wiring_norms[TP_WIRING_N_NORMS];
extern const char *const tp_wiring_fit_words[TP_WIRING_N_FITS];

struct tp_wiring {
  const char *path, *text; /* the file's */
  const char *name, *summary, *equation, *source;
  const char *argument, *counts; /* "P", and what it counts; NULL: none */
  int least, most;
  bool own;       /* blocks of their own, one a rank, as Kraken's */
  bool apart;     /* ranks never exchange, and end with results of their own */
  bool drops;     /* some module reads what its rank alone has, for a sum was left out */
  int shared_out; /* line that says that the residual is a rank's share of the tokens; 0: none */
  enum tp_wiring_fit fit;
  int halves, halves_from; /* line, and tokens of a step that is split, or else the argument */
  bool halves_by_argument;
  bool splits;
  int n_values;
  const char *values[TP_WIRING_MOST_VALUES];
  int n_statements;
  struct tp_wiring_statement statements[TP_WIRING_MOST_STATEMENTS];
  struct tp_wiring_body before, end;
  int n_segments;
  struct tp_wiring_segment segments[TP_WIRING_MOST_SEGMENTS];
  /* The first value that is a norm, attention's and the MLP's output; -1: none. */
  int normed, attention_out, mlp_out;
  int slots[TP_WIRING_MOST_VALUES]; /* of sums of other values: their number among these, ... */
  bool residual_for_mlp; /* ... but the residual's stands for the MLP's, which is in it */
  const char *events[TP_WIRING_MOST_VALUES][2]; /* of these: names of its start's and its end's */
  int carried;            /* values that live from layer to layer, beside these and the residual */
  unsigned carried_norms; /* values whose every sum is added and normalised by what comes next */
  bool combines;
  int shares[TP_WIRING_MOST_VALUES]; /* number among values that are shares somewhere; -1: none */
};

/* Reads and checks `text`, which it keeps; `path` is for messages.  The wiring lives in `arena`.
 * TP_E_INPUT: "FILE:LINE: 'word': what is wrong, and the mend". */
enum tp_status tp_wiring_read(const char *text, const char *path, struct tp_arena *arena,
                              const struct tp_wiring **wiring, struct tp_error *error);

/* Layers of each segment, for a model of so many; `argument` is the variant's, 0 without. */
enum tp_status tp_wiring_counts(const struct tp_wiring *wiring, int argument, int64_t layers,
                                int64_t counts[TP_WIRING_MOST_SEGMENTS], struct tp_error *error);
/* Layers of a group of the segment, which takes `count`. */
int64_t tp_wiring_group(const struct tp_wiring_segment *segment, int argument, int64_t count);

/* Whether a rank works on its share of the tokens somewhere. */
bool tp_wiring_has_shares(const struct tp_wiring *wiring);
/* The fewest tokens of a step that is split into halves. */
int64_t tp_wiring_halves_from(const struct tp_wiring *wiring, int argument);

/* The statements as equations, segment by segment; of a model's layers where `counts` is not NULL.
 * A sum stands as AR(a) where it is waited for, a ~scatter as RS(a), a ~gather as AG(a).
 * Arena-owned, lines end with \n. */
const char *tp_wiring_text(const struct tp_wiring *wiring, const int64_t *counts,
                           struct tp_arena *arena);
/* The same in a line or two a segment, for the head of a program. */
const char *tp_wiring_equation(const struct tp_wiring *wiring, struct tp_arena *arena);
#endif
