/* Whether one rank can stand for all. */
#include "engine/des/des.h"

/* Whether every rank has rank 0's flows over routes like rank 0's. */
static bool is_symmetric(const struct tp_fabric *fabric, const struct tp_des_pattern *pattern)
{
  const size_t n = pattern->first[1];
  for (int rank = 0; rank < fabric->ranks; rank++) {
    if (pattern->first[rank + 1] - pattern->first[rank] != n || pattern->n_in[rank] != (int)n)
      return false;
    for (size_t i = 0; i < n; i++) {
      const struct tp_flow *a = &pattern->flows[i], *b = &pattern->flows[pattern->first[rank] + i];
      const struct tp_route of_a = tp_platform_route(fabric->platform, a->src, a->dst);
      const struct tp_route of_b = tp_platform_route(fabric->platform, b->src, b->dst);
      if (a->share != b->share || of_a.latency_s != of_b.latency_s ||
          of_a.bytes_per_s != of_b.bytes_per_s)
        return false;
    }
  }
  return true;
}

/* What all phases of the op use; NULL where they use several patterns. */
static const struct tp_pattern_rate *only_rate(const struct tp_cost *cost)
{
  for (int p = 1; p < cost->n_phases; p++)
    if (cost->phases[p].rate != cost->phases[0].rate)
      return NULL;
  return cost->phases[0].rate;
}

static const struct tp_cost *flows_of(const struct tp_des_plan *plan,
                                      const struct tp_des_item *item)
{
  const struct tp_cost *const cost = &plan->ops[item->op].cost;
  return item->collective && cost->n_phases > 0 ? cost : NULL;
}

/* Whether flows of two patterns may be under way while the item's are: those of another stream's
 * items that are not known to have ended when it starts and do not wait for its end. */
static bool meets_another(const struct tp_des_plan *plan, int q, size_t i)
{
  const struct tp_des_item *const item = &plan->streams[q].items[i];
  const struct tp_cost *const own = flows_of(plan, item);
  for (int other = 0; other < plan->n_streams && own != NULL; other++) {
    const struct tp_des_stream *const stream = &plan->streams[other];
    for (size_t k = (size_t)item->clock[other];
         other != q && k < stream->n_items && stream->items[k].clock[q] <= (int64_t)i; k++) {
      const struct tp_cost *const beside = flows_of(plan, &stream->items[k]);
      if (beside != NULL && (only_rate(own) == NULL || only_rate(beside) != only_rate(own)))
        return true;
    }
  }
  return false;
}

/* If all ranks do the same over like routes and none slows another.  Two patterns at once could
 * meet on links that neither shares with itself. */
bool tp_des_can_fold(const struct tp_des_plan *plan)
{
  for (size_t p = 0; p < plan->n_patterns; p++)
    if (plan->patterns[p].rate->shared ||
        !is_symmetric(plan->run->machine->fabric, &plan->patterns[p]))
      return false;
  for (int q = 0; q < plan->n_streams && plan->n_patterns > 1; q++)
    for (size_t i = 0; i < plan->streams[q].n_items && plan->streams[q].collectives; i++)
      if (meets_another(plan, q, i))
        return false;
  return true;
}
