#ifndef TP_TESTS_RANDOM_H
#define TP_TESTS_RANDOM_H
/* Cases of property tests: TP_SEED chooses others, TP_CASES how many.  Seeds are not multiples of
 * the step of the generator below, or one case would go through the numbers of the next. */
#include <stdint.h>
#include <stdlib.h>

static inline uint64_t tp_random_base(void)
{
  const char *const text = getenv("TP_SEED");
  return text != NULL ? strtoull(text, NULL, 0) : 20261121;
}

static inline uint64_t tp_random_seed(int i)
{
  return tp_random_base() * 0xA0761D6478BD642Fu + ((uint64_t)i + 1) * 0xD1342543DE82EF95u;
}

static inline int tp_random_cases(int usual)
{
  const char *const text = getenv("TP_CASES");
  return text != NULL ? atoi(text) : usual;
}

/* splitmix64, below `n`. */
static inline size_t tp_random_below(uint64_t *state, size_t n)
{
  uint64_t z = *state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return (size_t)((z ^ (z >> 31)) % n);
}
#endif
