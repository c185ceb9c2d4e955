/* tpsim calibrate: a device file fitted to measurements. */
#include "base/output.h"
#include "cli/command.h"
#include "command/keep.h"
#include "command/progress.h"
#include "command/table.h"
#include "fit/calibrate.h"

#include <math.h>

struct args {
  const char *device, *platform, *stack, *op, *out, *format;
  struct tp_words gemm, attention_prefill, attention_decode, quantise, ops, collectives,
      peer_kernels, exchanges, nccl_tests;
  struct tp_words where;
  struct tp_numbers hold_out;
  int64_t ranks;
  bool in_place;
};

#define FILES(name, field, help)                                               \
  {                                                                            \
    name, '\0', TP_OPTION_REPEATED, offsetof(struct args, field), "FILE", help \
  }
static const struct tp_option options[] = {
    {"device", 'd', TP_OPTION_TEXT, offsetof(struct args, device), "D",
     "GPU to start from: name or file [a folder's own name]"},
    {"out", 'o', TP_OPTION_TEXT, offsetof(struct args, out), "FILE.json",
     "the device file to write [TRACES/device.json; else none]"},
    FILES("gemm", gemm, "m,n,k[,dtype],time_us"),
    FILES("attention-prefill", attention_prefill,
          "batch,seq_len,heads,kv_heads,head_dim[,dtype],time_us"),
    FILES("attention-decode", attention_decode,
          "batch,kv_len,heads,kv_heads,head_dim[,dtype],time_us"),
    FILES("quantise", quantise, "m,k[,dtype,scale],time_us"),
    FILES("ops", ops, "kernels of any kind: op, its columns of `tpsim cost`, time_us"),
    FILES("collectives", collectives, "NCCL: op,ranks,bytes,time_us"),
    FILES("nccl-tests", nccl_tests, "output of nccl-tests: a log, its CSV or its JSON"),
    {"op", '\0', TP_OPTION_TEXT, offsetof(struct args, op), "OP",
     "of them take this collective [all that the output names]"},
    {"ranks", '\0', TP_OPTION_COUNT, offsetof(struct args, ranks), "N",
     "how many ranks ran them [what the output says]"},
    {"in-place", '\0', TP_OPTION_FLAG, offsetof(struct args, in_place), NULL,
     "take their in-place times, not the out-of-place ones"},
    FILES("peer-kernels", peer_kernels, "framework all-reduce in a graph: ranks,bytes,time_us"),
    FILES("exchanges", exchanges,
          "between experts: op,algorithm,tokens,hidden,top_k,experts,ranks[,sms,dtype],time_us"),
    {"where", '\0', TP_OPTION_REPEATED, offsetof(struct args, where), "COLUMN=VALUE",
     "take only such rows"},
    {"hold-out", '\0', TP_OPTION_NUMBERS, offsetof(struct args, hold_out), "RATIO",
     "share of the shapes that only judge the fit [1/3; of a folder 1/2]"},
    {"platform", 'p', TP_OPTION_TEXT, offsetof(struct args, platform), "P",
     "links of the collectives [a platform with this device]"},
    {"stack", 's', TP_OPTION_TEXT, offsetof(struct args, stack), "K",
     "switch points of the collectives [one of that library]"},
    TP_FORMAT_OPTION(args),
};

/* A bar a fit: the counts begin again. */
struct bar {
  struct tp_progress progress;
  size_t done, total;
};

static void draw(void *data, size_t done, size_t total)
{
  struct bar *bar = data;
  if (done < bar->done || total != bar->total) {
    tp_progress_end(&bar->progress);
    tp_progress_begin(&bar->progress, total);
    bar->total = total;
  }
  bar->done = done;
  tp_progress_step(&bar->progress, done);
}

static void add_number(struct tp_table *table, const char *format, double number)
{
  tp_table_add(table, isnan(number) ? "" : tp_arena_printf(table->arena, format, number));
}

static const char *remark_on(const struct tp_calibrated *group,
                             const struct tp_calibrated_parameter *parameter)
{
  if (isnan(parameter->error))
    return "kept: no row depends on it here";
  if (parameter->at_bound)
    return "at a bound of its range, or of what rows tell";
  if (parameter->key == group->unsettled)
    return "not converged: moving it still helped";
  return parameter->error > tp_ill_determined_ratio * fabs(parameter->after)
             ? "ill-conditioned: the rows hardly tell it"
             : "";
}

static void add_parameters(struct tp_table *table, const struct tp_calibrated *group)
{
  for (size_t i = 0; i < group->n_parameters; i++) {
    const struct tp_calibrated_parameter *parameter = &group->parameters[i];
    tp_table_add(table, group->group);
    tp_table_add(table, parameter->key);
    add_number(table, "%.4g", parameter->before);
    add_number(table, "%.4g", parameter->after);
    add_number(table, "%.2g", parameter->at_bound ? (double)NAN : parameter->error);
    tp_table_add(table, remark_on(group, parameter));
  }
}

/* The quality stands in the same table, so that one format holds it all. */
static void add_quality(struct tp_table *table, const struct tp_calibrated *group)
{
  const struct {
    const char *name, *format;
    double value;
  } lines[] = {
      {"(rows fitted)", "%.0f", (double)group->n_fitted},
      {"(rows held out)", "%.0f", (double)group->n_held_out},
      {"(mean error fitted)", "%.4f", group->n_fitted > 0 ? group->fitted_error : (double)NAN},
      {"(mean error held out)", "%.4f",
       group->n_held_out > 0 ? group->held_out_error : (double)NAN},
      {"(spread_ratio)", "%.4g", group->spread_ratio}};
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    tp_table_add(table, group->group);
    tp_table_add(table, lines[i].name);
    tp_table_add(table, "");
    add_number(table, lines[i].format, lines[i].value);
    tp_table_add(table, "");
    tp_table_add(table, "");
  }
}

static void add_left_out(struct tp_table *table, const struct tp_calibrated *group)
{
  tp_table_add(table, group->group);
  tp_table_add(table, "(left out)");
  for (int c = 0; c < 3; c++)
    tp_table_add(table, "");
  tp_table_add(table, group->left_out);
}

static void print(const struct tp_calibration *calibration, enum tp_format format,
                  struct tp_arena *arena)
{
  static const char *const headers[] = {"group", "parameter",      "before",
                                        "after", "standard_error", "remark"};
  static const bool is_text[] = {true, true, false, false, false, true};
  struct tp_table table = {.arena = arena, .n_columns = 6, .headers = headers, .is_text = is_text};
  for (size_t i = 0; i < calibration->n_groups; i++) {
    const struct tp_calibrated *group = &calibration->groups[i];
    if (group->left_out != NULL) {
      add_left_out(&table, group);
      continue;
    }
    add_parameters(&table, group);
    add_quality(&table, group);
  }
  tp_table_write(&table, format, stdout);
}

static enum tp_status write_device(const char *file, const char *text, struct tp_arena *arena,
                                   struct tp_error *error)
{
  struct tp_output output;
  TP_TRY(tp_output_open(file, arena, &output, error));
  fputs(text, output.stream);
  return tp_output_commit(&output, error);
}

static enum tp_status check(const struct args *args, const struct tp_words *positional,
                            struct tp_error *error)
{
  TP_TRY(tp_command_expect(positional, 0, 1, "", error));
  if (args->device == NULL && positional->n == 0)
    return tp_fail(error, TP_E_INPUT,
                   "no device is given; add --device NAME (`tpsim list devices` shows them)");
  const struct tp_numbers *ratio = &args->hold_out;
  if (ratio->n > 1 || (ratio->n == 1 && !(ratio->items[0] >= 0 && ratio->items[0] < 1)))
    return tp_fail(error, TP_E_INPUT, "--hold-out: give one share from 0 to below 1");
  return TP_OK;
}

/* Neither measurements nor the device that the fit starts from are written over. */
static enum tp_status keep_inputs(const struct tp_session *session, const struct args *args,
                                  const struct tp_traces *traces, const char *out,
                                  struct tp_error *error)
{
  const struct tp_words *const lists[] = {
      &args->gemm,      &args->attention_prefill, &args->attention_decode, &args->quantise,
      &args->ops,       &args->collectives,       &args->peer_kernels,     &args->exchanges,
      &args->nccl_tests};
  const char *device = args->device;
  struct tp_error unknown; /* is told when it is opened */
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
    TP_TRY(tp_command_keep_all(lists[i], "-o", out, error));
  for (size_t i = 0; traces != NULL && i < TP_N_TRACES; i++)
    TP_TRY(tp_command_keep(traces->files[i].path, "-o", out, error));
  TP_TRY(tp_command_keep(args->platform, "-o", out, error));
  TP_TRY(tp_command_keep(args->stack, "-o", out, error));
  if (device == NULL || tp_datadir_find(session->dirs, "device", "platforms/devices", ".json",
                                        device, session->arena, &device, &unknown) != TP_OK)
    return TP_OK;
  return tp_command_keep(device, "-o", out, error);
}

static struct tp_file_list files(const struct tp_words *words)
{
  return (struct tp_file_list){words->items, words->n};
}

static enum tp_status open_traces(const char *folder, struct tp_arena *arena,
                                  struct tp_traces *traces, struct tp_error *error)
{
  if (!tp_traces_is_folder(folder))
    return tp_fail(error, TP_E_INPUT,
                   "%s: is no folder of traces; name single files by --gemm, --collectives ...",
                   folder);
  return tp_traces_open(folder, arena, traces, error);
}

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  const struct args *args = values;
  struct bar bar = {0};
  enum tp_format format;
  enum tp_status status = check(args, positional, error);
  if (status == TP_OK)
    status = tp_format_parse(args->format, session->arena, &format, error);
  struct tp_traces traces;
  const bool folder = positional->n == 1;
  if (status == TP_OK && folder)
    status = open_traces(positional->items[0], session->arena, &traces, error);
  if (status == TP_OK && folder && args->device == NULL)
    status = tp_traces_check_device(&traces, session->dirs, session->arena, error);
  const char *const out = args->out != NULL ? args->out : folder ? traces.fitted : NULL;
  if (status == TP_OK)
    status = keep_inputs(session, args, folder ? &traces : NULL, out, error);
  if (status != TP_OK)
    return status;
  const double usual = folder ? tp_fit_folder_hold_out_ratio : tp_fit_usual_hold_out_ratio;
  struct tp_notes notes = {.n = 0};
  struct tp_where_columns columns = {.n = 0};
  size_t n_nccl_tests = 0;
  const struct tp_calibrate_request request = {
      .device = args->device != NULL ? args->device : traces.device,
      .traces = folder ? &traces : NULL,
      .platform = args->platform,
      .stack = args->stack,
      .gemm = files(&args->gemm),
      .attention_prefill = files(&args->attention_prefill),
      .attention_decode = files(&args->attention_decode),
      .quantise = files(&args->quantise),
      .ops = files(&args->ops),
      .nccl = files(&args->collectives),
      .nccl_tests = files(&args->nccl_tests),
      .peer_kernels = files(&args->peer_kernels),
      .exchanges = files(&args->exchanges),
      .where = {.conditions = args->where.items,
                .n = args->where.n,
                .columns = &columns,
                .nccl_tests = {args->op, (int)args->ranks, args->in_place},
                .n_nccl_tests = &n_nccl_tests,
                .notes = &notes},
      .options = {.hold_out_ratio = args->hold_out.n == 1 ? args->hold_out.items[0] : usual,
                  .progress = draw,
                  .progress_data = &bar}};
  struct tp_calibration calibration;
  status = tp_calibrate(session->dirs, &request, session->arena, &calibration, error);
  if (status == TP_OK && n_nccl_tests == 0 &&
      (args->op != NULL || args->ranks > 0 || args->in_place))
    status = tp_fail(error, TP_E_INPUT,
                     "--%s: is for the output of nccl-tests, and none was given; leave it out",
                     args->op != NULL  ? "op"
                     : args->ranks > 0 ? "ranks"
                                       : "in-place");
  tp_progress_end(&bar.progress);
  if (status == TP_OK && folder)
    tp_traces_tell(&traces, session->arena, &notes);
  tp_command_notes(&notes);
  if (status == TP_OK && out != NULL)
    status = write_device(out, calibration.text, session->arena, error);
  if (status == TP_OK)
    print(&calibration, format, session->arena);
  return status;
}

const struct tp_command tp_command_calibrate = {
    .name = "calibrate",
    .summary = "fits a device file to measured ops and collectives",
    .usage = "[TRACES] [--device D] [--gemm FILE.csv] ... [-o OUT.json]",
    .details =
        "Fits the groups gemm, gemm_fp8, attention_prefill, attention_decode, memory, scaling,\n"
        "nccl, peer_kernels, overlap and those between experts (deepep_dispatch, ...) for which\n"
        "there are measurements, starting from the values of D (the last ones: of the stack's\n"
        "library), and writes D with these groups replaced. TRACES is a folder that tpsim-cuda\n"
        "bench wrote, traces/DEVICE: its files of single ops, of interference and of load are\n"
        "taken, and `tpsim validate TRACES` then tries what was not fitted. Files may be given\n"
        "several times.\n"
        "The table shows each parameter before and after with its standard error; values that\n"
        "the rows do not tell are kept. Which shapes are held out follows from the shapes alone.",
    .example = "{ echo op,ranks,bytes,time_us; for i in $(seq 10 28); do echo all_reduce,8,$((1 << "
               "i)),$((20 + (1 << i) / 300000)); done; } | tpsim calibrate --device h100-sxm "
               "--collectives - -o my-h100.json",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .values_size = sizeof(struct args),
    .run = run,
};
