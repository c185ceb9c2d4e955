#ifndef TP_TESTS_STUDY_WORLD_H
#define TP_TESTS_STUDY_WORLD_H
/* The shipped data, opened for a test. */
#include "predict/catalog.h"

#include <check.h>
#include <stdlib.h>

static const struct tp_engine *const world_engines[] = {&tp_engine_analytic, NULL};

struct world {
  const char *roots[1];
  struct tp_datadir dirs;
  struct tp_arena *arena;
  struct tp_catalog catalog;
};

static inline void world_open(struct world *world)
{
  const char *const srcdir = getenv("SRCDIR");
  world->roots[0] = srcdir != NULL ? srcdir : TP_SRCDIR;
  world->dirs = (struct tp_datadir){world->roots, 1};
  world->arena = tp_arena_create();
  world->catalog =
      (struct tp_catalog){.arena = world->arena, .dirs = &world->dirs, .engines = world_engines};
}

static inline void world_close(struct world *world)
{
  tp_arena_free(world->arena);
}

/* A case by names: 1024 in, 512 out, batch 1, fp16, tp 8. */
static inline struct tp_point world_case(struct world *world, const char *model,
                                         const char *platform, const char *stack,
                                         const char *variant)
{
  struct tp_error error = {.text = ""};
  struct tp_point point = {.mesh = tp_mesh_of_tp(8),
                           .batch = 1,
                           .prompt = 1024,
                           .generate = 512,
                           .engine = &tp_engine_analytic};
  const struct tp_setup *setup = NULL;
  enum tp_status status = tp_catalog_model(&world->catalog, model, &point.model, &error);
  if (status == TP_OK)
    status = tp_catalog_setup(&world->catalog, platform, stack, &setup, &error);
  if (status == TP_OK)
    status = tp_catalog_variant(&world->catalog, variant, &point.variant, &error);
  ck_assert_msg(status == TP_OK, "%s", error.text);
  point.platform = &setup->platform;
  point.device = &setup->device;
  point.stack = &setup->stack;
  return point;
}
#endif
