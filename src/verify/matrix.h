#ifndef TP_VERIFY_MATRIX_H
#define TP_VERIFY_MATRIX_H
/* Every variant that devices compute on small models of every kind, at every degree, type and way
 * of cutting kernels. */
#include "verify/check.h"

/* Small models, NULL-terminated, whose widths suit every library: heads of 16, inner widths that
 * four ranks share in multiples of 16, a vocabulary that nothing divides. */
extern const struct tp_model *const tp_selftest_models[];

struct tp_selftest_case {
  const char *name; /* "llama ladder+flash-int8 tp 4 bf16 fused" */
  const char *variant;
  struct tp_check check; /* its variant in the arena */
};

/* What is checked: variants (n 0: all that devices compute), and whose equations they are held
 * against (NULL: their own). */
struct tp_selftest_choice {
  const struct tp_variant *variants;
  size_t n;
  const struct tp_variant *against;
};

/* The cases, in `arena`; returns how many.  On a single rank there is nothing to arrange, so
 * standard and kraken stand for all variants. */
size_t tp_selftest_matrix_of(struct tp_arena *arena, uint64_t seed,
                             struct tp_selftest_choice choice,
                             const struct tp_selftest_case **cases);
static inline size_t tp_selftest_matrix(struct tp_arena *arena, uint64_t seed,
                                        const struct tp_selftest_case **cases)
{
  return tp_selftest_matrix_of(arena, seed, (struct tp_selftest_choice){.n = 0}, cases);
}
#endif
