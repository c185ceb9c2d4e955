#include "program/check.h"

#include <stdarg.h>
#include <stdio.h>

/* The op at hand, for messages. */
struct place {
  const struct tp_program *program;
  const struct tp_segment *segment;
  const struct tp_op *op; /* NULL: the segment itself */
  struct tp_error *error;
};

static const char *said(const char *name)
{
  return name != NULL ? name : "(no name)";
}

__attribute__((format(printf, 2, 3))) static enum tp_status fail(const struct place *place,
                                                                 const char *format, ...)
{
  char text[320];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return tp_fail(place->error, TP_E_INPUT, "%.120s: segment '%.40s'%s%.60s%s: %s",
                 said(place->program->title), said(place->segment->name),
                 place->op != NULL ? ", op '" : "", place->op != NULL ? said(place->op->name) : "",
                 place->op != NULL ? "'" : "", text);
}

static enum tp_status check_sizes(const struct tp_program *program, struct tp_error *error)
{
  const char *const title = said(program->title);
  if (program->n_segments > TP_MAX_SEGMENTS)
    return tp_fail(error, TP_E_INPUT, "%.120s: %zu segments; a program has at most %d", title,
                   program->n_segments, (int)TP_MAX_SEGMENTS);
  if (program->n_streams < 1 || program->n_streams > TP_MAX_STREAMS)
    return tp_fail(error, TP_E_INPUT, "%.120s: %d streams; a program has 1 to %d", title,
                   program->n_streams, (int)TP_MAX_STREAMS);
  if (program->n_events < 0 || program->n_events > TP_MAX_EVENTS)
    return tp_fail(error, TP_E_INPUT, "%.120s: %d events; a program has at most %d", title,
                   program->n_events, (int)TP_MAX_EVENTS);
  return TP_OK;
}

static enum tp_status check_events(const struct place *place)
{
  const struct tp_op *op = place->op;
  const int n = place->program->n_events;
  if (op->records != TP_NO_EVENT && (op->records < 0 || op->records >= n))
    return fail(place, "records event %d, and the program has %d", op->records, n);
  if (op->n_waits < 0 || op->n_waits > TP_MAX_WAITS)
    return fail(place, "%d waits; an op has at most %d", op->n_waits, (int)TP_MAX_WAITS);
  for (int w = 0; w < op->n_waits; w++) {
    const int event = op->waits[w];
    if (event < 0 || event >= n)
      return fail(place, "waits for event %d, and the program has %d", event, n);
  }
  return TP_OK;
}

static enum tp_status check_operands(const struct place *place)
{
  const struct tp_op *op = place->op;
  if (op->n_in < 0 || op->n_in > TP_MAX_INPUTS || op->n_out < 0 || op->n_out > TP_MAX_OUTPUTS)
    return fail(place, "reads %d tensors and writes %d; an op has at most %d and %d", op->n_in,
                op->n_out, (int)TP_MAX_INPUTS, (int)TP_MAX_OUTPUTS);
  for (int i = 0; i < op->n_in + op->n_out; i++) {
    const int tensor = i < op->n_in ? op->in[i] : op->out[i - op->n_in];
    if (tensor < 0 || tensor >= place->program->n_tensors)
      return fail(place, "names tensor %d, and the program has %d", tensor,
                  place->program->n_tensors);
  }
  return TP_OK;
}

static enum tp_status check_payload(const struct place *place)
{
  const struct tp_program *program = place->program;
  const struct tp_op *op = place->op;
  switch (op->kind) {
  case TP_OP_GEMM:
  case TP_OP_MEMORY:
  case TP_OP_QUANTISE:
  case TP_OP_EXPERTS:
    return TP_OK;
  case TP_OP_ATTENTION:
  case TP_OP_LATENT:
    if (op->chunk < 0 || (op->chunk > 0 && op->chunk >= program->batch.n))
      return fail(place, "attends chunk %d of a step of %d", op->chunk, program->batch.n);
    return TP_OK;
  case TP_OP_COLLECTIVE:
    if (op->collective.group.size < 0 || op->collective.group.stride < 0)
      return fail(place, "its group has %d ranks, %d apart", op->collective.group.size,
                  op->collective.group.stride);
    return TP_OK;
  }
  return fail(place, "no kind of op is %d", (int)op->kind);
}

static enum tp_status check_op(const struct place *place)
{
  const struct tp_op *op = place->op;
  if (op->stream < 0 || op->stream >= place->program->n_streams)
    return fail(place, "is on stream %d, and the program has %d", op->stream,
                place->program->n_streams);
  if (op->half < 0 || op->half > 2)
    return fail(place, "is of half %d of the tokens", op->half);
  TP_TRY(check_events(place));
  TP_TRY(check_operands(place));
  return check_payload(place);
}

enum tp_status tp_program_check(const struct tp_program *program, struct tp_error *error)
{
  TP_TRY(check_sizes(program, error));
  for (size_t s = 0; s < program->n_segments; s++) {
    struct place place = {.program = program, .segment = &program->segments[s], .error = error};
    if (place.segment->repeat < 0)
      return fail(&place, "runs %lld times", (long long)place.segment->repeat);
    if (place.segment->n_ops > 0 && place.segment->ops == NULL)
      return fail(&place, "has no ops where %zu should be", place.segment->n_ops);
    for (size_t i = 0; i < place.segment->n_ops; i++) {
      place.op = &place.segment->ops[i];
      TP_TRY(check_op(&place));
    }
  }
  return TP_OK;
}
