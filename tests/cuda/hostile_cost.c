/* What ops take on the hostile GPU. */
#include "hostile.h"
#include "ops/interference.h"
#include "run/fill_value.h"
#include "run/standin_plan.h"

#include <math.h>

double hostile_hash(uint64_t key)
{
  return (double)(tp_mix64(key + 0x9e3779b97f4a7c15u) >> 11) * 0x1p-52 - 1;
}

static double norm_4(double a, double b)
{
  return sqrt(sqrt(a * a * a * a + b * b * b * b));
}

/* Uniform, of the standard deviation asked for.  Sizes of m that share a kernel
 * share it. */
static double scatter(const struct hostile_physics *physics, const struct tp_gemm *gemm)
{
  const uint64_t key = (uint64_t)gemm->n * 1000003u + (uint64_t)gemm->k * 10007u +
                       (uint64_t)ceil(log2((double)gemm->m + 1)) + 97u * (uint64_t)gemm->dtype;
  return 1 + physics->scatter_ratio * sqrt(3.0) * hostile_hash(key);
}

/* Rate left where whole waves are lost: tiles of 128 x 128 that each stay on
 * their SM. */
static double rate_of_waves(const struct hostile_op *what, double sms, double sm_share)
{
  const struct tp_gemm *gemm = &what->op->gemm;
  if (what->op->kind != TP_OP_GEMM)
    return (1 - what->held_sms / sms) / sm_share;
  const double tiles = ceil((double)gemm->m / 128) * ceil((double)gemm->n / 128);
  const double waves = ceil(tiles / sms);
  return waves > 6 ? 1 - what->held_sms / sms : waves / ceil(tiles / (sms - what->held_sms));
}

static void gemm_cost(const struct hostile_physics *physics, const struct tp_machine *machine,
                      const struct hostile_op *what, struct tp_cost *cost)
{
  const bool fp8 = what->op->gemm.dtype == TP_DTYPE_FP8;
  const double rate = machine->dram_bytes_per_s * (fp8 ? machine->device->gemm_fp8.dram_ratio
                                                       : machine->device->gemm.dram_ratio);
  const double all_s = cost->dram_bytes / rate;
  const double sum_s = fmax(0, cost->work_s - norm_4(cost->compute_s, all_s));
  const double cold_share = what->all_bytes > 0 ? what->cold_bytes / what->all_bytes : 1;
  cost->dram_bytes *= cold_share;
  const double dram_s = cost->dram_bytes / rate + (all_s - cost->dram_bytes / rate) * 0.5;
  const double factor = scatter(physics, &what->op->gemm);
  cost->compute_s *= factor / what->clock_ratio;
  const double longer = fmax(cost->compute_s, dram_s * factor);
  const double shorter = fmin(cost->compute_s, dram_s * factor);
  cost->work_s =
      sum_s * factor + (physics->partial_overlap > 0 ? longer + physics->partial_overlap * shorter
                                                     : norm_4(longer, shorter));
}

/* Tiles of 128 queries by falling length over SMs; decode: a block a sequence
 * and KV head. */
static void attention_cost(const struct tp_machine *machine, const struct hostile_op *what,
                           struct tp_cost *cost)
{
  const struct tp_attention *a = &what->op->attention;
  const double sms = machine->device->datasheet.sm_count, floor_s = 8e-6;
  const double sm_flops_per_s = 0.72 * machine->device->datasheet.fp16_flops_per_s / sms;
  const double batch = (double)a->batch, heads = (double)a->heads, d = (double)a->head_dim;
  cost->dram_bytes = what->cold_bytes;
  if (tp_attention_decodes(a)) {
    const double units = batch * (double)a->kv_heads;
    const double bytes = 2 * units * d * 2 * what->kv_len;
    const double waves = ceil(units / (2 * sms)), active = fmin(units, sms);
    const double stream_s = bytes / (active * 85e9);
    const double dram_s = cost->dram_bytes / (0.82 * machine->dram_bytes_per_s);
    cost->fixed_s = 5e-6 + waves * 1.5e-6;
    cost->compute_s = stream_s;
    cost->work_s = fmax(stream_s, dram_s) + 0.1 * fmin(stream_s, dram_s);
    cost->sm_share = active / sms;
    return;
  }
  const double tiles = ceil((double)a->query_len / 128);
  const double block_s = 4 * 128 * 128 * d / sm_flops_per_s / what->clock_ratio;
  const double longest_s = 1.5e-6 + tiles * block_s;
  const double all_s = batch * heads * (tiles * 1.5e-6 + tiles * (tiles + 1) / 2 * block_s) / sms;
  cost->fixed_s = floor_s;
  cost->compute_s = all_s > longest_s ? all_s + 0.3 * longest_s : longest_s;
  cost->work_s = fmax(cost->compute_s, cost->dram_bytes / (0.8 * machine->dram_bytes_per_s));
  cost->sm_share = fmin(1, all_s / longest_s);
}

static void memory_cost(const struct tp_machine *machine, const struct hostile_op *what,
                        struct tp_cost *cost)
{
  const struct tp_memory *memory = &what->op->memory;
  const double bytes = memory->read_bytes + memory->write_bytes;
  double floor_s = 2.2e-6;
  if (memory->function == TP_FUNCTION_NORM || memory->function == TP_FUNCTION_ADD_NORM ||
      memory->function == TP_FUNCTION_ADD_SUM_NORM)
    floor_s = 3.6e-6;
  if (memory->function == TP_FUNCTION_ROPE_CACHE)
    floor_s = 2.8e-6;
  if (memory->function == TP_FUNCTION_SAMPLE)
    floor_s = 4e-6 + memory->read_bytes / fmin(132, fmax(1, memory->write_bytes / 2)) / 80e9;
  const double cold_bytes = fmin(what->cold_bytes + fmax(0, memory->write_bytes - 20e6), bytes);
  const double rate = machine->dram_bytes_per_s * machine->device->memory.dram_ratio;
  cost->dram_bytes = cold_bytes;
  cost->fixed_s = floor_s;
  cost->work_s = cold_bytes / rate + (bytes - cold_bytes) / (2 * rate);
}

static void collective_cost(const struct hostile_physics *physics, const struct tp_machine *machine,
                            const struct hostile_op *what, struct tp_cost *cost)
{
  const struct tp_standin_plan plan =
      tp_standin_plan_make(machine, what->decodes, what->op, TP_STANDIN_MODEL_SMS,
                           (int)machine->device->datasheet.sm_count);
  double lasts_s = 1e-9 * (double)plan.nanoseconds + physics->standin_s;
  if (physics->tick_s > 0)
    lasts_s = physics->tick_s * ceil(lasts_s / physics->tick_s);
  *cost = (struct tp_cost){.work_s = lasts_s,
                           .dram_bytes = 32.0 * (double)plan.vectors,
                           .dram_weight = physics->dram_weight,
                           .sm_share = plan.blocks / machine->device->datasheet.sm_count};
}

/* Where whole waves are lost, the SMs that a collective holds are so many to any kernel: kernels'
 * shares say what that does. */
static const double wave_share = 0.6;

static void share_sms(const struct hostile_physics *physics, const struct tp_machine *machine,
                      const struct hostile_op *what, struct tp_cost *cost)
{
  const double sms = machine->device->datasheet.sm_count;
  const bool collective = what->op->kind == TP_OP_COLLECTIVE;
  if (collective && physics->whole_waves)
    cost->sm_share = cost->sm_share > 0 ? wave_share : 0;
  else if (collective)
    cost->late_share = tp_cost_held_share(machine, cost->sm_share);
  else if (cost->sm_share > 0 && physics->whole_waves)
    cost->sm_share =
        (1 - wave_share) / fmin(1, fmax(1 - wave_share, rate_of_waves(what, sms, cost->sm_share)));
}

double hostile_sms_s(const struct hostile_physics *physics, const struct tp_machine *planned,
                     double held_sms, const struct tp_cost *kernel)
{
  struct tp_machine machine = *planned;
  machine.device = &physics->device;
  if (kernel->sm_share <= 0)
    return kernel->compute_s;
  if (physics->whole_waves)
    return kernel->compute_s * fmax(1, kernel->sm_share / (held_sms > 0 ? 1 - wave_share : 1));
  const struct tp_interference held = {.held_sms = held_sms};
  return tp_interference_time_s(&machine, kernel, &held) - kernel->fixed_s;
}

struct tp_cost hostile_cost(const struct hostile_physics *physics, const struct tp_machine *planned,
                            const struct hostile_op *what)
{
  struct tp_machine machine = *planned;
  struct tp_cost cost;
  if (what->op->kind == TP_OP_COLLECTIVE) {
    collective_cost(physics, planned, what, &cost);
  } else {
    machine.device = &physics->device;
    machine.program = machine.sustained = false;
    cost = tp_cost_bare(&machine, what->op);
    if (what->op->kind == TP_OP_GEMM)
      gemm_cost(physics, &machine, what, &cost);
    else if (what->op->kind == TP_OP_ATTENTION && physics->own_attention)
      attention_cost(&machine, what, &cost);
    else if (what->op->kind == TP_OP_MEMORY && physics->own_memory)
      memory_cost(&machine, what, &cost);
    cost.fixed_s += physics->gap_s;
  }
  machine.device = &physics->device;
  share_sms(physics, &machine, what, &cost);
  return cost;
}
