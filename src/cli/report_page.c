#include "cli/report_page.h"

#include "base/text.h"
#include "plot/text.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

/* Sorting is stable, numbers by value, empty cells last; a second click turns it round. */
static const char script[] =
    "<script>\n"
    "function sort(table, column, down) {\n"
    "  const rows = [...table.tBodies[0].rows];\n"
    "  const of = r => r.cells[column].textContent;\n"
    "  const both = (a, b) => a === '' || b === '' ? (a === '') - (b === '') :\n"
    "    (isNaN(a) || isNaN(b) ? (a < b ? -1 : a > b ? 1 : 0) : a - b) * (down ? -1 : 1);\n"
    "  rows.sort((a, b) => both(of(a), of(b)));\n"
    "  table.tBodies[0].append(...rows);\n"
    "  for (const h of table.tHead.rows[0].cells) h.removeAttribute('aria-sort');\n"
    "  table.tHead.rows[0].cells[column].setAttribute('aria-sort',\n"
    "    down ? 'descending' : 'ascending');\n"
    "}\n"
    "for (const table of document.querySelectorAll('table.rows'))\n"
    "  [...table.tHead.rows[0].cells].forEach((h, i) => {\n"
    "    h.onclick = () => sort(table, i, h.getAttribute('aria-sort') === 'ascending');\n"
    "    if (location.hash === '#sort=' + h.textContent) sort(table, i, false);\n"
    "  });\n"
    "</script>\n";

static const char style[] =
    "<style>\n"
    "body { font: 15px/1.45 sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em; }\n"
    ".wide { overflow-x: auto; max-height: 40em; }\n"
    "table { border-collapse: collapse; font-size: 13px; }\n"
    "th, td { padding: .15em .6em; text-align: left; border-bottom: 1px solid #ddd; }\n"
    ".rows td { white-space: nowrap; }\n"
    "td.number { text-align: right; font-variant-numeric: tabular-nums; }\n"
    ".rows th { cursor: pointer; position: sticky; top: 0; background: #eee; }\n"
    "th[aria-sort=ascending]::after { content: ' \\25b2'; }\n"
    "th[aria-sort=descending]::after { content: ' \\25bc'; }\n"
    "figure { display: inline-block; margin: 0 2em 2em 0; vertical-align: top; }\n"
    "figure svg { width: 30em; height: auto; }\n"
    "code { background: #f4f4f4; overflow-wrap: anywhere; }\n"
    "</style>\n";

void tp_report_put_text(const char *text, struct tp_arena *arena, FILE *out)
{
  const struct tp_plot_text clean = tp_plot_cut(text, INT_MAX, arena);
  for (const char *c = clean.lines[0]; *c != '\0'; c++)
    if (*c == '<')
      fputs("&lt;", out);
    else if (*c == '>')
      fputs("&gt;", out);
    else if (*c == '&')
      fputs("&amp;", out);
    else
      putc(*c, out);
}

void tp_report_put_begin(const char *title, struct tp_arena *arena, FILE *out)
{
  fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n<title>",
        out);
  tp_report_put_text(title, arena, out);
  fprintf(out, "</title>\n%s</head><body>\n<h1>", style);
  tp_report_put_text(title, arena, out);
  fputs("</h1>\n", out);
}

void tp_report_put_end(FILE *out)
{
  fprintf(out, "%s</body></html>\n", script);
}

static bool is_number(const struct tp_csv *csv, size_t column)
{
  bool any = false;
  for (size_t row = 0; row < csv->n_rows; row++) {
    const char *const cell = tp_csv_cell(csv, row, (int)column);
    double value;
    if (cell[0] != '\0' && !tp_text_number(cell, &value))
      return false;
    any = any || cell[0] != '\0';
  }
  return any;
}

void tp_report_put_table(const struct tp_csv *csv, struct tp_arena *arena, FILE *out)
{
  bool *const numbers = TP_NEW(arena, bool, csv->n_columns);
  fprintf(out, "<h2>Rows</h2>\n<p>%zu rows; a click on a column sorts by it.</p>\n", csv->n_rows);
  fputs("<div class=\"wide\"><table class=\"rows\"><thead><tr>", out);
  for (size_t c = 0; c < csv->n_columns; c++) {
    numbers[c] = is_number(csv, c);
    fputs("<th>", out);
    tp_report_put_text(csv->columns[c], arena, out);
    fputs("</th>", out);
  }
  fputs("</tr></thead>\n<tbody>\n", out);
  for (size_t row = 0; row < csv->n_rows; row++) {
    fputs("<tr>", out);
    for (size_t c = 0; c < csv->n_columns; c++) {
      fputs(numbers[c] ? "<td class=\"number\">" : "<td>", out);
      tp_report_put_text(tp_csv_cell(csv, row, (int)c), arena, out);
      fputs("</td>", out);
    }
    fputs("</tr>\n", out);
  }
  fputs("</tbody></table></div>\n", out);
}
