#ifndef TP_TESTS_STUDY_TABLES_H
#define TP_TESTS_STUDY_TABLES_H
/* Measured tables for tests: files that are gone with the test. */
#include "ops/costs.h"

#include "../random.h"
#include "../suite.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { TABLES_MOST = 8 };

struct tables {
  struct tp_arena *arena;
  struct tp_error error;
  const char *roots[1];
  struct tp_datadir dirs;
  char paths[TABLES_MOST][32];
  int n;
};

static inline void tables_open(struct tables *tables)
{
  *tables = (struct tables){.arena = tp_arena_create(), .roots = {TP_SRCDIR}};
  tables->dirs = (struct tp_datadir){tables->roots, 1};
}

static inline void tables_close(struct tables *tables)
{
  for (int i = 0; i < tables->n; i++)
    unlink(tables->paths[i]);
  tp_arena_free(tables->arena);
}

/* A new file; write to it and close it. */
static inline FILE *tables_create(struct tables *tables, const char **path)
{
  ck_assert_int_lt(tables->n, TABLES_MOST);
  char *const name = tables->paths[tables->n++];
  snprintf(name, sizeof tables->paths[0], "/tmp/tpsim-table-XXXXXX");
  const int descriptor = mkstemp(name);
  ck_assert_int_ge(descriptor, 0);
  *path = name;
  return fdopen(descriptor, "w");
}

static inline const char *tables_put(struct tables *tables, const char *text)
{
  const char *path;
  FILE *file = tables_create(tables, &path);
  fputs(text, file);
  fclose(file);
  return path;
}

/* `csv` (with a column op) as measured on a device with one value changed: times a little off, by
 * up to `noise_ratio` either way. */
static inline const char *tables_measure(struct tables *tables, const char *csv, const char *set,
                                         double noise_ratio)
{
  const struct tp_op_costs_request request = {
      .device = "h100-sxm", .sets = &set, .n_sets = set != NULL};
  struct tp_csv parsed;
  struct tp_op_time *times;
  ck_assert_int_eq(tp_csv_parse("made.csv", csv, tables->arena, &parsed, &tables->error), TP_OK);
  ck_assert_msg(
      tp_op_costs(&tables->dirs, &request, &parsed, tables->arena, &times, &tables->error) == TP_OK,
      "%s", tables->error.text);
  const char *path;
  FILE *file = tables_create(tables, &path);
  for (size_t c = 0; c < parsed.n_columns; c++)
    fprintf(file, "%s,", parsed.columns[c]);
  fputs("time_us\n", file);
  uint64_t state = tp_random_seed(0);
  for (size_t row = 0; row < parsed.n_rows; row++) {
    for (size_t c = 0; c < parsed.n_columns; c++)
      fprintf(file, "%s,", tp_csv_cell(&parsed, row, (int)c));
    const double unit = (double)tp_random_below(&state, 2000001) / 1e6 - 1;
    fprintf(file, "%.9g\n", times[row].predicted_us * (1 + noise_ratio * unit));
  }
  fclose(file);
  return path;
}

static inline const char *tables_gemms(struct tables *tables)
{
  const char *text = "op,dtype,m,n,k\n";
  for (int m = 1; m <= 16384; m *= 4)
    for (int n = 256; n <= 16384; n *= 2)
      for (int k = 256; k <= 16384; k *= 4)
        text = tp_arena_printf(tables->arena, "%sgemm,bf16,%d,%d,%d\n", text, m, n, k);
  return text;
}

static inline const char *tables_collectives(struct tables *tables)
{
  static const char *const ops[] = {"all_reduce", "all_gather", "reduce_scatter", "alltoall"};
  const char *text = "op,ranks,bytes\n";
  for (int op = 0; op < 4; op++)
    for (int ranks = 2; ranks <= 8; ranks *= 2)
      for (int bytes = 256; bytes <= 1 << 28; bytes *= 4)
        text = tp_arena_printf(tables->arena, "%s%s,%d,%d\n", text, ops[op], ranks, bytes);
  return text;
}
#endif
