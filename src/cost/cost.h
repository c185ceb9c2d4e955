#ifndef TP_COST_COST_H
#define TP_COST_COST_H
/* What an op needs from a machine: functions of (op, machine), no I/O.
 *
 * An op that runs alone lasts
 *     fixed_s + max(work_s, compute_s, dram_bytes / machine.dram_bytes_per_s)            kernels
 *     fixed_s + sum over phases: steps * (hop_s + route latency) + flow_bytes / flow rate
 * (the second: collectives).  Under contention compute_s stretches where other ops hold SMs,
 * dram_bytes where they take memory bandwidth, flows where they use the same links.  Each component
 * goes on by itself, and the op ends with the last.  Both engines follow exactly this rule.
 */
#include "cost/fabric/fabric.h"
#include "platform/stack.h"
#include "program/program.h"

enum { TP_MAX_COMM_PHASES = 4 };

/* One machine is used by one thread at a time: its fabric remembers what it was asked. */
struct tp_machine {
  const struct tp_device *device;
  const struct tp_stack *stack;
  const struct tp_fabric *fabric; /* NULL: one rank, no links */
  double dram_bytes_per_s;        /* the shared resource: datasheet peak */
  bool program;   /* ops of programs: cold, in place, with gaps; false for single benchmarked ops */
  bool sustained; /* after minutes of load; false at the clocks of a benchmark's moments */
};

/* One pattern for some steps: in each step every flow carries flow_bytes/steps. */
struct tp_comm_phase {
  const struct tp_pattern_rate *rate; /* whose flows; the same entry: the same links */
  int steps;
  double hop_s;      /* software time a step, without the route's latency */
  double flow_bytes; /* wire bytes a flow carries in the phase, protocol overhead included */
  double latency_s, flow_bytes_per_s; /* of the rate */
};

static inline struct tp_comm_phase tp_comm_phase_of(const struct tp_pattern_rate *rate, int steps,
                                                    double flow_bytes)
{
  return (struct tp_comm_phase){.rate = rate,
                                .steps = steps,
                                .hop_s = 0,
                                .flow_bytes = flow_bytes,
                                .latency_s = rate->latency_s,
                                .flow_bytes_per_s = rate->flow_bytes_per_s};
}

struct tp_cost {
  double fixed_s, work_s, compute_s;
  double sm_share; /* kernels: share of SMs it can use; collectives: share it holds */
  double matrix_s; /* kernels: their products at the rate that a large GEMM keeps up */
  double clock;  /* kernels with products: that of struct tp_power_use at which this holds; 0: 1 */
  double wave_s; /* kernels: SM time of a wave of blocks; 0: one wave, compute_s */
  double launch_s;   /* kernels: least of work_s, for the host issues no next one sooner */
  bool issued;       /* kernels: how long the host took to issue it when it was timed alone */
  double late_share; /* collectives: SM share lost by a kernel on all SMs begun beside them */
  double dram_bytes;
  double dram_weight;    /* collectives: weight in sharing DRAM; a kernel's is 1; 0 means 1 */
  double stall_ratio;    /* kernels: share of work_s that waits for DRAM, queue by queue */
  double queue_limit;    /* kernels: most accesses of other ops that go before one of its own */
  double queue_accesses; /* collectives: accesses that they keep queued before a kernel's */
  double memory_share;   /* kernels: memory's share of work_s, by fourth powers */
  double crowding_ratio; /* collectives: of this kernel; 0: as the device says of all */
  double crowding;       /* collectives: how much longer they make that, over what it is alone */
  double flops;
  double link_bytes; /* payload a GPU sends (mean over ranks): the algorithm's closed form */
  double sigma;      /* standard deviation of ln(time): residual spread of the fit */
  enum tp_algorithm algorithm; /* collectives: what AUTO became */
  int n_phases;                /* 0 for kernels */
  struct tp_comm_phase phases[TP_MAX_COMM_PHASES];
};

/* A machine of `ranks` ranks, those of a stage, on the first GPUs of the platform.  Its fabric
 * lives in the platform's arena. */
enum tp_status tp_machine_make(const struct tp_platform *platform, const struct tp_device *device,
                               const struct tp_stack *stack, int ranks, struct tp_machine *machine,
                               struct tp_error *error);

static inline int tp_machine_ranks(const struct tp_machine *machine)
{
  return machine->fabric == NULL ? 1 : machine->fabric->ranks;
}

/* Nodes that the ranks sit on. */
int tp_machine_nodes(const struct tp_machine *machine);

/* TP_E_INPUT, naming the op, where nothing here prices it: no algorithm serves such a collective, a
 * group does not fill the ranks.  To be asked before tp_cost_op and tp_cost_bare. */
enum tp_status tp_cost_check(const struct tp_machine *machine, const struct tp_op *op,
                             struct tp_error *error);

/* `decodes`: of a step that decodes (tp_batch_decodes), which the stack may launch in its own way.
 */
struct tp_cost tp_cost_op(const struct tp_machine *machine, bool decodes, const struct tp_op *op);

/* The op as a benchmark runs it, before the stack adds its launch and a program its place. */
struct tp_cost tp_cost_bare(const struct tp_machine *machine, const struct tp_op *op);

/* Time of streams and events that a collective in a program of several ranks, or one that waits for
 * a kernel, adds to what it takes by itself; the kernel that waits for it pays its part, too. */
double tp_cost_crossing_s(const struct tp_machine *machine, const struct tp_op *op);

/* Share of its rate that a kernel covering all SMs loses beside a collective that holds `sm_share`
 * and outlasts it. */
double tp_cost_held_share(const struct tp_machine *machine, double sm_share);

/* Of a pass at the clock of unbroken GEMMs: how long it lasts, and how much of that its products
 * take, and what else goes to and from DRAM at the full rate. */
struct tp_power_use {
  double pass_s, matrix_s, dram_s;
};
/* Of a pass of nothing but the op. */
struct tp_power_use tp_cost_power_use(const struct tp_machine *machine, const struct tp_cost *cost);
/* power.c: how much faster than under unbroken GEMMs the clock is in the pass: what the power limit
 * leaves when the rest draws less.  1 where the device's file does not say what it draws. */
double tp_power_boost(const struct tp_device *device, const struct tp_power_use *use);
/* Whether the limit leaves the pass the highest clock that there is. */
bool tp_power_is_free(const struct tp_device *device, const struct tp_power_use *use);
/* The cost of a kernel at that clock. */
void tp_cost_boost(struct tp_cost *cost, double clock);

/* What the host takes for a step of an inference while no kernel runs. */
double tp_cost_host_s(const struct tp_stack *stack, const struct tp_batch *batch);

/* Time of the op with nothing beside it. */
double tp_cost_alone_s(const struct tp_machine *machine, const struct tp_cost *cost);

/* The parts, one file each; `tp_cost_op` adds what the stack adds. */
void tp_cost_gemm(const struct tp_machine *machine, const struct tp_gemm *gemm,
                  struct tp_cost *cost);
/* Makes the cost of a whole GEMM that of one of its slices. */
void tp_cost_gemm_slice(const struct tp_machine *machine, const struct tp_gemm *gemm,
                        struct tp_cost *cost);
/* What the whole GEMM reads from DRAM, with a last-level cache that its outputs share or not. */
double tp_cost_gemm_read_bytes(const struct tp_machine *machine, const struct tp_gemm *gemm);
void tp_cost_matrix_vector(const struct tp_machine *machine, const struct tp_gemm *gemm,
                           struct tp_cost *cost);
void tp_cost_attention(const struct tp_machine *machine, const struct tp_attention *attention,
                       struct tp_cost *cost);
void tp_cost_latent(const struct tp_machine *machine, const struct tp_latent *latent,
                    struct tp_cost *cost);
void tp_cost_experts(const struct tp_machine *machine, const struct tp_experts *experts,
                     struct tp_cost *cost);
/* Whether Marlin multiplies experts of 4 bits: always where these are integers with a scale a
 * group, as AWQ and GPTQ leave them, which engines have no other kernel for. */
static inline bool tp_experts_by_marlin(const struct tp_experts *experts)
{
  return experts->dtype == TP_DTYPE_W4A16 || experts->kernel == TP_EXPERTS_MARLIN;
}
void tp_cost_memory(const struct tp_machine *machine, const struct tp_memory *memory,
                    struct tp_cost *cost);
/* Load, reduce and store of rows, one after the other, as far as the kernels of program and stack
 * show it. */
double tp_cost_row_latency_s(const struct tp_machine *machine);
/* What quantising takes of a GEMM that has it with it, whatever the DRAM's rate; 0 where the device
 * does not tell it apart. */
double tp_cost_quantise_cached_s(const struct tp_device *device,
                                 const struct tp_quantise *quantise);
void tp_cost_quantise(const struct tp_machine *machine, const struct tp_quantise *quantise,
                      struct tp_cost *cost);
void tp_cost_collective(const struct tp_machine *machine, const struct tp_collective *collective,
                        struct tp_cost *cost);
#endif
