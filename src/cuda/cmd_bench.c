/* tpsim-cuda bench: measures ops, passes and generations of models. */
#include "base/text.h"
#include "cuda/cmd_bench_job.h"
#include "cuda/commands.h"

#include <string.h>

static const struct tp_option options[] = {
    {"device", 'd', TP_OPTION_TEXT, offsetof(struct tp_bench_args, device), "D",
     "number of a GPU, or host: no GPU, the cost model's times [0]"},
    {"out", 'o', TP_OPTION_TEXT, offsetof(struct tp_bench_args, out), "DIR",
     "where the files are or go [traces/DEVICE; where another GPU, tpsim, driver or libraries "
     "filled that, traces/tpsim-VERSION/DEVICE]"},
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
    {"set", '\0', TP_OPTION_SETTINGS, offsetof(struct tp_bench_args, sets), "KEY=VALUE",
     "change one value of platform, device or stack for this run"},
};

/* What to measure: a section, a table or all. */
struct chosen {
  struct tp_stage stages[TP_MOST_STAGES];
  size_t n;
};

/* Keeps the first of equal names, for some tables are called as their section: how many stay. */
static size_t each_once(const char **names, size_t n)
{
  size_t kept = 0;
  for (size_t i = 0; i < n; i++) {
    bool again = false;
    for (size_t j = 0; j < kept; j++)
      again |= strcmp(names[i], names[j]) == 0;
    if (!again)
      names[kept++] = names[i];
  }
  return kept;
}

static enum tp_status choose(const struct tp_session *session, const char *name,
                             struct chosen *chosen, struct tp_error *error)
{
  const char *names[TP_N_SECTIONS + TP_N_TABLES + 1];
  size_t n = 0;
  for (int s = 0; s < TP_N_SECTIONS; s++)
    names[n++] = tp_section_text((enum tp_section)s);
  for (int t = 0; t < TP_N_TABLES; t++)
    names[n++] = tp_table_text((enum tp_table)t);
  names[n++] = "all";
  for (size_t i = 0; i < n; i++) {
    if (strcmp(name, names[i]) != 0)
      continue;
    const bool is_table = i >= TP_N_SECTIONS && i + 1 < n;
    chosen->n =
        is_table ? tp_suite_stages_of((enum tp_table)(i - TP_N_SECTIONS), chosen->stages)
                 : tp_suite_stages(i + 1 < n ? (enum tp_section)i : TP_N_SECTIONS, chosen->stages);
    return TP_OK;
  }
  return tp_fail(error, TP_E_INPUT, "no benchmark '%.32s'%s", name,
                 tp_text_hint(session->arena, name, names, each_once(names, n)));
}

/* "layers, generate": the tables of a set. */
static const char *texts_of(unsigned tables, struct tp_arena *arena)
{
  const char *all = "";
  for (int t = 0; t < TP_N_TABLES; t++)
    if ((tables & 1u << t) != 0)
      all = tp_arena_printf(arena, "%s%s%s", all, all[0] == '\0' ? "" : ", ",
                            tp_table_text((enum tp_table)t));
  return all;
}

/* Options that shape some tables alone are refused where none of these is measured, as stand-ins
 * are where real ranks run. */
static enum tp_status check_used(const struct tp_bench_args *args, const char *name,
                                 const struct chosen *chosen, struct tp_arena *arena,
                                 struct tp_error *error)
{
  enum {
    LAYERS = 1 << TP_TABLE_LAYERS,
    GENERATE = 1 << TP_TABLE_GENERATE,
    POINTS = LAYERS | GENERATE,
    SHAPES = 1 << TP_TABLE_GEMM | 1 << TP_TABLE_ATTENTION | 1 << TP_TABLE_MEMORY,
    CROSSINGS = 1 << TP_TABLE_CROSSINGS
  };
  const struct {
    const char *option;
    bool given;
    unsigned tables;
  } uses[] = {{"model", args->model.n > 0, POINTS | SHAPES},
              {"emulate-tp", args->emulate_tp.n > 0, POINTS | SHAPES},
              {"tp", args->tp.n > 0, POINTS | SHAPES | 1 << TP_TABLE_COLLECTIVES},
              {"variant", args->variant.n > 0, POINTS | SHAPES},
              {"batch", args->batch.n > 0, POINTS},
              {"prompt", args->prompt > 0, POINTS},
              {"generate", args->generate > 0, GENERATE},
              {"layers", args->layers > 0, LAYERS},
              {"dtype", args->dtype != NULL, POINTS},
              {"standin", args->standin != NULL, args->tp.n > 0 ? CROSSINGS : POINTS | CROSSINGS}};
  unsigned measured = 0;
  for (size_t i = 0; i < chosen->n; i++)
    measured |= 1u << chosen->stages[i].table;
  for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
    if (uses[i].given && (uses[i].tables & measured) == 0)
      return tp_fail(error, TP_E_INPUT, "--%s: says nothing of %s, but of %s; leave it out",
                     uses[i].option, name, texts_of(uses[i].tables, arena));
  return TP_OK;
}

static enum tp_status check_launch(const struct tp_bench_job *job, const struct chosen *chosen,
                                   struct tp_error *error)
{
  const enum tp_section section = chosen->stages[0].section;
  bool is_one = true;
  for (size_t i = 0; i < chosen->n; i++)
    is_one &= chosen->stages[i].section == section;
  if (!tp_team_launched() || (is_one && tp_bench_degrees(job, section).n == 1))
    return TP_OK;
  return tp_fail(error, TP_E_INPUT,
                 "mpirun starts the ranks of one degree: name one of collectives, layers and "
                 "generate, and the degree (--tp N)");
}

static enum tp_status run_told(const struct tp_bench_job *job, const struct chosen *chosen,
                               struct tp_error *error)
{
  printf("%s: %s, planned as on %s\n", job->source.directory, job->source.device,
         job->source.platform);
  return tp_bench_run(job, chosen->stages, chosen->n, error);
}

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  struct tp_bench_job job;
  struct chosen chosen;
  enum tp_status status = tp_command_expect(positional, 1, 1, "what to measure", error);
  if (status == TP_OK)
    status = choose(session, positional->items[0], &chosen, error);
  if (status == TP_OK)
    status = check_used(values, positional->items[0], &chosen, session->arena, error);
  if (status == TP_OK)
    status = tp_bench_job_open(session, values, &job, error);
  if (status == TP_OK)
    status = check_launch(&job, &chosen, error);
  if (status != TP_OK)
    return status;
  if (tp_team_launched())
    return run_told(&job, &chosen, error);
  struct tp_trace_folder folder;
  TP_TRY(tp_bench_take_folder(&job, chosen.stages, chosen.n, &folder, error));
  status = run_told(&job, &chosen, error);
  tp_trace_folder_leave(&folder);
  return status;
}

const struct tp_command tp_command_bench = {
    .name = "bench",
    .summary = "measures ops, collectives, interference, layers and generations",
    .usage = "ops|collectives|interference|layers|generate|all|TABLE [OPTIONS]",
    .words = "ops|collectives|interference|layers|generate|all",
    .details =
        "Writes gemm.csv, attention.csv, memory.csv, sustained.csv (all of ops), collectives.csv,\n"
        "interference.csv, crossings.csv, starts.csv, layers.csv and generate.csv, each with a\n"
        "sidecar that says who measured, for `tpsim calibrate` and `tpsim validate`; the name of\n"
        "one (gemm) measures it alone. Rows that are there are kept, so that a run goes on where\n"
        "one ended; what the time does not suffice for is left, from small to large alike, and\n"
        "the rows that tell most come first: a file has several turns. One GPU runs rank 0 of\n"
        "several, with stand-ins for collectives: such rows say 1 in column emulated, and how "
        "late\n"
        "the stand-ins of a pass began, all together.\n"
        "--device host measures nothing: it writes what the model of a --platform expects, for\n"
        "practice.",
    .example = "tpsim-cuda bench layers --device host --platform dgx-h200 --model llama-3.1-8b "
               "--emulate-tp 2 --batch 1 -o practice",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .values_size = sizeof(struct tp_bench_args),
    .run = run,
};
