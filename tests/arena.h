#ifndef TP_TESTS_ARENA_H
#define TP_TESTS_ARENA_H
/* The fixture of suites that need an arena and nothing else; to be included last, for its names are
 * those of many parameters. */
#include "base/arena.h"

static struct tp_arena *arena;

static void setup(void)
{
  arena = tp_arena_create();
}

static void teardown(void)
{
  tp_arena_free(arena);
}
#endif
