#include "config.h"

#include "cuda/cmd_bench_job.h"

#include "base/text.h"
#include "bench/choice.h"
#include "bench/trace_sidecar.h"
#include "ranks/apart.h"

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

static enum tp_status clocks(void *data, double clocks_hz[2], struct tp_error *error)
{
  const struct tp_bench_job *job = data;
  struct tp_gpu_facts facts;
  const enum tp_status status = tp_gpu_facts(job->gpu, &facts, error);
  if (status == TP_OK) {
    clocks_hz[0] = facts.clock_hz;
    clocks_hz[1] = facts.memory_clock_hz;
  }
  return status;
}

struct found {
  int n_gpus;
  struct tp_gpu_facts facts;
};

static enum tp_status find_gpu(void *data, void *result, struct tp_error *error)
{
  const struct tp_bench_job *job = data;
  struct found *found = result;
  struct tp_error reason = {.text = ""};
  const enum tp_status status = tp_gpu_count(&found->n_gpus, &reason);
  if (status != TP_OK)
    return tp_fail(error, status, "%.400s; --device host goes through the motions", reason.text);
  if (job->gpu >= found->n_gpus)
    return tp_fail(error, TP_E_INPUT, "--device %d: there are %d GPUs, from 0 on", job->gpu,
                   found->n_gpus);
  return tp_gpu_facts(job->gpu, &found->facts, error);
}

static enum tp_status parse_device(struct tp_bench_job *job, struct tp_error *error)
{
  const char *const text = job->args->device != NULL ? job->args->device : "0";
  double number;
  job->host = strcmp(text, "host") == 0;
  if (job->host)
    return TP_OK;
  if (!tp_text_number(text, &number) || number < 0 || number > 64 || number != (int)number)
    return tp_fail(error, TP_E_INPUT, "--device '%s': give the number of a GPU, or host", text);
  job->gpu = (int)number;
  struct found found;
  const enum tp_status status = tp_run_apart(find_gpu, job, 60, &found, sizeof found, error);
  if (status != TP_OK)
    return status;
  job->n_gpus = found.n_gpus;
  job->facts = found.facts;
  return TP_OK;
}

static enum tp_status parse_standin(struct tp_bench_job *job, struct tp_error *error)
{
  const char *const text = job->args->standin;
  double sms;
  if (text == NULL)
    return TP_OK;
  if (strcmp(text, "copy") == 0) {
    job->standin_sms = -1;
    return TP_OK;
  }
  if (strncmp(text, "sms:", 4) != 0 || !tp_text_number(text + 4, &sms) || sms < 1 || sms > 1024 ||
      sms != (int)sms)
    return tp_fail(error, TP_E_INPUT, "--standin '%s': give sms:N, or copy", text);
  job->standin_sms = (int)sms;
  return TP_OK;
}

static enum tp_status open_setup(struct tp_bench_job *job, struct tp_error *error)
{
  const struct tp_bench_args *args = job->args;
  struct tp_arena *arena = job->session->arena;
  struct tp_setup_request request = {.platform = args->platform,
                                     .stack = args->stack != NULL ? args->stack : "tpsim-cuda",
                                     .sets = args->sets.items,
                                     .n_sets = args->sets.n};
  enum tp_status status = TP_OK;
  if (request.platform == NULL && job->host)
    return tp_fail(error, TP_E_INPUT,
                   "the host has no figures of its own: say whose it takes with --platform");
  if (request.platform == NULL)
    status = tp_platform_like(job->session->dirs, job->facts.sms, (double)job->facts.memory_bytes,
                              arena, &request.platform, error);
  if (status == TP_OK)
    status = tp_setup_open(job->session->dirs, &request, arena, &job->setup, error);
  if (status == TP_OK && job->standin_sms > job->setup->device.datasheet.sm_count)
    return tp_fail(error, TP_E_INPUT, "--standin sms:%d: %s has %.0f SMs", job->standin_sms,
                   job->setup->device.name, job->setup->device.datasheet.sm_count);
  return status;
}

/* What is set shapes stand-ins and budgets: such rows are no others. */
static const char *sets_of(const struct tp_words *sets, struct tp_arena *arena)
{
  const char *text = NULL;
  for (size_t i = 0; i < sets->n; i++)
    text = text == NULL ? sets->items[i] : tp_arena_printf(arena, "%s %s", text, sets->items[i]);
  return text;
}

static void describe_gpu(struct tp_bench_job *job)
{
  job->source.sms = job->facts.sms;
  job->source.capability = job->facts.capability;
  job->source.driver = job->facts.driver;
  job->source.runtime = job->facts.runtime;
  job->source.cublaslt = job->facts.cublaslt;
  job->source.cudnn = job->facts.cudnn;
  job->source.nccl = job->n_gpus > 1 ? job->facts.nccl : NULL;
  job->source.clocks = clocks;
  job->source.data = job;
}

/* The usual folder is the device's; where another machine or program has filled that, one of this
 * program's version, so that a new measurement always has a place. */
static void describe_source(struct tp_bench_job *job)
{
  struct tp_arena *arena = job->session->arena;
  const char *const device = job->host ? "host" : job->facts.name;
  const char *const folder = job->host ? device : job->setup->device.name;
  const time_t now = time(NULL);
  char *const date = tp_arena_alloc(arena, 32, 1);
  strftime(date, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
  job->source = (struct tp_trace_source){
      .directory =
          job->args->out != NULL ? job->args->out : tp_arena_printf(arena, "traces/%s", folder),
      .device = device,
      .virtual_clock = job->host,
      .platform = job->setup->platform.name,
      .sets = sets_of(&job->args->sets, arena),
      .standin = job->args->standin,
      .version = PACKAGE_VERSION,
      .date = date,
      .command = job->session->argv,
      .n_command = job->session->n_arguments};
  if (!job->host)
    describe_gpu(job);
  if (job->args->out != NULL || tp_trace_sidecars_agree(&job->source))
    return;
  tp_command_note(
      tp_arena_printf(arena,
                      "%s: was measured by another GPU, tpsim, driver or libraries, or with other "
                      "settings, and stays as it is",
                      job->source.directory));
  job->source.directory = tp_arena_printf(arena, "traces/tpsim-%s/%s", PACKAGE_VERSION, folder);
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

static enum tp_status make_suite(struct tp_bench_job *job, struct tp_error *error)
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

enum tp_status tp_bench_job_open(struct tp_session *session, const struct tp_bench_args *args,
                                 struct tp_bench_job *job, struct tp_error *error)
{
  *job = (struct tp_bench_job){.session = session,
                               .args = args,
                               .begin_s = tp_bench_now_s(NULL),
                               .budget_s = args->budget > 0 ? (double)args->budget : 270};
  if (args->tp.n > 0 && args->emulate_tp.n > 0)
    return tp_fail(error, TP_E_INPUT, "--tp runs on several GPUs, --emulate-tp on one; give one");
  enum tp_status status = parse_standin(job, error);
  if (status == TP_OK)
    status = parse_device(job, error);
  if (status == TP_OK)
    status = open_setup(job, error);
  if (status == TP_OK)
    status = make_suite(job, error);
  if (status == TP_OK)
    describe_source(job);
  return status;
}
