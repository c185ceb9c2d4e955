#include "fit/device_text.h"

#include "fit/kernel_parameters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct edit {
  size_t begin, end; /* bytes of the old text */
  const char *text;
};

struct editor {
  const struct tp_doc *doc;
  const struct tp_device *device; /* as fitted */
  struct tp_arena *arena;
  struct edit *edits;
  size_t n_edits;
};

static const char *quoted(struct tp_arena *arena, const char *text)
{
  json_t *const string = tp_json_text(text);
  char *const dumped = json_dumps(string, JSON_ENCODE_ANY);
  const char *const copy = tp_arena_strdup(arena, dumped);
  free(dumped);
  json_decref(string);
  return copy;
}

static double value_of(const struct tp_device *device, const struct tp_kernel_parameter *parameter)
{
  return *(const double *)(const void *)((const char *)device + parameter->offset);
}

static void replace(struct editor *editor, const char *group, const char *key, const char *text)
{
  struct edit *edit = &editor->edits[editor->n_edits];
  const char *const path = tp_arena_printf(editor->arena, "%s.%s", group, key);
  edit->text = text;
  editor->n_edits += tp_doc_span(editor->doc, path, &edit->begin, &edit->end);
}

/* The group's note, or a new one behind its source. */
static void put_note(struct editor *editor, const char *group, const char *note)
{
  size_t begin, end;
  const char *const text = quoted(editor->arena, note);
  if (tp_doc_span(editor->doc, tp_arena_printf(editor->arena, "%s.note", group), &begin, &end)) {
    replace(editor, group, "note", text);
    return;
  }
  tp_doc_span(editor->doc, tp_arena_printf(editor->arena, "%s.source", group), &begin, &end);
  editor->edits[editor->n_edits++] =
      (struct edit){end, end, tp_arena_printf(editor->arena, ",\n    \"note\": %s", text)};
}

static bool is_fitted(const struct tp_calibrated *group, const char *key)
{
  for (size_t i = 0; i < group->n_parameters; i++)
    if (strcmp(group->parameters[i].key, key) == 0)
      return !isnan(group->parameters[i].error);
  return strncmp(key, "spread_", 7) == 0; /* of all and of regions */
}

/* "mean error 6.1 % over 9567 rows, 6.0 % over 4716 held out; not fitted: tile_rows" */
static const char *note_of(const struct editor *editor, const struct tp_calibrated *group)
{
  struct tp_arena *arena = editor->arena;
  const char *note = tp_arena_printf(arena, "mean error %.1f %% over %zu rows",
                                     100 * group->fitted_error, group->n_fitted);
  if (group->n_held_out > 0)
    note = tp_arena_printf(arena, "%s, %.1f %% over %zu held out", note,
                           100 * group->held_out_error, group->n_held_out);
  const char *gap = "; not fitted: ", *key;
  json_t *value;
  json_object_foreach (tp_doc_at(editor->doc, group->group), key, value) {
    if (!json_is_number(value) || is_fitted(group, key))
      continue;
    note = tp_arena_printf(arena, "%s%s%s", note, gap, key);
    gap = ", ";
  }
  return note;
}

/* Those of regions stand behind the spread of all. */
static void put_spreads(struct editor *editor, const struct tp_calibrated *group)
{
  struct tp_arena *arena = editor->arena;
  const struct tp_kernel_group *const table = tp_kernel_group_find(group->group);
  const char *more = "";
  size_t begin, end;
  for (size_t i = 0; i < TP_N_REGIONS; i++) {
    const char *const key = tp_kernel_region_keys[i];
    const struct tp_kernel_parameter *const parameter =
        table != NULL ? tp_kernel_parameter_find(table, key) : NULL;
    if (parameter == NULL)
      continue;
    const double value = value_of(editor->device, parameter);
    if (tp_doc_span(editor->doc, tp_arena_printf(arena, "%s.%s", group->group, key), &begin, &end))
      replace(editor, group->group, key, tp_arena_printf(arena, "%.4g", value));
    else if (value > 0)
      more = tp_arena_printf(arena, "%s,\n    \"%s\": %.4g", more, key, value);
  }
  replace(editor, group->group, "spread_ratio",
          tp_arena_printf(arena, "%.4g%s", group->spread_ratio, more));
}

/* A group that the text has not yet goes behind its last one: every key, as the device has it. */
static void append_group(struct editor *editor, const struct tp_calibrated *group)
{
  struct tp_arena *arena = editor->arena;
  const struct tp_kernel_group *const table = tp_kernel_group_find(group->group);
  const char *text = tp_arena_printf(
      arena, ",\n  %s: {\n    \"kind\": \"fitted\",\n    \"source\": %s,\n    \"note\": %s",
      quoted(arena, group->group), quoted(arena, group->source),
      quoted(arena, note_of(editor, group)));
  for (size_t i = 0; i < table->n_table; i++) {
    const struct tp_kernel_parameter *const parameter = &table->table[i];
    const double value = value_of(editor->device, parameter);
    text = tp_arena_printf(arena, "%s,\n    \"%s\": %.*g", text, parameter->key,
                           is_fitted(group, parameter->key) ? 4 : 9, value);
  }
  const char *const end = strrchr(editor->doc->text, '}');
  size_t at = (size_t)(end - editor->doc->text);
  while (at > 0 && strchr(" \n\r\t", editor->doc->text[at - 1]) != NULL)
    at--;
  editor->edits[editor->n_edits++] = (struct edit){at, at, tp_arena_printf(arena, "%s\n  }", text)};
}

static void put_group(struct editor *editor, const struct tp_calibrated *group)
{
  size_t begin, end;
  if (group->n_parameters == 0)
    return;
  if (!tp_doc_span(editor->doc, group->group, &begin, &end)) {
    append_group(editor, group);
    return;
  }
  replace(editor, group->group, "kind", "\"fitted\"");
  replace(editor, group->group, "source", quoted(editor->arena, group->source));
  put_note(editor, group->group, note_of(editor, group));
  for (size_t i = 0; i < group->n_parameters; i++) {
    const struct tp_calibrated_parameter *parameter = &group->parameters[i];
    if (!isnan(parameter->error))
      replace(editor, group->group, parameter->key,
              tp_arena_printf(editor->arena, "%.4g", parameter->after));
  }
  put_spreads(editor, group);
}

static int by_place(const void *a, const void *b)
{
  const struct edit *left = a, *right = b;
  return (left->begin > right->begin) - (left->begin < right->begin);
}

static const char *apply(const struct editor *editor)
{
  const char *const old = editor->doc->text;
  size_t length = strlen(old), from = 0;
  for (size_t i = 0; i < editor->n_edits; i++)
    length += strlen(editor->edits[i].text);
  char *const text = TP_NEW(editor->arena, char, length + 1);
  char *at = text;
  for (size_t i = 0; i < editor->n_edits; i++) {
    const struct edit *edit = &editor->edits[i];
    memcpy(at, old + from, edit->begin - from);
    at += edit->begin - from;
    memcpy(at, edit->text, strlen(edit->text));
    at += strlen(edit->text);
    from = edit->end;
  }
  memcpy(at, old + from, strlen(old + from));
  return text;
}

/* What the file leaves to another device is in the old document already. */
static enum tp_status check(const struct tp_doc *old, const char *text, struct tp_arena *arena,
                            struct tp_error *error)
{
  struct tp_doc doc;
  struct tp_device device;
  enum tp_status status = tp_doc_parse(old->path, text, arena, &doc, error);
  if (status != TP_OK)
    return status;
  json_object_update_missing(doc.root, old->root);
  status = tp_device_read(&doc, arena, &device, error);
  tp_doc_close(&doc);
  return status;
}

enum tp_status tp_device_text(const struct tp_doc *doc, const struct tp_device *device,
                              const struct tp_calibrated *groups, size_t n_groups,
                              struct tp_arena *arena, const char **text, struct tp_error *error)
{
  size_t n_edits = 0;
  for (size_t i = 0; i < n_groups; i++)
    n_edits += groups[i].n_parameters + 8; /* and kind, source, note, spreads */
  struct editor editor = {.doc = doc,
                          .device = device,
                          .arena = arena,
                          .edits = TP_NEW(arena, struct edit, n_edits + 1)};
  for (size_t i = 0; i < n_groups; i++)
    put_group(&editor, &groups[i]);
  qsort(editor.edits, editor.n_edits, sizeof *editor.edits, by_place);
  *text = apply(&editor);
  return check(doc, *text, arena, error);
}
