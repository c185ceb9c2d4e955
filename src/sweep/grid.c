#include "sweep/grid.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

/* Slowest first. */
static const enum tp_axis_name loop_order[TP_N_AXES] = {
    TP_AXIS_model,    TP_AXIS_platform,    TP_AXIS_stack,      TP_AXIS_tp,     TP_AXIS_pp,
    TP_AXIS_dp,       TP_AXIS_ep,          TP_AXIS_nodes,      TP_AXIS_batch,  TP_AXIS_prompt,
    TP_AXIS_generate, TP_AXIS_dtype,       TP_AXIS_kv_dtype,   TP_AXIS_engine, TP_AXIS_phase,
    TP_AXIS_layers,   TP_AXIS_micro_batch, TP_AXIS_interleave, TP_AXIS_variant};

void tp_grid_clear(struct tp_grid *grid)
{
  *grid = (struct tp_grid){.detail = TP_DETAIL_FLOW};
}

enum tp_status tp_grid_check_device(const struct tp_csv *csv, struct tp_error *error)
{
  if (tp_csv_column(csv, "device") < 0)
    return TP_OK;
  return tp_fail(error, TP_E_INPUT,
                 "%s:1: column 'device': a row's GPU is its platform's, or one for all rows, "
                 "--device; name platforms and take the column out",
                 csv->path);
}

/* An empty cell is what the list says, which must be one value then: a row is one point. */
static enum tp_status check_gaps(const struct tp_grid *grid, struct tp_error *error)
{
  const struct tp_csv *const csv = grid->points;
  for (int i = 0; i < TP_N_AXES; i++)
    for (size_t row = 0; grid->columns[i] >= 0 && grid->axes[i].n > 1 && row < csv->n_rows; row++)
      if (tp_csv_cell(csv, row, grid->columns[i])[0] == '\0')
        return tp_fail(error, TP_E_INPUT,
                       "%s:%d: column '%s' is empty, and %zu values are given for that; give one, "
                       "or take the column out",
                       csv->path, csv->lines[row], tp_axis_column((enum tp_axis_name)i)->name,
                       grid->axes[i].n);
  return TP_OK;
}

enum tp_status tp_grid_take_points(struct tp_grid *grid, const struct tp_csv *csv,
                                   const char *const *others, struct tp_arena *arena,
                                   struct tp_error *error)
{
  const char **names = NULL;
  size_t n_names = 0;
  TP_TRY(tp_grid_check_device(csv, error));
  for (int i = 0; i < TP_N_AXES; i++)
    TP_APPEND(arena, names, n_names, tp_axis_column((enum tp_axis_name)i)->name);
  for (size_t i = 0; others != NULL && others[i] != NULL; i++)
    TP_APPEND(arena, names, n_names, others[i]);
  for (size_t c = 0; c < csv->n_columns; c++) {
    bool known = false;
    for (size_t i = 0; i < tp_n_columns; i++)
      known = known || strcmp(csv->columns[c], tp_columns[i].name) == 0;
    for (size_t i = TP_N_AXES; i < n_names; i++)
      known = known || strcmp(csv->columns[c], names[i]) == 0;
    if (csv->columns[c][0] == '\0')
      return tp_fail(
          error, TP_E_INPUT, "%s:1: column %zu has no name%s; take it out", csv->path, c + 1,
          csv->columns[csv->n_columns - 1][0] == '\0' ? ", for the header ends with a comma" : "");
    if (!known)
      return tp_fail(error, TP_E_INPUT, "%s:1: unknown column '%s'%s", csv->path, csv->columns[c],
                     tp_text_hint(arena, csv->columns[c], names, n_names));
  }
  if (csv->n_rows == 0)
    return tp_fail(error, TP_E_INPUT, "%s:1: no points below the header; add rows", csv->path);
  grid->points = csv;
  for (int i = 0; i < TP_N_AXES; i++)
    grid->columns[i] = tp_csv_column(csv, names[i]);
  return check_gaps(grid, error);
}

const char *tp_grid_overruled(const struct tp_grid *grid, const char *more, struct tp_arena *arena)
{
  const char *names = "";
  for (int i = 0; grid->points != NULL && i < TP_N_AXES; i++)
    if (grid->columns[i] >= 0 && grid->axes[i].n > 0)
      names = tp_arena_printf(arena, "%s%s%s", names, names[0] == '\0' ? "" : ", ",
                              tp_axis_column((enum tp_axis_name)i)->name);
  const bool both = names[0] != '\0' && more[0] != '\0';
  names = tp_arena_printf(arena, "%s%s%s", names, both ? ", " : "", more);
  return names[0] == '\0' ? ""
                          : tp_arena_printf(arena,
                                            "%s: %s as its rows have it; what is given besides "
                                            "counts in empty cells alone",
                                            grid->points->path, names);
}

/* A column of the file replaces a list, so its axis counts once. */
static size_t axis_size(const struct tp_grid *grid, enum tp_axis_name axis)
{
  const bool from_file = grid->points != NULL && grid->columns[axis] >= 0;
  return from_file || grid->axes[axis].n == 0 ? 1 : grid->axes[axis].n;
}

size_t tp_grid_variants(const struct tp_grid *grid)
{
  return axis_size(grid, TP_AXIS_variant);
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
  for (int axis = TP_N_AXES; axis-- > 0;) {
    const size_t column = (size_t)(tp_axis_column((enum tp_axis_name)axis) - tp_columns);
    const bool from_file = grid->points != NULL && grid->columns[axis] >= 0;
    if (column >= tp_n_usual_columns && (from_file || grid->axes[axis].n > 0))
      return column + 1;
  }
  return tp_n_usual_columns;
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
    if (n == 1) /* of most, and divisions are slow */
      continue;
    place.items[loop_order[i]] = index % n;
    index /= n;
  }
  place.row = index;
  return place;
}

size_t tp_grid_row(const struct tp_grid *grid, size_t index)
{
  return place_of(grid, index).row;
}

/* Whether at most `most` of the point's values are not the first of their lists. */
static bool is_near_first(const struct tp_grid *grid, size_t index, int most)
{
  int n_later = 0;
  for (int i = TP_N_AXES - 1; i >= 0 && n_later <= most; i--) {
    const size_t n = axis_size(grid, loop_order[i]);
    if (n == 1)
      continue;
    n_later += index % n != 0;
    index /= n;
  }
  return n_later + (index != 0) <= most;
}

bool tp_grid_is_first(const struct tp_grid *grid, size_t index)
{
  return is_near_first(grid, index, 1);
}

/* The cell, or "" where the list or the default counts. */
static const char *cell_of(const struct place *place, enum tp_axis_name axis)
{
  const struct tp_grid *grid = place->grid;
  return grid->points == NULL ? "" : tp_csv_cell(grid->points, place->row, grid->columns[axis]);
}

static struct tp_ask ask_of(const struct place *place)
{
  const struct tp_grid *grid = place->grid;
  struct tp_ask ask = {.detail = grid->detail, .collective = grid->collective};
  if (grid->points != NULL) {
    ask.file = grid->points->path;
    ask.line = grid->points->lines[place->row];
  }
  for (int i = 0; i < TP_N_AXES; i++) {
    const enum tp_axis_name axis = (enum tp_axis_name)i;
    const struct tp_axis *list = &grid->axes[i];
    const char *const cell = cell_of(place, axis);
    struct tp_ask_value *value = &ask.values[i];
    value->number = (double)NAN;
    if (cell[0] != '\0')
      value->text = cell;
    else if (list->n > 0 && tp_axis_column(axis)->is_text)
      value->text = list->words[place->items[i]];
    else if (list->n > 0)
      value->number = list->numbers[place->items[i]];
  }
  return ask;
}

enum tp_status tp_grid_point(const struct tp_grid *grid, struct tp_catalog *catalog, size_t index,
                             struct tp_point *point, struct tp_error *error)
{
  const struct place place = place_of(grid, index);
  const struct tp_ask ask = ask_of(&place);
  return tp_ask_resolve(&ask, catalog, point, error);
}

enum tp_status tp_grid_next(const struct tp_grid *grid, struct tp_catalog *catalog, size_t index,
                            struct tp_point *point, struct tp_error *error)
{
  const size_t variant = index % tp_grid_variants(grid);
  if (variant == 0)
    return tp_grid_point(grid, catalog, index, point, error);
  return tp_catalog_variant(catalog, grid->axes[TP_AXIS_variant].words[variant], &point->variant,
                            error);
}

enum tp_status tp_grid_check(const struct tp_grid *grid, struct tp_catalog *catalog,
                             struct tp_error *error)
{
  enum { MOST_POINTS = 100 * 1000 * 1000 };
  const size_t size = tp_grid_size(grid);
  if (size > MOST_POINTS)
    return tp_fail(error, TP_E_INPUT, "more than %d points; shorten the lists", (int)MOST_POINTS);
  /* No value is read together with more than two others: model, prompt and generate. */
  for (size_t i = 0; i < size; i++) {
    struct tp_point point;
    if (grid->points != NULL || is_near_first(grid, i, 3))
      TP_TRY(tp_grid_point(grid, catalog, i, &point, error));
  }
  return TP_OK;
}
