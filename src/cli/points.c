#include "cli/points.h"

#include "base/text.h"
#include "command/progress.h"
#include "predict/collectives.h"

#include <string.h>

static enum tp_status parse_detail(const struct tp_session *session, const char *name,
                                   enum tp_detail *detail, struct tp_error *error)
{
  static const char *const names[] = TP_DETAIL_NAMES;
  size_t n = 0;
  for (; names[n] != NULL; n++)
    if (strcmp(name, names[n]) == 0) {
      *detail = (enum tp_detail)n;
      return TP_OK;
    }
  return tp_fail(error, TP_E_INPUT, "no collective detail '%s'%s", name,
                 tp_text_hint(session->arena, name, names, n));
}

enum tp_status tp_points_untold(const struct tp_session *session, const char *detail,
                                const char *collective, struct tp_grid *grid,
                                struct tp_error *error)
{
  if (detail != NULL)
    TP_TRY(parse_detail(session, detail, &grid->detail, error));
  if (collective != NULL)
    TP_TRY(tp_collective_choice_parse(collective, session->arena, &grid->collective, error));
  return TP_OK;
}

enum tp_status tp_points_grid(const struct tp_session *session, const struct tp_points *points,
                              struct tp_grid *grid, struct tp_error *error)
{
  tp_grid_clear(grid);
#define WORDS(name, option, letter, placeholder, help) \
  grid->axes[TP_AXIS_##name] = (struct tp_axis){.words = points->name.items, .n = points->name.n};
#define NUMBERS(name, option, letter, placeholder, help) \
  grid->axes[TP_AXIS_##name] = (struct tp_axis){.numbers = points->name.items, .n = points->name.n};
  TP_POINT_LIST(WORDS, NUMBERS)
  TP_POINT_PHASE_LIST(WORDS)
#undef WORDS
#undef NUMBERS
  return tp_points_untold(session, points->detail, points->collective, grid, error);
}

static bool names(const struct tp_words *words, const char *word)
{
  for (size_t i = 0; i < words->n; i++)
    if (strcmp(words->items[i], word) == 0)
      return true;
  return false;
}

enum tp_status tp_asked_read(const struct tp_session *session, const struct tp_words *positional,
                             const struct tp_points *points, const char *format,
                             struct tp_asked *asked, struct tp_error *error)
{
  asked->catalog = tp_session_catalog(session, &points->sets, points->device);
  TP_TRY(tp_command_expect(positional, 0, 0, "", error));
  TP_TRY(tp_format_parse(format, session->arena, &asked->format, error));
  TP_TRY(tp_points_grid(session, points, &asked->grid, error));
  if (points->detail != NULL && !names(&points->engine, "des"))
    return tp_fail(error, TP_E_INPUT,
                   "--collective-detail: only the engine des knows details; add --engine des, or "
                   "drop it");
  return TP_OK;
}

enum tp_status tp_points_predict(struct tp_session *session, const struct tp_grid *grid,
                                 struct tp_catalog *catalog, struct tp_prediction **rows,
                                 size_t *n_rows, struct tp_error *error)
{
  enum { MOST_ROWS = 100000 }; /* all in memory */
  const size_t n = tp_grid_size(grid);
  if (n > MOST_ROWS)
    return tp_fail(error, TP_E_INPUT, "%zu points are too many for a table; use `tpsim sweep`", n);
  *rows = TP_NEW(session->arena, struct tp_prediction, n);
  *n_rows = n;
  struct tp_predictor *predictor = tp_predictor_create();
  struct tp_progress progress;
  tp_progress_begin(&progress, n);
  enum tp_status status = TP_OK;
  for (size_t i = 0; i < n && status == TP_OK; i++) {
    struct tp_point point;
    status = tp_grid_point(grid, catalog, i, &point, error);
    if (status == TP_OK)
      status = tp_predict(predictor, &point, &(*rows)[i], error);
    tp_progress_step(&progress, i + 1);
  }
  tp_progress_end(&progress);
  tp_predictor_free(predictor);
  return status;
}
