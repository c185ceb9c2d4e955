#include "program/pass.h"

#include "model/shard.h"

#include <assert.h>
#include <string.h>

static const char *const collective_names[TP_N_SLOTS][TP_N_COLLECTIVES] = {
#define X(name, text)                            \
  {[TP_ALL_REDUCE] = text ".all_reduce",         \
   [TP_ALL_GATHER] = text ".all_gather",         \
   [TP_REDUCE_SCATTER] = text ".reduce_scatter", \
   [TP_ALL_TO_ALL] = text ".all_to_all",         \
   [TP_SEND] = text ".send",                     \
   [TP_PREPARE] = text ".prepare",               \
   [TP_DISPATCH] = text ".kernel",               \
   [TP_COMBINE] = text ".combine"},
    TP_SLOTS(X)
#undef X
};

/* Sums of the second half may be under way with the first's. */
static enum tp_slot slot_of(const struct tp_pass *pass, enum tp_slot slot)
{
  if (pass->half != 2)
    return slot;
  switch (slot) {
  case TP_SLOT_ATTENTION:
    return TP_SLOT_ATTENTION_2;
  case TP_SLOT_MLP:
    return TP_SLOT_MLP_2;
  case TP_SLOT_WIRED_1:
  case TP_SLOT_WIRED_2:
  case TP_SLOT_WIRED_3:
  case TP_SLOT_WIRED_4:
    return (enum tp_slot)(slot - TP_SLOT_WIRED_1 + TP_SLOT_WIRED_1_2);
  default:
    return slot;
  }
}

static int ready_event(enum tp_slot slot)
{
  return 2 * (int)slot;
}

static int done_event(enum tp_slot slot)
{
  return 2 * (int)slot + 1;
}

enum tp_quantise_place tp_pass_quantise_place(const struct tp_request *request)
{
  const bool low_bit = tp_dtype_quantises(request->dtype) && !request->train;
  return low_bit ? request->style.quantise : TP_QUANTISE_IN_GEMM;
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
  if (request->batch.n != 1)
    return "a step of several chunks says what its kernels cost, not what they compute: take one "
           "chunk";
  if (copies > 1)
    return "one rank has several sub-layers and says what they cost, not what they compute: take "
           "as "
           "many ranks as there are sub-layers";
  if (request->model->experts.count > 0)
    return "what its experts compute no op here says: take a dense model";
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
      .part = tp_batch_whole(&request->batch),
      .tokens = tp_batch_tokens(&request->batch),
      .sequences = tp_batch_sequences(&request->batch),
      .wide = tp_dtype_wide(request->dtype),
      .residual_tokens = tp_batch_tokens(&request->batch),
      .exchange = tp_mesh_stage_ranks(&request->mesh) > 1,
  };
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

/* Past either end the nearest layer's shape will do: norms are alike. */
void tp_pass_at_layer(struct tp_pass *pass, int64_t layer)
{
  const int kind = tp_model_kind_of(pass->request->model, layer > 0 ? layer : 0);
  pass->layer = (int)layer;
  pass->shape = &pass->kinds[kind];
  pass->block = pass->shape->block;
}

static void close_segment(struct tp_pass *pass)
{
  struct tp_program *program = pass->program;
  if (program->n_segments == 0)
    return;
  const struct tp_segment *segment = &program->segments[program->n_segments - 1];
  tp_pass_at_layer(pass, pass->layer + (segment->repeat - 1) * segment->layers);
  if (segment->repeat == 0)
    program->n_segments--;
}

void tp_pass_segment(struct tp_pass *pass, const char *name, int64_t repeat)
{
  struct tp_program *program = pass->program;
  assert(pass->n_waits == 0 || repeat == 1); /* else every repetition would have to wait */
  close_segment(pass);
  assert(program->n_segments < TP_MAX_SEGMENTS);
  pass->capacity = 24;
  program->segments[program->n_segments++] = (struct tp_segment){
      .name = name,
      .repeat = repeat,
      .ops = TP_NEW_RAW(pass->arena, struct tp_op, pass->capacity),
  };
}

void tp_pass_next_layer(struct tp_pass *pass)
{
  tp_pass_at_layer(pass, pass->layer + pass->step);
  pass->program->segments[pass->program->n_segments - 1].layers += pass->step;
}

struct tp_op *tp_pass_last(struct tp_pass *pass)
{
  const struct tp_segment *segment = &pass->program->segments[pass->program->n_segments - 1];
  assert(segment->n_ops > 0);
  return &segment->ops[segment->n_ops - 1];
}

struct tp_op *tp_pass_before_last(struct tp_pass *pass)
{
  const struct tp_segment *segment = &pass->program->segments[pass->program->n_segments - 1];
  return segment->n_ops < 2 ? NULL : &segment->ops[segment->n_ops - 2];
}

static struct tp_op *push(struct tp_pass *pass, const char *name, enum tp_op_kind kind, int stream)
{
  struct tp_segment *segment = &pass->program->segments[pass->program->n_segments - 1];
  if (segment->n_ops == pass->capacity) {
    pass->capacity *= 2;
    struct tp_op *grown = TP_NEW_RAW(pass->arena, struct tp_op, pass->capacity);
    memcpy(grown, segment->ops, segment->n_ops * sizeof *grown);
    segment->ops = grown;
  }
  struct tp_op *op = &segment->ops[segment->n_ops++];
  if (pass->half > 0)
    name = tp_arena_printf(pass->arena, "%s@%d", name, pass->half);
  *op = (struct tp_op){.name = name,
                       .kind = kind,
                       .stream = stream,
                       .records = TP_NO_EVENT,
                       .layer = pass->layer,
                       .turn = pass->turn};
  return op;
}

static struct tp_op *push_kernel(struct tp_pass *pass, const char *name, enum tp_op_kind kind)
{
  struct tp_op *op = push(pass, name, kind, TP_STREAM_COMPUTE);
  for (int i = 0; i < pass->n_waits; i++)
    op->waits[i] = pass->waits[i];
  op->n_waits = pass->n_waits;
  pass->n_waits = 0;
  return op;
}

void tp_pass_gemm(struct tp_pass *pass, const char *name, struct tp_gemm gemm)
{
  push_kernel(pass, name, TP_OP_GEMM)->gemm = gemm;
}

void tp_pass_quantise(struct tp_pass *pass, const char *name, struct tp_quantise quantise)
{
  push_kernel(pass, name, TP_OP_QUANTISE)->quantise = quantise;
}

void tp_pass_attention(struct tp_pass *pass, const char *name, struct tp_attention attention)
{
  push_kernel(pass, name, TP_OP_ATTENTION)->attention = attention;
}

void tp_pass_latent(struct tp_pass *pass, const char *name, struct tp_latent latent)
{
  push_kernel(pass, name, TP_OP_LATENT)->latent = latent;
}

void tp_pass_experts(struct tp_pass *pass, const char *name, struct tp_experts experts)
{
  push_kernel(pass, name, TP_OP_EXPERTS)->experts = experts;
}

void tp_pass_memory(struct tp_pass *pass, enum tp_function function, const char *name, double read,
                    double write)
{
  const double element_bytes = tp_dtype_bytes(pass->wide);
  push_kernel(pass, name, TP_OP_MEMORY)->memory =
      (struct tp_memory){.read_bytes = read * element_bytes,
                         .write_bytes = write * element_bytes,
                         .function = function};
}

/* The kernel emitted last: collectives in a row start behind the same one. */
static struct tp_op *last_kernel(struct tp_pass *pass)
{
  struct tp_op *op = tp_pass_last(pass);
  while (op->stream != TP_STREAM_COMPUTE)
    op--;
  return op;
}

void tp_pass_start_collective(struct tp_pass *pass, enum tp_slot asked,
                              struct tp_collective collective)
{
  const enum tp_slot slot = slot_of(pass, asked);
  if (collective.group.size == 0)
    collective.group = tp_mesh_tensor(&pass->program->mesh);
  if (!pass->exchange || collective.group.size == 1)
    return;
  struct tp_op *producer = last_kernel(pass);
  if (producer->records == TP_NO_EVENT)
    producer->records = ready_event(slot);
  const int ready = producer->records;
  pass->started |= 1u << slot;

  const char *name = collective_names[asked][collective.kind];
  struct tp_op *op = push(pass, name, TP_OP_COLLECTIVE, TP_STREAM_COMM);
  op->n_waits = 1;
  op->waits[0] = ready;
  op->records = done_event(slot);
  op->collective = collective;
}

void tp_pass_start(struct tp_pass *pass, enum tp_slot slot, double bytes)
{
  tp_pass_start_collective(
      pass, slot,
      (struct tp_collective){.kind = TP_ALL_REDUCE, .bytes = bytes, .dtype = pass->wide});
}

void tp_pass_name_events(struct tp_pass *pass, enum tp_slot slot, const char *ready,
                         const char *done)
{
  pass->program->event_names[ready_event(slot)] = ready;
  pass->program->event_names[done_event(slot)] = done;
}

void tp_pass_wait(struct tp_pass *pass, enum tp_slot asked)
{
  const enum tp_slot slot = slot_of(pass, asked);
  const bool of_replicas = slot == TP_SLOT_DISPATCH || slot == TP_SLOT_GATHER;
  const bool later =
      !of_replicas && pass->request->mesh.tp > 1; /* a loop's next turn may start it */
  if (!pass->exchange || !(later || pass->started & 1u << slot))
    return;
  assert(pass->n_waits < TP_MAX_WAITS);
  pass->waits[pass->n_waits++] = done_event(slot);
}

void tp_pass_end(struct tp_pass *pass)
{
  assert(pass->n_waits == 0);
  close_segment(pass);
  tp_operands_end(pass);
  tp_pass_footprint(pass, pass->program);
}
