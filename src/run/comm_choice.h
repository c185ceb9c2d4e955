#ifndef TP_RUN_COMM_CHOICE_H
#define TP_RUN_COMM_CHOICE_H
/* Who runs a collective on real GPUs: the algorithm that the op asks for, else what the stack's
 * library does at this size. */
#include "platform/stack.h"
#include "run/calls.h"

#define TP_COMM_WAYS(X)                                                             \
  X(TP_COMM_NOTHING, "nothing") /* a lone rank: at most a copy */                   \
  X(TP_COMM_NCCL, "nccl")                                                           \
  X(TP_COMM_ONE_SHOT, "one-shot") /* our kernels over peer memory (peers/peer.h) */ \
  X(TP_COMM_TWO_SHOT, "two-shot")                                                   \
  X(TP_COMM_FLASH, "flash")
enum tp_comm_way {
#define X(name, text) name,
  TP_COMM_WAYS(X)
#undef X
};
const char *tp_comm_way_text(enum tp_comm_way way);

struct tp_comm_place {
  const struct tp_stack *stack;
  int ranks;
  bool peer_access; /* every GPU reaches the memory of every other */
};

/* TP_E_INPUT where no library here runs such a collective, TP_E_ENVIRONMENT where it needs peer
 * access that is not there; the error names it. */
enum tp_status tp_comm_choose(const struct tp_comm_place *place, const struct tp_op *op,
                              enum tp_comm_way *way, struct tp_error *error);

struct tp_comm_buffers {
  const void *in;
  void *out;
  int64_t elements; /* of the larger one: the whole that ranks reduce, gather or scatter */
  enum tp_dtype dtype;
};

/* What a collective among `ranks` works on.  TP_E_INPUT where operands are not said, not each in
 * one piece, or not of sizes and types that fit each other. */
enum tp_status tp_comm_buffers_of(const struct tp_bound_op *bound, int ranks,
                                  struct tp_comm_buffers *buffers, struct tp_error *error);
#endif
