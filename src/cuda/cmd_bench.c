/* tpsim-cuda bench: measures ops, passes and generations of models. */
#include "config.h"

#include "base/text.h"
#include "command/command.h"
#include "command/progress.h"
#include "cuda/apart.h"
#include "cuda/bench_choice.h"
#include "cuda/bench_host.h"
#include "cuda/commands.h"
#include "cuda/gpu.h"
#include "cuda/suite.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct args {
  const char *device, *out, *platform, *stack, *standin, *dtype;
  struct tp_words model, variant, sets;
  struct tp_numbers tp, emulate_tp, batch;
  int64_t budget, prompt, generate, layers;
};

static const struct tp_option options[] = {
    {"device", 'd', TP_OPTION_TEXT, offsetof(struct args, device), "D",
     "number of a GPU, or host: no GPU, the cost model's times [0]"},
    {"out", 'o', TP_OPTION_TEXT, offsetof(struct args, out), "DIR",
     "where the files are or go [traces/NAME-OF-THE-GPU]"},
    {"budget", '\0', TP_OPTION_COUNT, offsetof(struct args, budget), "SECONDS",
     "time to take [270]"},
    {"model", 'm', TP_OPTION_WORDS, offsetof(struct args, model), "M[,M]",
     "models [llama-3.1-8b,llama-3.1-70b]"},
    {"emulate-tp", '\0', TP_OPTION_NUMBERS, offsetof(struct args, emulate_tp), "LIST",
     "degrees of which one GPU runs rank 0 alone [1,2,4,8; generate: 1,8]"},
    {"tp", '\0', TP_OPTION_NUMBERS, offsetof(struct args, tp), "LIST",
     "degrees to run on as many GPUs, in place of --emulate-tp"},
    {"variant", 'v', TP_OPTION_WORDS, offsetof(struct args, variant), "V[,V]",
     "[standard,ladder,parallel,kraken,no-comm; generate: standard,ladder]"},
    {"batch", 'b', TP_OPTION_NUMBERS, offsetof(struct args, batch), "LIST",
     "sequences at once [1,4,16,64; generate: 1,16]"},
    {"prompt", '\0', TP_OPTION_COUNT, offsetof(struct args, prompt), "N",
     "prompt tokens, halved until they fit [1024]"},
    {"generate", '\0', TP_OPTION_COUNT, offsetof(struct args, generate), "N",
     "generated tokens of `generate` [128]"},
    {"layers", '\0', TP_OPTION_COUNT, offsetof(struct args, layers), "N",
     "layers that `layers` cuts a model to [4]"},
    {"dtype", '\0', TP_OPTION_TEXT, offsetof(struct args, dtype), "T", "fp16, bf16 or fp8 [bf16]"},
    {"standin", '\0', TP_OPTION_TEXT, offsetof(struct args, standin), "sms:N|copy",
     "what stands for a collective of emulated ranks [as many SMs as modelled]"},
    {"platform", 'p', TP_OPTION_TEXT, offsetof(struct args, platform), "P",
     "whose model plans samples and stand-ins [the one with such GPUs]"},
    {"stack", 's', TP_OPTION_TEXT, offsetof(struct args, stack), "K",
     "which kernels and libraries run [tpsim-cuda]"},
    {"set", '\0', TP_OPTION_REPEATED, offsetof(struct args, sets), "KEY=VALUE",
     "change one value of platform, device or stack for this run"},
};

/* A run of the command. */
struct job {
  struct tp_session *session;
  const struct args *args;
  bool host;
  int gpu, n_gpus;
  struct tp_gpu_facts facts;
  struct tp_setup *setup;
  struct tp_trace_source source;
  struct tp_suite suite; /* but for rig, beside and ranks */
  int standin_sms;
  double begin_s, budget_s;
};

/* One process's part: a section, alone or by a group of `ranks`. */
struct task {
  const struct job *job;
  enum tp_section section;
  int ranks; /* of a group; 0: alone */
  double budget_s;
};

static double now_s(void *unused)
{
  struct timespec now;
  (void)unused;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void begin_file(void *data, const char *file, size_t n)
{
  (void)file;
  tp_progress_begin(data, n);
}

static void step_file(void *data, size_t done)
{
  tp_progress_step(data, done);
}

static void end_file(void *data, const char *file, const struct tp_plan_run *run,
                     const char *refused)
{
  tp_progress_end(data);
  printf("%s: %zu rows measured, %zu were there", file, run->measured, run->present);
  if (run->left > 0)
    printf(", %zu left: run again to go on", run->left);
  if (refused != NULL)
    printf(", %zu cannot be measured here: %s", run->refused, refused);
  putchar('\n');
}

/* GPUs. */
struct gpu_opening {
  const struct job *job;
  struct tp_group *group;
};

static enum tp_status open_gpu(void *data, const struct tp_machine *machine, struct tp_calls *calls,
                               void **owner, struct tp_error *error)
{
  const struct gpu_opening *opening = data;
  const bool alone = opening->group == NULL;
  const struct tp_gpu_options gpu = {.device = alone ? opening->job->gpu
                                                     : tp_group_local_rank(opening->group),
                                     .group = opening->group,
                                     .stack = &opening->job->setup->stack,
                                     .emulated = alone && machine->ranks > 1 ? machine : NULL,
                                     .standin_sms = opening->job->standin_sms};
  *owner = NULL;
  return tp_gpu_open(&gpu, calls, error);
}

static void close_gpu(void *data, struct tp_calls *calls, void *owner)
{
  (void)data;
  (void)owner;
  tp_gpu_close(calls);
}

static enum tp_status clocks(void *data, double clocks_hz[2], struct tp_error *error)
{
  const struct job *job = data;
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
  const struct job *job = data;
  struct found *found = result;
  found->n_gpus = tp_gpu_count();
  if (found->n_gpus == 0)
    return tp_fail(error, TP_E_ENVIRONMENT,
                   "no GPU here, or no driver for it; --device host goes through the motions");
  if (job->gpu >= found->n_gpus)
    return tp_fail(error, TP_E_INPUT, "--device %d: there are %d GPUs, from 0 on", job->gpu,
                   found->n_gpus);
  return tp_gpu_facts(job->gpu, &found->facts, error);
}

static enum tp_status open_beside(const struct job *job, struct tp_beside *beside,
                                  struct tp_error *error)
{
  return job->host ? tp_beside_open_idle(beside, error)
                   : tp_beside_open_gpu(job->gpu, beside, error);
}

static enum tp_status run_suite(const struct task *task, struct tp_group *group,
                                struct tp_error *error)
{
  const struct job *job = task->job;
  struct gpu_opening opening = {job, group};
  struct tp_rig rig = {.setup = job->setup,
                       .group = group,
                       .opener = job->host ? tp_opener_host()
                                           : (struct tp_opener){open_gpu, close_gpu, &opening}};
  struct tp_suite suite = job->suite;
  struct tp_progress progress;
  struct tp_beside beside;
  const struct tp_suite_listener listener = {begin_file, step_file, end_file, &progress};
  const int real_tps[] = {task->ranks};
  suite.rig = &rig;
  suite.ranks = task->ranks;
  if (group == NULL || tp_group_rank(group) == 0)
    suite.listener = &listener;
  if (job->args->tp.n > 0) {
    suite.layers.tps = suite.generate.tps = real_tps;
    suite.layers.n_tps = suite.generate.n_tps = 1;
  }
  const bool loads = task->section == TP_SECTION_INTERFERENCE;
  enum tp_status status = loads ? open_beside(job, &beside, error) : TP_OK;
  if (status != TP_OK)
    return status;
  suite.beside = &beside;
  status = tp_suite_run(&suite, task->section, task->budget_s, error);
  if (loads)
    beside.close(beside.state);
  tp_rig_close(&rig);
  return status;
}

static enum tp_status run_task(void *data, void *result, struct tp_error *error)
{
  const struct task *task = data;
  struct tp_group *group = NULL;
  (void)result;
  if (task->ranks < 2 || task->job->host)
    return run_suite(task, NULL, error);
  enum tp_status status = tp_group_start(task->ranks, &group, error);
  if (status != TP_OK)
    return status;
  status = run_suite(task, group, error);
  const enum tp_status ended = tp_group_end(group, status, status == TP_OK ? error : NULL);
  return status != TP_OK ? status : ended;
}

/* Degrees that a section runs one after the other, each by a group; none: once, alone. */
static struct tp_numbers degrees_of(const struct job *job, enum tp_section section)
{
  static double usual[] = {2, 4, 8};
  const bool points = section == TP_SECTION_LAYERS || section == TP_SECTION_GENERATE;
  if (section != TP_SECTION_COLLECTIVES)
    return points ? job->args->tp : (struct tp_numbers){.n = 0};
  if (job->args->tp.n > 0)
    return job->args->tp;
  struct tp_numbers degrees = {usual, 0};
  const int most = job->host ? job->setup->platform.n_gpus : job->n_gpus;
  while (degrees.n < 3 && usual[degrees.n] <= most)
    degrees.n++;
  return degrees;
}

static enum tp_status run_section(const struct job *job, enum tp_section section, double budget_s,
                                  struct tp_error *error)
{
  const struct tp_numbers degrees = degrees_of(job, section);
  const double end_s = now_s(NULL) + budget_s;
  if (section == TP_SECTION_COLLECTIVES && degrees.n == 0) {
    puts("collectives.csv: nothing to do: collectives need several GPUs, here is one");
    return TP_OK;
  }
  const size_t n = degrees.n > 0 ? degrees.n : 1;
  enum tp_status status = TP_OK;
  for (size_t i = 0; i < n && status == TP_OK; i++) {
    struct task task = {.job = job,
                        .section = section,
                        .ranks = degrees.n > 0 ? (int)degrees.items[i] : 0,
                        .budget_s = (end_s - now_s(NULL)) / (double)(n - i)};
    status =
        job->host ? run_task(&task, NULL, error) : tp_run_apart(run_task, &task, NULL, 0, error);
  }
  return status;
}

/* Each section's failure leaves the others their turn; the first is reported. */
static enum tp_status run_all(const struct job *job, struct tp_error *error)
{
  enum tp_status first = TP_OK;
  for (int s = 0; s < TP_N_SECTIONS; s++) {
    struct tp_error reason;
    const enum tp_section section = (enum tp_section)s;
    const double left_s = job->begin_s + job->budget_s - now_s(NULL);
    const enum tp_status status =
        run_section(job, section, tp_section_budget_s(section, left_s), &reason);
    if (status != TP_OK && first == TP_OK)
      first = tp_fail(error, status, "%s: %s", tp_section_text(section), reason.text);
  }
  return first;
}

static enum tp_status parse_device(struct job *job, struct tp_error *error)
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
  const enum tp_status status = tp_run_apart(find_gpu, job, &found, sizeof found, error);
  if (status != TP_OK)
    return status;
  job->n_gpus = found.n_gpus;
  job->facts = found.facts;
  return TP_OK;
}

static enum tp_status parse_standin(struct job *job, struct tp_error *error)
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

static enum tp_status open_setup(struct job *job, struct tp_error *error)
{
  const struct args *args = job->args;
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
  return status == TP_OK ? tp_setup_open(job->session->dirs, &request, arena, &job->setup, error)
                         : status;
}

static void describe_source(struct job *job)
{
  struct tp_arena *arena = job->session->arena;
  const char *const device = job->host ? "host" : job->facts.name;
  const time_t now = time(NULL);
  char *const date = tp_arena_alloc(arena, 32, 1);
  strftime(date, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
  job->source = (struct tp_trace_source){
      .directory = job->args->out != NULL
                       ? job->args->out
                       : tp_arena_printf(arena, "traces/%s", tp_device_slug(device, arena)),
      .device = device,
      .virtual_clock = job->host,
      .platform = job->setup->platform.name,
      .standin = job->args->standin,
      .version = PACKAGE_VERSION,
      .date = date,
      .command = job->session->argv,
      .n_command = job->session->n_arguments};
  if (job->host)
    return;
  job->source.sms = job->facts.sms;
  job->source.capability = job->facts.capability;
  job->source.driver = job->facts.driver;
  job->source.runtime = job->facts.runtime;
  job->source.cublaslt = job->facts.cublaslt;
  job->source.cudnn = job->facts.cudnn;
  job->source.nccl = job->facts.nccl;
  job->source.clocks = clocks;
  job->source.data = job;
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

static enum tp_status open_models(const struct job *job, struct tp_words names,
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

static enum tp_status parse_variants(const struct job *job, struct tp_words names,
                                     struct tp_point_grid *grid, struct tp_error *error)
{
  struct tp_arena *arena = job->session->arena;
  struct tp_variant *variants = TP_NEW(arena, struct tp_variant, names.n);
  enum tp_status status = TP_OK;
  for (size_t i = 0; i < names.n && status == TP_OK; i++)
    status = tp_variant_parse(names.items[i], arena, &variants[i], error);
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

static enum tp_status take_counts(const struct job *job, struct tp_numbers tps,
                                  struct tp_numbers batches, struct tp_point_grid *grid,
                                  struct tp_error *error)
{
  struct tp_arena *arena = job->session->arena;
  int *degrees = TP_NEW(arena, int, tps.n);
  int64_t *sizes = TP_NEW(arena, int64_t, batches.n);
  enum tp_status status =
      check_counts(job->args->tp.n > 0 ? "tp" : "emulate-tp", tps, TP_MAX_RANKS, error);
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

static enum tp_status parse_dtype(const struct job *job, enum tp_dtype *dtype,
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

static enum tp_status make_grid(const struct job *job, bool whole, struct tp_point_grid *grid,
                                struct tp_error *error)
{
  static const char *models[] = {"llama-3.1-8b", "llama-3.1-70b"};
  static const char *variants[] = {"standard", "ladder", "parallel", "kraken", "no-comm"};
  static double tps[] = {1, 2, 4, 8}, ends[] = {1, 8}, batches[] = {1, 4, 16, 64}, few[] = {1, 16};
  const struct args *args = job->args;
  const struct tp_numbers given = args->tp.n > 0 ? args->tp : args->emulate_tp;
  *grid = (struct tp_point_grid){.prompt = args->prompt > 0 ? args->prompt : 1024,
                                 .generate = !whole               ? 0
                                             : args->generate > 0 ? args->generate
                                                                  : 128,
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

static enum tp_status make_suite(struct job *job, struct tp_error *error)
{
  struct tp_suite *suite = &job->suite;
  enum tp_status status = make_grid(job, false, &suite->layers, error);
  if (status == TP_OK)
    status = make_grid(job, true, &suite->generate, error);
  suite->shapes = (struct tp_shape_request){suite->layers.models,   suite->layers.n_models,
                                            suite->layers.tps,      suite->layers.n_tps,
                                            suite->layers.variants, suite->layers.n_variants};
  suite->source = &job->source;
  suite->now_s = now_s;
  return status;
}

static enum tp_status find_section(const struct job *job, const char *name,
                                   enum tp_section *section, struct tp_error *error)
{
  const char *names[TP_N_SECTIONS + 1];
  for (int s = 0; s < TP_N_SECTIONS; s++) {
    names[s] = tp_section_text((enum tp_section)s);
    if (strcmp(name, names[s]) == 0) {
      *section = (enum tp_section)s;
      return TP_OK;
    }
  }
  names[TP_N_SECTIONS] = "all";
  *section = TP_N_SECTIONS;
  if (strcmp(name, "all") == 0)
    return TP_OK;
  return tp_fail(error, TP_E_INPUT, "no benchmark '%.32s'%s", name,
                 tp_text_hint(job->session->arena, name, names, TP_N_SECTIONS + 1));
}

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  struct job job = {.session = session, .args = values, .begin_s = now_s(NULL)};
  enum tp_section section;
  job.budget_s = job.args->budget > 0 ? (double)job.args->budget : 270;
  enum tp_status status = tp_command_expect(positional, 1, 1, "what to measure", error);
  if (status == TP_OK)
    status = find_section(&job, positional->items[0], &section, error);
  if (status == TP_OK)
    status = parse_standin(&job, error);
  if (status == TP_OK && job.args->tp.n > 0 && job.args->emulate_tp.n > 0)
    status = tp_fail(error, TP_E_INPUT, "--tp runs on several GPUs, --emulate-tp on one; give one");
  if (status == TP_OK)
    status = parse_device(&job, error);
  if (status == TP_OK)
    status = open_setup(&job, error);
  if (status == TP_OK)
    status = make_suite(&job, error);
  if (status != TP_OK)
    return status;
  describe_source(&job);
  return section == TP_N_SECTIONS ? run_all(&job, error)
                                  : run_section(&job, section, job.budget_s, error);
}

const struct tp_command tp_command_bench = {
    .name = "bench",
    .summary = "measures ops, collectives, interference, layers and generations",
    .usage = "ops|collectives|interference|layers|generate|all [OPTIONS]",
    .details =
        "Writes gemm.csv, attention.csv, memory.csv, collectives.csv, interference.csv, "
        "layers.csv\n"
        "and generate.csv, each with a sidecar that says who measured, for `tpsim calibrate` and\n"
        "`tpsim validate`. Rows that are there are kept, so that a run goes on where one ended;\n"
        "what the time does not suffice for is left, cheap rows come first. One GPU runs rank 0\n"
        "of several, with stand-ins for collectives: such rows say 1 in column emulated.\n"
        "--device host measures nothing: it writes what the model expects, for practice.",
    .example = "tpsim-cuda bench layers --device host --platform dgx-h200 --model llama-3.1-8b "
               "--emulate-tp 2 --batch 1 -o practice",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .values_size = sizeof(struct args),
    .run = run,
};
