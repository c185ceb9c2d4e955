#include "verify/op_check.h"

#include "host/host.h"
#include "numeric/accuracy.h"
#include "run/element.h"
#include "run/executor.h"
#include "run/fill_value.h"

#include <math.h>
#include <string.h>

enum { TOKENS = 16 /* below the rows of any table */ };

struct run {
  const struct tp_op_check *check;
  struct tp_arena *arena;
  struct tp_error *error;
};

/* A rank of one of the two devices. */
struct side {
  const struct tp_calls *calls;
  struct tp_store *store;
  struct tp_binding *binding;
};

static uint64_t number(const struct run *run, int tensor, int rank, int64_t i)
{
  const uint64_t key = tp_mix64(run->check->seed + ((uint64_t)tensor << 32) + (uint64_t)rank);
  return tp_mix64(key + (uint64_t)i);
}

enum { EARLIER = 7 /* tokens before a pass, where nothing says how many there may be */ };

/* Tokens of a sequence at most, the pass' own included. */
static int64_t longest(const struct tp_program *program)
{
  const struct tp_segment *segment = &program->segments[0];
  for (size_t i = 0; i < segment->n_ops; i++)
    if (segment->ops[i].kind == TP_OP_ATTENTION)
      return segment->ops[i].attention.kv_len;
  for (int t = 0; t < program->n_tensors; t++)
    if (program->tensors[t].kind == TP_TENSOR_CACHE)
      return program->tensors[t].rows / tp_program_chunk(program)->sequences;
  return tp_program_chunk(program)->tokens + EARLIER;
}

/* The same on every rank; chunks of several tokens stand behind as many as the program says. */
static int32_t length_of(const struct run *run, int64_t sequence)
{
  const struct tp_program *program = run->check->program;
  const struct tp_chunk *chunk = tp_program_chunk(program);
  const bool fixed = chunk->tokens > 1 && chunk->context > 0;
  const int64_t most = longest(program), least = fixed ? most : chunk->tokens;
  return (int32_t)(least + (int64_t)(number(run, -1, 0, sequence) % (uint64_t)(most - least + 1)));
}

static void fill_index(const struct run *run, int tensor, int64_t n, int32_t *values)
{
  const struct tp_program *program = run->check->program;
  for (int64_t i = 0; i < n; i++)
    values[i] = tensor == program->lengths ? length_of(run, i)
                                           : (int32_t)(number(run, tensor, 0, i) % TOKENS);
}

static void fill_numbers(const struct run *run, int tensor, int rank, unsigned char *bytes)
{
  const struct tp_tensor *described = &run->check->program->tensors[tensor];
  for (int64_t i = 0; i < described->rows * described->columns; i++)
    tp_element_set(described->dtype, bytes, i,
                   (float)(number(run, tensor, rank, i) >> 40) * 0x1p-23f - 1);
}

static size_t bytes_of(const struct tp_tensor *tensor)
{
  return (size_t)(tensor->rows * tensor->columns) * (size_t)tp_tensor_element_bytes(tensor);
}

static bool is_base(const struct tp_tensor *tensor)
{
  return tensor->view_of == TP_NO_TENSOR;
}

static bool is_read(const struct tp_program *program, int tensor)
{
  for (size_t i = 0; i < program->segments[0].n_ops; i++) {
    const struct tp_op *op = &program->segments[0].ops[i];
    for (int o = 0; o < op->n_in; o++)
      if (op->in[o] == tensor || program->tensors[op->in[o]].view_of == tensor)
        return true;
  }
  return false;
}

static bool is_written(const struct tp_program *program, int tensor)
{
  for (size_t i = 0; i < program->segments[0].n_ops; i++) {
    const struct tp_op *op = &program->segments[0].ops[i];
    for (int o = 0; o < op->n_out; o++)
      if (op->out[o] == tensor || program->tensors[op->out[o]].view_of == tensor)
        return true;
  }
  return false;
}

/* Weights are the store's to fill: that, too, is compared. */
static enum tp_status write_inputs(const struct run *run, const struct side *side)
{
  const struct tp_program *program = run->check->program;
  for (int t = 0; t < program->n_tensors; t++) {
    const struct tp_tensor *tensor = &program->tensors[t];
    if (!is_base(tensor) || tensor->kind == TP_TENSOR_WEIGHT || !is_read(program, t))
      continue;
    unsigned char *bytes = TP_NEW(run->arena, unsigned char, bytes_of(tensor));
    if (tensor->kind == TP_TENSOR_INDEX)
      fill_index(run, t, tensor->rows * tensor->columns, (int32_t *)(void *)bytes);
    else
      fill_numbers(run, t, side->calls->rank, bytes);
    TP_TRY(side->calls->write(side->calls->state, tp_binding_operand(side->binding, t, 0).data,
                              bytes, bytes_of(tensor), run->error));
  }
  return TP_OK;
}

static enum tp_status issue(const struct run *run, struct side *side)
{
  const struct tp_calls *calls = side->calls;
  side->store = tp_store_create(calls, run->check->seed, 0);
  TP_TRY(tp_store_bind(side->store, run->check->program, run->arena, &side->binding, run->error));
  TP_TRY(write_inputs(run, side));
  TP_TRY(calls->join(calls->state, run->error));
  TP_TRY(tp_execute(calls, side->binding, run->error));
  return calls->join(calls->state, run->error);
}

/* NaN where only one of them is. */
static double difference(const struct tp_tensor *tensor, const void *wanted, const void *got)
{
  struct tp_accuracy accuracy = {0};
  if (tensor->kind == TP_TENSOR_INDEX)
    return memcmp(wanted, got, bytes_of(tensor)) == 0 ? 0 : (double)INFINITY;
  for (int64_t i = 0; i < tensor->rows * tensor->columns; i++) {
    const double a = (double)tp_element_value(tensor->dtype, wanted, i);
    const double b = (double)tp_element_value(tensor->dtype, got, i);
    if (!isnan(a) || !isnan(b))
      tp_accuracy_add(&accuracy, a, b);
  }
  return accuracy.error2 == 0 ? 0 : tp_accuracy_relative(&accuracy);
}

static enum tp_status compare(const struct run *run, const struct side *wanted,
                              const struct side *got, double *largest)
{
  const struct tp_program *program = run->check->program;
  for (int t = 0; t < program->n_tensors; t++) {
    const struct tp_tensor *tensor = &program->tensors[t];
    if (!is_base(tensor) || !is_written(program, t))
      continue;
    const size_t bytes = bytes_of(tensor);
    void *a = TP_NEW(run->arena, unsigned char, bytes),
         *b = TP_NEW(run->arena, unsigned char, bytes);
    TP_TRY(wanted->calls->read(wanted->calls->state, a,
                               tp_binding_operand(wanted->binding, t, 0).data, bytes, run->error));
    TP_TRY(got->calls->read(got->calls->state, b, tp_binding_operand(got->binding, t, 0).data,
                            bytes, run->error));
    const double apart = difference(tensor, a, b);
    if (!(apart <= *largest))
      *largest = apart;
    if (!(apart <= run->check->bound))
      return tp_fail(run->error, TP_E_CHECK,
                     "%s: '%s' is %.2g off what the host computes, more than %.2g", program->title,
                     tensor->name, apart, run->check->bound);
  }
  return TP_OK;
}

static enum tp_status run_both(const struct run *run, const struct tp_calls *tested,
                               struct tp_host *host, struct side *sides, double *largest)
{
  const int ranks = tested->ranks;
  struct side *own = &sides[ranks];
  *own = (struct side){.calls = tested};
  TP_TRY(issue(run, own));
  for (int r = 0; r < ranks; r++) {
    sides[r].calls = tp_host_calls(host, r);
    TP_TRY(issue(run, &sides[r]));
  }
  TP_TRY(tp_host_run(host, run->error));
  return compare(run, &sides[tested->rank], own, largest);
}

enum tp_status tp_op_check_run(const struct tp_op_check *check, const struct tp_calls *tested,
                               double *largest, struct tp_error *error)
{
  const struct run run = {.check = check, .arena = tp_arena_create(), .error = error};
  struct tp_host *host = tp_host_create(
      &(struct tp_host_options){.ranks = tested->ranks, .seed = check->seed, .arithmetic = true});
  struct side *sides = TP_NEW(run.arena, struct side, tested->ranks + 1);
  *largest = 0;
  const enum tp_status status = run_both(&run, tested, host, sides, largest);
  for (int i = 0; i <= tested->ranks; i++)
    tp_store_free(sides[i].store);
  tp_host_free(host);
  tp_arena_free(run.arena);
  return status;
}
