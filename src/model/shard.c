#include "model/shard.h"

#include <inttypes.h>
#include <stdio.h>

enum { MAX_LIST_BYTES = 256 };

static int asked_of(enum tp_unit unit, struct tp_cut cut)
{
  return unit == TP_UNIT_EXPERT ? cut.ep : unit == TP_UNIT_EXPERT_INNER ? cut.etp : cut.tp;
}

/* The first unit whose number does not suit, or TP_N_UNITS. */
static enum tp_unit misfit(const struct tp_layer *layer, struct tp_cut cut)
{
  for (int unit = 0; unit < TP_N_UNITS; unit++) {
    const int64_t n = tp_layer_units(layer, (enum tp_unit)unit);
    const int asked = asked_of((enum tp_unit)unit, cut);
    const bool shared = unit == TP_UNIT_KV_HEAD && n > 0 && asked % n == 0;
    if (n % asked != 0 && !shared)
      return (enum tp_unit)unit;
  }
  return TP_N_UNITS;
}

/* Degrees along the unit that would suit, the others as they are; experts cut as the attention
 * follow its degree. */
static void list_degrees(const struct tp_layer *layer, enum tp_unit unit, struct tp_cut cut,
                         char list[MAX_LIST_BYTES])
{
  int64_t most = tp_layer_units(layer, unit);
  if (unit < TP_UNIT_EXPERT) {
    const int64_t heads = tp_layer_units(layer, TP_UNIT_HEAD),
                  copies = tp_layer_units(layer, TP_UNIT_COPY);
    most = heads > copies ? heads : copies;
  }
  const bool follows = cut.ep == 1 && cut.etp == cut.tp;
  size_t length = 0;
  for (int alone = 0; alone < 2 && length == 0; alone++)
    for (int n = 1; n <= most && length < MAX_LIST_BYTES; n++) {
      struct tp_cut other = cut;
      *(unit == TP_UNIT_EXPERT         ? &other.ep
        : unit == TP_UNIT_EXPERT_INNER ? &other.etp
                                       : &other.tp) = n;
      if (follows && unit != TP_UNIT_EXPERT)
        other.tp = other.etp = n;
      const enum tp_unit left = misfit(layer, other);
      if (left == TP_N_UNITS || (alone && left != unit))
        length += (size_t)snprintf(list + length, MAX_LIST_BYTES - length, "%s%d",
                                   length == 0 ? "" : ", ", n);
    }
}

static enum tp_status fail(const struct tp_model *model, const struct tp_layer *layer,
                           enum tp_unit unit, struct tp_cut cut, struct tp_error *error)
{
  static const struct {
    const char *degree, *before, *after;
  } words[] = {[TP_UNIT_HEAD] = {"tp", "", " heads"},
               [TP_UNIT_INNER] = {"tp", "MLP width ", ""},
               [TP_UNIT_COPY] = {"tp", "", " sub-layers"},
               [TP_UNIT_EXPERT] = {"ep", "", " experts"},
               [TP_UNIT_EXPERT_INNER] = {"tp", "experts' width ", ""}};
  char degrees[MAX_LIST_BYTES] = "";
  list_degrees(layer, unit, cut, degrees);
  const int64_t n = tp_layer_units(layer, unit);
  if (unit == TP_UNIT_KV_HEAD)
    return tp_fail(error, TP_E_INPUT,
                   "model %s: neither of tp %d and its %" PRId64
                   " key/value heads divides the other; tp can be %s",
                   model->name, cut.tp, n, degrees);
  if (unit == TP_UNIT_EXPERT_INNER && !(cut.ep == 1 && cut.etp == cut.tp))
    return tp_fail(error, TP_E_INPUT,
                   "model %s: %d ranks an expert do not divide its width %" PRId64
                   "; there can be %s",
                   model->name, cut.etp, n, degrees);
  return tp_fail(error, TP_E_INPUT,
                 "model %s: %s %d does not divide its %s%" PRId64 "%s; %s can be %s", model->name,
                 words[unit].degree, asked_of(unit, cut), words[unit].before, n, words[unit].after,
                 words[unit].degree, degrees);
}

enum tp_status tp_shard_cut(const struct tp_model *model, int kind, struct tp_cut cut,
                            struct tp_layer *share, struct tp_error *error)
{
  if (cut.tp < 1 || cut.ep < 1 || cut.etp < 1)
    return tp_fail(error, TP_E_INPUT, "tp %d: give 1 or more", cut.tp);
  struct tp_layer layer = tp_layer_make(model, kind);
  const enum tp_unit unit = misfit(&layer, cut);
  if (unit != TP_N_UNITS)
    return fail(model, &layer, unit, cut, error);
  tp_layer_share(&layer, cut.tp);
  tp_layer_share_experts(&layer, cut.ep, cut.etp);
  *share = layer;
  return TP_OK;
}

enum tp_status tp_shard_make(const struct tp_model *model, int kind, int tp, struct tp_layer *share,
                             struct tp_error *error)
{
  return tp_shard_cut(model, kind, (struct tp_cut){.tp = tp, .ep = 1, .etp = tp}, share, error);
}
