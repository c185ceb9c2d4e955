/* Training steps over stages: every kind of pass is timed once, and a schedule says when each of
 * them runs. */
#include "predict/replicas.h"
#include "predict/stages.h"

#include <math.h>

static const double most_shown = 4096; /* passes that a timeline shows */

enum tp_status tp_stages_train_footprint(struct tp_steps *steps, int rank,
                                         struct tp_footprint *footprint, struct tp_error *error)
{
  const struct tp_pipeline pipeline = tp_stages_pipeline(steps->point);
  const struct tp_batch batch = tp_point_prefill(steps->point, 0);
  double *const kept_bytes = TP_NEW(steps->scratch, double, tp_point_stages(steps->point));
  *footprint = (struct tp_footprint){0};
  for (int stage = rank; stage < tp_point_stages(steps->point); stage += pipeline.ranks) {
    const struct tp_stage_pass forward = {stage, TP_TRAINING_FORWARD};
    struct tp_footprint one;
    TP_TRY(tp_steps_footprint(steps, forward, &batch, &one, error));
    footprint->weight_bytes += one.weight_bytes;
    footprint->state_bytes += one.state_bytes;
    footprint->activation_bytes = fmax(footprint->activation_bytes, one.activation_bytes);
    kept_bytes[stage] = one.kept_bytes;
  }
  footprint->activation_bytes += tp_pipeline_most_kept(&pipeline, rank, kept_bytes);
  return TP_OK;
}

/* How long passes take, by stage; of the last micro-batch the backward pass beside which gradients
 * are summed over replicas. */
struct pass_times {
  double *forward_s, *backward_s, *last_s;
  struct tp_last_pass *last;
};

static enum tp_status time_pass(struct tp_steps *steps, struct tp_stage_pass which,
                                const struct tp_batch *batch, double times, double *time_s,
                                struct tp_sum *passes, struct tp_error *error)
{
  struct tp_result one;
  TP_TRY(tp_steps_run_stage(steps, which, batch, &one, error));
  *time_s = one.total_s;
  tp_sum_add(passes, &one, times);
  return TP_OK;
}

/* All passes of all stages. */
static enum tp_status time_passes(struct tp_steps *steps, const struct tp_batch *batch,
                                  const struct pass_times *times, struct tp_sum *passes,
                                  struct tp_error *error)
{
  const double n = (double)tp_point_micro_batches(steps->point);
  const bool replicas = steps->point->mesh.dp > 1;
  for (int s = 0; s < tp_point_stages(steps->point); s++) {
    const struct tp_stage_pass forward = {s, TP_TRAINING_FORWARD}, back = {s, TP_TRAINING_BACKWARD},
                               last = {s, TP_TRAINING_LAST_BACKWARD};
    TP_TRY(time_pass(steps, forward, batch, n, &times->forward_s[s], passes, error));
    TP_TRY(
        time_pass(steps, back, batch, replicas ? n - 1 : n, &times->backward_s[s], passes, error));
    struct tp_result one;
    if (!replicas)
      continue;
    TP_TRY(tp_replicas_time(steps, last, batch, &times->last[s], &one, error));
    times->last_s[s] = times->last[s].rest_s;
    tp_sum_add(passes, &one, 1);
    passes->result.comm_exposed_s -=
        one.total_s - times->last[s].rest_s; /* another pass may hide it */
  }
  return TP_OK;
}

static bool updates(const struct tp_point *point)
{
  return point->stack->memory.optimiser_bytes > 0;
}

/* The optimiser's pass, over all stages of a rank; the slowest rank's. */
static enum tp_status time_update(struct tp_steps *steps, const struct tp_batch *batch,
                                  struct tp_sum *passes, double *update_s, struct tp_error *error)
{
  const struct tp_point *const point = steps->point;
  *update_s = 0;
  for (int rank = 0; rank < point->mesh.pp && updates(point); rank++) {
    double rank_s = 0, stage_s = 0;
    for (int s = rank; s < tp_point_stages(point); s += point->mesh.pp) {
      const struct tp_stage_pass which = {s, TP_TRAINING_UPDATE};
      TP_TRY(time_pass(steps, which, batch, 1, &stage_s, passes, error));
      rank_s += stage_s;
    }
    *update_s = fmax(*update_s, rank_s);
  }
  return TP_OK;
}

/* Every kind of pass once, for nobody to see. */
static enum tp_status time_all(struct tp_steps *steps, const struct tp_batch *batch,
                               const struct pass_times *times, struct tp_sum *passes,
                               double *update_s, struct tp_error *error)
{
  struct tp_timeline *const shown = steps->timing.timeline;
  steps->timing.timeline = NULL;
  enum tp_status status = time_passes(steps, batch, times, passes, error);
  if (status == TP_OK)
    status = time_update(steps, batch, passes, update_s, error);
  steps->timing.timeline = shown;
  return status;
}

/* Every pass where it starts. */
static enum tp_status show(struct tp_steps *steps, const struct tp_batch *batch,
                           const struct tp_pipeline_slot *slots, size_t n, struct tp_error *error)
{
  struct tp_timeline *const timeline = steps->timing.timeline;
  const struct tp_point *const point = steps->point;
  const int pp = point->mesh.pp, ranks = tp_mesh_stage_ranks(&point->mesh);
  const double began_s = timeline->offset_s;
  if ((double)n > most_shown)
    return tp_fail(error, TP_E_INPUT,
                   "a timeline of %zu passes is more than %g; take fewer micro-batches or stages",
                   n, most_shown);
  for (size_t i = 0; i < n; i++) {
    const struct tp_pipeline_slot *const slot = &slots[i];
    const bool last = point->mesh.dp > 1 && slot->micro_batch + 1 == tp_point_micro_batches(point);
    const struct tp_stage_pass which = {slot->stage, !slot->backward ? TP_TRAINING_FORWARD
                                                     : last          ? TP_TRAINING_LAST_BACKWARD
                                                                     : TP_TRAINING_BACKWARD};
    struct tp_result one;
    tp_timeline_place(timeline, slot->stage % pp * ranks, ranks, began_s + slot->start_s);
    timeline->pass = tp_arena_printf(
        timeline->arena, "%s %lld%s", slot->backward ? "backward" : "forward",
        (long long)slot->micro_batch,
        point->interleave > 1 ? tp_arena_printf(timeline->arena, " stage %d", slot->stage) : "");
    TP_TRY(tp_steps_run_stage(steps, which, batch, &one, error));
  }
  timeline->offset_s = began_s;
  return TP_OK;
}

/* The optimiser's, one stage of a rank after another. */
static enum tp_status show_update(struct tp_steps *steps, const struct tp_batch *batch,
                                  double start_s, struct tp_error *error)
{
  struct tp_timeline *const timeline = steps->timing.timeline;
  const struct tp_point *const point = steps->point;
  const int ranks = tp_mesh_stage_ranks(&point->mesh);
  const double began_s = timeline->offset_s;
  timeline->pass = "update";
  for (int rank = 0; rank < point->mesh.pp && updates(point); rank++) {
    tp_timeline_place(timeline, rank * ranks, ranks, began_s + start_s);
    for (int s = rank; s < tp_point_stages(point); s += point->mesh.pp) {
      struct tp_result one;
      TP_TRY(tp_steps_run_stage(steps, (struct tp_stage_pass){s, TP_TRAINING_UPDATE}, batch, &one,
                                error));
      timeline->offset_s += one.total_s;
    }
  }
  timeline->offset_s = began_s;
  return TP_OK;
}

enum tp_status tp_stages_train(struct tp_steps *steps, struct tp_result *result,
                               struct tp_error *error)
{
  const struct tp_batch batch = tp_point_prefill(steps->point, 0);
  const int stages = tp_point_stages(steps->point);
  const struct pass_times times = {
      TP_NEW(steps->scratch, double, stages), TP_NEW(steps->scratch, double, stages),
      TP_NEW(steps->scratch, double, stages), TP_NEW(steps->scratch, struct tp_last_pass, stages)};
  struct tp_sum passes = {.deviation_s = 0};
  double update_s;
  TP_TRY(time_all(steps, &batch, &times, &passes, &update_s, error));

  struct tp_pipeline pipeline = tp_stages_pipeline(steps->point);
  pipeline.forward_s = times.forward_s;
  pipeline.backward_s = times.backward_s;
  const bool shown = steps->timing.timeline != NULL, replicas = steps->point->mesh.dp > 1;
  if (replicas)
    pipeline.last_backward_s = times.last_s;
  const size_t n = (size_t)tp_pipeline_slots(&pipeline);
  struct tp_pipeline_slot *const slots =
      shown || replicas ? TP_NEW_RAW(steps->scratch, struct tp_pipeline_slot, n) : NULL;
  double total_s = tp_pipeline_run(&pipeline, steps->scratch, slots), exposed_s = 0;
  if (replicas)
    total_s = tp_replicas_end_s(&pipeline, slots, n, times.last, steps->scratch, &exposed_s);
  passes.result.comm_exposed_s += exposed_s;
  *result = tp_stages_mean(&passes, pipeline.ranks, total_s + update_s);
  if (!shown)
    return TP_OK;
  TP_TRY(show(steps, &batch, slots, n, error));
  return show_update(steps, &batch, total_s, error);
}
