#include "serve/served.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <string.h>

#define POINT_COLUMN(name, text)  \
  {#name,                         \
   NULL,                          \
   NULL,                          \
   &tp_columns[TP_COLUMN_##name], \
   text,                          \
   true,                          \
   offsetof(struct tp_served, point.name)},
#define POINT_TEXT(name)   POINT_COLUMN(name, true)
#define POINT_NUMBER(name) POINT_COLUMN(name, false)
#define LOAD_TEXT(name, unit, description) \
  {#name, unit, description, NULL, true, true, offsetof(struct tp_served, name)},
#define LOAD_NUMBER(name, unit, description) \
  {#name, unit, description, NULL, false, true, offsetof(struct tp_served, name)},
#define OUTPUT(name, unit, description) \
  {#name, unit, description, NULL, false, false, offsetof(struct tp_served, name)},
/* clang-format off */
const struct tp_served_column tp_served_columns[] = {
    TP_SERVED_POINT(POINT_TEXT, POINT_NUMBER)
    TP_SERVED_LOAD(LOAD_TEXT, LOAD_NUMBER)
    TP_SERVED_OUTPUTS(OUTPUT)
    {"status", NULL, NULL, &tp_columns[TP_COLUMN_status], true, false,
     offsetof(struct tp_served, point.status)},
    TP_SERVED_LATER_OUTPUTS(OUTPUT)};
/* clang-format on */
const size_t tp_n_served_columns = sizeof tp_served_columns / sizeof *tp_served_columns;

/* Inputs are pointers, the status stands in its place. */
const char *tp_served_text(const struct tp_served *row, const struct tp_served_column *column)
{
  const char *const place = (const char *)row + column->offset;
  const char *text = place;
  if (column->is_input)
    memcpy(&text, place, sizeof text);
  return text == NULL ? "" : text;
}

double tp_served_number(const struct tp_served *row, const struct tp_served_column *column)
{
  double number;
  memcpy(&number, (const char *)row + column->offset, sizeof number);
  return number;
}

void tp_served_clear(struct tp_served *row)
{
  *row = (struct tp_served){.trace = NULL};
  tp_prediction_clear(&row->point);
#define TEXT(name, unit, description)
#define NUMBER(name, unit, description) row->name = (double)NAN;
  TP_SERVED_LOAD(TEXT, NUMBER)
  TP_SERVED_OUTPUTS(NUMBER)
  TP_SERVED_LATER_OUTPUTS(NUMBER)
#undef TEXT
#undef NUMBER
}

/* A figure of the requests, sorted. */
struct figure {
  double mean, p50, p90, p99;
};

static struct figure figure_of(double *values, size_t n)
{
  if (n == 0)
    return (struct figure){(double)NAN, (double)NAN, (double)NAN, (double)NAN};
  gsl_sort(values, 1, n);
  return (struct figure){.mean = gsl_stats_mean(values, 1, n),
                         .p50 = gsl_stats_quantile_from_sorted_data(values, 1, n, 0.5),
                         .p90 = gsl_stats_quantile_from_sorted_data(values, 1, n, 0.9),
                         .p99 = gsl_stats_quantile_from_sorted_data(values, 1, n, 0.99)};
}

void tp_served_fill(const struct tp_serving *serving, int gpus, struct tp_arena *arena,
                    struct tp_served *row)
{
  double *const first_s = TP_NEW_RAW(arena, double, serving->n);
  double *const token_s = TP_NEW_RAW(arena, double, serving->n);
  double *const whole_s = TP_NEW_RAW(arena, double, serving->n);
  size_t n_token = 0;
  double generated = 0;
  for (size_t i = 0; i < serving->n; i++) {
    const struct tp_visit *const visit = &serving->visits[i];
    first_s[i] = visit->first_s - visit->came_s;
    whole_s[i] = visit->ended_s - visit->came_s;
    generated += (double)visit->generate;
    if (visit->generate > 1)
      token_s[n_token++] = (visit->ended_s - visit->first_s) / (double)(visit->generate - 1);
  }
  const struct figure ttft = figure_of(first_s, serving->n), tpot = figure_of(token_s, n_token);
  row->ttft_s = ttft.mean;
  row->ttft_p50_s = ttft.p50;
  row->ttft_p90_s = ttft.p90;
  row->ttft_p99_s = ttft.p99;
  row->tpot_s = tpot.mean;
  row->tpot_p50_s = tpot.p50;
  row->tpot_p90_s = tpot.p90;
  row->tpot_p99_s = tpot.p99;
  row->e2e_s = figure_of(whole_s, serving->n).mean;
  row->tokens_per_s = generated / serving->ended_s;
  row->tokens_per_s_per_gpu = row->tokens_per_s / gpus;
  row->sequences = serving->sequences;
  row->steps = (double)serving->steps;
  row->recomputed = serving->recomputed;
}
