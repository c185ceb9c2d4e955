#ifndef TP_TESTS_PROGRAM_TOY_H
#define TP_TESTS_PROGRAM_TOY_H
/* Models and requests built by hand, shared by the program tests. */
#include "../suite.h"
#include "program/variant.h"

#include <stdio.h>
#include <string.h>

/* A layer has 589,824 matrix parameters, so kraken:2 is 192 wide and kraken:8 is 96, exactly. */
static inline struct tp_model toy_model(int64_t layers)
{
  return (struct tp_model){.name = "toy",
                           .family = "llama",
                           .layers = layers,
                           .hidden = 256,
                           .heads = 8,
                           .kv_heads = 4,
                           .head_dim = 32,
                           .ffn = 512,
                           .vocab = 1000,
                           .norm = TP_NORM_RMS,
                           .position = TP_POSITION_ROTARY,
                           .gated_mlp = true};
}

static inline struct tp_model llama_70b(void)
{
  return (struct tp_model){.name = "llama-70b",
                           .family = "llama",
                           .layers = 80,
                           .hidden = 8192,
                           .heads = 64,
                           .kv_heads = 8,
                           .head_dim = 128,
                           .ffn = 28672,
                           .vocab = 128256,
                           .norm = TP_NORM_RMS,
                           .position = TP_POSITION_ROTARY,
                           .gated_mlp = true};
}

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
                             .tp = tp,
                             .phase = TP_DECODE,
                             .batch = 3,
                             .prompt = 16,
                             .kv_len = 20,
                             .kv_capacity = 24,
                             .style = fused_style()};
}

static inline struct tp_request prefill_request(const struct tp_model *model, int tp)
{
  struct tp_request request = decode_request(model, tp);
  request.phase = TP_PREFILL;
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
#endif
