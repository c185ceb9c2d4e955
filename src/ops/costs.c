#include "ops/costs.h"

#include "cost/collectives/algorithm.h"
#include "ops/exchange.h"
#include "ops/placement.h"
#include "ops/platform.h"
#include "ops/rows.h"
#include "predict/interval.h"

static const char default_stack[] = "gpt-fast-compile"; /* NCCL */

/* A platform that collectives may run on. */
struct candidate {
  struct tp_op_platform platform;
  const struct tp_setup *setup; /* NULL: not opened yet */
};

struct made {
  struct tp_machine machine;
  struct made *next;
};

struct bench {
  struct tp_op_reader reader;
  struct tp_arena *arena; /* the reader's */
  struct tp_error *error; /* the reader's */
  const struct tp_datadir *dirs;
  const struct tp_op_costs_request *request;
  struct candidate *candidates; /* the best first */
  size_t n_candidates;
  const struct tp_setup *setup; /* for kernels: its platform does not matter */
  struct made *machines;        /* those made so far */
  bool told_issued, told_ungated;
};

static enum tp_status open_setup(const struct bench *bench, const char *platform,
                                 const struct tp_setup **setup)
{
  const struct tp_op_costs_request *request = bench->request;
  const struct tp_setup_request wanted = {.platform = platform,
                                          .device = request->device,
                                          .stack = request->stack != NULL ? request->stack
                                                                          : default_stack,
                                          .sets = request->sets,
                                          .n_sets = request->n_sets};
  struct tp_setup *opened;
  TP_TRY(tp_setup_open(bench->dirs, &wanted, bench->arena, &opened, bench->error));
  *setup = opened;
  return TP_OK;
}

/* The first candidate with enough GPUs; the last where none has. */
static enum tp_status setup_for(const struct bench *bench, const struct tp_op_row *row,
                                int64_t ranks, const struct tp_setup **setup)
{
  if (bench->n_candidates == 0)
    return tp_op_row_fail(&bench->reader, row,
                          "no platform has this device; give --platform for collectives");
  size_t i = 0;
  while (i + 1 < bench->n_candidates && bench->candidates[i].platform.n_gpus < ranks)
    i++;
  struct candidate *candidate = &bench->candidates[i];
  if (candidate->setup == NULL) {
    TP_TRY(open_setup(bench, candidate->platform.name, &candidate->setup));
    tp_op_platform_tell(bench->request->notes, candidate->platform.name, bench->arena);
  }
  *setup = candidate->setup;
  return TP_OK;
}

/* Rows that say on how many hosts they ran. */
static enum tp_status check_placement(const struct bench *bench, const struct tp_op_row *row,
                                      int64_t ranks, const struct tp_platform *platform)
{
  struct tp_op_placement placement;
  TP_TRY(tp_op_row_placement(&bench->reader, row, &placement));
  const char *const fault = tp_op_placement_fault(&placement, (int)ranks, platform,
                                                  bench->request->platform != NULL, bench->arena);
  return fault == NULL ? TP_OK : tp_op_row_fail(&bench->reader, row, fault);
}

/* Kernels need no platform; collectives do, and a machine for each number of ranks. */
static enum tp_status machine_of(struct bench *bench, const struct tp_op_row *row,
                                 const struct tp_op *op, const struct tp_machine **machine)
{
  int64_t ranks = 1;
  const struct tp_setup *setup = bench->setup;
  if (op->kind == TP_OP_COLLECTIVE) {
    TP_TRY(tp_op_row_count(&bench->reader, row, "ranks", &ranks));
    if (ranks < 2 || ranks > TP_MAX_GPUS)
      return tp_op_row_fail(
          &bench->reader, row,
          tp_arena_printf(bench->arena, "column 'ranks': give 2 to %d", TP_MAX_GPUS));
    TP_TRY(setup_for(bench, row, ranks, &setup));
    TP_TRY(check_placement(bench, row, ranks, &setup->platform));
  }
  struct made *made = bench->machines;
  while (made != NULL && tp_machine_ranks(&made->machine) != ranks)
    made = made->next;
  if (made == NULL) {
    made = TP_NEW(bench->arena, struct made, 1);
    struct tp_error reason;
    if (tp_machine_make(&setup->platform, &setup->device, &setup->stack, (int)ranks, &made->machine,
                        &reason) != TP_OK)
      return tp_op_row_fail(&bench->reader, row, reason.text);
    made->next = bench->machines;
    bench->machines = made;
  }
  *machine = &made->machine;
  return TP_OK;
}

static enum tp_status read_beside(const struct bench *bench, const struct tp_op_row *row,
                                  const struct tp_machine *machine, const struct tp_op *op,
                                  struct tp_interference *beside)
{
  TP_TRY(tp_op_row_interference(&bench->reader, row, beside));
  if (op->kind == TP_OP_COLLECTIVE && (beside->held_sms > 0 || beside->copy_bytes_per_s > 0))
    return tp_op_row_fail(&bench->reader, row,
                          "columns 'held_sms' and 'copy_bytes_per_s' are of kernels; leave them "
                          "empty for what communicates");
  const char *const fault = tp_interference_fault(machine->device, beside, bench->arena);
  return fault == NULL ? TP_OK : tp_op_row_fail(&bench->reader, row, fault);
}

/* Once: programs are captured in graphs, and their kernels take less. */
static void tell_issued(struct bench *bench, const struct tp_op *op)
{
  struct tp_notes *const notes = bench->request->notes;
  if (notes == NULL || bench->told_issued)
    return;
  bench->told_issued = true;
  TP_APPEND(bench->arena, notes->texts, notes->n,
            tp_arena_printf(bench->arena,
                            "%s GEMMs are as their tables were timed: the host issues each, and "
                            "small ones wait for it; in a program they do not",
                            tp_dtype_text(op->gemm.dtype)));
}

/* Once: rows.c takes experts of a published model's shape as that model's. */
static void tell_ungated(struct bench *bench, const struct tp_experts *experts)
{
  struct tp_notes *const notes = bench->request->notes;
  if (notes == NULL || bench->told_ungated)
    return;
  bench->told_ungated = true;
  TP_APPEND(bench->arena, notes->texts, notes->n,
            tp_arena_printf(bench->arena,
                            "experts of %lld x %lld are taken without a gate, as a published "
                            "model of that shape has them, but where column gated says yes",
                            (long long)experts->hidden, (long long)experts->intermediate));
}

static enum tp_status time_row(struct bench *bench, const struct tp_op_row *row,
                               struct tp_op_time *time)
{
  struct tp_op op;
  const struct tp_machine *machine = NULL;
  TP_TRY(tp_op_row_read(&bench->reader, row, &op));
  TP_TRY(machine_of(bench, row, &op, &machine));
  if (op.kind == TP_OP_COLLECTIVE && tp_collective_is_exchange(&op.collective))
    TP_TRY(tp_op_exchange_settle(&bench->reader, row, machine, &op.collective));
  struct tp_error reason;
  if (tp_cost_check(machine, &op, &reason) != TP_OK)
    return tp_op_row_fail(&bench->reader, row, reason.text);
  if (op.kind == TP_OP_COLLECTIVE && !tp_collective_possible(machine, &op.collective))
    return tp_op_row_fail(&bench->reader, row,
                          "the algorithm cannot run on this platform; try auto");
  const struct tp_cost cost = tp_cost_bare(machine, &op);
  struct tp_interference beside = {0};
  TP_TRY(read_beside(bench, row, machine, &op, &beside));
  if (cost.issued)
    tell_issued(bench, &op);
  if (op.kind == TP_OP_EXPERTS && op.experts.gated == TP_GATE_NO)
    tell_ungated(bench, &op.experts);
  const double time_s = op.kind == TP_OP_COLLECTIVE
                            ? tp_cost_alone_s(machine, &cost)
                            : tp_interference_time_s(machine, &cost, &beside);
  const struct tp_interval interval = tp_interval_of(time_s, cost.sigma);
  *time = (struct tp_op_time){time_s * 1e6, interval.low_s * 1e6, interval.high_s * 1e6};
  return TP_OK;
}

/* Kernels alone: any platform will do. */
static enum tp_status open_any(struct bench *bench)
{
  const char **names;
  size_t n;
  TP_TRY(
      tp_datadir_list(bench->dirs, "platforms", ".json", bench->arena, &names, &n, bench->error));
  return open_setup(bench, names[0], &bench->setup);
}

/* The platform asked for, or all shipped ones with the device. */
static enum tp_status open_bench(struct bench *bench)
{
  if (bench->request->platform != NULL) {
    bench->candidates = TP_NEW(bench->arena, struct candidate, 1);
    bench->n_candidates = 1;
    bench->candidates[0].platform.name = bench->request->platform;
    const enum tp_status status = open_setup(bench, bench->request->platform, &bench->setup);
    bench->candidates[0].setup = bench->setup;
    return status;
  }
  struct tp_op_platform *platforms;
  size_t n;
  TP_TRY(open_any(bench));
  const char *const device = bench->setup->device.name; /* its file may be called otherwise */
  TP_TRY(tp_op_platforms(bench->dirs, device, bench->arena, &platforms, &n, bench->error));
  bench->candidates = TP_NEW(bench->arena, struct candidate, n);
  bench->n_candidates = n;
  for (size_t i = 0; i < n; i++)
    bench->candidates[i].platform = platforms[i];
  return TP_OK;
}

enum tp_status tp_op_costs(const struct tp_datadir *dirs, const struct tp_op_costs_request *request,
                           const struct tp_csv *csv, struct tp_arena *arena,
                           struct tp_op_time **times, struct tp_error *error)
{
  struct bench bench = {.reader = {arena, error, csv, NULL},
                        .arena = arena,
                        .error = error,
                        .dirs = dirs,
                        .request = request};
  TP_TRY(open_bench(&bench));
  if (request->stack != NULL)
    bench.reader.stack = &bench.setup->stack;
  if (tp_csv_column(csv, "op") < 0)
    return tp_fail(error, TP_E_INPUT, "%s:1: no column 'op'; it names the op of each row",
                   csv->path);
  *times = TP_NEW(arena, struct tp_op_time, csv->n_rows);
  for (size_t i = 0; i < csv->n_rows; i++) {
    const struct tp_op_row row = tp_op_row_at(&bench.reader, i);
    TP_TRY(time_row(&bench, &row, &(*times)[i]));
  }
  return TP_OK;
}
