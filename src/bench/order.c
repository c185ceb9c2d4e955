/* In which order a plan's items have their turn. */
#include "bench/bench.h"

#include <stdlib.h>

struct place {
  size_t item, leader;
  double once_s; /* of the leader */
};

static int compare_sizes(size_t a, size_t b)
{
  return (a > b) - (a < b);
}

static int compare_places(const void *a, const void *b)
{
  const struct place *x = a, *y = b;
  const int by_time = (x->once_s > y->once_s) - (x->once_s < y->once_s);
  const int by_leader = by_time != 0 ? by_time : compare_sizes(x->leader, y->leader);
  return by_leader != 0 ? by_leader : compare_sizes(x->item, y->item);
}

static size_t reversed(size_t number, int bits)
{
  size_t result = 0;
  for (int i = 0; i < bits; i++)
    result |= (number >> i & 1) << (bits - 1 - i);
  return result;
}

/* Adds the items that share the turn which begins at `place`. */
static void take(const struct place *places, size_t n, size_t place, size_t *order, size_t *taken)
{
  for (size_t i = place; i < n && places[i].leader == places[place].leader; i++)
    order[(*taken)++] = places[i].item;
}

/* The ends, then halves, quarters, eighths (van der Corput's sequence). */
static void coarse_to_fine(const struct place *places, size_t n, const size_t *turns,
                           size_t n_turns, size_t *order)
{
  size_t taken = 0;
  int bits = 0;
  while ((size_t)1 << bits < n_turns)
    bits++;
  take(places, n, turns[0], order, &taken);
  if (n_turns > 1)
    take(places, n, turns[n_turns - 1], order, &taken);
  for (size_t i = 1; i < (size_t)1 << bits; i++) {
    const size_t turn = reversed(i, bits);
    if (turn > 0 && turn + 1 < n_turns)
      take(places, n, turns[turn], order, &taken);
  }
}

static bool is_of(const struct tp_agenda *plan, size_t item, int round)
{
  return plan->round == NULL || plan->round(plan->data, item) == round;
}

size_t tp_agenda_count(const struct tp_agenda *plan, int round)
{
  size_t n = 0;
  for (size_t i = 0; i < plan->n; i++)
    n += is_of(plan, i, round);
  return n;
}

enum tp_status tp_agenda_order(const struct tp_agenda *plan, int round, size_t *order,
                               struct tp_error *error)
{
  const size_t n = tp_agenda_count(plan, round);
  if (n == 0)
    return TP_OK;
  struct place *places = calloc(n, sizeof *places);
  size_t *turns = calloc(n, sizeof *turns), n_turns = 0;
  if (places != NULL && turns != NULL) {
    for (size_t i = 0, of_round = 0; i < plan->n; i++) {
      const size_t leader = plan->with != NULL ? plan->with(plan->data, i) : i;
      if (is_of(plan, i, round))
        places[of_round++] = (struct place){i, leader, plan->expect_s(plan->data, leader)};
    }
    qsort(places, n, sizeof *places, compare_places);
    for (size_t i = 0; i < n; i++)
      if (i == 0 || places[i].leader != places[i - 1].leader)
        turns[n_turns++] = i;
    coarse_to_fine(places, n, turns, n_turns, order);
  }
  free(places);
  free(turns);
  return n_turns > 0 ? TP_OK : tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
}
