#ifndef TP_TESTS_PROGRAM_STAGES_H
#define TP_TESTS_PROGRAM_STAGES_H
/* Stages of a toy model's program. */
#include "program/stage.h"

#include "builds.h"

/* Rows of 3 sequences of 256 elements of 2 bytes. */
enum { ROWS_BYTES = 3 * 256 * 2 };

static inline struct tp_program stage_of(const char *variant, struct tp_request request, int pp,
                                         int stage, struct tp_arena *arena)
{
  request.mesh.pp = pp;
  request.stage = stage;
  request.operands = true;
  return build_program(variant, &request, arena);
}

static inline const struct tp_op *send_of(const struct tp_program *program)
{
  const struct tp_segment *const last = &program->segments[program->n_segments - 1];
  ck_assert(last->n_ops == 1);
  return &last->ops[0];
}

/* Every op of the whole is in one stage, and the memory of its weights on one stage's ranks. */
static inline void assert_nothing_is_lost(const char *variant, struct tp_request request, int pp)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_program whole = build_program(variant, &request, arena);
  const struct sums expected = sum_program(&whole);
  struct sums sums = {0};
  double weight_bytes = 0, kv_bytes = 0;
  for (int stage = 0; stage < pp; stage++) {
    const struct tp_program program = stage_of(variant, request, pp, stage, arena);
    const struct sums own = sum_program(&program);
    sums.flops += own.flops;
    sums.reduces += own.reduces;
    sums.reduce_bytes += own.reduce_bytes;
    sums.gathers += own.gathers;
    weight_bytes += program.weight_bytes;
    kv_bytes += tp_program_kv_bytes(&program, 24);
  }
  ck_assert_double_eq(sums.flops, expected.flops);
  ck_assert_double_eq(sums.reduce_bytes, expected.reduce_bytes);
  ck_assert_int_eq(sums.reduces, expected.reduces);
  ck_assert_int_eq(sums.gathers, expected.gathers + pp); /* and a send a stage */
  ck_assert_double_eq(weight_bytes, whole.weight_bytes);
  ck_assert_double_eq(kv_bytes, tp_program_kv_bytes(&whole, 24));
  tp_arena_free(arena);
}
#endif
