#include "predict/decode.h"

#include <math.h>

enum { N_NODES = 2, FEW_STEPS = 8 };

/* Of a step's time: how far the nodes may leave the line between the panel's ends.  Where the time
 * jumps, the rule errs by up to 1.4 times that. */
static const double bend_ratio = 5e-4;
/* Of the whole decode: a panel that weighs so little is not halved any more. */
static const double negligible_ratio = 2e-5;
/* 1/sqrt(3) of half a panel from its middle: Gauss-Legendre's two nodes, of equal weights. */
static const double node_ratio = 0.5773502691896257645;

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

/* A panel in work: steps first .. last, run at its ends and at two nodes between. */
struct panel {
  int64_t first, last, nodes[N_NODES];
  double weight; /* of either node: half the steps */
  struct tp_result at_first, at_last, at_nodes[N_NODES];
};

/* A sum over integers is the integral from half a step before to half a step after.  The nodes are
 * moved to integers as a mirrored pair, which keeps the rule exact for lines. */
static struct panel place_panel(int64_t first, int64_t steps)
{
  struct panel panel = {.first = first, .last = first + steps - 1, .weight = (double)steps / 2};
  const double middle = (double)(panel.first + panel.last) / 2;
  panel.nodes[0] = (int64_t)llround(middle - panel.weight * node_ratio);
  panel.nodes[1] = panel.first + panel.last - panel.nodes[0];
  return panel;
}

static enum tp_status run_panel(const struct tp_step *step, struct panel *panel,
                                struct tp_error *error)
{
  enum tp_status status = step->run(step->data, panel->first, &panel->at_first, error);
  for (int i = 0; i < N_NODES && status == TP_OK; i++)
    status = step->run(step->data, panel->nodes[i], &panel->at_nodes[i], error);
  return status == TP_OK ? step->run(step->data, panel->last, &panel->at_last, error) : status;
}

/* How far, relative to the time, the nodes are off the line between the ends. */
static double bend(const struct panel *panel)
{
  const double first_s = panel->at_first.total_s, last_s = panel->at_last.total_s;
  const double slope_s = (last_s - first_s) / (double)(panel->last - panel->first);
  double worst_s = 0;
  for (int i = 0; i < N_NODES; i++) {
    const double line_s = first_s + slope_s * (double)(panel->nodes[i] - panel->first);
    worst_s = fmax(worst_s, fabs(panel->at_nodes[i].total_s - line_s));
  }
  return worst_s / fmax(first_s, last_s);
}

static enum tp_status add_panel(const struct integral *integral, int64_t first, int64_t steps,
                                struct tp_error *error)
{
  if (steps <= FEW_STEPS)
    return add_each(integral, first, steps, error);
  struct panel panel = place_panel(first, steps);
  enum tp_status status = run_panel(integral->step, &panel, error);
  if (status != TP_OK)
    return status;
  const double off = bend(&panel);
  if (off > bend_ratio && off * (double)steps > negligible_ratio * (double)integral->steps) {
    status = add_panel(integral, first, steps / 2, error);
    return status == TP_OK ? add_panel(integral, first + steps / 2, steps - steps / 2, error)
                           : status;
  }
  for (int i = 0; i < N_NODES; i++)
    tp_sum_add(integral->sum, &panel.at_nodes[i], panel.weight);
  return TP_OK;
}

/* Behind the nearest kink that `first` is not behind, or `end`. */
static int64_t end_of_piece(const struct tp_step *step, int64_t first, int64_t end)
{
  int64_t behind = end;
  for (int i = 0; i < step->n_kinks; i++)
    if (step->kinks[i] >= first && step->kinks[i] + 1 < behind)
      behind = step->kinks[i] + 1;
  return behind;
}

enum tp_status tp_decode_integrate(const struct tp_step *step, int64_t kv_first, int64_t steps,
                                   struct tp_sum *sum, struct tp_error *error)
{
  const struct integral integral = {step, steps, sum};
  const int64_t end = kv_first + steps;
  for (int64_t first = kv_first, behind; first < end; first = behind) {
    behind = end_of_piece(step, first, end);
    TP_TRY(add_panel(&integral, first, behind - first, error));
  }
  return TP_OK;
}
