#include "fit/options.h"

#include <string.h>

static uint64_t mix(uint64_t hash, double value)
{
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  hash = (hash ^ bits) * 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 32);
}

static uint64_t mix_kind(const struct tp_op *op)
{
  const struct tp_attention *attention = &op->attention;
  const uint64_t hash = mix(0, (double)op->kind);
  switch (op->kind) {
  case TP_OP_GEMM:
    return mix(mix(mix(mix(hash, (double)op->gemm.m), (double)op->gemm.n), (double)op->gemm.k),
               (double)op->gemm.dtype);
  case TP_OP_ATTENTION:
    return mix(mix(mix(mix(mix(mix(mix(hash, attention->decode), (double)attention->batch),
                               (double)attention->kv_len),
                           (double)attention->heads),
                       (double)attention->kv_heads),
                   (double)attention->head_dim),
               (double)attention->dtype);
  case TP_OP_MEMORY:
    return mix(mix(hash, op->memory.read_bytes), op->memory.write_bytes);
  case TP_OP_COLLECTIVE:
    return mix(mix(mix(mix(hash, (double)op->collective.kind), op->collective.bytes),
                   (double)op->collective.algorithm),
               (double)op->collective.dtype);
  }
  return hash;
}

uint64_t tp_fit_shape(const struct tp_op *op, int ranks, const struct tp_interference *beside)
{
  return mix(mix(mix(mix_kind(op), ranks), beside->held_sms), beside->copy_bytes_per_s);
}

bool tp_fit_is_held_out(uint64_t shape, double hold_out_ratio)
{
  uint64_t x = shape + 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  x ^= x >> 31;
  return 0x1p-53 * (double)(x >> 11) < hold_out_ratio;
}

enum tp_status tp_fit_check_spread(const char *group, double spread_ratio, struct tp_error *error)
{
  if (spread_ratio <= 2)
    return TP_OK;
  return tp_fail(
      error, TP_E_INPUT,
      "%s: times lie off any fit, by factors of e to the %.3g; `tpsim validate` names the "
      "worst rows: take them out",
      group, spread_ratio);
}

void tp_fit_progress(const struct tp_fit_options *options, size_t done, size_t total)
{
  if (options->progress != NULL)
    options->progress(options->progress_data, done, total);
}
