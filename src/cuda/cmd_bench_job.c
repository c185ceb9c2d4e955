#include "config.h"

#include "cuda/cmd_bench_job.h"

#include "base/text.h"
#include "bench/choice.h"
#include "bench/trace_sidecar.h"
#include "ranks/apart.h"

#include <string.h>
#include <time.h>

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
      .stack = job->setup->stack.name,
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
    status = tp_bench_job_suite(job, error);
  if (status == TP_OK)
    describe_source(job);
  return status;
}
