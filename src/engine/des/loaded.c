#include "engine/des/loaded.h"

#include <stdlib.h>
#include <string.h>

enum { FEW_VERTICES = 64 };

/* By value: another platform may lie where this one lay. */
static char *text_of_links(const struct tp_des_plan *plan, size_t *bytes)
{
  const struct tp_platform *platform = plan->run->machine->platform;
  char *text = NULL;
  FILE *out = open_memstream(&text, bytes);
  if (out == NULL)
    abort();
  fwrite(plan->host_names, 1, plan->names_bytes, out);
  for (size_t l = 0; l < platform->n_links; l++) {
    const struct tp_link *link = &platform->links[l];
    fprintf(out, "%s %a %d\n", link->name, link->bytes_per_s, link->full_duplex);
  }
  if (fclose(out) != 0)
    abort();
  return text;
}

static bool same_links(const struct tp_des_loaded *loaded, const struct tp_des_plan *plan)
{
  size_t bytes;
  char *const text = text_of_links(plan, &bytes);
  const bool same = loaded->links != NULL && loaded->links_bytes == bytes &&
                    memcmp(loaded->links, text, bytes) == 0;
  free(text);
  return same;
}

static struct tp_route *slot_of(const struct tp_des_loaded *loaded, int from, int to)
{
  return &loaded->routes[(size_t)from * loaded->n_vertices + (size_t)to];
}

static bool same_way(const struct tp_route *a, const struct tp_route *b)
{
  return a->n_hops == b->n_hops &&
         memcmp(a->hops, b->hops, (size_t)a->n_hops * sizeof *a->hops) == 0;
}

bool tp_des_loaded_serves(const struct tp_des_loaded *loaded, const struct tp_des_plan *plan)
{
  if (!same_links(loaded, plan))
    return false;
  for (int p = 0; p < TP_N_PATTERNS; p++)
    for (size_t i = 0; i < plan->patterns[p].n_flows; i++) {
      const struct tp_flow *flow = &plan->patterns[p].flows[i];
      if (!same_way(slot_of(loaded, flow->src, flow->dst),
                    tp_platform_route(plan->run->machine->platform, flow->src, flow->dst)))
        return false;
    }
  return true;
}

static void start_anew(struct tp_des_loaded *loaded, const struct tp_des_plan *plan)
{
  tp_des_loaded_drop(loaded);
  loaded->links = text_of_links(plan, &loaded->links_bytes);
  loaded->n_vertices = plan->n_hosts;
  loaded->routes = calloc(plan->n_hosts * plan->n_hosts, sizeof *loaded->routes);
  if (loaded->routes == NULL)
    abort();
}

static void add_route(struct tp_des_loaded *loaded, const struct tp_platform *platform, int from,
                      int to)
{
  *slot_of(loaded, from, to) = *tp_platform_route(platform, from, to);
}

static void add_routes(struct tp_des_loaded *loaded, const struct tp_des_plan *plan)
{
  const struct tp_platform *platform = plan->run->machine->platform;
  const int n = (int)platform->n_vertices;
  for (int from = 0; from < n && n <= FEW_VERTICES; from++)
    for (int to = 0; to < n; to++)
      add_route(loaded, platform, from, to);
  for (int p = 0; p < TP_N_PATTERNS; p++)
    for (size_t i = 0; i < plan->patterns[p].n_flows; i++)
      add_route(loaded, platform, plan->patterns[p].flows[i].src, plan->patterns[p].flows[i].dst);
}

void tp_des_loaded_extend(struct tp_des_loaded *loaded, const struct tp_des_plan *plan, FILE *out)
{
  if (!same_links(loaded, plan))
    start_anew(loaded, plan);
  add_routes(loaded, plan);
  struct tp_platform platform = *plan->run->machine->platform;
  platform.routes = loaded->routes;
  tp_platform_write_xml(&platform, plan->dram_bytes_per_s, out);
}

void tp_des_loaded_drop(struct tp_des_loaded *loaded)
{
  free(loaded->links);
  free(loaded->routes);
  *loaded = (struct tp_des_loaded){.links = NULL};
}
