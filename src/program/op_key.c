#include "program/op_key.h"

#include <assert.h>
#include <string.h>

static uint64_t double_bits(double value)
{
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* Flags and words share the first word, five bits each: the lists are shorter than 32. */
enum { SMALL_BITS = 5 };

#define SMALL(value)  (words[0] = words[0] << SMALL_BITS | (uint64_t)(value))
#define COUNT(value)  (words[n++] = (uint64_t)(value))
#define LIMIT(value)  COUNT(value)
#define NUMBER(value) (words[n++] = double_bits(value))
#define AMOUNT(value) NUMBER(value)
#define SKEW(value)   NUMBER(value)
#define INT(value)    (words[n++] = (uint64_t)(unsigned)(value))
#define GROUP(value) \
  (words[n++] = (uint64_t)(unsigned)(value).size << 32 | (uint64_t)(unsigned)(value).stride)
#define WIRE(value)           ((void)(value)) /* its fields have a table of their own */
#define FLAG(value)           SMALL(value)
#define DTYPE(value)          SMALL(value)
#define OUTPUT(value)         SMALL(value)
#define QUANTISING(value)     SMALL(value)
#define SCALE(value)          SMALL(value)
#define STYLE(value)          SMALL(value)
#define CACHE_WRITE(value)    SMALL(value)
#define KV_DTYPE(value)       SMALL(value)
#define FUNCTION(value)       SMALL(value)
#define KIND(value)           SMALL(value)
#define ALGORITHM(value)      SMALL(value)
#define ROLE(value)           SMALL(value)
#define ROUTING(value)        SMALL(value)
#define CODE(value)           SMALL(value)
#define EXPERTS_KERNEL(value) SMALL(value)
#define GATE(value)           SMALL(value)
#define HELD_ROWS(value)      SMALL(value)

#define IF_COSTS(type, value) type(value)
#define IF_FREE(type, value)  ((void)0)

int tp_op_key(const struct tp_op *op, uint64_t *words)
{
  int n = 1;
  words[0] = (uint64_t)op->kind;
#define X(type, name, cost, column, show, text) IF_##cost(type, payload->name);
  switch (op->kind) {
  case TP_OP_GEMM: {
    const struct tp_gemm *payload = &op->gemm;
    TP_GEMM_FIELDS(X)
    break;
  }
  case TP_OP_ATTENTION: {
    const struct tp_attention *payload = &op->attention;
    TP_ATTENTION_FIELDS(X)
    break;
  }
  case TP_OP_LATENT: {
    const struct tp_latent *payload = &op->latent;
    TP_LATENT_FIELDS(X)
    break;
  }
  case TP_OP_EXPERTS: {
    const struct tp_experts *payload = &op->experts;
    TP_EXPERTS_FIELDS(X)
    break;
  }
  case TP_OP_MEMORY: {
    const struct tp_memory *payload = &op->memory;
    TP_MEMORY_FIELDS(X)
    break;
  }
  case TP_OP_QUANTISE: {
    const struct tp_quantise *payload = &op->quantise;
    TP_QUANTISE_FIELDS(X)
    break;
  }
  case TP_OP_COLLECTIVE: {
    const struct tp_collective *collective = &op->collective;
    {
      const struct tp_collective *payload = collective;
      TP_COLLECTIVE_FIELDS(X)
    }
    const struct tp_wire *payload = &collective->wire;
    TP_WIRE_FIELDS(X)
    break;
  }
  }
#undef X
  assert(n <= TP_OP_KEY_WORDS);
  return n;
}
