#define _XOPEN_SOURCE 700
#include "serve/arrivals.h"

#include "base/text.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Even over the whole numbers from that share of `most` to `most`. */
static int64_t draw_length(gsl_rng *random, double range_ratio, int64_t most)
{
  const int64_t least = (int64_t)ceil(range_ratio * (double)most);
  return least >= most
             ? most
             : least + (int64_t)gsl_rng_uniform_int(random, (unsigned long)(most - least + 1));
}

struct tp_arrivals tp_arrivals_draw(const struct tp_load *load, int64_t prompt, int64_t generate,
                                    struct tp_arena *arena)
{
  struct tp_arrivals arrivals = {.n = (size_t)load->requests};
  arrivals.items = TP_NEW(arena, struct tp_arrival, arrivals.n);
  gsl_rng *const random = gsl_rng_alloc(gsl_rng_mt19937);
  gsl_rng_set(random, (unsigned long)load->seed);
  for (size_t i = 0; i < arrivals.n; i++) {
    arrivals.items[i].prompt = draw_length(random, load->range_ratio, prompt);
    arrivals.items[i].generate = draw_length(random, load->range_ratio, generate);
  }
  double now_s = 0;
  for (size_t i = 0; i < arrivals.n && load->rate_per_s > 0; i++) {
    arrivals.items[i].at_s = now_s;
    now_s += gsl_ran_exponential(random, 1 / load->rate_per_s);
  }
  gsl_rng_free(random);
  return arrivals;
}

/* "2023-11-16 18:15:46.6805900", with a T or a zone behind, which the first row's is taken off
 * again with: seconds since some day. */
static bool read_time(const char *text, double *seconds)
{
  struct tm day = {.tm_mday = 1};
  double second = 0;
  char between = ' ';
  if (tp_text_number(text, seconds))
    return true;
  if (sscanf(text, "%d-%d-%d%c%d:%d:%lf", &day.tm_year, &day.tm_mon, &day.tm_mday, &between,
             &day.tm_hour, &day.tm_min, &second) != 7 ||
      (between != ' ' && between != 'T'))
    return false;
  /* Days of the civil calendar, counted from March: years of leap days end with February. */
  const int64_t year = day.tm_year - (day.tm_mon <= 2), month = (day.tm_mon + 9) % 12;
  const int64_t days =
      365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day.tm_mday;
  *seconds = (double)(days * 86400 + day.tm_hour * 3600 + day.tm_min * 60) + second;
  return true;
}

static enum tp_status find(const struct tp_csv *csv, const char *const names[3], int *column,
                           struct tp_error *error)
{
  for (int i = 0; i < 3; i++) {
    *column = tp_csv_column(csv, names[i]);
    if (*column >= 0)
      return TP_OK;
  }
  return tp_fail(error, TP_E_INPUT, "%s:1: no column '%s' (nor '%s', '%s'); add it", csv->path,
                 names[0], names[1], names[2]);
}

static enum tp_status read_count(const struct tp_csv *csv, size_t row, int column, double least,
                                 int64_t *count, struct tp_error *error)
{
  static const double most = 1e9;
  double value;
  TP_TRY(tp_csv_number(csv, row, column, &value, error));
  if (value < least || value > most || value != floor(value))
    return tp_fail(error, TP_E_INPUT,
                   "%s:%d: column '%s': %.9g is not a whole number from %g to %g", csv->path,
                   csv->lines[row], csv->columns[column], value, least, most);
  *count = (int64_t)value;
  return TP_OK;
}

enum tp_status tp_arrivals_read(const struct tp_csv *csv, struct tp_arena *arena,
                                struct tp_arrivals *arrivals, struct tp_error *error)
{
  static const char *const names[3][3] = {{"arrival_s", "TIMESTAMP", "Timestamp"},
                                          {"prompt", "ContextTokens", "Request tokens"},
                                          {"generate", "GeneratedTokens", "Response tokens"}};
  int columns[3];
  double first_s = 0, before_s = 0;
  for (int i = 0; i < 3; i++)
    TP_TRY(find(csv, names[i], &columns[i], error));
  if (csv->n_rows == 0)
    return tp_fail(error, TP_E_INPUT, "%s:1: no requests below the header; add rows", csv->path);
  arrivals->n = csv->n_rows;
  arrivals->items = TP_NEW(arena, struct tp_arrival, csv->n_rows);
  for (size_t i = 0; i < csv->n_rows; i++) {
    struct tp_arrival *const arrival = &arrivals->items[i];
    const char *const cell = tp_csv_cell(csv, i, columns[0]);
    double at_s;
    if (!read_time(cell, &at_s))
      return tp_fail(error, TP_E_INPUT,
                     "%s:%d: column '%s': '%.32s' is no time; give seconds, or "
                     "2023-11-16 18:15:46.68",
                     csv->path, csv->lines[i], csv->columns[columns[0]], cell);
    if (i == 0)
      first_s = before_s = at_s;
    if (at_s < before_s)
      return tp_fail(error, TP_E_INPUT,
                     "%s:%d: column '%s': it comes before the row above; sort the rows by it",
                     csv->path, csv->lines[i], csv->columns[columns[0]]);
    before_s = at_s;
    arrival->at_s = at_s - first_s;
    TP_TRY(read_count(csv, i, columns[1], 1, &arrival->prompt, error));
    TP_TRY(read_count(csv, i, columns[2], 0, &arrival->generate, error));
  }
  return TP_OK;
}
