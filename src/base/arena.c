#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 64 * 1024 };

struct block {
  struct block *next;
  size_t capacity, used;
  alignas(max_align_t) unsigned char data[];
};

struct tp_arena {
  struct block *first, *current;
};

static void (*end_process)(void) = NULL;

void tp_at_out_of_memory(void (*end)(void))
{
  end_process = end;
}

void tp_out_of_memory(void)
{
  if (end_process != NULL)
    end_process();
  abort();
}

static struct block *block_create(size_t capacity)
{
  struct block *block = malloc(sizeof *block + capacity);
  if (block == NULL)
    tp_out_of_memory();
  *block = (struct block){.capacity = capacity};
  return block;
}

struct tp_arena *tp_arena_create(void)
{
  struct tp_arena *arena = malloc(sizeof *arena);
  if (arena == NULL)
    tp_out_of_memory();
  arena->first = arena->current = block_create(BLOCK_BYTES);
  return arena;
}

void tp_arena_free(struct tp_arena *arena)
{
  if (arena == NULL)
    return;
  for (struct block *block = arena->first; block != NULL;) {
    struct block *next = block->next;
    free(block);
    block = next;
  }
  free(arena);
}

void tp_arena_reset(struct tp_arena *arena)
{
  for (struct block *block = arena->first; block != NULL; block = block->next)
    block->used = 0;
  arena->current = arena->first;
}

void *tp_arena_alloc_raw(struct tp_arena *arena, size_t count, size_t size)
{
  if (size != 0 && count > SIZE_MAX / 2 / size)
    tp_out_of_memory();
  const size_t align = alignof(max_align_t);
  const size_t bytes = (count * size + align - 1) / align * align;
  while (arena->current->capacity - arena->current->used < bytes) {
    if (arena->current->next == NULL)
      arena->current->next = block_create(bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES);
    arena->current = arena->current->next;
  }
  void *memory = arena->current->data + arena->current->used;
  arena->current->used += bytes;
  return memory;
}

void *tp_arena_alloc(struct tp_arena *arena, size_t count, size_t size)
{
  return memset(tp_arena_alloc_raw(arena, count, size), 0, count * size);
}

/* Room is for 16, then doubled: n says where it ends. */
void *tp_arena_extend(struct tp_arena *arena, const void *items, size_t n, size_t size)
{
  enum { FIRST = 16 };
  const bool full = n == 0 || (n >= FIRST && (n & (n - 1)) == 0);
  if (!full)
    return (void *)items;
  void *const larger = tp_arena_alloc(arena, n == 0 ? FIRST : 2 * n, size);
  return n == 0 ? larger : memcpy(larger, items, n * size);
}

char *tp_arena_strdup(struct tp_arena *arena, const char *text)
{
  const size_t length = strlen(text) + 1;
  return memcpy(tp_arena_alloc(arena, length, 1), text, length);
}

char *tp_arena_printf(struct tp_arena *arena, const char *format, ...)
{
  char printed[256]; /* once, as most texts are short */
  va_list args;
  va_start(args, format);
  const int length = vsnprintf(printed, sizeof printed, format, args);
  va_end(args);
  if (length < 0)
    tp_out_of_memory();
  const size_t size = (size_t)length + 1;
  char *text = tp_arena_alloc_raw(arena, size, 1);
  if (size <= sizeof printed)
    return memcpy(text, printed, size);
  va_start(args, format);
  vsnprintf(text, size, format, args);
  va_end(args);
  return text;
}
