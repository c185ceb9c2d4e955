#include "predict/pipeline.h"

#include <stdlib.h>

static int64_t least(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

/* Forward passes of a rank: one a micro-batch and stage. */
static int64_t passes_of(const struct tp_pipeline *pipeline)
{
  return pipeline->micro_batches * pipeline->interleave;
}

int64_t tp_pipeline_slots(const struct tp_pipeline *pipeline)
{
  return 2 * passes_of(pipeline) * pipeline->ranks;
}

/* Forward passes before the one that a backward pass follows at once. */
static int64_t warm_up(const struct tp_pipeline *pipeline, int rank)
{
  const int64_t behind = pipeline->ranks - rank - 1;
  if (pipeline->interleave == 1)
    return least(behind, passes_of(pipeline));
  return least(2 * behind + (int64_t)(pipeline->interleave - 1) * pipeline->ranks,
               passes_of(pipeline));
}

/* The k-th pass of its direction. */
static struct tp_pipeline_slot pass_at(const struct tp_pipeline *pipeline, int rank, int64_t k,
                                       bool backward)
{
  const int64_t ranks = pipeline->ranks, of_group = ranks * pipeline->interleave;
  const int64_t turn = k % of_group / ranks;
  const int64_t which = backward ? pipeline->interleave - 1 - turn : turn;
  return (struct tp_pipeline_slot){.stage = (int)(rank + which * ranks),
                                   .micro_batch = k / of_group * ranks + k % ranks,
                                   .backward = backward};
}

/* What the rank does after `index` others. */
static struct tp_pipeline_slot slot_at(const struct tp_pipeline *pipeline, int rank, int64_t index)
{
  const int64_t warm = warm_up(pipeline, rank), by_turns = passes_of(pipeline) - warm;
  const int64_t after = index - warm;
  if (after < 0)
    return pass_at(pipeline, rank, index, false);
  if (after >= 2 * by_turns)
    return pass_at(pipeline, rank, after - by_turns, true);
  return pass_at(pipeline, rank, after % 2 == 0 ? warm + after / 2 : after / 2, after % 2 == 1);
}

double tp_pipeline_most_kept(const struct tp_pipeline *pipeline, int rank, const double *kept)
{
  double now = 0, most = 0;
  for (int64_t i = 0; i < 2 * passes_of(pipeline); i++) {
    const struct tp_pipeline_slot slot = slot_at(pipeline, rank, i);
    now += slot.backward ? -kept[slot.stage] : kept[slot.stage];
    most = now > most ? now : most;
  }
  return most;
}

struct run {
  const struct tp_pipeline *pipeline;
  int stages;
  double *ended_s[2]; /* forward and backward, by micro-batch and stage; below 0: not yet */
  int64_t *done;      /* passes of a rank */
  double *free_s;     /* when it is */
  struct tp_pipeline_slot *slots;
};

static double *ended_s(const struct run *run, bool backward, int64_t micro_batch, int stage)
{
  return &run->ended_s[backward][micro_batch * run->stages + stage];
}

/* When what the pass needs is there; below 0: not yet.  The last stage turns round by itself. */
static double ready_s(const struct run *run, const struct tp_pipeline_slot *slot)
{
  const bool turns = slot->stage + 1 == run->stages;
  if (slot->backward)
    return *ended_s(run, !turns, slot->micro_batch, turns ? slot->stage : slot->stage + 1);
  return slot->stage == 0 ? 0 : *ended_s(run, false, slot->micro_batch, slot->stage - 1);
}

static double pass_s(const struct tp_pipeline *pipeline, const struct tp_pipeline_slot *slot)
{
  const bool last =
      pipeline->last_backward_s != NULL && slot->micro_batch + 1 == pipeline->micro_batches;
  return (!slot->backward ? pipeline->forward_s
          : last          ? pipeline->last_backward_s
                          : pipeline->backward_s)[slot->stage];
}

/* Does what the rank can; whether that was anything. */
static bool advance(struct run *run, int rank)
{
  const struct tp_pipeline *const pipeline = run->pipeline;
  const int64_t n = 2 * passes_of(pipeline), from = run->done[rank];
  for (; run->done[rank] < n; run->done[rank]++) {
    struct tp_pipeline_slot slot = slot_at(pipeline, rank, run->done[rank]);
    const double ready = ready_s(run, &slot);
    if (ready < 0)
      break;
    slot.start_s = ready > run->free_s[rank] ? ready : run->free_s[rank];
    run->free_s[rank] = slot.start_s + pass_s(pipeline, &slot);
    *ended_s(run, slot.backward, slot.micro_batch, slot.stage) = run->free_s[rank];
    if (run->slots != NULL)
      run->slots[rank * n + run->done[rank]] = slot;
  }
  return run->done[rank] > from;
}

static int by_start(const void *a, const void *b)
{
  const struct tp_pipeline_slot *const x = a, *const y = b;
  if (x->start_s != y->start_s)
    return x->start_s < y->start_s ? -1 : 1;
  return x->stage - y->stage;
}

double tp_pipeline_run(const struct tp_pipeline *pipeline, struct tp_arena *scratch,
                       struct tp_pipeline_slot *slots)
{
  const int ranks = pipeline->ranks;
  const int64_t n = tp_pipeline_slots(pipeline) / 2;
  struct run run = {.pipeline = pipeline,
                    .stages = ranks * pipeline->interleave,
                    .ended_s = {TP_NEW_RAW(scratch, double, n), TP_NEW_RAW(scratch, double, n)},
                    .done = TP_NEW(scratch, int64_t, ranks),
                    .free_s = TP_NEW(scratch, double, ranks),
                    .slots = slots};
  for (int64_t i = 0; i < n; i++)
    run.ended_s[0][i] = run.ended_s[1][i] = -1;
  for (bool moves = true; moves;) {
    moves = false;
    for (int rank = 0; rank < ranks; rank++)
      moves = advance(&run, rank) || moves;
  }
  double total_s = 0;
  for (int rank = 0; rank < ranks; rank++)
    total_s = run.free_s[rank] > total_s ? run.free_s[rank] : total_s;
  if (slots != NULL)
    qsort(slots, (size_t)(2 * n), sizeof *slots, by_start);
  return total_s;
}
