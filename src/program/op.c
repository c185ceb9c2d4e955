#include "program/op.h"

#include <math.h>
#include <string.h>

double tp_dtype_bytes(enum tp_dtype dtype)
{
  switch (dtype) {
  case TP_DTYPE_FP16:
  case TP_DTYPE_BF16:
    return 2;
  case TP_DTYPE_FP8:
    return 1;
  case TP_DTYPE_FP32:
    return 4;
  case TP_DTYPE_FP8_BLOCK:
    return 1 + 4.0 / (128 * 128);
  case TP_DTYPE_NVFP4:
    return 0.5 + 1.0 / 16;
  case TP_DTYPE_W4A16:
    return 0.5 + 2.0 / 128;
  case TP_DTYPE_W4A16_MXFP4:
  case TP_DTYPE_W4A8_MXFP4:
    return 0.5 + 1.0 / 32;
  }
  return 0;
}

double tp_dtype_activation_bytes(enum tp_dtype dtype)
{
  switch (dtype) {
  case TP_DTYPE_FP8_BLOCK:
    return 1 + 4.0 / 128;
  case TP_DTYPE_W4A16:
  case TP_DTYPE_W4A16_MXFP4:
    return 2;
  case TP_DTYPE_W4A8_MXFP4:
    return 1 + 1.0 / 32;
  case TP_DTYPE_FP16:
  case TP_DTYPE_BF16:
  case TP_DTYPE_FP8:
  case TP_DTYPE_FP32:
  case TP_DTYPE_NVFP4:
    break;
  }
  return tp_dtype_bytes(dtype);
}

enum tp_dtype tp_dtype_wide(enum tp_dtype dtype)
{
  return tp_dtype_bytes(dtype) < 2 ? TP_DTYPE_BF16 : dtype;
}

double tp_kv_dtype_bytes(enum tp_kv_dtype dtype, enum tp_dtype of_op)
{
  switch (dtype) {
  case TP_KV_AUTO:
    break;
  case TP_KV_FP8:
    return 1;
  case TP_KV_FP16:
  case TP_KV_BF16:
    return 2;
  case TP_KV_FP32:
    return 4;
  }
  return tp_dtype_bytes(of_op);
}

enum tp_kv_dtype tp_kv_dtype_of(enum tp_kv_dtype dtype, enum tp_dtype of_op)
{
  const bool same = strcmp(tp_kv_dtype_text(dtype), tp_dtype_text(of_op)) == 0;
  return same ? TP_KV_AUTO : dtype;
}

bool tp_dtype_quantises(enum tp_dtype dtype)
{
  return tp_dtype_activation_bytes(dtype) < 2;
}

/* The text beside a name in one of the lists of op.h. */
#define TEXT(name, text) \
  case name:             \
    return text;
#define TEXT_OF(function, type, list) \
  const char *function(type value)    \
  {                                   \
    switch (value) {                  \
      list(TEXT)                      \
    }                                 \
    return "?";                       \
  }
TEXT_OF(tp_dtype_text, enum tp_dtype, TP_DTYPES)
TEXT_OF(tp_kv_dtype_text, enum tp_kv_dtype, TP_KV_DTYPES)
TEXT_OF(tp_op_kind_text, enum tp_op_kind, TP_OP_KINDS)
TEXT_OF(tp_function_text, enum tp_function, TP_FUNCTIONS)
TEXT_OF(tp_collective_text, enum tp_collective_kind, TP_COLLECTIVES)
TEXT_OF(tp_algorithm_text, enum tp_algorithm, TP_ALGORITHMS)
TEXT_OF(tp_dma_role_text, enum tp_dma_role, TP_DMA_ROLES)

double tp_ranks_met(double count, double top_k, double ranks)
{
  double none = 1; /* that a rank has none of them */
  for (int i = 0; i < (int)top_k; i++)
    none *= fmax(0, (count - count / ranks - i) / (count - i));
  return ranks * (1 - none);
}

/* Places in a group of up to 256 are bytes. */
static double group_bytes(const struct tp_wire *wire)
{
  const double scale_and_zero = 2 * 2, spikes = 2 * 2, places = 2 * (wire->group <= 256 ? 1 : 2);
  return wire->spikes ? scale_and_zero + spikes + places : scale_and_zero;
}

double tp_wire_bytes(const struct tp_wire *wire, int bits, double elements)
{
  return elements * bits / 8 + ceil(elements / wire->group) * group_bytes(wire);
}

/* A materialised kernel of several queries multiplies the rectangle of all keys and masks. */
static bool masks(const struct tp_attention *a)
{
  return a->style == TP_ATTENTION_MATERIALISED && a->query_len > 1;
}

int64_t tp_attention_keys(const struct tp_attention *a)
{
  const int64_t reached =
      a->query_len - 1 + a->window; /* of the first query's window, the others */
  return a->window == 0 || masks(a) || reached > a->kv_len ? a->kv_len : reached;
}

double tp_causal_pairs(double queries, double keys)
{
  return queries * keys - queries * (queries - 1) / 2;
}

/* Query-key pairs a head computes.  A flash kernel skips the masked ones: of the keys beyond its
 * window, the last query misses kv - window, each before it one fewer. */
static double attention_pairs(const struct tp_attention *a)
{
  const double q = (double)a->query_len, kv = (double)a->kv_len;
  if (a->style == TP_ATTENTION_MATERIALISED)
    return q * (double)tp_attention_keys(a);
  const double beyond = a->window > 0 ? fmax(kv - (double)a->window, 0) : 0;
  return tp_causal_pairs(q, kv) - tp_causal_pairs(fmin(q, beyond), beyond);
}

bool tp_attention_decodes(const struct tp_attention *attention)
{
  return attention->query_len == 1 && !attention->backward;
}

int tp_attention_products(const struct tp_attention *attention)
{
  if (!attention->backward)
    return 2;
  return attention->style == TP_ATTENTION_MATERIALISED ? 4 : 5;
}

static double attention_flops(const struct tp_attention *a)
{
  const double heads = (double)a->batch * (double)a->heads;
  return 2 * tp_attention_products(a) * heads * (double)a->head_dim * attention_pairs(a);
}

static double latent_flops(const struct tp_latent *a)
{
  const int64_t key = (a->absorbed ? a->kv_rank : a->nope_dim) + a->rope_dim;
  const int64_t value = a->absorbed ? a->kv_rank : a->v_dim;
  const double pairs = tp_causal_pairs((double)a->query_len, (double)a->kv_len);
  return 2 * (double)a->batch * (double)a->heads * pairs * (double)(key + value);
}

/* On average over the ranks. */
static double experts_flops(const struct tp_experts *e)
{
  const double rows = (double)e->tokens * (double)e->top_k / (double)e->moe_ep;
  const double inner = (double)e->intermediate / (double)e->moe_tp;
  return 2 * (e->gated == TP_GATE_NO ? 2 : 3) * rows * (double)e->hidden * inner;
}

static double slices(const struct tp_gemm *g)
{
  return g->slices > 0 ? g->slices : 1;
}

double tp_op_flops(const struct tp_op *op)
{
  switch (op->kind) {
  case TP_OP_GEMM:
    return 2 * (double)op->gemm.m * (double)op->gemm.n * (double)op->gemm.k / slices(&op->gemm);
  case TP_OP_ATTENTION:
    return attention_flops(&op->attention);
  case TP_OP_LATENT:
    return latent_flops(&op->latent);
  case TP_OP_EXPERTS:
    return experts_flops(&op->experts);
  case TP_OP_MEMORY:
  case TP_OP_QUANTISE:
  case TP_OP_COLLECTIVE:
    return 0;
  }
  return 0;
}
