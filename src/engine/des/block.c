#include "engine/des/block.h"

#include <string.h>

/* Goes over the arrays of a block: counts their bytes (no memory), fills them, or finds them. */
struct cursor {
  char *memory;
  size_t used_bytes;
  bool fills;
};

struct header {
  size_t layout;
  struct tp_des_plan plan;
};

/* What differs between builds is the structs: a number that changes with the size of any. */
static size_t layout(void)
{
  const size_t sizes[] = {sizeof(struct tp_des_plan),    sizeof(struct tp_des_item),
                          sizeof(struct tp_des_op),      sizeof(struct tp_flow),
                          sizeof(struct tp_des_pattern), sizeof(struct tp_des_span),
                          sizeof(struct tp_des_counts)};
  size_t number = 1;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    number = number * 1009 + sizes[i];
  return number;
}

static size_t aligned(size_t bytes)
{
  enum { ALIGN = 64 };
  return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

/* The place of an array; `array` NULL: zeros. */
static void *place(struct cursor *cursor, void *array, size_t count, size_t size)
{
  const size_t before_bytes = cursor->used_bytes;
  cursor->used_bytes += aligned(count * size);
  if (cursor->memory == NULL)
    return array;
  char *const here = cursor->memory + before_bytes;
  if (cursor->fills && array == NULL)
    memset(here, 0, count * size);
  else if (cursor->fills && count > 0)
    memcpy(here, array, count * size);
  return here;
}

/* Every array that crosses, by its length; plan and record get their places. */
static void walk(struct cursor *cursor, struct tp_des_plan *plan, struct tp_des_record *record)
{
#define PLACE(array, count) ((array) = place(cursor, (array), (count), sizeof *(array)))
  PLACE(plan->host_names, plan->names_bytes);
  PLACE(plan->gpus, plan->machine_ranks);
  PLACE(plan->ops, plan->n_ops);
  for (int q = 0; q < plan->n_streams; q++)
    PLACE(plan->streams[q].items, plan->streams[q].n_items);
  PLACE(plan->patterns, plan->n_patterns);
  for (size_t p = 0; p < plan->n_patterns; p++) {
    struct tp_des_pattern *pattern = &plan->patterns[p];
    PLACE(pattern->flows, pattern->n_flows);
    PLACE(pattern->first, plan->machine_ranks + 1);
    PLACE(pattern->n_in, plan->machine_ranks);
  }
  PLACE(record->sent_bytes, plan->n_sent);
  PLACE(record->counts, 1);
  PLACE(record->spans, (size_t)plan->ranks * plan->n_items);
#undef PLACE
}

static struct cursor behind_header(char *memory, bool fills)
{
  return (struct cursor){memory, aligned(sizeof(struct header)), fills};
}

size_t tp_des_block_bytes(const struct tp_des_plan *plan)
{
  struct tp_des_plan copy = *plan;
  struct tp_des_record record = {.counts = NULL};
  struct cursor cursor = behind_header(NULL, false);
  walk(&cursor, &copy, &record);
  return cursor.used_bytes;
}

void tp_des_block_put(void *memory, const struct tp_des_plan *plan, struct tp_des_record *record)
{
  struct header *const header = memory;
  *header = (struct header){.layout = layout(), .plan = *plan};
  header->plan.run = NULL;
  header->plan.program_ops = NULL;
  struct tp_des_plan copy = *plan;
  struct cursor cursor = behind_header(memory, true);
  *record = (struct tp_des_record){.counts = NULL};
  walk(&cursor, &copy, record);
}

bool tp_des_block_open(void *memory, struct tp_des_plan *plan, struct tp_des_record *record)
{
  const struct header *const header = memory;
  if (header->layout != layout())
    return false;
  *plan = header->plan;
  *record = (struct tp_des_record){.counts = NULL};
  struct cursor cursor = behind_header(memory, false);
  walk(&cursor, plan, record);
  return true;
}
