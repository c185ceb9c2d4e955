#include "verify/computed.h"

#include "run/executor.h"
#include "verify/matrix.h"

struct list {
  struct tp_arena *arena;
  struct tp_variant *variants;
  size_t n;
};

static size_t length(const struct tp_transform *const *transforms)
{
  size_t n = 0;
  while (transforms[n] != NULL)
    n++;
  return n;
}

/* By two ranks, in both passes. */
bool tp_variant_is_computed(const struct tp_variant *variant, struct tp_arena *arena)
{
  const struct tp_request prefill = {.model = tp_selftest_models[0],
                                     .mesh = tp_mesh_of_tp(2),
                                     .batch = tp_batch_prefill(2, 4),
                                     .kv_capacity = 6,
                                     .dtype = TP_DTYPE_FP32,
                                     .operands = true};
  struct tp_request decode = prefill;
  struct tp_program program;
  decode.batch = tp_batch_decode(2, 5);
  return tp_variant_build(variant, &prefill, arena, &program, NULL) == TP_OK &&
         tp_execute_check(&program, NULL) == TP_OK &&
         tp_variant_build(variant, &decode, arena, &program, NULL) == TP_OK &&
         tp_execute_check(&program, NULL) == TP_OK;
}

/* Either transform may be NULL. */
static void add(struct list *list, const struct tp_architecture *architecture,
                const struct tp_transform *overlap, const struct tp_transform *wire)
{
  struct tp_variant *variant = &list->variants[list->n];
  const char *name = architecture->name;
  if (overlap != NULL)
    name = tp_arena_printf(list->arena, "%s+%s", name, overlap->name);
  if (wire != NULL)
    name = tp_arena_printf(list->arena, "%s+%s", name, wire->name);
  if (tp_variant_parse(name, list->arena, variant, NULL) == TP_OK &&
      tp_variant_is_computed(variant, list->arena))
    list->n++;
}

/* Those of the overlaps that devices compute: few. */
static size_t computed_overlaps(struct tp_arena *arena, const struct tp_transform **overlaps)
{
  struct list probe = {.arena = arena, .variants = TP_NEW(arena, struct tp_variant, 1)};
  size_t n = 0;
  for (size_t o = 0; tp_overlaps[o] != NULL; o++, probe.n = 0) {
    add(&probe, tp_architectures[0], tp_overlaps[o], NULL);
    if (probe.n == 1)
      overlaps[n++] = tp_overlaps[o];
  }
  return n;
}

size_t tp_computed_variants(struct tp_arena *arena, const struct tp_variant **variants)
{
  const size_t n_wires = length(tp_wires);
  const struct tp_transform **overlaps =
      TP_NEW(arena, const struct tp_transform *, length(tp_overlaps) + 1);
  const size_t n_overlaps = computed_overlaps(arena, overlaps);
  size_t n_architectures = 0;
  while (tp_architectures[n_architectures] != NULL)
    n_architectures++;
  struct list list = {.arena = arena};
  list.variants = TP_NEW(arena, struct tp_variant, n_architectures * 3 + n_overlaps + n_wires + 1);
  for (size_t a = 0; a < n_architectures; a++)
    add(&list, tp_architectures[a], NULL, NULL);
  for (size_t o = 0; o < n_overlaps; o++)
    add(&list, tp_architectures[0], overlaps[o], NULL);
  for (size_t a = 1; a < n_architectures && n_overlaps > 0; a++)
    add(&list, tp_architectures[a], overlaps[(a - 1) % n_overlaps], NULL);
  for (size_t w = 0; w < n_wires; w++)
    add(&list, tp_architectures[0], NULL, tp_wires[w]);
  for (size_t a = 1; a < n_architectures && n_wires > 0; a++)
    add(&list, tp_architectures[a], NULL, tp_wires[(a - 1) % n_wires]);
  if (n_overlaps > 0 && n_wires > 0)
    add(&list, tp_architectures[0], overlaps[n_overlaps - 1], tp_wires[0]);
  *variants = list.variants;
  return list.n;
}
