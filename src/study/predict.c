#include "study/predict.h"

#include "cost/style.h"
#include "study/collectives.h"
#include "study/decode.h"
#include "study/interval.h"
#include "study/timing.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tp_predictor {
  struct tp_arena *forever, *scratch;
  struct tp_timer *timer;
  struct tp_quadrature *quadrature;
  struct tp_variant standard;
  struct tp_case standard_point;              /* the last one predicted; model NULL: none */
  double standard_e2e_s, standard_dram_bytes; /* NAN: cannot run */
};

struct tp_predictor *tp_predictor_create(void)
{
  struct tp_predictor *predictor = calloc(1, sizeof *predictor);
  if (predictor == NULL)
    abort();
  predictor->forever = tp_arena_create();
  predictor->scratch = tp_arena_create();
  predictor->timer = tp_timer_create();
  predictor->quadrature = tp_quadrature_create();
  if (tp_variant_parse("standard", predictor->forever, &predictor->standard, NULL) != TP_OK)
    abort();
  return predictor;
}

void tp_predictor_free(struct tp_predictor *predictor)
{
  if (predictor == NULL)
    return;
  tp_quadrature_free(predictor->quadrature);
  tp_timer_free(predictor->timer);
  tp_arena_free(predictor->scratch);
  tp_arena_free(predictor->forever);
  free(predictor);
}

struct tp_request tp_case_request(const struct tp_case *point, enum tp_phase phase, int64_t kv_len)
{
  return (struct tp_request){
      .model = point->model,
      .tp = point->tp,
      .phase = phase,
      .batch = point->batch,
      .prompt = point->prompt,
      .kv_len = kv_len,
      .kv_capacity = point->prompt + point->generate,
      .dtype = point->dtype,
      .style = tp_style_of(point->stack),
      .training = point->workload.training,
  };
}

/* A training step and a sub-layer are one pass over the prompt, without a first token. */
static bool generates(const struct tp_case *point)
{
  return !point->workload.train && !point->workload.alone;
}

/* They end where a generation of one token would. */
static int64_t generated(const struct tp_case *point)
{
  return generates(point) ? point->generate : 1;
}

static bool cache_is_static(const struct tp_case *point)
{
  return point->stack->attention.kv_cache == TP_KV_STATIC;
}

int64_t tp_case_first_kv_len(const struct tp_case *point)
{
  return cache_is_static(point) ? point->prompt + point->generate : point->prompt + 1;
}

/* One case in work: its passes built, its machine found. */
struct work {
  struct tp_predictor *predictor;
  const struct tp_case *point;
  struct tp_timing timing;
  struct tp_program prefill, decode; /* prefill: or the training step; decode has no segments where
                                        nothing is decoded */
  struct tp_priced priced_decode;    /* program NULL: not yet */
};

static enum tp_status check_layout(const struct tp_case *point, const struct tp_machine *machine,
                                   struct tp_error *error)
{
  if (point->pp != 1)
    return tp_fail(error, TP_E_INPUT, "pp %d: pipeline stages are not modelled; take pp 1",
                   point->pp);
  if (point->nodes != 0 && point->nodes != machine->nodes_used)
    return tp_fail(error, TP_E_INPUT, "nodes %d: tp %d on %s sits on %d; leave nodes out",
                   point->nodes, point->tp, point->platform->name, machine->nodes_used);
  return TP_OK;
}

static enum tp_status check_positions(const struct tp_case *point, struct tp_error *error)
{
  const struct tp_model *model = point->model;
  const int64_t last = point->prompt + generated(point) - 1; /* the last token is not fed back */
  if (model->max_positions == 0 || last <= model->max_positions)
    return TP_OK;
  return tp_fail(error, TP_E_INPUT,
                 "prompt + generate - 1 = %lld positions and %s has learned %lld: shorten them",
                 (long long)last, model->name, (long long)model->max_positions);
}

static enum tp_status choose_collective(const struct work *work, struct tp_program *program,
                                        struct tp_error *error)
{
  return tp_collective_choose(program, &work->timing.machine->machine, work->point->collective,
                              error);
}

static enum tp_status prepare_sublayer(struct work *work, struct tp_error *error)
{
  const struct tp_case *point = work->point;
  const struct tp_sublayer_request sublayer = {.model = point->model,
                                               .which = point->workload.sublayer,
                                               .tp = point->tp,
                                               .tokens = point->batch * point->prompt,
                                               .dtype = point->dtype};
  struct tp_arena *scratch = work->predictor->scratch;
  const struct tp_request request = tp_case_request(point, TP_PREFILL, 0);
  enum tp_status status = tp_sublayer_build(&sublayer, scratch, &work->prefill, error);
  if (status == TP_OK)
    status = tp_variant_rearrange(point->variant, &request, scratch, &work->prefill, error);
  return status == TP_OK ? choose_collective(work, &work->prefill, error) : status;
}

static enum tp_status build(const struct work *work, const struct tp_request *request,
                            struct tp_program *program, struct tp_error *error)
{
  const enum tp_status status =
      tp_variant_build(work->point->variant, request, work->predictor->scratch, program, error);
  return status == TP_OK ? choose_collective(work, program, error) : status;
}

static enum tp_status prepare(struct tp_predictor *predictor, const struct tp_case *point,
                              struct work *work, struct tp_error *error)
{
  *work = (struct work){.predictor = predictor,
                        .point = point,
                        .timing = {.engine = point->engine, .detail = point->detail}};
  enum tp_status status = tp_timer_machine(predictor->timer, point->platform, point->device,
                                           point->stack, point->tp, &work->timing.machine, error);
  if (status == TP_OK)
    status = check_layout(point, &work->timing.machine->machine, error);
  if (status == TP_OK)
    status = check_positions(point, error);
  if (status != TP_OK)
    return status;
  if (point->workload.alone)
    return prepare_sublayer(work, error);
  const enum tp_phase first = point->workload.train ? TP_TRAIN : TP_PREFILL;
  const struct tp_request prefill = tp_case_request(point, first, 0);
  status = build(work, &prefill, &work->prefill, error);
  if (status != TP_OK || generated(point) == 1)
    return status;
  const struct tp_request decode = tp_case_request(point, TP_DECODE, tp_case_first_kv_len(point));
  return build(work, &decode, &work->decode, error);
}

/* Weights and cache are the same in both passes, activations are those of the larger. */
static double memory_of(const struct work *work)
{
  return work->prefill.weight_bytes + fmax(work->prefill.kv_bytes, work->decode.kv_bytes) +
         fmax(work->prefill.activation_bytes, work->decode.activation_bytes);
}

static enum tp_status check_memory(const struct tp_case *point, double memory_bytes,
                                   struct tp_error *error)
{
  const double capacity_bytes = point->device->datasheet.dram_bytes;
  if (memory_bytes <= capacity_bytes)
    return TP_OK;
  return tp_fail(error, TP_E_INPUT, "does not fit: needs %.3g GB of %.3g GB a GPU",
                 memory_bytes * 1e-9, capacity_bytes * 1e-9);
}

static enum tp_status run_prefill(struct work *work, struct tp_result *result,
                                  struct tp_error *error)
{
  struct tp_priced priced;
  struct tp_arena *scratch = work->predictor->scratch;
  tp_timer_price(work->predictor->timer, work->timing.machine, &work->prefill, scratch, &priced);
  return tp_timing_run(&work->timing, &priced, scratch, result, error);
}

static enum tp_status run_step(void *data, int64_t kv_len, struct tp_result *result,
                               struct tp_error *error)
{
  struct work *work = data;
  struct tp_timer *timer = work->predictor->timer;
  struct tp_arena *scratch = work->predictor->scratch;
  tp_program_set_kv_len(&work->decode, kv_len);
  if (work->priced_decode.program == NULL)
    tp_timer_price(timer, work->timing.machine, &work->decode, scratch, &work->priced_decode);
  else
    tp_timer_reprice(timer, work->timing.machine, &work->priced_decode);
  return tp_timing_run(&work->timing, &work->priced_decode, scratch, result, error);
}

static enum tp_status run_decode(struct work *work, struct tp_sum *sum, struct tp_error *error)
{
  const struct tp_case *point = work->point;
  const int64_t steps = point->generate - 1, first = tp_case_first_kv_len(point);
  const struct tp_step step = {run_step, work};
  if (!cache_is_static(point))
    return tp_decode_integrate(work->predictor->quadrature, &step, first, steps, sum, error);
  struct tp_result result;
  const enum tp_status status = run_step(work, first, &result, error);
  if (status == TP_OK)
    tp_sum_add(sum, &result, (double)steps);
  return status;
}

static void fill_latencies(const struct work *work, const struct tp_sum *prefill,
                           const struct tp_sum *decode, struct tp_prediction *row)
{
  const struct tp_case *point = work->point;
  const double spread_ratio = point->stack->spread_ratio;
  const double prefill_s = prefill->result.total_s, decode_s = decode->result.total_s;
  const struct tp_interval ttft =
      tp_interval_of(prefill_s, hypot(prefill->deviation_s / prefill_s, spread_ratio));
  row->ttft_s = prefill_s;
  row->ttft_low_s = ttft.low_s;
  row->ttft_high_s = ttft.high_s;
  if (generated(point) > 1) {
    row->tpot_s = decode_s / (double)(point->generate - 1);
    const struct tp_interval tpot =
        tp_interval_of(row->tpot_s, hypot(decode->deviation_s / decode_s, spread_ratio));
    row->tpot_low_s = tpot.low_s;
    row->tpot_high_s = tpot.high_s;
  }
}

static void fill_sums(const struct work *work, const struct tp_sum *prefill,
                      const struct tp_sum *decode, struct tp_prediction *row)
{
  const struct tp_case *point = work->point;
  const int64_t tokens = generates(point) ? point->generate : point->prompt;
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

static enum tp_status predict_outputs(struct tp_predictor *predictor, const struct tp_case *point,
                                      struct tp_prediction *row, struct tp_error *error)
{
  struct work work;
  enum tp_status status = prepare(predictor, point, &work, error);
  if (status != TP_OK)
    return status;
  row->nodes = work.timing.machine->machine.nodes_used;
  row->memory_bytes = memory_of(&work);
  status = check_memory(point, row->memory_bytes, error);
  row->fits = status == TP_OK;
  if (status != TP_OK)
    return status;

  struct tp_sum prefill = {.deviation_s = 0}, decode = {.deviation_s = 0};
  struct tp_result result;
  status = run_prefill(&work, &result, error);
  if (status != TP_OK)
    return status;
  tp_sum_add(&prefill, &result, 1);
  if (generated(point) > 1)
    status = run_decode(&work, &decode, error);
  if (status != TP_OK)
    return status;
  if (generates(point))
    fill_latencies(&work, &prefill, &decode, row);
  fill_sums(&work, &prefill, &decode, row);
  return TP_OK;
}

static const char *dtype_text(enum tp_dtype dtype)
{
  static const char *const names[] = TP_DTYPE_NAMES;
  return names[dtype];
}

void tp_case_describe(const struct tp_case *point, struct tp_prediction *row)
{
  row->model = point->model->name;
  row->platform = point->platform->name;
  row->stack = point->stack->name;
  row->variant = point->variant->text;
  row->tp = point->tp;
  row->pp = point->pp;
  row->nodes = point->nodes > 0 ? (double)point->nodes : (double)NAN;
  row->batch = (double)point->batch;
  row->prompt = (double)point->prompt;
  row->generate = generates(point) ? (double)point->generate : (double)NAN;
  row->phase = tp_workload_text(&point->workload);
  row->layers = point->layers > 0 ? (double)point->layers : (double)NAN;
  row->dtype = dtype_text(point->dtype);
  row->engine = point->engine->name;
}

/* Everything but the speedup. */
static enum tp_status predict_alone(struct tp_predictor *predictor, const struct tp_case *point,
                                    struct tp_prediction *row, struct tp_error *error)
{
  tp_arena_reset(predictor->scratch);
  tp_prediction_clear(row);
  tp_case_describe(point, row);
  struct tp_error reason;
  const enum tp_status status = predict_outputs(predictor, point, row, &reason);
  if (status == TP_E_INPUT) {
    tp_prediction_refuse(row, reason.text);
    return TP_OK;
  }
  return status == TP_OK ? TP_OK : tp_fail(error, status, "%s", reason.text);
}

static bool is_standard(const struct tp_predictor *predictor, const struct tp_variant *variant)
{
  return strcmp(variant->text, predictor->standard.text) == 0;
}

/* The same point but for the variant. */
static bool same_point(const struct tp_case *a, const struct tp_case *b)
{
  return a->model == b->model && a->platform == b->platform && a->device == b->device &&
         a->stack == b->stack && a->tp == b->tp && a->pp == b->pp && a->nodes == b->nodes &&
         a->batch == b->batch && a->prompt == b->prompt && a->generate == b->generate &&
         a->dtype == b->dtype && a->engine == b->engine && a->detail == b->detail &&
         a->collective == b->collective && tp_workload_same(&a->workload, &b->workload);
}

enum tp_status tp_predict(struct tp_predictor *predictor, const struct tp_case *point,
                          struct tp_prediction *prediction, struct tp_error *error)
{
  enum tp_status status = predict_alone(predictor, point, prediction, error);
  if (status != TP_OK)
    return status;
  if (is_standard(predictor, point->variant)) {
    predictor->standard_point = *point;
    predictor->standard_e2e_s = prediction->e2e_s;
    predictor->standard_dram_bytes = prediction->dram_bytes;
  } else if (!same_point(&predictor->standard_point, point) && !isnan(prediction->e2e_s)) {
    struct tp_case standard = *point;
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

enum tp_status tp_predict_timeline(struct tp_predictor *predictor, const struct tp_case *point,
                                   struct tp_timeline *timeline, struct tp_error *error)
{
  tp_arena_reset(predictor->scratch);
  struct work work;
  enum tp_status status = prepare(predictor, point, &work, error);
  if (status == TP_OK)
    status = check_memory(point, memory_of(&work), error);
  if (status != TP_OK)
    return status;
  work.timing.timeline = timeline;
  struct tp_result result;
  status = run_prefill(&work, &result, error);
  if (status != TP_OK || generated(point) == 1)
    return status;
  timeline->offset_s += result.total_s;
  return run_step(&work, tp_case_first_kv_len(point), &result, error);
}
