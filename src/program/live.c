#include "program/live.h"

#include <string.h>

enum tp_status tp_excerpt_append(struct tp_excerpt *excerpt, struct tp_segment segment,
                                 struct tp_error *error)
{
  if (excerpt->n == TP_MAX_SEGMENTS)
    return tp_fail(error, TP_E_INPUT, "a stage has more than %d runs of layers", TP_MAX_SEGMENTS);
  excerpt->segments[excerpt->n++] = segment;
  return TP_OK;
}

struct tp_op *tp_excerpt_last(const struct tp_excerpt *part, int stream)
{
  for (size_t s = part->n; s-- > 0;)
    for (size_t i = part->segments[s].n_ops; i-- > 0;)
      if (part->segments[s].ops[i].stream == stream)
        return &part->segments[s].ops[i];
  return NULL;
}

/* The tensor whose memory it is. */
static int root_of(const struct tp_program *program, int tensor)
{
  while (program->tensors[tensor].view_of != TP_NO_TENSOR)
    tensor = program->tensors[tensor].view_of;
  return tensor;
}

static bool has(const struct tp_live *live, int tensor)
{
  for (int i = 0; i < live->n; i++)
    if (live->tensors[i] == tensor)
      return true;
  return false;
}

static bool writes(const struct tp_program *program, const struct tp_op *op, int tensor)
{
  for (int i = 0; i < op->n_out; i++)
    if (root_of(program, op->out[i]) == tensor)
      return true;
  return false;
}

static enum tp_status note_reads(const struct tp_program *program, const struct tp_op *op,
                                 const bool *written, struct tp_live *live, struct tp_error *error)
{
  for (int i = 0; i < op->n_in; i++) {
    const int tensor = root_of(program, op->in[i]);
    if (program->tensors[tensor].kind != TP_TENSOR_ACTIVATION || written[tensor] ||
        has(live, tensor))
      continue;
    if (live->n == TP_MAX_LIVE)
      return tp_fail(error, TP_E_INPUT, "a stage would hand over more than %d tensors",
                     TP_MAX_LIVE);
    live->tensors[live->n++] = tensor;
  }
  return TP_OK;
}

enum tp_status tp_live_before(const struct tp_program *program, const struct tp_excerpt *after,
                              struct tp_live *live, struct tp_error *error)
{
  bool written[TP_MAX_TENSORS] = {false};
  live->n = 0;
  for (size_t s = 0; s < after->n; s++)
    for (size_t i = 0; i < after->segments[s].n_ops; i++) {
      const struct tp_op *const op = &after->segments[s].ops[i];
      TP_TRY(note_reads(program, op, written, live, error));
      for (int out = 0; out < op->n_out; out++)
        written[root_of(program, op->out[out])] = true;
    }
  return TP_OK;
}

double tp_live_bytes(const struct tp_program *program, const struct tp_live *live)
{
  double bytes = 0;
  for (int i = 0; i < live->n; i++) {
    const struct tp_tensor *const tensor = &program->tensors[live->tensors[i]];
    bytes += (double)(tensor->rows * tensor->columns) * tp_tensor_element_bytes(tensor);
  }
  return bytes;
}

/* The norm that wrote the tensor last, in the part's last repetition; NULL: no norm did, or it is
 * awaited, or what it is the norm of changes after it.  What the norm itself waits for, the send
 * waits for, too. */
static struct tp_op *norm_of(const struct tp_program *program, const struct tp_excerpt *part,
                             int tensor, int *source)
{
  const struct tp_segment *const segment = &part->segments[part->n - 1];
  size_t i = segment->n_ops;
  while (i > 0 && !writes(program, &segment->ops[i - 1], tensor))
    i--;
  if (i == 0)
    return NULL;
  struct tp_op *const op = &segment->ops[i - 1];
  if (op->kind != TP_OP_MEMORY || op->records != TP_NO_EVENT ||
      root_of(program, op->out[op->n_out - 1]) != tensor)
    return NULL;
  if (op->memory.function == TP_FUNCTION_NORM)
    *source = root_of(program, op->in[0]);
  else if (op->memory.function == TP_FUNCTION_ADD_NORM)
    *source = root_of(program, op->out[0]);
  else
    return NULL;
  for (; i < segment->n_ops; i++)
    if (writes(program, &segment->ops[i], *source))
      return NULL;
  return op;
}

/* "mlp.add+next.norm" is "mlp.add" and "next.norm". */
static const char *name_before(const char *name, struct tp_arena *arena)
{
  const char *const plus = strchr(name, '+');
  return plus == NULL ? name : tp_arena_printf(arena, "%.*s", (int)(plus - name), name);
}

static const char *name_after(const char *name)
{
  const char *const plus = strchr(name, '+');
  return plus == NULL ? name : plus + 1;
}

/* The addition of an op that adds and normalises: it reads two rows for one that it writes. */
static void keep_addition(struct tp_op *op, struct tp_arena *arena)
{
  op->name = name_before(op->name, arena);
  op->memory.function = TP_FUNCTION_ADD;
  op->memory.read_bytes = op->memory.write_bytes;
  op->memory.write_bytes /= 2;
  op->n_in = 2;
  op->n_out = 1;
}

/* The norm of an op that does nothing else, or adds before it. */
static struct tp_op norm_alone(const struct tp_op *op)
{
  struct tp_op norm = *op;
  norm.n_waits = 0;
  norm.turn = 0;
  norm.memory.carried = false; /* the all-reduce that carried it is the other stage's */
  if (op->memory.function == TP_FUNCTION_NORM)
    return norm;
  norm.name = name_after(op->name);
  norm.memory.function = TP_FUNCTION_NORM;
  norm.memory.read_bytes -= op->memory.write_bytes / 2;
  norm.memory.write_bytes /= 2;
  norm.n_in = op->n_in - 1;
  norm.in[0] = op->out[0];
  for (int i = 1; i < norm.n_in; i++)
    norm.in[i] = op->in[i + 1];
  norm.n_out = 1;
  norm.out[0] = op->out[1];
  return norm;
}

/* Its last segment repeats once, with ops of its own: the last repetition of what stood there. */
static enum tp_status part_last_repetition(struct tp_excerpt *part, struct tp_arena *arena,
                                           struct tp_error *error)
{
  struct tp_segment *segment = &part->segments[part->n - 1];
  if (segment->repeat == 1)
    return TP_OK;
  struct tp_segment last = *segment;
  last.ops = TP_NEW_RAW(arena, struct tp_op, segment->n_ops);
  memcpy(last.ops, segment->ops, segment->n_ops * sizeof *last.ops);
  last.repeat = 1;
  segment->repeat--;
  for (size_t i = 0; i < last.n_ops; i++)
    last.ops[i].layer += (int)segment->repeat * segment->layers;
  return tp_excerpt_append(part, last, error);
}

static void remove_op(struct tp_segment *segment, const struct tp_op *op)
{
  const size_t at = (size_t)(op - segment->ops);
  segment->n_ops--;
  memmove(&segment->ops[at], &segment->ops[at + 1], (segment->n_ops - at) * sizeof *segment->ops);
}

static void replace(struct tp_live *live, int place, int tensor)
{
  if (!has(live, tensor)) {
    live->tensors[place] = tensor;
    return;
  }
  live->n--;
  memmove(&live->tensors[place], &live->tensors[place + 1],
          (size_t)(live->n - place) * sizeof live->tensors[0]);
}

enum tp_status tp_live_leave_norms(const struct tp_program *program, struct tp_excerpt *part,
                                   struct tp_arena *arena, struct tp_live *live,
                                   struct tp_error *error)
{
  int source;
  for (int i = live->n; i-- > 0;) {
    if (norm_of(program, part, live->tensors[i], &source) == NULL)
      continue;
    TP_TRY(part_last_repetition(part, arena, error));
    struct tp_op *const op = norm_of(program, part, live->tensors[i], &source);
    if (op->memory.function == TP_FUNCTION_NORM)
      remove_op(&part->segments[part->n - 1], op);
    else
      keep_addition(op, arena);
    replace(live, i, source);
  }
  return TP_OK;
}

enum tp_status tp_live_receive(const struct tp_program *program, const struct tp_excerpt *before,
                               struct tp_excerpt *part, struct tp_arena *arena,
                               struct tp_error *error)
{
  struct tp_live live;
  struct tp_segment first = {
      .name = "receive", .repeat = 1, .ops = TP_NEW_RAW(arena, struct tp_op, TP_MAX_LIVE)};
  TP_TRY(tp_live_before(program, part, &live, error));
  const struct tp_segment *const last = &before->segments[before->n - 1];
  for (int i = 0, source; i < live.n; i++) {
    const struct tp_op *const op = norm_of(program, before, live.tensors[i], &source);
    if (op == NULL)
      continue;
    first.ops[first.n_ops] = norm_alone(op);
    first.ops[first.n_ops++].layer += (int)(last->repeat - 1) * last->layers;
  }
  if (first.n_ops == 0)
    return TP_OK;
  TP_TRY(tp_excerpt_append(part, first, error));
  memmove(&part->segments[1], part->segments, (part->n - 1) * sizeof *part->segments);
  part->segments[0] = first;
  return TP_OK;
}
