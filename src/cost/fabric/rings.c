/* Rings from the topology: depth-first search for the cycle with the widest bottleneck and, of
 * those, the fewest links; then again on what capacity is left, as NCCL's graph search does
 * (src/graph/search.cc). */
#include "cost/fabric/pattern.h"

#include <string.h>

enum { MAX_EDGES_TRIED = 5000 };

struct search {
  const struct tp_communicator *communicator;
  double *left_bytes_per_s; /* of every directed link */
  double *uses;             /* by the cycle at hand */
  int size, edges_tried;
  bool *taken;
  int *order, *best;
  double best_bytes_per_s;
  int best_hops;  /* 0: none found yet */
  int least_hops; /* of any edge: bounds what the rest of a path needs */
};

static struct tp_route edge(const struct search *search, int from, int to)
{
  const struct tp_fabric *fabric = search->communicator->fabric;
  return tp_platform_route(fabric->platform,
                           fabric->gpus[tp_communicator_rank(search->communicator, 0, from)],
                           fabric->gpus[tp_communicator_rank(search->communicator, 0, to)]);
}

/* From place i of a cycle to the next. */
static struct tp_route after(const struct search *search, const int *order, int i)
{
  return edge(search, order[i], order[(i + 1) % search->size]);
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

static bool is_hopeless(const struct search *search, double rate, int hops, int edges_left)
{
  if (search->best_hops == 0 || rate > search->best_bytes_per_s * (1 + 1e-9))
    return rate <= search->best_bytes_per_s;
  return rate < search->best_bytes_per_s * (1 - 1e-9) ||
         hops + edges_left * search->least_hops >= search->best_hops;
}

static void keep_best(struct search *search, double rate, int hops)
{
  search->best_bytes_per_s = rate;
  search->best_hops = hops;
  memcpy(search->best, search->order, (size_t)search->size * sizeof *search->best);
}

static void extend(struct search *search, int depth, double rate, int hops)
{
  const int last = search->order[depth - 1];
  const bool closing = depth == search->size;
  for (int next = closing ? 0 : 1; next < (closing ? 1 : search->size); next++) {
    if ((!closing && search->taken[next]) || search->edges_tried > MAX_EDGES_TRIED)
      continue;
    search->edges_tried++;
    const struct tp_route route = edge(search, last, next);
    use(search, &route, 1);
    const double with = bottleneck(search, &route, rate);
    const int with_hops = hops + route.n_hops;
    if (!is_hopeless(search, with, with_hops, search->size - depth)) {
      if (closing) {
        keep_best(search, with, with_hops);
      } else {
        search->taken[next] = true;
        search->order[depth] = next;
        extend(search, depth + 1, with, with_hops);
        search->taken[next] = false;
      }
    }
    use(search, &route, -1);
  }
}

/* A bound to start with: the cycle in `order`, where links are left for it. */
static void try_order(struct search *search)
{
  double rate = 1e300;
  int hops = 0;
  for (int i = 0; i < search->size; i++) {
    const struct tp_route route = after(search, search->order, i);
    use(search, &route, 1);
  }
  for (int i = 0; i < search->size; i++) {
    const struct tp_route route = after(search, search->order, i);
    rate = bottleneck(search, &route, rate);
    hops += route.n_hops;
  }
  for (int i = 0; i < search->size; i++) {
    const struct tp_route route = after(search, search->order, i);
    use(search, &route, -1);
  }
  if (rate > search->best_bytes_per_s)
    keep_best(search, rate, hops);
}

/* The last ring the other way round. */
static void try_reverse(struct search *search, const struct tp_ring *last)
{
  for (int i = 0; i < search->size; i++)
    search->order[i] = last->order[(search->size - i) % search->size];
  try_order(search);
}

static int server_of(const struct search *search, int member)
{
  const struct tp_fabric *const fabric = search->communicator->fabric;
  const int rank = tp_communicator_rank(search->communicator, 0, member);
  return fabric->platform->vertices[fabric->gpus[rank]].node;
}

/* Servers that are filled unevenly, one after another, the members of each turned on by so many:
 * every turn leaves a server by another member's adapter, which a search from order to order would
 * find last. */
static void try_turns(struct search *search)
{
  for (int turn = 1; turn < search->size; turn++) {
    for (int first = 0, end = 0; first < search->size; first = end) {
      while (end < search->size && server_of(search, end) == server_of(search, first))
        end++;
      for (int i = first; i < end; i++)
        search->order[i] = first + (i - first + turn) % (end - first);
    }
    try_order(search);
  }
}

static int least_hops(const struct search *search)
{
  int least = TP_MAX_ROUTE;
  for (int from = 0; from < search->size; from++)
    for (int to = from + 1; to < search->size; to++) { /* there and back are as long */
      const int n_hops = edge(search, from, to).n_hops;
      least = n_hops < least ? n_hops : least;
    }
  return least;
}

/* Takes the found cycle's rate off the links on its way. */
static void occupy(struct search *search)
{
  for (int i = 0; i < search->size; i++) {
    const struct tp_route route = after(search, search->best, i);
    for (int h = 0; h < route.n_hops; h++)
      search->left_bytes_per_s[route.hops[h]] -= search->best_bytes_per_s;
  }
}

static void add_ring(struct tp_communicator *communicator, const struct search *search)
{
  const size_t size = (size_t)search->size;
  struct tp_arena *arena = communicator->fabric->platform->arena;
  struct tp_ring *ring = &communicator->rings[communicator->n_rings++];
  *ring = (struct tp_ring){.share = search->best_bytes_per_s,
                           .order = TP_NEW(arena, int, size),
                           .places = TP_NEW(arena, int, size)};
  memcpy(ring->order, search->best, size * sizeof *ring->order);
  for (int place = 0; place < search->size; place++)
    ring->places[ring->order[place]] = place;
}

static void find_rings(struct tp_communicator *communicator, struct search *search)
{
  double sum = 0;
  while (communicator->n_rings < TP_MAX_RINGS) {
    search->edges_tried = 0;
    search->best_hops = 0;
    search->best_bytes_per_s = sum * 0.05; /* narrower ones are not worth a channel */
    if (server_of(search, 0) != server_of(search, search->size - 1))
      try_turns(search);
    if (communicator->n_rings > 0)
      try_reverse(search, &communicator->rings[communicator->n_rings - 1]);
    search->order[0] = 0;
    extend(search, 1, 1e300, 0);
    if (search->best_hops == 0)
      break;
    add_ring(communicator, search);
    sum += search->best_bytes_per_s;
    occupy(search);
  }
  for (int i = 0; i < communicator->n_rings; i++)
    communicator->rings[i].share /= sum;
}

void tp_rings_choose(struct tp_communicator *communicator)
{
  if (communicator->ranks_per_node == 1)
    return;
  const struct tp_platform *platform = communicator->fabric->platform;
  const size_t n = 2 * platform->n_links, size = (size_t)communicator->ranks_per_node;
  struct tp_arena *scratch = tp_arena_create();
  struct search search = {.communicator = communicator,
                          .left_bytes_per_s = TP_NEW(scratch, double, n + 1),
                          .uses = TP_NEW(scratch, double, n + 1),
                          .size = communicator->ranks_per_node,
                          .taken = TP_NEW(scratch, bool, size),
                          .order = TP_NEW(scratch, int, size + 1),
                          .best = TP_NEW(scratch, int, size)};
  for (size_t i = 0; i < n; i++)
    search.left_bytes_per_s[i] = platform->links[i / 2].bytes_per_s;
  search.least_hops = least_hops(&search);
  find_rings(communicator, &search);
  tp_arena_free(scratch);
}
