#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "cli/report_page.h"

#include <string.h>

struct page {
  const struct tp_datadir *dirs;
  struct tp_arena *arena;
  FILE *out;
};

static void put_cell(const struct page *page, const char *text)
{
  fputs("<td>", page->out);
  tp_report_put_text(text == NULL ? "" : text, page->arena, page->out);
  fputs("</td>", page->out);
}

/* The text of a file that the sidecar names, as it is now; NULL: it is not there. */
static const char *text_of(const struct page *page, const char *file)
{
  const char *text;
  for (size_t i = 0; i < page->dirs->n_roots; i++)
    if (tp_file_read(tp_arena_printf(page->arena, "%s/%s", page->dirs->roots[i], file), page->arena,
                     &text, NULL) == TP_OK)
      return text;
  return tp_file_read(file, page->arena, &text, NULL) == TP_OK ? text : NULL;
}

static const char *state_of(const struct page *page, const char *file, const char *hash)
{
  const char *const text = text_of(page, file);
  char now[TP_HASH_CHARS];
  if (text == NULL)
    return "not found now";
  tp_hash_text(text, now);
  return hash != NULL && strcmp(now, hash) == 0 ? "as it was" : "has changed since";
}

static void put_inputs(const struct page *page, json_t *inputs)
{
  size_t i;
  json_t *input;
  fputs("<table><thead><tr><th>file</th><th>FNV-1a, 64 bits</th><th>now</th></tr></thead><tbody>\n",
        page->out);
  json_array_foreach (inputs, i, input) {
    const char *const file = json_string_value(json_object_get(input, "file"));
    const char *const hash = json_string_value(json_object_get(input, "fnv1a64"));
    fputs("<tr>", page->out);
    put_cell(page, file);
    put_cell(page, hash);
    put_cell(page, file == NULL ? "" : state_of(page, file, hash));
    fputs("</tr>\n", page->out);
  }
  fputs("</tbody></table>\n", page->out);
}

/* The parts of a device or stack that say where their figures come from. */
static void put_parts(const struct page *page, const char *file, json_t *root)
{
  const char *part;
  json_t *value;
  json_object_foreach (root, part, value) {
    if (json_object_get(value, "source") == NULL)
      continue;
    fputs("<tr>", page->out);
    put_cell(page, file);
    put_cell(page, part);
    put_cell(page, json_string_value(json_object_get(value, "kind")));
    put_cell(page, json_string_value(json_object_get(value, "source")));
    put_cell(page, json_string_value(json_object_get(value, "note")));
    fputs("</tr>\n", page->out);
  }
}

static void put_measurements(const struct page *page, json_t *inputs)
{
  size_t i;
  json_t *input;
  fputs("<h2>Held against measurements</h2>\n<p>Fitted parts were held against what their source "
        "measured, assumed ones against nothing.</p>\n<table><thead><tr><th>file</th><th>part</th>"
        "<th>is</th><th>source</th><th>how well</th></tr></thead><tbody>\n",
        page->out);
  json_array_foreach (inputs, i, input) {
    const char *const file = json_string_value(json_object_get(input, "file"));
    const char *const text = file == NULL ? NULL : text_of(page, file);
    struct tp_doc doc;
    if (text != NULL && tp_doc_parse(file, text, page->arena, &doc, NULL) == TP_OK) {
      put_parts(page, file, doc.root);
      tp_doc_close(&doc);
    }
  }
  fputs("</tbody></table>\n", page->out);
}

void tp_report_put_origin(const char *sidecar, const struct tp_datadir *dirs,
                          struct tp_arena *arena, FILE *out)
{
  const struct page page = {dirs, arena, out};
  struct tp_doc doc;
  fputs("<h2>Inputs</h2>\n", out);
  if (tp_doc_open(sidecar, arena, &doc, NULL) != TP_OK) {
    fputs("<p>Nothing says what made these rows: there is no ", out);
    tp_report_put_text(sidecar, arena, out);
    fputs(", which <code>tpsim sweep -o</code> writes.</p>\n", out);
    return;
  }
  size_t i;
  json_t *word;
  fputs("<p>Made by version ", out);
  tp_report_put_text(json_string_value(json_object_get(doc.root, "tpsim")) == NULL
                         ? "?"
                         : json_string_value(json_object_get(doc.root, "tpsim")),
                     arena, out);
  fputs(" with <code>", out);
  json_array_foreach (json_object_get(doc.root, "command"), i, word) {
    fputs(i > 0 ? " " : "", out);
    tp_report_put_text(json_is_string(word) ? json_string_value(word) : "", arena, out);
  }
  fputs("</code></p>\n", out);
  json_t *const inputs = json_object_get(doc.root, "inputs");
  put_inputs(&page, inputs);
  put_measurements(&page, inputs);
  tp_doc_close(&doc);
}
