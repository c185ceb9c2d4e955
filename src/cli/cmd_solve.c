/* tpsim solve: where along one key does a variant gain so much? */
#include "cli/points.h"
#include "command/table.h"
#include "sweep/solve.h"

#include <math.h>
#include <string.h>

struct args {
  struct tp_points points;
  struct tp_numbers gain, from, to;
  const char *over, *format;
};

static const struct tp_option options[] = {
    TP_POINTS_OPTIONS TP_POINTS_PHASE_OPTION{
        "over", 'o', TP_OPTION_TEXT, offsetof(struct args, over), "KEY",
        "what is varied: a key of --set, or tp, batch, prompt, generate"},
    {"from", '\0', TP_OPTION_NUMBERS, offsetof(struct args, from), "A", "least value tried"},
    {"to", '\0', TP_OPTION_NUMBERS, offsetof(struct args, to), "B", "greatest value tried"},
    {"gain", 'g', TP_OPTION_NUMBERS, offsetof(struct args, gain), "X",
     "0.2: 20 % more tokens/s than standard [0: break-even]"},
    TP_FORMAT_OPTION(args),
};

static enum tp_status one_number(const char *option, const struct tp_numbers *numbers,
                                 double *value, struct tp_error *error)
{
  if (numbers->n != 1)
    return tp_fail(error, TP_E_INPUT, "--%s needs one number; `--help` shows an example", option);
  *value = numbers->items[0];
  return TP_OK;
}

/* An input that is none of those which are varied is no key of --set, either. */
static enum tp_status check_over(const char *key, struct tp_error *error)
{
  static const enum tp_axis_name varied[] = {TP_AXIS_tp, TP_AXIS_batch, TP_AXIS_prompt,
                                             TP_AXIS_generate};
  for (size_t i = 0; i < sizeof varied / sizeof *varied; i++)
    if (strcmp(key, tp_axis_column(varied[i])->name) == 0)
      return TP_OK;
  for (int i = 0; i < TP_N_AXES; i++)
    if (strcmp(key, tp_axis_column((enum tp_axis_name)i)->name) == 0)
      return tp_fail(error, TP_E_INPUT,
                     "--over %s: of the inputs tp, batch, prompt and generate are varied; compare "
                     "values of %s with `tpsim compare`",
                     key, key);
  return TP_OK;
}

static enum tp_status read_range(const struct args *args, struct tp_solve_request *request,
                                 struct tp_error *error)
{
  if (args->over == NULL)
    return tp_fail(error, TP_E_INPUT,
                   "--over KEY is missing: a key of --set, or tp, batch, prompt, generate");
  TP_TRY(check_over(args->over, error));
  request->key = args->over;
  const size_t length = strlen(args->over);
  for (size_t i = 0; i < args->points.sets.n; i++)
    if (strncmp(args->points.sets.items[i], args->over, length) == 0 &&
        args->points.sets.items[i][length] == '=')
      return tp_fail(error, TP_E_INPUT, "--set %s: --over varies it; drop one", args->over);
  TP_TRY(one_number("from", &args->from, &request->from, error));
  TP_TRY(one_number("to", &args->to, &request->to, error));
  if (args->gain.n > 0)
    TP_TRY(one_number("gain", &args->gain, &request->gain, error));
  return TP_OK;
}

static void print_unsolved(const char *key, const struct tp_solution *solution)
{
  enum { MOST_LINES = 8 };
  const size_t n = solution->n_unsolved;
  for (size_t i = 0; i < n && i < MOST_LINES; i++) {
    const struct tp_unsolved *unsolved = &solution->unsolved[i];
    printf("skipped: %s %.6g", key, unsolved->first);
    if (unsolved->last > unsolved->first)
      printf(" to %.6g", unsolved->last);
    printf(": %s\n", unsolved->reason);
  }
  if (n > MOST_LINES)
    printf("skipped: %zu more ranges up to %s %.6g\n", n - MOST_LINES, key,
           solution->unsolved[n - 1].last);
}

static void print(const struct tp_solve_request *request, const struct tp_solution *solution,
                  enum tp_format format, struct tp_arena *arena)
{
  static const char *const headers[] = {"key",       "unit", "value", "gain",
                                        "direction", "half", "double"};
  static const char *const full[] = {"key",       "unit",         "value",         "gain",
                                     "direction", "gain_at_half", "gain_at_double"};
  static const bool is_text[] = {true, true, false, false, true, false, false};
  const bool brief = format == TP_FORMAT_TABLE;
  struct tp_table table = {
      .arena = arena, .n_columns = 7, .headers = brief ? headers : full, .is_text = is_text};
  const char *const number = brief ? "%.4g" : "%.9g";
  for (size_t i = 0; i < solution->n_crossings; i++) {
    const struct tp_crossing *crossing = &solution->crossings[i];
    const double numbers[] = {crossing->gain_half, crossing->gain_double};
    tp_table_add(&table, request->key);
    tp_table_add(&table, solution->unit);
    tp_table_add(&table, tp_arena_printf(arena, number, crossing->value));
    tp_table_add(&table, tp_arena_printf(arena, number, crossing->gain));
    tp_table_add(&table, crossing->rises ? "rises" : "falls");
    for (int k = 0; k < 2; k++)
      tp_table_add(&table, isnan(numbers[k]) ? "" : tp_arena_printf(arena, number, numbers[k]));
  }
  if (!brief || solution->n_crossings > 0)
    tp_table_write(&table, format, stdout);
  if (brief)
    print_unsolved(request->key, solution);
}

static enum tp_status verdict(const struct tp_solve_request *request,
                              const struct tp_solution *solution, struct tp_arena *arena,
                              struct tp_error *error)
{
  if (solution->n_crossings > 0)
    return TP_OK;
  const char *skipped = "";
  if (solution->n_unsolved > 0)
    skipped = tp_arena_printf(
        arena, "; skipped: %s %.6g%s: %s", request->key, solution->unsolved[0].first,
        solution->n_unsolved > 1 || solution->unsolved[0].last > solution->unsolved[0].first
            ? " and others"
            : "",
        solution->unsolved[0].reason);
  return tp_fail(error, TP_E_CHECK,
                 "the gain is %s %.4g: %.4g at %s %.6g, %.4g at %.6g; least %.4g at %.6g, "
                 "best %.4g at %.6g%s",
                 solution->best_gain < request->gain ? "always below" : "never below",
                 request->gain, solution->first_gain, request->key, solution->first_value,
                 solution->last_gain, solution->last_value, solution->least_gain,
                 solution->least_value, solution->best_gain, solution->best_value, skipped);
}

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  const struct args *args = values;
  struct tp_asked asked;
  struct tp_solve_request request = {.grid = &asked.grid, .catalog = &asked.catalog};
  struct tp_solution solution;
  TP_TRY(tp_asked_read(session, positional, &args->points, args->format, &asked, error));
  TP_TRY(read_range(args, &request, error));
  TP_TRY(tp_solve(&request, session->arena, &solution, error));
  print(&request, &solution, asked.format, session->arena);
  return verdict(&request, &solution, session->arena, error);
}

const struct tp_command tp_command_solve = {
    .name = "solve",
    .summary = "break-even: the bandwidth, latency, batch or TP at which a variant gains X",
    .usage = "--model M --platform P --variant V --over KEY --from A --to B [--gain X] [OPTIONS]",
    .details =
        "Lists every value of KEY at which the gain (speedup over standard, end to end, less 1)\n"
        "crosses X, with the gain there and at half and twice the value. The range is scanned in\n"
        "64 cells, even in the logarithm (256 of whole numbers; up to 256 all are tried), and "
        "each\n"
        "crossing narrowed down; two crossings in one cell are missed. direction: the gain rises "
        "or\n"
        "falls with KEY; where it jumps over X, the value is the last that still has it. Values "
        "that\n"
        "cannot run are skipped. Exit status 1, with the gains seen, where there is no crossing.",
    .example = "tpsim solve --model llama-3.1-70b --platform dgx-h100 --stack gpt-fast-compile "
               "--tp 8 --variant ladder --batch 4 "
               "--over nvlink.bytes_per_s_per_direction --from 25e9 --to 900e9 --gain 0.3",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .values_size = sizeof(struct args),
    .run = run,
};
