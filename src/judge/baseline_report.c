/* A check's outcome for machines: JUnit XML and GitHub's annotations. */
#include "judge/baseline.h"

#include <string.h>

static size_t utf8_length(const char *text)
{
  const unsigned char *const at = (const unsigned char *)text;
  const size_t n = at[0] < 0x80 ? 1 : at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : at[0] >= 0xc2 ? 2 : 0;
  if (at[0] >= 0xf5)
    return 0;
  for (size_t i = 1; i < n; i++)
    if ((at[i] & 0xc0) != 0x80)
      return 0;
  return n;
}

/* As an attribute: bytes that no XML file may hold become question marks. */
static void put_xml(const char *text, FILE *out)
{
  while (*text != '\0') {
    const size_t n = utf8_length(text);
    if (*text == '&')
      fputs("&amp;", out);
    else if (*text == '<')
      fputs("&lt;", out);
    else if (*text == '>')
      fputs("&gt;", out);
    else if (*text == '"')
      fputs("&quot;", out);
    else if (n == 0 || (n == 1 && ((unsigned char)*text < ' ' || *text == '\x7f')))
      putc('?', out);
    else
      fwrite(text, 1, n, out);
    text += n > 0 ? n : 1;
  }
}

void tp_baseline_write_junit(const struct tp_baseline *baseline, const char *fault,
                             struct tp_arena *arena, FILE *out)
{
  const size_t n_rows = fault != NULL ? 0 : baseline->n_rows;
  size_t failures = 0;
  for (size_t i = 0; i < n_rows; i++)
    failures += !baseline->rows[i].passed;
  fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
  fprintf(out, "<testsuite name=\"tpsim check\" tests=\"%zu\" failures=\"%zu\" errors=\"%d\">\n",
          n_rows + (fault != NULL), failures, fault != NULL);
  if (fault != NULL) {
    fputs("  <testcase classname=\"baseline\" name=\"input\">\n    <error message=\"", out);
    put_xml(fault, out);
    fputs("\"/>\n  </testcase>\n", out);
  }
  for (size_t i = 0; i < n_rows; i++) {
    const struct tp_checked *const row = &baseline->rows[i];
    fputs("  <testcase classname=\"baseline\" name=\"", out);
    put_xml(row->name, out);
    if (row->passed) {
      fputs("\"/>\n", out);
      continue;
    }
    fprintf(out, "\">\n    <failure message=\"line %d: ", row->line);
    put_xml(tp_checked_verdict(row, arena), out);
    fputs("\"/>\n  </testcase>\n", out);
  }
  fputs("</testsuite>\n", out);
}

/* "%" and line ends mean something there, in a property ',' and ':' do, too. */
static void put_command(const char *text, bool is_property, FILE *out)
{
  for (; *text != '\0'; text++)
    if (*text == '%' || *text == '\r' || *text == '\n' ||
        (is_property && (*text == ',' || *text == ':')))
      fprintf(out, "%%%02X", (unsigned)(unsigned char)*text);
    else
      putc(*text, out);
}

void tp_baseline_write_annotations(const struct tp_baseline *baseline, struct tp_arena *arena,
                                   FILE *out)
{
  for (size_t i = 0; i < baseline->n_rows; i++) {
    const struct tp_checked *const row = &baseline->rows[i];
    if (row->passed)
      continue;
    fputs("::error file=", out);
    put_command(baseline->path, true, out);
    fprintf(out, ",line=%d,title=", row->line);
    put_command(row->name, true, out);
    fputs("::", out);
    put_command(tp_checked_verdict(row, arena), false, out);
    putc('\n', out);
  }
}
