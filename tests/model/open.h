#ifndef TP_TESTS_MODEL_OPEN_H
#define TP_TESTS_MODEL_OPEN_H
/* Models for tests: shipped ones by name, others from text by way of a file. */
#include "../suite.h"
#include "model/model.h"

#include <stdio.h>
#include <unistd.h>

static inline struct tp_model open_shipped(const char *name, struct tp_arena *arena)
{
  struct tp_model model;
  struct tp_error error;
  const char *const path = tp_arena_printf(arena, TP_SRCDIR "/models/%s.json", name);
  ck_assert_msg(tp_model_open(path, arena, &model, &error) == TP_OK, "%s", error.text);
  return model;
}

static inline struct tp_model open_text(const char *json, struct tp_arena *arena)
{
  struct tp_model model;
  struct tp_error error;
  const char *const path = tp_arena_printf(arena, "test_model.%ld.json", (long)getpid());
  FILE *const out = fopen(path, "w");
  ck_assert_ptr_nonnull(out);
  fputs(json, out);
  fclose(out);
  const enum tp_status status = tp_model_open(path, arena, &model, &error);
  unlink(path);
  ck_assert_msg(status == TP_OK, "%s", error.text);
  return model;
}
#endif
