#include "serve/site.h"

#include <math.h>
#include <string.h>

double tp_site_cache_bytes(void *data, int64_t tokens)
{
  const struct tp_site *const site = data;
  return tp_program_kv_bytes(&site->sequence, site->cache_is_static ? site->capacity : tokens);
}

/* What programs and engines need grows from step to step, until it is dropped. */
static enum tp_status tidy(struct tp_site *site, struct tp_error *error)
{
  enum { STEPS = 256 };
  if (++site->since < STEPS)
    return TP_OK;
  site->since = 0;
  tp_arena_reset(site->steps.scratch);
  return tp_steps_begin(&site->steps, error);
}

/* Where the cache is static every step attends all of it. */
enum tp_status tp_site_step(void *data, const struct tp_batch *batch, double *seconds,
                            struct tp_error *error)
{
  struct tp_site *const site = data;
  struct tp_batch step = *batch;
  struct tp_result result;
  for (int i = 0; i < step.n && site->cache_is_static; i++)
    if (tp_chunk_decodes(&step.chunks[i]))
      step.chunks[i].context = site->capacity - 1;
  TP_TRY(tidy(site, error));
  TP_TRY(tp_steps_run(&site->steps, &step, &result, error));
  *seconds = result.total_s;
  return TP_OK;
}

static int64_t max_of(int64_t a, int64_t b)
{
  return a > b ? a : b;
}
static int64_t min_of(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

/* Of those that run at once a replica has so many. */
static int64_t share_of(const struct tp_point *point, int64_t sequences)
{
  return (sequences + point->mesh.dp - 1) / point->mesh.dp;
}

struct tp_point tp_site_largest(const struct tp_point *point, const struct tp_arrivals *arrivals,
                                struct tp_site_limits limits)
{
  const int64_t budget = limits.step_tokens;
  struct tp_point largest = *point;
  const int64_t of_a_replica = share_of(point, limits.sequences);
  const bool computes_again = budget > 0 && point->stack->serving.cache == TP_CACHE_GROWS;
  const int64_t capacity = tp_arrivals_longest(arrivals);
  largest.prompt = 1;
  for (size_t i = 0; i < arrivals->n; i++)
    largest.prompt = max_of(largest.prompt, arrivals->items[i].prompt);
  if (computes_again) /* all tokens of one that was put out before its last */
    largest.prompt = max_of(largest.prompt, capacity - 1);
  largest.generate = capacity - largest.prompt;
  const int64_t of_a_step =
      budget > 0 ? (budget + largest.prompt - 1) / largest.prompt : of_a_replica;
  largest.batch = point->mesh.dp * min_of(of_a_step, of_a_replica);
  return largest;
}

static double room_beside(const struct tp_point *point, const struct tp_footprint *need)
{
  return point->device->datasheet.dram_bytes - tp_memory_reserve_bytes(point) -
         (tp_memory_bytes(need) - need->kv_bytes);
}

/* The cache that the shortest request begins with. */
static double least_cache_bytes(struct tp_site *site, const struct tp_arrivals *arrivals)
{
  int64_t tokens = site->capacity;
  for (size_t i = 0; i < arrivals->n; i++)
    tokens = min_of(tokens, arrivals->items[i].prompt + 1);
  return tp_site_cache_bytes(site, tokens);
}

/* More may decode together than one step takes prompts of: as many as there is room for, were there
 * nothing beside. */
static enum tp_status add_decode(struct tp_site *site, const struct tp_arrivals *arrivals,
                                 int64_t of_a_replica, struct tp_footprint *need,
                                 struct tp_error *error)
{
  struct tp_footprint decode;
  const double fit = room_beside(site->steps.point, need) / least_cache_bytes(site, arrivals);
  const int64_t n = max_of(1, (int64_t)fmin((double)of_a_replica, fit));
  const struct tp_batch all = tp_batch_decode(n, site->capacity);
  TP_TRY(
      tp_steps_footprint(&site->steps, (struct tp_stage_pass){.stage = 0}, &all, &decode, error));
  need->activation_bytes = fmax(need->activation_bytes, decode.activation_bytes);
  return TP_OK;
}

static enum tp_status make_room(struct tp_site *site, const struct tp_arrivals *arrivals,
                                int64_t of_a_replica, struct tp_misfit *misfit, double *room_bytes,
                                struct tp_error *error)
{
  const struct tp_point *const point = site->steps.point;
  const struct tp_batch one = tp_batch_decode(1, 2);
  const struct tp_program *program;
  struct tp_footprint need;
  TP_TRY(tp_memory_need(&site->steps, &need, error));
  TP_TRY(tp_steps_program(&site->steps, (struct tp_stage_pass){.stage = 0}, &one, &program, error));
  site->sequence = *program;
  need.kv_bytes = tp_site_cache_bytes(site, site->capacity);
  TP_TRY(add_decode(site, arrivals, of_a_replica, &need, error));
  TP_TRY(tp_memory_check(point, &need, misfit, error));
  *room_bytes = room_beside(point, &need);
  return TP_OK;
}

enum tp_status tp_site_room(struct tp_site *site, const struct tp_arrivals *arrivals,
                            struct tp_site_limits limits, struct tp_misfit *misfit,
                            double *room_bytes, struct tp_error *error)
{
  struct tp_error reason;
  const int64_t of_a_replica = share_of(site->steps.point, limits.sequences);
  const enum tp_status status =
      make_room(site, arrivals, of_a_replica, misfit, room_bytes, &reason);
  if (status == TP_OK)
    return TP_OK;
  const bool unlimited = limits.step_tokens == 0 && strncmp(reason.text, "does not fit", 12) == 0;
  return tp_fail(error, status, "%s%s", reason.text,
                 unlimited ? "; its stack takes all prompts that wait at once: limit with --batch "
                             "what runs"
                           : "");
}
