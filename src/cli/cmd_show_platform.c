/* tpsim show-platform: a topology with its routes, or the SimGrid XML made from it. */
#include "base/file.h"
#include "cli/command.h"
#include "command/fold.h"
#include "command/table.h"
#include "platform/open.h"

struct args {
  bool xml;
  const char *device, *format;
  struct tp_words sets;
};

static const struct tp_option options[] = {
    {"xml", '\0', TP_OPTION_FLAG, offsetof(struct args, xml), NULL,
     "print the platform as SimGrid XML 4.1"},
    {"device", '\0', TP_OPTION_TEXT, offsetof(struct args, device), "D", TP_DEVICE_HELP},
    {"set", '\0', TP_OPTION_SETTINGS, offsetof(struct args, sets), "KEY=VALUE",
     "change one value of platform or device"},
    TP_ROWS_OPTION(args, "text"),
};

/* Names of somebody's XML may hold anything, and lines are to stay lines. */
static void make_names_plain(struct tp_platform *platform, struct tp_arena *arena)
{
  for (size_t i = 0; i < platform->n_vertices; i++)
    platform->vertices[i].name = tp_fold_plain(platform->vertices[i].name, arena);
  for (size_t i = 0; i < platform->n_links; i++)
    platform->links[i].name = tp_fold_plain(platform->links[i].name, arena);
}

static void print_vertices(const struct tp_platform *platform)
{
  static const char *const kinds[] = TP_VERTEX_KIND_NAMES;
  puts("\nvertices");
  for (size_t i = 0; i < platform->n_vertices; i++) {
    const struct tp_vertex *vertex = &platform->vertices[i];
    printf("  %-16s %-12s node %d, NUMA %d%s\n", vertex->name, kinds[vertex->kind], vertex->node,
           vertex->numa, vertex->reduces ? ", reduces in flight" : "");
  }
}

static void print_links(const struct tp_platform *platform)
{
  static const char *const kinds[] = TP_LINK_KIND_NAMES;
  puts("\nlinks");
  for (size_t i = 0; i < platform->n_links; i++) {
    const struct tp_link *link = &platform->links[i];
    printf("  %-16s ", link->name);
    if (link->a >= 0)
      printf("%s %s %s  ", platform->vertices[link->a].name, link->full_duplex ? "<->" : "---",
             platform->vertices[link->b].name);
    printf("%s, %.6g GB/s %s, %.4g us\n", kinds[link->kind], link->bytes_per_s * 1e-9,
           link->full_duplex ? "each way" : "both ways together", link->latency_s * 1e6);
  }
}

/* All routes of GPU 0: the others are like them or shown by the links. */
static void print_routes(const struct tp_platform *platform)
{
  puts("\nroutes from the first GPU");
  for (int i = 1; i < platform->n_gpus; i++) {
    const struct tp_route route = tp_platform_route(platform, platform->gpus[0], platform->gpus[i]);
    printf("  %s -> %s ", platform->vertices[platform->gpus[0]].name,
           platform->vertices[platform->gpus[i]].name);
    for (int h = 0; h < route.n_hops; h++)
      printf(" %s", platform->links[route.hops[h] / 2].name);
    printf("  %.6g GB/s, %.4g us\n", route.bytes_per_s * 1e-9, route.latency_s * 1e6);
  }
}

/* A vertex, a link, a route from the first GPU: a row each; what it has not is empty. */
struct row {
  const char *item, *name, *kind, *from, *to, *links;
  int node, numa; /* below 0: none */
  bool reduces, full_duplex;
  double bytes_per_s, latency_s; /* 0: none */
};

static const char *const headers[] = {"item",        "name",        "kind",      "node",
                                      "numa",        "reduces",     "from",      "to",
                                      "full_duplex", "bytes_per_s", "latency_s", "links"};
static const bool is_text[] = {
    [0] = true, [1] = true, [2] = true, [6] = true, [7] = true, [11] = true};
enum { N_COLUMNS = sizeof headers / sizeof headers[0] };

static void add(struct tp_table *table, const struct row *row)
{
  struct tp_arena *const arena = table->arena;
  const bool moves = row->bytes_per_s > 0, stands = row->node >= 0;
  const char *const cells[N_COLUMNS] = {
      row->item,
      row->name,
      row->kind,
      stands ? tp_arena_printf(arena, "%d", row->node) : "",
      stands ? tp_arena_printf(arena, "%d", row->numa) : "",
      stands ? (row->reduces ? "1" : "0") : "",
      row->from,
      row->to,
      moves && row->links[0] == '\0' ? (row->full_duplex ? "1" : "0") : "",
      moves ? tp_arena_printf(arena, "%.9g", row->bytes_per_s) : "",
      moves ? tp_arena_printf(arena, "%.9g", row->latency_s) : "",
      row->links};
  for (int i = 0; i < N_COLUMNS; i++)
    tp_table_add(table, cells[i]);
}

static void add_vertices_and_links(struct tp_table *table, const struct tp_platform *platform)
{
  static const char *const vertex_kinds[] = TP_VERTEX_KIND_NAMES, *const link_kinds[] =
                                                                      TP_LINK_KIND_NAMES;
  for (size_t i = 0; i < platform->n_vertices; i++) {
    const struct tp_vertex *const v = &platform->vertices[i];
    add(table, &(struct row){"vertex", v->name, vertex_kinds[v->kind], "", "", "", v->node, v->numa,
                             .reduces = v->reduces});
  }
  for (size_t i = 0; i < platform->n_links; i++) {
    const struct tp_link *const link = &platform->links[i];
    const bool has_ends = link->a >= 0;
    add(table, &(struct row){"link", link->name, link_kinds[link->kind],
                             has_ends ? platform->vertices[link->a].name : "",
                             has_ends ? platform->vertices[link->b].name : "", "", -1, -1,
                             .full_duplex = link->full_duplex, .bytes_per_s = link->bytes_per_s,
                             .latency_s = link->latency_s});
  }
}

static void add_routes(struct tp_table *table, const struct tp_platform *platform)
{
  const char *const from = platform->vertices[platform->gpus[0]].name;
  for (int i = 1; i < platform->n_gpus; i++) {
    const struct tp_route route = tp_platform_route(platform, platform->gpus[0], platform->gpus[i]);
    const char *links = "", *const to = platform->vertices[platform->gpus[i]].name;
    for (int h = 0; h < route.n_hops; h++)
      links = tp_arena_printf(table->arena, "%s%s%s", links, h == 0 ? "" : " ",
                              platform->links[route.hops[h] / 2].name);
    add(table, &(struct row){"route", "", "", from, to, links, -1, -1,
                             .bytes_per_s = route.bytes_per_s, .latency_s = route.latency_s});
  }
}

static enum tp_status print_rows(const struct tp_platform *platform, const char *format,
                                 struct tp_arena *arena, struct tp_error *error)
{
  struct tp_table table = {
      .arena = arena, .n_columns = N_COLUMNS, .headers = headers, .is_text = is_text};
  enum tp_format read;
  TP_TRY(tp_format_parse(format, arena, &read, error));
  add_vertices_and_links(&table, platform);
  add_routes(&table, platform);
  tp_table_write(&table, read, stdout);
  return TP_OK;
}

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  const struct args *args = values;
  TP_TRY(tp_command_expect(positional, 1, 1, "the platform", error));
  if (args->xml && args->format != NULL)
    return tp_fail(error, TP_E_INPUT, "--xml has no rows; drop --format or it");
  const struct tp_setup_request request = {.platform = positional->items[0],
                                           .device = args->device,
                                           .stack = "ideal",
                                           .sets = args->sets.items,
                                           .n_sets = args->sets.n};
  struct tp_setup *setup;
  TP_TRY(tp_setup_open(session->dirs, &request, session->arena, &setup, error));
  struct tp_platform *const platform = &setup->platform;
  if (args->format != NULL)
    return print_rows(platform, args->format, session->arena, error);
  if (args->xml) {
    tp_platform_write_xml(platform, setup->device.datasheet.dram_bytes_per_s, NULL, 0, stdout);
    if (ftell(stdout) > TP_FILE_MOST_BYTES)
      tp_command_note(
          "these routes take more than the 256 MiB that tpsim reads back; SimGrid does");
    return TP_OK;
  }
  make_names_plain(platform, session->arena);
  printf("%s: %d x %s on %d node%s\n", platform->name, platform->n_gpus, setup->device.name,
         platform->n_nodes, platform->n_nodes == 1 ? "" : "s");
  print_vertices(platform);
  print_links(platform);
  print_routes(platform);
  return TP_OK;
}

const struct tp_command tp_command_show_platform = {
    .name = "show-platform",
    .summary = "a topology with its links and routes, or its SimGrid XML",
    .usage = "P [--xml] [--device D] [--set KEY=VALUE] [--format F]",
    .example = "tpsim show-platform l40s-x4",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .values_size = sizeof(struct args),
    .run = run,
};
