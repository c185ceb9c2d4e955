#ifndef TP_NUMERIC_ACCURACY_H
#define TP_NUMERIC_ACCURACY_H
/* How far values are from what they should be. */
#include <stddef.h>

/* Sums over the values seen so far; starts zeroed. */
struct tp_accuracy {
  double wanted2, got2, product, error2;
  double max_error; /* absolute */
};

void tp_accuracy_add(struct tp_accuracy *accuracy, double wanted, double got);

/* |got - wanted| / |wanted| in the Euclidean norm; NAN where all wanted values are 0. */
double tp_accuracy_relative(const struct tp_accuracy *accuracy);
/* Signal to noise: -20 log10 of the relative error; NAN where nothing is wrong. */
double tp_accuracy_snr_db(const struct tp_accuracy *accuracy);
/* Cosine of the angle between got and wanted; NAN where either is all 0. */
double tp_accuracy_cosine(const struct tp_accuracy *accuracy);

/* Sum over the ranks of value `i` of each; `inputs` is n_ranks x n, row-major. */
double tp_reference_sum(const float *inputs, size_t n_ranks, size_t n, size_t i);
#endif
