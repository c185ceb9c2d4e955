/* Rings from the topology: depth-first search for the cycle with the widest bottleneck, then again
 * on what capacity is left, as NCCL's graph search does (src/graph/search.cc). */
#include "cost/pattern.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_EDGES_TRIED = 20000 };

struct search {
  const struct tp_machine *machine;
  double *left_bytes_per_s; /* of every directed link */
  double *uses;             /* by the cycle at hand */
  int size, edges_tried;
  bool taken[TP_MAX_RANKS];
  unsigned char order[TP_MAX_RANKS], best[TP_MAX_RANKS];
  double best_bytes_per_s;
};

static const struct tp_route *edge(const struct search *search, int from, int to)
{
  return tp_platform_route(search->machine->platform, search->machine->gpus[from],
                           search->machine->gpus[to]);
}

static void use(struct search *search, const struct tp_route *route, double sign)
{
  for (int h = 0; h < route->n_hops; h++)
    search->uses[route->hops[h]] += sign;
}

/* Rate of the path so far after `route` joined it: no flow may exceed its part of a link. */
static double bottleneck(const struct search *search, const struct tp_route *route, double before)
{
  double rate = before;
  for (int h = 0; h < route->n_hops; h++) {
    const double part = search->left_bytes_per_s[route->hops[h]] / search->uses[route->hops[h]];
    rate = part < rate ? part : rate;
  }
  return rate;
}

static void extend(struct search *search, int depth, double rate)
{
  const int last = search->order[depth - 1];
  const bool closing = depth == search->size;
  for (int next = closing ? 0 : 1; next < (closing ? 1 : search->size); next++) {
    if ((!closing && search->taken[next]) || search->edges_tried > MAX_EDGES_TRIED)
      continue;
    search->edges_tried++;
    const struct tp_route *route = edge(search, last, next);
    use(search, route, 1);
    const double with = bottleneck(search, route, rate);
    if (with > search->best_bytes_per_s * (1 + 1e-9)) {
      if (closing) {
        search->best_bytes_per_s = with;
        memcpy(search->best, search->order, sizeof search->best);
      } else {
        search->taken[next] = true;
        search->order[depth] = (unsigned char)next;
        extend(search, depth + 1, with);
        search->taken[next] = false;
      }
    }
    use(search, route, -1);
  }
}

/* Takes the found cycle's rate off the links on its way. */
static void occupy(struct search *search)
{
  for (int i = 0; i < search->size; i++) {
    const struct tp_route *route =
        edge(search, search->best[i], search->best[(i + 1) % search->size]);
    for (int h = 0; h < route->n_hops; h++)
      search->left_bytes_per_s[route->hops[h]] -= search->best_bytes_per_s;
  }
}

void tp_pattern_choose_rings(struct tp_machine *machine)
{
  const struct tp_platform *platform = machine->platform;
  const size_t n = 2 * platform->n_links;
  double *memory = calloc(2 * n + 1, sizeof *memory);
  if (memory == NULL)
    abort();
  struct search search = {.machine = machine,
                          .left_bytes_per_s = memory,
                          .uses = memory + n,
                          .size = machine->ranks_per_node};
  for (size_t i = 0; i < n; i++)
    memory[i] = platform->links[i / 2].bytes_per_s;

  double sum = 0;
  machine->n_rings = 0;
  while (machine->n_rings < TP_MAX_RINGS) {
    search.edges_tried = 0;
    search.best_bytes_per_s = sum * 0.05; /* narrower ones are not worth a channel */
    const double least = search.best_bytes_per_s;
    extend(&search, 1, 1e300);
    if (!(search.best_bytes_per_s > least))
      break;
    struct tp_ring *ring = &machine->rings[machine->n_rings++];
    ring->share = search.best_bytes_per_s;
    memcpy(ring->order, search.best, sizeof ring->order);
    sum += search.best_bytes_per_s;
    occupy(&search);
    if (machine->ranks_per_node == 1)
      break;
  }
  for (int i = 0; i < machine->n_rings; i++)
    machine->rings[i].share /= sum;
  free(memory);
}
