#include "program/pass.h"

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

int64_t tp_pass_head_rows(const struct tp_pass *pass)
{
  const struct tp_request *request = pass->request;
  const bool all = request->style.all_positions || request->train;
  return all ? pass->tokens : pass->sequences;
}

int64_t tp_pass_vocab(const struct tp_pass *pass)
{
  const int64_t vocab = pass->request->model->vocab, tp = pass->request->mesh.tp;
  return pass->request->style.head_sharded ? (vocab + tp - 1) / tp : vocab;
}

bool tp_pass_gathers_logits(const struct tp_pass *pass)
{
  return pass->request->style.head_sharded && pass->exchange && pass->request->mesh.tp > 1;
}

/* Past either end the nearest layer's shape will do: norms are alike. */
void tp_pass_at_layer(struct tp_pass *pass, int64_t layer)
{
  const int kind = tp_model_kind_of(pass->request->model, layer > 0 ? layer : 0);
  pass->layer = (int)layer;
  pass->shape = &pass->kinds[kind];
  pass->block = pass->shape->block;
}

void tp_pass_close_segment(struct tp_pass *pass)
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
  tp_pass_close_segment(pass);
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
                       .half = pass->half,
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
                         .function = function,
                         .rows = pass->tokens};
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

void tp_pass_sum_gradients(struct tp_pass *pass, double bytes)
{
  struct tp_program *const program = pass->program;
  if (pass->request->mesh.dp == 1)
    return;
  if (program->aside == 0) {
    assert(program->n_streams < TP_MAX_STREAMS);
    program->aside = program->n_streams++;
    program->stream_names[program->aside] = "replicas";
  }
  struct tp_op *const producer = last_kernel(pass);
  if (producer->records == TP_NO_EVENT)
    producer->records = ready_event(TP_SLOT_REPLICAS);
  const int ready = producer->records;
  struct tp_op *const op = push(pass, "gradients.all_reduce", TP_OP_COLLECTIVE, program->aside);
  op->n_waits = 1;
  op->waits[0] = ready;
  op->collective = (struct tp_collective){.kind = TP_ALL_REDUCE,
                                          .group = tp_mesh_data(&program->mesh),
                                          .bytes = bytes,
                                          .dtype = pass->wide};
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
  const bool combines =
      asked == TP_SLOT_MLP && pass->request->mesh.dp > 1 && pass->block.experts.count > 0;
  /* A loop's next turn may start it. */
  const bool later = !of_replicas && (pass->request->mesh.tp > 1 || combines);
  if (!pass->exchange || !(later || pass->started & 1u << slot))
    return;
  assert(pass->n_waits < TP_MAX_WAITS);
  pass->waits[pass->n_waits++] = done_event(slot);
}
