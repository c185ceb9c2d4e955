#ifndef TP_TESTS_COMPUTED_H
#define TP_TESTS_COMPUTED_H
/* What devices compute (verify/computed.h), for loop tests; made once a process. */
#include "verify/computed.h"

static inline const struct tp_variant *computed_variants(int *n)
{
  static struct tp_arena *arena;
  static const struct tp_variant *variants;
  static size_t n_variants;
  if (arena == NULL) {
    arena = tp_arena_create();
    n_variants = tp_computed_variants(arena, &variants);
  }
  *n = (int)n_variants;
  return variants;
}

static inline const char *computed_name(int i)
{
  int n;
  return computed_variants(&n)[i].text;
}

static inline bool is_overlapped(int i)
{
  int n;
  return computed_variants(&n)[i].overlap != NULL;
}

static inline int n_computed(void)
{
  int n;
  computed_variants(&n);
  return n;
}

/* Those without a wire, which come first. */
static inline int n_computed_plainly(void)
{
  int n, plain = 0;
  const struct tp_variant *variants = computed_variants(&n);
  while (plain < n && variants[plain].wire == NULL)
    plain++;
  return plain;
}
#endif
