#include "model/shard.h"

#include <inttypes.h>
#include <stdio.h>

enum { MAX_DEGREE = 64, MAX_LIST_BYTES = 256 };

/* The first unit whose number does not suit, or TP_N_UNITS. */
static enum tp_unit misfit(const struct tp_layer *layer, int tp)
{
  for (int unit = 0; unit < TP_N_UNITS; unit++) {
    const int64_t n = tp_layer_units(layer, (enum tp_unit)unit);
    const bool shared = unit == TP_UNIT_KV_HEAD && n > 0 && tp % n == 0;
    if (n % tp != 0 && !shared)
      return (enum tp_unit)unit;
  }
  return TP_N_UNITS;
}

static void list_degrees(const struct tp_layer *layer, char list[MAX_LIST_BYTES])
{
  size_t length = 0;
  for (int tp = 1; tp <= MAX_DEGREE && length < MAX_LIST_BYTES; tp++)
    if (misfit(layer, tp) == TP_N_UNITS)
      length += (size_t)snprintf(list + length, MAX_LIST_BYTES - length, "%s%d",
                                 length == 0 ? "" : ", ", tp);
}

static enum tp_status fail(const struct tp_model *model, const struct tp_layer *layer,
                           enum tp_unit unit, int tp, struct tp_error *error)
{
  static const struct {
    const char *before, *after;
  } words[] = {[TP_UNIT_HEAD] = {"", " heads"},
               [TP_UNIT_INNER] = {"MLP width ", ""},
               [TP_UNIT_COPY] = {"", " sub-layers"}};
  char degrees[MAX_LIST_BYTES];
  list_degrees(layer, degrees);
  const int64_t n = tp_layer_units(layer, unit);
  if (unit == TP_UNIT_KV_HEAD)
    return tp_fail(error, TP_E_INPUT,
                   "model %s: neither of tp %d and its %" PRId64
                   " key/value heads divides the other; tp can be %s",
                   model->name, tp, n, degrees);
  return tp_fail(error, TP_E_INPUT,
                 "model %s: tp %d does not divide its %s%" PRId64 "%s; tp can be %s", model->name,
                 tp, words[unit].before, n, words[unit].after, degrees);
}

enum tp_status tp_shard_make(const struct tp_model *model, int kind, int tp, struct tp_layer *share,
                             struct tp_error *error)
{
  if (tp < 1 || tp > MAX_DEGREE)
    return tp_fail(error, TP_E_INPUT, "tp %d is not from 1 to %d", tp, MAX_DEGREE);
  struct tp_layer layer = tp_layer_make(model, kind);
  const enum tp_unit unit = misfit(&layer, tp);
  if (unit != TP_N_UNITS)
    return fail(model, &layer, unit, tp, error);
  tp_layer_share(&layer, tp);
  *share = layer;
  return TP_OK;
}
