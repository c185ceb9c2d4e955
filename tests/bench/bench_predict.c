/* Predictions a second of a sweep, TTFT and a 512-token generation each: `make bench`.
 *
 * 70B on 8 GPUs, 80 layers, and two mixtures; six variants x 64 batches x 64 prompts, no point
 * twice.  "static" reads the whole cache each step (one decode pass), "grown" integrates over the
 * steps.
 */
#include "sweep/sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now_s(void)
{
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static const char *const platforms[] = {"dgx-h200"};
static const char *const variants[] = {"standard",  "parallel",  "ladder",
                                       "desync-2x", "desync-4x", "no-comm"};
static const struct tp_engine *const engines[] = {&tp_engine_analytic, NULL};
enum { N = 64 };

static struct tp_grid make_grid(const char *const *model, const char *const *stack,
                                const double *batches, const double *prompts, const double *tp)
{
  struct tp_grid grid;
  tp_grid_clear(&grid);
  grid.axes[TP_AXIS_model] = (struct tp_axis){.words = model, .n = 1};
  grid.axes[TP_AXIS_platform] = (struct tp_axis){.words = platforms, .n = 1};
  grid.axes[TP_AXIS_stack] = (struct tp_axis){.words = stack, .n = 1};
  grid.axes[TP_AXIS_variant] = (struct tp_axis){.words = variants, .n = 6};
  grid.axes[TP_AXIS_tp] = (struct tp_axis){.numbers = tp, .n = 1};
  grid.axes[TP_AXIS_batch] = (struct tp_axis){.numbers = batches, .n = N};
  grid.axes[TP_AXIS_prompt] = (struct tp_axis){.numbers = prompts, .n = N};
  return grid;
}

/* CPU seconds of all predictions alone, and with their CSV rows. */
static void measure(const char *name, const char *model, const char *stack,
                    struct tp_catalog *catalog)
{
  double batches[N], prompts[N];
  const double tp = 8;
  for (int i = 0; i < N; i++) {
    batches[i] = i + 1;
    prompts[i] = 32 * (i + 1);
  }
  const struct tp_grid grid = make_grid(&model, &stack, batches, prompts, &tp);
  struct tp_error error;
  if (tp_grid_check(&grid, catalog, &error) != TP_OK) {
    fprintf(stderr, "%s\n", error.text);
    exit(EXIT_FAILURE);
  }
  const size_t n = tp_grid_size(&grid);
  struct tp_predictor *predictor = tp_predictor_create();
  size_t ran = 0;
  const double begin_s = now_s();
  for (size_t i = 0; i < n; i++) {
    struct tp_point point;
    struct tp_prediction row;
    if (tp_grid_point(&grid, catalog, i, &point, &error) != TP_OK ||
        tp_predict(predictor, &point, &row, &error) != TP_OK)
      abort();
    ran += row.fits > 0;
  }
  const double predicted_s = now_s() - begin_s;
  tp_predictor_free(predictor);

  FILE *const out = fopen("/dev/null", "w");
  const struct tp_sweep sweep = {.grid = &grid, .catalog = catalog, .workers = 1};
  const double again_s = now_s();
  if (out == NULL || tp_sweep_run(&sweep, out, &error) != TP_OK)
    abort();
  const double swept_s = now_s() - again_s;
  fclose(out);
  printf("%-14s %-8s %8.0f predictions/s, %8.0f with CSV rows  (%zu points, %zu fit)\n", model,
         name, (double)n / predicted_s, (double)n / swept_s, n, ran);
}

int main(void)
{
  const char *const roots[] = {TP_SRCDIR};
  const struct tp_datadir dirs = {roots, 1};
  struct tp_arena *arena = tp_arena_create();
  struct tp_catalog catalog = {.arena = arena, .dirs = &dirs, .engines = engines};
  static const char *const models[] = {"llama-3.1-70b", "deepseek-r1", "gpt-oss-120b"};
  for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
    measure("static", models[i], "gpt-fast-compile", &catalog);
    measure("grown", models[i], "vllm-graph", &catalog);
  }
  tp_arena_free(arena);
  return 0;
}
