#include "predict/passes.h"

#include "predict/collectives.h"

#include <math.h>

static enum tp_status choose_collective(const struct tp_passes *passes, struct tp_program *program,
                                        struct tp_error *error)
{
  return tp_collective_choose(program, &passes->timing.machine->machine, passes->point->collective,
                              error);
}

static enum tp_status build_sublayer(struct tp_passes *passes, struct tp_error *error)
{
  const struct tp_point *point = passes->point;
  const struct tp_sublayer_request sublayer = {.model = point->model,
                                               .which = point->workload.sublayer,
                                               .tp = point->tp,
                                               .tokens = point->batch * point->prompt,
                                               .dtype = point->dtype};
  const struct tp_request request = tp_point_request(point, TP_PREFILL, 0);
  enum tp_status status = tp_sublayer_build(&sublayer, passes->scratch, &passes->prefill, error);
  if (status == TP_OK)
    status =
        tp_variant_rearrange(point->variant, &request, passes->scratch, &passes->prefill, error);
  return status == TP_OK ? choose_collective(passes, &passes->prefill, error) : status;
}

static enum tp_status build(const struct tp_passes *passes, enum tp_phase phase, int64_t kv_len,
                            struct tp_program *program, struct tp_error *error)
{
  const struct tp_request request = tp_point_request(passes->point, phase, kv_len);
  const enum tp_status status =
      tp_variant_build(passes->point->variant, &request, passes->scratch, program, error);
  return status == TP_OK ? choose_collective(passes, program, error) : status;
}

enum tp_status tp_passes_build(struct tp_passes *passes, struct tp_error *error)
{
  const struct tp_point *point = passes->point;
  passes->timing = (struct tp_timing){.engine = point->engine, .detail = point->detail};
  enum tp_status status = tp_timer_machine(passes->timer, point->platform, point->device,
                                           point->stack, point->tp, &passes->timing.machine, error);
  if (status == TP_OK)
    status = tp_point_check(point, &passes->timing.machine->machine, error);
  if (status != TP_OK)
    return status;
  if (point->workload.alone)
    return build_sublayer(passes, error);
  status = build(passes, point->workload.train ? TP_TRAIN : TP_PREFILL, 0, &passes->prefill, error);
  if (status != TP_OK || tp_point_generated(point) == 1)
    return status;
  return build(passes, TP_DECODE, tp_point_first_kv_len(point), &passes->decode, error);
}

/* Weights and cache are the same in both passes, activations are those of the larger. */
double tp_passes_memory_bytes(const struct tp_passes *passes)
{
  const struct tp_program *prefill = &passes->prefill, *decode = &passes->decode;
  return prefill->weight_bytes + fmax(prefill->kv_bytes, decode->kv_bytes) +
         fmax(prefill->activation_bytes, decode->activation_bytes);
}

enum tp_status tp_passes_run_prefill(struct tp_passes *passes, struct tp_result *result,
                                     struct tp_error *error)
{
  struct tp_priced priced;
  tp_timer_price(passes->timer, passes->timing.machine, &passes->prefill, passes->scratch, &priced);
  return tp_timing_run(&passes->timing, &priced, passes->scratch, result, error);
}

static void price_decode(struct tp_passes *passes)
{
  const struct tp_engine *engine = passes->timing.engine;
  tp_timer_price(passes->timer, passes->timing.machine, &passes->decode, passes->scratch,
                 &passes->priced_decode);
  if (engine->plan != NULL)
    passes->priced_decode.plan = engine->plan(&passes->decode, passes->scratch);
}

enum tp_status tp_passes_run_step(struct tp_passes *passes, int64_t kv_len,
                                  struct tp_result *result, struct tp_error *error)
{
  tp_program_set_kv_len(&passes->decode, kv_len);
  if (passes->priced_decode.program == NULL)
    price_decode(passes);
  else
    tp_timer_reprice(passes->timer, passes->timing.machine, &passes->priced_decode);
  return tp_timing_run(&passes->timing, &passes->priced_decode, passes->scratch, result, error);
}

static enum tp_status run_step(void *data, int64_t kv_len, struct tp_result *result,
                               struct tp_error *error)
{
  return tp_passes_run_step(data, kv_len, result, error);
}

enum tp_status tp_passes_run_decode(struct tp_passes *passes, struct tp_sum *sum,
                                    struct tp_error *error)
{
  const struct tp_point *point = passes->point;
  const int64_t steps = tp_point_generated(point) - 1, first = tp_point_first_kv_len(point);
  const struct tp_step step = {run_step, passes};
  if (steps == 0)
    return TP_OK;
  if (!tp_point_cache_is_static(point))
    return tp_decode_integrate(passes->quadrature, &step, first, steps, sum, error);
  struct tp_result result;
  const enum tp_status status = tp_passes_run_step(passes, first, &result, error);
  if (status == TP_OK)
    tp_sum_add(sum, &result, (double)steps);
  return status;
}
