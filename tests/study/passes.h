#ifndef TP_TESTS_PASSES_H
#define TP_TESTS_PASSES_H
/* Passes of random worlds: built, priced and run by the analytic engine. */
#include "../request.h"
#include "random_world.h"

/* One pass with the costs of its ops; lives in the world's arena. */
struct pass {
  struct tp_machine machine;
  struct tp_program program;
  struct tp_cost *costs[TP_MAX_SEGMENTS];
};

static inline void pass_price(struct random_world *world, struct pass *pass)
{
  for (size_t s = 0; s < pass->program.n_segments; s++) {
    const struct tp_segment *segment = &pass->program.segments[s];
    pass->costs[s] = TP_NEW(world->arena, struct tp_cost, segment->n_ops);
    for (size_t i = 0; i < segment->n_ops; i++)
      pass->costs[s][i] =
          tp_cost_op(&pass->machine, tp_batch_decodes(&pass->program.batch), &segment->ops[i]);
  }
}

/* A machine for all passes of a world: its routes and rings are dear.  What a test changes of the
 * world's hardware, it changes before the first pass. */
static inline const struct tp_machine *pass_machine(struct random_world *world)
{
  struct tp_error error = {.text = ""};
  if (world->machine == NULL) {
    world->machine = TP_NEW(world->arena, struct tp_machine, 1);
    ck_assert_msg(tp_machine_make(&world->platform, &world->device, &world->stack,
                                  world->point.mesh.tp, world->machine, &error) == TP_OK,
                  "%s: %s", world->text, error.text);
    world->machine->program = world->machine->sustained = true;
  }
  ck_assert_int_eq(tp_machine_ranks(world->machine), world->point.mesh.tp);
  return world->machine;
}

static inline struct pass *pass_make(struct random_world *world, const char *name, bool decode)
{
  struct pass *pass = TP_NEW(world->arena, struct pass, 1);
  struct tp_error error = {.text = ""};
  struct tp_variant variant;
  const struct tp_request request =
      request_at(&world->point, decode, tp_point_first_kv_len(&world->point));
  enum tp_status status = tp_variant_parse(name, world->arena, &variant, &error);
  if (status == TP_OK)
    status = tp_variant_build(&variant, &request, world->arena, &pass->program, &error);
  ck_assert_msg(status == TP_OK, "%s: %s", world->text, error.text);
  pass->machine = *pass_machine(world);
  pass_price(world, pass);
  return pass;
}

static inline struct tp_result pass_run(struct random_world *world, const struct pass *pass)
{
  struct tp_error error = {.text = ""};
  struct tp_result result;
  const struct tp_cost *costs[TP_MAX_SEGMENTS];
  for (size_t s = 0; s < pass->program.n_segments; s++)
    costs[s] = pass->costs[s];
  const struct tp_run run = {.program = &pass->program, .machine = &pass->machine, .costs = costs};
  const enum tp_status status =
      tp_engine_analytic.run(&tp_engine_analytic, &run, world->arena, &result, &error);
  ck_assert_msg(status == TP_OK, "%s: %s", world->text, error.text);
  return result;
}

/* Collectives take nothing from kernels, but as long by themselves as before. */
static inline void pass_keep_apart(struct pass *pass)
{
  for (size_t s = 0; s < pass->program.n_segments; s++)
    for (size_t i = 0; i < pass->program.segments[s].n_ops; i++) {
      struct tp_cost *cost = &pass->costs[s][i];
      if (pass->program.segments[s].ops[i].kind != TP_OP_COLLECTIVE)
        continue;
      cost->work_s = fmax(cost->work_s, cost->dram_bytes / pass->machine.dram_bytes_per_s);
      cost->dram_bytes = cost->sm_share = cost->late_share = cost->crowding = 0;
    }
}

/* Collectives are left out, and with them all waits. */
static inline void pass_silence(struct pass *pass)
{
  for (size_t s = 0; s < pass->program.n_segments; s++) {
    struct tp_segment *segment = &pass->program.segments[s];
    size_t kept = 0;
    for (size_t i = 0; i < segment->n_ops; i++) {
      if (segment->ops[i].kind == TP_OP_COLLECTIVE)
        continue;
      segment->ops[kept] = segment->ops[i];
      segment->ops[kept].n_waits = 0;
      pass->costs[s][kept++] = pass->costs[s][i];
    }
    segment->n_ops = kept;
  }
}
#endif
