#include "predict/stages.h"

#include "predict/pipeline.h"

#include <math.h>
#include <string.h>

/* Passes of one training step that are scheduled one by one; and that a timeline shows. */
static const double most_slots = 1e7, most_shown = 4096;

static int stages_of(const struct tp_point *point)
{
  return point->mesh.pp * (point->interleave > 1 ? point->interleave : 1);
}

bool tp_stages_are_filled(const struct tp_point *point)
{
  return tp_point_micro_batches(point) > 1 || (point->workload.train && stages_of(point) > 1);
}

static struct tp_pipeline pipeline_of(const struct tp_point *point)
{
  return (struct tp_pipeline){.ranks = point->mesh.pp,
                              .interleave = stages_of(point) / point->mesh.pp,
                              .micro_batches = tp_point_micro_batches(point)};
}

static enum tp_status check_interleave(const struct tp_point *point, struct tp_error *error)
{
  const struct tp_pipeline pipeline = pipeline_of(point);
  if (pipeline.interleave == 1)
    return TP_OK;
  if (!point->workload.train)
    return tp_fail(error, TP_E_INPUT,
                   "interleave %d: an inference has one stage a rank; leave it out, or ask for "
                   "--phase train",
                   pipeline.interleave);
  if (pipeline.ranks == 1)
    return tp_fail(error, TP_E_INPUT,
                   "interleave %d: one rank has no stages to interleave; take "
                   "pp 2 or more",
                   pipeline.interleave);
  if (pipeline.micro_batches % pipeline.ranks != 0)
    return tp_fail(
        error, TP_E_INPUT,
        "interleave %d: micro-batches go through stages %d at a time, and there are %lld; "
        "take a multiple of pp",
        pipeline.interleave, pipeline.ranks, (long long)pipeline.micro_batches);
  return TP_OK;
}

enum tp_status tp_stages_check(const struct tp_point *point, struct tp_error *error)
{
  const struct tp_pipeline pipeline = pipeline_of(point);
  const long long micro = (long long)point->micro_batch;
  if (micro > 0 && point->workload.alone)
    return tp_fail(error, TP_E_INPUT,
                   "micro-batch %lld: a sub-layer alone is one batch; leave it out", micro);
  if (point->workload.train && point->mesh.dp > 1 && point->batch % point->mesh.dp != 0)
    return tp_fail(error, TP_E_INPUT,
                   "batch %lld: %d replicas that train have as many sequences each; take a "
                   "multiple of dp",
                   (long long)point->batch, point->mesh.dp);
  if (micro > 0 && tp_point_sequences(point) % micro != 0)
    return tp_fail(error, TP_E_INPUT,
                   "micro-batch %lld does not divide the %lld sequences%s; take a divisor", micro,
                   (long long)tp_point_sequences(point), point->mesh.dp > 1 ? " of a replica" : "");
  if (point->workload.train && (double)tp_pipeline_slots(&pipeline) > most_slots)
    return tp_fail(
        error, TP_E_INPUT,
        "%lld micro-batches through %d stages are more than %g passes there and back; take "
        "larger micro-batches",
        (long long)pipeline.micro_batches, stages_of(point), most_slots);
  return check_interleave(point, error);
}

enum tp_status tp_stages_train_footprint(struct tp_steps *steps, int rank,
                                         struct tp_footprint *footprint, struct tp_error *error)
{
  const struct tp_pipeline pipeline = pipeline_of(steps->point);
  const struct tp_batch batch = tp_point_prefill(steps->point, 0);
  double *const kept_bytes = TP_NEW(steps->scratch, double, stages_of(steps->point));
  *footprint = (struct tp_footprint){0};
  for (int stage = rank; stage < stages_of(steps->point); stage += pipeline.ranks) {
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

/* Passes of all stages, each `times` over. */
struct passes {
  struct tp_result sum; /* total_s and variance unused */
  double path_s, deviation_s;
};

static void add(struct passes *passes, const struct tp_result *one, double times)
{
  struct tp_result *const sum = &passes->sum;
  sum->compute_s += times * one->compute_s;
  sum->comm_s += times * one->comm_s;
  sum->comm_exposed_s += times * one->comm_exposed_s;
  sum->flops += times * one->flops;
  sum->dram_bytes += times * one->dram_bytes;
  sum->link_bytes += times * one->link_bytes;
  passes->path_s += times * one->total_s;
  passes->deviation_s += times * sqrt(one->variance);
}

/* Of the mean of so many ranks, where all take total_s; passes err alike, so that it errs as they
 * do together. */
static struct tp_result mean_of(const struct passes *passes, int ranks, double total_s)
{
  struct tp_result mean = passes->sum;
  const double deviation_s = passes->deviation_s / passes->path_s * total_s;
  mean.compute_s /= ranks;
  mean.comm_s /= ranks;
  mean.comm_exposed_s /= ranks;
  mean.flops /= ranks;
  mean.dram_bytes /= ranks;
  mean.link_bytes /= ranks;
  mean.total_s = total_s;
  mean.variance = deviation_s * deviation_s;
  return mean;
}

/* How long passes take, by stage; of the last micro-batch the backward pass with the sums of
 * gradients over replicas, which nothing in the pipeline waits for. */
struct pass_times {
  double *forward_s, *backward_s, *last_s;
};

static enum tp_status time_pass(struct tp_steps *steps, struct tp_stage_pass which,
                                const struct tp_batch *batch, double times, double *time_s,
                                struct passes *passes, struct tp_error *error)
{
  struct tp_result one;
  TP_TRY(tp_steps_run_stage(steps, which, batch, &one, error));
  *time_s = one.total_s;
  add(passes, &one, times);
  return TP_OK;
}

/* All passes of all stages, for nobody to see. */
static enum tp_status time_passes(struct tp_steps *steps, const struct tp_batch *batch,
                                  const struct pass_times *times, struct passes *passes,
                                  struct tp_error *error)
{
  const double n = (double)tp_point_micro_batches(steps->point);
  const bool replicas = steps->point->mesh.dp > 1;
  struct tp_timeline *const shown = steps->timing.timeline;
  enum tp_status status = TP_OK;
  steps->timing.timeline = NULL;
  for (int s = 0; s < stages_of(steps->point) && status == TP_OK; s++) {
    const struct tp_stage_pass forward = {s, TP_TRAINING_FORWARD}, back = {s, TP_TRAINING_BACKWARD},
                               last = {s, TP_TRAINING_LAST_BACKWARD};
    status = time_pass(steps, forward, batch, n, &times->forward_s[s], passes, error);
    if (status == TP_OK)
      status =
          time_pass(steps, back, batch, replicas ? n - 1 : n, &times->backward_s[s], passes, error);
    if (status == TP_OK && replicas)
      status = time_pass(steps, last, batch, 1, &times->last_s[s], passes, error);
  }
  steps->timing.timeline = shown;
  return status;
}

/* The optimiser's pass, over all stages of a rank; the slowest rank's. */
static enum tp_status time_update(struct tp_steps *steps, const struct tp_batch *batch,
                                  struct passes *passes, double *update_s, struct tp_error *error)
{
  const int ranks = steps->point->mesh.pp;
  struct tp_timeline *const shown = steps->timing.timeline;
  enum tp_status status = TP_OK;
  *update_s = 0;
  steps->timing.timeline = NULL;
  for (int rank = 0; rank < ranks && steps->point->stack->memory.optimiser_bytes > 0; rank++) {
    double rank_s = 0, stage_s = 0;
    for (int s = rank; s < stages_of(steps->point) && status == TP_OK; s += ranks) {
      const struct tp_stage_pass which = {s, TP_TRAINING_UPDATE};
      status = time_pass(steps, which, batch, 1, &stage_s, passes, error);
      rank_s += stage_s;
    }
    *update_s = fmax(*update_s, rank_s);
  }
  steps->timing.timeline = shown;
  return status;
}

/* When the gradients of all stages are summed; 0 without replicas. */
static double sums_end_s(const struct tp_pipeline_slot *slots, size_t n,
                         const struct tp_pipeline *pipeline, const double *last_s)
{
  double end_s = 0;
  for (size_t i = 0; i < n; i++)
    if (slots[i].backward && slots[i].micro_batch + 1 == pipeline->micro_batches)
      end_s = fmax(end_s, slots[i].start_s + last_s[slots[i].stage]);
  return end_s;
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
    timeline->first_rank = slot->stage % pp * ranks;
    timeline->n_ranks = ranks;
    timeline->offset_s = began_s + slot->start_s;
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
  for (int rank = 0; rank < point->mesh.pp && point->stack->memory.optimiser_bytes > 0; rank++) {
    timeline->first_rank = rank * ranks;
    timeline->n_ranks = ranks;
    timeline->offset_s = began_s + start_s;
    for (int s = rank; s < stages_of(point); s += point->mesh.pp) {
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
  const int stages = stages_of(steps->point);
  const struct pass_times times = {TP_NEW(steps->scratch, double, stages),
                                   TP_NEW(steps->scratch, double, stages),
                                   TP_NEW(steps->scratch, double, stages)};
  struct passes passes = {.path_s = 0};
  double update_s;
  TP_TRY(time_passes(steps, &batch, &times, &passes, error));
  TP_TRY(time_update(steps, &batch, &passes, &update_s, error));

  struct tp_pipeline pipeline = pipeline_of(steps->point);
  pipeline.forward_s = times.forward_s;
  pipeline.backward_s = times.backward_s;
  const size_t n = (size_t)tp_pipeline_slots(&pipeline);
  const bool shown = steps->timing.timeline != NULL, replicas = steps->point->mesh.dp > 1;
  struct tp_pipeline_slot *const slots =
      shown || replicas ? TP_NEW_RAW(steps->scratch, struct tp_pipeline_slot, n) : NULL;
  double total_s = tp_pipeline_run(&pipeline, steps->scratch, slots);
  if (replicas)
    total_s = fmax(total_s, sums_end_s(slots, n, &pipeline, times.last_s));
  *result = mean_of(&passes, pipeline.ranks, total_s + update_s);
  if (!shown)
    return TP_OK;
  TP_TRY(show(steps, &batch, slots, n, error));
  return show_update(steps, &batch, total_s, error);
}

/* Takes the batch through the stages, each as soon as it is free: free_s, one a stage. */
static enum tp_status enter(struct tp_steps *steps, int64_t micro_batch,
                            const struct tp_batch *batch, double *free_s, struct passes *passes,
                            struct tp_error *error)
{
  struct tp_timeline *const timeline = steps->timing.timeline;
  const int ranks = tp_mesh_stage_ranks(&steps->point->mesh);
  const double began_s = timeline == NULL ? 0 : timeline->offset_s;
  const char *const pass = timeline == NULL ? NULL : timeline->pass;
  double arrived_s = 0;
  if (timeline != NULL)
    timeline->pass = tp_arena_printf(timeline->arena, "%s %lld", pass, (long long)micro_batch);
  free_s[0] += tp_cost_host_s(steps->point->stack, batch);
  for (int stage = 0; stage < steps->point->mesh.pp; stage++) {
    struct tp_result one;
    const double start_s = fmax(free_s[stage], arrived_s);
    if (timeline != NULL) {
      timeline->first_rank = stage * ranks;
      timeline->n_ranks = ranks;
      timeline->offset_s = began_s + start_s;
    }
    TP_TRY(tp_steps_run_stage(steps, (struct tp_stage_pass){.stage = stage}, batch, &one, error));
    free_s[stage] = arrived_s = start_s + one.total_s;
    add(passes, &one, 1);
  }
  if (timeline != NULL) {
    timeline->offset_s = began_s;
    timeline->pass = pass;
  }
  return TP_OK;
}

enum tp_status tp_stages_prefill(struct tp_steps *steps, struct tp_result *result,
                                 struct tp_error *error)
{
  const struct tp_point *const point = steps->point;
  double *const free_s = TP_NEW(steps->scratch, double, point->mesh.pp);
  struct passes passes = {.path_s = 0};
  for (int64_t i = 0; i < tp_point_micro_batches(point); i++)
    for (int64_t k = 0; k < tp_point_prefill_steps(point); k++) {
      const struct tp_batch batch = tp_point_prefill(point, k);
      TP_TRY(enter(steps, i, &batch, free_s, &passes, error));
    }
  *result = mean_of(&passes, point->mesh.pp, free_s[point->mesh.pp - 1]);
  return TP_OK;
}

/* From an empty pipeline on, where a step among others would find the batch before it. */
static enum tp_status show_decode(struct tp_steps *steps, const struct tp_batch *batch,
                                  struct tp_error *error)
{
  double *const free_s = TP_NEW(steps->scratch, double, steps->point->mesh.pp);
  struct passes unused = {.path_s = 0};
  for (int64_t i = 0; i < tp_point_micro_batches(steps->point); i++)
    TP_TRY(enter(steps, i, batch, free_s, &unused, error));
  return TP_OK;
}

enum tp_status tp_stages_decode(struct tp_steps *steps, int64_t kv_len, struct tp_result *result,
                                struct tp_error *error)
{
  const struct tp_point *const point = steps->point;
  const struct tp_batch batch = tp_point_decode(point, kv_len);
  const double micro_batches = (double)tp_point_micro_batches(point);
  struct tp_timeline *const shown = steps->timing.timeline;
  if (shown != NULL)
    TP_TRY(show_decode(steps, &batch, error));
  steps->timing.timeline = NULL;
  const double host_s = tp_cost_host_s(point->stack, &batch);
  struct passes passes = {.path_s = 0};
  double slowest_s = 0, way_s = host_s;
  for (int stage = 0; stage < point->mesh.pp; stage++) {
    struct tp_result one;
    TP_TRY(tp_steps_run_stage(steps, (struct tp_stage_pass){.stage = stage}, &batch, &one, error));
    slowest_s = fmax(slowest_s, one.total_s + (stage == 0 ? host_s : 0));
    way_s += one.total_s;
    add(&passes, &one, micro_batches);
  }
  steps->timing.timeline = shown;
  *result = mean_of(&passes, point->mesh.pp, fmax(way_s, micro_batches * slowest_s));
  return TP_OK;
}
