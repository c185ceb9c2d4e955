#include "judge/unread.h"

#include "predict/ask.h"
#include "serve/loads.h"

struct tp_readable tp_readable_points(struct tp_arena *arena)
{
  struct tp_readable points = {.inputs = {.n = 0}};
  for (int i = 0; i < TP_N_AXES; i++)
    tp_readable_add(&points.inputs, tp_axis_column((enum tp_axis_name)i)->name, arena);
  for (size_t i = 0; i < tp_n_columns; i++)
    tp_readable_add(&points.others, tp_columns[i].name, arena);
  for (size_t i = 0; i < tp_n_served_columns; i++)
    tp_readable_add(tp_served_columns[i].is_input ? &points.marks : &points.others,
                    tp_served_columns[i].name, arena);
  tp_readable_add_all(&points.others, tp_readable_of_tables, arena);
  return points;
}

enum tp_status tp_unread_tell(const struct tp_csv *csv, const struct tp_readable *readable,
                              const char *more, struct tp_catalog *catalog, struct tp_error *error)
{
  TP_TRY(tp_unread_refuse_slips(csv, readable, error));
  const char *const said = tp_unread_columns(csv, readable, catalog->arena);
  const bool both = said[0] != '\0' && more[0] != '\0';
  if ((said[0] != '\0' || more[0] != '\0') && catalog->note != NULL)
    catalog->note(
        tp_arena_printf(catalog->arena, "%s:1: %s%s%s", csv->path, said, both ? "; " : "", more));
  return TP_OK;
}

const char *tp_unread_defaults(const struct tp_csv *csv, const int *axes, struct tp_arena *arena)
{
  const char *said = "";
  for (; *axes != TP_N_AXES; axes++) {
    const enum tp_axis_name axis = (enum tp_axis_name) * axes;
    const char *const name = tp_axis_column(axis)->name;
    if (tp_csv_column(csv, name) < 0)
      said = tp_arena_printf(arena, "%s%s%s %g", said, said[0] == '\0' ? "" : ", ", name,
                             tp_axis_usual(axis));
  }
  return said[0] == '\0' ? ""
                         : tp_arena_printf(arena, "%s where the file has no such column", said);
}
