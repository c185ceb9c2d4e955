#ifndef TP_PLOT_ROWS_H
#define TP_PLOT_ROWS_H
/* The rows of result CSVs that a picture is made of. */
#include "base/csv.h"

#include <stdbool.h>

/* Inputs of a point, as the result CSV names them. */
#define TP_PLOT_INPUT_LIST(X) \
  X(MODEL, model)             \
  X(PLATFORM, platform)       \
  X(STACK, stack)             \
  X(VARIANT, variant)         \
  X(TP, tp)                   \
  X(BATCH, batch)             \
  X(PROMPT, prompt)           \
  X(GENERATE, generate)       \
  X(DTYPE, dtype)             \
  X(ENGINE, engine)           \
  X(PHASE, phase)

enum tp_plot_input {
#define X(id, name) TP_PLOT_##id,
  TP_PLOT_INPUT_LIST(X)
#undef X
      TP_PLOT_N_INPUTS
};

extern const char *const tp_plot_inputs[TP_PLOT_N_INPUTS]; /* column names */

/* Values to keep of each input, numbers compared as numbers; none: all. */
struct tp_plot_filter {
  const char *const *values[TP_PLOT_N_INPUTS];
  size_t n[TP_PLOT_N_INPUTS];
};

struct tp_plot_row {
  const char *input[TP_PLOT_N_INPUTS];       /* "" where the file has no such column */
  double tp, speedup, e2e_s, comm_exposed_s; /* the last three NAN where the cell is empty */
  const char *status;
  const char *file;
  int line;
};

struct tp_plot_rows {
  struct tp_plot_row *items;
  size_t n;
};

/* Fails with the columns named where `csv` lacks one of `required`, a hint after each. */
enum tp_status tp_plot_require(const struct tp_csv *csv, const char *const *required,
                               size_t n_required, struct tp_arena *arena, struct tp_error *error);

/* Appends the rows of one result CSV, which must outlive them. */
enum tp_status tp_plot_rows_add(struct tp_plot_rows *rows, const struct tp_csv *csv,
                                struct tp_arena *arena, struct tp_error *error);

/* Keeps the rows that pass; fails with what there is where none does. */
enum tp_status tp_plot_rows_filter(struct tp_plot_rows *rows, const struct tp_plot_filter *filter,
                                   struct tp_arena *arena, struct tp_error *error);

/* The different texts of one input, in order of appearance. */
const char **tp_plot_rows_values(const struct tp_plot_rows *rows, enum tp_plot_input input,
                                 struct tp_arena *arena, size_t *n);

/* Leaves one batch (the smallest) and checks that every input but model, variant, tp and phase has
 * one value.  `caption` says in words what all rows share. */
enum tp_status tp_plot_rows_settle(struct tp_plot_rows *rows, struct tp_arena *arena,
                                   const char **caption, struct tp_error *error);
#endif
