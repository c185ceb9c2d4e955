#include "serve/site.h"

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

struct tp_point tp_site_largest(const struct tp_point *point, const struct tp_arrivals *arrivals,
                                int64_t budget, int64_t most_sequences)
{
  struct tp_point largest = *point;
  const int64_t replicas = point->mesh.dp;
  const int64_t of_a_replica = (most_sequences + replicas - 1) / replicas;
  int64_t capacity = 0;
  largest.prompt = 1;
  for (size_t i = 0; i < arrivals->n; i++) {
    const struct tp_arrival *const arrival = &arrivals->items[i];
    largest.prompt = max_of(largest.prompt, arrival->prompt);
    capacity = max_of(capacity, arrival->prompt + arrival->generate);
  }
  largest.generate = capacity - largest.prompt;
  const int64_t of_a_step =
      budget > 0 ? (budget + largest.prompt - 1) / largest.prompt : of_a_replica;
  largest.batch = replicas * min_of(of_a_step, of_a_replica);
  return largest;
}

static enum tp_status make_room(struct tp_site *site, struct tp_misfit *misfit, double *room_bytes,
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
  TP_TRY(tp_memory_check(point, &need, misfit, error));
  *room_bytes = point->device->datasheet.dram_bytes - tp_memory_reserve_bytes(point) -
                (tp_memory_bytes(&need) - need.kv_bytes);
  return TP_OK;
}

enum tp_status tp_site_room(struct tp_site *site, int64_t budget, struct tp_misfit *misfit,
                            double *room_bytes, struct tp_error *error)
{
  struct tp_error reason;
  const enum tp_status status = make_room(site, misfit, room_bytes, &reason);
  if (status == TP_OK)
    return TP_OK;
  const bool unlimited = budget == 0 && strncmp(reason.text, "does not fit", 12) == 0;
  return tp_fail(error, status, "%s%s", reason.text,
                 unlimited ? "; its stack takes all prompts that wait at once: limit with --batch "
                             "what runs"
                           : "");
}
