#include "predict/predict.h"

#include "predict/decode.h"
#include "predict/interval.h"
#include "predict/memory.h"
#include "predict/stages.h"
#include "program/wiring/build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct tp_predictor {
  struct tp_arena *forever, *scratch;
  struct tp_timer *timer;
  struct tp_step_memo *memo;
  struct tp_variant standard;
  struct tp_point standard_point;             /* the last one predicted; model NULL: none */
  double standard_e2e_s, standard_dram_bytes; /* NAN: cannot run */
  struct tp_misfit misfit;                    /* the last */
};

struct tp_predictor *tp_predictor_create(void)
{
  struct tp_predictor *predictor = calloc(1, sizeof *predictor);
  if (predictor == NULL)
    tp_out_of_memory();
  predictor->forever = tp_arena_create();
  predictor->scratch = tp_arena_create();
  predictor->timer = tp_timer_create();
  predictor->memo = tp_step_memo_create();
  if (tp_variant_parse("standard", predictor->forever, &predictor->standard, NULL) != TP_OK)
    tp_out_of_memory();
  return predictor;
}

void tp_predictor_free(struct tp_predictor *predictor)
{
  if (predictor == NULL)
    return;
  tp_step_memo_free(predictor->memo);
  tp_timer_free(predictor->timer);
  tp_arena_free(predictor->scratch);
  tp_arena_free(predictor->forever);
  free(predictor);
}

static struct tp_steps steps_of(const struct tp_predictor *predictor, const struct tp_point *point)
{
  return (struct tp_steps){.point = point,
                           .timer = predictor->timer,
                           .memo = predictor->memo,
                           .scratch = predictor->scratch};
}

static void fill_latencies(const struct tp_point *point, const struct tp_sum *prefill,
                           const struct tp_sum *decode, struct tp_prediction *row)
{
  const double spread_ratio = point->stack->spread_ratio;
  const double prefill_s = prefill->result.total_s, decode_s = decode->result.total_s;
  const struct tp_interval ttft =
      tp_interval_of(prefill_s, hypot(prefill->deviation_s / prefill_s, spread_ratio));
  row->ttft_s = prefill_s;
  row->ttft_low_s = ttft.low_s;
  row->ttft_high_s = ttft.high_s;
  if (tp_point_generated(point) > 1) {
    row->tpot_s = decode_s / (double)(point->generate - 1);
    const struct tp_interval tpot =
        tp_interval_of(row->tpot_s, hypot(decode->deviation_s / decode_s, spread_ratio));
    row->tpot_low_s = tpot.low_s;
    row->tpot_high_s = tpot.high_s;
  }
}

static void fill_sums(const struct tp_point *point, const struct tp_sum *prefill,
                      const struct tp_sum *decode, struct tp_prediction *row)
{
  const int64_t tokens =
      tp_point_generates(point) && point->generate > 0 ? point->generate : point->prompt;
  row->e2e_s = prefill->result.total_s + decode->result.total_s;
  row->tokens_per_s = (double)(point->batch * tokens) / row->e2e_s;
  row->comm_s = prefill->result.comm_s + decode->result.comm_s;
  row->comm_exposed_s = prefill->result.comm_exposed_s + decode->result.comm_exposed_s;
  row->comm_exposed_ratio = row->comm_exposed_s / row->e2e_s;
  row->compute_s = prefill->result.compute_s + decode->result.compute_s;
  row->flops = prefill->result.flops + decode->result.flops;
  row->dram_bytes = prefill->result.dram_bytes + decode->result.dram_bytes;
  row->link_bytes = prefill->result.link_bytes + decode->result.link_bytes;
}

static enum tp_status run_decode(void *data, int64_t kv_len, struct tp_result *result,
                                 struct tp_error *error)
{
  struct tp_steps *const steps = data;
  if (tp_stages_are_filled(steps->point))
    return tp_stages_decode(steps, kv_len, result, error);
  const struct tp_batch batch = tp_point_decode(steps->point, kv_len);
  return tp_steps_run(steps, &batch, result, error);
}

/* Adds all decode steps; none is fine. */
static enum tp_status sum_decode(struct tp_steps *steps, struct tp_sum *sum, struct tp_error *error)
{
  const struct tp_point *const point = steps->point;
  const int64_t n = tp_point_generated(point) - 1, first = tp_point_first_kv_len(point);
  int64_t windows[TP_MAX_LAYER_KINDS]; /* that fill: attention of their layers grows no further */
  int n_windows = 0;
  for (int kind = 0; kind < tp_model_n_kinds(point->model); kind++)
    if (point->model->kinds[kind].window > 0)
      windows[n_windows++] = point->model->kinds[kind].window;
  const struct tp_step step = {
      .run = run_decode, .data = steps, .n_kinks = n_windows, .kinks = windows};
  if (n <= 0)
    return TP_OK;
  if (!tp_point_cache_is_static(point))
    return tp_decode_integrate(&step, first, n, sum, error);
  struct tp_result result;
  TP_TRY(run_decode(steps, first, &result, error));
  tp_sum_add(sum, &result, (double)n);
  return TP_OK;
}

/* What all micro-batches do before they decode. */
static enum tp_status run_filled(struct tp_steps *steps, struct tp_result *result,
                                 struct tp_error *error)
{
  return steps->point->workload.train ? tp_stages_train(steps, result, error)
                                      : tp_stages_prefill(steps, result, error);
}

/* Of the prefill, or the one pass there is. */
static enum tp_status sum_prefill(struct tp_steps *steps, struct tp_sum *sum,
                                  struct tp_error *error)
{
  const int64_t n = tp_point_prefill_steps(steps->point);
  if (tp_stages_are_filled(steps->point)) {
    struct tp_result result;
    TP_TRY(run_filled(steps, &result, error));
    tp_sum_add(sum, &result, 1);
    return TP_OK;
  }
  for (int64_t i = 0, alike; i < n; i += alike) {
    const struct tp_batch batch = tp_point_prefill(steps->point, i);
    struct tp_result result;
    TP_TRY(tp_steps_run(steps, &batch, &result, error));
    alike = tp_point_prefill_alike(steps->point, i);
    for (int64_t k = 0; k < alike; k++)
      tp_sum_add(sum, &result, 1);
  }
  return TP_OK;
}

/* Each is run. */
static enum tp_status check_steps(const struct tp_point *point, struct tp_error *error)
{
  enum { MOST_STEPS = 1000000 };
  const int64_t n = tp_point_prefill_steps(point);
  if (n <= MOST_STEPS)
    return TP_OK;
  return tp_fail(error, TP_E_INPUT,
                 "a prefill of %lld steps is more than %d; shorten batch or prompt", (long long)n,
                 (int)MOST_STEPS);
}

static enum tp_status predict_outputs(struct tp_predictor *predictor, const struct tp_point *point,
                                      struct tp_prediction *row, struct tp_error *error)
{
  struct tp_steps steps = steps_of(predictor, point);
  TP_TRY(tp_steps_begin(&steps, error));
  struct tp_footprint need;
  TP_TRY(check_steps(point, error));
  TP_TRY(tp_memory_need(&steps, &need, error));
  row->nodes = tp_machine_nodes(&steps.timing.machine->machine);
  row->memory_bytes = tp_memory_bytes(&need);
  const enum tp_status status = tp_memory_check(point, &need, &predictor->misfit, error);
  row->fits = status == TP_OK;
  if (status != TP_OK)
    return status;

  struct tp_sum prefill = {.deviation_s = 0}, decode = {.deviation_s = 0};
  TP_TRY(sum_prefill(&steps, &prefill, error));
  TP_TRY(sum_decode(&steps, &decode, error));
  if (tp_point_generates(point))
    fill_latencies(point, &prefill, &decode, row);
  fill_sums(point, &prefill, &decode, row);
  return TP_OK;
}

/* Everything but the speedup. */
static enum tp_status predict_alone(struct tp_predictor *predictor, const struct tp_point *point,
                                    struct tp_prediction *row, struct tp_error *error)
{
  tp_arena_reset(predictor->scratch);
  tp_prediction_clear(row);
  tp_point_describe(point, row);
  struct tp_error reason;
  const enum tp_status status = predict_outputs(predictor, point, row, &reason);
  if (status == TP_E_INPUT) {
    tp_prediction_refuse(row, reason.text);
    return TP_OK;
  }
  return status == TP_OK ? TP_OK : tp_fail(error, status, "%s", reason.text);
}

/* The baseline, by its name or as text; a text that cannot run tells nothing of the one in C. */
static bool is_standard(const struct tp_predictor *predictor, const struct tp_point *point,
                        const struct tp_prediction *prediction)
{
  const struct tp_variant *const variant = point->variant;
  const struct tp_wiring *const wiring = variant->architecture->wiring;
  if (wiring != NULL)
    return variant->overlap == NULL && variant->wire == NULL && !isnan(prediction->e2e_s) &&
           tp_wiring_is_standard(wiring, point->model);
  return strcmp(variant->text, predictor->standard.text) == 0;
}

enum tp_status tp_predict(struct tp_predictor *predictor, const struct tp_point *point,
                          struct tp_prediction *prediction, struct tp_error *error)
{
  enum tp_status status = predict_alone(predictor, point, prediction, error);
  if (status != TP_OK)
    return status;
  if (is_standard(predictor, point, prediction)) {
    predictor->standard_point = *point;
    predictor->standard_e2e_s = prediction->e2e_s;
    predictor->standard_dram_bytes = prediction->dram_bytes;
  } else if (!tp_point_same_point(&predictor->standard_point, point) && !isnan(prediction->e2e_s)) {
    struct tp_point standard = *point;
    standard.variant = &predictor->standard;
    struct tp_prediction row;
    status = predict_alone(predictor, &standard, &row, error);
    if (status != TP_OK)
      return status;
    predictor->standard_point = standard;
    predictor->standard_e2e_s = row.e2e_s;
    predictor->standard_dram_bytes = row.dram_bytes;
  }
  if (isnan(prediction->e2e_s))
    return TP_OK;
  prediction->speedup = predictor->standard_e2e_s / prediction->e2e_s;
  prediction->dram_ratio = prediction->dram_bytes / predictor->standard_dram_bytes;
  return TP_OK;
}

enum tp_status tp_predict_timeline(struct tp_predictor *predictor, const struct tp_point *point,
                                   struct tp_timeline *timeline, struct tp_error *error)
{
  tp_arena_reset(predictor->scratch);
  struct tp_steps steps = steps_of(predictor, point);
  TP_TRY(tp_steps_begin(&steps, error));
  struct tp_footprint need;
  struct tp_result result;
  TP_TRY(tp_memory_need(&steps, &need, error));
  TP_TRY(tp_memory_check(point, &need, &predictor->misfit, error));
  steps.timing.timeline = timeline;
  timeline->offset_s = 0;
  timeline->first_rank = timeline->n_ranks = 0;
  timeline->sm_count = point->device->datasheet.sm_count;
  timeline->pass = tp_point_generates(point) ? "prefill" : NULL;
  if (tp_stages_are_filled(point)) {
    TP_TRY(run_filled(&steps, &result, error));
    timeline->offset_s += result.total_s;
  }
  for (int64_t i = 0; i < tp_point_prefill_steps(point) && !tp_stages_are_filled(point); i++) {
    const struct tp_batch prefill = tp_point_prefill(point, i);
    TP_TRY(tp_steps_run(&steps, &prefill, &result, error));
    timeline->offset_s += result.total_s;
  }
  if (tp_point_generated(point) <= 1)
    return TP_OK;
  timeline->pass = "decode step";
  return run_decode(&steps, tp_point_first_kv_len(point), &result, error);
}
