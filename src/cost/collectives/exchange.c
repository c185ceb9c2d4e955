/* Kernels that take tokens to the ranks of their experts and bring back what these made of them:
 * DeepEP's, normal and of low latency, and TensorRT-LLM's over NVLink.  docs/MODEL.md, "Dispatch
 * and combine". */
#include "cost/collectives/algorithm.h"
#include "cost/kernels/rate.h"

#include <math.h>

struct fit {
  TP_DEVICE_EXCHANGE(TP_FIT_KEY)
};

TP_DEVICE_EXCHANGE_GROUPS(TP_FIT_OF)

static struct fit none(const struct tp_device *device)
{
  (void)device;
  return (struct fit){0};
}

/* What a library has for each kind; most_ranks are 0 where it has nothing. */
typedef struct fit kernel(const struct tp_device *device);
struct library {
  bool to_experts; /* a message for each expert of a token, not for each rank that has any */
  kernel *prepare, *dispatch, *combine;
};

static struct fit fit_of(const struct tp_exchange *exchange, const struct library *library)
{
  const struct tp_device *const device = exchange->machine->device;
  const enum tp_collective_kind kind = exchange->collective->kind;
  return kind == TP_PREPARE    ? library->prepare(device)
         : kind == TP_DISPATCH ? library->dispatch(device)
                               : library->combine(device);
}

/* All ranks within reach of each other's stores, and of the buffers. */
static bool possible(const struct tp_exchange *exchange, const struct library *library)
{
  const struct tp_communicator *const group = exchange->group;
  const struct fit fit = fit_of(exchange, library);
  if (!tp_communicator_has(group, TP_PATTERN_DIRECT))
    return false;
  return tp_collectives_are_ideal(exchange->machine->stack) ||
         (group->fabric->platform->peer_access == TP_PEER_DIRECT && group->nodes_used == 1 &&
          tp_communicator_rate(group, TP_PATTERN_DIRECT)->kind == TP_LINK_NVLINK &&
          group->ranks <= fit.most_ranks &&
          (double)exchange->collective->tokens <= fit.most_tokens);
}

static double messages(const struct tp_exchange *exchange, const struct library *library)
{
  const struct tp_collective *const op = exchange->collective;
  const double tokens = (double)op->tokens, top_k = (double)op->top_k;
  const double ranks = exchange->group->ranks;
  if (library->to_experts)
    return tokens * top_k;
  return tokens * (op->routing == TP_ROUTED_EVEN ? fmin(top_k, ranks)
                                                 : tp_ranks_met((double)op->experts, top_k, ranks));
}

/* A token, and to each of its experts a number and a weight; sums come back 16 bits wide. */
static double message_bytes(const struct tp_collective *op)
{
  static const double choice_bytes = 8;
  const double choices_bytes = choice_bytes * (double)op->top_k;
  if (op->kind == TP_PREPARE)
    return choices_bytes;
  return choices_bytes + (double)op->hidden * (op->kind == TP_DISPATCH
                                                   ? tp_dtype_activation_bytes(op->dtype)
                                                   : tp_dtype_bytes(tp_dtype_wide(op->dtype)));
}

/* Each rank's messages go to all alike, itself among them. */
static void shape(const struct tp_exchange *exchange, const struct library *library,
                  struct tp_cost *cost)
{
  const double bytes = messages(exchange, library) * message_bytes(exchange->collective);
  const double ranks = exchange->group->ranks, part = bytes / ranks;
  const double own = (double)exchange->collective->tokens * message_bytes(exchange->collective);
  cost->n_phases = 1;
  cost->phases[0] = tp_exchange_phase(exchange, TP_PATTERN_DIRECT, 1, part);
  cost->link_bytes = (ranks - 1) * part;
  cost->dram_bytes = bytes + own;
}

/* A block an expert, or for each few where there are more of them than SMs. */
static double blocks_of(double experts, double sms)
{
  return ceil(experts / ceil(experts / sms));
}

/* What the SMs move: a combining rank also writes the sums. */
static double sm_s(const struct tp_exchange *exchange, const struct fit *fit,
                   const struct library *library, double sms)
{
  const struct tp_collective *const op = exchange->collective;
  const double tokens = (double)op->tokens;
  const double moved = messages(exchange, library) + (op->kind == TP_COMBINE ? tokens : 0);
  return (tokens * fit->token_s + moved * message_bytes(op) / fit->sm_bytes_per_s) / sms;
}

static void overheads(const struct tp_exchange *exchange, const struct library *library,
                      struct tp_cost *cost)
{
  const struct tp_collective *const op = exchange->collective;
  const struct fit fit = fit_of(exchange, library);
  const double device_sms = exchange->machine->device->datasheet.sm_count;
  const double own_sms = fit.sms > 0 ? fit.sms : blocks_of((double)op->experts, device_sms);
  const double sms = fmin(device_sms, op->sms > 0 ? op->sms : own_sms);
  const double row_bytes =
      (1 + messages(exchange, library) / (double)op->tokens) * message_bytes(op);
  struct tp_comm_phase *const phase = &cost->phases[0];
  cost->fixed_s += fit.base_s + fit.expert_s * (double)op->experts / exchange->group->ranks +
                   row_bytes / fit.row_bytes_per_s;
  /* As near the point where both bind as a GEMM: fourth powers. */
  phase->flow_bytes *= fit.wire_ratio;
  const double excess =
      sm_s(exchange, &fit, library, sms) * phase->flow_bytes_per_s / phase->flow_bytes;
  phase->flow_bytes *= sqrt(sqrt(1 + tp_power_4(excess)));
  cost->sm_share = sms / device_sms;
  cost->sigma = fit.spread_ratio;
}

#define ALGORITHM(name, algorithm, kinds)                                                         \
  static bool name##_possible(const struct tp_exchange *exchange)                                 \
  {                                                                                               \
    return possible(exchange, &name);                                                             \
  }                                                                                               \
  static void name##_shape(const struct tp_exchange *exchange, struct tp_cost *cost)              \
  {                                                                                               \
    shape(exchange, &name, cost);                                                                 \
  }                                                                                               \
  static void name##_overheads(const struct tp_exchange *exchange, struct tp_cost *cost)          \
  {                                                                                               \
    overheads(exchange, &name, cost);                                                             \
  }                                                                                               \
  const struct tp_collective_algorithm tp_collective_##name = {algorithm, kinds, name##_possible, \
                                                               name##_shape, name##_overheads};

enum {
  BOTH_WAYS = TP_SERVES(TP_DISPATCH) | TP_SERVES(TP_COMBINE),
  PREPARED = BOTH_WAYS | TP_SERVES(TP_PREPARE)
};
static const struct library deepep = {false, none, fit_deepep_dispatch, fit_deepep_combine},
                            low_latency = {true, none, fit_deepep_ll_dispatch,
                                           fit_deepep_ll_combine},
                            one_sided = {false, none, fit_one_sided_dispatch,
                                         fit_one_sided_combine},
                            two_sided = {false, fit_two_sided_prepare, fit_two_sided_dispatch,
                                         fit_two_sided_combine};
ALGORITHM(deepep, TP_ALGORITHM_DEEPEP, BOTH_WAYS)
ALGORITHM(low_latency, TP_ALGORITHM_DEEPEP_LOW_LATENCY, BOTH_WAYS)
ALGORITHM(one_sided, TP_ALGORITHM_NVLINK_ONE_SIDED, BOTH_WAYS)
ALGORITHM(two_sided, TP_ALGORITHM_NVLINK_TWO_SIDED, PREPARED)
