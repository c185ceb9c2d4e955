/* tpsim flash-error: what low-bit all-reduces cost in accuracy. */
#include "cli/command.h"
#include "command/table.h"
#include "ops/flash_error.h"

#include <inttypes.h>
#include <math.h>

struct args {
  struct tp_numbers bits, gather_bits, groups;
  struct tp_words samples;
  int64_t ranks, elements, seed;
  bool spike_reserving;
  const char *format;
};

static const struct tp_option options[] = {
    {"bits", 'b', TP_OPTION_NUMBERS, offsetof(struct args, bits), "LIST",
     "bits a value on the reduce side, 2 to 8 [8,6,5,4,3,2]"},
    {"gather-bits", '\0', TP_OPTION_NUMBERS, offsetof(struct args, gather_bits), "LIST",
     "on the gather side [as on the reduce side]"},
    {"group", 'g', TP_OPTION_NUMBERS, offsetof(struct args, groups), "LIST",
     "values that share a scale and a zero [32,64,128,256]"},
    {"samples", '\0', TP_OPTION_WORDS, offsetof(struct args, samples), "LIST",
     "gaussian, outliers [both]"},
    {"spike-reserving", '\0', TP_OPTION_FLAG, offsetof(struct args, spike_reserving), "",
     "each row again with a group's extremes kept in fp16"},
    {"ranks", 'n', TP_OPTION_COUNT, offsetof(struct args, ranks), "N", "ranks that add up [8]"},
    {"elements", '\0', TP_OPTION_COUNT, offsetof(struct args, elements), "N",
     "values of each, 4096 a token [65536]"},
    {"seed", '\0', TP_OPTION_COUNT, offsetof(struct args, seed), "N", "of the samples [1]"},
    TP_FORMAT_OPTION(args),
};

static struct tp_flash_error_request request_of(const struct args *args)
{
  static const double bits[] = {8, 6, 5, 4, 3, 2}, groups[] = {32, 64, 128, 256};
  static const char *const samples[] = {"gaussian", "outliers"};
  struct tp_flash_error_request request = {.bits = bits,
                                           .n_bits = sizeof bits / sizeof bits[0],
                                           .gather_bits = args->gather_bits.items,
                                           .n_gather_bits = args->gather_bits.n,
                                           .groups = groups,
                                           .n_groups = sizeof groups / sizeof groups[0],
                                           .samples = samples,
                                           .n_samples = sizeof samples / sizeof samples[0],
                                           .spike_reserving = args->spike_reserving,
                                           .ranks = args->ranks > 0 ? args->ranks : 8,
                                           .elements = args->elements > 0 ? args->elements : 65536,
                                           .seed = args->seed > 0 ? args->seed : 1};
  if (args->bits.n > 0) {
    request.bits = args->bits.items;
    request.n_bits = args->bits.n;
  }
  if (args->groups.n > 0) {
    request.groups = args->groups.items;
    request.n_groups = args->groups.n;
  }
  if (args->samples.n > 0) {
    request.samples = args->samples.items;
    request.n_samples = args->samples.n;
  }
  return request;
}

static void add_number(struct tp_table *table, const char *pattern, double value)
{
  char text[32] = "";
  if (!isnan(value))
    snprintf(text, sizeof text, pattern, value);
  tp_table_add(table, text);
}

static void add_row(struct tp_table *table, const struct tp_flash_error *row, int64_t seed)
{
  tp_table_add(table, row->samples);
  add_number(table, "%.0f", row->reduce.bits);
  add_number(table, "%.0f", row->gather.bits);
  add_number(table, "%.0f", row->reduce.group > 0 ? (double)row->reduce.group : (double)NAN);
  tp_table_add(table, row->reduce.spike_reserving ? "yes" : "no");
  add_number(table, "%.4g", row->wire_bits);
  add_number(table, "%.3g", 16.0 / row->wire_bits);
  add_number(table, "%.3g", tp_accuracy_relative(&row->all));
  add_number(table, "%.3g", tp_accuracy_relative(&row->usual));
  add_number(table, "%.3g", row->all.max_error);
  add_number(table, "%.3g", tp_accuracy_snr_db(&row->all));
  add_number(table, "%.6f", tp_accuracy_cosine(&row->all));
  tp_table_add(table, tp_arena_printf(table->arena, "%" PRId64, seed));
}

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  static const char *const headers[] = {"samples",     "bits",      "gather_bits", "group",
                                        "spikes",      "wire_bits", "compression", "relative_error",
                                        "usual_error", "max_error", "snr_db",      "cosine",
                                        "seed"};
  static const bool is_text[13] = {[0] = true, [4] = true};
  const struct args *args = values;
  const struct tp_flash_error_request request = request_of(args);
  struct tp_flash_error *rows = NULL;
  size_t n = 0;
  enum tp_format format;
  TP_TRY(tp_command_expect(positional, 0, 0, "", error));
  TP_TRY(tp_format_parse(args->format, session->arena, &format, error));
  TP_TRY(tp_flash_error(&request, session->arena, &rows, &n, error));
  struct tp_table table = {
      .arena = session->arena, .n_columns = 13, .headers = headers, .is_text = is_text};
  for (size_t i = 0; i < n; i++)
    add_row(&table, &rows[i], request.seed);
  tp_table_write(&table, format, stdout);
  return TP_OK;
}

const struct tp_command tp_command_flash_error = {
    .name = "flash-error",
    .summary = "what a low-bit all-reduce costs in accuracy, by bits and group",
    .usage = "[OPTIONS]",
    .details =
        "Adds up made-up partial sums with the two-step low-bit all-reduce (Flash Communication,\n"
        "arXiv 2412.04964 and 2508.03760) and compares with their sum in fp64. wire_bits: sent "
        "for\n"
        "a value and step, with scales, zeros and spikes; compression: over fp16; relative_error:\n"
        "Euclidean norm of the error over that of the sum; usual_error: the same without the\n"
        "outlier channels, which rule the norm; max_error: the largest, absolute. The rows of 16\n"
        "bits round the sum to fp16. Samples: gaussian, and outliers: heavy tails, 6 of 4096\n"
        "channels 20 to 100 times larger.",
    .example = "tpsim flash-error --bits 4 --gather-bits 4,8 --group 128 --spike-reserving",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .values_size = sizeof(struct args),
    .run = run,
};
