/* Which shapes the kernels of models have. */
#include "bench/ops.h"

#include <stdlib.h>

struct collector {
  struct tp_shapes *shapes;
  struct tp_arena *arena;
};

static void add_gemm(struct collector *self, const struct tp_gemm *gemm)
{
  struct tp_shapes *shapes = self->shapes;
  for (size_t i = 0; i < shapes->n_gemms; i++)
    if (shapes->gemms[i].n == gemm->n && shapes->gemms[i].k == gemm->k)
      return;
  TP_APPEND(self->arena, shapes->gemms, shapes->n_gemms, *gemm);
}

static void add_attention(struct collector *self, const struct tp_attention *attention)
{
  struct tp_shapes *shapes = self->shapes;
  for (size_t i = 0; i < shapes->n_attentions; i++)
    if (shapes->attentions[i].heads == attention->heads &&
        shapes->attentions[i].kv_heads == attention->kv_heads &&
        shapes->attentions[i].head_dim == attention->head_dim)
      return;
  TP_APPEND(self->arena, shapes->attentions, shapes->n_attentions, *attention);
}

static void add_program(struct collector *self, const struct tp_program *program)
{
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++) {
      const struct tp_op *op = &program->segments[s].ops[i];
      if (op->kind == TP_OP_GEMM)
        add_gemm(self, &op->gemm);
      else if (op->kind == TP_OP_ATTENTION)
        add_attention(self, &op->attention);
    }
}

/* Widths do not depend on the phase; one token will do. */
static void add_model(struct collector *self, const struct tp_model *model, int tp,
                      const struct tp_variant *variant)
{
  struct tp_arena *scratch = tp_arena_create();
  struct tp_program program;
  const struct tp_request request = {
      .model = model,
      .mesh = tp_mesh_of_tp(tp),
      .batch = tp_batch_decode(1, 2),
      .kv_capacity = 1,
      .dtype = TP_DTYPE_BF16,
      .style = {.head_sharded = true, .fused_residual_norm = true, .fused_rope = true}};
  if (tp_variant_build(variant, &request, scratch, &program, NULL) == TP_OK)
    add_program(self, &program);
  tp_arena_free(scratch);
}

static int compare_gemms(const void *a, const void *b)
{
  const struct tp_gemm *x = a, *y = b;
  const int64_t by_size = x->n * x->k - y->n * y->k, by_width = x->n - y->n;
  const int64_t order = by_size != 0 ? by_size : by_width;
  return (order > 0) - (order < 0);
}

void tp_shapes_collect(const struct tp_shape_request *request, struct tp_arena *arena,
                       struct tp_shapes *shapes)
{
  struct collector self = {.shapes = shapes, .arena = arena};
  *shapes = (struct tp_shapes){.n_gemms = 0};
  for (size_t m = 0; m < request->n_models; m++)
    for (size_t t = 0; t < request->n_tps; t++)
      for (size_t v = 0; v < request->n_variants; v++)
        add_model(&self, &request->models[m], request->tps[t], &request->variants[v]);
  for (int64_t size = 1024; size <= 16384; size *= 2)
    add_gemm(&self, &(struct tp_gemm){.n = size, .k = size});
  qsort(shapes->gemms, shapes->n_gemms, sizeof *shapes->gemms, compare_gemms);
}
