#include "engine/des/loaded.h"

#include <stdlib.h>
#include <string.h>

enum { FEW_VERTICES = 64 };

static const struct tp_platform *platform_of(const struct tp_des_plan *plan)
{
  return plan->run->machine->fabric->platform;
}

/* By value: another platform may lie where this one lay. */
static char *text_of_links(const struct tp_des_plan *plan, size_t *bytes)
{
  const struct tp_platform *platform = platform_of(plan);
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

static int compare_ends(const void *a, const void *b)
{
  const struct tp_ends *x = a, *y = b;
  return x->from != y->from ? (x->from > y->from) - (x->from < y->from)
                            : (x->to > y->to) - (x->to < y->to);
}

static bool same_way(const struct tp_route *a, const struct tp_route *b)
{
  return a->n_hops == b->n_hops &&
         memcmp(a->hops, b->hops, (size_t)a->n_hops * sizeof *a->hops) == 0;
}

/* Flows that are sent: of rank 0 alone where it stands for all. */
static size_t n_sent(const struct tp_des_plan *plan, const struct tp_des_pattern *pattern)
{
  return pattern->first[plan->ranks];
}

bool tp_des_loaded_serves(const struct tp_des_loaded *loaded, const struct tp_des_plan *plan)
{
  if (!same_links(loaded, plan))
    return false;
  for (size_t p = 0; p < plan->n_patterns; p++)
    for (size_t i = 0; i < n_sent(plan, &plan->patterns[p]); i++) {
      const struct tp_flow *flow = &plan->patterns[p].flows[i];
      const struct tp_ends ends = {flow->src, flow->dst};
      const struct tp_des_way *way =
          bsearch(&ends, loaded->ways, loaded->n_ways, sizeof *way, compare_ends);
      const struct tp_route route = tp_platform_route(platform_of(plan), flow->src, flow->dst);
      if (way == NULL || !same_way(&way->route, &route))
        return false;
    }
  return true;
}

static void start_anew(struct tp_des_loaded *loaded, const struct tp_des_plan *plan)
{
  tp_des_loaded_drop(loaded);
  loaded->links = text_of_links(plan, &loaded->links_bytes);
}

/* Ends of the ways that were loaded and those that the plan needs, in order, once each. */
static struct tp_ends *all_ends(const struct tp_des_loaded *loaded, const struct tp_des_plan *plan,
                                size_t *n)
{
  const int vertices = (int)platform_of(plan)->n_vertices;
  const size_t small = vertices <= FEW_VERTICES ? (size_t)vertices * (size_t)vertices : 0;
  struct tp_ends *ends = calloc(loaded->n_ways + plan->n_sent + small + 1, sizeof *ends);
  if (ends == NULL)
    abort();
  size_t found = 0;
  for (size_t i = 0; i < loaded->n_ways; i++)
    ends[found++] = loaded->ways[i].ends;
  for (int i = 0; i < (int)small; i++)
    ends[found++] = (struct tp_ends){i / vertices, i % vertices};
  for (size_t p = 0; p < plan->n_patterns; p++)
    for (size_t i = 0; i < n_sent(plan, &plan->patterns[p]); i++)
      ends[found++] =
          (struct tp_ends){plan->patterns[p].flows[i].src, plan->patterns[p].flows[i].dst};
  qsort(ends, found, sizeof *ends, compare_ends);
  *n = 0;
  for (size_t i = 0; i < found; i++)
    if (i == 0 || compare_ends(&ends[i], &ends[*n - 1]) != 0)
      ends[(*n)++] = ends[i];
  return ends;
}

/* Routes are the platform's of now, those that were loaded included. */
void tp_des_loaded_extend(struct tp_des_loaded *loaded, const struct tp_des_plan *plan, FILE *out)
{
  if (!same_links(loaded, plan))
    start_anew(loaded, plan);
  const struct tp_platform *platform = platform_of(plan);
  size_t n;
  struct tp_ends *const ends = all_ends(loaded, plan, &n);
  free(loaded->ways);
  loaded->n_ways = n;
  loaded->ways = calloc(n + 1, sizeof *loaded->ways);
  if (loaded->ways == NULL)
    abort();
  for (size_t i = 0; i < n; i++)
    loaded->ways[i] =
        (struct tp_des_way){ends[i], tp_platform_route(platform, ends[i].from, ends[i].to)};
  tp_platform_write_xml(platform, plan->dram_bytes_per_s, ends, n, out);
  free(ends);
}

void tp_des_loaded_drop(struct tp_des_loaded *loaded)
{
  free(loaded->links);
  free(loaded->ways);
  *loaded = (struct tp_des_loaded){.links = NULL};
}
