/* tpsim-cuda bench: measures ops, passes and generations of models. */
#include "base/text.h"
#include "bench/host.h"
#include "bench/trace_folder.h"
#include "command/progress.h"
#include "cuda/cmd_bench_job.h"
#include "cuda/commands.h"
#include "ranks/apart.h"

#include <math.h>
#include <string.h>

static const struct tp_option options[] = {
    {"device", 'd', TP_OPTION_TEXT, offsetof(struct tp_bench_args, device), "D",
     "number of a GPU, or host: no GPU, the cost model's times [0]"},
    {"out", 'o', TP_OPTION_TEXT, offsetof(struct tp_bench_args, out), "DIR",
     "where the files are or go [traces/DEVICE]"},
    {"budget", '\0', TP_OPTION_COUNT, offsetof(struct tp_bench_args, budget), "SECONDS",
     "time to take [270]"},
    {"model", 'm', TP_OPTION_WORDS, offsetof(struct tp_bench_args, model), "M[,M]",
     "models [llama-3.1-8b,llama-3.1-70b]"},
    {"emulate-tp", '\0', TP_OPTION_NUMBERS, offsetof(struct tp_bench_args, emulate_tp), "LIST",
     "degrees of which one GPU runs rank 0 alone [1,2,4,8; generate: 1,8]"},
    {"tp", '\0', TP_OPTION_NUMBERS, offsetof(struct tp_bench_args, tp), "LIST",
     "degrees to run on as many GPUs, in place of --emulate-tp"},
    {"variant", 'v', TP_OPTION_WORDS, offsetof(struct tp_bench_args, variant), "V[,V]",
     "[standard,ladder,no-comm,parallel,kraken; generate: standard,ladder]"},
    {"batch", 'b', TP_OPTION_NUMBERS, offsetof(struct tp_bench_args, batch), "LIST",
     "sequences at once [1,4,16,64; generate: 1,16]"},
    {"prompt", '\0', TP_OPTION_COUNT, offsetof(struct tp_bench_args, prompt), "N",
     "prompt tokens, halved until they fit [1024]"},
    {"generate", '\0', TP_OPTION_COUNT, offsetof(struct tp_bench_args, generate), "N",
     "generated tokens of `generate` [64]"},
    {"layers", '\0', TP_OPTION_COUNT, offsetof(struct tp_bench_args, layers), "N",
     "layers that `layers` cuts a model to [4]"},
    {"dtype", '\0', TP_OPTION_TEXT, offsetof(struct tp_bench_args, dtype), "T",
     "of `layers` and `generate`: fp16, bf16 or fp8 [bf16]"},
    {"standin", '\0', TP_OPTION_TEXT, offsetof(struct tp_bench_args, standin), "sms:N|copy",
     "what stands for a collective of emulated ranks [as many SMs as modelled]"},
    {"platform", 'p', TP_OPTION_TEXT, offsetof(struct tp_bench_args, platform), "P",
     "whose model plans samples and stand-ins [the one with such GPUs; host: none]"},
    {"stack", 's', TP_OPTION_TEXT, offsetof(struct tp_bench_args, stack), "K",
     "which kernels and libraries run [tpsim-cuda]"},
    {"set", '\0', TP_OPTION_REPEATED, offsetof(struct tp_bench_args, sets), "KEY=VALUE",
     "change one value of platform, device or stack for this run"},
};

/* One process's part: a stage, alone or by a group of `ranks`. */
struct task {
  const struct tp_bench_job *job;
  const struct tp_stage *stage;
  int ranks; /* of a group; 0: alone */
  double budget_s;
  struct tp_failures failures; /* of the processes before */
};

static void begin_file(void *data, const char *file, size_t n)
{
  (void)file;
  tp_progress_begin(data, n);
}

static void step_file(void *data, size_t done)
{
  tp_progress_step(data, done);
}

static void end_file(void *data, const char *file, const struct tp_agenda_run *run,
                     const char *refused)
{
  tp_progress_end(data);
  printf("%s: %zu rows measured, %zu were there", file, run->measured, run->present);
  if (run->left > 0)
    printf(", %zu left: run again to go on", run->left);
  if (run->failed > 0)
    printf(", %zu failed", run->failed);
  if (refused != NULL)
    printf(", %zu cannot be measured here: %s", run->refused, refused);
  putchar('\n');
  fflush(stdout); /* who stops a run keeps what it said */
}

/* GPUs. */
struct gpu_opening {
  const struct tp_bench_job *job;
  struct tp_team *group;
};

static enum tp_status open_gpu(void *data, const struct tp_machine *machine, struct tp_calls *calls,
                               void **owner, struct tp_error *error)
{
  const struct gpu_opening *opening = data;
  const bool alone = opening->group == NULL;
  const struct tp_gpu_options gpu = {
      .device = alone ? opening->job->gpu : tp_team_local_rank(opening->group),
      .group = opening->group,
      .stack = &opening->job->setup->stack,
      .emulated = alone && tp_machine_ranks(machine) > 1 ? machine : NULL,
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

static enum tp_status open_beside(const struct tp_bench_job *job, struct tp_load *load,
                                  struct tp_beside *beside, struct tp_error *error)
{
  *beside = tp_beside_host(load);
  return job->host ? TP_OK : tp_beside_open_gpu(job->gpu, beside, error);
}

static enum tp_status run_suite(const struct task *task, struct tp_team *group,
                                struct tp_failures *failures, struct tp_error *error)
{
  const struct tp_bench_job *job = task->job;
  struct gpu_opening opening = {job, group};
  struct tp_load load = {.held_sms = 0};
  struct tp_rig rig = {.setup = job->setup,
                       .group = group,
                       .opener = job->host ? tp_opener_host(&load)
                                           : (struct tp_opener){open_gpu, close_gpu, &opening}};
  struct tp_suite suite = job->suite;
  struct tp_progress progress;
  struct tp_beside beside;
  const struct tp_suite_listener listener = {begin_file, step_file, end_file, &progress};
  const int real_tps[] = {task->ranks};
  suite.rig = &rig;
  suite.ranks = task->ranks;
  if (group == NULL || tp_team_rank(group) == 0)
    suite.listener = &listener;
  if (job->args->tp.n > 0) {
    suite.layers.tps = suite.generate.tps = real_tps;
    suite.layers.n_tps = suite.generate.n_tps = 1;
  }
  const bool loads = task->stage->section == TP_SECTION_INTERFERENCE;
  enum tp_status status = loads ? open_beside(job, &load, &beside, error) : TP_OK;
  if (status != TP_OK)
    return status;
  suite.beside = &beside;
  status = tp_suite_run_stage(&suite, task->stage, task->budget_s, failures, error);
  if (status == TP_OK) /* others may still read memory of this rank */
    status = tp_bench_settle(group, status, error);
  if (loads)
    beside.close(beside.state);
  tp_rig_close(&rig);
  return status;
}

/* Ranks of mpirun learn only in their team which of them writes: that one holds the folder. */
static enum tp_status run_launched(const struct task *task, struct tp_team *group,
                                   struct tp_failures *failures, struct tp_error *error)
{
  const bool writes = tp_team_rank(group) == 0;
  struct tp_trace_folder folder;
  const enum tp_status taken =
      writes ? tp_trace_folder_take(task->job->source.directory, &folder, error) : TP_OK;
  enum tp_status status = tp_bench_settle(group, taken, error);
  if (status == TP_OK)
    status = run_suite(task, group, failures, error);
  if (writes && taken == TP_OK)
    tp_trace_folder_leave(&folder);
  return status;
}

static enum tp_status run_task(void *data, void *result, struct tp_error *error)
{
  const struct task *task = data;
  struct tp_failures *failures = result;
  struct tp_team *group = NULL;
  const bool launched = tp_team_launched();
  *failures = task->failures;
  failures->lost = false;
  if (task->ranks < 2 || task->job->host)
    return launched ? run_launched(task, NULL, failures, error)
                    : run_suite(task, NULL, failures, error);
  enum tp_status status = tp_team_start(task->ranks, &group, error);
  if (status != TP_OK)
    return status;
  status = launched ? run_launched(task, group, failures, error)
                    : run_suite(task, group, failures, error);
  return tp_team_end(group, status, error);
}

/* Degrees that a section runs one after the other, each by a group; none: once, alone. */
static struct tp_numbers degrees_of(const struct tp_bench_job *job, enum tp_section section)
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

/* When a task has surely hung: the last row may take longer than the budget has left. */
static double late_s(double budget_s)
{
  return 1.5 * fmax(budget_s, 0) + 120;
}

/* In a process of its own, and after a fault of the GPU, which no process survives, in another one
 * that leaves out what failed.  The first failure is told. */
static enum tp_status run_apart(struct task *task, struct tp_error *error)
{
  enum { MOST_PROCESSES = 5 };
  const double end_s = tp_bench_now_s(NULL) + task->budget_s;
  enum tp_status first = TP_OK;
  for (int i = 0; i < MOST_PROCESSES; i++) {
    struct tp_error reason = {.text = ""};
    struct tp_failures failures = {.n = 0};
    task->budget_s = end_s - tp_bench_now_s(NULL);
    const enum tp_status status =
        tp_run_apart(run_task, task, late_s(task->budget_s), &failures, sizeof failures, &reason);
    if (status != TP_OK && first == TP_OK)
      first = tp_fail(error, status, "%s", reason.text);
    if (status == TP_OK || !failures.lost)
      break;
    task->failures = failures;
  }
  return first;
}

static enum tp_status run_stage(const struct tp_bench_job *job, const struct tp_stage *stage,
                                double budget_s, struct tp_error *error)
{
  const struct tp_numbers degrees = degrees_of(job, stage->section);
  const double end_s = tp_bench_now_s(NULL) + budget_s;
  if (stage->section == TP_SECTION_COLLECTIVES && degrees.n == 0) {
    puts("collectives.csv: nothing to do: collectives need several GPUs, here is one");
    return TP_OK;
  }
  const size_t n = degrees.n > 0 ? degrees.n : 1;
  enum tp_status status = TP_OK;
  for (size_t i = 0; i < n && status == TP_OK; i++) {
    struct task task = {.job = job,
                        .stage = stage,
                        .ranks = degrees.n > 0 ? (int)degrees.items[i] : 0,
                        .budget_s = (end_s - tp_bench_now_s(NULL)) / (double)(n - i)};
    struct tp_failures failures;
    status = job->host || tp_team_launched() ? run_task(&task, &failures, error)
                                             : run_apart(&task, error);
  }
  return status;
}

/* A stage's failure leaves the others their turn; the first is reported. */
static enum tp_status run_stages(const struct tp_bench_job *job, enum tp_section section,
                                 struct tp_error *error)
{
  struct tp_stage stages[TP_MOST_STAGES];
  const size_t n = tp_suite_stages(section, stages);
  enum tp_status first = TP_OK;
  for (size_t i = 0; i < n; i++) {
    struct tp_error reason = {.text = ""};
    const double left_s = job->begin_s + job->budget_s - tp_bench_now_s(NULL);
    const enum tp_status status =
        run_stage(job, &stages[i], tp_stage_budget_s(stages, n, i, left_s), &reason);
    if (status != TP_OK && first == TP_OK)
      first = tp_fail(error, status, "%s: %s", tp_section_text(stages[i].section), reason.text);
  }
  return first;
}

static enum tp_status find_section(const struct tp_session *session, const char *name,
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
                 tp_text_hint(session->arena, name, names, TP_N_SECTIONS + 1));
}

static enum tp_status check_launch(const struct tp_bench_job *job, enum tp_section section,
                                   struct tp_error *error)
{
  if (!tp_team_launched() || (section != TP_N_SECTIONS && degrees_of(job, section).n == 1))
    return TP_OK;
  return tp_fail(error, TP_E_INPUT,
                 "mpirun starts the ranks of one degree: name one of collectives, layers and "
                 "generate, and the degree (--tp N)");
}

static enum tp_status run_told(const struct tp_bench_job *job, enum tp_section section,
                               struct tp_error *error)
{
  printf("%s: %s, planned as on %s\n", job->source.directory, job->source.device,
         job->source.platform);
  return run_stages(job, section, error);
}

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  struct tp_bench_job job;
  enum tp_section section;
  enum tp_status status = tp_command_expect(positional, 1, 1, "what to measure", error);
  if (status == TP_OK)
    status = find_section(session, positional->items[0], &section, error);
  if (status == TP_OK)
    status = tp_bench_job_open(session, values, &job, error);
  if (status == TP_OK)
    status = check_launch(&job, section, error);
  if (status != TP_OK)
    return status;
  if (tp_team_launched())
    return run_told(&job, section, error);
  struct tp_trace_folder folder;
  TP_TRY(tp_trace_folder_take(job.source.directory, &folder, error));
  status = run_told(&job, section, error);
  tp_trace_folder_leave(&folder);
  return status;
}

const struct tp_command tp_command_bench = {
    .name = "bench",
    .summary = "measures ops, collectives, interference, layers and generations",
    .usage = "ops|collectives|interference|layers|generate|all [OPTIONS]",
    .details =
        "Writes gemm.csv, attention.csv, memory.csv, sustained.csv (all of ops), collectives.csv,\n"
        "interference.csv, crossings.csv, starts.csv, layers.csv and generate.csv, each with a\n"
        "sidecar that says who measured, for `tpsim calibrate` and `tpsim validate`. Rows that "
        "are\n"
        "there are kept, so that a run goes on where one ended; what the time does not suffice "
        "for\n"
        "is left, from small to large alike, and the rows that tell most come first: a file has\n"
        "several turns. One GPU runs rank 0 of several, with stand-ins for collectives: such rows\n"
        "say 1 in column emulated, and how late the stand-ins of a pass began, all together.\n"
        "--device host measures nothing: it writes what the model of a --platform expects, for\n"
        "practice.",
    .example = "tpsim-cuda bench layers --device host --platform dgx-h200 --model llama-3.1-8b "
               "--emulate-tp 2 --batch 1 -o practice",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .values_size = sizeof(struct tp_bench_args),
    .run = run,
};
