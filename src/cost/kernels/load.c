#define _XOPEN_SOURCE 700 /* M_PI */
#include "cost/kernels/load.h"

#include <math.h>

/* Tokens of an expert of which a share `below` has fewer: quantiles of the density x^-skew. */
struct density {
  double least, most, skew;
};

static double quantile(const struct density *density, double below)
{
  const double power = 1 - density->skew;
  if (fabs(power) < 1e-9)
    return density->least * pow(density->most / density->least, below);
  const double first = pow(density->least, power), last = pow(density->most, power);
  return pow(first + (last - first) * below, 1 / power);
}

/* Rounding leaves experts without a token; what it takes from the sum comes to some of these. */
static void settle(struct tp_expert_load *load, double local)
{
  double taken = 0, rounded = 0;
  load->touched = load->rows = 0;
  for (int i = 0; i < load->n_classes; i++) {
    load->rows += load->experts[i] * load->each[i];
    rounded += load->experts[i] * round(load->each[i]);
    if (load->each[i] < 0.5)
      load->each[i] = 0;
    else {
      load->each[i] = fmax(load->each[i], 1);
      taken += load->experts[i];
    }
  }
  load->lone = fmin(fmax(0, load->rows - rounded), local - taken);
  load->touched = fmax(1, taken + load->lone);
  load->rows = fmax(1, load->rows);
}

static void load_evenly(struct tp_expert_load *load, double local, double mean)
{
  const double more = mean - floor(mean);
  load->n_classes = 2;
  load->experts[0] = local * (1 - more);
  load->experts[1] = local * more;
  load->each[0] = floor(mean);
  load->each[1] = floor(mean) + 1;
}

/* Of a normal distribution, by Newton's steps from its middle. */
static double normal_quantile(double below)
{
  enum { STEPS = 12 };
  double x = 0;
  for (int i = 0; i < STEPS; i++) {
    const double over = 0.5 * erfc(-x / M_SQRT2) - below;
    const double slope = exp(-x * x / 2) / sqrt(2 * M_PI);
    x -= fmax(-1, fmin(1, over / slope));
  }
  return x;
}

/* Blom's place of the greatest of n normal deviates. */
static double greatest_deviate(double n)
{
  return n > 1 ? normal_quantile((n - 0.375) / (n + 0.25)) : 0;
}

/* The busiest of `ranks` sums of `local` draws: what its mean passes the mean of all by; and no
 * less than the greatest of all draws with a mean rest. */
static double busiest(const struct tp_expert_load *load, double mean, double local, double ranks,
                      double greatest)
{
  double squares = 0;
  for (int i = 0; i < load->n_classes; i++)
    squares += pow(load->each[i] / mean - 1, 2) / load->n_classes;
  return fmax(1 + greatest_deviate(ranks) * sqrt(squares / local),
              (greatest / mean + local - 1) / local);
}

static void load_skewed(struct tp_expert_load *load, const struct tp_experts *experts, double local,
                        double mean)
{
  const double tokens = (double)experts->tokens, all = (double)experts->experts;
  const bool many = tokens * (double)experts->top_k > all;
  const struct density density = {many ? 1 : 0.01, many ? fmax(1, 0.8 * tokens) : 2, experts->skew};
  double sum = 0;
  load->n_classes = TP_LOAD_CLASSES;
  for (int i = 0; i < TP_LOAD_CLASSES; i++)
    sum += load->each[i] = quantile(&density, (i + 0.5) / TP_LOAD_CLASSES);
  const double scale = mean * TP_LOAD_CLASSES / sum;
  double scaled = 0;
  for (int i = 0; i < TP_LOAD_CLASSES; i++) {
    load->experts[i] = local / TP_LOAD_CLASSES;
    load->each[i] = fmin(tokens, load->each[i] * scale);
    scaled += load->each[i] / TP_LOAD_CLASSES;
  }
  if (experts->moe_ep == 1)
    return;
  const double greatest = fmin(tokens, quantile(&density, 1 - 0.5 / all) * scale);
  const double more = busiest(load, scaled, local, (double)experts->moe_ep, greatest);
  for (int i = 0; i < TP_LOAD_CLASSES; i++)
    load->each[i] = local > 1 ? fmin(tokens, load->each[i] * more) : greatest;
}

/* Quantiles (i + 1/2) / TP_LOAD_CLASSES of the normal distribution above its middle. */
static const double upper_quantiles[TP_LOAD_CLASSES / 2] = {
    0.0392, 0.1178, 0.1971, 0.2777, 0.3601, 0.4451, 0.5334, 0.6261,
    0.7245, 0.8305, 0.9468, 1.0775, 1.2299, 1.4178, 1.6759, 2.1539};

static double class_deviate(int i)
{
  enum { HALF = TP_LOAD_CLASSES / 2 };
  return i < HALF ? -upper_quantiles[HALF - 1 - i] : upper_quantiles[i - HALF];
}

/* Of the experts that a token comes to.  A binomial distribution is walked along where it is
 * short, and else near enough a normal one. */
static void draw(struct tp_expert_load *load, double tokens, double chance, double touched)
{
  static const double long_mean = 30;
  const double mean = tokens * chance;
  if (mean > long_mean || chance >= 1) {
    const double deviation = sqrt(mean * (1 - chance));
    for (int i = 0; i < TP_LOAD_CLASSES; i++)
      load->each[i] = fmin(tokens, round(mean + class_deviate(i) * deviation));
    return;
  }
  double n = 1, share = tokens * chance * pow(1 - chance, tokens - 1), below = share;
  for (int i = 0; i < TP_LOAD_CLASSES; i++) {
    while (below < touched * (i + 0.5) / TP_LOAD_CLASSES && n < tokens) {
      share *= (tokens - n) / (n + 1) * chance / (1 - chance);
      below += share;
      n++;
    }
    load->each[i] = n;
  }
}

/* Of the pairs of tokens and experts each rank gets a binomial share, and the busiest is meant. */
static void load_randomly(struct tp_expert_load *load, const struct tp_experts *experts,
                          double local)
{
  const double tokens = (double)experts->tokens, ranks = (double)experts->moe_ep;
  const double pairs = tokens * (double)experts->top_k;
  const double more = 1 + greatest_deviate(ranks) * sqrt((ranks - 1) / pairs);
  const double chance = fmin(1, (double)experts->top_k / (double)experts->experts * more);
  const double touched = 1 - pow(1 - chance, tokens);
  load->n_classes = TP_LOAD_CLASSES;
  draw(load, tokens, chance, touched);
  for (int i = 0; i < TP_LOAD_CLASSES; i++)
    load->experts[i] = local * touched / TP_LOAD_CLASSES;
  load->touched = fmax(1, local * touched);
  load->rows = fmax(1, local * tokens * chance);
}

struct tp_expert_load tp_expert_load(const struct tp_experts *experts)
{
  const double local = (double)experts->experts / (double)experts->moe_ep;
  const double mean = (double)experts->tokens * (double)experts->top_k / (double)experts->experts;
  struct tp_expert_load load = {0};
  if (experts->skew < 0) {
    load_randomly(&load, experts, local);
    return load;
  }
  if (experts->skew > 0)
    load_skewed(&load, experts, local, mean);
  else
    load_evenly(&load, local, mean);
  settle(&load, local);
  return load;
}

double tp_expert_row_tiles(const struct tp_expert_load *load, double tile_rows)
{
  double tiles = load->lone;
  for (int i = 0; i < load->n_classes; i++)
    tiles += load->experts[i] * ceil(load->each[i] / tile_rows);
  return fmax(1, tiles);
}

double tp_expert_partial_tiles(const struct tp_expert_load *load, double tile_rows)
{
  double tiles = 0;
  for (int i = 0; i < load->n_classes; i++)
    if (ceil(load->each[i] / tile_rows) * tile_rows > load->each[i])
      tiles += load->experts[i];
  return tiles;
}

double tp_expert_empty_tiles(const struct tp_expert_load *load, double tile_rows)
{
  double empty = load->lone * (1 - 1 / tile_rows);
  for (int i = 0; i < load->n_classes; i++)
    empty += load->experts[i] * (ceil(load->each[i] / tile_rows) - load->each[i] / tile_rows);
  return empty;
}
