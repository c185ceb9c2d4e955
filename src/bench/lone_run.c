/* One op on a device: memory, random operands, a captured graph. */
#include "bench/op.h"
#include "cost/kernels/rate.h"
#include "run/executor.h"

#include <stdlib.h>

/* A graph lasts long enough to hide the host's work for the next; the more so for clock marks,
 * whose resolution is half a microsecond (CUDA Runtime API, cudaEventElapsedTime). */
static const double graph_s = 1e-3;

static enum tp_status fill(const struct tp_calls *calls, const struct tp_operand *operand,
                           uint64_t key, struct tp_error *error)
{
  const struct tp_fill values = {.key = key,
                                 .rows = operand->rows,
                                 .columns = operand->columns,
                                 .spread = 1,
                                 .dtype = operand->tensor->dtype};
  return calls->fill(calls->state, operand->data, &values, error);
}

/* Every sequence is `length` tokens long. */
static enum tp_status write_lengths(const struct tp_calls *calls, const struct tp_operand *operand,
                                    int32_t length, struct tp_error *error)
{
  const size_t n = (size_t)operand->rows;
  int32_t *lengths = calloc(n, sizeof *lengths);
  if (lengths == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  for (size_t i = 0; i < n; i++)
    lengths[i] = length;
  const enum tp_status status =
      calls->write(calls->state, operand->data, lengths, n * sizeof *lengths, error);
  free(lengths);
  return status;
}

/* What tensors hold changes the power a kernel draws and with it the clock: random, not NaN. */
static enum tp_status fill_operands(const struct tp_lone_run *run, const struct tp_program *program,
                                    const struct tp_binding *binding, struct tp_error *error)
{
  const struct tp_op *op = program->segments[0].ops;
  const int32_t length = (int32_t)(op->kind == TP_OP_ATTENTION ? op->attention.kv_len
                                                               : tp_program_chunk(program)->tokens);
  for (int t = 0; t < program->n_tensors; t++) {
    const struct tp_tensor *tensor = &program->tensors[t];
    const int copies = tensor->layers < run->rounds.copies ? tensor->layers : run->rounds.copies;
    for (int copy = 0; copy < copies; copy++) {
      const struct tp_operand operand = tp_binding_operand(binding, t, copy);
      if (t == program->lengths)
        TP_TRY(write_lengths(run->calls, &operand, length, error));
      else if (tensor->kind == TP_TENSOR_ACTIVATION)
        TP_TRY(fill(run->calls, &operand, (uint64_t)(1 + t + copy * program->n_tensors), error));
    }
  }
  return TP_OK;
}

/* Some memory is the libraries'. */
static enum tp_status check_memory(const struct tp_program *program,
                                   const struct tp_op_rounds *rounds,
                                   const struct tp_machine *machine, struct tp_error *error)
{
  const double bytes = tp_lone_bytes(program, rounds);
  const double most_bytes = 0.85 * machine->device->datasheet.dram_bytes;
  return bytes <= most_bytes ? TP_OK
                             : tp_fail(error, TP_E_INPUT, "%s: needs %.3g GB of %.3g",
                                       program->title, bytes * 1e-9, most_bytes * 1e-9);
}

static enum tp_status bind(struct tp_lone_run *run, const struct tp_machine *machine,
                           const struct tp_lone_op *lone, struct tp_binding **binding,
                           struct tp_error *error)
{
  struct tp_program *program = TP_NEW(run->arena, struct tp_program, 1);
  tp_lone_program(lone, &run->rounds, tp_machine_ranks(machine), run->arena, program);
  TP_TRY(check_memory(program, &run->rounds, machine, error));
  run->store = tp_store_create(run->calls, 1, run->rounds.copies);
  TP_TRY(tp_store_bind(run->store, program, run->arena, binding, error));
  return fill_operands(run, program, *binding, error);
}

static enum tp_status prepare(struct tp_lone_run *run, const struct tp_machine *machine,
                              const struct tp_lone_op *lone, struct tp_error *error)
{
  struct tp_binding *binding = NULL;
  const enum tp_status bound = bind(run, machine, lone, &binding, error);
  TP_TRY(tp_bench_settle(run->group, bound, error));
  return tp_execute_prepared(run->calls, binding, &run->graph, error);
}

enum tp_status tp_lone_open(const struct tp_bench *bench, const struct tp_machine *machine,
                            const struct tp_lone_op *lone, struct tp_lone_run **run,
                            struct tp_error *error)
{
  enum tp_status status = tp_cost_check(machine, &lone->op, error);
  if (status != TP_OK)
    return status;
  const struct tp_cost cost = tp_cost_bare(machine, &lone->op);
  struct tp_arena *arena = tp_arena_create();
  struct tp_lone_run *made = TP_NEW(arena, struct tp_lone_run, 1);
  *made = (struct tp_lone_run){
      .calls = bench->calls,
      .group = bench->group,
      .arena = arena,
      .rounds = tp_op_rounds(lone, machine->device->datasheet.l2_bytes,
                             tp_cost_alone_s(machine, &cost), graph_s),
  };
  status = prepare(made, machine, lone, error);
  if (status != TP_OK) {
    tp_lone_close(made);
    return status;
  }
  *run = made;
  return TP_OK;
}

void tp_lone_close(struct tp_lone_run *run)
{
  if (run == NULL)
    return;
  if (run->graph != NULL)
    run->calls->graph_free(run->calls->state, run->graph);
  tp_store_free(run->store);
  tp_arena_free(run->arena);
}

static enum tp_status replay(void *data, struct tp_error *error)
{
  const struct tp_lone_run *run = data;
  return run->calls->replay(run->calls->state, run->graph, error);
}

enum tp_status tp_lone_measure(const struct tp_bench *bench, struct tp_lone_run *run,
                               double budget_s, struct tp_spread *spread, struct tp_error *error)
{
  const struct tp_sampling sampling = {
      .budget_s = budget_s, .settle_s = tp_settle_s, .least = 5, .most = 100};
  const struct tp_action action = {replay, run};
  struct tp_spread graphs;
  TP_TRY(tp_bench_sample(bench, &sampling, &action, &graphs, error));
  const double repeats = (double)run->rounds.repeats;
  *spread = (struct tp_spread){graphs.median_s / repeats, graphs.spread_s / repeats, graphs.n};
  return TP_OK;
}
