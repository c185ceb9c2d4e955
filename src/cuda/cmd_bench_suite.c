/* What a command line of `bench` measures: models, variants, degrees and batches, given or usual,
 * and a folder that such rows may go to. */
#include "cuda/cmd_bench_job.h"

#include "base/text.h"

#include <string.h>
#include <time.h>

double tp_bench_now_s(void *unused)
{
  struct timespec now;
  (void)unused;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void rest(double seconds)
{
  const time_t whole = (time_t)seconds;
  const struct timespec pause = {whole, (long)(1e9 * (seconds - (double)whole))};
  nanosleep(&pause, NULL);
}

/* Words and numbers given, or else the usual ones. */
static struct tp_words words_or(struct tp_words given, const char **usual, size_t n)
{
  return given.n > 0 ? given : (struct tp_words){usual, n};
}
static struct tp_numbers numbers_or(struct tp_numbers given, double *usual, size_t n)
{
  return given.n > 0 ? given : (struct tp_numbers){usual, n};
}

static enum tp_status open_models(const struct tp_bench_job *job, struct tp_words names,
                                  struct tp_point_grid *grid, struct tp_error *error)
{
  struct tp_arena *arena = job->session->arena;
  struct tp_model *models = TP_NEW(arena, struct tp_model, names.n);
  enum tp_status status = TP_OK;
  for (size_t i = 0; i < names.n && status == TP_OK; i++) {
    const char *path;
    status = tp_datadir_find(job->session->dirs, "model", "models", ".json", names.items[i], arena,
                             &path, error);
    if (status == TP_OK)
      status = tp_model_open(path, arena, &models[i], error);
  }
  grid->models = models;
  grid->n_models = names.n;
  return status;
}

static enum tp_status parse_variants(const struct tp_bench_job *job, struct tp_words names,
                                     struct tp_point_grid *grid, struct tp_error *error)
{
  struct tp_arena *arena = job->session->arena;
  struct tp_variant *variants = TP_NEW(arena, struct tp_variant, names.n);
  enum tp_status status = TP_OK;
  for (size_t i = 0; i < names.n && status == TP_OK; i++)
    status = tp_variant_open(job->session->dirs, names.items[i], arena, &variants[i], error);
  grid->variants = variants;
  grid->n_variants = names.n;
  return status;
}

/* Whole numbers from 1 to `most`. */
static enum tp_status check_counts(const char *option, struct tp_numbers numbers, double most,
                                   struct tp_error *error)
{
  for (size_t i = 0; i < numbers.n; i++)
    if (!(numbers.items[i] >= 1 && numbers.items[i] <= most) ||
        numbers.items[i] != (double)(int64_t)numbers.items[i])
      return tp_fail(error, TP_E_INPUT, "--%s %g: give whole numbers from 1 to %g", option,
                     numbers.items[i], most);
  return TP_OK;
}

static enum tp_status take_counts(const struct tp_bench_job *job, struct tp_numbers tps,
                                  struct tp_numbers batches, struct tp_point_grid *grid,
                                  struct tp_error *error)
{
  struct tp_arena *arena = job->session->arena;
  int *degrees = TP_NEW(arena, int, tps.n);
  int64_t *sizes = TP_NEW(arena, int64_t, batches.n);
  enum tp_status status =
      check_counts(job->args->tp.n > 0 ? "tp" : "emulate-tp", tps, TP_MAX_GPUS, error);
  if (status == TP_OK)
    status = check_counts("batch", batches, 65536, error);
  for (size_t i = 0; i < tps.n && status == TP_OK; i++)
    degrees[i] = (int)tps.items[i];
  for (size_t i = 0; i < batches.n && status == TP_OK; i++)
    sizes[i] = (int64_t)batches.items[i];
  grid->tps = degrees;
  grid->n_tps = tps.n;
  grid->batches = sizes;
  grid->n_batches = batches.n;
  return status;
}

static enum tp_status parse_dtype(const struct tp_bench_job *job, enum tp_dtype *dtype,
                                  struct tp_error *error)
{
  static const char *const names[] = {"fp16", "bf16", "fp8"};
  const char *const text = job->args->dtype != NULL ? job->args->dtype : "bf16";
  for (int i = 0; i < 3; i++)
    if (strcmp(text, names[i]) == 0) {
      *dtype = (enum tp_dtype)i;
      return TP_OK;
    }
  return tp_fail(error, TP_E_INPUT, "--dtype: no '%.32s'%s", text,
                 tp_text_hint(job->session->arena, text, names, 3));
}

static enum tp_status make_grid(const struct tp_bench_job *job, bool whole,
                                struct tp_point_grid *grid, struct tp_error *error)
{
  static const char *models[] = {"llama-3.1-8b", "llama-3.1-70b"};
  static const char *variants[] = {"standard", "ladder", "no-comm", "parallel", "kraken"};
  static double tps[] = {1, 2, 4, 8}, ends[] = {1, 8}, batches[] = {1, 4, 16, 64}, few[] = {1, 16};
  const struct tp_bench_args *args = job->args;
  const struct tp_numbers given = args->tp.n > 0 ? args->tp : args->emulate_tp;
  *grid = (struct tp_point_grid){.prompt = args->prompt > 0 ? args->prompt : 1024,
                                 .generate = !whole               ? 0
                                             : args->generate > 0 ? args->generate
                                                                  : 64,
                                 .layers = whole              ? 0
                                           : args->layers > 0 ? args->layers
                                                              : 4,
                                 .emulated = args->tp.n == 0};
  enum tp_status status = parse_dtype(job, &grid->dtype, error);
  if (status == TP_OK)
    status = open_models(job, words_or(args->model, models, 2), grid, error);
  if (status == TP_OK)
    status = parse_variants(job, words_or(args->variant, variants, whole ? 2 : 5), grid, error);
  if (status != TP_OK)
    return status;
  return take_counts(job, whole ? numbers_or(given, ends, 2) : numbers_or(given, tps, 4),
                     whole ? numbers_or(args->batch, few, 2) : numbers_or(args->batch, batches, 4),
                     grid, error);
}

enum tp_status tp_bench_job_suite(struct tp_bench_job *job, struct tp_error *error)
{
  struct tp_suite *suite = &job->suite;
  enum tp_status status = make_grid(job, false, &suite->layers, error);
  if (status == TP_OK)
    status = make_grid(job, true, &suite->generate, error);
  suite->shapes = (struct tp_shape_request){suite->layers.models,   suite->layers.n_models,
                                            suite->layers.tps,      suite->layers.n_tps,
                                            suite->layers.variants, suite->layers.n_variants};
  suite->source = &job->source;
  suite->now_s = tp_bench_now_s;
  suite->rest = job->host ? NULL : rest;
  return status;
}

static enum tp_status check_kinds(const struct tp_bench_job *job, const struct tp_stage *stages,
                                  size_t n, struct tp_error *error)
{
  const char *const directory = job->source.directory;
  for (size_t i = 0; i < n; i++) {
    if (stages[i].section == TP_SECTION_LAYERS)
      TP_TRY(tp_points_check_kind(directory, &job->suite.layers, error));
    if (stages[i].section == TP_SECTION_GENERATE)
      TP_TRY(tp_points_check_kind(directory, &job->suite.generate, error));
  }
  return TP_OK;
}

enum tp_status tp_bench_take_folder(const struct tp_bench_job *job, const struct tp_stage *stages,
                                    size_t n, struct tp_trace_folder *folder,
                                    struct tp_error *error)
{
  TP_TRY(tp_trace_folder_take(job->source.directory, folder, error));
  const enum tp_status status = check_kinds(job, stages, n, error);
  if (status != TP_OK)
    tp_trace_folder_leave(folder);
  return status;
}
