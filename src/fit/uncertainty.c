#include "fit/uncertainty.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_eigen.h>
#include <gsl/gsl_matrix.h>
#include <math.h>
#include <stdbool.h>

static const double step = 1e-3;
/* Directions flatter than this, of columns scaled to 1, are taken as so flat: finite, but huge. */
static const double least_curvature = 1e-12;

struct work {
  gsl_matrix *jacobian, *normal, *vectors;
  gsl_vector *at, *above, *below, *curvatures;
  gsl_eigen_symmv_workspace *eigen;
};

static bool make(struct work *work, size_t n, size_t p)
{
  work->jacobian = gsl_matrix_alloc(n, p);
  work->normal = gsl_matrix_alloc(p, p);
  work->vectors = gsl_matrix_alloc(p, p);
  work->at = gsl_vector_alloc(p);
  work->above = gsl_vector_alloc(n);
  work->below = gsl_vector_alloc(n);
  work->curvatures = gsl_vector_alloc(p);
  work->eigen = gsl_eigen_symmv_alloc(p);
  return work->jacobian != NULL && work->normal != NULL && work->vectors != NULL &&
         work->at != NULL && work->above != NULL && work->below != NULL &&
         work->curvatures != NULL && work->eigen != NULL;
}

static void destroy(struct work *work)
{
  gsl_matrix_free(work->jacobian);
  gsl_matrix_free(work->normal);
  gsl_matrix_free(work->vectors);
  gsl_vector_free(work->at);
  gsl_vector_free(work->above);
  gsl_vector_free(work->below);
  gsl_vector_free(work->curvatures);
  gsl_eigen_symmv_free(work->eigen);
}

static double root_weight(const gsl_vector *weights, size_t i)
{
  return weights == NULL ? 1 : sqrt(gsl_vector_get(weights, i));
}

/* Fills column `j` of the Jacobian, scaled to length 1; returns its length before. */
static double fill_column(const struct tp_fit_function *function, const gsl_vector *x, size_t j,
                          const gsl_vector *weights, struct work *work)
{
  gsl_vector_memcpy(work->at, x);
  gsl_vector_set(work->at, j, gsl_vector_get(x, j) + step);
  const int failed_above = function->residuals(work->at, function->data, work->above);
  gsl_vector_set(work->at, j, gsl_vector_get(x, j) - step);
  const int failed_below = function->residuals(work->at, function->data, work->below);
  gsl_vector_view column = gsl_matrix_column(work->jacobian, j);
  gsl_vector_set_zero(&column.vector);
  if (failed_above || failed_below)
    return 0;
  for (size_t i = 0; i < function->n; i++)
    gsl_vector_set(&column.vector, i,
                   root_weight(weights, i) *
                       (gsl_vector_get(work->above, i) - gsl_vector_get(work->below, i)) /
                       (2 * step));
  const double length = gsl_blas_dnrm2(&column.vector);
  if (length > 0)
    gsl_vector_scale(&column.vector, 1 / length);
  return length;
}

static double variance(const struct tp_fit_function *function, const gsl_vector *x,
                       const gsl_vector *weights, struct work *work)
{
  double squares = 0;
  function->residuals(x, function->data, work->above);
  for (size_t i = 0; i < function->n; i++)
    squares += pow(root_weight(weights, i) * gsl_vector_get(work->above, i), 2);
  return squares / fmax(1, (double)function->n - (double)function->p);
}

/* Diagonal element `j` of the inverse of the scaled normal matrix. */
static double inverse_diagonal(const struct work *work, size_t j)
{
  double sum = 0;
  for (size_t i = 0; i < work->curvatures->size; i++) {
    const double component = gsl_matrix_get(work->vectors, j, i);
    sum += component * component / fmax(gsl_vector_get(work->curvatures, i), least_curvature);
  }
  return sum;
}

enum tp_status tp_fit_standard_errors(const struct tp_fit_function *function, const gsl_vector *x,
                                      const gsl_vector *weights, double *errors,
                                      struct tp_error *error)
{
  struct work work;
  const bool made = make(&work, function->n, function->p);
  if (made) {
    for (size_t j = 0; j < function->p; j++)
      errors[j] = fill_column(function, x, j, weights, &work);
    const double s2 = variance(function, x, weights, &work);
    gsl_blas_dsyrk(CblasLower, CblasTrans, 1, work.jacobian, 0, work.normal);
    for (size_t j = 0; j < function->p; j++)
      if (errors[j] <= 0) /* apart from the rest */
        gsl_matrix_set(work.normal, j, j, 1);
    gsl_eigen_symmv(work.normal, work.curvatures, work.vectors, work.eigen);
    for (size_t j = 0; j < function->p; j++)
      errors[j] = errors[j] > 0 ? sqrt(s2 * inverse_diagonal(&work, j)) / errors[j] : (double)NAN;
  }
  destroy(&work);
  return made ? TP_OK : tp_fail(error, TP_E_ENVIRONMENT, "out of memory after a fit");
}
