/* Prices the ops and passes that show what a key does. */
#include "keys.h"

#include "ops/costs.h"
#include "sweep/grid.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_WORDS = 3 };

/* Few layers and tokens: each pass has all its kinds of ops all the same. */
static const double layers[] = {2}, batches[] = {1, 8}, prompts[] = {64, 1024}, generates[] = {2};

/* Lists end with NULL or 0; none is the default. */
struct passes {
  enum keys_probe probe;
  const char *model, *phase;
  const char *platforms[MOST_WORDS + 1], *stacks[MOST_WORDS + 1], *variants[MOST_WORDS + 1];
  const char *dtypes[MOST_WORDS + 1];
  double tps[MOST_WORDS + 1], pps[MOST_WORDS + 1];
};

#define WITHIN_AND_ACROSS                                          \
  .model = "gpt3-1.3b", .stacks = {KEYS_STACK}, .tps = {2, 8, 16}, \
  .platforms = {"dgx-h100", "dgx-h100-nop2p", "dgx-h100-x2"}
#define OF_OTHERS \
  .probe = KEYS_OTHERS, .model = "llama-3.1-8b", .platforms = {"dgx-h100"}, .tps = {1, 8}

static const struct passes all_passes[] = {
    {WITHIN_AND_ACROSS, .probe = KEYS_STANDARD, .variants = {"standard"}},
    {WITHIN_AND_ACROSS, .probe = KEYS_TRIGGERED, .variants = {"t3", "t3-mca", "cu-share"},
     .phase = "fc-2"},
    {WITHIN_AND_ACROSS, .probe = KEYS_OVERLAPPED, .variants = {"ladder", "chunked"}},
    {WITHIN_AND_ACROSS, .probe = KEYS_QUANTISED, .variants = {"flash-int4"}},
    {.probe = KEYS_STAGES,
     .model = "gpt3-1.3b",
     .platforms = {"dgx-h100-x2"},
     .stacks = {KEYS_STACK},
     .tps = {8},
     .pps = {2}},
    {OF_OTHERS, .stacks = {"eager", "gpt-fast-compile", "sglang-graph"}, .dtypes = {"fp16", "fp8"},
     .variants = {"standard", "ladder"}},
    {OF_OTHERS, .stacks = {"tpsim-cuda"}, .phase = "train"},
};
enum { N_PASSES = sizeof all_passes / sizeof *all_passes };

static const struct tp_engine *const engines[] = {&tp_engine_analytic, NULL};

struct keys_bench {
  const struct tp_datadir *dirs;
  struct tp_csv ops;
  struct tp_grid grids[N_PASSES];
  struct tp_catalog catalog; /* its setups are those without a setting */
};

static struct tp_axis words_axis(const char *const *words)
{
  struct tp_axis axis = {.words = words};
  while (words[axis.n] != NULL)
    axis.n++;
  return axis;
}

static struct tp_axis numbers_axis(const double *numbers)
{
  struct tp_axis axis = {.numbers = numbers};
  while (numbers[axis.n] != 0)
    axis.n++;
  return axis;
}

static void make_grid(const struct passes *passes, struct tp_grid *grid)
{
  tp_grid_clear(grid);
  grid->axes[TP_AXIS_layers] = (struct tp_axis){.numbers = layers, .n = 1};
  grid->axes[TP_AXIS_batch] = (struct tp_axis){.numbers = batches, .n = 2};
  grid->axes[TP_AXIS_prompt] = (struct tp_axis){.numbers = prompts, .n = 2};
  grid->axes[TP_AXIS_generate] = (struct tp_axis){.numbers = generates, .n = 1};
  grid->axes[TP_AXIS_model] = (struct tp_axis){.words = &passes->model, .n = 1};
  if (passes->phase != NULL)
    grid->axes[TP_AXIS_phase] = (struct tp_axis){.words = &passes->phase, .n = 1};
  grid->axes[TP_AXIS_platform] = words_axis(passes->platforms);
  grid->axes[TP_AXIS_stack] = words_axis(passes->stacks);
  grid->axes[TP_AXIS_variant] = words_axis(passes->variants);
  grid->axes[TP_AXIS_dtype] = words_axis(passes->dtypes);
  grid->axes[TP_AXIS_tp] = numbers_axis(passes->tps);
  grid->axes[TP_AXIS_pp] = numbers_axis(passes->pps);
}

static void must(enum tp_status status, const struct tp_error *error)
{
  if (status == TP_OK)
    return;
  fprintf(stderr, "keys: %s\n", error->text);
  exit(99);
}

struct keys_bench *keys_bench_open(const struct tp_datadir *dirs, struct tp_arena *arena)
{
  struct tp_error error;
  struct keys_bench *const bench = TP_NEW(arena, struct keys_bench, 1);
  bench->dirs = dirs;
  bench->catalog = (struct tp_catalog){.arena = arena, .dirs = dirs, .engines = engines};
  char *const text = keys_ops_text();
  must(tp_csv_parse("ops.csv", text, arena, &bench->ops, &error), &error);
  free(text);
  for (int i = 0; i < N_PASSES; i++) {
    make_grid(&all_passes[i], &bench->grids[i]);
    must(tp_grid_check(&bench->grids[i], &bench->catalog, &error), &error);
  }
  return bench;
}

static bool time_ops(const struct keys_bench *bench, const struct keys_settings *sets,
                     struct tp_arena *arena, struct keys_times *times)
{
  struct tp_error error;
  struct tp_op_time *costs;
  const struct tp_op_costs_request request = {.device = "h100-sxm",
                                              .platform = "dgx-h100",
                                              .stack = KEYS_STACK,
                                              .sets = sets->items,
                                              .n_sets = sets->n};
  if (tp_op_costs(bench->dirs, &request, &bench->ops, arena, &costs, &error) != TP_OK)
    return false;
  for (size_t i = 0; i < bench->ops.n_rows; i++)
    TP_APPEND(arena, times->items, times->n,
              (struct keys_time){.time_s = costs[i].predicted_us,
                                 .width = costs[i].high_us / costs[i].low_us,
                                 .fits = (double)NAN});
  return true;
}

/* A pass that cannot run has no interval, and one token or none has none of the next. */
static double width_of(double low_s, double high_s)
{
  return isnan(low_s) ? 0 : high_s / low_s;
}

static bool time_passes(const struct tp_grid *grid, struct tp_catalog *catalog,
                        struct tp_predictor *predictor, struct keys_times *times)
{
  struct tp_error error;
  struct tp_point point;
  for (size_t i = 0; i < tp_grid_size(grid); i++) {
    struct tp_prediction row;
    if (tp_grid_next(grid, catalog, i, &point, &error) != TP_OK ||
        tp_predict(predictor, &point, &row, &error) != TP_OK)
      return false;
    TP_APPEND(catalog->arena, times->items, times->n,
              (struct keys_time){.time_s = row.e2e_s,
                                 .width = width_of(row.ttft_low_s, row.ttft_high_s) +
                                          width_of(row.tpot_low_s, row.tpot_high_s),
                                 .fits = row.fits});
  }
  return true;
}

struct keys_times keys_bench_times(const struct keys_bench *bench, enum keys_probe probe,
                                   const struct keys_settings *sets, struct tp_arena *arena)
{
  struct keys_times times = {.n = 0};
  if (probe == KEYS_OPS)
    return time_ops(bench, sets, arena, &times) ? times : (struct keys_times){.n = 0};
  struct tp_catalog catalog = bench->catalog;
  catalog.arena = arena;
  catalog.sets = sets->items;
  catalog.n_sets = sets->n;
  catalog.setups = NULL;
  struct tp_predictor *const predictor = tp_predictor_create();
  bool taken = true;
  for (int i = 0; i < N_PASSES && taken; i++)
    if (all_passes[i].probe == probe)
      taken = time_passes(&bench->grids[i], &catalog, predictor, &times);
  tp_predictor_free(predictor);
  return taken ? times : (struct keys_times){.n = 0};
}
