#include "predict/stages.h"

#include <math.h>
#include <string.h>

/* Passes of one training step that are scheduled one by one. */
static const double most_slots = 1e7;

bool tp_stages_are_filled(const struct tp_point *point)
{
  return tp_point_micro_batches(point) > 1 || (point->workload.train && tp_point_stages(point) > 1);
}

struct tp_pipeline tp_stages_pipeline(const struct tp_point *point)
{
  return (struct tp_pipeline){.ranks = point->mesh.pp,
                              .interleave = tp_point_stages(point) / point->mesh.pp,
                              .micro_batches = tp_point_micro_batches(point)};
}

static enum tp_status check_interleave(const struct tp_point *point, struct tp_error *error)
{
  const struct tp_pipeline pipeline = tp_stages_pipeline(point);
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
  const struct tp_pipeline pipeline = tp_stages_pipeline(point);
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
        (long long)pipeline.micro_batches, tp_point_stages(point), most_slots);
  return check_interleave(point, error);
}

struct tp_result tp_stages_mean(const struct tp_sum *passes, int ranks, double total_s)
{
  struct tp_result mean = passes->result;
  const double deviation_s = passes->deviation_s / passes->result.total_s * total_s;
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

/* Takes the batch through the stages, each as soon as it is free: free_s, one a stage. */
static enum tp_status enter(struct tp_steps *steps, int64_t micro_batch,
                            const struct tp_batch *batch, double *free_s, struct tp_sum *passes,
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
    if (timeline != NULL)
      tp_timeline_place(timeline, stage * ranks, ranks, began_s + start_s);
    TP_TRY(tp_steps_run_stage(steps, (struct tp_stage_pass){.stage = stage}, batch, &one, error));
    free_s[stage] = arrived_s = start_s + one.total_s;
    tp_sum_add(passes, &one, 1);
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
  struct tp_sum passes = {.deviation_s = 0};
  for (int64_t i = 0; i < tp_point_micro_batches(point); i++)
    for (int64_t k = 0; k < tp_point_prefill_steps(point); k++) {
      const struct tp_batch batch = tp_point_prefill(point, k);
      TP_TRY(enter(steps, i, &batch, free_s, &passes, error));
    }
  *result = tp_stages_mean(&passes, point->mesh.pp, free_s[point->mesh.pp - 1]);
  return TP_OK;
}

/* From an empty pipeline on, where a step among others would find the batch before it. */
static enum tp_status show_decode(struct tp_steps *steps, const struct tp_batch *batch,
                                  struct tp_error *error)
{
  double *const free_s = TP_NEW(steps->scratch, double, steps->point->mesh.pp);
  struct tp_sum unused = {.deviation_s = 0};
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
  struct tp_sum passes = {.deviation_s = 0};
  double slowest_s = 0, way_s = host_s;
  for (int stage = 0; stage < point->mesh.pp; stage++) {
    struct tp_result one;
    TP_TRY(tp_steps_run_stage(steps, (struct tp_stage_pass){.stage = stage}, &batch, &one, error));
    slowest_s = fmax(slowest_s, one.total_s + (stage == 0 ? host_s : 0));
    way_s += one.total_s;
    tp_sum_add(&passes, &one, micro_batches);
  }
  steps->timing.timeline = shown;
  *result = tp_stages_mean(&passes, point->mesh.pp, fmax(way_s, micro_batches * slowest_s));
  return TP_OK;
}
