#ifndef TP_OPS_EXCHANGE_H
#define TP_OPS_EXCHANGE_H
/* Rows of what takes tokens to their experts and back, on a machine. */
#include "cost/cost.h"
#include "ops/rows.h"

/* A row that says no kernel means that of the stack's programs.  Fails where these have none or
 * two, and where the row's SMs are more than the device's. */
enum tp_status tp_op_exchange_settle(const struct tp_op_reader *reader, const struct tp_op_row *row,
                                     const struct tp_machine *machine,
                                     struct tp_collective *exchange);
#endif
