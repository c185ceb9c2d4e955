#ifndef TP_PLOT_ROWS_H
#define TP_PLOT_ROWS_H
/* The rows of CSVs that a picture is made of. */
#include "predict/prediction.h"

#include <stdbool.h>

/* Inputs of a point, as the result CSV names them; the pass, which the rows of spans have; and the
 * load, which those of a server have. */
enum tp_plot_input {
#define X(name, unit, description) TP_PLOT_##name,
  TP_EVERY_INPUT(X, X)
#undef X
      TP_PLOT_pass,
  TP_PLOT_concurrency,
  TP_PLOT_rate,
  TP_PLOT_range_ratio,
  TP_PLOT_requests,
  TP_PLOT_seed,
  TP_PLOT_trace,
  TP_PLOT_N_INPUTS
};
#define TP_PLOT_BIT(name) (1u << TP_PLOT_##name)

extern const char *const tp_plot_inputs[TP_PLOT_N_INPUTS]; /* column names */

/* Values to keep of each input, numbers compared as numbers; none: all. */
struct tp_plot_filter {
  const char *const *values[TP_PLOT_N_INPUTS];
  size_t n[TP_PLOT_N_INPUTS];
};

/* A row of `csv`, which must outlive it. */
struct tp_plot_row {
  const struct tp_csv *csv;
  size_t at;
  const char *input[TP_PLOT_N_INPUTS]; /* "" where the file has no such column */
};

struct tp_plot_rows {
  struct tp_plot_row *items;
  size_t n;
};

/* The rows that pass the filter.  Fails with a hint where a table lacks one of `columns` (ended by
 * NULL; `from` is the command that writes such rows, or NULL), by name where it lacks what the
 * filter chooses by (`what` are the rows, in words), and with what there is where no row passes. */
enum tp_status tp_plot_rows_read(const struct tp_csv *tables, size_t n_tables, const char *what,
                                 const char *from, const char *const *columns,
                                 const struct tp_plot_filter *filter, struct tp_arena *arena,
                                 struct tp_plot_rows *rows, struct tp_error *error);

/* "" and NAN where the cell is empty or the file has no such column. */
const char *tp_plot_row_text(const struct tp_plot_row *row, const char *column);
enum tp_status tp_plot_row_numbers(const struct tp_plot_row *row, const char *const *columns,
                                   size_t n, double *values, struct tp_error *error);

/* The column tp, which must be there. */
enum tp_status tp_plot_row_degree(const struct tp_plot_row *row, double *tp,
                                  struct tp_error *error);
/* Why a row has no figures: its status, shortened; NULL where that is ok. */
const char *tp_plot_row_refusal(const struct tp_plot_row *row, struct tp_arena *arena);

/* The different texts of one input, in order of appearance. */
const char **tp_plot_rows_values(const struct tp_plot_rows *rows, enum tp_plot_input input,
                                 struct tp_arena *arena, size_t *n);

/* For messages: "a, b, none, ..."; and the option that chooses by an input: "kv-dtype". */
const char *tp_plot_words(const char *const *words, size_t n, struct tp_arena *arena);
const char *tp_plot_option(enum tp_plot_input input, struct tp_arena *arena);

/* `shown` has the bits of the inputs that a picture tells apart; each of the others must have one
 * value, but of several batches the smallest is left.  `caption` says in words what all rows
 * share. */
enum tp_status tp_plot_rows_settle(struct tp_plot_rows *rows, unsigned shown,
                                   struct tp_arena *arena, const char **caption,
                                   struct tp_error *error);

/* Texts that mean the same value: equal, or equal numbers. */
bool tp_plot_same(const char *a, const char *b);

/* The interval of an end-to-end time; NANs where the row has none. */
enum tp_status tp_plot_row_interval(const struct tp_plot_row *row, double e2e_s, double *low_s,
                                    double *high_s, struct tp_error *error);
#endif
