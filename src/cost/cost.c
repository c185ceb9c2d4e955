/* The dispatcher over op kinds, and what the stack adds to every op. */
#include "cost/cost.h"

#include "cost/collectives/algorithm.h"

#include <math.h>

/* Events of another stream and ranks that arrive late belong to the program an op stands in, or to
 * the op that it waits for; a collective benchmarked by itself has neither.  The ratio is of the
 * whole stand-alone time, memory and latency included, so that the algorithm that is fastest by
 * itself is fastest in place. */
static void add_in_place(const struct tp_machine *machine, const struct tp_op *op,
                         struct tp_cost *cost)
{
  const double ratio = tp_collective_in_place_ratio(machine, &op->collective, cost->algorithm);
  const double in_place_s = machine->stack->collectives.in_place_s;
  cost->fixed_s = cost->fixed_s * ratio + fmax(in_place_s, tp_cost_crossing_s(machine, op));
  if (ratio == 1)
    return;
  cost->work_s = ratio * fmax(cost->work_s, cost->dram_bytes / machine->dram_bytes_per_s);
  for (int i = 0; i < cost->n_phases; i++) {
    struct tp_comm_phase *phase = &cost->phases[i];
    phase->hop_s += (ratio - 1) * (phase->hop_s + phase->latency_s);
    phase->flow_bytes *= ratio;
  }
}

static bool is_in_place(const struct tp_machine *machine, const struct tp_op *op)
{
  return (machine->program || op->n_waits > 0) && tp_machine_ranks(machine) > 1;
}

double tp_cost_crossing_s(const struct tp_machine *machine, const struct tp_op *op)
{
  const struct tp_device_overlap *overlap = &machine->device->overlap;
  return is_in_place(machine, op) ? fmax(0, overlap->crossing_s - overlap->wait_s) : 0;
}

enum tp_status tp_cost_check(const struct tp_machine *machine, const struct tp_op *op,
                             struct tp_error *error)
{
  struct tp_error fault;
  switch (op->kind) {
  case TP_OP_GEMM:
  case TP_OP_ATTENTION:
  case TP_OP_LATENT:
  case TP_OP_EXPERTS:
  case TP_OP_MEMORY:
  case TP_OP_QUANTISE:
    return TP_OK;
  case TP_OP_COLLECTIVE:
    if (tp_collective_check(machine, &op->collective, &fault) == TP_OK)
      return TP_OK;
    return tp_fail(error, TP_E_INPUT, "op %s: %s", op->name, fault.text);
  }
  return tp_fail(error, TP_E_INPUT, "op %s: nothing says what a %s costs", op->name,
                 tp_op_kind_text(op->kind));
}

/* What of a kernel's work waits for memory: both that and the time on the SMs make up its time, by
 * their fourth powers. */
static double memory_s(const struct tp_cost *cost)
{
  if (cost->work_s <= 0)
    return 0;
  const double computes = fmin(1, cost->compute_s / cost->work_s);
  return cost->work_s * (1 - computes * computes * computes * computes);
}

static void add_launch(const struct tp_stack *stack, bool decodes, struct tp_cost *cost)
{
  const int mode = decodes ? stack->launch.decode : stack->launch.prefill;
  if (mode == TP_LAUNCH_GRAPH) {
    cost->fixed_s += stack->launch.kernel_gap_s;
    return;
  }
  /* The host issues one kernel each host_launch_s: a shorter one waits for its successor. */
  cost->launch_s = fmax(0, stack->launch.host_launch_s - cost->fixed_s);
  cost->work_s = fmax(cost->work_s, cost->launch_s);
}

double tp_cost_host_s(const struct tp_stack *stack, const struct tp_batch *batch)
{
  return stack->launch.host_step_s +
         stack->launch.host_sequence_s * (double)tp_batch_sequences(batch);
}

static bool is_matrix_vector(const struct tp_machine *machine, const struct tp_gemm *gemm)
{
  return gemm->m == 1 && machine->program && machine->stack->fusion.matrix_vector;
}

/* A kernel with a block on every SM has blocks that wait, so it loses more than the held share:
 * struct tp_device_overlap. */
double tp_cost_held_share(const struct tp_machine *machine, double sm_share)
{
  return sm_share > 0 ? fmax(sm_share, 1 - machine->device->overlap.held_ratio) : 0;
}

static struct tp_cost bare(const struct tp_machine *machine, const struct tp_op *op)
{
  struct tp_cost cost = {.sm_share = 1};
  switch (op->kind) {
  case TP_OP_GEMM:
    if (is_matrix_vector(machine, &op->gemm))
      tp_cost_matrix_vector(machine, &op->gemm, &cost);
    else
      tp_cost_gemm(machine, &op->gemm, &cost);
    if (op->gemm.slices > 0)
      tp_cost_gemm_slice(machine, &op->gemm, &cost);
    break;
  case TP_OP_ATTENTION:
    tp_cost_attention(machine, &op->attention, &cost);
    break;
  case TP_OP_LATENT:
    tp_cost_latent(machine, &op->latent, &cost);
    break;
  case TP_OP_EXPERTS:
    tp_cost_experts(machine, &op->experts, &cost);
    break;
  case TP_OP_MEMORY:
    if (op->memory.carried)
      return (struct tp_cost){0}; /* the collective before it does that */
    tp_cost_memory(machine, &op->memory, &cost);
    break;
  case TP_OP_QUANTISE:
    tp_cost_quantise(machine, &op->quantise, &cost);
    break;
  case TP_OP_COLLECTIVE:
    tp_cost_collective(machine, &op->collective, &cost);
    break;
  }
  cost.flops = tp_op_flops(op);
  return cost;
}

/* Without units for fp4 products, frameworks widen such weights and multiply in 16 bits. */
static enum tp_dtype widened(const struct tp_device *device, enum tp_dtype dtype)
{
  return dtype == TP_DTYPE_NVFP4 && device->datasheet.fp4_flops_per_s <= 0 ? TP_DTYPE_W4A16 : dtype;
}

struct tp_cost tp_cost_bare(const struct tp_machine *machine, const struct tp_op *op)
{
  if (op->kind != TP_OP_GEMM && op->kind != TP_OP_EXPERTS)
    return bare(machine, op);
  struct tp_op wide = *op;
  if (op->kind == TP_OP_GEMM)
    wide.gemm.dtype = widened(machine->device, op->gemm.dtype);
  else
    wide.experts.dtype = widened(machine->device, op->experts.dtype);
  return bare(machine, &wide);
}

struct tp_cost tp_cost_op(const struct tp_machine *machine, bool decodes, const struct tp_op *op)
{
  struct tp_cost cost = tp_cost_bare(machine, op);
  if (op->kind != TP_OP_COLLECTIVE) {
    const double waits_s = memory_s(&cost);
    const bool launched = !(op->kind == TP_OP_GEMM && op->gemm.continues) &&
                          !(op->kind == TP_OP_MEMORY && op->memory.carried);
    if (launched && machine->program)
      add_launch(machine->stack, decodes, &cost);
    if (machine->program && cost.work_s > 0)
      cost.memory_share = waits_s / cost.work_s;
    if (op->n_waits > 0 && is_in_place(machine, op))
      cost.fixed_s += machine->device->overlap.wait_s;
    if (machine->program && machine->device->overlap.burst_ratio > 1) {
      const struct tp_power_use use = tp_cost_power_use(machine, &cost);
      cost.clock = tp_power_boost(machine->device, &use);
    }
    return cost;
  }
  if (op->collective.algorithm == TP_ALGORITHM_DMA)
    return cost;
  cost.late_share = tp_cost_held_share(machine, cost.sm_share);
  if (machine->program)
    cost.crowding =
        cost.sm_share *
        (cost.crowding_ratio > 0 ? cost.crowding_ratio : machine->device->overlap.crowding_ratio);
  if (is_in_place(machine, op) && cost.n_phases > 0) /* a group of one does nothing */
    add_in_place(machine, op, &cost);
  return cost;
}
