#ifndef TP_TESTS_TOY_H
#define TP_TESTS_TOY_H
/* The toy world of tests: a model, a topology, a GPU and a stack of round numbers; and the shipped
 * ones by name.  What cannot be read fails the test with the reader's words. */
#include "base/child.h"
#include "cost/cost.h"
#include "platform/open.h"
#include "program/variant.h"

#include "suite.h"

#include <string.h>
#include <unistd.h>

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

/* A topology by the text of its vertices and links. */
static inline struct tp_platform toy_platform(const char *device, const char *vertices,
                                              const char *links, struct tp_arena *arena)
{
  struct tp_doc doc;
  struct tp_error error = {""};
  struct tp_platform platform;
  const char *const text =
      tp_arena_printf(arena,
                      "{\"format\": 1, \"name\": \"toy\", \"device\": \"%s\", \"kind\": "
                      "\"assumed\", \"source\": \"a test\", \"vertices\": [%s], \"links\": [%s]}",
                      device, vertices, links);
  ck_assert_msg(tp_doc_parse("toy.json", text, arena, &doc, &error) == TP_OK, "%s", error.text);
  ck_assert_msg(tp_platform_read(&doc, arena, &platform, &error) == TP_OK, "%s", error.text);
  tp_doc_close(&doc);
  return platform;
}

static inline int toy_vertex(const struct tp_platform *platform, const char *name)
{
  for (size_t v = 0; v < platform->n_vertices; v++)
    if (strcmp(platform->vertices[v].name, name) == 0)
      return (int)v;
  ck_abort_msg("no vertex %s", name);
  return -1;
}

/* Where the shipped data lie. */
static inline const struct tp_datadir *toy_dirs(void)
{
  static const char *roots[1];
  static const struct tp_datadir dirs = {roots, 1};
  const char *const srcdir = getenv("SRCDIR");
  roots[0] = srcdir != NULL ? srcdir : TP_SRCDIR;
  return &dirs;
}

/* A shipped platform with the software and the GPU of these names; `device` NULL: its own. */
static inline const struct tp_setup *toy_setup(const char *platform, const char *device,
                                               const char *stack, struct tp_arena *arena)
{
  struct tp_setup *setup;
  struct tp_error error = {""};
  const struct tp_setup_request request = {.platform = platform, .device = device, .stack = stack};
  ck_assert_msg(tp_setup_open(toy_dirs(), &request, arena, &setup, &error) == TP_OK, "%s",
                error.text);
  return setup;
}

/* Not in a build without SimGrid. */
static inline bool toy_reads_xml(void)
{
  return access(tp_child_program("tpsim-des"), X_OK) == 0;
}

/* A GPU of 100 SMs of 1e13 flop/s, everything else out of the way until a test brings it in. */
struct toy_gpu {
  struct tp_device device;
  struct tp_stack stack;
  struct tp_machine machine;
};

#define TOY_GEMM                                                                            \
  {                                                                                         \
    .launch_s = 2e-6, .compute_ratio = 1, .dram_ratio = 1, .sm_bytes_per_s = 1e14,          \
    .l2_bytes_per_s = 1e16, .epilogue_bytes_per_s = 1e14, .wave_ratio = 1, .split_s = 1e-3, \
    .activation_ratio = 1, .sustained_ratio = 0.5, .spread_ratio = 0.1                      \
  }

static inline void toy_gpu_init(struct toy_gpu *toy)
{
  *toy = (struct toy_gpu){
      .device = {.datasheet = {.sm_count = 100,
                               .fp16_flops_per_s = 1e15,
                               .fp8_flops_per_s = 2e15,
                               .fp32_flops_per_s = 1e14},
                 .gemm = TOY_GEMM,
                 .gemm_fp8 = TOY_GEMM,
                 .attention_prefill = {.launch_s = 3e-6,
                                       .compute_ratio = 1,
                                       .dram_ratio = 1,
                                       .tile_rows = 64,
                                       .spread_ratio = 0.2},
                 .attention_decode = {.launch_s = 4e-6,
                                      .compute_ratio = 1,
                                      .dram_ratio = 1,
                                      .sm_bytes_per_s = 1e14,
                                      .l2_bytes_per_s = 1e16,
                                      .most_splits = 1,
                                      .spread_ratio = 0.3},
                 .memory = {.kernel_floor_s = 1e-6,
                            .row_latency_s = 2e-6,
                            .row_latency_bytes = 1000,
                            .dram_ratio = 0.5,
                            .expanded_ratio = 2,
                            .spread_ratio = 0.4}},
      .stack = {.launch = {.decode = TP_LAUNCH_GRAPH, .prefill = TP_LAUNCH_GRAPH}},
  };
  toy->machine =
      (struct tp_machine){.device = &toy->device, .stack = &toy->stack, .dram_bytes_per_s = 1e18};
}

static inline double toy_us(const struct toy_gpu *toy, const struct tp_op *op)
{
  const struct tp_cost cost = tp_cost_op(&toy->machine, true, op);
  return 1e6 * tp_cost_alone_s(&toy->machine, &cost);
}

static inline struct tp_op toy_gemm(int64_t m, int64_t n, int64_t k)
{
  return (struct tp_op){.kind = TP_OP_GEMM,
                        .gemm = {.m = m, .n = n, .k = k, .dtype = TP_DTYPE_BF16}};
}
#endif
