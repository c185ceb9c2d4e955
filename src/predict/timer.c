#include "predict/timing.h"

#include "program/op_key.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  MOST_KEY_WORDS = 1 + TP_OP_KEY_WORDS,
  COST_SLOTS = 1024 /* a power of two */,
  MACHINE_SLOTS = 16
};

struct key {
  int n;
  uint64_t words[MOST_KEY_WORDS];
};

struct cost_slot {
  struct key key; /* n 0: empty */
  struct tp_cost cost;
};

struct machine_slot {
  const struct tp_platform *platform;
  const struct tp_device *device;
  const struct tp_stack *stack;
  int ranks;
  struct tp_timed_machine made; /* id 0: empty */
};

struct tp_timer {
  struct cost_slot costs[COST_SLOTS];
  struct machine_slot machines[MACHINE_SLOTS];
  uint64_t last_id;
};

struct tp_timer *tp_timer_create(void)
{
  struct tp_timer *timer = calloc(1, sizeof *timer);
  if (timer == NULL)
    tp_out_of_memory();
  return timer;
}

void tp_timer_free(struct tp_timer *timer)
{
  free(timer);
}

enum tp_status tp_timer_machine(struct tp_timer *timer, const struct tp_platform *platform,
                                const struct tp_device *device, const struct tp_stack *stack,
                                int ranks, const struct tp_timed_machine **machine,
                                struct tp_error *error)
{
  for (int i = 0; i < MACHINE_SLOTS; i++) {
    const struct machine_slot *slot = &timer->machines[i];
    if (slot->made.id != 0 && slot->platform == platform && slot->device == device &&
        slot->stack == stack && slot->ranks == ranks) {
      *machine = &slot->made;
      return TP_OK;
    }
  }
  struct tp_machine made;
  const enum tp_status status = tp_machine_make(platform, device, stack, ranks, &made, error);
  if (status != TP_OK)
    return status;
  made.program = made.sustained = true;
  struct machine_slot *slot = &timer->machines[timer->last_id % MACHINE_SLOTS];
  *slot = (struct machine_slot){.platform = platform,
                                .device = device,
                                .stack = stack,
                                .ranks = ranks,
                                .made = {.machine = made, .id = ++timer->last_id}};
  *machine = &slot->made;
  return TP_OK;
}

static void make_key(uint64_t machine_id, bool decodes, const struct tp_op *op, struct key *key)
{
  key->words[0] = machine_id << 8 | (uint64_t)decodes << 1 | (uint64_t)(op->n_waits > 0);
  key->n = 1 + tp_op_key(op, key->words + 1);
}

static bool same_key(const struct key *a, const struct key *b)
{
  return a->n == b->n && memcmp(a->words, b->words, (size_t)a->n * sizeof *a->words) == 0;
}

static size_t slot_of(const struct key *key)
{
  uint64_t hash = 0;
  for (int i = 0; i < key->n; i++)
    hash = (hash ^ key->words[i]) * 0x9E3779B97F4A7C15u;
  return (size_t)(hash >> 40) & (COST_SLOTS - 1);
}

const struct tp_cost *tp_timer_cost(struct tp_timer *timer, const struct tp_timed_machine *machine,
                                    bool decodes, const struct tp_op *op)
{
  struct key key;
  make_key(machine->id, decodes, op, &key);
  struct cost_slot *slot = &timer->costs[slot_of(&key)];
  if (!same_key(&slot->key, &key)) {
    slot->key.n = 0;
    if (tp_cost_check(&machine->machine, op, NULL) != TP_OK)
      return NULL;
    slot->key = key;
    slot->cost = tp_cost_op(&machine->machine, decodes, op);
  }
  return &slot->cost;
}
