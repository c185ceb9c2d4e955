/* Writes the traces that `tpsim-cuda bench all` would on the hostile GPU.
 *   hostile_loop FOLDER BUDGET_S [EFFECT=VALUE ...]
 */
#include "base/datadir.h"
#include "base/text.h"
#include "bench/suite.h"
#include "hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBERS(X)                                                                         \
  X(gap_s)                                                                                 \
  X(crossing_s)                                                                            \
  X(standin_s)                                                                             \
  X(tick_s)                                                                                \
  X(l2_bytes)                                                                              \
  X(scatter_ratio)                                                                         \
  X(plan_s)                                                                                \
  X(widest_head)                                                                           \
  X(partial_overlap)                                                                       \
  X(power_ratio) X(power_s) X(dram_weight) X(noise_ratio) X(device.gemm.dram_ratio)        \
      X(device.gemm.compute_ratio) X(device.gemm.launch_s) X(device.memory.kernel_floor_s) \
          X(device.memory.dram_ratio) X(device.overlap.held_ratio)
#define FLAGS(X) X(own_attention) X(own_memory) X(whole_waves)

static struct tp_arena *arena;
static struct tp_error error;

static void must(enum tp_status status)
{
  if (status == TP_OK)
    return;
  fprintf(stderr, "hostile_loop: %s\n", error.text);
  exit(2);
}

static bool is_named(const char *word, const char *name)
{
  const size_t length = strlen(name);
  return strncmp(word, name, length) == 0 && word[length] == '=';
}

static void set(struct hostile_physics *physics, const char *word)
{
  const char *const value = strchr(word, '=');
  double number = 0;
  if (value == NULL || !tp_text_number(value + 1, &number)) {
    fprintf(stderr, "hostile_loop: '%s': give EFFECT=NUMBER\n", word);
    exit(2);
  }
#define X(field)                \
  if (is_named(word, #field)) { \
    physics->field = number;    \
    return;                     \
  }
  NUMBERS(X)
#undef X
#define X(field)                  \
  if (is_named(word, #field)) {   \
    physics->field = number != 0; \
    return;                       \
  }
  FLAGS(X)
#undef X
  fprintf(stderr, "hostile_loop: no effect '%s'\n", word);
  exit(2);
}

static double now_s(void *data)
{
  return hostile_now_s(data);
}

static struct hostile *resting;

static void rest(double seconds)
{
  hostile_pass_s(resting, seconds);
}

static void end_file(void *data, const char *file, const struct tp_agenda_run *run,
                     const char *refused)
{
  (void)refused;
  printf("%s: %zu rows, %zu left, at %.0f s\n", file, run->measured, run->left,
         hostile_now_s(data));
}
static void begin_file(void *data, const char *file, size_t n)
{
  (void)data;
  (void)file;
  (void)n;
}
static void step_file(void *data, size_t done)
{
  (void)data;
  (void)done;
}

static struct tp_point_grid grid_of(const struct tp_datadir *dirs, bool whole)
{
  static const char *const models[] = {"llama-3.1-8b", "llama-3.1-70b"};
  static const char *const names[] = {"standard", "ladder", "parallel", "kraken", "no-comm"};
  static const int tps[] = {1, 2, 4, 8}, ends[] = {1, 8};
  static const int64_t batches[] = {1, 4, 16, 64}, few[] = {1, 16};
  struct tp_model *opened = TP_NEW(arena, struct tp_model, 2);
  struct tp_variant *variants = TP_NEW(arena, struct tp_variant, 5);
  for (int i = 0; i < 2; i++) {
    const char *path;
    must(tp_datadir_find(dirs, "model", "models", ".json", models[i], arena, &path, &error));
    must(tp_model_open(path, arena, &opened[i], &error));
  }
  for (int i = 0; i < 5; i++)
    must(tp_variant_parse(names[i], arena, &variants[i], &error));
  return (struct tp_point_grid){.models = opened,
                                .n_models = 2,
                                .tps = whole ? ends : tps,
                                .n_tps = whole ? 2 : 4,
                                .variants = variants,
                                .n_variants = whole ? 2 : 5,
                                .batches = whole ? few : batches,
                                .n_batches = whole ? 2 : 4,
                                .prompt = 1024,
                                .generate = whole ? 64 : 0,
                                .layers = whole ? 0 : 4,
                                .dtype = TP_DTYPE_BF16,
                                .emulated = true};
}

/* The stages of one GPU, each with its share of the time, as `bench all` gives it. */
static void run_all(struct hostile *hostile, struct tp_suite *suite, double budget_s)
{
  struct tp_stage stages[TP_MOST_STAGES];
  const size_t n = tp_suite_stages(TP_N_SECTIONS, stages);
  for (size_t i = 0; i < n; i++) {
    struct tp_failures failures = {.n = 0};
    if (stages[i].section == TP_SECTION_COLLECTIVES)
      continue;
    hostile_pass_s(hostile, 1.5); /* a process each: context and libraries */
    const double left_s = budget_s - hostile_now_s(hostile);
    must(tp_suite_run_stage(suite, &stages[i], tp_stage_budget_s(stages, n, i, left_s), &failures,
                            &error));
    tp_rig_close(suite->rig);
  }
}

static void bench(struct hostile *hostile, const struct tp_datadir *dirs,
                  const struct tp_setup *setup, const char *folder, double budget_s)
{
  struct tp_rig rig = {.setup = setup, .opener = hostile_opener(hostile)};
  struct tp_beside beside = hostile_beside(hostile);
  const struct tp_trace_source source = {.directory = folder,
                                         .device = "hostile",
                                         .virtual_clock = true,
                                         .version = "0",
                                         .date = "2026-01-01T00:00:00Z"};
  const struct tp_suite_listener listener = {begin_file, step_file, end_file, hostile};
  const struct tp_point_grid layers = grid_of(dirs, false);
  struct tp_suite suite = {.rig = &rig,
                           .beside = &beside,
                           .source = &source,
                           .layers = layers,
                           .generate = grid_of(dirs, true),
                           .shapes = {layers.models, layers.n_models, layers.tps, layers.n_tps,
                                      layers.variants, layers.n_variants},
                           .rest = rest,
                           .now_s = now_s,
                           .data = hostile,
                           .listener = &listener};
  resting = hostile;
  run_all(hostile, &suite, budget_s);
}

int main(int n_words, char **words)
{
  const char *const given = getenv("SRCDIR"), *const root = given != NULL ? given : ".";
  const struct tp_datadir dirs = {&root, 1};
  const struct tp_setup_request request = {.platform = "dgx-h200", .stack = "tpsim-cuda"};
  struct tp_setup *setup;
  if (n_words < 3) {
    fputs("usage: hostile_loop FOLDER BUDGET_S [EFFECT=VALUE ...]\n", stderr);
    return 2;
  }
  arena = tp_arena_create();
  must(tp_setup_open(&dirs, &request, arena, &setup, &error));
  struct hostile_physics physics = {.device = setup->device};
  for (int i = 3; i < n_words; i++)
    set(&physics, words[i]);
  struct hostile *hostile = hostile_create(&physics);
  bench(hostile, &dirs, setup, words[1], strtod(words[2], NULL));
  hostile_free(hostile);
  tp_arena_free(arena);
  return 0;
}
