#include "bench/generation.h"

#include "cost/style.h"
#include "run/executor.h"
#include "run/fill_value.h"

#include <math.h>
#include <stdlib.h>

enum { STEPS_A_GRAPH = 64 };

/* One pass: its program, where its tensors are, its graph; NULL: launched eagerly. */
struct pass {
  struct tp_program program;
  struct tp_binding *binding;
  struct tp_graph *graph;
};

struct tp_generation {
  const struct tp_calls *calls;
  struct tp_generation_point point;
  struct tp_arena *arena;
  struct tp_store *store;
  struct pass prefill, *decode; /* n_decode graphs */
  int64_t n_decode;
  int32_t *indices; /* batch * prompt: tokens, then lengths, on their way */
};

static struct tp_request request_of(const struct tp_machine *machine,
                                    const struct tp_generation_point *point, struct tp_batch batch)
{
  return (struct tp_request){.model = point->model,
                             .mesh = tp_mesh_of_tp(tp_machine_ranks(machine)),
                             .batch = batch,
                             .kv_capacity = point->prompt + point->generate,
                             .dtype = point->dtype,
                             .style = tp_style_of(machine->stack, tp_machine_ranks(machine))};
}

static struct tp_batch prefill_of(const struct tp_generation_point *point)
{
  return tp_batch_prefill(point->batch, point->prompt);
}

static enum tp_status expect_s(const struct tp_machine *machine, const struct tp_program *program,
                               double *sum_s, struct tp_error *error)
{
  *sum_s = 0;
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++) {
      const struct tp_op *op = &program->segments[s].ops[i];
      TP_TRY(tp_cost_check(machine, op, error));
      const struct tp_cost cost = tp_cost_op(machine, tp_batch_decodes(&program->batch), op);
      *sum_s += (double)program->segments[s].repeat * tp_cost_alone_s(machine, &cost);
    }
  return TP_OK;
}

enum tp_status tp_generation_expect(const struct tp_machine *machine,
                                    const struct tp_generation_point *point,
                                    struct tp_generation_expected *expected, struct tp_error *error)
{
  const struct tp_request prefill = request_of(machine, point, prefill_of(point));
  const struct tp_request decode =
      request_of(machine, point, tp_batch_decode(point->batch, point->prompt + 1));
  struct tp_arena *arena = tp_arena_create();
  struct tp_program first, step;
  enum tp_status status = tp_variant_build(point->variant, &prefill, arena, &first, error);
  if (status == TP_OK)
    status = tp_variant_build(point->variant, &decode, arena, &step, error);
  double prefill_s, step_s;
  if (status == TP_OK)
    status = expect_s(machine, &first, &prefill_s, error);
  if (status == TP_OK)
    status = expect_s(machine, &step, &step_s, error);
  if (status == TP_OK)
    *expected = (struct tp_generation_expected){
        .memory_bytes = first.weight_bytes +
                        fmax(tp_program_kv_bytes(&first, first.kv_capacity),
                             tp_program_kv_bytes(&step, step.kv_capacity)) +
                        fmax(first.activation_bytes, step.activation_bytes),
        .prefill_s = prefill_s,
        .step_s = step_s};
  tp_arena_free(arena);
  return status;
}

static enum tp_status bind_pass(struct tp_generation *self, const struct tp_machine *machine,
                                struct tp_batch batch, struct pass *pass, struct tp_error *error)
{
  struct tp_request request = request_of(machine, &self->point, batch);
  request.operands = true;
  TP_TRY(tp_variant_build(self->point.variant, &request, self->arena, &pass->program, error));
  return tp_store_bind(self->store, &pass->program, self->arena, &pass->binding, error);
}

static enum tp_status issue_pass(const struct tp_generation *self, const struct pass *pass,
                                 struct tp_error *error)
{
  const struct tp_calls *calls = self->calls;
  if (pass->graph != NULL)
    return calls->replay(calls->state, pass->graph, error);
  TP_TRY(tp_execute(calls, pass->binding, error));
  return calls->join(calls->state, error);
}

/* Longest cache that decode graph `graph` meets. */
static int64_t kv_len_of(const struct tp_generation *self, int64_t graph)
{
  const int64_t last = (graph + 1) * STEPS_A_GRAPH, steps = self->point.generate - 1;
  return self->point.prompt + (last < steps ? last : steps);
}

static enum tp_status write_indices(struct tp_generation *self, const struct pass *pass, int tensor,
                                    size_t n, struct tp_error *error)
{
  const struct tp_operand operand = tp_binding_operand(pass->binding, tensor, 0);
  return self->calls->write(self->calls->state, operand.data, self->indices,
                            n * sizeof *self->indices, error);
}

/* A step reads the first of them: which they are changes no time. */
static enum tp_status write_tokens(struct tp_generation *self, const struct pass *pass,
                                   struct tp_error *error)
{
  const size_t n = (size_t)(self->point.batch * self->point.prompt);
  for (size_t i = 0; i < n; i++)
    self->indices[i] = (int32_t)(tp_mix64(i) % (uint64_t)self->point.model->vocab);
  return write_indices(self, pass, pass->program.tokens, n, error);
}

static enum tp_status write_lengths(struct tp_generation *self, const struct pass *pass,
                                    int64_t length, struct tp_error *error)
{
  const size_t n = (size_t)self->point.batch;
  for (size_t i = 0; i < n; i++)
    self->indices[i] = (int32_t)length;
  return write_indices(self, pass, pass->program.lengths, n, error);
}

/* Sequences of `length` tokens after it; captured if that is how it is launched. */
static enum tp_status prepare_pass(struct tp_generation *self, int launch, int64_t length,
                                   struct pass *pass, struct tp_error *error)
{
  TP_TRY(write_lengths(self, pass, length, error));
  return launch == TP_LAUNCH_GRAPH
             ? tp_execute_prepared(self->calls, pass->binding, &pass->graph, error)
             : TP_OK;
}

/* All are bound before the first runs: binding may move what two passes share. */
static enum tp_status bind_all(struct tp_generation *self, const struct tp_machine *machine,
                               struct tp_error *error)
{
  TP_TRY(bind_pass(self, machine, prefill_of(&self->point), &self->prefill, error));
  for (int64_t i = 0; i < self->n_decode; i++)
    TP_TRY(bind_pass(self, machine, tp_batch_decode(self->point.batch, kv_len_of(self, i)),
                     &self->decode[i], error));
  return write_tokens(self, &self->prefill, error);
}

static enum tp_status prepare(struct tp_generation *self, const struct tp_rig_device *device,
                              struct tp_error *error)
{
  const struct tp_stack *stack = device->machine.stack;
  const enum tp_status bound = bind_all(self, &device->machine, error);
  TP_TRY(tp_bench_settle(device->bench.group, bound, error));
  TP_TRY(prepare_pass(self, stack->launch.prefill, self->point.prompt, &self->prefill, error));
  for (int64_t i = 0; i < self->n_decode; i++)
    TP_TRY(prepare_pass(self, stack->launch.decode, kv_len_of(self, i), &self->decode[i], error));
  return TP_OK;
}

enum tp_status tp_generation_open(const struct tp_rig_device *device,
                                  const struct tp_generation_point *point,
                                  struct tp_generation **generation, struct tp_error *error)
{
  const int64_t steps = point->generate - 1;
  struct tp_arena *arena = tp_arena_create();
  struct tp_generation *made = TP_NEW(arena, struct tp_generation, 1);
  *made = (struct tp_generation){
      .calls = &device->calls,
      .point = *point,
      .arena = arena,
      .n_decode = (steps + STEPS_A_GRAPH - 1) / STEPS_A_GRAPH,
      .indices = TP_NEW(arena, int32_t, point->batch * point->prompt),
      .store = tp_store_create(&device->calls, 1, 0),
  };
  made->decode = TP_NEW(arena, struct pass, made->n_decode);
  const enum tp_status status = prepare(made, device, error);
  if (status != TP_OK) {
    tp_generation_close(made);
    return status;
  }
  *generation = made;
  return TP_OK;
}

static void free_graph(const struct tp_calls *calls, struct tp_graph *graph)
{
  if (graph != NULL)
    calls->graph_free(calls->state, graph);
}

void tp_generation_close(struct tp_generation *self)
{
  if (self == NULL)
    return;
  free_graph(self->calls, self->prefill.graph);
  for (int64_t i = 0; i < self->n_decode; i++)
    free_graph(self->calls, self->decode[i].graph);
  tp_store_free(self->store);
  tp_arena_free(self->arena);
}

enum tp_status tp_generation_begin_prefill(struct tp_generation *self, struct tp_error *error)
{
  return write_lengths(self, &self->prefill, self->point.prompt, error);
}

enum tp_status tp_generation_prefill(struct tp_generation *self, struct tp_error *error)
{
  return issue_pass(self, &self->prefill, error);
}

enum tp_status tp_generation_begin_step(struct tp_generation *self, int64_t step,
                                        struct tp_error *error)
{
  const struct pass *pass = &self->decode[(step - 1) / STEPS_A_GRAPH];
  return write_lengths(self, pass, self->point.prompt + step, error);
}

enum tp_status tp_generation_step(struct tp_generation *self, int64_t step, struct tp_error *error)
{
  return issue_pass(self, &self->decode[(step - 1) / STEPS_A_GRAPH], error);
}

enum tp_status tp_generation_late(struct tp_generation *self, int64_t step, double *late_s,
                                  struct tp_error *error)
{
  const struct tp_calls *calls = self->calls;
  const struct pass *pass = step == 0 ? &self->prefill : &self->decode[(step - 1) / STEPS_A_GRAPH];
  struct tp_graph *graph = NULL;
  *late_s = 0;
  if (calls->watch == NULL)
    return TP_OK;
  TP_TRY(step == 0 ? tp_generation_begin_prefill(self, error)
                   : tp_generation_begin_step(self, step, error));
  TP_TRY(calls->watch(calls->state, error));
  enum tp_status status = tp_execute_capture(calls, pass->binding, &graph, error);
  if (status == TP_OK)
    status = calls->replay(calls->state, graph, error);
  if (status == TP_OK)
    status = calls->finish(calls->state, error);
  const enum tp_status ended = calls->late(calls->state, late_s, status == TP_OK ? error : NULL);
  free_graph(calls, graph);
  return status != TP_OK ? status : ended;
}
