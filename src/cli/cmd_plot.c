/* tpsim plot: pictures from result CSVs. */
#include "base/output.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/gnuplot.h"
#include "cli/points.h"
#include "command/keep.h"
#include "plot/plot.h"

#include <string.h>

struct args {
  struct tp_words out;
  struct tp_words words[TP_PLOT_N_INPUTS];
  struct tp_numbers numbers[TP_PLOT_N_INPUTS];
  const char *x, *y, *value;
};

#define ROW(member, kind, name, option, letter, placeholder)   \
  {option,      letter,                                        \
   kind,        offsetof(struct args, member[TP_PLOT_##name]), \
   placeholder, "rows with this " option " only"},
#define WORDS(name, option, letter, placeholder, help) \
  ROW(words, TP_OPTION_WORDS, name, option, letter, placeholder)
#define NUMBERS(name, option, letter, placeholder, help) \
  ROW(numbers, TP_OPTION_NUMBERS, name, option, letter, placeholder)
#define OTHERS(WORDS, NUMBERS)                          \
  NUMBERS(nodes, "nodes", '\0', "LIST", "")             \
  WORDS(pass, "pass", '\0', "P[,P]", "")                \
  NUMBERS(concurrency, "concurrency", 'c', "LIST", "")  \
  NUMBERS(rate, "rate", 'r', "LIST", "")                \
  NUMBERS(range_ratio, "range-ratio", '\0', "LIST", "") \
  NUMBERS(requests, "requests", '\0', "LIST", "")       \
  NUMBERS(seed, "seed", '\0', "LIST", "")               \
  WORDS(trace, "trace", '\0', "FILE[,FILE]", "")
static const struct tp_option options[] = {
    /* clang-format off */
    {"out", 'o', TP_OPTION_REPEATED, offsetof(struct args, out), "OUT.png",
     "picture to write: .png, .svg or .pdf; may be given again"},
    TP_POINT_LIST(WORDS, NUMBERS)
    TP_POINT_PHASE_LIST(WORDS)
    OTHERS(WORDS, NUMBERS)
    /* clang-format on */
    {"x", '\0', TP_OPTION_TEXT, offsetof(struct args, x), "COLUMN", "heatmap: across [batch]"},
    {"y", '\0', TP_OPTION_TEXT, offsetof(struct args, y), "COLUMN", "heatmap: down [tp]"},
    {"value", '\0', TP_OPTION_TEXT, offsetof(struct args, value), "COLUMN",
     "heatmap: the figure [speedup]"},
};
#undef ROW
#undef WORDS
#undef NUMBERS
enum { N_OPTIONS = sizeof options / sizeof options[0] };
_Static_assert(N_OPTIONS == TP_PLOT_N_INPUTS + 4, "rows are chosen by every input");

/* The first word, where it names a kind; a word that is no file name must name one. */
static enum tp_status find_kind(const struct tp_words *positional, struct tp_arena *arena,
                                const struct tp_plot_kind **kind, size_t *n_used,
                                struct tp_error *error)
{
  *kind = tp_plot_kinds[0];
  *n_used = 0;
  if (positional->n == 0)
    return TP_OK;
  const char *const word = positional->items[0];
  const char *names[16];
  size_t n = 0;
  for (; tp_plot_kinds[n] != NULL; n++) {
    names[n] = tp_plot_kinds[n]->name;
    if (strcmp(word, names[n]) == 0) {
      *kind = tp_plot_kinds[n];
      *n_used = 1;
      return TP_OK;
    }
  }
  if (strpbrk(word, "./-") == NULL)
    return tp_fail(error, TP_E_INPUT, "no kind of picture '%s'%s", word,
                   tp_text_hint(arena, word, names, n));
  return TP_OK;
}

static enum tp_status find_terminal(const char *file, const char **terminal, struct tp_error *error)
{
  static const char *const terminals[] = {"png", "svg", "pdf"};
  const char *const dot = strrchr(file, '.');
  for (size_t i = 0; dot != NULL && i < sizeof terminals / sizeof terminals[0]; i++)
    if (strcmp(dot + 1, terminals[i]) == 0) {
      *terminal = terminals[i];
      return TP_OK;
    }
  return tp_fail(error, TP_E_INPUT, "%s: no picture format; end the name in .png, .svg or .pdf",
                 file);
}

static enum tp_status draw(const struct tp_plot *plot, const char *file, struct tp_arena *arena,
                           struct tp_output *output, struct tp_error *error)
{
  const char *terminal;
  enum tp_status status = find_terminal(file, &terminal, error);
  if (status == TP_OK)
    status = tp_output_open(file, arena, output, error);
  if (status != TP_OK)
    return status;
  FILE *const script = tmpfile();
  if (script == NULL) {
    status = tp_fail(error, TP_E_ENVIRONMENT, "no temporary file for gnuplot's script");
  } else {
    tp_plot_write(plot, terminal, arena, script);
    status = tp_gnuplot_run(script, output->stream, error);
    fclose(script);
  }
  if (status != TP_OK)
    tp_output_abort(output);
  return status;
}

/* All pictures or none: no file is renamed before the last is drawn. */
static enum tp_status draw_all(const struct tp_plot *plot, const struct tp_words *files,
                               struct tp_arena *arena, struct tp_error *error)
{
  struct tp_output *const outputs = TP_NEW(arena, struct tp_output, files->n);
  enum tp_status status = TP_OK;
  size_t n = 0;
  while (n < files->n && status == TP_OK) {
    status = draw(plot, files->items[n], arena, &outputs[n], error);
    n += status == TP_OK;
  }
  for (size_t i = 0; i < n; i++)
    if (status == TP_OK)
      status = tp_output_commit(&outputs[i], error);
    else
      tp_output_abort(&outputs[i]);
  return status;
}

static enum tp_status read_tables(const struct tp_words *positional, size_t first,
                                  struct tp_arena *arena, struct tp_csv **tables, size_t *n_tables,
                                  struct tp_error *error)
{
  *n_tables = positional->n - first;
  *tables = TP_NEW(arena, struct tp_csv, *n_tables);
  for (size_t i = 0; i < *n_tables; i++)
    TP_TRY(tp_csv_open(positional->items[first + i], arena, &(*tables)[i], error));
  return TP_OK;
}

static enum tp_status read_axis(const char *name, struct tp_arena *arena, enum tp_plot_input *axis,
                                struct tp_error *error)
{
  if (name == NULL)
    return TP_OK;
  for (int i = 0; i < TP_PLOT_N_INPUTS; i++)
    if (strcmp(name, tp_plot_inputs[i]) == 0) {
      *axis = (enum tp_plot_input)i;
      return TP_OK;
    }
  return tp_fail(error, TP_E_INPUT, "no input '%s'%s", name,
                 tp_text_hint(arena, name, tp_plot_inputs, TP_PLOT_N_INPUTS));
}

static enum tp_status read_axes(const struct args *args, const struct tp_plot_kind *kind,
                                struct tp_arena *arena, struct tp_plot_axes *axes,
                                struct tp_error *error)
{
  if (kind != &tp_plot_heatmap && (args->x != NULL || args->y != NULL || args->value != NULL))
    return tp_fail(error, TP_E_INPUT, "--x, --y and --value are of `plot heatmap`; drop them");
  *axes = tp_plot_heatmap.frame.heat;
  axes->value = args->value == NULL ? axes->value : args->value;
  TP_TRY(read_axis(args->x, arena, &axes->across, error));
  return read_axis(args->y, arena, &axes->down, error);
}

/* Rows are compared with texts, where "8" is "8.0"; none of these inputs is ever 0, which stands
 * for an empty cell. */
static struct tp_plot_filter filter_of(const struct args *args, struct tp_arena *arena)
{
  struct tp_plot_filter filter;
  for (int i = 0; i < TP_PLOT_N_INPUTS; i++) {
    struct tp_words words = args->words[i];
    for (size_t k = 0; k < args->numbers[i].n; k++)
      TP_APPEND(arena, words.items, words.n,
                args->numbers[i].items[k] == 0 && i != TP_PLOT_generate
                    ? ""
                    : tp_arena_printf(arena, "%.17g", args->numbers[i].items[k]));
    filter.values[i] = words.items;
    filter.n[i] = words.n;
  }
  return filter;
}

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  const struct args *args = values;
  const struct tp_plot_kind *kind;
  const char *terminal;
  size_t n_used, n_tables;
  struct tp_csv *tables;
  struct tp_plot plot;
  TP_TRY(find_kind(positional, session->arena, &kind, &n_used, error));
  if (positional->n == n_used)
    return tp_fail(error, TP_E_INPUT, "plot: no table to draw; give a result CSV");
  if (args->out.n == 0)
    return tp_fail(error, TP_E_INPUT, "plot: no picture to write; add -o OUT.png or -o OUT.svg");
  for (size_t i = 0; i < args->out.n; i++)
    TP_TRY(find_terminal(args->out.items[i], &terminal, error));
  for (size_t i = 0; i < args->out.n; i++)
    TP_TRY(tp_command_keep_all(positional, "-o", args->out.items[i], error));
  TP_TRY(read_tables(positional, n_used, session->arena, &tables, &n_tables, error));
  const struct tp_plot_filter filter = filter_of(args, session->arena);
  struct tp_plot_axes axes;
  TP_TRY(read_axes(args, kind, session->arena, &axes, error));
  TP_TRY(tp_plot_shape(kind, tables, n_tables, &filter, &axes, session->arena, &plot, error));
  return draw_all(&plot, &args->out, session->arena, error);
}

const struct tp_command tp_command_plot = {
    .name = "plot",
    .summary = "pictures from result CSVs, drawn by gnuplot",
    .usage = "[KIND] FILE.csv... -o OUT.png [OPTIONS]",
    .words = "speedup|breakdown|published|collectives|batch|pareto|heatmap|gantt|pipeline|roofline",
    .details =
        "speedup (default): speedup over standard against TP, a panel a model.\n"
        "breakdown: compute and exposed communication, a bar a variant, a panel a TP.\n"
        "published: predicted against published, from `tpsim reproduce all --format csv`.\n"
        "collectives: all-reduces by size, from `tpsim compare --collectives --format csv`.\n"
        "batch: tokens/s against batch. pareto: time a token against tokens/s a GPU.\n"
        "heatmap: a figure over two inputs, a cell a point.\n"
        "gantt, roofline: one layer in time, and ops against the GPU's peaks, from the rows of\n"
        "`tpsim predict|compare --timeline FILE.csv`.\n"
        "pipeline: which rank is at which micro-batch, from the same rows.\n"
        "Of several batches the smallest is drawn, and the picture says so.",
    .example = "tpsim plot breakdown sweep.csv --model llama-3.1-70b --batch 16 -o times.png",
    .options = options,
    .n_options = N_OPTIONS,
    .values_size = sizeof(struct args),
    .run = run,
};
