/* tpsim validate: predictions against measurements. */
#include "cli/command.h"
#include "command/table.h"
#include "study/validate.h"

struct args {
  const char *device, *platform, *stack, *op, *by, *format;
  struct tp_words where, sets;
  struct tp_numbers max_mape;
};

static const struct tp_option options[] = {
    {"device", 'd', TP_OPTION_TEXT, offsetof(struct args, device), "D",
     "ops: the GPU that ran them, name or file"},
    {"platform", 'p', TP_OPTION_TEXT, offsetof(struct args, platform), "P",
     "ops: links of the collectives [a platform with this device]"},
    {"stack", 's', TP_OPTION_TEXT, offsetof(struct args, stack), "K",
     "ops: attention kernels and collective library [flash, NCCL]"},
    {"op", '\0', TP_OPTION_TEXT, offsetof(struct args, op), "OP",
     "ops: what a table without that column holds [by its columns]"},
    {"where", '\0', TP_OPTION_REPEATED, offsetof(struct args, where), "COLUMN=VALUE",
     "take only such rows"},
    {"by", '\0', TP_OPTION_TEXT, offsetof(struct args, by), "COLUMN",
     "group by it [op, dtype, ranks, metric, platform, stack, variant, tp]"},
    {"max-mape", '\0', TP_OPTION_NUMBERS, offsetof(struct args, max_mape), "RATIO",
     "exit 1 above this mean absolute error [0.15]"},
    {"format", 'f', TP_OPTION_TEXT, offsetof(struct args, format), "F",
     "table, csv or json [a table on a terminal, else csv]"},
    {"set", '\0', TP_OPTION_REPEATED, offsetof(struct args, sets), "KEY=VALUE",
     "change one value of every platform, device or stack for this run"},
};

static const char *const headers[] = {"group",       "value",    "figures",   "mape", "bias",
                                      "worst_error", "measured", "predicted", "worst"};
static const bool is_text[] = {true, true, false, false, false, false, false, false, true};
enum { N_COLUMNS = sizeof is_text / sizeof is_text[0] };

static void add_number(struct tp_table *table, const char *format, double number)
{
  tp_table_add(table, tp_arena_printf(table->arena, format, number));
}

static void add_worst(struct tp_table *table, const struct tp_validated *figure)
{
  add_number(table, "%.4f", figure->error);
  add_number(table, "%.6g", figure->measured);
  add_number(table, "%.6g", figure->predicted);
  tp_table_add(table, figure->name);
}

static void print(const struct tp_validation *validation, enum tp_format format,
                  struct tp_arena *arena)
{
  struct tp_table table = {
      .arena = arena, .n_columns = N_COLUMNS, .headers = headers, .is_text = is_text};
  for (size_t i = 0; i < validation->n_groups; i++) {
    const struct tp_validated_group *group = &validation->groups[i];
    tp_table_add(&table, group->by);
    tp_table_add(&table, group->value);
    add_number(&table, "%.0f", (double)group->n);
    add_number(&table, "%.4f", group->mape);
    add_number(&table, "%.4f", group->bias);
    add_worst(&table, group->worst);
  }
  for (size_t i = 0; i < validation->n_worst; i++) {
    tp_table_add(&table, "worst");
    add_number(&table, "%.0f", (double)(i + 1));
    for (int c = 0; c < 3; c++)
      tp_table_add(&table, "");
    add_worst(&table, validation->worst[i]);
  }
  tp_table_write(&table, format, stdout);
}

static enum tp_status check(const struct args *args, const struct tp_words *positional,
                            double *max_mape, struct tp_error *error)
{
  const enum tp_status status =
      tp_command_expect(positional, 1, 1, "the measurements (a CSV)", error);
  if (status != TP_OK)
    return status;
  *max_mape = args->max_mape.n > 0 ? args->max_mape.items[0] : 0.15;
  if (args->max_mape.n > 1 || !(*max_mape >= 0))
    return tp_fail(error, TP_E_INPUT, "--max-mape: give one share, 0 or more");
  return TP_OK;
}

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  const struct args *args = values;
  struct tp_catalog catalog = {.arena = session->arena,
                               .dirs = session->dirs,
                               .engines = session->engines,
                               .sets = args->sets.items,
                               .n_sets = args->sets.n};
  const struct tp_validate_request request = {.ops = {.device = args->device,
                                                      .stack = args->stack,
                                                      .platform = args->platform,
                                                      .sets = args->sets.items,
                                                      .n_sets = args->sets.n},
                                              .op = args->op,
                                              .where = {args->where.items, args->where.n},
                                              .by = args->by};
  struct tp_validation validation;
  double max_mape;
  enum tp_format format;
  enum tp_status status = check(args, positional, &max_mape, error);
  if (status == TP_OK)
    status = tp_format_parse(args->format, session->arena, &format, error);
  if (status == TP_OK)
    status = tp_validate(positional->items[0], &request, &catalog, &validation, error);
  if (status != TP_OK)
    return status;
  print(&validation, format, session->arena);
  if (validation.groups[0].mape <= max_mape)
    return TP_OK;
  return tp_fail(error, TP_E_CHECK,
                 "%s: mean absolute error %.4f over %zu figures is above %g (--max-mape)",
                 positional->items[0], validation.groups[0].mape, validation.groups[0].n, max_mape);
}

const struct tp_command tp_command_validate = {
    .name = "validate",
    .summary = "predictions against measured ops or runs; exit 1 above --max-mape",
    .usage = "MEASURED.csv [--device D] [OPTIONS]",
    .details =
        "Single ops: the columns of `tpsim cost` and time_us; give --device. Runs: the input\n"
        "columns of the result CSV (model, platform, stack, variant, tp, batch, prompt,\n"
        "generate ...) and any of ttft_s, prefill_s (the same), tpot_s, decode_s (all steps after\n"
        "the first token), e2e_s, tokens_per_s. mape is the mean of |predicted/measured - 1|,\n"
        "bias the mean with its sign; the five worst figures stand at the end.",
    .example = "printf 'm,n,k,time_us\\n64,8192,8192,53\\n' | tpsim validate - --device h100-sxm",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .values_size = sizeof(struct args),
    .run = run,
};
