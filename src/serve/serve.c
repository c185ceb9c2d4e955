#include "serve/serve.h"

#include "serve/site.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int64_t NO_BUDGET = INT64_MAX / 2; /* tokens */

struct tp_serve {
  struct tp_arena *forever, *scratch, *visits;
  struct tp_timer *timer;
  struct tp_step_memo *memo;
  struct tp_variant standard;
  struct tp_point standard_point; /* the last one served, and its load; model NULL: none */
  struct tp_served_load standard_load;
  double standard_e2e_s; /* NAN: cannot run */
  struct tp_misfit misfit;
  void (*progress)(void *data, size_t ended);
  void *progress_data;
};

struct tp_serve *tp_serve_create(void)
{
  struct tp_serve *const serve = calloc(1, sizeof *serve);
  if (serve == NULL)
    tp_out_of_memory();
  serve->forever = tp_arena_create();
  serve->scratch = tp_arena_create();
  serve->visits = tp_arena_create();
  serve->timer = tp_timer_create();
  serve->memo = tp_step_memo_create();
  if (tp_variant_parse("standard", serve->forever, &serve->standard, NULL) != TP_OK)
    tp_out_of_memory();
  return serve;
}

void tp_serve_free(struct tp_serve *serve)
{
  if (serve == NULL)
    return;
  tp_step_memo_free(serve->memo);
  tp_timer_free(serve->timer);
  tp_arena_free(serve->visits);
  tp_arena_free(serve->scratch);
  tp_arena_free(serve->forever);
  free(serve);
}

void tp_serve_progress(struct tp_serve *serve, void (*progress)(void *data, size_t ended),
                       void *data)
{
  serve->progress = progress;
  serve->progress_data = data;
}

static int64_t min_of(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

static struct tp_arrivals arrivals_of(const struct tp_point *point,
                                      const struct tp_served_load *load, struct tp_arena *arena)
{
  return load->trace != NULL ? load->trace_visits
                             : tp_arrivals_draw(&load->load, point->prompt, point->generate, arena);
}

/* That run at once at most, in all replicas. */
static int64_t most_sequences_of(const struct tp_point *point, const struct tp_served_load *load)
{
  const int64_t all = load->trace != NULL ? (int64_t)load->trace_visits.n : load->load.requests;
  const int64_t at_once = load->load.concurrency > 0 ? min_of(load->load.concurrency, all) : all;
  return load->batch_limits ? min_of(point->batch, at_once) : at_once;
}

static enum tp_status check(const struct tp_point *point, struct tp_error *error)
{
  if (point->mesh.pp > 1)
    return tp_fail(error, TP_E_INPUT,
                   "pp %d: a server over stages has several steps under way, which nobody models "
                   "here; take pp 1",
                   point->mesh.pp);
  if (point->micro_batch > 0)
    return tp_fail(error, TP_E_INPUT,
                   "micro_batch %lld: a server makes its batches itself; leave it out",
                   (long long)point->micro_batch);
  if (!tp_point_generates(point))
    return tp_fail(error, TP_E_INPUT, "phase %s: a server generates; take inference",
                   tp_workload_text(&point->workload));
  return TP_OK;
}

static enum tp_status serve_outputs(struct tp_serve *serve, const struct tp_point *point,
                                    const struct tp_served_load *load, struct tp_served *row,
                                    struct tp_error *error)
{
  const struct tp_stack *const stack = point->stack;
  const int64_t budget = tp_stack_prefill_tokens(stack, point->device->datasheet.dram_bytes);
  const int64_t most = most_sequences_of(point, load);
  const struct tp_arrivals arrivals = arrivals_of(point, load, serve->visits);
  const struct tp_site_limits limits = {.step_tokens = budget, .sequences = most};
  const struct tp_point largest = tp_site_largest(point, &arrivals, limits);
  struct tp_site site = {.steps = {.point = &largest,
                                   .timer = serve->timer,
                                   .memo = serve->memo,
                                   .scratch = serve->scratch},
                         .cache_is_static = tp_point_cache_is_static(point),
                         .capacity = tp_point_capacity(&largest)};
  struct tp_server server = {.step_tokens = budget > 0 ? budget : NO_BUDGET,
                             .most_sequences = most,
                             .prefills_first = stack->serving.prefill == TP_PREFILL_FIRST,
                             .cache_grows = stack->serving.cache == TP_CACHE_GROWS,
                             .replicas = point->mesh.dp,
                             .cache_bytes = tp_site_cache_bytes,
                             .step = tp_site_step,
                             .data = &site,
                             .progress = serve->progress,
                             .progress_data = serve->progress_data};
  struct tp_serving serving;
  TP_TRY(check(point, error));
  TP_TRY(tp_steps_begin(&site.steps, error));
  row->point.nodes = tp_machine_nodes(&site.steps.timing.machine->machine);
  TP_TRY(tp_site_room(&site, &arrivals, limits, &serve->misfit, &server.room_bytes, error));
  TP_TRY(tp_server_run(&server, &arrivals, load->load.concurrency, serve->visits, &serving, error));
  tp_served_fill(&serving, tp_mesh_ranks(&point->mesh), serve->visits, row);
  return TP_OK;
}

static void describe(const struct tp_point *point, const struct tp_served_load *load,
                     struct tp_served *row)
{
  tp_served_clear(row);
  tp_point_describe(point, &row->point);
  if (!load->batch_limits)
    row->point.batch = (double)NAN;
  row->trace = load->trace;
  if (load->trace != NULL) {
    row->point.prompt = row->point.generate = (double)NAN;
    row->requests = (double)load->trace_visits.n;
    return;
  }
  if (load->load.concurrency > 0)
    row->concurrency = (double)load->load.concurrency;
  else
    row->rate = load->load.rate_per_s;
  row->range_ratio = load->load.range_ratio;
  row->requests = (double)load->load.requests;
  row->seed = (double)load->load.seed;
}

/* Everything but the speedup. */
static enum tp_status serve_alone(struct tp_serve *serve, const struct tp_point *point,
                                  const struct tp_served_load *load, struct tp_served *row,
                                  struct tp_error *error)
{
  struct tp_error reason;
  tp_arena_reset(serve->scratch);
  tp_arena_reset(serve->visits);
  describe(point, load, row);
  const enum tp_status status = serve_outputs(serve, point, load, row, &reason);
  if (status == TP_E_INPUT)
    tp_prediction_refuse(&row->point, reason.text);
  else if (status != TP_OK)
    return tp_fail(error, status, "%s", reason.text);
  return TP_OK;
}

static bool same_load(const struct tp_served_load *a, const struct tp_served_load *b)
{
  return a->load.concurrency == b->load.concurrency && a->load.rate_per_s == b->load.rate_per_s &&
         a->load.range_ratio == b->load.range_ratio && a->load.requests == b->load.requests &&
         a->load.seed == b->load.seed && a->batch_limits == b->batch_limits && a->trace == b->trace;
}

enum tp_status tp_serve(struct tp_serve *serve, const struct tp_point *point,
                        const struct tp_served_load *load, struct tp_served *row,
                        struct tp_error *error)
{
  TP_TRY(serve_alone(serve, point, load, row, error));
  const bool is_standard = strcmp(point->variant->text, serve->standard.text) == 0;
  const bool known = serve->standard_point.model != NULL &&
                     tp_point_same_point(&serve->standard_point, point) &&
                     same_load(&serve->standard_load, load);
  if (is_standard || (!known && !isnan(row->e2e_s))) {
    struct tp_served standard = *row;
    struct tp_point standard_point = *point;
    standard_point.variant = &serve->standard;
    void (*const progress)(void *data, size_t ended) = serve->progress;
    serve->progress = NULL; /* it counts what was asked for */
    const enum tp_status status =
        is_standard ? TP_OK : serve_alone(serve, &standard_point, load, &standard, error);
    serve->progress = progress;
    TP_TRY(status);
    serve->standard_point = standard_point;
    serve->standard_load = *load;
    serve->standard_e2e_s = standard.e2e_s;
  }
  if (!isnan(row->e2e_s))
    row->speedup = serve->standard_e2e_s / row->e2e_s;
  return TP_OK;
}
