/* tpsim list: what is there. */
#include "base/text.h"
#include "cli/command.h"
#include "command/table.h"
#include "platform/lend.h"
#include "platform/library.h"
#include "platform/open.h"
#include "program/wiring/build.h"
#include "serve/served.h"

#include <inttypes.h>
#include <string.h>

struct args {
  const char *format;
};

static const struct tp_option options[] = {
    TP_FORMAT_OPTION(args),
};

/* Lists fill a table.  A file that cannot be read is told, and the others are listed. */
typedef enum tp_status list_function(struct tp_session *session, struct tp_table *table,
                                     struct tp_error *error);

static enum tp_status names_in(struct tp_session *session, const char *folder, const char ***names,
                               size_t *n, struct tp_error *error)
{
  return tp_datadir_list(session->dirs, folder, ".json", session->arena, names, n, error);
}

static bool is_readable(enum tp_status status, struct tp_error *error)
{
  if (status != TP_OK)
    tp_command_note(error->text);
  return status == TP_OK;
}

static void add_number(struct tp_table *table, double number)
{
  tp_table_add(table, tp_table_number(table, number));
}

static void add_count(struct tp_table *table, int64_t count)
{
  tp_table_add(table, tp_arena_printf(table->arena, "%" PRId64, count));
}

static enum tp_status list_models(struct tp_session *session, struct tp_table *table,
                                  struct tp_error *error)
{
  const char **names;
  size_t n = 0;
  TP_TRY(names_in(session, "models", &names, &n, error));
  struct tp_arena *const each = tp_arena_create(); /* one model in turn */
  for (size_t i = 0; i < n; i++) {
    struct tp_catalog catalog = {.arena = each, .dirs = session->dirs};
    const struct tp_model *model;
    tp_arena_reset(each);
    if (!is_readable(tp_catalog_model(&catalog, names[i], &model, error), error))
      continue;
    tp_table_add(table, names[i]);
    tp_table_add(table, model->family);
    add_number(table, (double)tp_model_parameters(model) * 1e-9);
    add_count(table, model->layers);
    add_count(table, model->hidden);
    add_count(table, model->heads);
    add_count(table, model->kv_heads);
  }
  tp_arena_free(each);
  return TP_OK;
}

static enum tp_status list_platforms(struct tp_session *session, struct tp_table *table,
                                     struct tp_error *error)
{
  const char **names;
  size_t n = 0;
  TP_TRY(names_in(session, "platforms", &names, &n, error));
  for (size_t i = 0; i < n; i++) {
    const struct tp_setup_request request = {.platform = names[i], .stack = "ideal"};
    struct tp_setup *setup;
    if (!is_readable(tp_setup_open(session->dirs, &request, session->arena, &setup, error), error))
      continue;
    tp_table_add(table, names[i]);
    tp_table_add(table, setup->device.name);
    add_count(table, setup->platform.n_gpus);
    add_count(table, setup->platform.n_nodes);
  }
  return TP_OK;
}

static enum tp_status open_doc(struct tp_session *session, const char *what, const char *folder,
                               const char *name, struct tp_doc *doc, struct tp_error *error)
{
  const char *path;
  TP_TRY(tp_datadir_find(session->dirs, what, folder, ".json", name, session->arena, &path, error));
  return tp_doc_open(path, session->arena, doc, error);
}

static enum tp_status list_devices(struct tp_session *session, struct tp_table *table,
                                   struct tp_error *error)
{
  const char **names;
  size_t n = 0;
  TP_TRY(names_in(session, "platforms/devices", &names, &n, error));
  for (size_t i = 0; i < n; i++) {
    struct tp_doc doc;
    struct tp_device device;
    if (!is_readable(open_doc(session, "device", "platforms/devices", names[i], &doc, error),
                     error))
      continue;
    enum tp_status status = tp_device_borrow(session->dirs, &doc, session->arena, error);
    if (status == TP_OK)
      status = tp_device_read(&doc, session->arena, &device, error);
    tp_doc_close(&doc);
    if (!is_readable(status, error))
      continue;
    tp_table_add(table, names[i]);
    add_number(table, device.datasheet.fp16_flops_per_s * 1e-12);
    add_number(table, device.datasheet.dram_bytes_per_s * 1e-12);
    add_number(table, device.datasheet.dram_bytes * 1e-9);
    add_number(table, device.datasheet.sm_count);
  }
  return TP_OK;
}

static enum tp_status list_stacks(struct tp_session *session, struct tp_table *table,
                                  struct tp_error *error)
{
  const char **names;
  size_t n = 0;
  TP_TRY(names_in(session, "platforms/stacks", &names, &n, error));
  for (size_t i = 0; i < n; i++) {
    struct tp_doc doc;
    struct tp_stack stack;
    if (!is_readable(open_doc(session, "stack", "platforms/stacks", names[i], &doc, error), error))
      continue;
    const enum tp_status status = tp_stack_read(&doc, session->arena, &stack, error);
    tp_doc_close(&doc);
    if (!is_readable(status, error))
      continue;
    tp_table_add(table, names[i]);
    tp_table_add(table, stack.version);
  }
  return TP_OK;
}

static enum tp_status list_libraries(struct tp_session *session, struct tp_table *table,
                                     struct tp_error *error)
{
  const char **names;
  size_t n = 0;
  TP_TRY(names_in(session, "platforms/libraries", &names, &n, error));
  for (size_t i = 0; i < n; i++) {
    struct tp_doc doc;
    const char *version;
    if (!is_readable(open_doc(session, "library", "platforms/libraries", names[i], &doc, error),
                     error))
      continue;
    const enum tp_status status = tp_library_version(&doc, session->arena, &version, error);
    tp_doc_close(&doc);
    if (!is_readable(status, error))
      continue;
    tp_table_add(table, names[i]);
    tp_table_add(table, version);
  }
  return TP_OK;
}

static void add_variant(struct tp_table *table, const char *prefix, const char *name,
                        bool takes_argument, const char *summary)
{
  tp_table_add(table,
               tp_arena_printf(table->arena, "%s%s%s", prefix, name, takes_argument ? "[:N]" : ""));
  tp_table_add(table, summary);
}

/* Wirings by the names that mean them: that of a built-in architecture needs its ".tpa". */
static enum tp_status list_wirings(struct tp_session *session, struct tp_table *table,
                                   struct tp_error *error)
{
  const char **names;
  size_t n = 0;
  TP_TRY(tp_wiring_list(session->dirs, session->arena, &names, &n, error));
  for (size_t i = 0; i < n; i++) {
    const struct tp_architecture *wired;
    const char *const file = tp_arena_printf(session->arena, "%s.tpa", names[i]);
    bool taken = false;
    if (!is_readable(tp_wiring_find(session->dirs, file, session->arena, &wired, error), error))
      continue;
    for (size_t a = 0; tp_architectures[a] != NULL; a++)
      taken |= strcmp(tp_architectures[a]->name, names[i]) == 0;
    const char *const letter = wired->wiring->argument;
    tp_table_add(table, tp_arena_printf(table->arena, "%s%s%s", taken ? file : names[i],
                                        letter != NULL ? ":" : "", letter != NULL ? letter : ""));
    tp_table_add(table, wired->summary);
  }
  return TP_OK;
}

static enum tp_status list_variants(struct tp_session *session, struct tp_table *table,
                                    struct tp_error *error)
{
  for (size_t i = 0; tp_architectures[i] != NULL; i++)
    add_variant(table, "", tp_architectures[i]->name, tp_architectures[i]->argument != NULL,
                tp_architectures[i]->summary);
  TP_TRY(list_wirings(session, table, error));
  for (size_t i = 0; tp_overlaps[i] != NULL; i++)
    add_variant(table, "+", tp_overlaps[i]->name, tp_overlaps[i]->argument != NULL,
                tp_overlaps[i]->summary);
  for (size_t i = 0; tp_wires[i] != NULL; i++)
    add_variant(table, "+", tp_wires[i]->name, tp_wires[i]->argument != NULL, tp_wires[i]->summary);
  return TP_OK;
}

static enum tp_status list_columns(struct tp_session *session, struct tp_table *table,
                                   struct tp_error *error)
{
  (void)session;
  (void)error;
  for (size_t i = 0; i < tp_n_columns; i++) {
    tp_table_add(table, tp_columns[i].name);
    tp_table_add(table, tp_columns[i].unit);
    tp_table_add(table, tp_columns[i].description);
  }
  return TP_OK;
}

static enum tp_status list_served(struct tp_session *session, struct tp_table *table,
                                  struct tp_error *error)
{
  (void)session;
  (void)error;
  for (size_t i = 0; i < tp_n_served_columns; i++) {
    const struct tp_served_column *const column = &tp_served_columns[i];
    tp_table_add(table, column->name);
    tp_table_add(table, column->point != NULL ? column->point->unit : column->unit);
    tp_table_add(table, column->point != NULL ? column->point->description : column->description);
  }
  return TP_OK;
}

enum { MOST_COLUMNS = 7 };

static const struct topic {
  const char *name;
  list_function *list;
  size_t n_columns;
  const char *headers[MOST_COLUMNS];
  bool is_text[MOST_COLUMNS];
} topics[] = {
    {"models",
     list_models,
     7,
     {"model", "family", "parameters_1e9", "layers", "hidden", "heads", "kv_heads"},
     {true, true}},
    {"platforms", list_platforms, 4, {"platform", "device", "gpus", "nodes"}, {true, true}},
    {"devices",
     list_devices,
     5,
     {"device", "fp16_tflops", "dram_tb_per_s", "dram_gb", "sms"},
     {true}},
    {"stacks", list_stacks, 2, {"stack", "version"}, {true, true}},
    {"libraries", list_libraries, 2, {"library", "version"}, {true, true}},
    {"variants", list_variants, 2, {"variant", "summary"}, {true, true}},
    {"columns", list_columns, 3, {"column", "unit", "description"}, {true, true, true}},
    {"serve-columns", list_served, 3, {"column", "unit", "description"}, {true, true, true}},
};
enum { N_TOPICS = sizeof topics / sizeof topics[0] };

static enum tp_status find_topic(const char *name, struct tp_arena *arena,
                                 const struct topic **topic, struct tp_error *error)
{
  const char *names[N_TOPICS];
  for (size_t i = 0; i < N_TOPICS; i++) {
    names[i] = topics[i].name;
    if (strcmp(name, names[i]) == 0) {
      *topic = &topics[i];
      return TP_OK;
    }
  }
  return tp_fail(error, TP_E_INPUT, "no list '%s'%s", name,
                 tp_text_hint(arena, name, names, N_TOPICS));
}

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  const struct args *args = values;
  const struct topic *topic = NULL;
  enum tp_format format;
  TP_TRY(tp_command_expect(positional, 1, 1, "what to list (models, platforms, ...)", error));
  TP_TRY(find_topic(positional->items[0], session->arena, &topic, error));
  TP_TRY(tp_format_parse(args->format, session->arena, &format, error));
  struct tp_table table = {.arena = session->arena,
                           .n_columns = topic->n_columns,
                           .headers = topic->headers,
                           .is_text = topic->is_text};
  TP_TRY(topic->list(session, &table, error));
  tp_table_write(&table, format, stdout);
  return TP_OK;
}

#define TOPICS "models|platforms|devices|stacks|libraries|variants|columns|serve-columns"

const struct tp_command tp_command_list = {
    .name = "list",
    .summary = "models, platforms, devices, stacks, libraries, variants or result columns",
    .usage = TOPICS,
    .words = TOPICS,
    .example = "tpsim list models",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .values_size = sizeof(struct args),
    .run = run,
};
