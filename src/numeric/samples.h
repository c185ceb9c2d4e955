#ifndef TP_NUMERIC_SAMPLES_H
#define TP_NUMERIC_SAMPLES_H
/* Made-up partial sums, as the ranks of a row-parallel GEMM hold before their all-reduce.
 *
 * Values are tokens x TP_SAMPLE_CHANNELS, row-major, rounded to fp16.  "gaussian" is a normal
 * distribution; "outliers" is Student's t with 4 degrees of freedom (heavy tails), and 6 of its
 * channels, the same on all ranks and tokens, are 20 to 100 times larger: LLM.int8() (arXiv
 * 2208.07339) counts up to 7 outlier dimensions, up to 20 times the others, SmoothQuant (arXiv
 * 2211.10438) about 100 times.  The same seed gives the same values.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TP_SAMPLE_CHANNELS = 4096, TP_SAMPLE_OUTLIER_CHANNELS = 6 };

struct tp_sample_kind {
  const char *name;
  bool heavy_tailed; /* with outlier channels */
};

/* NULL-terminated. */
extern const struct tp_sample_kind *const tp_sample_kinds[];

/* Fills `values` (n_ranks x n, row-major), and `channels` with how many times larger each channel
 * is than usual ones. */
void tp_samples_fill(const struct tp_sample_kind *kind, uint64_t seed, size_t n_ranks, size_t n,
                     float *values, double channels[TP_SAMPLE_CHANNELS]);
#endif
