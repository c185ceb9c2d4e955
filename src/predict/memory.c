#include "predict/memory.h"

#include "predict/stages.h"

#include <math.h>
#include <stdio.h>

double tp_memory_bytes(const struct tp_footprint *need)
{
  return need->weight_bytes + need->state_bytes + need->kv_bytes + need->activation_bytes;
}

/* Weights are the same in all steps; cache and activations are those of the largest. */
static enum tp_status add_footprint(struct tp_steps *steps, int stage, const struct tp_batch *batch,
                                    struct tp_footprint *most, struct tp_error *error)
{
  struct tp_footprint one;
  TP_TRY(tp_steps_footprint(steps, (struct tp_stage_pass){.stage = stage}, batch, &one, error));
  const double micro_batches = (double)tp_point_micro_batches(steps->point);
  most->weight_bytes = one.weight_bytes;
  most->state_bytes = one.state_bytes;
  most->kv_bytes = fmax(most->kv_bytes, one.kv_bytes * micro_batches);
  most->activation_bytes = fmax(most->activation_bytes, one.activation_bytes + one.kept_bytes);
  return TP_OK;
}

/* All steps but the last take as many tokens, and how they are cut out of prompts repeats: beyond
 * so many only the last ones may need more, for their contexts. */
static int64_t next_step(const struct tp_point *point, int64_t step, int64_t n)
{
  enum { MOST_SEEN = 1000, LAST = 2 };
  const int64_t next = step + tp_point_prefill_alike(point, step);
  return next >= MOST_SEEN && next < n - LAST ? n - LAST : next;
}

static enum tp_status stage_footprint(struct tp_steps *steps, int stage, struct tp_footprint *most,
                                      struct tp_error *error)
{
  const struct tp_point *const point = steps->point;
  const int64_t n = tp_point_prefill_steps(point);
  if (point->workload.train && tp_stages_are_filled(point))
    return tp_stages_train_footprint(steps, stage, most, error);
  *most = (struct tp_footprint){0};
  for (int64_t i = 0; i < n; i = next_step(point, i, n)) {
    const struct tp_batch prefill = tp_point_prefill(point, i);
    TP_TRY(add_footprint(steps, stage, &prefill, most, error));
  }
  if (tp_point_generated(point) <= 1)
    return TP_OK;
  const struct tp_batch decode = tp_point_decode(point, tp_point_first_kv_len(point));
  return add_footprint(steps, stage, &decode, most, error);
}

enum tp_status tp_memory_need(struct tp_steps *steps, struct tp_footprint *most,
                              struct tp_error *error)
{
  TP_TRY(tp_stages_check(steps->point, error));
  TP_TRY(stage_footprint(steps, 0, most, error));
  for (int stage = 1; stage < steps->point->mesh.pp; stage++) {
    struct tp_footprint need;
    TP_TRY(stage_footprint(steps, stage, &need, error));
    if (tp_memory_bytes(&need) > tp_memory_bytes(most))
      *most = need;
  }
  return TP_OK;
}

double tp_memory_reserve_bytes(const struct tp_point *point)
{
  return point->stack->memory.reserve_bytes +
         point->stack->memory.reserve_ratio * point->device->datasheet.dram_bytes;
}

static bool same_footprint(const struct tp_footprint *a, const struct tp_footprint *b)
{
  return a->weight_bytes == b->weight_bytes && a->state_bytes == b->state_bytes &&
         a->kv_bytes == b->kv_bytes && a->activation_bytes == b->activation_bytes;
}

static void say_misfit(struct tp_misfit *misfit)
{
  const struct tp_footprint *const need = &misfit->need;
  char state[64] = "";
  if (need->state_bytes > 0)
    snprintf(state, sizeof state, ", gradients and optimiser %.3g", need->state_bytes * 1e-9);
  tp_fail(&misfit->error, TP_E_INPUT,
          "does not fit: needs %.3g GB of %.3g GB a GPU: weights %.3g%s, cache %.3g, "
          "activations %.3g, reserve %.3g",
          (tp_memory_bytes(need) + misfit->reserve_bytes) * 1e-9, misfit->capacity_bytes * 1e-9,
          need->weight_bytes * 1e-9, state, need->kv_bytes * 1e-9, need->activation_bytes * 1e-9,
          misfit->reserve_bytes * 1e-9);
}

enum tp_status tp_memory_check(const struct tp_point *point, const struct tp_footprint *need,
                               struct tp_misfit *last, struct tp_error *error)
{
  const double capacity_bytes = point->device->datasheet.dram_bytes;
  const double reserve_bytes = tp_memory_reserve_bytes(point);
  if (tp_memory_bytes(need) + reserve_bytes <= capacity_bytes)
    return TP_OK;
  if (last->error.text[0] == '\0' || !same_footprint(&last->need, need) ||
      last->capacity_bytes != capacity_bytes || last->reserve_bytes != reserve_bytes) {
    *last = (struct tp_misfit){*need, capacity_bytes, reserve_bytes, {""}};
    say_misfit(last);
  }
  if (error != NULL)
    *error = last->error;
  return TP_E_INPUT;
}
