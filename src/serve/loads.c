#include "serve/loads.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

const char *const *tp_loads_columns(struct tp_arena *arena)
{
  const char **const names = TP_NEW(arena, const char *, tp_n_served_columns + 1);
  for (size_t i = 0; i < tp_n_served_columns; i++)
    names[i] = tp_served_columns[i].name;
  return names;
}

/* One of the numbers of a load: its column and option, and what makes sense. */
struct number {
  const char *column, *option;
  double least, most, usual; /* usual NAN: there is none */
  bool is_whole;
};
static const struct number concurrency_number = {"concurrency",         "concurrency", 1,
                                                 TP_LOAD_MOST_REQUESTS, (double)NAN,   true};
static const struct number rate_number = {"rate", "rate", 1e-6, 1e6, (double)NAN, false};
static const struct number ratio_number = {"range_ratio", "range-ratio", 1e-6, 1, 1, false};
static const struct number requests_number = {
    "requests", "requests", TP_LOAD_LEAST_REQUESTS, TP_LOAD_MOST_REQUESTS, (double)NAN, true};
static const struct number seed_number = {"seed", "seed", 0, 999999999, 1, true};

static enum tp_status check(const struct number *number, double value, const char *where,
                            struct tp_error *error)
{
  if (value >= number->least && value <= number->most &&
      (!number->is_whole || value == floor(value)))
    return TP_OK;
  return tp_fail(error, TP_E_INPUT, "%s: %.9g is not a %snumber from %g to %.10g", where, value,
                 number->is_whole ? "whole " : "", number->least, number->most);
}

/* The cell, else the list, else what is usual. */
static enum tp_status values_of(const struct number *number, const struct tp_load_list *list,
                                const struct tp_csv *csv, size_t row, struct tp_arena *arena,
                                struct tp_load_list *values, struct tp_error *error)
{
  const int column = csv == NULL ? -1 : tp_csv_column(csv, number->column);
  *values = *list;
  if (column >= 0 && tp_csv_cell(csv, row, column)[0] != '\0') {
    double *const value = TP_NEW(arena, double, 1);
    TP_TRY(tp_csv_number(csv, row, column, value, error));
    *values = (struct tp_load_list){value, 1};
    return check(
        number, *value,
        tp_arena_printf(arena, "%s:%d: column '%s'", csv->path, csv->lines[row], number->column),
        error);
  }
  for (size_t i = 0; i < list->n; i++)
    TP_TRY(check(number, list->items[i], tp_arena_printf(arena, "--%s", number->option), error));
  if (list->n == 0 && !isnan(number->usual))
    *values = (struct tp_load_list){&number->usual, 1};
  return TP_OK;
}

static bool says(const struct tp_csv *csv, size_t row, const char *column)
{
  return csv != NULL && tp_csv_cell(csv, row, tp_csv_column(csv, column))[0] != '\0';
}

bool tp_loads_has(const struct tp_csv *csv, size_t row)
{
  return says(csv, row, "concurrency") || says(csv, row, "rate") || says(csv, row, "trace");
}

/* As many as a closed loop needs to be full for most of the time, as benchmarks take them. */
static int64_t usual_requests(int64_t concurrency)
{
  enum { ROUNDS = 10, OF_AN_OPEN_LOOP = 500 };
  if (concurrency == 0)
    return OF_AN_OPEN_LOOP;
  return concurrency > TP_LOAD_MOST_REQUESTS / ROUNDS ? TP_LOAD_MOST_REQUESTS
                                                      : ROUNDS * concurrency;
}

static enum tp_status say_where(const struct tp_csv *csv, size_t row, const char *text,
                                struct tp_error *error)
{
  if (csv == NULL)
    return tp_fail(error, TP_E_INPUT, "%s", text);
  return tp_fail(error, TP_E_INPUT, "%s:%d: %s", csv->path, csv->lines[row], text);
}

/* A row has a trace's name, not its requests. */
static enum tp_status check_trace(const struct tp_loads *loads, const struct tp_csv *csv,
                                  size_t row, struct tp_error *error)
{
  static const char *const drawn[] = {"concurrency", "rate",   "range_ratio",
                                      "seed",        "prompt", "generate"};
  for (int i = 0; i < 6 && loads->trace != NULL; i++)
    if (says(csv, row, drawn[i]))
      return tp_fail(error, TP_E_INPUT, "%s:%d: column '%s': a trace says all of that; drop one",
                     csv->path, csv->lines[row], drawn[i]);
  if (!says(csv, row, "trace") ||
      (loads->trace != NULL &&
       strcmp(tp_csv_cell(csv, row, tp_csv_column(csv, "trace")), loads->trace) == 0))
    return TP_OK;
  return say_where(
      csv, row, "column 'trace': its requests stand in another file; serve it by --trace FILE.csv",
      error);
}

enum tp_status tp_loads_of_row(const struct tp_loads *loads, const struct tp_csv *csv, size_t row,
                               struct tp_arena *arena, struct tp_served_load **items, size_t *n,
                               struct tp_error *error)
{
  struct tp_load_list concurrency, rate, ratios, requests, seeds;
  TP_TRY(values_of(&concurrency_number, &loads->concurrency, csv, row, arena, &concurrency, error));
  TP_TRY(values_of(&rate_number, &loads->rate, csv, row, arena, &rate, error));
  TP_TRY(values_of(&ratio_number, &loads->range_ratio, csv, row, arena, &ratios, error));
  TP_TRY(values_of(&requests_number, &loads->requests, csv, row, arena, &requests, error));
  TP_TRY(values_of(&seed_number, &loads->seed, csv, row, arena, &seeds, error));
  const bool batch_limits = loads->batch_limits || says(csv, row, "batch");
  *n = 0;
  *items = NULL;
  TP_TRY(check_trace(loads, csv, row, error));
  if (loads->trace != NULL) {
    TP_APPEND(arena, *items, *n,
              (struct tp_served_load){.batch_limits = batch_limits,
                                      .trace = loads->trace,
                                      .trace_visits = loads->trace_visits});
    return TP_OK;
  }
  /* A row that says one of the two means that one. */
  if (says(csv, row, "concurrency") && !says(csv, row, "rate"))
    rate.n = 0;
  else if (says(csv, row, "rate") && !says(csv, row, "concurrency"))
    concurrency.n = 0;
  if (concurrency.n > 0 && rate.n > 0)
    return say_where(
        csv, row, "concurrency and rate: a load is either closed or open; drop one of them", error);
  if (concurrency.n + rate.n == 0)
    return say_where(csv, row,
                     "no load: give --concurrency N, --rate R or --trace FILE.csv, or a row's "
                     "concurrency or rate",
                     error);
  /* As a row says them, so that it comes back as itself. */
  const struct tp_load_list *const amounts = concurrency.n > 0 ? &concurrency : &rate;
  for (size_t i = 0; i < amounts->n * ratios.n * seeds.n; i++) {
    struct tp_load load = {.range_ratio = tp_text_as_written(ratios.items[i / seeds.n % ratios.n]),
                           .seed = (uint64_t)seeds.items[i % seeds.n]};
    const double amount = tp_text_as_written(amounts->items[i / seeds.n / ratios.n]);
    if (concurrency.n > 0)
      load.concurrency = (int64_t)amount;
    else
      load.rate_per_s = amount;
    load.requests = requests.n > 0 ? (int64_t)requests.items[0] : usual_requests(load.concurrency);
    TP_APPEND(arena, *items, *n,
              (struct tp_served_load){.load = load, .batch_limits = batch_limits});
  }
  return TP_OK;
}
