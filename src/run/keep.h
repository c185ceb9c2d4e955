#ifndef TP_RUN_KEEP_H
#define TP_RUN_KEEP_H
/* Keeps what a library worked out for a shape: a hash table from a key of words to a plan. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TP_KEEP_WORDS = 15 };

/* All words count: set those that are not used to 0. */
struct tp_keep_key {
  int64_t words[TP_KEEP_WORDS];
};

struct tp_keep;

struct tp_keep *tp_keep_create(void); /* NULL: out of memory */
/* Calls `release` for every plan; NULL is fine. */
void tp_keep_free(struct tp_keep *plans, void (*release)(void *plan));

/* NULL: none yet. */
void *tp_keep_find(const struct tp_keep *plans, const struct tp_keep_key *key);
/* Adds a plan for a key that has none.  The table then owns it; where memory ran out it does not,
 * and the result is false. */
bool tp_keep_add(struct tp_keep *plans, const struct tp_keep_key *key, void *plan);
#endif
