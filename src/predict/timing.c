#include "predict/timing.h"

#include "program/op_key.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  N_KEY_WORDS = 1 + TP_OP_KEY_WORDS,
  COST_SLOTS = 1024 /* a power of two */,
  MACHINE_SLOTS = 16
};

struct key {
  uint64_t words[N_KEY_WORDS];
};

struct cost_slot {
  bool used;
  struct key key;
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

static struct key key_of(uint64_t machine_id, bool decodes, const struct tp_op *op)
{
  struct key key = {{machine_id << 8 | (uint64_t)decodes << 1 | (uint64_t)(op->n_waits > 0)}};
  tp_op_key(op, key.words + 1);
  return key;
}

static size_t slot_of(const struct key *key)
{
  uint64_t hash = 0;
  for (int i = 0; i < N_KEY_WORDS; i++)
    hash = (hash ^ key->words[i]) * 0x9E3779B97F4A7C15u;
  return (size_t)(hash >> 40) & (COST_SLOTS - 1);
}

/* NULL where nothing prices the op. */
static const struct tp_cost *look_up(struct tp_timer *timer, const struct tp_timed_machine *machine,
                                     bool decodes, const struct tp_op *op)
{
  const struct key key = key_of(machine->id, decodes, op);
  struct cost_slot *slot = &timer->costs[slot_of(&key)];
  if (!slot->used || memcmp(&slot->key, &key, sizeof key) != 0) {
    slot->used = tp_cost_check(&machine->machine, op, NULL) == TP_OK;
    if (!slot->used)
      return NULL;
    slot->key = key;
    slot->cost = tp_cost_op(&machine->machine, decodes, op);
  }
  return &slot->cost;
}

void tp_timer_price(struct tp_timer *timer, const struct tp_timed_machine *machine,
                    const struct tp_program *program, struct tp_arena *scratch,
                    struct tp_priced *priced)
{
  const bool decodes = tp_batch_decodes(&program->batch);
  *priced = (struct tp_priced){.program = program};
  for (size_t s = 0; s < program->n_segments; s++) {
    const struct tp_segment *segment = &program->segments[s];
    priced->costs[s] = TP_NEW_RAW(scratch, struct tp_cost, segment->n_ops);
    for (size_t i = 0; i < segment->n_ops; i++) {
      const struct tp_cost *cost = look_up(timer, machine, decodes, &segment->ops[i]);
      if (cost != NULL)
        priced->costs[s][i] = *cost;
      else
        priced->refused = &segment->ops[i];
    }
  }
}

void tp_timer_reprice(struct tp_timer *timer, const struct tp_timed_machine *machine,
                      struct tp_priced *priced)
{
  const struct tp_program *program = priced->program;
  const bool decodes = tp_batch_decodes(&program->batch);
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++) {
      const struct tp_op *op = &program->segments[s].ops[i];
      if (op->kind == TP_OP_ATTENTION || op->kind == TP_OP_LATENT)
        priced->costs[s][i] = *look_up(timer, machine, decodes, op);
    }
}

static struct tp_power_use use_of(const struct tp_machine *machine, const struct tp_priced *priced,
                                  double pass_s)
{
  struct tp_power_use use = {.pass_s = pass_s};
  for (size_t s = 0; s < priced->program->n_segments; s++) {
    const struct tp_segment *segment = &priced->program->segments[s];
    for (size_t i = 0; i < segment->n_ops; i++) {
      const struct tp_power_use one = tp_cost_power_use(machine, &priced->costs[s][i]);
      use.matrix_s += (double)segment->repeat * one.matrix_s;
      use.dram_s += (double)segment->repeat * one.dram_s;
    }
  }
  return use;
}

static void boost_costs(const struct tp_priced *priced, double clock, struct tp_arena *scratch,
                        const struct tp_cost **costs)
{
  for (size_t s = 0; s < priced->program->n_segments; s++) {
    const size_t n = priced->program->segments[s].n_ops;
    struct tp_cost *const boosted = TP_NEW_RAW(scratch, struct tp_cost, n);
    for (size_t i = 0; i < n; i++) {
      boosted[i] = priced->costs[s][i];
      tp_cost_boost(&boosted[i], clock);
    }
    costs[s] = boosted;
  }
}

/* Twice where the clock depends on how much of the pass are products. */
enum tp_status tp_timing_run(const struct tp_timing *timing, const struct tp_priced *priced,
                             struct tp_arena *scratch, struct tp_result *result,
                             struct tp_error *error)
{
  const struct tp_machine *machine = &timing->machine->machine;
  if (priced->refused != NULL)
    return tp_cost_check(machine, priced->refused, error);
  const struct tp_cost *costs[TP_MAX_SEGMENTS];
  for (size_t s = 0; s < priced->program->n_segments; s++)
    costs[s] = priced->costs[s];
  struct tp_run run = {.program = priced->program,
                       .plan = priced->plan,
                       .machine = machine,
                       .costs = costs,
                       .detail = timing->detail,
                       .no_fold = timing->timeline != NULL, /* every rank is to be seen */
                       .timeline = timing->timeline};
  if (machine->device->overlap.burst_ratio > 1) {
    run.timeline = NULL;
    TP_TRY(timing->engine->run(timing->engine, &run, scratch, result, error));
    const struct tp_power_use use = use_of(machine, priced, result->total_s);
    boost_costs(priced, tp_power_boost(machine->device, &use), scratch, costs);
    run.timeline = timing->timeline;
  }
  return timing->engine->run(timing->engine, &run, scratch, result, error);
}
