#ifndef TP_TESTS_PATTERNS_H
#define TP_TESTS_PATTERNS_H
/* Passes of models whose layers are of one kind or two, and what two of them are compared by. */
#include "../des.h"
#include "../request.h"
#include "../toy.h"
#include "engine/engine.h"
#include "world.h"

enum { LAYERS = 15, TP = 4 };

static unsigned char kinds_of[LAYERS];

/* Kind 1 is every `period`-th layer; both kinds see `window` keys at most, but kind 1 all of them
 * where it is `global`. */
static inline struct tp_model model_of(int period, int64_t window, bool global)
{
  for (int layer = 0; layer < LAYERS; layer++)
    kinds_of[layer] = (layer + 1) % period == 0;
  struct tp_model model = toy_model(LAYERS);
  model.hidden = 2048;
  model.heads = 16;
  model.head_dim = 128;
  model.ffn = 4096;
  model.vocab = 32000;
  model.kinds[0].window = window;
  model.kinds[1].window = global ? 0 : window;
  model.n_kinds = period > 1 ? 2 : 1;
  model.kind_of = period > 1 ? kinds_of : NULL;
  return model;
}

struct built {
  struct tp_machine machine;
  struct tp_program program;
  const struct tp_cost *rows[TP_MAX_SEGMENTS];
};

enum pass { PREFILL, DECODE, TRAIN, PASSES };

/* False where the variant has no such pass. */
static inline bool build(struct world *world, const struct tp_setup *setup,
                         const struct tp_model *model, const char *name, enum pass pass,
                         struct built *built)
{
  struct tp_error error = {.text = ""};
  const struct tp_point point = {.model = model,
                                 .device = &setup->device,
                                 .stack = &setup->stack,
                                 .mesh = tp_mesh_of_tp(TP),
                                 .batch = 4,
                                 .prompt = 1024,
                                 .generate = 64,
                                 .dtype = TP_DTYPE_BF16};
  struct tp_variant variant;
  enum tp_status status = tp_variant_parse(name, world->arena, &variant, &error);
  ck_assert_int_eq(status, TP_OK);
  if (pass == TRAIN && variant.architecture->build_train == NULL)
    return false;
  status =
      tp_machine_make(&setup->platform, &setup->device, &setup->stack, TP, &built->machine, &error);
  struct tp_request request = request_at(&point, pass == DECODE, 1056);
  request.train = pass == TRAIN;
  if (status == TP_OK)
    status = tp_variant_build(&variant, &request, world->arena, &built->program, &error);
  ck_assert_msg(status == TP_OK, "%s", error.text);
  built->machine.program = built->machine.sustained = true;
  for (size_t s = 0; s < built->program.n_segments; s++) {
    const struct tp_segment *segment = &built->program.segments[s];
    struct tp_cost *costs = TP_NEW(world->arena, struct tp_cost, segment->n_ops);
    for (size_t i = 0; i < segment->n_ops; i++)
      costs[i] = tp_cost_op(&built->machine, pass == DECODE, &segment->ops[i]);
    built->rows[s] = costs;
  }
  return true;
}

static inline struct tp_result run(struct world *world, const struct built *built,
                                   const struct tp_engine *engine)
{
  struct tp_error error = {.text = ""};
  struct tp_result result;
  const struct tp_run of = {
      .program = &built->program, .machine = &built->machine, .costs = built->rows};
  ck_assert_msg(engine->run(engine, &of, world->arena, &result, &error) == TP_OK, "%s", error.text);
  return result;
}

static inline void assert_same(const struct tp_result *got, const struct tp_result *want,
                               double bound, const char *text)
{
  const double apart[] = {got->total_s - want->total_s, got->compute_s - want->compute_s,
                          got->comm_s - want->comm_s, got->comm_exposed_s - want->comm_exposed_s};
  for (size_t i = 0; i < sizeof apart / sizeof apart[0]; i++)
    ck_assert_msg(fabs(apart[i]) <= bound * want->total_s, "%s: time %d differs by %g of %g", text,
                  (int)i, apart[i], want->total_s);
  ck_assert_rel(got->flops, want->flops, 1e-14);
  ck_assert_rel(got->dram_bytes, want->dram_bytes, 1e-12);
  ck_assert_rel(got->link_bytes, want->link_bytes, 1e-12);
  ck_assert_msg(fabs(got->variance - want->variance) <= bound * want->variance,
                "%s: variance %.17g, not %.17g", text, got->variance, want->variance);
}

/* Every architecture, and every overlap of the standard one. */
static inline const char *variant(int i)
{
  int n = 0;
  while (tp_architectures[n] != NULL)
    n++;
  return i < n ? tp_architectures[i]->name : tp_overlaps[i - n]->name;
}

static inline int n_variants(void)
{
  int n = 0;
  for (int i = 0; tp_architectures[i] != NULL; i++)
    n++;
  for (int i = 0; tp_overlaps[i] != NULL; i++)
    n++;
  return n;
}

static inline const struct tp_setup *open(struct world *world, const char *stack)
{
  const struct tp_setup *setup = NULL;
  world_open(world);
  ck_assert_int_eq(tp_catalog_setup(&world->catalog, "dgx-h100", stack, &setup, NULL), TP_OK);
  return setup;
}
#endif
