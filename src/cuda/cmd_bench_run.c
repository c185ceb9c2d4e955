/* Runs what a command line of `bench` asks for, stage by stage, each in a process of its own. */
#include "bench/host.h"
#include "command/progress.h"
#include "cuda/cmd_bench_job.h"
#include "ranks/apart.h"

#include <math.h>
#include <stdio.h>

/* Of those asked for: one rank has nothing to send. */
static struct tp_numbers above_one(struct tp_numbers given, struct tp_arena *arena)
{
  struct tp_numbers degrees = {TP_NEW(arena, double, given.n), 0};
  for (size_t i = 0; i < given.n; i++)
    if (given.items[i] > 1)
      degrees.items[degrees.n++] = given.items[i];
  return degrees;
}

struct tp_numbers tp_bench_degrees(const struct tp_bench_job *job, enum tp_section section)
{
  static double usual[] = {2, 4, 8};
  const bool points = section == TP_SECTION_LAYERS || section == TP_SECTION_GENERATE;
  if (section != TP_SECTION_COLLECTIVES)
    return points ? job->args->tp : (struct tp_numbers){.n = 0};
  if (job->args->tp.n > 0)
    return above_one(job->args->tp, job->session->arena);
  struct tp_numbers degrees = {usual, 0};
  const int most = job->host ? job->setup->platform.n_gpus : job->n_gpus;
  while (degrees.n < 3 && usual[degrees.n] <= most)
    degrees.n++;
  return degrees;
}

/* One process's part: stages of one section, alone or by a group of `ranks`. */
struct task {
  const struct tp_bench_job *job;
  const struct tp_stage *stages;
  size_t n_stages;
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
  if (run->plan->n_left_out > 0)
    printf(", %zu points have no place here: %s", run->plan->n_left_out, run->plan->left_out);
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

static enum tp_status run_its_stages(const struct task *task, const struct tp_suite *suite,
                                     struct tp_failures *failures, struct tp_error *error)
{
  const double end_s = tp_bench_now_s(NULL) + task->budget_s;
  for (size_t i = 0; i < task->n_stages; i++) {
    const double left_s = end_s - tp_bench_now_s(NULL);
    const double budget_s = tp_stage_budget_s(task->stages, task->n_stages, i, left_s);
    TP_TRY(tp_suite_run_stage(suite, &task->stages[i], budget_s, failures, error));
  }
  return TP_OK;
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
  const bool loads = task->stages[0].section == TP_SECTION_INTERFERENCE;
  enum tp_status status = loads ? open_beside(job, &load, &beside, error) : TP_OK;
  if (status != TP_OK)
    return status;
  suite.beside = &beside;
  status = run_its_stages(task, &suite, failures, error);
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
      writes ? tp_bench_take_folder(task->job, task->stages, task->n_stages, &folder, error)
             : TP_OK;
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

static enum tp_status run_together(const struct tp_bench_job *job, const struct tp_stage *stages,
                                   size_t n_stages, double budget_s, struct tp_error *error)
{
  const struct tp_numbers degrees = tp_bench_degrees(job, stages[0].section);
  const double end_s = tp_bench_now_s(NULL) + budget_s;
  if (stages[0].section == TP_SECTION_COLLECTIVES && degrees.n == 0) {
    printf("collectives.csv: nothing to do: collectives need several GPUs, %s is one\n",
           job->args->tp.n > 0 ? "--tp" : "here");
    return TP_OK;
  }
  const size_t n = degrees.n > 0 ? degrees.n : 1;
  enum tp_status status = TP_OK;
  for (size_t i = 0; i < n && status == TP_OK; i++) {
    struct task task = {.job = job,
                        .stages = stages,
                        .n_stages = n_stages,
                        .ranks = degrees.n > 0 ? (int)degrees.items[i] : 0,
                        .budget_s = (end_s - tp_bench_now_s(NULL)) / (double)(n - i)};
    struct tp_failures failures;
    status = job->host || tp_team_launched() ? run_task(&task, &failures, error)
                                             : run_apart(&task, error);
  }
  return status;
}

/* Ranks that mpirun started are a team once: all stages are its own.  Else a stage's failure leaves
 * the others their turn; the first is reported. */
enum tp_status tp_bench_run(const struct tp_bench_job *job, const struct tp_stage *stages, size_t n,
                            struct tp_error *error)
{
  enum tp_status first = TP_OK;
  if (tp_team_launched())
    return run_together(job, stages, n, job->budget_s, error);
  for (size_t i = 0; i < n; i++) {
    struct tp_error reason = {.text = ""};
    const double left_s = job->begin_s + job->budget_s - tp_bench_now_s(NULL);
    const enum tp_status status =
        run_together(job, &stages[i], 1, tp_stage_budget_s(stages, n, i, left_s), &reason);
    if (status != TP_OK && first == TP_OK)
      first = tp_fail(error, status, "%s: %s", tp_table_text(stages[i].table), reason.text);
  }
  return first;
}
