#ifndef TP_PROGRAM_OP_FIELDS_H
#define TP_PROGRAM_OP_FIELDS_H
/* The fields of an op's payload (the tables of op.h), for those who write ops or read them. */
#include "program/op.h"

#include <stddef.h>

enum tp_op_type {
  TP_OP_COUNT,
  TP_OP_LIMIT,
  TP_OP_NUMBER,
  TP_OP_AMOUNT,
  TP_OP_SKEW, /* a number with words of its own */
  TP_OP_INT,
  TP_OP_FLAG,
  TP_OP_GROUP,
  TP_OP_WIRE,
  TP_OP_WORD /* of a list */
};

enum tp_op_show { TP_SHOW_ALWAYS, TP_SHOW_SET, TP_SHOW_NEVER };

struct tp_op_field {
  enum tp_op_type type;
  const char *name;
  bool costs;
  const char *column; /* NULL: none */
  enum tp_op_show show;
  const char *text;
  size_t offset;            /* in struct tp_op */
  const char *const *words; /* of a WORD, NULL-terminated */
};

/* The fields of a kind in the order of its table; those of a collective's wire stand after its
 * own.  A literal. */
const struct tp_op_field *tp_op_fields(enum tp_op_kind kind, size_t *n);

/* The value of a field that is neither GROUP nor WIRE; both ways. */
double tp_op_field_number(const struct tp_op *op, const struct tp_op_field *field);
void tp_op_field_set(struct tp_op *op, const struct tp_op_field *field, double value);

/* Whether a row of the op has something to say in the field's column: not of a limit
 * that is not set, nor of SMs but those of a dispatch, nor of a function that is unnamed, nor of a
 * cache like its op, nor of a GEMM as tables have it, nor of an engine's first kernel. */
bool tp_op_field_is_said(const struct tp_op *op, const struct tp_op_field *field);

/* Its value in words or as a whole number; nothing of a flag, a group and a wire. */
enum { TP_OP_FIELD_CHARS = 32 };
void tp_op_field_text(const struct tp_op *op, const struct tp_op_field *field,
                      char value[TP_OP_FIELD_CHARS]);

/* Its payload as `show-program` writes it, into text[size]; cut where that is too short. */
void tp_op_text(const struct tp_op *op, char *text, size_t size);

/* What tables of single ops call it: "gemm", "attention_prefill", "attention_decode" (one new token
 * a sequence), "mla_prefill", "mla_decode" (absorbed), "moe", "memory", "all_reduce", ... */
const char *tp_op_row_name(const struct tp_op *op);

/* "NAME column=value ...", of every column that is said, for what must not depend on
 * the order of lists: numbers with nine digits. */
void tp_op_row_text(const struct tp_op *op, char *text, size_t size);
#endif
