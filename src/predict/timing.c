#include "predict/timing.h"

/* Whether clocks depend on how much of a pass are products. */
static bool has_clocks(const struct tp_machine *machine)
{
  return machine->device->overlap.burst_ratio > 1;
}

/* One op at the clock of the pass. */
static void place(const struct tp_machine *machine, struct tp_priced *priced, size_t s, size_t i)
{
  struct tp_cost *const placed = &priced->placed[s][i];
  if (has_clocks(machine)) {
    *placed = priced->costs[s][i];
    tp_cost_boost(placed, priced->clock);
  }
  const bool collective = priced->program->segments[s].ops[i].kind == TP_OP_COLLECTIVE;
  priced->alone_s[s][i] = tp_engine_alone_s(machine, placed, collective);
}

static void price(struct tp_timer *timer, const struct tp_timed_machine *machine,
                  struct tp_priced *priced, size_t s, size_t i)
{
  const struct tp_program *const program = priced->program;
  const struct tp_op *const op = &program->segments[s].ops[i];
  const struct tp_cost *const cost =
      tp_timer_cost(timer, machine, tp_batch_decodes(&program->batch), op);
  if (cost == NULL) {
    priced->refused = op;
    return;
  }
  priced->costs[s][i] = *cost;
  if (has_clocks(&machine->machine))
    priced->uses[s][i] = tp_cost_power_use(&machine->machine, cost);
  if (priced->clock > 0)
    place(&machine->machine, priced, s, i);
}

void tp_timer_price(struct tp_timer *timer, const struct tp_timed_machine *machine,
                    const struct tp_program *program, struct tp_arena *scratch,
                    struct tp_priced *priced)
{
  const bool clocks = has_clocks(&machine->machine);
  *priced = (struct tp_priced){.program = program, .clock = clocks ? 0 : 1};
  for (size_t s = 0; s < program->n_segments; s++) {
    const size_t n = program->segments[s].n_ops;
    priced->costs[s] = TP_NEW_RAW(scratch, struct tp_cost, n);
    priced->placed[s] = clocks ? TP_NEW_RAW(scratch, struct tp_cost, n) : priced->costs[s];
    priced->uses[s] = clocks ? TP_NEW_RAW(scratch, struct tp_power_use, n) : NULL;
    priced->alone_s[s] = TP_NEW_RAW(scratch, double, n);
    for (size_t i = 0; i < n; i++) {
      price(timer, machine, priced, s, i);
      if (tp_op_attends(&program->segments[s].ops[i]))
        TP_APPEND(scratch, priced->attending, priced->n_attending, (struct tp_place){s, i});
    }
  }
}

void tp_timer_reprice(struct tp_timer *timer, const struct tp_timed_machine *machine,
                      struct tp_program *program, const struct tp_batch *batch,
                      struct tp_priced *priced)
{
  program->batch = *batch;
  for (size_t k = 0; k < priced->n_attending; k++) {
    const struct tp_place at = priced->attending[k];
    tp_op_set_context(&program->segments[at.segment].ops[at.op], batch);
    price(timer, machine, priced, at.segment, at.op);
  }
}

static enum tp_status run_pass(const struct tp_timing *timing, const struct tp_priced *priced,
                               struct tp_cost *const *costs, double *const *alone_s,
                               struct tp_timeline *timeline, struct tp_arena *scratch,
                               struct tp_result *result, struct tp_error *error)
{
  const struct tp_run run = {.program = priced->program,
                             .plan = priced->plan,
                             .machine = &timing->machine->machine,
                             .costs = (const struct tp_cost *const *)costs,
                             .alone_s = (const double *const *)alone_s,
                             .detail = timing->detail,
                             .no_fold = timing->timeline != NULL, /* every rank is to be seen */
                             .timeline = timeline};
  return timing->engine->run(timing->engine, &run, scratch, result, error);
}

/* Of the pass as if its compute stream never waited: it takes that long at least. */
static struct tp_power_use least_use(const struct tp_priced *priced)
{
  struct tp_power_use use = {.pass_s = 0};
  for (size_t s = 0; s < priced->program->n_segments; s++) {
    const struct tp_segment *const segment = &priced->program->segments[s];
    const double repeat = (double)segment->repeat;
    for (size_t i = 0; i < segment->n_ops; i++) {
      const struct tp_power_use *const one = &priced->uses[s][i];
      if (segment->ops[i].stream == TP_STREAM_COMPUTE)
        use.pass_s += repeat * one->pass_s;
      use.matrix_s += repeat * one->matrix_s;
      use.dram_s += repeat * one->dram_s;
    }
  }
  return use;
}

/* The longer a pass, the less it draws: where even the shortest leaves the highest clock, as decode
 * steps do, how long it takes need not be known. */
static enum tp_status find_clock(const struct tp_timing *timing, const struct tp_priced *priced,
                                 struct tp_arena *scratch, double *clock, struct tp_error *error)
{
  const struct tp_device *const device = timing->machine->machine.device;
  struct tp_power_use use = least_use(priced);
  if (!tp_power_is_free(device, &use)) {
    struct tp_result result;
    TP_TRY(run_pass(timing, priced, priced->costs, NULL, NULL, scratch, &result, error));
    use.pass_s = result.total_s;
  }
  *clock = tp_power_boost(device, &use);
  return TP_OK;
}

static void set_clock(const struct tp_machine *machine, struct tp_priced *priced, double clock)
{
  if (clock == priced->clock)
    return;
  priced->clock = clock;
  for (size_t s = 0; s < priced->program->n_segments; s++)
    for (size_t i = 0; i < priced->program->segments[s].n_ops; i++)
      place(machine, priced, s, i);
}

enum tp_status tp_timing_run(const struct tp_timing *timing, struct tp_priced *priced,
                             struct tp_arena *scratch, struct tp_result *result,
                             struct tp_error *error)
{
  const struct tp_machine *const machine = &timing->machine->machine;
  if (priced->refused != NULL)
    return tp_cost_check(machine, priced->refused, error);
  if (has_clocks(machine)) {
    double clock;
    TP_TRY(find_clock(timing, priced, scratch, &clock, error));
    set_clock(machine, priced, clock);
  }
  return run_pass(timing, priced, priced->placed, priced->alone_s, timing->timeline, scratch,
                  result, error);
}
