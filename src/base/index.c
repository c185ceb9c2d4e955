#include "base/index.h"

#include <stdint.h>
#include <string.h>

/* A name stands at the place that its hash says, or at the first free one behind. */
struct tp_index_entry {
  const char *name; /* NULL: free */
  int number;
};

/* FNV-1a. */
static uint64_t hash_of(const char *name)
{
  uint64_t hash = 14695981039346656037u;
  for (; *name != '\0'; name++)
    hash = (hash ^ (unsigned char)*name) * 1099511628211u;
  return hash;
}

static struct tp_index_entry *place_of(const struct tp_index *index, const char *name)
{
  size_t at = (size_t)(hash_of(name) % index->room);
  while (index->entries[at].name != NULL && strcmp(index->entries[at].name, name) != 0)
    at = (at + 1) % index->room;
  return &index->entries[at];
}

int tp_index_find(const struct tp_index *index, const char *name)
{
  if (index->n == 0)
    return -1;
  const struct tp_index_entry *entry = place_of(index, name);
  return entry->name == NULL ? -1 : entry->number;
}

/* Never more than half full, so that there are free places close by. */
static void make_room(struct tp_index *index)
{
  const struct tp_index old = *index;
  index->room = old.room == 0 ? 64 : 2 * old.room;
  index->entries = TP_NEW(index->arena, struct tp_index_entry, index->room);
  for (size_t i = 0; i < old.room; i++)
    if (old.entries[i].name != NULL)
      *place_of(index, old.entries[i].name) = old.entries[i];
}

void tp_index_add(struct tp_index *index, const char *name, int number)
{
  if (2 * index->n >= index->room)
    make_room(index);
  *place_of(index, name) = (struct tp_index_entry){name, number};
  index->n++;
}
