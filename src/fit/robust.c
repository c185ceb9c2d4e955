#include "fit/robust.h"

#include <gsl/gsl_multifit_nlinear.h>
#include <math.h>

double tp_robust_weight(double r)
{
  const double scale = 0.1;
  return 1 / sqrt(1 + r / scale * (r / scale));
}

/* One search in progress. */
struct search {
  const struct tp_robust *asked;
  const gsl_vector *first; /* where the parameters start */
  gsl_vector *f;           /* of the residuals, and of what keeps the parameters */
  gsl_vector *weights, *x;
  gsl_multifit_nlinear_workspace *work;
};

/* With few residuals some parameters are hardly told, and would drift: each is held to where it
 * started as if by one more residual. */
static const double keep_weight = 0.02;

static int residuals(const gsl_vector *x, void *data, gsl_vector *f)
{
  const struct search *search = data;
  const struct tp_fit_function *function = &search->asked->function;
  gsl_vector_view told = gsl_vector_subvector(f, 0, function->n);
  const int status = function->residuals(x, function->data, &told.vector);
  for (size_t i = 0; i < function->p; i++)
    gsl_vector_set(f, function->n + i,
                   keep_weight * (gsl_vector_get(x, i) - gsl_vector_get(search->first, i)));
  return status;
}

static double loss_of(const gsl_vector *f, size_t from, size_t to)
{
  double loss = 0;
  for (size_t i = from; i < to; i++)
    loss += 1 / tp_robust_weight(gsl_vector_get(f, i)) - 1;
  return loss;
}

static double loss_at(struct search *search, const gsl_vector *x)
{
  const struct tp_fit_function *function = &search->asked->function;
  if (residuals(x, search, search->f) != GSL_SUCCESS)
    return HUGE_VAL;
  return loss_of(search->f, 0, function->n) +
         loss_of(search->f, function->n, function->n + function->p);
}

/* Iteratively reweighted: a few rounds of weighted least squares. */
static enum tp_status minimise(struct search *search, gsl_vector *x, struct tp_error *error)
{
  enum { ROUNDS = 4, ITERATIONS = 40 };
  const struct tp_fit_function *function = &search->asked->function;
  const size_t n = function->n + function->p;
  gsl_multifit_nlinear_fdf fdf = {.f = residuals, .n = n, .p = function->p, .params = search};
  for (int round = 0; round < ROUNDS; round++) {
    int info;
    if (residuals(x, search, search->f) != GSL_SUCCESS)
      return tp_fail(error, TP_E_INPUT,
                     "%s: a predicted time is not a number; mend the start values of the device",
                     search->asked->name);
    for (size_t i = 0; i < n; i++)
      gsl_vector_set(search->weights, i, tp_robust_weight(gsl_vector_get(search->f, i)));
    gsl_multifit_nlinear_winit(x, search->weights, &fdf, search->work);
    /* Not converging is no failure: the last iterate is the best seen. */
    gsl_multifit_nlinear_driver(ITERATIONS, 1e-6, 1e-6, 1e-6, NULL, NULL, &info, search->work);
    gsl_vector_memcpy(x, gsl_multifit_nlinear_position(search->work));
  }
  return TP_OK;
}

/* The best so far. */
struct best {
  gsl_vector *x;
  double loss;
  size_t moved; /* parameter whose moving brought it; p: none */
};

/* The last reaches over a plateau: splits of keys beyond what any row has tell nothing. */
static const double moves[] = {1, -1, -3};
enum { MOST_PASSES = 4, N_MOVES = sizeof moves / sizeof moves[0] };

/* Starts over from the best with one parameter moved, keeping what ends better; once for each
 * parameter and move. */
static enum tp_status move_each(struct search *search, int pass, struct best *best,
                                struct tp_error *error)
{
  const struct tp_robust *asked = search->asked;
  const size_t p = asked->function.p, n_starts = p * N_MOVES;
  gsl_vector *const x = search->x;
  for (size_t start = 0; start < n_starts; start++) {
    const size_t moved = start / N_MOVES;
    tp_fit_progress(asked->options, (size_t)pass * n_starts + start, MOST_PASSES * n_starts);
    for (size_t i = 0; i < p; i++)
      gsl_vector_set(x, i, asked->inside(asked->function.data, i, gsl_vector_get(best->x, i)));
    gsl_vector_set(x, moved, gsl_vector_get(x, moved) + moves[start % N_MOVES]);
    TP_TRY(minimise(search, x, error));
    const double loss = loss_at(search, x);
    if (loss >= best->loss)
      continue;
    if (loss < best->loss * (1 - tp_robust_least_gain))
      best->moved = moved;
    best->loss = loss;
    gsl_vector_memcpy(best->x, x);
  }
  return TP_OK;
}

/* Until moving parameters brings no more. */
static enum tp_status descend(struct search *search, struct best *best, struct tp_error *error)
{
  enum tp_status status = minimise(search, best->x, error);
  best->loss = status == TP_OK ? loss_at(search, best->x) : 0;
  double before = HUGE_VAL;
  for (int pass = 0; pass < MOST_PASSES && status == TP_OK; pass++) {
    best->moved = search->asked->function.p;
    if (best->loss > before * (1 - tp_robust_least_gain))
      break;
    before = best->loss;
    status = move_each(search, pass, best, error);
  }
  return status;
}

enum tp_status tp_robust_search(const struct tp_robust *asked, gsl_vector *x, size_t *unsettled,
                                struct tp_error *error)
{
  const size_t p = asked->function.p, n = asked->function.n + p;
  gsl_multifit_nlinear_parameters settings = gsl_multifit_nlinear_default_parameters();
  settings.h_df = 1e-4; /* ceilings make the model stepped: a step too small sees none of it */
  gsl_vector *first = gsl_vector_alloc(p);
  struct search search = {
      .asked = asked,
      .first = first,
      .f = gsl_vector_alloc(n),
      .weights = gsl_vector_alloc(n),
      .x = gsl_vector_alloc(p),
      .work = gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &settings, n, p)};
  struct best best = {.x = x};
  enum tp_status status;
  if (first == NULL || search.f == NULL || search.weights == NULL || search.x == NULL ||
      search.work == NULL) {
    status =
        tp_fail(error, TP_E_ENVIRONMENT, "out of memory fitting %zu samples", asked->function.n);
  } else {
    gsl_vector_memcpy(first, x);
    status = descend(&search, &best, error);
    *unsettled = best.moved;
  }
  gsl_multifit_nlinear_free(search.work);
  gsl_vector_free(search.x);
  gsl_vector_free(search.weights);
  gsl_vector_free(search.f);
  gsl_vector_free(first);
  return status;
}
