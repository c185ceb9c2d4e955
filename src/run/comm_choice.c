#include "run/comm_choice.h"

const char *tp_comm_way_text(enum tp_comm_way way)
{
  static const char *const texts[] = {
#define X(name, text) text,
      TP_COMM_WAYS(X)
#undef X
  };
  return texts[way];
}

static enum tp_status refuse(const struct tp_op *op, const char *why, struct tp_error *error)
{
  const struct tp_collective *collective = &op->collective;
  return tp_fail(error, TP_E_INPUT, "%s: %s by '%s': %s", op->name,
                 tp_collective_text(collective->kind), tp_algorithm_text(collective->algorithm),
                 why);
}

/* Reads and writes the memory of other GPUs. */
static enum tp_status by_peers(const struct tp_comm_place *place, const struct tp_op *op,
                               enum tp_comm_way wanted, enum tp_comm_way *way,
                               struct tp_error *error)
{
  if (op->collective.kind != TP_ALL_REDUCE)
    return refuse(op, "this algorithm is one of all-reduces", error);
  if (!place->peer_access)
    return tp_fail(error, TP_E_ENVIRONMENT,
                   "%s: the %s all-reduce needs peer access between all %d GPUs "
                   "(cudaDeviceCanAccessPeer denies it, or there are too many); use NCCL",
                   op->name, tp_comm_way_text(wanted), place->ranks);
  *way = wanted;
  return TP_OK;
}

/* By the stack's limits, as tp_cost_collective, which has a later one where that is faster; without
 * peer access it, too, is left with NCCL. */
static enum tp_comm_way by_size(const struct tp_comm_place *place,
                                const struct tp_collective *collective)
{
  const struct tp_stack *stack = place->stack;
  if (stack->collectives.library != TP_LIBRARY_PEER_KERNELS || !place->peer_access ||
      collective->kind != TP_ALL_REDUCE)
    return TP_COMM_NCCL;
  if (collective->bytes < tp_stack_max_bytes(stack->collectives.one_shot_max_bytes, place->ranks))
    return TP_COMM_ONE_SHOT;
  return collective->bytes < tp_stack_max_bytes(stack->collectives.two_shot_max_bytes, place->ranks)
             ? TP_COMM_TWO_SHOT
             : TP_COMM_NCCL;
}

static enum tp_status by_library(const struct tp_comm_place *place, const struct tp_op *op,
                                 enum tp_comm_way *way, struct tp_error *error)
{
  const int library = place->stack->collectives.library;
  if (library == TP_LIBRARY_IDEAL || library == TP_LIBRARY_STEPPED)
    return refuse(
        op, "the stack's library is a model's; take a stack with 'nccl' or 'peer-kernels'", error);
  *way = by_size(place, &op->collective);
  return TP_OK;
}

static enum tp_status full_precision(const struct tp_comm_place *place, const struct tp_op *op,
                                     enum tp_comm_way *way, struct tp_error *error)
{
  switch (op->collective.algorithm) {
  case TP_ALGORITHM_AUTO:
  case TP_ALGORITHM_FASTEST:
    return by_library(place, op, way, error);
  case TP_ALGORITHM_ONE_SHOT:
    return by_peers(place, op, TP_COMM_ONE_SHOT, way, error);
  case TP_ALGORITHM_TWO_SHOT:
    return by_peers(place, op, TP_COMM_TWO_SHOT, way, error);
  case TP_ALGORITHM_DIRECT: /* an all-to-all of NCCL is sends from all to all */
    if (op->collective.kind != TP_ALL_TO_ALL)
      return refuse(op, "no library here does it", error);
    *way = TP_COMM_NCCL;
    return TP_OK;
  case TP_ALGORITHM_RING:
  case TP_ALGORITHM_TREE:
  case TP_ALGORITHM_NVLS:
  case TP_ALGORITHM_NVLS_TREE:
    return refuse(op, "NCCL takes its algorithm from NCCL_ALGO; set that and ask for 'auto'",
                  error);
  case TP_ALGORITHM_HIERARCHICAL:
  case TP_ALGORITHM_DMA:
  case TP_ALGORITHM_FLASH:
  case TP_ALGORITHM_FLASH_HIERARCHICAL:
  case TP_ALGORITHM_DEEPEP:
  case TP_ALGORITHM_DEEPEP_LOW_LATENCY:
  case TP_ALGORITHM_NVLINK_ONE_SIDED:
  case TP_ALGORITHM_NVLINK_TWO_SIDED:
    break;
  }
  return refuse(op, "no GPU does it; emulate it (--emulate-tp)", error);
}

static enum tp_status low_bit(const struct tp_comm_place *place, const struct tp_op *op,
                              enum tp_comm_way *way, struct tp_error *error)
{
  const enum tp_algorithm algorithm = op->collective.algorithm;
  if (algorithm != TP_ALGORITHM_AUTO && algorithm != TP_ALGORITHM_FASTEST &&
      algorithm != TP_ALGORITHM_FLASH)
    return refuse(op, "low-bit data travel by 'flash'", error);
  return by_peers(place, op, TP_COMM_FLASH, way, error);
}

enum tp_status tp_comm_choose(const struct tp_comm_place *place, const struct tp_op *op,
                              enum tp_comm_way *way, struct tp_error *error)
{
  const struct tp_collective *collective = &op->collective;
  if (collective->kind >= TP_SEND || collective->sms == TP_NO_SMS)
    return refuse(op, "no GPU does it; emulate it (--emulate-tp)", error);
  if (collective->dtype == TP_DTYPE_FP8)
    return refuse(op, "nobody sums fp8; send bf16", error);
  if (place->ranks == 1) {
    *way = TP_COMM_NOTHING;
    return TP_OK;
  }
  return collective->wire.reduce_bits > 0 ? low_bit(place, op, way, error)
                                          : full_precision(place, op, way, error);
}

static bool in_one_piece(const struct tp_operand *operand)
{
  return operand->rows == 1 || operand->row_elements == operand->columns;
}

/* How many times larger the input is than the output, or the other way round. */
static bool sizes_fit(const struct tp_comm_buffers *buffers, enum tp_collective_kind kind,
                      int64_t in, int64_t out, int ranks)
{
  const int64_t n = buffers->elements;
  switch (kind) {
  case TP_ALL_REDUCE:
    return in == n && out == n;
  case TP_ALL_GATHER:
    return in * ranks == n && out == n;
  case TP_REDUCE_SCATTER:
    return in == n && out * ranks == n;
  case TP_ALL_TO_ALL:
    return in == n && out == n && n % ranks == 0;
  case TP_SEND:
  case TP_PREPARE:
  case TP_DISPATCH:
  case TP_COMBINE:
    break;
  }
  return false;
}

enum tp_status tp_comm_buffers_of(const struct tp_bound_op *bound, int ranks,
                                  struct tp_comm_buffers *buffers, struct tp_error *error)
{
  const struct tp_op *op = bound->op;
  const struct tp_operand *const in = &bound->in[0], *const out = &bound->out[0];
  if (in->data == NULL || out->data == NULL)
    return tp_fail(error, TP_E_INPUT, "%s: the program does not say its operands", op->name);
  if (!in_one_piece(in) || !in_one_piece(out))
    return tp_fail(
        error, TP_E_INPUT,
        "%s: rows that do not follow each other; a collective needs buffers of one piece",
        op->name);
  const int64_t read = in->rows * in->columns, written = out->rows * out->columns;
  const struct tp_comm_buffers found = {in->data, out->data, read > written ? read : written,
                                        in->tensor->dtype};
  if (!sizes_fit(&found, op->collective.kind, read, written, ranks) ||
      out->tensor->dtype != found.dtype)
    return tp_fail(error, TP_E_INPUT, "%s: %s of %lld elements into %lld by %d ranks", op->name,
                   tp_collective_text(op->collective.kind), (long long)read, (long long)written,
                   ranks);
  *buffers = found;
  return TP_OK;
}
