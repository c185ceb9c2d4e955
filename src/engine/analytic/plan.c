#include "engine/analytic/plan.h"

/* The last record of an event: the op is the `count`-th of its stream in the pass. */
struct record {
  int64_t count; /* 0: never recorded */
  int stream;
};

static bool follows(const struct tp_op *op, const struct tp_op *before)
{
  if (op->stream == before->stream)
    return true;
  for (int w = 0; w < op->n_waits; w++)
    if (before->records != TP_NO_EVENT && op->waits[w] == before->records)
      return true;
  return false;
}

bool tp_program_is_chain(const struct tp_program *program)
{
  const struct tp_op *before = NULL;
  for (size_t s = 0; s < program->n_segments; s++) {
    const struct tp_segment *segment = &program->segments[s];
    if (segment->repeat <= 0 || segment->n_ops == 0)
      continue;
    if (segment->repeat > 1 && !follows(&segment->ops[0], &segment->ops[segment->n_ops - 1]))
      return false;
    for (size_t i = 0; i < segment->n_ops; i++) {
      if (before != NULL && !follows(&segment->ops[i], before))
        return false;
      before = &segment->ops[i];
    }
  }
  return true;
}

/* Fills `waits` from the registers; a wait for the op's own stream is its order anyway. */
static int resolve(const struct tp_plan_segment *segment, const struct tp_op *op,
                   const struct record *records, int64_t repetition, struct tp_plan_wait *waits)
{
  int n = 0;
  for (int w = 0; w < op->n_waits; w++) {
    const struct record *record = &records[op->waits[w]];
    if (record->count == 0 || record->stream == op->stream)
      continue;
    const int q = record->stream;
    const bool relative = record->count > segment->before[q];
    const int64_t base = segment->before[q] + repetition * segment->per_repeat[q];
    waits[n++] = (struct tp_plan_wait){
        .stream = q, .relative = relative, .count = record->count - (relative ? base : 0)};
  }
  return n;
}

/* Issues one repetition: 0 or 1, the pattern of all later ones. */
static void issue(struct tp_plan_segment *segment, struct record *records, int64_t repetition)
{
  int64_t issued[TP_MAX_STREAMS];
  for (int q = 0; q < TP_MAX_STREAMS; q++)
    issued[q] = segment->before[q] + repetition * segment->per_repeat[q];
  for (int i = 0; i < segment->n_ops; i++) {
    struct tp_plan_op *planned = &segment->ops[i];
    const struct tp_op *op = planned->op;
    if (repetition == 0)
      planned->n_first = resolve(segment, op, records, repetition, planned->first);
    else
      planned->n_later = resolve(segment, op, records, repetition, planned->later);
    issued[op->stream]++;
    if (op->records != TP_NO_EVENT)
      records[op->records] = (struct record){.stream = op->stream, .count = issued[op->stream]};
  }
}

static void link_streams(struct tp_plan_segment *segment)
{
  for (int q = 0; q < TP_MAX_STREAMS; q++)
    segment->first[q] = -1;
  for (int i = segment->n_ops - 1; i >= 0; i--) {
    const int q = segment->ops[i].op->stream;
    segment->ops[i].next = segment->first[q];
    segment->first[q] = i;
    segment->per_repeat[q]++;
  }
}

static void fill_ops(const struct tp_segment *source, struct tp_arena *arena,
                     struct tp_plan_segment *segment)
{
  segment->repeat = source->repeat;
  segment->n_ops = (int)source->n_ops;
  segment->ops = TP_NEW(arena, struct tp_plan_op, source->n_ops);
  for (size_t i = 0; i < source->n_ops; i++) {
    struct tp_plan_op *planned = &segment->ops[i];
    planned->op = &source->ops[i];
    planned->collective = source->ops[i].kind == TP_OP_COLLECTIVE;
    planned->waits = source->ops[i].n_waits > 0;
    planned->frees = source->ops[i].records != TP_NO_EVENT;
  }
}

/* What the segment recorded, it recorded last in its last repetition. */
static void move_to_last_repetition(const struct tp_plan_segment *segment, struct record *records)
{
  const int64_t issued = segment->repeat > 1 ? 2 : 1;
  for (int e = 0; e < TP_MAX_EVENTS; e++) {
    const int q = records[e].stream;
    if (records[e].count > segment->before[q])
      records[e].count += (segment->repeat - issued) * segment->per_repeat[q];
  }
}

const struct tp_plan *tp_plan_make(const struct tp_program *program, struct tp_arena *arena)
{
  struct record records[TP_MAX_EVENTS] = {{0}};
  int64_t before[TP_MAX_STREAMS] = {0};
  struct tp_plan *plan = TP_NEW(arena, struct tp_plan, 1);
  plan->n_streams = program->n_streams;
  for (size_t s = 0; s < program->n_segments; s++) {
    if (program->segments[s].repeat <= 0 || program->segments[s].n_ops == 0)
      continue;
    struct tp_plan_segment *segment = &plan->segments[plan->n_segments++];
    segment->source = s;
    fill_ops(&program->segments[s], arena, segment);
    link_streams(segment);
    for (int q = 0; q < TP_MAX_STREAMS; q++) {
      segment->before[q] = before[q];
      before[q] += segment->repeat * segment->per_repeat[q];
    }
    issue(segment, records, 0);
    if (segment->repeat > 1)
      issue(segment, records, 1);
    move_to_last_repetition(segment, records);
  }
  return plan;
}
