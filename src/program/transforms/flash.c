/* Flash Communication (arXiv 2412.04964; V2: 2508.03760): the all-reduces of any program travel at
 * low bit width.  What that costs is the cost layer's (two_step.c): one kernel quantises, sends
 * and sums, so a collective stays one op and the streams and events stay as they were. */
#include "program/variants/architectures.h"

enum { GROUP = 128 };

static enum tp_status check_group(const struct tp_variant *variant, int group,
                                  struct tp_error *error)
{
  if (group % 8 == 0)
    return TP_OK;
  return tp_fail(error, TP_E_INPUT,
                 "variant '%s': a group of %d does not fill its bit planes; write a multiple of 8",
                 variant->text, group);
}

/* False where something is summed on its way that no kernel could dequantise.  Counts all-reduces
 * and what shares their sums out. */
static bool quantise(struct tp_segment *segment, struct tp_wire wire, int *sums, int *scatters)
{
  for (size_t i = 0; i < segment->n_ops; i++) {
    struct tp_op *op = &segment->ops[i];
    if (op->kind != TP_OP_COLLECTIVE)
      continue;
    if (op->collective.algorithm == TP_ALGORITHM_DMA)
      return false;
    *scatters += op->collective.kind == TP_REDUCE_SCATTER;
    *sums += op->collective.kind == TP_ALL_REDUCE;
    if (op->collective.kind == TP_ALL_REDUCE)
      op->collective.wire = wire;
  }
  return true;
}

static enum tp_status apply(const struct tp_request *request, const struct tp_variant *variant,
                            struct tp_arena *arena, struct tp_program *program,
                            struct tp_error *error)
{
  (void)arena;
  if (request->train)
    return tp_fail(error, TP_E_INPUT,
                   "variant '%s': low-bit wires are for inference; train without '%s'",
                   variant->text, variant->wire->name);
  const struct tp_wire wire = tp_variant_wire(variant);
  int sums = 0, scatters = 0;
  for (size_t s = 0; s < program->n_segments; s++)
    if (!quantise(&program->segments[s], wire, &sums, &scatters))
      return tp_fail(error, TP_E_INPUT,
                     "variant '%s': what %s sends by DMA is added in memory, at full precision; "
                     "leave out '%s'",
                     variant->text, variant->overlap->name, variant->wire->name);
  if (sums == 0 && scatters > 0)
    return tp_fail(
        error, TP_E_INPUT,
        "variant '%s': its sums are reduce-scatters, and '%s' shortens all-reduces; leave "
        "it out",
        variant->text, variant->wire->name);
  return check_group(variant, wire.group, error);
}

#define X(symbol, word, reduce, gather, has_spikes, sentence)                     \
  const struct tp_transform tp_wire_##symbol = {.name = word,                     \
                                                .summary = sentence,              \
                                                .argument = "elements a group",   \
                                                .least = 16,                      \
                                                .most = 8192,                     \
                                                .wire = {.reduce_bits = (reduce), \
                                                         .gather_bits = (gather), \
                                                         .group = GROUP,          \
                                                         .spikes = (has_spikes)}, \
                                                .apply = apply};
TP_FLASH_WIRES(X)
#undef X
