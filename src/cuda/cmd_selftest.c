/* tpsim-cuda selftest: does a device compute what the equations say? */
#include "command/command.h"
#include "cuda/commands.h"
#include "gpu/gpu.h"
#include "platform/library.h"
#include "platform/stack.h"
#include "ranks/apart.h"
#include "verify/selftest.h"

#include <string.h>

enum { SEED = 1 };
static const double most_s = 600; /* of one degree: ranks may wait for one that failed */

struct args {
  const char *device, *stack, *only, *against;
  struct tp_words variants;
  int64_t tp, seed;
  bool quiet;
  /* What the names mean. */
  struct tp_variant *parsed, equations;
};

static const struct tp_option options[] = {
    {"device", 'd', TP_OPTION_TEXT, offsetof(struct args, device), "D",
     "gpu, or host: the CPU stands for all GPUs [gpu]"},
    {"tp", '\0', TP_OPTION_COUNT, offsetof(struct args, tp), "N",
     "this degree only, on so many GPUs [1, 2 and 4, as far as there are GPUs]"},
    {"stack", 's', TP_OPTION_TEXT, offsetof(struct args, stack), "K",
     "whose collectives run [tpsim-cuda]"},
    {"only", '\0', TP_OPTION_TEXT, offsetof(struct args, only), "TEXT",
     "checks whose names contain it"},
    {"variant", 'v', TP_OPTION_WORDS, offsetof(struct args, variants), "V[,V...]",
     "these variants only, wirings among them (FILE.tpa[:N], a name of `tpsim list variants`)"},
    {"against", '\0', TP_OPTION_TEXT, offsetof(struct args, against), "V",
     "with --variant: whose equations they have to compute [their own]"},
    {"seed", '\0', TP_OPTION_COUNT, offsetof(struct args, seed), "N", "of the numbers [1]"},
    {"quiet", 'q', TP_OPTION_FLAG, offsetof(struct args, quiet), NULL,
     "only what fails or is skipped"},
};

struct counts {
  int passed, failed, skipped;
};

/* One degree, in a process that may touch GPUs. */
struct task {
  const struct args *args;
  const struct tp_stack *stack;
  int tp;
};

static void print(void *data, const struct tp_selftest_line *line)
{
  const struct args *args = data;
  switch (line->outcome) {
  case TP_SELFTEST_PASSED:
    if (!args->quiet)
      printf("ok    %-44s %8.2g of %.2g\n", line->name, line->error, line->bound);
    break;
  case TP_SELFTEST_FAILED:
    printf("FAIL  %s: %s\n", line->name, line->why);
    break;
  case TP_SELFTEST_SKIPPED:
    printf("skip  %s: %s\n", line->name, line->why);
    break;
  }
}

static void silent(void *data, const struct tp_selftest_line *line)
{
  (void)data;
  (void)line;
}

static struct tp_selftest begin(const struct args *args, bool prints)
{
  return (struct tp_selftest){.seed = args->seed > 0 ? (uint64_t)args->seed : SEED,
                              .only = args->only,
                              .variants = args->parsed,
                              .n_variants = args->variants.n,
                              .against = args->against != NULL ? &args->equations : NULL,
                              .report = prints ? print : silent,
                              .data = (void *)args};
}

/* A lone GPU is one that may emulate, and whose streams may stand for ranks. */
static enum tp_status check_lone(struct tp_selftest *selftest, int device, struct tp_error *error)
{
  struct tp_standin_ratios ratios;
  TP_TRY(tp_standin_try(device, &ratios, error));
  if (tp_selftest_standins(selftest, &ratios) && selftest->n_variants == 0)
    tp_selftest_peers(selftest, device, tp_peer_try);
  return TP_OK;
}

static enum tp_status check_gpu(const struct task *task, struct tp_team *group,
                                struct counts *counts, struct tp_error *error)
{
  struct tp_selftest selftest = begin(task->args, tp_team_rank(group) == 0);
  const struct tp_gpu_options gpu = {
      .device = tp_team_local_rank(group), .group = group, .stack = task->stack};
  struct tp_calls calls;
  enum tp_status status = tp_gpu_open(&gpu, &calls, error);
  if (status != TP_OK)
    return status;
  status = tp_selftest_device(&selftest, &calls, group, error);
  if (status == TP_OK && tp_team_ranks(group) == 1)
    status = check_lone(&selftest, gpu.device, error);
  tp_gpu_close(&calls);
  *counts = (struct counts){selftest.passed, selftest.failed, selftest.skipped};
  return status;
}

static enum tp_status run_degree(void *data, void *result, struct tp_error *error)
{
  const struct task *task = data;
  struct tp_team *group = NULL;
  enum tp_status status = tp_team_start(task->tp, &group, error);
  if (status != TP_OK)
    return status;
  status = check_gpu(task, group, result, error);
  return tp_team_end(group, status, error);
}

static enum tp_status count_gpus(void *data, void *result, struct tp_error *error)
{
  (void)data;
  return tp_gpu_count(result, error);
}

/* Degrees that there are GPUs for, each in a process of its own. */
static enum tp_status check_gpus(const struct args *args, const struct tp_stack *stack,
                                 struct counts *sum, struct tp_error *error)
{
  int gpus = 0;
  struct tp_error reason = {.text = ""};
  enum tp_status status = tp_run_apart(count_gpus, NULL, 60, &gpus, sizeof gpus, &reason);
  if (status != TP_OK)
    return tp_fail(error, status,
                   "%.400s; `tpsim-cuda selftest --device host` checks all but what GPUs compute",
                   reason.text);
  for (int tp = 1; tp <= 4 && status == TP_OK; tp *= 2) {
    struct task task = {.args = args, .stack = stack, .tp = tp};
    struct counts counts = {0};
    if (tp > gpus) {
      printf("skip  variants at tp %d: %d GPU%s here; the host alone checks them (selftest "
             "--device host)\n",
             tp, gpus, gpus == 1 ? "" : "s");
      sum->skipped++;
      continue;
    }
    if (tp > 1 && !tp_peers_are_here()) {
      printf("skip  variants at tp %d: built with --disable-peers\n", tp);
      sum->skipped++;
      continue;
    }
    status = tp_run_apart(run_degree, &task, most_s, &counts, sizeof counts, error);
    sum->passed += counts.passed;
    sum->failed += counts.failed;
    sum->skipped += counts.skipped;
  }
  return status;
}

static enum tp_status check_host(const struct args *args, struct counts *counts)
{
  struct tp_selftest selftest = begin(args, true);
  tp_selftest_host(&selftest);
  *counts = (struct counts){selftest.passed, selftest.failed, selftest.skipped};
  return TP_OK;
}

static enum tp_status open_stack(const struct tp_session *session, const char *name,
                                 struct tp_stack *stack, struct tp_error *error)
{
  const char *file;
  struct tp_doc doc;
  enum tp_status status = tp_datadir_find(session->dirs, "stack", "platforms/stacks", ".json", name,
                                          session->arena, &file, error);
  if (status == TP_OK)
    status = tp_doc_open(file, session->arena, &doc, error);
  if (status != TP_OK)
    return status;
  struct tp_library_files files;
  status = tp_libraries_apply(session->dirs, &doc, NULL, session->arena, &files, error);
  if (status == TP_OK)
    status = tp_stack_read(&doc, session->arena, stack, error);
  tp_doc_close(&doc);
  return status;
}

static enum tp_status check_device(const struct tp_session *session, const struct args *args,
                                   struct counts *counts, struct tp_error *error)
{
  const bool host = args->device != NULL && strcmp(args->device, "host") == 0;
  if (host && (args->tp > 0 || args->stack != NULL))
    return tp_fail(error, TP_E_INPUT,
                   "--%s is for GPUs: --device host checks 1, 2 and 4 ranks, and every stack's "
                   "kernels; --only chooses",
                   args->tp > 0 ? "tp" : "stack");
  if (host)
    return check_host(args, counts);
  if (args->device != NULL && strcmp(args->device, "gpu") != 0)
    return tp_fail(error, TP_E_INPUT, "no device '%.32s'; write gpu or host", args->device);
  struct tp_stack stack;
  const enum tp_status status =
      open_stack(session, args->stack != NULL ? args->stack : "tpsim-cuda", &stack, error);
  if (status != TP_OK)
    return status;
  struct task task = {.args = args, .stack = &stack, .tp = (int)args->tp};
  if (tp_team_launched() && args->tp == 0)
    return tp_fail(error, TP_E_INPUT, "mpirun starts the ranks of one degree: say which (--tp N)");
  if (args->tp > 1 && !tp_team_launched())
    return tp_run_apart(run_degree, &task, most_s, counts, sizeof *counts, error);
  return args->tp > 0 ? run_degree(&task, counts, error) : check_gpus(args, &stack, counts, error);
}

static enum tp_status parse_variants(const struct tp_session *session, struct args *args,
                                     struct tp_error *error)
{
  if (args->against != NULL && args->variants.n == 0)
    return tp_fail(error, TP_E_INPUT,
                   "--against says what --variant has to compute; add --variant");
  args->parsed = TP_NEW(session->arena, struct tp_variant, args->variants.n + 1);
  for (size_t i = 0; i < args->variants.n; i++)
    TP_TRY(tp_variant_open(session->dirs, args->variants.items[i], session->arena, &args->parsed[i],
                           error));
  if (args->against == NULL)
    return TP_OK;
  return tp_variant_open(session->dirs, args->against, session->arena, &args->equations, error);
}

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  struct args *args = values;
  struct counts counts = {0};
  enum tp_status status = tp_command_expect(positional, 0, 0, "nothing", error);
  if (status == TP_OK)
    status = parse_variants(session, args, error);
  if (status == TP_OK)
    status = check_device(session, args, &counts, error);
  if (status != TP_OK)
    return status;
  printf("%d passed, %d failed, %d skipped\n", counts.passed, counts.failed, counts.skipped);
  if (counts.passed + counts.failed + counts.skipped == 0)
    return tp_fail(error, TP_E_INPUT, "no check is named like '%.64s'", args->only);
  if (counts.failed > 0)
    return tp_fail(error, TP_E_CHECK, "%d of %d checks failed", counts.failed,
                   counts.passed + counts.failed);
  return TP_OK;
}

const struct tp_command tp_command_selftest = {
    .name = "selftest",
    .summary = "checks kernels, collectives and every variant against references",
    .usage = "[--device gpu|host] [OPTIONS]",
    .details =
        "On a GPU: every kernel, GEMM and attention against the CPU's, in odd shapes and on "
        "random\n"
        "numbers; then every variant on small models against the equations of its architecture;\n"
        "stand-ins for collectives: how long and how alone they hold SMs; all-reduces of ours "
        "among\n"
        "streams of one GPU in place of ranks.\n"
        "On several GPUs: collectives and sharded variants, too. What nobody writes is NaN. "
        "Errors\n"
        "are relative, Euclidean, of the worst tensor or token. Under compute-sanitizer take --tp "
        "1.\n"
        "--device host runs the variants at 1, 2 and 4 ranks on the CPU, ops in random order.\n"
        "--variant mine.tpa --against ladder tells whether a wiring computes what ladder does.",
    .example = "tpsim-cuda selftest --device host --only ladder --quiet",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .values_size = sizeof(struct args),
    .run = run,
};
