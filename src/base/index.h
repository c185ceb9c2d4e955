#ifndef TP_BASE_INDEX_H
#define TP_BASE_INDEX_H
/* Numbers by name, for lists too long to be searched from the front. */
#include "base/arena.h"

struct tp_index_entry;

/* Zeros but for the arena, in which it grows, are an empty one. */
struct tp_index {
  struct tp_arena *arena;
  size_t n, room;
  struct tp_index_entry *entries;
};

/* The number under this name, or -1. */
int tp_index_find(const struct tp_index *index, const char *name);

/* Puts a number of 0 or more under a name that has none yet; the text is borrowed. */
void tp_index_add(struct tp_index *index, const char *name, int number);
#endif
