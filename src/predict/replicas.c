#include "predict/replicas.h"

#include "engine/timeline.h"

#include <math.h>

/* The spans of the first rank alone: an engine may show each that it runs. */
static void sum_spans(const struct tp_timeline *timeline, int aside, struct tp_last_pass *last)
{
  for (size_t i = 0; i < timeline->n_spans; i++) {
    const struct tp_span *const span = &timeline->spans[i];
    if (span->stream != aside)
      last->rest_s = fmax(last->rest_s, span->end_s);
    else if (span->rank == 0)
      last->sums_s += span->end_s - span->start_s;
  }
}

enum tp_status tp_replicas_time(struct tp_steps *steps, struct tp_stage_pass which,
                                const struct tp_batch *batch, struct tp_last_pass *last,
                                struct tp_result *result, struct tp_error *error)
{
  const struct tp_program *program;
  TP_TRY(tp_steps_program(steps, which, batch, &program, error));
  const int aside = program->aside;
  struct tp_timeline seen = {.arena = steps->scratch};
  struct tp_timeline *const shown = steps->timing.timeline;
  steps->timing.timeline = &seen;
  const enum tp_status status = tp_steps_run_stage(steps, which, batch, result, error);
  steps->timing.timeline = shown;
  *last = (struct tp_last_pass){.total_s = result->total_s};
  if (status == TP_OK)
    sum_spans(&seen, aside, last);
  return status;
}

double tp_replicas_end_s(const struct tp_pipeline *pipeline, const struct tp_pipeline_slot *slots,
                         size_t n, const struct tp_last_pass *last, struct tp_arena *scratch,
                         double *exposed_s)
{
  double *const passes_s = TP_NEW(scratch, double, pipeline->ranks);
  double *const sums_s = TP_NEW(scratch, double, pipeline->ranks);
  double end_s = 0;
  for (size_t i = 0; i < n; i++) {
    const struct tp_pipeline_slot *const slot = &slots[i];
    const struct tp_last_pass *const pass = &last[slot->stage];
    const int rank = slot->stage % pipeline->ranks;
    if (!slot->backward || slot->micro_batch + 1 < pipeline->micro_batches)
      continue;
    passes_s[rank] = fmax(passes_s[rank], slot->start_s + pass->rest_s);
    sums_s[rank] = fmax(slot->start_s + pass->total_s, sums_s[rank] + pass->sums_s);
  }
  *exposed_s = 0;
  for (int rank = 0; rank < pipeline->ranks; rank++) {
    *exposed_s += fmax(0, sums_s[rank] - passes_s[rank]);
    end_s = fmax(end_s, fmax(sums_s[rank], passes_s[rank]));
  }
  return end_s;
}
