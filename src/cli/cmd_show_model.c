/* tpsim show-model: what a config.json is read as. */
#include "cli/command.h"
#include "command/table.h"
#include "model/layer.h"
#include "model/pattern.h"
#include "predict/precision.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct args {
  const char *format;
};

static const struct tp_option options[] = {
    TP_FORMAT_OPTION(args),
};

enum { N_COLUMNS = 10 };
static const char *const headers[N_COLUMNS] = {"layers",     "window",          "name",   "rows",
                                               "columns",    "copies",          "cut_by", "dtype",
                                               "parameters", "kv_bytes_a_token"};
static const bool is_text[N_COLUMNS] = {[0] = true, [2] = true, [6] = true, [7] = true};

struct row {
  const char *layers, *name, *cut_by, *dtype;
  int64_t window, rows, columns, copies, parameters, kv_bytes;
};

static void add_count(struct tp_table *table, int64_t count)
{
  tp_table_add(table, count == 0 ? "" : tp_arena_printf(table->arena, "%" PRId64, count));
}

static void add(struct tp_table *table, struct row row)
{
  tp_table_add(table, row.layers != NULL ? row.layers : "");
  add_count(table, row.window);
  tp_table_add(table, row.name);
  add_count(table, row.rows);
  add_count(table, row.columns);
  add_count(table, row.copies);
  tp_table_add(table, row.cut_by != NULL ? row.cut_by : "");
  tp_table_add(table, row.dtype != NULL ? row.dtype : "");
  add_count(table, row.parameters);
  add_count(table, row.kv_bytes);
}

/* Weights kept in fp32 run in 16 bits, in engines and in predict, unless they are quantised. */
static bool runs_narrower(const struct tp_model *model)
{
  return model->dtype != NULL && strcmp(model->dtype, "fp32") == 0 && !tp_precision_is_own(model);
}

static const char *wide_of(const struct tp_model *model)
{
  if (runs_narrower(model))
    return "fp16";
  return model->dtype != NULL ? model->dtype : "";
}

/* "0-2", "3,5,7": the layers of a kind. */
static const char *layers_text(const struct tp_model *model, int kind, struct tp_arena *arena)
{
  const char *text = "";
  for (int64_t first = 0; first < model->layers; first++) {
    int64_t last = first;
    if (tp_model_kind_of(model, first) != kind)
      continue;
    while (last + 1 < model->layers && tp_model_kind_of(model, last + 1) == kind)
      last++;
    const char *const comma = text[0] == '\0' ? "" : " ";
    text = first == last
               ? tp_arena_printf(arena, "%s%s%" PRId64, text, comma, first)
               : tp_arena_printf(arena, "%s%s%" PRId64 "-%" PRId64, text, comma, first, last);
    first = last;
  }
  return text;
}

static const char *unit_text(enum tp_unit unit)
{
  static const char *const texts[] = {[TP_UNIT_HEAD] = "heads",
                                      [TP_UNIT_INNER] = "width",
                                      [TP_UNIT_KV_HEAD] = "kv_heads",
                                      [TP_UNIT_COPY] = "sub-layers",
                                      [TP_UNIT_EXPERT] = "experts",
                                      [TP_UNIT_EXPERT_INNER] = "experts, width",
                                      [TP_UNIT_NONE] = ""};
  return texts[unit];
}

/* Bytes of `elements` of the cache's type. */
static int64_t cache_bytes(const struct tp_model *model, int64_t elements)
{
  const char *const dtype = model->kv_dtype != NULL ? model->kv_dtype : wide_of(model);
  return elements * (strcmp(dtype, "fp8") == 0 ? 1 : strcmp(dtype, "fp32") == 0 ? 4 : 2);
}

static void add_kind(const struct tp_model *model, int kind, struct tp_table *table)
{
  const struct tp_layer layer = tp_layer_make(model, kind);
  const int64_t n = tp_model_layers_of(model, kind, 0, model->layers) * layer.block.copies;
  const char *const layers = layers_text(model, kind, table->arena);
  for (int i = 0; i < layer.n_matrices; i++) {
    const struct tp_matrix *m = &layer.matrices[i];
    const int64_t elements = m->rows * (m->columns + (m->biased ? 1 : 0)) * m->copies;
    add(table, (struct row){.layers = layers,
                            .window = layer.block.window,
                            .name = m->name,
                            .cut_by = unit_text(layer.block.own ? TP_UNIT_COPY : m->unit),
                            .dtype = model->dtypes[m->part] != NULL ? model->dtypes[m->part]
                                                                    : wide_of(model),
                            .rows = m->rows,
                            .columns = m->columns,
                            .copies = m->copies,
                            .parameters = n * elements});
  }
  for (int i = 0; i < layer.n_vectors; i++)
    add(table, (struct row){.layers = layers,
                            .window = layer.block.window,
                            .name = layer.vectors[i].name,
                            .dtype = wide_of(model),
                            .rows = layer.vectors[i].elements,
                            .parameters = n * layer.vectors[i].elements});
  for (int i = 0; i < layer.n_caches; i++)
    add(table,
        (struct row){.layers = layers,
                     .window = layer.block.window,
                     .name = tp_arena_printf(table->arena, "cache of %s", layer.caches[i].name),
                     .cut_by = unit_text(layer.block.own ? TP_UNIT_COPY : layer.caches[i].unit),
                     .dtype = model->kv_dtype != NULL ? model->kv_dtype : wide_of(model),
                     .rows = layer.caches[i].elements,
                     .kv_bytes = cache_bytes(model, n * layer.caches[i].elements)});
}

static void add_tables(const struct tp_model *model, struct tp_table *table)
{
  const int64_t hidden = model->hidden, ways = model->kraken_ways;
  const struct row tables[] = {
      {.name = "embedding", .rows = model->vocab, .columns = hidden},
      {.name = "positions", .rows = model->max_positions, .columns = hidden},
      {.name = "embedding norm",
       .rows = model->embedding_norm ? tp_norm_elements(model->norm, hidden) : 0,
       .columns = 1},
      {.name = "combine", .rows = ways * hidden, .columns = hidden},
      {.name = "final norm", .rows = tp_norm_elements(model->norm, hidden), .columns = 1},
      {.name = "head",
       .rows = model->tied_head || model->headless ? 0 : model->vocab,
       .columns = hidden}};
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
    struct row row = tables[i];
    row.dtype = strcmp(row.name, "head") == 0 && model->dtypes[TP_PART_HEAD] != NULL
                    ? model->dtypes[TP_PART_HEAD]
                    : wide_of(model);
    row.parameters = row.rows * row.columns;
    if (row.rows > 0)
      add(table, row);
  }
}

static void add_sums(const struct tp_model *model, struct tp_table *table)
{
  const int64_t active = tp_model_active_parameters(model);
  const bool multiplied = model->tied_head && !model->headless;
  const int64_t looked_up = multiplied ? 0 : model->vocab * model->hidden;
  add(table, (struct row){.name = "total",
                          .parameters = tp_model_parameters(model),
                          .kv_bytes = cache_bytes(model, tp_model_cache_elements(model))});
  add(table, (struct row){.name = "active a token", .parameters = active});
  add(table, (struct row){.name = "active but the embedding", .parameters = active - looked_up});
}

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  const struct args *args = values;
  const struct tp_words none = {0};
  struct tp_catalog catalog = tp_session_catalog(session, &none, NULL);
  const struct tp_model *model;
  enum tp_format format;
  TP_TRY(
      tp_command_expect(positional, 1, 1, "the model: a name, a config.json or its folder", error));
  TP_TRY(tp_format_parse(args->format, session->arena, &format, error));
  TP_TRY(tp_catalog_model(&catalog, positional->items[0], &model, error));
  if (runs_narrower(model))
    tp_command_note(
        "weights of fp32 are shown in fp16, as predict runs them; its --dtype auto keeps fp32");
  if (model->unknown_dtype != NULL)
    tp_command_note(
        tp_arena_printf(session->arena, "shown as if not quantised: %s", model->unknown_dtype));
  struct tp_table table = {
      .arena = session->arena, .n_columns = N_COLUMNS, .headers = headers, .is_text = is_text};
  for (int kind = 0; kind < tp_model_n_kinds(model); kind++)
    add_kind(model, kind, &table);
  add_tables(model, &table);
  add_sums(model, &table);
  tp_table_write(&table, format, stdout);
  if (model->experts.count > 0 && format == TP_FORMAT_TABLE)
    printf("\n%" PRId64 " of %" PRId64 " experts a token\n", model->experts.top_k,
           model->experts.count);
  return TP_OK;
}

const struct tp_command tp_command_show_model = {
    .name = "show-model",
    .summary = "what a config.json is read as: matrices, parameters, cache a token",
    .usage = "M",
    .example = "tpsim show-model llama-3.1-8b",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .values_size = sizeof(struct args),
    .run = run,
};
