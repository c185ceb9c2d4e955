#include "run/keep.h"

#include "run/fill_value.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct slot {
  struct tp_keep_key key;
  void *plan; /* NULL: free */
};

/* Open addressing in a power of two, at most half full. */
struct tp_keep {
  size_t n_slots, n_plans;
  struct slot *slots;
};

enum { FIRST_SLOTS = 64 };

static size_t hash_of(const struct tp_keep_key *key)
{
  uint64_t hash = 0;
  for (int i = 0; i < TP_KEEP_WORDS; i++)
    hash = tp_mix64(hash + (uint64_t)key->words[i]);
  return (size_t)hash;
}

/* Where the key is, or would go. */
static struct slot *place(struct slot *slots, size_t n_slots, const struct tp_keep_key *key)
{
  size_t i = hash_of(key) & (n_slots - 1);
  while (slots[i].plan != NULL && memcmp(&slots[i].key, key, sizeof *key) != 0)
    i = (i + 1) & (n_slots - 1);
  return &slots[i];
}

static bool grow(struct tp_keep *plans)
{
  const size_t n_slots = 2 * plans->n_slots;
  struct slot *const slots = calloc(n_slots, sizeof *slots);
  if (slots == NULL)
    return false;
  for (size_t i = 0; i < plans->n_slots; i++)
    if (plans->slots[i].plan != NULL)
      *place(slots, n_slots, &plans->slots[i].key) = plans->slots[i];
  free(plans->slots);
  plans->slots = slots;
  plans->n_slots = n_slots;
  return true;
}

struct tp_keep *tp_keep_create(void)
{
  struct tp_keep *const plans = calloc(1, sizeof *plans);
  if (plans == NULL)
    return NULL;
  *plans =
      (struct tp_keep){.n_slots = FIRST_SLOTS, .slots = calloc(FIRST_SLOTS, sizeof *plans->slots)};
  if (plans->slots != NULL)
    return plans;
  free(plans);
  return NULL;
}

void tp_keep_free(struct tp_keep *plans, void (*release)(void *plan))
{
  if (plans == NULL)
    return;
  for (size_t i = 0; i < plans->n_slots; i++)
    if (plans->slots[i].plan != NULL)
      release(plans->slots[i].plan);
  free(plans->slots);
  free(plans);
}

void *tp_keep_find(const struct tp_keep *plans, const struct tp_keep_key *key)
{
  return place(plans->slots, plans->n_slots, key)->plan;
}

bool tp_keep_add(struct tp_keep *plans, const struct tp_keep_key *key, void *plan)
{
  if (2 * (plans->n_plans + 1) > plans->n_slots && !grow(plans))
    return false;
  *place(plans->slots, plans->n_slots, key) = (struct slot){*key, plan};
  plans->n_plans++;
  return true;
}
