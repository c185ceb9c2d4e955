/* What all rows of one picture share: one value of every input that it does not show. */
#include "plot/rows.h"

#include "base/text.h"

#include <string.h>

/* Keeps the smallest batch; the text says so where there was a choice. */
static const char *take_batch(struct tp_plot_rows *rows, struct tp_arena *arena)
{
  size_t n;
  const char *const *const values = tp_plot_rows_values(rows, TP_PLOT_batch, arena, &n);
  double least = 0, value;
  const char *batch = NULL;
  for (size_t i = 0; i < n; i++)
    if (tp_text_number(values[i], &value) && (batch == NULL || value < least)) {
      least = value;
      batch = values[i];
    }
  if (batch == NULL)
    return "";
  size_t kept = 0;
  for (size_t i = 0; i < rows->n; i++)
    if (tp_plot_same(rows->items[i].input[TP_PLOT_batch], batch))
      rows->items[kept++] = rows->items[i];
  rows->n = kept;
  return n == 1 ? tp_arena_printf(arena, "batch %s", batch)
                : tp_arena_printf(arena, "batch %s (smallest of %zu)", batch, n);
}

/* "a, b": both where neither is empty. */
static const char *listed(const char *a, const char *b, struct tp_arena *arena)
{
  return tp_arena_printf(arena, "%s%s%s", a, a[0] != '\0' && b[0] != '\0' ? ", " : "", b);
}

static bool shows_same(const struct tp_plot_row *a, const struct tp_plot_row *b, unsigned shown)
{
  for (int i = 0; i < TP_PLOT_N_INPUTS; i++)
    if (shown & 1u << i && !tp_plot_same(a->input[i], b->input[i]))
      return false;
  return true;
}

/* Servers follow from the ranks, the type of a cache from the model, requests from how many are at
 * once: several of them are all right where rows that show the same have the same. */
static bool follows(const struct tp_plot_rows *rows, unsigned shown, enum tp_plot_input input,
                    struct tp_arena *arena)
{
  const struct tp_plot_row **apart = NULL;
  size_t n = 0;
  if (input != TP_PLOT_nodes && input != TP_PLOT_kv_dtype && input != TP_PLOT_requests)
    return false;
  for (size_t i = 0; i < rows->n; i++) {
    const struct tp_plot_row *const row = &rows->items[i];
    size_t at = 0;
    while (at < n && !shows_same(row, apart[at], shown))
      at++;
    if (at == n)
      TP_APPEND(arena, apart, n, row);
    else if (!tp_plot_same(row->input[input], apart[at]->input[input]))
      return false;
  }
  return true;
}

/* How many servers a point takes is known of one that ran: the others say nothing of it. */
static struct tp_plot_rows rows_that_tell(const struct tp_plot_rows *rows, enum tp_plot_input input,
                                          struct tp_arena *arena)
{
  struct tp_plot_rows telling = {.n = 0};
  if (input != TP_PLOT_nodes)
    return *rows;
  for (size_t i = 0; i < rows->n; i++)
    if (rows->items[i].input[input][0] != '\0' ||
        tp_plot_row_refusal(&rows->items[i], arena) == NULL)
      TP_APPEND(arena, telling.items, telling.n, rows->items[i]);
  return telling;
}

/* A value that all rows share, in words; none where it goes without saying. */
static const char *words_of(enum tp_plot_input input, const char *value, struct tp_arena *arena)
{
  static const struct {
    const char *before, *after, *usual;
  } words[TP_PLOT_N_INPUTS] = {
      [TP_PLOT_engine] = {.after = " engine"},
      [TP_PLOT_phase] = {.usual = "inference"},
      [TP_PLOT_kv_dtype] = {.before = "KV in "},
      [TP_PLOT_tp] = {.before = "TP "},
      [TP_PLOT_pp] = {"PP ", .usual = "1"},
      [TP_PLOT_dp] = {"DP ", .usual = "1"},
      [TP_PLOT_ep] = {"EP ", .usual = "1"},
      [TP_PLOT_nodes] = {"nodes ", .usual = "1"},
      [TP_PLOT_prompt] = {.before = "prompt "},
      [TP_PLOT_generate] = {.before = "generate "},
      [TP_PLOT_layers] = {.before = "layers "},
      [TP_PLOT_batch] = {.before = "batch "},
      [TP_PLOT_micro_batch] = {.before = "micro-batch "},
      [TP_PLOT_interleave] = {.before = "interleave "},
      [TP_PLOT_concurrency] = {.after = " requests at once"},
      [TP_PLOT_rate] = {.after = " requests/s"},
      [TP_PLOT_range_ratio] = {.before = "lengths from ", .usual = "1"},
      [TP_PLOT_requests] = {.before = "requests "},
      [TP_PLOT_seed] = {.before = "seed ", .usual = "1"},
      [TP_PLOT_trace] = {.before = "trace "},
  };
  if (value[0] == '\0' || (words[input].usual != NULL && tp_plot_same(value, words[input].usual)))
    return "";
  const char *const before = words[input].before, *const after = words[input].after;
  return tp_arena_printf(arena, "%s%s%s", before == NULL ? "" : before, value,
                         after == NULL ? "" : after);
}

static bool is_number(enum tp_plot_input input)
{
  static const bool numbers[TP_PLOT_N_INPUTS] = {
#define TEXT(name, unit, description)   [TP_PLOT_##name] = false,
#define NUMBER(name, unit, description) [TP_PLOT_##name] = true,
      TP_EVERY_INPUT(TEXT, NUMBER)
#undef TEXT
#undef NUMBER
          [TP_PLOT_concurrency] = true,
      [TP_PLOT_rate] = true,
      [TP_PLOT_range_ratio] = true,
      [TP_PLOT_requests] = true,
      [TP_PLOT_seed] = true,
  };
  return numbers[input];
}

/* Appends what all rows have of an input that the picture does not show. */
static enum tp_status settle_input(const struct tp_plot_rows *rows, unsigned shown,
                                   enum tp_plot_input input, struct tp_arena *arena,
                                   const char **caption, struct tp_error *error)
{
  size_t n;
  if (shown & 1u << input || input == TP_PLOT_batch)
    return TP_OK;
  const struct tp_plot_rows telling = rows_that_tell(rows, input, arena);
  const char *const *const values = tp_plot_rows_values(&telling, input, arena, &n);
  const bool as_others = /* as the activations are */
      input == TP_PLOT_kv_dtype && n == 1 &&
      strcmp(values[0], rows->items[0].input[TP_PLOT_dtype]) == 0;
  if (n == 1 && !as_others)
    *caption = listed(*caption, words_of(input, values[0], arena), arena);
  if (n <= 1 || follows(&telling, shown, input, arena))
    return TP_OK;
  bool empty = false;
  for (size_t i = 0; i < n; i++)
    empty = empty || (values[i][0] == '\0' && is_number(input));
  return tp_fail(error, TP_E_INPUT, "%zu values of %s in one picture: %s; choose with --%s%s", n,
                 tp_plot_inputs[input], tp_plot_words(values, n, arena),
                 tp_plot_option(input, arena), empty ? ", 0 for none" : "");
}

enum tp_status tp_plot_rows_settle(struct tp_plot_rows *rows, unsigned shown,
                                   struct tp_arena *arena, const char **caption,
                                   struct tp_error *error)
{
  *caption = "";
  for (int numbers = 0; numbers < 2; numbers++) /* names stand first */
    for (enum tp_plot_input input = 0; input < TP_PLOT_N_INPUTS; input++)
      if (is_number(input) == numbers)
        TP_TRY(settle_input(rows, shown, input, arena, caption, error));
  if (!(shown & TP_PLOT_BIT(batch)))
    *caption = listed(*caption, take_batch(rows, arena), arena);
  return TP_OK;
}
