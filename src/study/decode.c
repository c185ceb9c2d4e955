#include "study/decode.h"

#include <gsl/gsl_integration.h>
#include <math.h>
#include <stdlib.h>

enum { N_NODES = 4 /* even: nodes in pairs about the middle */, FEW_STEPS = 8 };

/* Of a step's time: how far the inner nodes may leave the outer nodes' line.  The rule errs by less
 * than a third of it even where the time jumps. */
static const double bend_ratio = 1e-3;
/* Of the whole decode: a panel this short may hold a jump. */
static const double negligible_ratio = 2e-4;

struct tp_quadrature {
  gsl_integration_glfixed_table *table;
};

struct tp_quadrature *tp_quadrature_create(void)
{
  struct tp_quadrature *quadrature = malloc(sizeof *quadrature);
  if (quadrature == NULL)
    abort();
  quadrature->table = gsl_integration_glfixed_table_alloc(N_NODES);
  if (quadrature->table == NULL)
    abort();
  return quadrature;
}

void tp_quadrature_free(struct tp_quadrature *quadrature)
{
  if (quadrature == NULL)
    return;
  gsl_integration_glfixed_table_free(quadrature->table);
  free(quadrature);
}

void tp_sum_add(struct tp_sum *sum, const struct tp_result *pass, double weight)
{
  sum->result.total_s += weight * pass->total_s;
  sum->result.compute_s += weight * pass->compute_s;
  sum->result.comm_s += weight * pass->comm_s;
  sum->result.comm_exposed_s += weight * pass->comm_exposed_s;
  sum->result.flops += weight * pass->flops;
  sum->result.dram_bytes += weight * pass->dram_bytes;
  sum->result.link_bytes += weight * pass->link_bytes;
  sum->deviation_s += weight * sqrt(pass->variance);
}

struct integral {
  const struct tp_quadrature *quadrature;
  const struct tp_step *step;
  int64_t steps;
  struct tp_sum *sum;
};

static enum tp_status add_each(const struct integral *integral, int64_t first, int64_t steps,
                               struct tp_error *error)
{
  for (int64_t i = 0; i < steps; i++) {
    struct tp_result result;
    const enum tp_status status =
        integral->step->run(integral->step->data, first + i, &result, error);
    if (status != TP_OK)
      return status;
    tp_sum_add(integral->sum, &result, 1);
  }
  return TP_OK;
}

struct node {
  int64_t kv_len;
  double weight; /* the weights of a panel sum to its steps */
  struct tp_result result;
};

/* A sum over integers is the integral from half a step before to half a step after.  Nodes are
 * moved to integers in mirrored pairs, which keeps the rule exact for lines. */
static void place_nodes(const struct tp_quadrature *quadrature, int64_t first, int64_t steps,
                        struct node nodes[N_NODES])
{
  const double low = (double)first - 0.5, high = low + (double)steps;
  const int64_t mirror = 2 * first + steps - 1;
  for (size_t i = 0; i < N_NODES / 2; i++) {
    double x, weight;
    gsl_integration_glfixed_point(low, high, i, &x, &weight, quadrature->table);
    const int64_t kv_len = (int64_t)llround(x);
    nodes[i] = (struct node){.kv_len = kv_len, .weight = weight};
    nodes[N_NODES - 1 - i] = (struct node){.kv_len = mirror - kv_len, .weight = weight};
  }
}

/* How far, relative to the time, the inner nodes are off the outer ones' line. */
static double bend(const struct node nodes[N_NODES])
{
  const struct node *left = &nodes[0], *right = &nodes[N_NODES - 1];
  const double slope_s =
      (right->result.total_s - left->result.total_s) / (double)(right->kv_len - left->kv_len);
  double worst = 0;
  for (int i = 1; i < N_NODES - 1; i++) {
    const double line_s = left->result.total_s + slope_s * (double)(nodes[i].kv_len - left->kv_len);
    worst = fmax(worst, fabs(nodes[i].result.total_s - line_s) / right->result.total_s);
  }
  return worst;
}

static enum tp_status add_panel(const struct integral *integral, int64_t first, int64_t steps,
                                struct tp_error *error)
{
  if (steps <= FEW_STEPS)
    return add_each(integral, first, steps, error);
  struct node nodes[N_NODES];
  place_nodes(integral->quadrature, first, steps, nodes);
  for (int i = 0; i < N_NODES; i++) {
    const enum tp_status status =
        integral->step->run(integral->step->data, nodes[i].kv_len, &nodes[i].result, error);
    if (status != TP_OK)
      return status;
  }
  const double off = bend(nodes);
  if (off > bend_ratio && off * (double)steps > negligible_ratio * (double)integral->steps) {
    const enum tp_status status = add_panel(integral, first, steps / 2, error);
    return status != TP_OK ? status
                           : add_panel(integral, first + steps / 2, steps - steps / 2, error);
  }
  for (int i = 0; i < N_NODES; i++)
    tp_sum_add(integral->sum, &nodes[i].result, nodes[i].weight);
  return TP_OK;
}

enum tp_status tp_decode_integrate(const struct tp_quadrature *quadrature,
                                   const struct tp_step *step, int64_t kv_first, int64_t steps,
                                   struct tp_sum *sum, struct tp_error *error)
{
  const struct integral integral = {quadrature, step, steps, sum};
  return add_panel(&integral, kv_first, steps, error);
}
