#ifndef TP_TESTS_PROGRAM_BUILDS_H
#define TP_TESTS_PROGRAM_BUILDS_H
/* Requests, and the programs that they build. */
#include "../toy.h"

#include <stdio.h>

static inline struct tp_style fused_style(void)
{
  return (struct tp_style){.fused_residual_norm = true,
                           .fused_rope = true,
                           .fused_activation = true,
                           .fused_overlapped_residual = true};
}

static inline struct tp_request decode_request(const struct tp_model *model, int tp)
{
  return (struct tp_request){.model = model,
                             .mesh = tp_mesh_of_tp(tp),
                             .batch = tp_batch_decode(3, 20),
                             .kv_capacity = 24,
                             .style = fused_style()};
}

static inline struct tp_request prefill_request(const struct tp_model *model, int tp)
{
  struct tp_request request = decode_request(model, tp);
  request.batch = tp_batch_prefill(3, 16);
  return request;
}

/* Builds `name` or fails the test with the builder's words. */
static inline struct tp_program build_program(const char *name, const struct tp_request *request,
                                              struct tp_arena *arena)
{
  struct tp_error error = {""};
  struct tp_variant variant = {0};
  struct tp_program program = {0};
  ck_assert_msg(tp_variant_parse(name, arena, &variant, &error) == TP_OK, "%s", error.text);
  ck_assert_msg(tp_variant_build(&variant, request, arena, &program, &error) == TP_OK, "%s",
                error.text);
  return program;
}

/* The builder refuses in words that hold `words`. */
static inline void assert_build_refused(const char *name, const struct tp_request *request,
                                        const char *words)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_variant variant;
  struct tp_program program;
  struct tp_error error = {""};
  ck_assert_int_eq(tp_variant_parse(name, arena, &variant, &error), TP_OK);
  ck_assert_int_eq(tp_variant_build(&variant, request, arena, &program, &error), TP_E_INPUT);
  ck_assert_msg(strstr(error.text, words) != NULL, "%s: %s", name, error.text);
  tp_arena_free(arena);
}

/* Over the whole pass: work of the GEMMs and of all ops, kernels, what the collectives carry. */
struct sums {
  double gemm_flops, flops, reduce_bytes, gather_bytes;
  int64_t kernels, reduces, gathers;
};

static inline struct sums sum_program(const struct tp_program *program)
{
  struct sums sums = {0};
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++) {
      const struct tp_op *op = &program->segments[s].ops[i];
      const int64_t repeat = program->segments[s].repeat;
      const double flops = (double)repeat * tp_op_flops(op);
      sums.flops += flops;
      if (op->kind != TP_OP_COLLECTIVE) {
        sums.kernels += repeat;
        sums.gemm_flops += op->kind == TP_OP_GEMM ? flops : 0;
      } else if (op->collective.kind == TP_ALL_REDUCE) {
        sums.reduces += repeat;
        sums.reduce_bytes += (double)repeat * op->collective.bytes;
      } else {
        sums.gathers += repeat;
        sums.gather_bytes += (double)repeat * op->collective.bytes;
      }
    }
  return sums;
}
#endif
