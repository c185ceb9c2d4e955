#include "program/op_fields.h"

#include <stdio.h>
#include <string.h>

#define X(name, text) text,
static const char *const dtypes[] = {TP_DTYPES(X) NULL};
static const char *const outputs[] = {TP_GEMM_OUTPUTS(X) NULL};
static const char *const quantisings[] = {TP_QUANTISINGS(X) NULL};
static const char *const scales[] = {TP_SCALES(X) NULL};
static const char *const styles[] = {TP_ATTENTION_STYLES(X) NULL};
static const char *const cache_writes[] = {TP_CACHE_WRITES(X) NULL};
static const char *const experts_kernels[] = {TP_EXPERTS_KERNELS(X) NULL};
static const char *const gates[] = {TP_GATES(X) NULL};
static const char *const held_rows[] = {TP_HELD_ROWS(X) NULL};
static const char *const kv_dtypes[] = {TP_KV_DTYPES(X) NULL};
static const char *const functions[] = {TP_FUNCTIONS(X) NULL};
static const char *const kinds[] = {TP_COLLECTIVES(X) NULL};
static const char *const algorithms[] = {TP_ALGORITHMS(X) NULL};
static const char *const codes[] = {TP_WIRE_CODES(X) NULL};
static const char *const roles[] = {TP_DMA_ROLES(X) NULL};
static const char *const routings[] = {TP_ROUTINGS(X) NULL};
#undef X

#define COUNT          TP_OP_COUNT, NULL
#define LIMIT          TP_OP_LIMIT, NULL
#define NUMBER         TP_OP_NUMBER, NULL
#define AMOUNT         TP_OP_AMOUNT, NULL
#define SKEW           TP_OP_SKEW, NULL
#define INT            TP_OP_INT, NULL
#define FLAG           TP_OP_FLAG, NULL
#define GROUP          TP_OP_GROUP, NULL
#define WIRE           TP_OP_WIRE, NULL
#define DTYPE          TP_OP_WORD, dtypes
#define OUTPUT         TP_OP_WORD, outputs
#define QUANTISING     TP_OP_WORD, quantisings
#define SCALE          TP_OP_WORD, scales
#define STYLE          TP_OP_WORD, styles
#define CACHE_WRITE    TP_OP_WORD, cache_writes
#define KV_DTYPE       TP_OP_WORD, kv_dtypes
#define FUNCTION       TP_OP_WORD, functions
#define KIND           TP_OP_WORD, kinds
#define ALGORITHM      TP_OP_WORD, algorithms
#define ROLE           TP_OP_WORD, roles
#define ROUTING        TP_OP_WORD, routings
#define CODE           TP_OP_WORD, codes
#define COSTS          true
#define FREE           false
#define EXPERTS_KERNEL TP_OP_WORD, experts_kernels
#define GATE           TP_OP_WORD, gates
#define HELD_ROWS      TP_OP_WORD, held_rows

#define FIELD(type_, words_, name_, costs_, column_, show_, text_, offset_) \
  {.type = type_,                                                           \
   .words = words_,                                                         \
   .name = name_,                                                           \
   .costs = costs_,                                                         \
   .column = column_,                                                       \
   .show = TP_SHOW_##show_,                                                 \
   .text = text_,                                                           \
   .offset = offset_},
#define ROW(...)   FIELD(__VA_ARGS__)
#define AT(member) offsetof(struct tp_op, member)

#define X(type, name, cost, column, show, text) \
  ROW(type, #name, cost, column, show, text, AT(gemm) + offsetof(struct tp_gemm, name))
static const struct tp_op_field gemm_fields[] = {TP_GEMM_FIELDS(X)};
#undef X
#define X(type, name, cost, column, show, text) \
  ROW(type, #name, cost, column, show, text, AT(quantise) + offsetof(struct tp_quantise, name))
static const struct tp_op_field quantise_fields[] = {TP_QUANTISE_FIELDS(X)};
#undef X
#define X(type, name, cost, column, show, text) \
  ROW(type, #name, cost, column, show, text, AT(attention) + offsetof(struct tp_attention, name))
static const struct tp_op_field attention_fields[] = {TP_ATTENTION_FIELDS(X)};
#undef X
#define X(type, name, cost, column, show, text) \
  ROW(type, #name, cost, column, show, text, AT(latent) + offsetof(struct tp_latent, name))
static const struct tp_op_field latent_fields[] = {TP_LATENT_FIELDS(X)};
#undef X
#define X(type, name, cost, column, show, text) \
  ROW(type, #name, cost, column, show, text, AT(experts) + offsetof(struct tp_experts, name))
static const struct tp_op_field experts_fields[] = {TP_EXPERTS_FIELDS(X)};
#undef X
#define X(type, name, cost, column, show, text) \
  ROW(type, #name, cost, column, show, text, AT(memory) + offsetof(struct tp_memory, name))
static const struct tp_op_field memory_fields[] = {TP_MEMORY_FIELDS(X)};
#undef X
#define X(type, name, cost, column, show, text) \
  ROW(type, #name, cost, column, show, text, AT(collective) + offsetof(struct tp_collective, name))
#define WIRE_X(type, name, cost, column, show, text) \
  ROW(type, "wire." #name, cost, column, show, text, \
      AT(collective) + offsetof(struct tp_collective, wire) + offsetof(struct tp_wire, name))
static const struct tp_op_field collective_fields[] = {TP_COLLECTIVE_FIELDS(X)
                                                           TP_WIRE_FIELDS(WIRE_X)};
#undef X

#define TABLE(fields) (*n = sizeof(fields) / sizeof *(fields), fields)

const struct tp_op_field *tp_op_fields(enum tp_op_kind kind, size_t *n)
{
  switch (kind) {
  case TP_OP_GEMM:
    return TABLE(gemm_fields);
  case TP_OP_ATTENTION:
    return TABLE(attention_fields);
  case TP_OP_LATENT:
    return TABLE(latent_fields);
  case TP_OP_EXPERTS:
    return TABLE(experts_fields);
  case TP_OP_MEMORY:
    return TABLE(memory_fields);
  case TP_OP_QUANTISE:
    return TABLE(quantise_fields);
  case TP_OP_COLLECTIVE:
    return TABLE(collective_fields);
  }
  *n = 0;
  return NULL;
}

/* Enumerations are as wide as unsigned. */
double tp_op_field_number(const struct tp_op *op, const struct tp_op_field *field)
{
  const char *const at = (const char *)op + field->offset;
  union {
    int64_t count;
    double number;
    int integer;
    unsigned word;
    bool flag;
  } value;
  switch (field->type) {
  case TP_OP_COUNT:
  case TP_OP_LIMIT:
    memcpy(&value.count, at, sizeof value.count);
    return (double)value.count;
  case TP_OP_NUMBER:
  case TP_OP_AMOUNT:
  case TP_OP_SKEW:
    memcpy(&value.number, at, sizeof value.number);
    return value.number;
  case TP_OP_INT:
    memcpy(&value.integer, at, sizeof value.integer);
    return value.integer;
  case TP_OP_FLAG:
    memcpy(&value.flag, at, sizeof value.flag);
    return value.flag;
  case TP_OP_WORD:
    memcpy(&value.word, at, sizeof value.word);
    return value.word;
  case TP_OP_GROUP:
  case TP_OP_WIRE:
    break;
  }
  return 0;
}

void tp_op_field_set(struct tp_op *op, const struct tp_op_field *field, double value)
{
  char *const at = (char *)op + field->offset;
  const int64_t count = (int64_t)value;
  const int integer = (int)value;
  const bool flag = value > 0;
  switch (field->type) {
  case TP_OP_COUNT:
  case TP_OP_LIMIT:
    memcpy(at, &count, sizeof count);
    break;
  case TP_OP_NUMBER:
  case TP_OP_AMOUNT:
  case TP_OP_SKEW:
    memcpy(at, &value, sizeof value);
    break;
  case TP_OP_INT:
  case TP_OP_WORD:
    memcpy(at, &integer, sizeof integer);
    break;
  case TP_OP_FLAG:
    memcpy(at, &flag, sizeof flag);
    break;
  case TP_OP_GROUP:
  case TP_OP_WIRE:
    break;
  }
}

bool tp_op_field_is_said(const struct tp_op *op, const struct tp_op_field *field)
{
  const bool of_tokens = field->type == TP_OP_INT; /* SMs; else a program's, not a table's */
  if (field->column == NULL || (of_tokens && op->collective.tokens == 0))
    return false;
  const bool may_be_unset = of_tokens || field->type == TP_OP_LIMIT ||
                            field->type == TP_OP_NUMBER || field->words == functions ||
                            field->words == routings || field->words == kv_dtypes ||
                            field->words == quantisings || field->words == experts_kernels ||
                            field->words == gates || field->words == held_rows;
  return !may_be_unset || tp_op_field_number(op, field) > 0;
}

/* Appends to text[size] what fits. */
static size_t put(char *text, size_t size, size_t used, const char *before, const char *value)
{
  if (used < size)
    snprintf(text + used, size - used, "%s%s", before, value);
  return used + strlen(before) + strlen(value);
}

static void value_text(const struct tp_op *op, const struct tp_op_field *field,
                       const char *number_format, char value[TP_OP_FIELD_CHARS])
{
  const double number = tp_op_field_number(op, field);
  value[0] = '\0';
  if (field->type == TP_OP_WORD)
    snprintf(value, TP_OP_FIELD_CHARS, "%s", field->words[(int)number]);
  else if (field->type == TP_OP_SKEW)
    snprintf(value, TP_OP_FIELD_CHARS,
             number > 0   ? "power_law_%g"
             : number < 0 ? "random"
                          : "balanced",
             number);
  else if (field->type != TP_OP_FLAG)
    snprintf(value, TP_OP_FIELD_CHARS, number_format, number);
}

void tp_op_field_text(const struct tp_op *op, const struct tp_op_field *field,
                      char value[TP_OP_FIELD_CHARS])
{
  if (field->type == TP_OP_GROUP || field->type == TP_OP_WIRE)
    value[0] = '\0';
  else
    value_text(op, field, "%.15g", value);
}

void tp_op_text(const struct tp_op *op, char *text, size_t size)
{
  size_t n, used = 0;
  const struct tp_op_field *const fields = tp_op_fields(op->kind, &n);
  for (size_t i = 0; i < n; i++) {
    char value[TP_OP_FIELD_CHARS];
    if (fields[i].show == TP_SHOW_NEVER ||
        (fields[i].show == TP_SHOW_SET && tp_op_field_number(op, &fields[i]) <= 0))
      continue;
    value_text(op, &fields[i], "%.0f", value);
    used = put(text, size, used, fields[i].text, value);
  }
}

const char *tp_op_row_name(const struct tp_op *op)
{
  switch (op->kind) {
  case TP_OP_ATTENTION:
    return tp_attention_decodes(&op->attention) ? "attention_decode" : "attention_prefill";
  case TP_OP_LATENT:
    return op->latent.absorbed ? "mla_decode" : "mla_prefill";
  case TP_OP_EXPERTS:
    return "moe";
  case TP_OP_COLLECTIVE:
    return op->collective.norm > 0 ? "all_reduce_norm" : tp_collective_text(op->collective.kind);
  case TP_OP_GEMM:
  case TP_OP_MEMORY:
  case TP_OP_QUANTISE:
    break;
  }
  return tp_op_kind_text(op->kind);
}

void tp_op_row_text(const struct tp_op *op, char *text, size_t size)
{
  size_t n, used = put(text, size, 0, "", tp_op_row_name(op));
  const struct tp_op_field *const fields = tp_op_fields(op->kind, &n);
  for (size_t i = 0; i < n; i++) {
    char value[TP_OP_FIELD_CHARS];
    if (!tp_op_field_is_said(op, &fields[i]))
      continue;
    value_text(op, &fields[i], "%.9g", value);
    used = put(text, size, used, " ", fields[i].column);
    used = put(text, size, used, "=", value);
  }
}
