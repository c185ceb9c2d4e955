#include "sweep/grid.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

/* Slowest first. */
static const enum tp_axis_name loop_order[TP_N_AXES] = {
    TP_AXIS_model,  TP_AXIS_platform, TP_AXIS_stack,  TP_AXIS_tp,       TP_AXIS_pp,
    TP_AXIS_nodes,  TP_AXIS_batch,    TP_AXIS_prompt, TP_AXIS_generate, TP_AXIS_dtype,
    TP_AXIS_engine, TP_AXIS_phase,    TP_AXIS_layers, TP_AXIS_variant};

struct value {
  const char *word;
  double number;
};

static const struct value defaults[TP_N_AXES] = {
    [TP_AXIS_stack] = {.word = "gpt-fast-compile"},
    [TP_AXIS_variant] = {.word = "standard"},
    [TP_AXIS_tp] = {.number = 1},
    [TP_AXIS_pp] = {.number = 1},
    [TP_AXIS_nodes] = {.number = 0}, /* as many as the ranks need */
    [TP_AXIS_batch] = {.number = 1},
    [TP_AXIS_prompt] = {.number = 1024},
    [TP_AXIS_generate] = {.number = 512},
    [TP_AXIS_dtype] = {.word = "fp16"},
    [TP_AXIS_engine] = {.word = "analytic"},
    [TP_AXIS_phase] = {.word = "inference"},
    [TP_AXIS_layers] = {.number = 0}, /* all */
};

const struct tp_column *tp_axis_column(enum tp_axis_name axis)
{
  static const enum tp_column_index columns[TP_N_AXES] = {
#define X(name, unit, description) [TP_AXIS_##name] = TP_COLUMN_##name,
      TP_INPUT_COLUMNS(X, X) TP_LATER_INPUT_COLUMNS(X, X) TP_LAST_INPUT_COLUMNS(X)
#undef X
  };
  return &tp_columns[columns[axis]];
}

void tp_grid_clear(struct tp_grid *grid)
{
  *grid = (struct tp_grid){.detail = TP_DETAIL_FLOW};
}

enum tp_status tp_grid_take_points(struct tp_grid *grid, const struct tp_csv *csv,
                                   struct tp_arena *arena, struct tp_error *error)
{
  const char *names[TP_N_AXES];
  for (int i = 0; i < TP_N_AXES; i++)
    names[i] = tp_axis_column((enum tp_axis_name)i)->name;
  for (size_t c = 0; c < csv->n_columns; c++) {
    bool known = false;
    for (size_t i = 0; i < tp_n_columns; i++)
      known = known || strcmp(csv->columns[c], tp_columns[i].name) == 0;
    if (!known)
      return tp_fail(error, TP_E_INPUT, "%s:1: unknown column '%s'%s", csv->path, csv->columns[c],
                     tp_text_hint(arena, csv->columns[c], names, TP_N_AXES));
  }
  if (csv->n_rows == 0)
    return tp_fail(error, TP_E_INPUT, "%s:1: no points below the header; add rows", csv->path);
  grid->points = csv;
  for (int i = 0; i < TP_N_AXES; i++)
    grid->columns[i] = tp_csv_column(csv, names[i]);
  return TP_OK;
}

/* A column of the file replaces a list, so its axis counts once. */
static size_t axis_size(const struct tp_grid *grid, enum tp_axis_name axis)
{
  const bool from_file = grid->points != NULL && grid->columns[axis] >= 0;
  return from_file || grid->axes[axis].n == 0 ? 1 : grid->axes[axis].n;
}

size_t tp_grid_size(const struct tp_grid *grid)
{
  size_t size = grid->points != NULL ? grid->points->n_rows : 1;
  for (int i = 0; i < TP_N_AXES; i++) {
    const size_t n = axis_size(grid, (enum tp_axis_name)i);
    size = size > SIZE_MAX / n ? SIZE_MAX : size * n;
  }
  return size;
}

size_t tp_grid_columns(const struct tp_grid *grid)
{
  const bool from_file = grid->points != NULL && grid->columns[TP_AXIS_layers] >= 0;
  return from_file || grid->axes[TP_AXIS_layers].n > 0 ? tp_n_columns : tp_n_usual_columns;
}

/* Where the values of one point come from: a row of the file, an item of each list. */
struct place {
  const struct tp_grid *grid;
  size_t row, items[TP_N_AXES];
};

static struct place place_of(const struct tp_grid *grid, size_t index)
{
  struct place place = {.grid = grid};
  for (int i = TP_N_AXES - 1; i >= 0; i--) {
    const size_t n = axis_size(grid, loop_order[i]);
    place.items[loop_order[i]] = index % n;
    index /= n;
  }
  place.row = index;
  return place;
}

bool tp_grid_is_first(const struct tp_grid *grid, size_t index)
{
  int n_later = 0; /* values that are not the first of their list */
  for (int i = TP_N_AXES - 1; i >= 0 && n_later < 2; i--) {
    const size_t n = axis_size(grid, loop_order[i]);
    n_later += index % n != 0;
    index /= n;
  }
  return n_later + (index != 0) < 2;
}

/* The cell, or "" where the list or the default counts. */
static const char *cell_of(const struct place *place, enum tp_axis_name axis)
{
  const struct tp_grid *grid = place->grid;
  return grid->points == NULL ? "" : tp_csv_cell(grid->points, place->row, grid->columns[axis]);
}

/* "FILE:LINE: column" or "--option". */
static enum tp_status fail_at(const struct place *place, enum tp_axis_name axis,
                              struct tp_error *error, const char *text)
{
  const struct tp_csv *points = place->grid->points;
  if (cell_of(place, axis)[0] != '\0')
    return tp_fail(error, TP_E_INPUT, "%s:%d: column '%s': %s", points->path,
                   points->lines[place->row], tp_axis_column(axis)->name, text);
  return tp_fail(error, TP_E_INPUT, "%s: %s", tp_axis_column(axis)->name, text);
}

static enum tp_status word_at(const struct place *place, enum tp_axis_name axis, const char **word,
                              struct tp_error *error)
{
  const struct tp_axis *list = &place->grid->axes[axis];
  const char *const cell = cell_of(place, axis);
  *word = cell[0] != '\0' ? cell
          : list->n > 0   ? list->words[place->items[axis]]
                          : defaults[axis].word;
  if (*word != NULL)
    return TP_OK;
  return tp_fail(error, TP_E_INPUT, "no %s is given; add --%s NAME (`tpsim list %ss` shows them)",
                 tp_axis_column(axis)->name, tp_axis_column(axis)->name,
                 tp_axis_column(axis)->name);
}

static enum tp_status number_at(const struct place *place, enum tp_axis_name axis, double least,
                                double most, int64_t *number, struct tp_error *error)
{
  const struct tp_axis *list = &place->grid->axes[axis];
  const char *const cell = cell_of(place, axis);
  double value = list->n > 0 ? list->numbers[place->items[axis]] : defaults[axis].number;
  const bool readable = cell[0] == '\0' || tp_text_number(cell, &value);
  if (readable && value >= least && value <= most && value == floor(value)) {
    *number = (int64_t)value;
    return TP_OK;
  }
  char text[96];
  if (readable)
    snprintf(text, sizeof text, "%.9g is not a whole number from %g to %g", value, least, most);
  else
    snprintf(text, sizeof text, "'%.32s' is not a number", cell);
  return fail_at(place, axis, error, text);
}

static enum tp_status read_numbers(const struct place *place, struct tp_point *point,
                                   struct tp_error *error)
{
  int64_t tp = 1, pp = 1, nodes = 0;
  enum tp_status status = number_at(place, TP_AXIS_tp, 1, 1e6, &tp, error);
  if (status == TP_OK)
    status = number_at(place, TP_AXIS_pp, 1, 1e6, &pp, error);
  if (status == TP_OK)
    status = number_at(place, TP_AXIS_nodes, 0, 1e6, &nodes, error);
  if (status == TP_OK)
    status = number_at(place, TP_AXIS_batch, 1, 1e6, &point->batch, error);
  if (status == TP_OK)
    status = number_at(place, TP_AXIS_prompt, 1, 1e8, &point->prompt, error);
  if (status == TP_OK)
    status = number_at(place, TP_AXIS_generate, 1, 1e8, &point->generate, error);
  if (status == TP_OK)
    status = number_at(place, TP_AXIS_layers, 0, 1e6, &point->layers, error);
  point->mesh = tp_mesh_of_tp((int)tp);
  point->mesh.pp = (int)pp;
  point->nodes = (int)nodes;
  return status;
}

static enum tp_status read_words(const struct place *place, struct tp_catalog *catalog,
                                 struct tp_point *point, struct tp_error *error)
{
  const char *words[TP_N_AXES];
  enum tp_status status = TP_OK;
  for (int i = 0; i < TP_N_AXES && status == TP_OK; i++)
    if (tp_axis_column((enum tp_axis_name)i)->is_text)
      status = word_at(place, (enum tp_axis_name)i, &words[i], error);
  if (status == TP_OK)
    status = tp_catalog_model(catalog, words[TP_AXIS_model], &point->model, error);
  const struct tp_setup *setup = NULL;
  if (status == TP_OK)
    status =
        tp_catalog_setup(catalog, words[TP_AXIS_platform], words[TP_AXIS_stack], &setup, error);
  if (status == TP_OK)
    status = tp_catalog_variant(catalog, words[TP_AXIS_variant], &point->variant, error);
  if (status == TP_OK)
    status = tp_catalog_dtype(catalog, words[TP_AXIS_dtype], &point->dtype, error);
  if (status == TP_OK)
    status = tp_catalog_engine(catalog, words[TP_AXIS_engine], &point->engine, error);
  if (status == TP_OK)
    status = tp_workload_parse(words[TP_AXIS_phase], &point->workload, error);
  if (status != TP_OK)
    return status;
  point->platform = &setup->platform;
  point->device = &setup->device;
  point->stack = &setup->stack;
  return TP_OK;
}

enum tp_status tp_grid_point(const struct tp_grid *grid, struct tp_catalog *catalog, size_t index,
                             struct tp_point *point, struct tp_error *error)
{
  const struct place place = place_of(grid, index);
  *point = (struct tp_point){.detail = grid->detail, .collective = grid->collective};
  struct tp_error reason;
  enum tp_status status = read_words(&place, catalog, point, &reason);
  if (status == TP_E_INPUT && grid->points != NULL)
    return tp_fail(error, status, "%s:%d: %s", grid->points->path, grid->points->lines[place.row],
                   reason.text);
  if (status != TP_OK)
    return tp_fail(error, status, "%s", reason.text);
  status = read_numbers(&place, point, error);
  if (status != TP_OK || point->layers == 0)
    return status;
  return tp_catalog_cut(catalog, point->layers, &point->model, &reason) == TP_OK
             ? TP_OK
             : fail_at(&place, TP_AXIS_layers, error, reason.text);
}

enum tp_status tp_grid_check(const struct tp_grid *grid, struct tp_catalog *catalog,
                             struct tp_error *error)
{
  enum { MOST_POINTS = 100 * 1000 * 1000 };
  const size_t size = tp_grid_size(grid);
  if (size > MOST_POINTS)
    return tp_fail(error, TP_E_INPUT, "more than %d points; shorten the lists", (int)MOST_POINTS);
  for (size_t i = 0; i < size; i++) {
    struct tp_point point;
    const enum tp_status status = tp_grid_point(grid, catalog, i, &point, error);
    if (status != TP_OK)
      return status;
  }
  return TP_OK;
}
