#ifndef TP_SWEEP_GRID_H
#define TP_SWEEP_GRID_H
/* Which points a study visits: lists of values for the input columns, multiplied out, or the rows
 * of a points file, each multiplied by the lists of the columns that the file lacks.
 *
 * The order is that of the input columns, the last fastest, but variants fastest of all: the rows
 * of one point stand together and share the standard variant's prediction.
 */
#include "base/csv.h"
#include "predict/ask.h"

/* One list: words for a text column, numbers for a number column.  n 0: not given. */
struct tp_axis {
  const char *const *words;
  const double *numbers;
  size_t n;
};

struct tp_grid {
  struct tp_axis axes[TP_N_AXES];
  const struct tp_csv *points;  /* NULL: none */
  int columns[TP_N_AXES];       /* of points; -1: not there */
  enum tp_detail detail;        /* of DES points */
  enum tp_algorithm collective; /* of all points */
};

/* Neither list nor file gives any value: each is the default of ask.h. */
void tp_grid_clear(struct tp_grid *grid);

/* Takes the columns of a points file.  Result columns and those of `others` (ended by NULL; NULL:
 * none), which the caller reads, are ignored, further ones refused. */
enum tp_status tp_grid_take_points(struct tp_grid *grid, const struct tp_csv *csv,
                                   const char *const *others, struct tp_arena *arena,
                                   struct tp_error *error);
/* "p.csv: tp, batch as its columns have them; ...", of what the file says and lists say, too, and
 * of `more`, names joined so; "" where there is none. */
const char *tp_grid_overruled(const struct tp_grid *grid, const char *more, struct tp_arena *arena);
/* Fails where the file would say each row's GPU, which is its platform's or one for all. */
enum tp_status tp_grid_check_device(const struct tp_csv *csv, struct tp_error *error);
/* The row of the file that point `index` is made from. */
size_t tp_grid_row(const struct tp_grid *grid, size_t index);

/* Reads the text of a sweep file: a YAML mapping of input columns to a value or a list of values.
 * Lists that the grid already has win.  `file` names it in messages. */
enum tp_status tp_grid_read_yaml(struct tp_grid *grid, const char *file, const char *text,
                                 struct tp_arena *arena, struct tp_error *error);

/* How many points that differ in their variant alone stand together. */
size_t tp_grid_variants(const struct tp_grid *grid);
size_t tp_grid_size(const struct tp_grid *grid);

/* Columns of its result rows: the usual ones, and up to the last one beyond that it says. */
size_t tp_grid_columns(const struct tp_grid *grid);

/* Point `index` with its names resolved.  Unknown names and numbers that make no sense are
 * TP_E_INPUT, with the file's line where one is to blame. */
enum tp_status tp_grid_point(const struct tp_grid *grid, struct tp_catalog *catalog, size_t index,
                             struct tp_point *point, struct tp_error *error);

/* The same of a walk: `point` is point `index - 1`, or, of index 0, anything. */
enum tp_status tp_grid_next(const struct tp_grid *grid, struct tp_catalog *catalog, size_t index,
                            struct tp_point *point, struct tp_error *error);

/* Whether point `index` is the first with one of its values, or its row of the file: grids of the
 * same shape that differ at all differ in such a point. */
bool tp_grid_is_first(const struct tp_grid *grid, size_t index);

/* Tries every value, and every two together, which also opens every file once. */
enum tp_status tp_grid_check(const struct tp_grid *grid, struct tp_catalog *catalog,
                             struct tp_error *error);
#endif
