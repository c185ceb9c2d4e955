/* From when every op ran to what a pass costs. */
#include "engine/des/des.h"
#include "engine/deviation.h"

#include <stdlib.h>

/* Something begins (+1) or ends (-1). */
struct edge {
  double when_s;
  int change;
  const struct tp_des_item *item;
};

static int compare(const void *left, const void *right)
{
  const struct edge *a = left, *b = right;
  return (a->when_s > b->when_s) - (a->when_s < b->when_s);
}

static double end_s(const struct tp_des_plan *plan, const struct tp_des_span *spans)
{
  double last_s = 0;
  for (size_t i = 0; i < plan->n_items; i++)
    last_s = spans[i].end_s > last_s ? spans[i].end_s : last_s;
  return last_s;
}

static const struct tp_des_span *slowest(const struct tp_des_plan *plan,
                                         const struct tp_des_span *spans)
{
  const struct tp_des_span *worst = spans;
  for (int rank = 1; rank < plan->ranks; rank++)
    if (end_s(plan, spans + (size_t)rank * plan->n_items) > end_s(plan, worst))
      worst = spans + (size_t)rank * plan->n_items;
  return worst;
}

static void add_timeline(const struct tp_des_plan *plan, const struct tp_des_span *spans)
{
  const int first = plan->run->timeline->first_rank, n = plan->run->timeline->n_ranks;
  const int end = n == 0 ? plan->ranks : first + n;
  for (int rank = first; rank < end; rank++)
    for (int q = 0; q < plan->n_streams; q++)
      for (size_t i = 0; i < plan->streams[q].n_items; i++) {
        const size_t op = plan->streams[q].items[i].op;
        const struct tp_des_span *span =
            &spans[(size_t)rank * plan->n_items + plan->streams[q].first + i];
        tp_timeline_add_op(
            plan->run->timeline, plan->program_ops[op], &plan->ops[op].cost,
            (struct tp_span){
                .rank = rank, .stream = q, .start_s = span->start_s, .end_s = span->end_s});
      }
}

/* The edges of collectives and of kernels on the compute stream, in time. */
static size_t edges_of(const struct tp_des_plan *plan, const struct tp_des_span *spans,
                       struct edge *edges)
{
  size_t n = 0;
  for (int q = 0; q < plan->n_streams; q++)
    for (size_t i = 0; i < plan->streams[q].n_items; i++) {
      const struct tp_des_item *item = &plan->streams[q].items[i];
      const struct tp_des_span *span = &spans[plan->streams[q].first + i];
      if (!item->collective && q != TP_STREAM_COMPUTE)
        continue;
      edges[n++] = (struct edge){.when_s = span->start_s, .change = 1, .item = item};
      edges[n++] = (struct edge){.when_s = span->end_s, .change = -1, .item = item};
    }
  qsort(edges, n, sizeof *edges, compare);
  return n;
}

/* Collectives are exposed while no kernel runs on the compute stream; each that runs then is. */
static void add_exposed(const struct tp_des_plan *plan, const struct tp_des_span *spans,
                        struct tp_arena *scratch, double *spent_s, struct tp_result *result)
{
  struct edge *edges = TP_NEW(scratch, struct edge, 2 * plan->n_items);
  const size_t n = edges_of(plan, spans, edges);
  const struct tp_des_item *running[TP_MAX_STREAMS] = {NULL};
  int kernels = 0, n_running[TP_MAX_STREAMS] = {0};
  for (size_t i = 0; i < n; i++) {
    const double passed_s = i == 0 ? 0 : edges[i].when_s - edges[i - 1].when_s;
    bool any = false;
    for (int q = 0; q < TP_MAX_STREAMS && kernels == 0; q++) {
      if (n_running[q] == 0)
        continue;
      any = true;
      spent_s[running[q]->op] += passed_s;
    }
    result->comm_exposed_s += any ? passed_s : 0;
    const struct tp_des_item *item = edges[i].item;
    if (!item->collective) {
      kernels += edges[i].change;
      continue;
    }
    const int q = plan->program_ops[item->op]->stream;
    n_running[q] += edges[i].change;
    if (edges[i].change > 0)
      running[q] = item;
  }
}

static void add_spans(const struct tp_des_plan *plan, const struct tp_des_span *spans,
                      double *spent_s, struct tp_result *result)
{
  for (int q = 0; q < plan->n_streams; q++)
    for (size_t i = 0; i < plan->streams[q].n_items; i++) {
      const struct tp_des_item *item = &plan->streams[q].items[i];
      const struct tp_des_span *span = &spans[plan->streams[q].first + i];
      const double lasted_s = span->end_s - span->start_s;
      const struct tp_cost *cost = &plan->ops[item->op].cost;
      result->flops += cost->flops;
      result->dram_bytes += cost->dram_bytes;
      result->link_bytes += cost->link_bytes;
      if (item->collective) {
        result->comm_s += lasted_s;
        continue;
      }
      spent_s[item->op] += lasted_s;
      if (q == TP_STREAM_COMPUTE)
        result->compute_s += lasted_s;
    }
}

void tp_des_account(const struct tp_des_plan *plan, const struct tp_des_span *spans,
                    struct tp_arena *scratch, struct tp_result *result)
{
  const struct tp_des_span *worst = slowest(plan, spans);
  double *spent_s = TP_NEW(scratch, double, plan->n_ops); /* what counts for the variance */
  *result = (struct tp_result){.total_s = end_s(plan, worst)};
  add_spans(plan, worst, spent_s, result);
  add_exposed(plan, worst, scratch, spent_s, result);
  struct tp_deviation deviation = tp_deviation_begin(plan->run->program, scratch);
  for (size_t i = 0; i < plan->n_ops; i++)
    tp_deviation_add(&deviation, plan->program_ops[i], plan->ops[i].cost.sigma * spent_s[i]);
  result->variance = tp_deviation_variance(&deviation);
  if (plan->run->timeline != NULL)
    add_timeline(plan, spans);
}
