#ifndef TP_COST_STYLE_H
#define TP_COST_STYLE_H
#include "platform/stack.h"
#include "program/variant.h"

/* What a stack says of how kernels are cut among so many tensor ranks, as builders of programs take
 * it. */
struct tp_style tp_style_of(const struct tp_stack *stack, int ranks);
#endif
