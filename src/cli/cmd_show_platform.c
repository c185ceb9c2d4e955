/* tpsim show-platform: a topology with its routes, or the SimGrid XML made from it. */
#include "cli/command.h"
#include "platform/open.h"

struct args {
  bool xml;
  const char *device;
  struct tp_words sets;
};

static const struct tp_option options[] = {
    {"xml", '\0', TP_OPTION_FLAG, offsetof(struct args, xml), NULL,
     "print the platform as SimGrid XML 4.1"},
    {"device", '\0', TP_OPTION_TEXT, offsetof(struct args, device), "D", TP_DEVICE_HELP},
    {"set", '\0', TP_OPTION_REPEATED, offsetof(struct args, sets), "KEY=VALUE",
     "change one value of platform or device"},
};

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

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  const struct args *args = values;
  TP_TRY(tp_command_expect(positional, 1, 1, "the platform", error));
  const struct tp_setup_request request = {.platform = positional->items[0],
                                           .device = args->device,
                                           .stack = "ideal",
                                           .sets = args->sets.items,
                                           .n_sets = args->sets.n};
  struct tp_setup *setup;
  TP_TRY(tp_setup_open(session->dirs, &request, session->arena, &setup, error));
  const struct tp_platform *platform = &setup->platform;
  if (args->xml) {
    tp_platform_write_xml(platform, setup->device.datasheet.dram_bytes_per_s, NULL, 0, stdout);
    return TP_OK;
  }
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
    .usage = "P [--xml] [--device D] [--set KEY=VALUE]",
    .example = "tpsim show-platform l40s-x4",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .values_size = sizeof(struct args),
    .run = run,
};
