/* Sweep files: a YAML mapping of input columns to a value or a list of values. */
#include "base/text.h"
#include "sweep/grid.h"

#include <string.h>
#include <yaml.h>

struct sheet {
  const char *file;
  struct tp_arena *arena;
  struct tp_error *error;
  yaml_parser_t parser;
  struct tp_grid *grid;
  bool given[TP_N_AXES]; /* by the command line, before the file */
  bool seen[TP_N_AXES];
};

static enum tp_status next_event(struct sheet *sheet, yaml_event_t *event)
{
  if (yaml_parser_parse(&sheet->parser, event))
    return TP_OK;
  return tp_fail(sheet->error, TP_E_INPUT, "%s:%zu: not YAML: %s; mend the line", sheet->file,
                 sheet->parser.problem_mark.line + 1,
                 sheet->parser.problem != NULL ? sheet->parser.problem : "cannot be read");
}

static enum tp_status fail(struct sheet *sheet, const yaml_event_t *event, const char *text)
{
  return tp_fail(sheet->error, TP_E_INPUT, "%s:%zu: %s", sheet->file, event->start_mark.line + 1,
                 text);
}

/* Steps over one event, which must be of the type. */
static enum tp_status expect(struct sheet *sheet, yaml_event_type_t type, const char *otherwise)
{
  yaml_event_t event;
  enum tp_status status = next_event(sheet, &event);
  if (status != TP_OK)
    return status;
  if (event.type != type)
    status = fail(sheet, &event, otherwise);
  yaml_event_delete(&event);
  return status;
}

struct values {
  const char **words;
  double *numbers;
  size_t n;
};

/* A name in quotes is whole: the path of a file may hold commas. */
static bool is_whole(const yaml_event_t *event, const struct tp_column *column)
{
  return column->is_text && event->data.scalar.length > 0 &&
         event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
}

/* A scalar may itself be a list or a range, as on the command line: 1:64:x2. */
static enum tp_status add_scalar(struct sheet *sheet, const yaml_event_t *event,
                                 const struct tp_column *column, struct values *values)
{
  const char *const text = tp_arena_strdup(sheet->arena, (const char *)event->data.scalar.value);
  if (is_whole(event, column)) {
    TP_APPEND(sheet->arena, values->words, values->n, text);
    return TP_OK;
  }
  struct tp_error reason;
  const char **words;
  double *numbers;
  size_t n = 0;
  const enum tp_status status =
      column->is_text ? tp_text_words(column->name, text, sheet->arena, &words, &n, &reason)
                      : tp_text_numbers(column->name, text, sheet->arena, &numbers, &n, &reason);
  if (status != TP_OK)
    return fail(sheet, event, reason.text);
  for (size_t i = 0; i < n; i++)
    if (column->is_text)
      TP_APPEND(sheet->arena, values->words, values->n, words[i]);
    else
      TP_APPEND(sheet->arena, values->numbers, values->n, numbers[i]);
  return TP_OK;
}

static enum tp_status read_values(struct sheet *sheet, const struct tp_column *column,
                                  struct values *values)
{
  yaml_event_t event;
  bool in_list = false;
  do {
    enum tp_status status = next_event(sheet, &event);
    if (status != TP_OK)
      return status;
    if (event.type == YAML_SCALAR_EVENT)
      status = add_scalar(sheet, &event, column, values);
    else if (event.type == YAML_SEQUENCE_START_EVENT && !in_list)
      in_list = true;
    else if (event.type == YAML_SEQUENCE_END_EVENT && in_list)
      in_list = false;
    else
      status = fail(sheet, &event, "a value must be a word, a number or a flat list of them");
    if (status == TP_OK && !in_list && values->n == 0)
      status = fail(sheet, &event, "an empty list; give values or leave the key out");
    yaml_event_delete(&event);
    if (status != TP_OK)
      return status;
  } while (in_list);
  return TP_OK;
}

static enum tp_status check_once(struct sheet *sheet, const yaml_event_t *key,
                                 const struct tp_column *column, const struct values *values)
{
  struct tp_error reason;
  const enum tp_status status =
      column->is_text
          ? tp_text_check_words(column->name, values->words, values->n, sheet->arena, &reason)
          : tp_text_check_numbers(column->name, values->numbers, values->n, sheet->arena, &reason);
  return status == TP_OK ? TP_OK : fail(sheet, key, reason.text);
}

static enum tp_status find_axis(struct sheet *sheet, const yaml_event_t *event, size_t *axis)
{
  if (event->type != YAML_SCALAR_EVENT)
    return fail(sheet, event, "a key must be a plain word such as tp");
  const char *const key = (const char *)event->data.scalar.value;
  const char *names[TP_N_AXES];
  for (size_t i = 0; i < TP_N_AXES; i++) {
    names[i] = tp_axis_column((enum tp_axis_name)i)->name;
    if (strcmp(key, names[i]) != 0)
      continue;
    *axis = i;
    if (sheet->seen[i])
      return fail(sheet, event,
                  tp_arena_printf(sheet->arena, "key '%s' stands twice; remove one", key));
    sheet->seen[i] = true;
    return TP_OK;
  }
  return fail(sheet, event,
              tp_arena_printf(sheet->arena, "unknown key '%.64s'%s", key,
                              tp_text_hint(sheet->arena, key, names, TP_N_AXES)));
}

static enum tp_status read_pair(struct sheet *sheet, const yaml_event_t *key)
{
  size_t axis = 0;
  TP_TRY(find_axis(sheet, key, &axis));
  struct values values = {.n = 0};
  const struct tp_column *const column = tp_axis_column((enum tp_axis_name)axis);
  TP_TRY(read_values(sheet, column, &values));
  TP_TRY(check_once(sheet, key, column, &values));
  if (!sheet->given[axis])
    sheet->grid->axes[axis] = (struct tp_axis){values.words, values.numbers, values.n};
  return TP_OK;
}

static enum tp_status read_mapping(struct sheet *sheet)
{
  static const char *const shape = "a sweep file is one mapping, such as `tp: [1, 2, 4, 8]`";
  enum tp_status status = expect(sheet, YAML_STREAM_START_EVENT, shape);
  if (status == TP_OK)
    status = expect(sheet, YAML_DOCUMENT_START_EVENT, shape);
  if (status == TP_OK)
    status = expect(sheet, YAML_MAPPING_START_EVENT, shape);
  for (bool more = true; more && status == TP_OK;) {
    yaml_event_t event;
    status = next_event(sheet, &event);
    if (status != TP_OK)
      return status;
    more = event.type != YAML_MAPPING_END_EVENT;
    if (more)
      status = read_pair(sheet, &event);
    yaml_event_delete(&event);
  }
  if (status == TP_OK)
    status = expect(sheet, YAML_DOCUMENT_END_EVENT, shape);
  return status == TP_OK ? expect(sheet, YAML_STREAM_END_EVENT, shape) : status;
}

enum tp_status tp_grid_read_yaml(struct tp_grid *grid, const char *file, const char *text,
                                 struct tp_arena *arena, struct tp_error *error)
{
  struct sheet sheet = {.file = file, .arena = arena, .error = error, .grid = grid};
  for (int i = 0; i < TP_N_AXES; i++)
    sheet.given[i] = grid->axes[i].n > 0;
  if (!yaml_parser_initialize(&sheet.parser))
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  yaml_parser_set_input_string(&sheet.parser, (const unsigned char *)text, strlen(text));
  const enum tp_status status = read_mapping(&sheet);
  yaml_parser_delete(&sheet.parser);
  return status;
}
