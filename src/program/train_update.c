/* What a training step ends with: sums over replicas, and the optimiser. */
#include "program/live.h"
#include "program/stage.h"

#include <string.h>

/* Of what the layers do not hold: embedding, head, norms behind the last. */
static double rest_bytes(const struct tp_program *program)
{
  double rest = program->weight_bytes;
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++)
      if (program->segments[s].ops[i].stream == program->aside)
        rest -= (double)program->segments[s].repeat * program->segments[s].ops[i].collective.bytes;
  return rest;
}

/* The event of the last op of a stream, which it now records if it did not. */
static int event_of_last(struct tp_program *program, const struct tp_excerpt *part, int stream)
{
  struct tp_op *const last = tp_excerpt_last(part, stream);
  if (last->records == TP_NO_EVENT) {
    program->event_names[program->n_events] =
        stream == program->aside ? "gradients.summed" : "stage.done";
    last->records = program->n_events++;
  }
  return last->records;
}

static enum tp_status sum_rest(const struct tp_request *request, struct tp_arena *arena,
                               struct tp_program *program, struct tp_excerpt *part,
                               struct tp_error *error)
{
  const double bytes = rest_bytes(program);
  struct tp_op *const sum = TP_NEW(arena, struct tp_op, 1);
  if (bytes < 1)
    return TP_OK;
  *sum = (struct tp_op){.name = "gradients.all_reduce",
                        .kind = TP_OP_COLLECTIVE,
                        .stream = program->aside,
                        .records = TP_NO_EVENT,
                        .n_waits = 1,
                        .waits = {event_of_last(program, part, TP_STREAM_COMPUTE)},
                        .collective = {.kind = TP_ALL_REDUCE,
                                       .group = tp_mesh_data(&request->mesh),
                                       .bytes = bytes,
                                       .dtype = tp_dtype_wide(request->dtype)}};
  return tp_excerpt_append(
      part, (struct tp_segment){.name = "gradients", .repeat = 1, .n_ops = 1, .ops = sum}, error);
}

/* Reads gradients and what the optimiser keeps, and writes that and the weights. */
static enum tp_status update(const struct tp_program *program, struct tp_arena *arena,
                             struct tp_excerpt *part, int after, struct tp_error *error)
{
  const double kept_bytes = program->state_bytes - program->weight_bytes;
  struct tp_op *const op = TP_NEW(arena, struct tp_op, 1);
  if (kept_bytes <= 0)
    return TP_OK;
  *op = (struct tp_op){.name = "optimiser",
                       .kind = TP_OP_MEMORY,
                       .stream = TP_STREAM_COMPUTE,
                       .records = TP_NO_EVENT,
                       .n_waits = after != TP_NO_EVENT,
                       .waits = {after},
                       .memory = {.function = TP_FUNCTION_UNNAMED,
                                  .read_bytes = program->weight_bytes + kept_bytes,
                                  .write_bytes = kept_bytes + program->weight_bytes}};
  return tp_excerpt_append(
      part, (struct tp_segment){.name = "update", .repeat = 1, .n_ops = 1, .ops = op}, error);
}

enum tp_status tp_stage_end_training(const struct tp_request *request, struct tp_arena *arena,
                                     struct tp_program *program, struct tp_error *error)
{
  struct tp_excerpt part = {.n = program->n_segments};
  memcpy(part.segments, program->segments, part.n * sizeof *part.segments);
  if (tp_request_sums_gradients(request))
    TP_TRY(sum_rest(request, arena, program, &part, error));
  if (request->pass == TP_TRAINING_STEP || request->pass == TP_TRAINING_UPDATE) {
    const int summed =
        program->aside > 0 ? event_of_last(program, &part, program->aside) : TP_NO_EVENT;
    TP_TRY(update(program, arena, &part, summed, error));
  }
  memcpy(program->segments, part.segments, part.n * sizeof *part.segments);
  program->n_segments = part.n;
  return TP_OK;
}
