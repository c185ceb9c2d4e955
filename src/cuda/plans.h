#ifndef TP_CUDA_PLANS_H
#define TP_CUDA_PLANS_H
/* What a library worked out for a shape, kept: a hash table from a key of words to a plan. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TP_PLAN_WORDS = 14 };

/* All words count: set those that are not used to 0. */
struct tp_plan_key {
  int64_t words[TP_PLAN_WORDS];
};

struct tp_plans;

struct tp_plans *tp_plans_create(void); /* NULL: out of memory */
/* Calls `release` for every plan; NULL is fine. */
void tp_plans_free(struct tp_plans *plans, void (*release)(void *plan));

/* NULL: none yet. */
void *tp_plans_find(const struct tp_plans *plans, const struct tp_plan_key *key);
/* For a key that has none.  The plan is the table's then; it is not where memory ended (false). */
bool tp_plans_add(struct tp_plans *plans, const struct tp_plan_key *key, void *plan);
#endif
