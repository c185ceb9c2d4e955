#include "model/shard.h"

#include <inttypes.h>
#include <stdio.h>

enum { MAX_LIST_BYTES = 256 };

/* A Kraken layer's sub-layers are whole on a rank: a rank holds ways/tp of them. */
static bool divides(const struct tp_model *model, int tp)
{
  if (model->kraken_ways > 0)
    return model->kraken_ways % tp == 0;
  const bool kv_fits = model->kv_heads % tp == 0 || tp % model->kv_heads == 0;
  return model->heads % tp == 0 && model->ffn % tp == 0 && kv_fits;
}

static void list_degrees(const struct tp_model *model, char list[MAX_LIST_BYTES])
{
  const int64_t most = model->kraken_ways > 0 ? model->kraken_ways : model->heads;
  size_t length = 0;
  for (int tp = 1; tp <= most && length < MAX_LIST_BYTES; tp++)
    if (divides(model, tp))
      length += (size_t)snprintf(list + length, MAX_LIST_BYTES - length, "%s%d",
                                 length == 0 ? "" : ", ", tp);
}

static enum tp_status fail(const struct tp_model *model, int tp, struct tp_error *error)
{
  char degrees[MAX_LIST_BYTES];
  list_degrees(model, degrees);
  if (model->kraken_ways > 0)
    return tp_fail(error, TP_E_INPUT,
                   "model %s: tp %d does not divide its %" PRId64 " sub-layers; tp can be %s",
                   model->name, tp, model->kraken_ways, degrees);
  if (model->heads % tp != 0)
    return tp_fail(error, TP_E_INPUT,
                   "model %s: tp %d does not divide its %" PRId64 " heads; tp can be %s",
                   model->name, tp, model->heads, degrees);
  if (model->ffn % tp != 0)
    return tp_fail(error, TP_E_INPUT,
                   "model %s: tp %d does not divide its MLP width %" PRId64 "; tp can be %s",
                   model->name, tp, model->ffn, degrees);
  return tp_fail(error, TP_E_INPUT,
                 "model %s: neither of tp %d and its %" PRId64
                 " key/value heads divides the other; tp can be %s",
                 model->name, tp, model->kv_heads, degrees);
}

enum tp_status tp_shard_make(const struct tp_model *model, int tp, struct tp_shard *shard,
                             struct tp_error *error)
{
  if (tp < 1)
    return tp_fail(error, TP_E_INPUT, "tp %d: give 1 or more", tp);
  if (!divides(model, tp))
    return fail(model, tp, error);
  const int64_t ways = model->kraken_ways > 0 ? model->kraken_ways : 1;
  const int64_t kv_heads = ways * model->kv_heads / tp;
  *shard = (struct tp_shard){
      .tp = tp,
      .heads = ways * model->heads / tp,
      .kv_heads = kv_heads > 0 ? kv_heads : 1,
      .ffn = ways * model->ffn / tp,
      .vocab = (model->vocab + tp - 1) / tp,
  };
  return TP_OK;
}
