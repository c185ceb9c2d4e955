/* layers.csv and generate.csv: their columns, and that each holds one kind of rows. */
#include "base/csv.h"
#include "base/file.h"
#include "bench/points.h"

#include <string.h>
#include <unistd.h>

#define POINT_COLUMNS                                                                              \
  "model", "platform", "stack", "variant", "tp", "batch", "prompt", "generate", "dtype", "layers", \
      "emulated"
enum { N_POINT_COLUMNS = 11 };

static const struct tp_trace_layout layers_layout = {
    .file = "layers.csv",
    .n_keys = N_POINT_COLUMNS,
    .columns = {POINT_COLUMNS, "ttft_s", "tpot_s", "ttft_spread_s", "tpot_spread_s", "repeats",
                "ttft_late_s", "tpot_late_s"}};
static const struct tp_trace_layout generate_layout = {
    .file = "generate.csv",
    .n_keys = N_POINT_COLUMNS,
    .columns = {POINT_COLUMNS, "ttft_s", "tpot_s", "e2e_s", "tokens_per_s", "spread_s", "repeats"}};

const struct tp_trace_layout *tp_points_layout(const struct tp_point_grid *grid)
{
  return grid->generate > 0 ? &generate_layout : &layers_layout;
}

/* The whole lines of the file; the last may be torn. */
static enum tp_status read_rows(const char *path, struct tp_arena *arena, struct tp_csv *csv,
                                struct tp_error *error)
{
  const char *text;
  *csv = (struct tp_csv){.n_rows = 0};
  if (access(path, F_OK) != 0)
    return TP_OK;
  TP_TRY(tp_file_read(path, arena, &text, error));
  const char *const end = strrchr(text, '\n');
  if (end == NULL)
    return TP_OK;
  text = tp_arena_printf(arena, "%.*s", (int)(end - text) + 1, text);
  return tp_csv_parse(path, text, arena, csv, error);
}

static bool has_ranks(const struct tp_point_grid *grid)
{
  for (size_t i = 0; i < grid->n_tps; i++)
    if (grid->tps[i] > 1)
      return true;
  return false;
}

/* One GPU needs no stand-ins: its rows go with either. */
static enum tp_status check_rows(const struct tp_csv *csv, bool emulated, struct tp_error *error)
{
  const int tp = tp_csv_column(csv, "tp"), column = tp_csv_column(csv, "emulated");
  const char *const ours = emulated ? "1" : "0";
  for (size_t row = 0; tp >= 0 && column >= 0 && row < csv->n_rows; row++) {
    const char *const theirs = tp_csv_cell(csv, row, column);
    if (strcmp(tp_csv_cell(csv, row, tp), "1") != 0 && strcmp(theirs, ours) != 0)
      return tp_fail(error, TP_E_INPUT,
                     "%s:%d: emulated %.32s, and this run's rows would be emulated %s: a table "
                     "holds one kind; give another -o",
                     csv->path, csv->lines[row], theirs, ours);
  }
  return TP_OK;
}

enum tp_status tp_points_check_kind(const char *directory, const struct tp_point_grid *grid,
                                    struct tp_error *error)
{
  struct tp_csv csv;
  if (!has_ranks(grid))
    return TP_OK;
  struct tp_arena *const arena = tp_arena_create();
  const char *const path = tp_arena_printf(arena, "%s/%s", directory, tp_points_layout(grid)->file);
  enum tp_status status = read_rows(path, arena, &csv, error);
  if (status == TP_OK)
    status = check_rows(&csv, grid->emulated, error);
  tp_arena_free(arena);
  return status;
}
