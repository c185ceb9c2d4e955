/* tpsim validate: predictions against measurements. */
#include "cli/command.h"
#include "command/table.h"
#include "judge/validate.h"

#include <math.h>
#include <string.h>

struct args {
  const char *device, *platform, *stack, *op, *by, *format;
  struct tp_words where, sets;
  struct tp_numbers max_mape, max_gain_error;
  int64_t ranks;
  bool in_place;
};

static const struct tp_option options[] = {
    {"device", 'd', TP_OPTION_TEXT, offsetof(struct args, device), "D",
     "the GPU that ran it [TRACES/device.json; ops: the folder's name]"},
    {"platform", 'p', TP_OPTION_TEXT, offsetof(struct args, platform), "P",
     "ops: links of the collectives [a platform with this device]"},
    {"stack", 's', TP_OPTION_TEXT, offsetof(struct args, stack), "K",
     "ops: attention kernels and collective library [flash, NCCL]"},
    {"op", '\0', TP_OPTION_TEXT, offsetof(struct args, op), "OP",
     "ops: what a table without that column holds [by its columns]"},
    {"ranks", '\0', TP_OPTION_COUNT, offsetof(struct args, ranks), "N",
     "nccl-tests: how many ranks ran it [what the output says]"},
    {"in-place", '\0', TP_OPTION_FLAG, offsetof(struct args, in_place), NULL,
     "nccl-tests: take the in-place times"},
    {"where", '\0', TP_OPTION_REPEATED, offsetof(struct args, where), "COLUMN=VALUE",
     "take only such rows"},
    {"by", '\0', TP_OPTION_TEXT, offsetof(struct args, by), "COLUMN",
     "group by it [op, dtype, ranks, metric, platform, stack, variant, tp]"},
    {"max-mape", '\0', TP_OPTION_NUMBERS, offsetof(struct args, max_mape), "RATIO",
     "exit 1 above this mean absolute error, of each file [0.15]"},
    {"max-gain-error", '\0', TP_OPTION_NUMBERS, offsetof(struct args, max_gain_error), "X",
     "exit 1 where a speedup over standard is further off [of a folder 0.05]"},
    TP_FORMAT_OPTION(args),
    {"set", '\0', TP_OPTION_SETTINGS, offsetof(struct args, sets), "KEY=VALUE",
     "change one value of every platform, device or stack for this run"},
};

static const char *const headers[] = {"file", "group",       "value",    "figures",   "mape",
                                      "bias", "worst_error", "measured", "predicted", "worst"};
static const bool is_text[] = {true, true, true, false, false, false, false, false, false, true};
enum { N_COLUMNS = sizeof is_text / sizeof is_text[0] };

/* One file's figures. */
struct result {
  const char *file; /* "gemm.csv"; NULL: the only one */
  struct tp_validation validation;
};

static void add_number(struct tp_table *table, const char *format, double number)
{
  tp_table_add(table, tp_arena_printf(table->arena, format, number));
}

static void begin_line(struct tp_table *table, const struct result *result)
{
  if (result->file != NULL)
    tp_table_add(table, result->file);
}

static void add_worst(struct tp_table *table, const struct tp_validated *figure)
{
  add_number(table, "%.4f", figure->error);
  add_number(table, "%.6g", figure->measured);
  add_number(table, "%.6g", figure->predicted);
  tp_table_add(table, figure->name);
}

static void add_groups(struct tp_table *table, const struct result *result,
                       const struct tp_validated_group *groups, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    begin_line(table, result);
    tp_table_add(table, groups[i].by);
    tp_table_add(table, groups[i].value);
    add_number(table, "%.0f", (double)groups[i].n);
    add_number(table, "%.4f", groups[i].mape);
    add_number(table, "%.4f", groups[i].bias);
    add_worst(table, groups[i].worst);
  }
}

static void add_result(struct tp_table *table, const struct result *result)
{
  const struct tp_validation *validation = &result->validation;
  add_groups(table, result, validation->groups, validation->n_groups);
  add_groups(table, result, validation->speedups, validation->n_speedups);
  for (size_t i = 0; i < validation->n_worst; i++) {
    begin_line(table, result);
    tp_table_add(table, "worst");
    add_number(table, "%.0f", (double)(i + 1));
    for (int c = 0; c < 3; c++)
      tp_table_add(table, "");
    add_worst(table, validation->worst[i]);
  }
}

static void print(const struct result *results, size_t n, enum tp_format format,
                  struct tp_arena *arena)
{
  const size_t first = results[0].file != NULL ? 0 : 1; /* column */
  struct tp_table table = {.arena = arena,
                           .n_columns = N_COLUMNS - first,
                           .headers = headers + first,
                           .is_text = is_text + first};
  for (size_t i = 0; i < n; i++) {
    if (results[i].validation.n_late > 0)
      tp_command_note(tp_arena_printf(
          arena,
          "%s%s%zu figures left out: stand-ins for collectives began late by more than 5 %% of the "
          "pass",
          results[i].file != NULL ? results[i].file : "", results[i].file != NULL ? ": " : "",
          results[i].validation.n_late));
    add_result(&table, &results[i]);
  }
  tp_table_write(&table, format, stdout);
}

/* What is still good enough. */
struct limits {
  double mape, gain_error; /* gain_error INFINITY: not asked */
};

static enum tp_status one_number(const struct tp_numbers *given, const char *name, double usual,
                                 double *number, struct tp_error *error)
{
  *number = given->n > 0 ? given->items[0] : usual;
  if (given->n > 1 || !(*number >= 0))
    return tp_fail(error, TP_E_INPUT, "--%s: give one share, 0 or more", name);
  return TP_OK;
}

static enum tp_status read_limits(const struct args *args, bool folder, struct limits *limits,
                                  struct tp_error *error)
{
  TP_TRY(one_number(&args->max_mape, "max-mape", 0.15, &limits->mape, error));
  return one_number(&args->max_gain_error, "max-gain-error", folder ? 0.05 : HUGE_VAL,
                    &limits->gain_error, error);
}

/* "tpot_s of ladder 1.195/1.264": of each speedup that is too far off its worst; NULL: none is. */
static const char *gains_off(const struct result *result, const struct limits *limits,
                             struct tp_arena *arena)
{
  enum { MOST = 8 }; /* a message has its length; the table has them all */
  const char *all = NULL;
  size_t n = 0;
  for (size_t i = 0; i < result->validation.n_speedups; i++) {
    const struct tp_validated_group *group = &result->validation.speedups[i];
    const struct tp_validated *const worst = group->worst;
    if (fabs(worst->error) <= limits->gain_error || n++ >= MOST)
      continue;
    all = tp_arena_printf(arena, "%s%s%s %.4g/%.4g", all == NULL ? "" : all,
                          all == NULL ? "" : ", ", group->value, worst->predicted, worst->measured);
  }
  return n > MOST ? tp_arena_printf(arena, "%s and %zu more", all, n - MOST) : all;
}

/* What misses the limits, said of one file; NULL: nothing. */
static const char *complaint(const struct result *result, const struct limits *limits,
                             const char *file, struct tp_arena *arena)
{
  const struct tp_validated_group *judged = result->validation.judged;
  const char *const gains = gains_off(result, limits, arena);
  const char *said = NULL;
  if (!(judged->mape <= limits->mape))
    said = tp_arena_printf(arena,
                           "%s: mean absolute error %.4f over %zu figures is above %g (--max-mape)",
                           file, judged->mape, judged->n, limits->mape);
  if (gains == NULL)
    return said;
  return tp_arena_printf(arena,
                         "%s%s%s: speedups, predicted/measured, off by more than %g "
                         "(--max-gain-error): %s",
                         said != NULL ? said : "", said != NULL ? "; " : "", file,
                         limits->gain_error, gains);
}

static enum tp_status judge(const struct result *results, size_t n, const char *path,
                            const struct limits *limits, struct tp_arena *arena,
                            struct tp_error *error)
{
  const char *all = NULL;
  for (size_t i = 0; i < n; i++) {
    const char *const file = results[i].file != NULL ? results[i].file : path;
    const char *const said = complaint(&results[i], limits, file, arena);
    if (said != NULL)
      all = all == NULL ? said : tp_arena_printf(arena, "%s; %s", all, said);
  }
  return all == NULL ? TP_OK : tp_fail(error, TP_E_CHECK, "%s", all);
}

/* Points of a folder were measured as its ops were, for moments; what minutes of load take from the
 * clocks shows in sustained.csv alone.  No power limit holds a virtual clock.  Stand-ins are no
 * kernels for switches.  What the user sets has the last word. */
static void take_conditions(struct tp_catalog *catalog, const struct tp_traces *traces)
{
  enum { MOST = 5 };
  const char *here[MOST] = {"gemm.sustained_ratio=1", "gemm_fp8.sustained_ratio=1"};
  size_t n_here = 2;
  if (traces->has_virtual_clock)
    here[n_here++] = "overlap.burst_ratio=0";
  if (traces->has_standins && !traces->has_virtual_clock)
    here[n_here++] = "overlap.nvls_crowding_ratio=0";
  if (traces->holds_most)
    here[n_here++] = "nccl.least_sms=10000";
  const char **sets = TP_NEW(catalog->arena, const char *, n_here + catalog->n_sets);
  for (size_t i = 0; i < n_here + catalog->n_sets; i++)
    sets[i] = i < n_here ? here[i] : catalog->sets[i - n_here];
  catalog->sets = sets;
  catalog->n_sets += n_here;
}

static enum tp_status validate_folder(const char *folder, struct tp_validate_request *request,
                                      struct tp_catalog *catalog, struct result *results, size_t *n,
                                      struct tp_error *error)
{
  struct tp_traces *traces = TP_NEW(catalog->arena, struct tp_traces, 1);
  enum tp_status status = tp_traces_open(folder, catalog->arena, traces, error);
  if (status == TP_OK)
    take_conditions(catalog, traces);
  if (status == TP_OK && request->ops.device == NULL && traces->is_fitted)
    request->ops.device = catalog->device = traces->fitted;
  if (status == TP_OK && request->ops.device == NULL) {
    status = tp_traces_check_device(traces, catalog->dirs, catalog->arena, error);
    request->ops.device = traces->device;
  }
  struct tp_where_columns columns = {.n = 0};
  request->where.may_be_none = true;
  request->where.columns = &columns;
  for (size_t i = 0; i < TP_N_TRACES && status == TP_OK; i++) {
    request->trace = &traces->files[i];
    if (request->trace->path == NULL || i == TP_TRACE_STARTS) /* of which no figure is predicted */
      continue;
    results[*n].file = strrchr(request->trace->path, '/') + 1;
    status = tp_validate(request->trace->path, request, catalog, &results[*n].validation, error);
    *n += results[*n].validation.judged != NULL;
  }
  if (status == TP_OK)
    status = tp_where_check(&request->where, catalog->arena, error);
  if (status == TP_OK && *n == 0)
    return tp_fail(error, TP_E_INPUT, "%s: no row of any file meets --where", folder);
  if (status == TP_OK)
    tp_traces_tell(traces, catalog->arena, request->where.notes);
  return status;
}

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  const struct args *args = values;
  struct tp_catalog catalog = tp_session_catalog(session, &args->sets, NULL);
  catalog.device = args->device;
  struct tp_notes notes = {.n = 0};
  size_t n_nccl_tests = 0;
  struct tp_validate_request request = {
      .ops = {.device = args->device,
              .stack = args->stack,
              .platform = args->platform,
              .sets = args->sets.items,
              .n_sets = args->sets.n,
              .notes = &notes},
      .op = args->op,
      .where = {.conditions = args->where.items,
                .n = args->where.n,
                .nccl_tests = {args->op, (int)args->ranks, args->in_place},
                .n_nccl_tests = &n_nccl_tests,
                .notes = &notes},
      .by = args->by};
  struct result results[TP_N_TRACES] = {{.file = NULL}};
  size_t n = 0;
  struct limits limits;
  enum tp_format format;
  TP_TRY(tp_command_expect(positional, 1, 1, "the measurements (a CSV, or a folder of traces)",
                           error));
  const char *const path = positional->items[0];
  const bool folder = tp_traces_is_folder(path);
  TP_TRY(read_limits(args, folder, &limits, error));
  TP_TRY(tp_format_parse(args->format, session->arena, &format, error));
  if (folder)
    TP_TRY(validate_folder(path, &request, &catalog, results, &n, error));
  else
    TP_TRY(tp_validate(path, &request, &catalog, &results[n++].validation, error));
  if (n_nccl_tests == 0 && (args->ranks > 0 || args->in_place))
    return tp_fail(error, TP_E_INPUT,
                   "--%s: is for the output of nccl-tests, and none was given; leave it out",
                   args->ranks > 0 ? "ranks" : "in-place");
  tp_command_notes(&notes);
  print(results, n, format, session->arena);
  return judge(results, n, path, &limits, session->arena, error);
}

const struct tp_command tp_command_validate = {
    .name = "validate",
    .summary = "predictions against measured ops or runs; exit 1 above --max-mape",
    .usage = "MEASURED.csv|TRACES [--device D] [OPTIONS]",
    .details =
        "Single ops: the columns of `tpsim cost` and time_us, or the output of nccl-tests; give\n"
        "--device. Runs: the input\n"
        "columns of the result CSV (model, platform, stack, variant, tp, batch, prompt,\n"
        "generate ...) and any of ttft_s, prefill_s (the same), tpot_s, decode_s (all steps after\n"
        "the first token), e2e_s, tokens_per_s. mape is the mean of |predicted/measured - 1|,\n"
        "bias the mean with its sign; the five worst figures stand at the end. Where standard was\n"
        "measured at the same point, speedups over it follow; their errors are differences.\n"
        "TRACES is a folder that tpsim-cuda bench wrote: all its files. Ops that the device was\n"
        "fitted to (tpsim calibrate TRACES; its file says so) count under `all` alone. Its points\n"
        "were measured for moments: they are predicted at its ops' clocks, not at those of\n"
        "minutes. Points run on their platform's links with the given device in place of its own.\n"
        "Runs that were emulated on one GPU are not mixed with others: --where emulated=1. "
        "Figures\n"
        "whose stand-ins began late by more than 5 % of the pass (ttft_late_s) are left out.",
    .example = "printf 'm,n,k,time_us\\n64,8192,8192,53\\n' | tpsim validate - --device h100-sxm",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .values_size = sizeof(struct args),
    .run = run,
};
