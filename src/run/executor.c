#include "run/executor.h"

#include "program/check.h"

/* A pass as it is issued. */
struct issue {
  const struct tp_calls *calls;
  const struct tp_binding *binding;
  const struct tp_program *program;
  bool recorded[TP_MAX_EVENTS];
};

/* What hardware that is not there would have to do, and what is left to do instead. */
static const char *impossible(const struct tp_op *op)
{
  switch (op->kind) {
  case TP_OP_GEMM:
    if (op->gemm.slices > 0)
      return "tiles that leave while the kernel runs";
    return op->gemm.output != TP_OUTPUT_CACHED ? "stores past the cache or over the link" : NULL;
  case TP_OP_ATTENTION:
    return op->attention.backward ? "gradients" : NULL;
  case TP_OP_LATENT:
  case TP_OP_EXPERTS:
    break;
  case TP_OP_MEMORY:
    return op->memory.function == TP_FUNCTION_UNNAMED ? "to know what it computes" : NULL;
  case TP_OP_QUANTISE:
    return "activations that a kernel before the GEMM quantised";
  case TP_OP_COLLECTIVE:
    if (op->collective.kind == TP_SEND || op->collective.algorithm == TP_ALGORITHM_DMA)
      return "DMA engines that a kernel's stores trigger";
    if (op->collective.sms == TP_NO_SMS)
      return "a collective that holds no SMs";
    return op->rows > 0 && op->collective.kind != TP_ALL_REDUCE ? "parts of a gather" : NULL;
  }
  return NULL;
}

static bool is_known_wire(const struct tp_wire *wire)
{
  const bool wide = wire->reduce_bits >= 2 && wire->gather_bits >= 2;
  const bool narrow = wire->reduce_bits <= 8 && wire->gather_bits <= 8;
  const bool full = wire->reduce_bits == 0 && wire->gather_bits == 0;
  return wire->code == TP_WIRE_INTEGER && (full || (wide && narrow));
}

/* What of the op no device here has heard of; NULL: nothing. */
static const char *unknown(const struct tp_op *op)
{
  switch (op->kind) {
  case TP_OP_GEMM:
    return op->gemm.dtype > TP_DTYPE_FP32 ? "dtype" : NULL;
  case TP_OP_ATTENTION:
    return op->attention.kv_dtype != TP_KV_AUTO ? "cache" : NULL;
  case TP_OP_QUANTISE:
  case TP_OP_EXPERTS: /* which a device computes, or refuses when it is launched, ... */
  case TP_OP_MEMORY:  /* ... as it does functions that it does not know */
    return NULL;
  case TP_OP_COLLECTIVE:
    break;
  default:
    return "kind";
  }
  switch (op->collective.kind) {
  case TP_ALL_REDUCE:
  case TP_ALL_GATHER:
  case TP_REDUCE_SCATTER:
  case TP_ALL_TO_ALL:
  case TP_SEND:
    return is_known_wire(&op->collective.wire) ? NULL : "wire";
  case TP_PREPARE:
  case TP_DISPATCH:
  case TP_COMBINE:
    break;
  }
  return "collective";
}

static enum tp_status check_op(const struct tp_program *program, const struct tp_op *op,
                               struct tp_error *error)
{
  const char *const title = program->title != NULL ? program->title : "program";
  const char *const what = unknown(op), *const needed = what == NULL ? impossible(op) : NULL;
  if (what != NULL)
    return tp_fail(error, TP_E_INPUT,
                   "%s: op '%s' is of a %s that no device here computes yet: take another variant",
                   title, op->name, what);
  if (needed != NULL)
    return tp_fail(error, TP_E_INPUT,
                   "%s: op '%s' needs %s, which no device here has: choose an overlap that "
                   "software does (chunked), or none",
                   title, op->name, needed);
  return TP_OK;
}

enum tp_status tp_execute_check(const struct tp_program *program, struct tp_error *error)
{
  enum tp_status status = tp_program_check(program, error);
  for (size_t s = 0; status == TP_OK && s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops && status == TP_OK; i++)
      status = check_op(program, &program->segments[s].ops[i], error);
  return status;
}

/* One of several parts works on its rows of activations and on all of a weight. */
static struct tp_operand operand_of(const struct issue *issue, const struct tp_op *op, int tensor,
                                    int layer)
{
  struct tp_operand operand = tp_binding_operand(issue->binding, tensor, layer);
  if (op->rows == 0 || operand.tensor->kind != TP_TENSOR_ACTIVATION)
    return operand;
  const int64_t skipped = op->first_row * operand.row_elements;
  operand.data =
      (unsigned char *)operand.data + skipped * (int64_t)tp_tensor_element_bytes(operand.tensor);
  operand.rows = op->rows;
  return operand;
}

static enum tp_status issue_op(struct issue *issue, const struct tp_op *op, int layer,
                               struct tp_error *error)
{
  const struct tp_calls *calls = issue->calls;
  struct tp_bound_op bound = {.op = op, .program = issue->program};
  for (int i = 0; i < op->n_in; i++)
    bound.in[i] = operand_of(issue, op, op->in[i], layer);
  for (int i = 0; i < op->n_out; i++)
    bound.out[i] = operand_of(issue, op, op->out[i], layer);

  enum tp_status status = TP_OK;
  for (int w = 0; w < op->n_waits && status == TP_OK; w++)
    if (issue->recorded[op->waits[w]])
      status = calls->wait(calls->state, op->waits[w], op->stream, error);
  if (status == TP_OK)
    status = calls->launch(calls->state, &bound, error);
  if (status != TP_OK || op->records == TP_NO_EVENT)
    return status;
  issue->recorded[op->records] = true;
  return calls->record(calls->state, op->records, op->stream, error);
}

static enum tp_status issue_segment(struct issue *issue, const struct tp_segment *segment,
                                    struct tp_error *error)
{
  for (int64_t repetition = 0; repetition < segment->repeat; repetition++)
    for (size_t i = 0; i < segment->n_ops; i++) {
      const struct tp_op *op = &segment->ops[i];
      const int layer = op->layer + (int)repetition * segment->layers;
      const enum tp_status status = issue_op(issue, op, layer, error);
      if (status != TP_OK)
        return status;
    }
  return TP_OK;
}

enum tp_status tp_execute(const struct tp_calls *calls, const struct tp_binding *binding,
                          struct tp_error *error)
{
  struct issue issue = {.calls = calls, .binding = binding, .program = tp_binding_program(binding)};
  enum tp_status status = tp_execute_check(issue.program, error);
  for (size_t s = 0; s < issue.program->n_segments && status == TP_OK; s++)
    status = issue_segment(&issue, &issue.program->segments[s], error);
  return status;
}

/* A capture that failed is ended all the same, so that the device can go on. */
enum tp_status tp_execute_capture(const struct tp_calls *calls, const struct tp_binding *binding,
                                  struct tp_graph **graph, struct tp_error *error)
{
  enum tp_status status = calls->capture(calls->state, error);
  if (status != TP_OK)
    return status;
  status = tp_execute(calls, binding, error);
  struct tp_graph *captured = NULL;
  const enum tp_status ended =
      calls->capture_end(calls->state, &captured, status == TP_OK ? error : NULL);
  if (status == TP_OK && ended == TP_OK) {
    *graph = captured;
    return TP_OK;
  }
  if (captured != NULL)
    calls->graph_free(calls->state, captured);
  return status != TP_OK ? status : ended;
}

enum tp_status tp_execute_prepared(const struct tp_calls *calls, const struct tp_binding *binding,
                                   struct tp_graph **graph, struct tp_error *error)
{
  enum tp_status status = tp_execute(calls, binding, error);
  if (status == TP_OK)
    status = calls->join(calls->state, error);
  if (status == TP_OK)
    status = calls->finish(calls->state, error);
  return status == TP_OK ? tp_execute_capture(calls, binding, graph, error) : status;
}
