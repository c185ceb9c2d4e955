/* What a wiring's statements compute: values of every rank side by side, no streams, no waits.  A
 * share of the tokens is a sum of all ranks, so that every rank may have all of it here: nothing is
 * left to gather; and halves are treated alike. */
#include "program/wiring/wiring.h"
#include "verify/reference_run.h"

#include <string.h>

enum { MAX_RANKS = 64 };

struct machine {
  const struct tp_reference_run *run;
  const struct tp_wiring *wiring;
  int layer;
  const float *values[MAX_RANKS][TP_WIRING_MOST_VALUES];
};

/* Weights of a rank's own are named by the rank. */
static int owner_of(const struct machine *machine, int rank)
{
  return machine->wiring->own ? rank : TP_NO_OWNER;
}

static struct tp_reference_part part_of(const struct machine *machine, int rank)
{
  return machine->wiring->own ? tp_run_whole(machine->run, rank)
                              : tp_run_part_of(machine->run, rank);
}

static float *normed(const struct machine *machine, enum tp_wiring_norm norm, int rank,
                     const float *x)
{
  const struct tp_reference_run *run = machine->run;
  if (norm == TP_WIRING_NORM_HEAD && machine->wiring->own)
    return tp_run_normed(run, "final", 0, TP_NO_OWNER, x);
  return tp_run_normed(run, norm == TP_WIRING_NORM_MLP ? "mlp" : "attn", machine->layer,
                       owner_of(machine, rank), x);
}

static float *shared(const struct tp_reference_run *run, const float *x, const float *h)
{
  float *y = tp_run_rows(run);
  for (size_t i = 0; i < run->elements; i++)
    y[i] = x[i] / (float)run->ranks + h[i];
  return y;
}

/* What the statement gives on one rank, its results by `out`. */
static void compute(struct machine *machine, const struct tp_wiring_statement *s, int rank,
                    float *out[2])
{
  const struct tp_reference_run *run = machine->run;
  const float *const *values = machine->values[rank];
  const float *a = values[s->in[0]];
  const struct tp_reference_part part = part_of(machine, rank);
  switch (s->verb) {
  case TP_WIRING_NORM:
    out[0] = normed(machine, s->norm, rank, a);
    return;
  case TP_WIRING_ATTENTION:
    out[0] = tp_run_attention(run, machine->layer, part, a);
    return;
  case TP_WIRING_MLP:
    out[0] = tp_run_mlp(run, machine->layer, part, a);
    return;
  case TP_WIRING_BOTH:
    out[0] = tp_run_attention(run, machine->layer, part, a);
    out[1] = tp_run_mlp(run, machine->layer, part, a);
    return;
  case TP_WIRING_ADD:
    out[0] = tp_run_copy(run, a);
    tp_run_add(run, out[0], values[s->in[1]]);
    return;
  case TP_WIRING_SHARE:
    out[0] = shared(run, a, values[s->in[1]]);
    return;
  case TP_WIRING_COMBINE:
    out[0] = tp_run_combine(run, rank, a);
    return;
  case TP_WIRING_SUM:
  case TP_WIRING_SCATTER:
    out[0] = tp_run_rows(run);
    for (int other = 0; other < run->ranks; other++)
      tp_run_add(run, out[0], machine->values[other][s->in[0]]);
    return;
  case TP_WIRING_COPY:
  case TP_WIRING_GATHER:
  case TP_WIRING_WAIT:
  case TP_WIRING_SPLIT:
  case TP_WIRING_JOIN:
  case TP_WIRING_HEAD:
    break;
  }
  out[0] = tp_run_copy(run, a);
}

/* Of all ranks before any has its result: a sum reads what the others had. */
static void step(struct machine *machine, const struct tp_wiring_statement *s)
{
  float *out[MAX_RANKS][2] = {{NULL}};
  if (s->verb == TP_WIRING_NORM && s->norm == TP_WIRING_NORM_NEXT)
    machine->layer++;
  for (int rank = 0; rank < machine->run->ranks; rank++)
    compute(machine, s, rank, out[rank]);
  for (int rank = 0; rank < machine->run->ranks; rank++)
    for (int i = 0; i < s->n_out; i++)
      machine->values[rank][s->out[i]] = out[rank][i];
}

static void run_body(struct machine *machine, const struct tp_wiring_body *body)
{
  for (int i = body->first; i < body->first + body->n; i++)
    step(machine, &machine->wiring->statements[i]);
}

/* Layer `i` of the `count` of its segment. */
static void run_layer(struct machine *machine, const struct tp_wiring_segment *segment, int64_t i,
                      int64_t count, int64_t group)
{
  const bool last = segment->last.line > 0 && (i % group == group - 1 || i == count - 1);
  const int layer = machine->layer;
  run_body(machine, last ? &segment->last : &segment->each);
  machine->layer = layer + 1;
}

enum tp_status tp_reference_wiring(const struct tp_reference_run *run, float *x, const float **n,
                                   struct tp_error *error)
{
  const struct tp_variant *variant = run->reference->variant;
  struct machine machine = {.run = run, .wiring = variant->architecture->wiring};
  const struct tp_wiring *wiring = machine.wiring;
  int64_t counts[TP_WIRING_MOST_SEGMENTS];
  if (run->ranks > MAX_RANKS)
    return tp_fail(error, TP_E_INPUT, "%d ranks: at most %d are computed", run->ranks,
                   (int)MAX_RANKS);
  TP_TRY(tp_wiring_counts(wiring, variant->argument, run->layers, counts, error));
  for (int rank = 0; rank < run->ranks; rank++)
    machine.values[rank][TP_WIRING_RESIDUAL] = x;
  run_body(&machine, &wiring->before);
  for (int i = 0; i < wiring->n_segments; i++) {
    const struct tp_wiring_segment *segment = &wiring->segments[i];
    const int64_t group = tp_wiring_group(segment, variant->argument, counts[i]);
    for (int64_t layer = 0; layer < counts[i]; layer++)
      run_layer(&machine, segment, layer, counts[i], group);
  }
  run_body(&machine, &wiring->end);
  const struct tp_wiring_statement *head = &wiring->statements[wiring->n_statements - 1];
  *n = machine.values[run->reference->rank][head->in[0]];
  return TP_OK;
}
