/* What a wiring asks of the model and of the ranks. */
#include "program/wiring/build.h"

static enum tp_wiring_fit fit_of(const struct tp_model *model)
{
  if (!model->parallel_residual)
    return TP_WIRING_FIT_IN_TURN;
  return model->shared_norm ? TP_WIRING_FIT_ON_ONE_NORM : TP_WIRING_FIT_SIDE_BY_SIDE;
}

bool tp_wiring_fits(const struct tp_wiring *wiring, const struct tp_model *model)
{
  return wiring->fit == TP_WIRING_FIT_ANY || wiring->fit == fit_of(model);
}

static enum tp_status check_fit(const struct tp_wiring *wiring, const struct tp_model *model,
                                struct tp_error *error)
{
  if (tp_wiring_fits(wiring, model))
    return TP_OK;
  const char *const its = tp_wiring_fit_words[fit_of(model)];
  return tp_fail(error, TP_E_INPUT,
                 "%s: is of models with modules %s, and %s has them %s; take a wiring that says "
                 "'modules %s', or leave the line out for another architecture of this model",
                 wiring->path, tp_wiring_fit_words[wiring->fit], model->name, its, its);
}

/* Why nobody sums over the group in this job; NULL: it has one. */
static const char *lacks(enum tp_wiring_group group, const struct tp_mesh *mesh)
{
  if (group == TP_WIRING_OVER_TENSOR)
    return NULL;
  if (mesh->dp > 1)
    return "replicas share the experts, and a sum would mix their tokens; take dp 1, or sum over "
           "tensor";
  if (mesh->ep == 1)
    return "ep 1 shares no experts out; take ep 2 or more, or sum over tensor";
  if (group == TP_WIRING_OVER_EXPERT_TENSOR && tp_mesh_expert_parts(mesh) == 1)
    return "every rank has whole experts; take an ep below tp, or leave the sum out";
  return NULL;
}

enum tp_status tp_wiring_check_job(const struct tp_wiring *wiring, const struct tp_model *model,
                                   const struct tp_mesh *mesh, struct tp_error *error)
{
  TP_TRY(check_fit(wiring, model, error));
  for (int s = 0; s < wiring->n_statements; s++) {
    const struct tp_wiring_statement *statement = &wiring->statements[s];
    const char *const why = statement->verb == TP_WIRING_SUM ? lacks(statement->over, mesh) : NULL;
    if (why != NULL)
      return tp_fail(error, TP_E_INPUT, "%s:%d: '%s': %s", wiring->path, statement->line,
                     tp_wiring_groups[statement->over], why);
  }
  return TP_OK;
}

/* standard.c as statements; values are numbered as they first appear. */
enum { X, N, A, M };
static const struct tp_wiring_statement standard[] = {
    {.verb = TP_WIRING_NORM, .n_in = 1, .in = {X}, .out = {N}, .norm = TP_WIRING_NORM_ATTENTION},
    {.verb = TP_WIRING_ATTENTION, .n_in = 1, .in = {N}, .out = {A}},
    {.verb = TP_WIRING_SUM, .n_in = 1, .in = {A}, .out = {A}},
    {.verb = TP_WIRING_ADD, .n_in = 2, .in = {X, A}, .out = {X}},
    {.verb = TP_WIRING_NORM, .n_in = 1, .in = {X}, .out = {N}, .norm = TP_WIRING_NORM_MLP},
    {.verb = TP_WIRING_MLP, .n_in = 1, .in = {N}, .out = {M}},
    {.verb = TP_WIRING_SUM, .n_in = 1, .in = {M}, .out = {M}},
    {.verb = TP_WIRING_ADD, .n_in = 2, .in = {X, M}, .out = {X}},
    {.verb = TP_WIRING_NORM, .n_in = 1, .in = {X}, .out = {N}, .norm = TP_WIRING_NORM_NEXT},
    {.verb = TP_WIRING_HEAD, .n_in = 1, .in = {N}},
};
enum { N_STANDARD = sizeof standard / sizeof standard[0], BEFORE = 1, LAYER = 8 };

static bool same_statement(const struct tp_wiring_statement *a, const struct tp_wiring_statement *b)
{
  return a->verb == b->verb && a->n_in == b->n_in && a->in[0] == b->in[0] && a->in[1] == b->in[1] &&
         a->out[0] == b->out[0] && a->norm == b->norm && a->over == b->over;
}

bool tp_wiring_is_standard(const struct tp_wiring *wiring, const struct tp_model *model)
{
  if (fit_of(model) != TP_WIRING_FIT_IN_TURN || wiring->own || wiring->apart ||
      wiring->shared_out > 0 || wiring->n_statements != N_STANDARD || wiring->before.n != BEFORE ||
      wiring->n_segments != 1 || wiring->segments[0].extent != TP_WIRING_REST ||
      wiring->segments[0].each.n != LAYER)
    return false;
  for (int i = 0; i < N_STANDARD; i++)
    if (!same_statement(&wiring->statements[i], &standard[i]))
      return false;
  return true;
}
