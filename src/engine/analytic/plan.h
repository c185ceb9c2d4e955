#ifndef TP_ENGINE_ANALYTIC_PLAN_H
#define TP_ENGINE_ANALYTIC_PLAN_H
/* A program with its waits resolved: what the analytic engine walks through.
 *
 * Events are registers, so what a wait means depends only on the issue order, and is known before
 * anything runs: "stream q must have ended its n-th op".  In the first repetition of a segment the
 * answer may lie in an earlier segment; from the second on it is the same every time, relative to
 * the repetition.
 */
#include "engine/engine.h"

/* `stream` must have ended `count` ops, counted from the start of the pass or, if `relative`, from
 * where the waiting op's repetition begins (then it may be negative: the previous one). */
struct tp_plan_wait {
  int64_t count;
  int stream;
  bool relative;
};

struct tp_plan_op {
  const struct tp_op *op;
  bool collective;
  bool waits; /* in some repetition */
  bool frees; /* records an event: others may wait for it */
  int next;   /* op of the same stream in the segment, or -1 */
  int n_first, n_later;
  struct tp_plan_wait first[TP_MAX_WAITS]; /* in repetition 0 */
  struct tp_plan_wait later[TP_MAX_WAITS]; /* in the others */
};

struct tp_plan_segment {
  size_t source; /* index in the program */
  int64_t repeat;
  int n_ops;
  struct tp_plan_op *ops;
  int first[TP_MAX_STREAMS];          /* op of the stream, or -1 */
  int64_t per_repeat[TP_MAX_STREAMS]; /* ops of the stream */
  int64_t before[TP_MAX_STREAMS];     /* ops of the stream in earlier segments */
};

struct tp_plan {
  bool is_chain; /* tp_program_is_chain's: the rest is not said */
  int n_streams;
  size_t n_segments;
  struct tp_plan_segment segments[TP_MAX_SEGMENTS];
};

/* Segments without ops or repetitions are left out.  The plan borrows the program, of which costs
 * may change, and lives in `arena`. */
const struct tp_plan *tp_plan_make(const struct tp_program *program, struct tp_arena *arena);

/* Whether every op starts exactly when the one issued before it ends: same stream, or a wait for
 * it.  Then nothing ever overlaps, and time is a sum. */
bool tp_program_is_chain(const struct tp_program *program);
#endif
