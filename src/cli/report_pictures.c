#include "cli/gnuplot.h"
#include "cli/report_page.h"
#include "plot/plot.h"

#include <stdlib.h>
#include <string.h>

/* What gnuplot writes stands behind a prolog that a page has no use for. */
static void copy_svg(FILE *picture, FILE *out)
{
  char *text = NULL;
  size_t size = 0;
  rewind(picture);
  if (getdelim(&text, &size, '\0', picture) > 0) {
    const char *const begin = strstr(text, "<svg");
    fputs(begin == NULL ? "" : begin, out);
  }
  free(text);
}

static enum tp_status draw(const struct tp_plot *plot, struct tp_arena *arena, FILE *out,
                           struct tp_error *error)
{
  FILE *const commands = tmpfile(), *const picture = tmpfile();
  enum tp_status status = TP_OK;
  if (commands == NULL || picture == NULL)
    status = tp_fail(error, TP_E_ENVIRONMENT, "no temporary file for gnuplot");
  if (status == TP_OK) {
    tp_plot_write(plot, "svg", arena, commands);
    status = tp_gnuplot_run(commands, picture, error);
  }
  if (status == TP_OK) {
    fputs("<figure>", out);
    copy_svg(picture, out);
    fputs("</figure>\n", out);
  }
  if (commands != NULL)
    fclose(commands);
  if (picture != NULL)
    fclose(picture);
  return status;
}

static bool has_columns(const struct tp_csv *csv, const struct tp_plot_kind *kind)
{
  for (const char *const *column = kind->columns; *column != NULL; column++)
    if (tp_csv_column(csv, *column) < 0)
      return false;
  return true;
}

enum tp_status tp_report_put_pictures(const struct tp_csv *csv, struct tp_arena *arena, FILE *out,
                                      struct tp_error *error)
{
  fputs("<h2>Pictures</h2>\n", out);
  for (const struct tp_plot_kind *const *kind = tp_plot_kinds; *kind != NULL; kind++) {
    const struct tp_plot_filter all = {.n = {0}};
    struct tp_plot plot;
    struct tp_error why;
    if (!has_columns(csv, *kind))
      continue;
    if (tp_plot_shape(*kind, csv, 1, &all, NULL, arena, &plot, &why) == TP_OK) {
      TP_TRY(draw(&plot, arena, out, error));
      continue;
    }
    fprintf(
        out,
        "<p>No picture of the kind <code>%s</code> (<code>tpsim plot %s</code> draws a choice of "
        "rows): ",
        (*kind)->name, (*kind)->name);
    tp_report_put_text(why.text, arena, out);
    fputs(".</p>\n", out);
  }
  return TP_OK;
}
