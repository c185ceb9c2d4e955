#include "cli/program_rows.h"

#include "program/op_fields.h"

#include <string.h>

enum { TEXT_CHARS = 160, MOST_COLUMNS = 64 };

/* Before the columns of single ops, and behind them. */
static const struct {
  const char *name;
  bool is_text;
} before[] = {{"program", true}, {"segment", true}, {"repeat", false},
              {"stream", true},  {"name", true},    {"op", true}},
  after[] = {{"ranks", false},  {"flops", false}, {"detail", true}, {"waits", true},
             {"records", true}, {"reads", true},  {"writes", true}};
enum { N_BEFORE = sizeof before / sizeof before[0], N_AFTER = sizeof after / sizeof after[0] };

static const enum tp_op_kind kinds[] = {
#define X(name, text) name,
    TP_OP_KINDS(X)
#undef X
};

static size_t find(const char *const *names, size_t n, const char *name)
{
  size_t i = 0;
  while (i < n && strcmp(names[i], name) != 0)
    i++;
  return i;
}

/* Kinds share columns: m of GEMMs is m of what is quantised. */
struct tp_table tp_program_rows_begin(struct tp_arena *arena)
{
  const char **const headers = TP_NEW(arena, const char *, MOST_COLUMNS);
  bool *const is_text = TP_NEW(arena, bool, MOST_COLUMNS);
  size_t n = 0;
  for (; n < N_BEFORE; n++) {
    headers[n] = before[n].name;
    is_text[n] = before[n].is_text;
  }
  for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
    size_t n_fields;
    const struct tp_op_field *const fields = tp_op_fields(kinds[k], &n_fields);
    for (size_t i = 0; i < n_fields; i++)
      if (fields[i].column != NULL && find(headers, n, fields[i].column) == n &&
          n < MOST_COLUMNS - N_AFTER) {
        headers[n] = fields[i].column;
        is_text[n++] = fields[i].type == TP_OP_WORD || fields[i].type == TP_OP_SKEW;
      }
  }
  for (size_t i = 0; i < N_AFTER; i++, n++) {
    headers[n] = after[i].name;
    is_text[n] = after[i].is_text;
  }
  return (struct tp_table){.arena = arena, .n_columns = n, .headers = headers, .is_text = is_text};
}

static const char *tensors_text(const struct tp_program *program, const int *tensors, int n,
                                struct tp_arena *arena)
{
  const char *text = "";
  for (int i = 0; i < n; i++)
    text = tp_arena_printf(arena, "%s%s%s", text, i == 0 ? "" : " ",
                           program->tensors[tensors[i]].name);
  return text;
}

static const char *waits_text(const struct tp_program *program, const struct tp_op *op,
                              struct tp_arena *arena)
{
  const char *text = "";
  for (int i = 0; i < op->n_waits; i++)
    text = tp_arena_printf(arena, "%s%s%s", text, i == 0 ? "" : " ",
                           program->event_names[op->waits[i]]);
  return text;
}

static const char *ranks_text(const struct tp_program *program, const struct tp_op *op,
                              struct tp_arena *arena)
{
  if (op->kind != TP_OP_COLLECTIVE)
    return "";
  const int size = op->collective.group.size;
  return tp_arena_printf(arena, "%d", size > 0 ? size : tp_mesh_stage_ranks(&program->mesh));
}

static void add_op(struct tp_table *table, const struct tp_program *program,
                   const struct tp_segment *segment, const struct tp_op *op)
{
  struct tp_arena *const arena = table->arena;
  const char *cells[MOST_COLUMNS];
  char detail[TEXT_CHARS];
  size_t n, at = 0;
  for (size_t c = 0; c < table->n_columns; c++)
    cells[c] = "";
  cells[at++] = program->title;
  cells[at++] = segment->name;
  cells[at++] = tp_arena_printf(arena, "%lld", (long long)segment->repeat);
  cells[at++] = program->stream_names[op->stream];
  cells[at++] = op->name;
  cells[at++] = tp_op_row_name(op);
  const struct tp_op_field *const fields = tp_op_fields(op->kind, &n);
  for (size_t i = 0; i < n; i++)
    if (tp_op_field_is_said(op, &fields[i])) {
      char value[TP_OP_FIELD_CHARS];
      tp_op_field_text(op, &fields[i], value);
      cells[find(table->headers, table->n_columns, fields[i].column)] =
          tp_arena_strdup(arena, value);
    }
  tp_op_text(op, detail, sizeof detail);
  at = table->n_columns - N_AFTER;
  cells[at++] = ranks_text(program, op, arena);
  cells[at++] = tp_arena_printf(arena, "%.15g", tp_op_flops(op));
  cells[at++] = detail;
  cells[at++] = waits_text(program, op, arena);
  cells[at++] = op->records == TP_NO_EVENT ? "" : program->event_names[op->records];
  cells[at++] = tensors_text(program, op->in, op->n_in, arena);
  cells[at++] = tensors_text(program, op->out, op->n_out, arena);
  for (size_t c = 0; c < table->n_columns; c++)
    tp_table_add(table, cells[c]);
}

void tp_program_rows_add(struct tp_table *table, const struct tp_program *program)
{
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++)
      add_op(table, program, &program->segments[s], &program->segments[s].ops[i]);
}
