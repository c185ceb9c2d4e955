#ifndef TP_VERIFY_REFERENCE_RUN_H
#define TP_VERIFY_REFERENCE_RUN_H
/* One sequence through a model by equations: what those of reference.c and of wirings
 * (reference_wiring.c) are written in.  Rows are tokens, as wide as the residual. */
#include "verify/reference.h"
#include "verify/reference_block.h"

enum { TP_NO_OWNER = -1 };

struct tp_reference_run {
  const struct tp_reference *reference;
  struct tp_reference_block block;
  int ranks; /* parts of a module; sub-layers of kraken */
  int layers;
  size_t elements; /* of a residual */
};

/* New rows, of zeros; x += h; a copy. */
float *tp_run_rows(const struct tp_reference_run *run);
void tp_run_add(const struct tp_reference_run *run, float *x, const float *h);
float *tp_run_copy(const struct tp_reference_run *run, const float *x);

/* All of a module; a rank's part of it. */
struct tp_reference_part tp_run_whole(const struct tp_reference_run *run, int owner);
struct tp_reference_part tp_run_part_of(const struct tp_reference_run *run, int rank);

/* The two modules and their norms; a rank's columns of W by its y. */
float *tp_run_normed(const struct tp_reference_run *run, const char *of, int layer, int owner,
                     const float *x);
float *tp_run_attention(const struct tp_reference_run *run, int layer,
                        struct tp_reference_part part, const float *n);
float *tp_run_mlp(const struct tp_reference_run *run, int layer, struct tp_reference_part part,
                  const float *n);
float *tp_run_combine(const struct tp_reference_run *run, int rank, const float *y);

/* reference_wiring.c: from the embedding to the norm that the head reads, by the statements of the
 * architecture's wiring, every sum at once where it is started. */
enum tp_status tp_reference_wiring(const struct tp_reference_run *run, float *x, const float **n,
                                   struct tp_error *error);
#endif
