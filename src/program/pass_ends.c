/* How a pass begins and ends: its program, its operands, its memory. */
#include "model/shard.h"
#include "program/pass.h"

#include <assert.h>

/* Of a mixture. */
static const char *unsaid_of_experts(const struct tp_request *request)
{
  const struct tp_expert_shape *const all = &request->model->experts;
  if (request->mesh.ep > 1)
    return "experts that are shared out over ranks say what they cost, not what they compute: take "
           "ep 1";
  if (all->biased)
    return "the biases of its experts no op here adds: take another model";
  if (all->shared_gate)
    return "what weighs its shared experts no op here computes: take another model";
  if (request->style.fused_shared_experts && all->shared_ffn > 0)
    return "its stack has the shared experts in the kernel of the others, which no device here "
           "computes: take one without fusion.shared_experts";
  return NULL;
}

static const char *unsaid_of(const struct tp_request *request, int64_t copies)
{
  if (!request->operands)
    return "its operands were not asked for: build it with them";
  if (request->train)
    return "a training step says what its kernels cost, not what they compute: take prefill or "
           "decode";
  if (tp_pass_quantise_place(request) != TP_QUANTISE_IN_GEMM)
    return "its stack quantises before GEMMs, which no device here computes: take one that leaves "
           "it "
           "to them";
  if (copies > 1)
    return "one rank has several sub-layers and says what they cost, not what they compute: take "
           "as "
           "many ranks as there are sub-layers";
  if (request->model->experts.count > 0 && unsaid_of_experts(request) != NULL)
    return unsaid_of_experts(request);
  if (request->model->chunk > 0)
    return "layers of it attend within chunks of tokens, which no op here computes: take another "
           "model";
  if (request->model->latent.kv_rank > 0)
    return "what attention over a latent computes no op here says: take another model";
  if (tp_model_is_odd(request->model))
    return "its norms, heads or layers are not those that an executor here computes: take another "
           "model";
  if (tp_mesh_stage_ranks(&request->mesh) != request->mesh.tp)
    return "several replicas say what they cost, not what they compute: take dp 1";
  if (request->dtypes != NULL)
    return "its matrices are of several types, which no executor here multiplies: give --dtype";
  if (request->model->position == TP_POSITION_ALIBI)
    return "its attention has ALiBi biases, which no op here computes: take a model with other "
           "positions";
  return NULL;
}

void tp_pass_begin(struct tp_pass *pass, const struct tp_request *request,
                   const struct tp_layer *kinds, struct tp_arena *arena, struct tp_program *program)
{
  static_assert(2 * TP_N_SLOTS <= TP_MAX_EVENTS, "two events a slot");
  *pass = (struct tp_pass){
      .request = request,
      .arena = arena,
      .program = program,
      .kinds = kinds,
      .step = 1,
      .wide = tp_dtype_wide(request->dtype),
      .exchange = tp_request_ranks(request) > 1,
  };
  tp_pass_half(pass, 0);
  tp_pass_at_layer(pass, 0);
  *program = (struct tp_program){
      .mesh = request->mesh,
      .batch = request->batch,
      .n_streams = 2,
      .n_events = 2 * TP_N_SLOTS,
      .stream_names = {[TP_STREAM_COMPUTE] = "compute", [TP_STREAM_COMM] = "comm"},
      .event_names =
          {
#define X(name, text) text ".ready", text ".done",
              TP_SLOTS(X)
#undef X
          },
  };
  program->unsaid = unsaid_of(request, pass->block.copies);
  tp_operands_begin(pass, program->unsaid == NULL || (request->mesh.pp > 1 && !request->train));
}

enum tp_status tp_pass_begin_sharded(struct tp_pass *pass, const struct tp_request *request,
                                     struct tp_arena *arena, struct tp_program *program,
                                     struct tp_error *error)
{
  const int n = tp_model_n_kinds(request->model);
  const struct tp_mesh *const mesh = &request->mesh;
  const struct tp_cut cut = {.tp = mesh->tp, .ep = mesh->ep, .etp = tp_mesh_expert_parts(mesh)};
  struct tp_layer *kinds = TP_NEW(arena, struct tp_layer, n);
  for (int kind = 0; kind < n; kind++)
    TP_TRY(tp_shard_cut(request->model, kind, cut, &kinds[kind], error));
  tp_pass_begin(pass, request, kinds, arena, program);
  return TP_OK;
}

enum tp_status tp_pass_build_sharded(const struct tp_request *request,
                                     void (*emit)(struct tp_pass *pass), struct tp_arena *arena,
                                     struct tp_program *program, struct tp_error *error)
{
  struct tp_pass pass;
  TP_TRY(tp_pass_begin_sharded(&pass, request, arena, program, error));
  emit(&pass);
  tp_pass_end(&pass);
  return TP_OK;
}

void tp_pass_end(struct tp_pass *pass)
{
  assert(pass->n_waits == 0);
  tp_pass_close_segment(pass);
  tp_operands_end(pass);
  tp_pass_footprint(pass, pass->program);
}

/* What an executor would have to know and no op says. */
static void leave_unsaid(struct tp_pass *pass, const char *why)
{
  struct tp_program *const program = pass->program;
  if (program->unsaid != NULL)
    return;
  program->unsaid = why;
  tp_operands_begin(pass, pass->request->mesh.pp > 1);
}

void tp_pass_split(struct tp_pass *pass, int64_t least)
{
  if (pass->tokens < least || !tp_batch_halves(&pass->request->batch, pass->halves)) {
    pass->halves[0].n = pass->halves[1].n = 0;
    return;
  }
  tp_operands_begin(pass, pass->operands.said);
}

void tp_pass_shares(struct tp_pass *pass)
{
  if (pass->tokens % pass->request->mesh.tp != 0)
    leave_unsaid(pass, "shares of tokens that tp does not divide say what they cost, not what they "
                       "compute: take a batch that it divides");
}
