#include "ops/exchange.h"

#include "cost/collectives/algorithm.h"
#include "cost/style.h"

/* Kernels of libraries that can do it here: "deepep, nvlink-two-sided"; "" where none can. */
static const char *able(const struct tp_op_reader *reader, const struct tp_machine *machine,
                        struct tp_collective exchange)
{
  const char *list = "";
  for (int d = TP_DISPATCH_ALL_TO_ALL + 1; d <= TP_DISPATCH_NVLINK_TWO_SIDED; d++) {
    exchange.algorithm = tp_dispatch_algorithm((enum tp_dispatch)d);
    if (tp_collective_possible(machine, &exchange))
      list = tp_arena_printf(reader->arena, "%s%s%s", list, list[0] == '\0' ? "" : ", ",
                             tp_algorithm_text(exchange.algorithm));
  }
  return list;
}

static enum tp_status fail_unsaid(const struct tp_op_reader *reader, const struct tp_op_row *row,
                                  const char *why, const char *names)
{
  return tp_op_row_fail(reader, row,
                        tp_arena_printf(reader->arena,
                                        "column 'algorithm' names no kernel, and %s: give one of "
                                        "%s",
                                        why, names));
}

/* None is taken for being fast: kernels go together, and before some goes another. */
static enum tp_status choose(const struct tp_op_reader *reader, const struct tp_op_row *row,
                             const struct tp_machine *machine, struct tp_collective *exchange)
{
  const char *const stack = machine->stack->name;
  const struct tp_style style = tp_style_of(machine->stack, tp_machine_ranks(machine));
  const enum tp_algorithm prefill = tp_dispatch_algorithm(style.dispatch_prefill);
  const enum tp_algorithm decode = tp_dispatch_algorithm(style.dispatch_decode);
  const char *const names = able(reader, machine, *exchange);
  if (names[0] == '\0')
    return TP_OK; /* the cost model refuses it, and says why */
  if (exchange->algorithm == TP_ALGORITHM_FASTEST)
    return fail_unsaid(reader, row, "which is fastest depends on what goes before it", names);
  if (prefill != decode)
    return fail_unsaid(
        reader, row,
        tp_arena_printf(reader->arena, "stack %s has one for prefill, another for decode", stack),
        names);
  if (prefill == TP_ALGORITHM_AUTO)
    return fail_unsaid(reader, row,
                       tp_arena_printf(reader->arena, "programs of stack %s have none", stack),
                       names);
  exchange->algorithm = prefill;
  return TP_OK;
}

enum tp_status tp_op_exchange_settle(const struct tp_op_reader *reader, const struct tp_op_row *row,
                                     const struct tp_machine *machine,
                                     struct tp_collective *exchange)
{
  const struct tp_device *const device = machine->device;
  if (exchange->sms > device->datasheet.sm_count)
    return tp_op_row_fail(reader, row,
                          tp_arena_printf(reader->arena,
                                          "column 'sms': %s has %.0f SMs, not %d; give no more",
                                          device->name, device->datasheet.sm_count, exchange->sms));
  const bool unsaid =
      exchange->algorithm == TP_ALGORITHM_AUTO || exchange->algorithm == TP_ALGORITHM_FASTEST;
  return unsaid ? choose(reader, row, machine, exchange) : TP_OK;
}
