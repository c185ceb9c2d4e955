#include "cli/collectives_table.h"

#include "predict/collectives.h"

#include <math.h>
#include <string.h>

enum { LEAST_BYTES = 1 << 10, MOST_BYTES = 1 << 30 };

/* One machine and who runs on it. */
struct contest {
  struct tp_arena *arena;
  const struct tp_setup *setup;
  struct tp_machine *machine;
  struct tp_contender *contenders;
  size_t n;
};

static const char *size_text(struct tp_arena *arena, int bytes)
{
  if (bytes < 1 << 20)
    return tp_arena_printf(arena, "%d KiB", bytes >> 10);
  return bytes < 1 << 30 ? tp_arena_printf(arena, "%d MiB", bytes >> 20)
                         : tp_arena_printf(arena, "%d GiB", bytes >> 30);
}

/* The first is the stack's choice, which is one of the others. */
static size_t fastest(const struct contest *contest, double bytes)
{
  size_t best = 1;
  for (size_t c = 2; c < contest->n; c++)
    if (tp_contender_s(contest->machine, &contest->contenders[c], bytes, NULL) <
        tp_contender_s(contest->machine, &contest->contenders[best], bytes, NULL))
      best = c;
  return best;
}

static void print_wide(const struct contest *contest, bool bandwidth)
{
  const size_t n_columns = contest->n + 2;
  const char **headers = TP_NEW(contest->arena, const char *, n_columns);
  bool *is_text = TP_NEW(contest->arena, bool, n_columns);
  headers[0] = "bytes";
  headers[n_columns - 1] = "fastest";
  is_text[n_columns - 1] = true;
  for (size_t c = 0; c < contest->n; c++)
    headers[c + 1] = contest->contenders[c].name;
  struct tp_table table = {
      .arena = contest->arena, .n_columns = n_columns, .headers = headers, .is_text = is_text};
  for (int bytes = LEAST_BYTES;; bytes *= 4) {
    tp_table_add(&table, size_text(contest->arena, bytes));
    for (size_t c = 0; c < contest->n; c++) {
      const double time_s = tp_contender_s(contest->machine, &contest->contenders[c], bytes, NULL);
      const double rate = tp_bus_bytes_per_s(tp_machine_ranks(contest->machine), bytes, time_s);
      tp_table_add(&table, tp_arena_printf(contest->arena, bandwidth ? "%.3g" : "%.1f",
                                           bandwidth ? rate * 1e-9 : time_s * 1e6));
    }
    tp_table_add(&table, contest->contenders[fastest(contest, bytes)].name);
    if (bytes > MOST_BYTES / 4)
      break;
  }
  printf("%s, %s, %d ranks: all-reduce, %s\n", contest->setup->platform.name,
         contest->setup->stack.name, tp_machine_ranks(contest->machine),
         bandwidth ? "bus GB/s" : "microseconds");
  tp_table_print(&table, stdout);
  putchar('\n');
}

static void add_long(const struct contest *contest, struct tp_table *table)
{
  struct tp_arena *arena = contest->arena;
  for (int bytes = LEAST_BYTES;; bytes *= 2) {
    const size_t best = fastest(contest, bytes);
    for (size_t c = 0; c < contest->n; c++) {
      enum tp_algorithm used;
      const double time_s = tp_contender_s(contest->machine, &contest->contenders[c], bytes, &used);
      const double rate = tp_bus_bytes_per_s(tp_machine_ranks(contest->machine), bytes, time_s);
      tp_table_add(table, contest->setup->platform.name);
      tp_table_add(table, contest->setup->stack.name);
      tp_table_add(table, tp_arena_printf(arena, "%d", tp_machine_ranks(contest->machine)));
      tp_table_add(table, tp_arena_printf(arena, "%d", bytes));
      tp_table_add(table, contest->contenders[c].name);
      tp_table_add(table, tp_algorithm_text(used));
      tp_table_add(table, tp_arena_printf(arena, "%.9g", time_s * 1e6));
      tp_table_add(table, tp_arena_printf(arena, "%.9g", rate * 1e-9));
      tp_table_add(table, c == best ? "1" : "0");
    }
    if (bytes > MOST_BYTES / 2)
      break;
  }
}

static enum tp_status read_variants(struct tp_catalog *catalog, const struct tp_words *words,
                                    const struct tp_variant **variants, struct tp_error *error)
{
  for (size_t v = 0; v < words->n; v++)
    TP_TRY(tp_catalog_variant(catalog, words->items[v], &variants[v], error));
  return TP_OK;
}

static enum tp_status open_contest(struct tp_catalog *catalog, const char *platform,
                                   const char *stack, double tp, const struct tp_words *wires,
                                   struct contest *contest, struct tp_error *error)
{
  contest->arena = catalog->arena;
  contest->machine = TP_NEW(catalog->arena, struct tp_machine, 1);
  const struct tp_variant **variants =
      TP_NEW(catalog->arena, const struct tp_variant *, wires->n + 1);
  if (tp < 2 || tp > TP_MAX_GPUS || tp != floor(tp))
    return tp_fail(error, TP_E_INPUT, "--tp %g: give 2 to %d ranks, one alone sends nothing", tp,
                   TP_MAX_GPUS);
  TP_TRY(tp_catalog_setup(catalog, platform, stack, &contest->setup, error));
  TP_TRY(read_variants(catalog, wires, variants, error));
  TP_TRY(tp_machine_make(&contest->setup->platform, &contest->setup->device, &contest->setup->stack,
                         (int)tp, contest->machine, error));
  contest->n = tp_contenders_list(contest->machine, variants, wires->n, catalog->arena,
                                  &contest->contenders);
  return TP_OK;
}

static enum tp_status print_contest(struct tp_catalog *catalog, const struct tp_points *points,
                                    const char *platform, const char *stack, double tp,
                                    struct tp_table *rows, struct tp_error *error)
{
  static const char *default_wires[] = {"flash-int8", "flash-int4"};
  const struct tp_words wires = {.items = default_wires, .n = 2};
  struct contest contest;
  TP_TRY(open_contest(catalog, platform, stack, tp,
                      points->variant.n > 0 ? &points->variant : &wires, &contest, error));
  if (rows != NULL) {
    add_long(&contest, rows);
  } else {
    print_wide(&contest, false);
    print_wide(&contest, true);
  }
  return TP_OK;
}

/* Options of points that say nothing of a collective by itself. */
static enum tp_status refuse_others(const struct tp_points *points, struct tp_arena *arena,
                                    struct tp_error *error)
{
  const char *given = "";
#define LIST(name, option, letter, placeholder, help)                                      \
  if (points->name.n > 0 && strstr(" platform stack variant tp ", " " option " ") == NULL) \
    given = tp_arena_printf(arena, "%s%s--" option, given, given[0] == '\0' ? "" : ", ");
  TP_POINT_LIST(LIST, LIST)
  TP_POINT_PHASE_LIST(LIST)
#undef LIST
  if (points->detail != NULL || points->collective != NULL)
    given = tp_arena_printf(arena, "%s%s%s", given, given[0] == '\0' ? "" : ", ",
                            points->detail != NULL ? "--collective-detail" : "--collective");
  return given[0] == '\0' ? TP_OK
                          : tp_fail(error, TP_E_INPUT,
                                    "compare --collectives: %s says nothing of all-reduces by "
                                    "themselves; drop it",
                                    given);
}

enum tp_status tp_collectives_print(struct tp_session *session, const struct tp_points *points,
                                    enum tp_format format, struct tp_error *error)
{
  static const char *default_stack[] = {"vllm-0.24"};
  static const char *const headers[] = {"platform", "stack",          "tp",
                                        "bytes",    "algorithm",      "runs_as",
                                        "time_us",  "busbw_gb_per_s", "fastest"};
  static const bool is_text[] = {true, true, false, false, true, true, false, false, false};
  const struct tp_words stacks =
      points->stack.n > 0 ? points->stack : (struct tp_words){.items = default_stack, .n = 1};
  struct tp_catalog catalog = tp_session_catalog(session, &points->sets, points->device);
  struct tp_table table = {
      .arena = session->arena, .n_columns = 9, .headers = headers, .is_text = is_text};
  TP_TRY(refuse_others(points, session->arena, error));
  if (points->platform.n == 0 || points->tp.n == 0)
    return tp_fail(error, TP_E_INPUT,
                   "compare --collectives: name the machine, --platform P --tp N");
  for (size_t p = 0; p < points->platform.n; p++)
    for (size_t s = 0; s < stacks.n; s++)
      for (size_t t = 0; t < points->tp.n; t++)
        TP_TRY(print_contest(&catalog, points, points->platform.items[p], stacks.items[s],
                             points->tp.items[t], format == TP_FORMAT_TABLE ? NULL : &table,
                             error));
  if (format != TP_FORMAT_TABLE)
    tp_table_write(&table, format, stdout);
  return TP_OK;
}
