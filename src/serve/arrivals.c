#include "serve/arrivals.h"

#include "base/text.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Even over the whole numbers from that share of `most` to `most`. */
static int64_t draw_length(gsl_rng *random, double range_ratio, int64_t most)
{
  const int64_t least = (int64_t)ceil(range_ratio * (double)most - 1e-9);
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

int64_t tp_arrivals_longest(const struct tp_arrivals *arrivals)
{
  int64_t longest = 0;
  for (size_t i = 0; i < arrivals->n; i++) {
    const int64_t tokens = arrivals->items[i].prompt + arrivals->items[i].generate;
    longest = tokens > longest ? tokens : longest;
  }
  return longest;
}

/* A moment of a day, as published traces write it. */
struct moment {
  int year, month, day, hour, minute;
  double second;
};

static bool is_leap(int year)
{
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool is_moment(const struct moment *at)
{
  const int days[] = {31, 28 + is_leap(at->year), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return at->year >= 1900 && at->year < 10000 && at->month >= 1 && at->month <= 12 &&
         at->day >= 1 && at->day <= days[at->month - 1] && at->hour >= 0 && at->hour < 24 &&
         at->minute >= 0 && at->minute < 60 && at->second >= 0 && at->second < 61;
}

/* Of the civil calendar, counted from March: years of leap days end with February. */
static int64_t days_of(const struct moment *at)
{
  const int64_t year = at->year - (at->month <= 2), month = (at->month + 9) % 12;
  return 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + at->day;
}

/* None, "Z", "UTC", "+01:00" or "+0100": seconds ahead of UTC. */
static bool read_zone(const char *text, int *ahead_s)
{
  char sign = '+';
  int hours = 0, minutes = 0, end = 0;
  text += *text == ' ';
  *ahead_s = 0;
  if (*text == '\0' || strcmp(text, "Z") == 0 || strcmp(text, "UTC") == 0)
    return true;
  if ((sscanf(text, "%c%2d:%2d%n", &sign, &hours, &minutes, &end) != 3 &&
       sscanf(text, "%c%2d%2d%n", &sign, &hours, &minutes, &end) != 3) ||
      text[end] != '\0' || (sign != '+' && sign != '-') || hours < 0 || hours > 14 || minutes < 0 ||
      minutes > 59)
    return false;
  *ahead_s = (sign == '+' ? 1 : -1) * (hours * 3600 + minutes * 60);
  return true;
}

/* Seconds, or "2023-11-16 18:15:46.6805900", perhaps with a T between, or a zone behind: seconds
 * since some day. */
static bool read_time(const char *text, double *seconds)
{
  struct moment at;
  char between = ' ';
  int ahead_s;
  if (tp_text_number(text, seconds))
    return true;
  int end = 0;
  if (text[strspn(text, "0123456789-:.+ TZUC")] != '\0' ||
      sscanf(text, "%4d-%2d-%2d%c%2d:%2d:%lf%n", &at.year, &at.month, &at.day, &between, &at.hour,
             &at.minute, &at.second, &end) != 7 ||
      (between != ' ' && between != 'T') || !is_moment(&at) || !read_zone(text + end, &ahead_s))
    return false;
  *seconds = (double)(days_of(&at) * 86400 + at.hour * 3600 + at.minute * 60 - ahead_s) + at.second;
  return true;
}

enum { TIME, PROMPT, GENERATE, N_SAID, N_NAMES = 3 };

/* Of each thing said the names that it has, one after the other. */
const char *const tp_arrivals_columns[] = {
    "arrival_s",      "TIMESTAMP", "Timestamp",       "prompt",          "ContextTokens",
    "Request tokens", "generate",  "GeneratedTokens", "Response tokens", NULL};

static enum tp_status find(const struct tp_csv *csv, const char *const names[N_NAMES], int *column,
                           struct tp_error *error)
{
  *column = -1;
  for (int i = 0; i < N_NAMES; i++) {
    const int found = tp_csv_column(csv, names[i]);
    if (found >= 0 && *column >= 0)
      return tp_fail(error, TP_E_INPUT, "%s:1: columns '%s' and '%s' say the same; drop one",
                     csv->path, csv->columns[*column], names[i]);
    *column = found >= 0 ? found : *column;
  }
  if (*column >= 0)
    return TP_OK;
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
  static const double most_s = 1e12;
  int columns[N_SAID];
  double first_s = 0, before_s = 0;
  for (int i = 0; i < N_SAID; i++)
    TP_TRY(find(csv, &tp_arrivals_columns[i * N_NAMES], &columns[i], error));
  if (csv->n_rows == 0)
    return tp_fail(error, TP_E_INPUT, "%s:1: no requests below the header; add rows", csv->path);
  arrivals->n = csv->n_rows;
  arrivals->items = TP_NEW(arena, struct tp_arrival, csv->n_rows);
  for (size_t i = 0; i < csv->n_rows; i++) {
    struct tp_arrival *const arrival = &arrivals->items[i];
    const char *const cell = tp_csv_cell(csv, i, columns[TIME]);
    double at_s;
    if (!read_time(cell, &at_s))
      return tp_fail(error, TP_E_INPUT,
                     "%s:%d: column '%s': '%.32s' is no time; give seconds, or "
                     "2023-11-16 18:15:46.68",
                     csv->path, csv->lines[i], csv->columns[columns[TIME]], cell);
    if (i == 0)
      first_s = before_s = at_s;
    if (!(at_s - first_s < most_s))
      return tp_fail(error, TP_E_INPUT,
                     "%s:%d: column '%s': more than %g s after the first; give seconds", csv->path,
                     csv->lines[i], csv->columns[columns[TIME]], most_s);
    if (at_s < before_s)
      return tp_fail(error, TP_E_INPUT,
                     "%s:%d: column '%s': it comes before the row above; sort the rows by it",
                     csv->path, csv->lines[i], csv->columns[columns[TIME]]);
    before_s = at_s;
    arrival->at_s = at_s - first_s;
    TP_TRY(read_count(csv, i, columns[PROMPT], 1, &arrival->prompt, error));
    TP_TRY(read_count(csv, i, columns[GENERATE], 0, &arrival->generate, error));
  }
  return TP_OK;
}
