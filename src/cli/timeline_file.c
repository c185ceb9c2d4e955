#include "cli/timeline_file.h"

#include "base/output.h"
#include "cost/kernels/rate.h"
#include "engine/timeline.h"

#include <string.h>
#include <strings.h>

enum { MOST_POINTS = 64 };

static const char *const stream_names[TP_MAX_STREAMS] = {"compute", "communication", "stream 2",
                                                         "stream 3"};

/* Those that ran. */
struct points {
  int n;
  struct tp_point items[MOST_POINTS];
  const char *inputs[MOST_POINTS][TP_N_COLUMNS]; /* cells as a table has them; of outputs NULL */
  const char *names[MOST_POINTS];                /* by what they do not share */
};

static void describe(const struct tp_point *point, const char **inputs, struct tp_arena *arena)
{
  struct tp_prediction row;
  tp_point_describe(point, &row);
  for (size_t c = 0; c < TP_N_COLUMNS; c++) {
    const struct tp_column *const column = &tp_columns[c];
    char number[TP_DECIMAL_CHARS];
    if (!column->is_input)
      continue;
    if (!column->is_text)
      tp_csv_write_number(tp_prediction_number(&row, column), number);
    inputs[c] = column->is_text ? tp_prediction_text(&row, column) : tp_arena_strdup(arena, number);
  }
}

static const char *name_of(const struct points *points, int at, struct tp_arena *arena)
{
  const char *name = "";
  for (size_t c = 0; c < TP_N_COLUMNS; c++) {
    const struct tp_column *const column = &tp_columns[c];
    const char *const cell = points->inputs[at][c];
    bool shared = true;
    for (int i = 0; i < points->n && column->is_input; i++)
      shared = shared && strcmp(points->inputs[i][c], cell) == 0;
    if (!shared)
      name = tp_arena_printf(arena, "%s%s%s%s%s", name, name[0] == '\0' ? "" : ", ",
                             column->is_text ? "" : column->name, column->is_text ? "" : " ", cell);
  }
  return name;
}

/* Rows have what tells their point apart, what ran, and what its device could do at most. */
static void put_rows(const struct tp_timeline *timeline, const struct points *points, FILE *out)
{
  for (size_t c = 0; c < TP_N_COLUMNS; c++)
    if (tp_columns[c].is_input)
      fprintf(out, "%s,", tp_columns[c].name);
  fputs("pass,rank,stream,op,kind,detail,start_us,end_us,flops,dram_bytes,link_bytes,sms,"
        "peak_flops_per_s,peak_dram_bytes_per_s\n",
        out);
  for (size_t i = 0; i < timeline->n_spans; i++) {
    const struct tp_span *const span = &timeline->spans[i];
    const struct tp_point *const point = &points->items[span->point];
    const char *const texts[] = {stream_names[span->stream], span->name, span->category,
                                 span->detail};
    const double numbers[] = {span->start_s * 1e6,
                              span->end_s * 1e6,
                              span->flops,
                              span->dram_bytes,
                              span->link_bytes,
                              span->sms,
                              tp_matrix_flops_per_s(point->device, point->dtype),
                              point->device->datasheet.dram_bytes_per_s};
    for (size_t c = 0; c < TP_N_COLUMNS; c++)
      if (tp_columns[c].is_input) {
        tp_csv_put_text(out, points->inputs[span->point][c]);
        putc(',', out);
      }
    fprintf(out, "%s,%d", span->pass == NULL ? "" : span->pass, span->rank);
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
      putc(',', out);
      tp_csv_put_text(out, texts[t]);
    }
    for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) {
      putc(',', out);
      tp_csv_put_number(out, numbers[n]);
    }
    putc('\n', out);
  }
}

/* Points that cannot run are passed over; one that is alone says why. */
static enum tp_status run_points(const struct tp_grid *grid, struct tp_catalog *catalog,
                                 struct tp_timeline *timeline, struct points *points,
                                 struct tp_arena *arena, struct tp_error *error)
{
  const size_t n = tp_grid_size(grid);
  struct tp_predictor *const predictor = tp_predictor_create();
  enum tp_status status = TP_OK;
  for (size_t i = 0; i < n && status == TP_OK; i++) {
    struct tp_point *const point = &points->items[points->n];
    status = tp_grid_point(grid, catalog, i, point, error);
    timeline->point = points->n;
    if (status != TP_OK)
      break;
    status = tp_predict_timeline(predictor, point, timeline, error);
    describe(point, points->inputs[points->n], arena);
    points->n += status == TP_OK;
    if (status == TP_E_INPUT && n > 1)
      status = TP_OK;
  }
  tp_predictor_free(predictor);
  return status == TP_OK && points->n == 0
             ? tp_fail(error, TP_E_INPUT, "--timeline: none of the %zu points can run", n)
             : status;
}

enum tp_status tp_timeline_file_write(struct tp_session *session, const char *file,
                                      const struct tp_grid *grid, struct tp_catalog *catalog,
                                      struct tp_error *error)
{
  struct tp_arena *const arena = session->arena;
  struct points *const points = TP_NEW(arena, struct points, 1);
  struct tp_timeline timeline = {.arena = arena, .stream_names = stream_names};
  struct tp_output output;
  if (tp_grid_size(grid) > MOST_POINTS)
    return tp_fail(error, TP_E_INPUT,
                   "--timeline shows %d points at most and these are %zu; shorten lists",
                   MOST_POINTS, tp_grid_size(grid));
  TP_TRY(tp_session_keep(session, catalog, "--timeline", file, error));
  TP_TRY(run_points(grid, catalog, &timeline, points, arena, error));
  for (int i = 0; i < points->n; i++)
    points->names[i] = name_of(points, i, arena);
  timeline.points = points->n > 1 ? points->names : NULL;
  TP_TRY(tp_output_open(file, arena, &output, error));
  const size_t length = strlen(file);
  if (length > 4 && strcasecmp(file + length - 4, ".csv") == 0) {
    tp_timeline_sort(&timeline);
    put_rows(&timeline, points, output.stream);
  } else
    tp_timeline_write(&timeline, output.stream);
  return tp_output_commit(&output, error);
}
