#ifndef TP_BASE_ARENA_H
#define TP_BASE_ARENA_H
#include <stddef.h>
/* A bump allocator: everything of one prediction lives and dies together.
 *
 * Memory comes aligned for any type, and zeroed unless it is asked for raw.  Nothing is freed
 * singly; everything reachable from an object made in an arena lives in that arena.  Where memory
 * runs out tp_out_of_memory() ends the process, because no caller could go on.
 */
struct tp_arena;

/* Aborts, or does what a program has set to be done, which must not return. */
void tp_out_of_memory(void) __attribute__((noreturn));
void tp_at_out_of_memory(void (*end)(void));

struct tp_arena *tp_arena_create(void);
void tp_arena_free(struct tp_arena *arena);  /* NULL is fine */
void tp_arena_reset(struct tp_arena *arena); /* drops all objects, keeps the blocks for reuse */

void *tp_arena_alloc(struct tp_arena *arena, size_t count, size_t size);
void *tp_arena_alloc_raw(struct tp_arena *arena, size_t count, size_t size);
char *tp_arena_strdup(struct tp_arena *arena, const char *text);
char *tp_arena_printf(struct tp_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* TP_NEW(arena, struct foo, 3): three zeroed structs. */
#define TP_NEW(arena, type, count) ((type *)tp_arena_alloc((arena), (size_t)(count), sizeof(type)))

/* The same with whatever was in their memory: the caller writes all of it. */
#define TP_NEW_RAW(arena, type, count) \
  ((type *)tp_arena_alloc_raw((arena), (size_t)(count), sizeof(type)))

/* TP_APPEND(arena, list->words, list->n, word): puts an item behind the n of a growing array, which
 * moves now and then.  The array must have grown by this alone, from NULL and 0; its room follows
 * from n.  The item comes last, so that it may be a compound literal. */
#define TP_APPEND(arena, array, n, ...)                                       \
  ((array) = tp_arena_extend((arena), (array), (size_t)(n), sizeof *(array)), \
   (array)[(n)++] = (__VA_ARGS__))
void *tp_arena_extend(struct tp_arena *arena, const void *items, size_t n, size_t size);
#endif
