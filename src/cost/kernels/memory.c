/* Elementwise and row-wise kernels: docs/MODEL.md, "Kernels". */
#include "cost/cost.h"
#include "cost/kernels/rate.h"

static bool rotates(enum tp_function function)
{
  return function == TP_FUNCTION_ROPE || function == TP_FUNCTION_ROPE_CACHE;
}

/* What a kernel before it left in the last-level cache never reaches DRAM. */
static double cold_ratio(const struct tp_device_memory *fit, double bytes)
{
  return fit->cache_bytes_per_s > 0 ? tp_cold_ratio(bytes, fit->cached_bytes) : 1;
}

/* How often a block waits for its row beyond loading and storing it, one after the other: for what
 * it works out of elements, for a sum over them, for the first pass of two.  On an H200 kernels of
 * few rows take 1.1 us with none of these, 1.6 with one or two, 1.9 with three, their rows set
 * apart (traces/h200-sxm/memory.csv). */
enum { MOST_WAITS = 3 };
static double waits(enum tp_function function)
{
  switch (function) {
  case TP_FUNCTION_EMBED:
  case TP_FUNCTION_CACHE:
  case TP_FUNCTION_COPY:
    return 0;
  case TP_FUNCTION_ADD:
  case TP_FUNCTION_ADD_SHARE:
  case TP_FUNCTION_ACTIVATION:
    return 1;
  case TP_FUNCTION_NORM:
  case TP_FUNCTION_QK_NORM:
  case TP_FUNCTION_ROPE:
  case TP_FUNCTION_ROPE_CACHE:
  case TP_FUNCTION_SAMPLE:
    return 2;
  case TP_FUNCTION_ADD_NORM:
  case TP_FUNCTION_ADD_SUM_NORM:
  case TP_FUNCTION_TOP_K:
  case TP_FUNCTION_UNNAMED:
    return MOST_WAITS;
  }
  return MOST_WAITS;
}

/* Kernels of which every block streams one row: others have blocks of elements, or nobody knows. */
static bool goes_by_rows(enum tp_function function)
{
  return rotates(function) || function == TP_FUNCTION_NORM || function == TP_FUNCTION_ADD_NORM ||
         function == TP_FUNCTION_ADD_SUM_NORM || function == TP_FUNCTION_SAMPLE;
}

static double stacks_row_latency_s(const struct tp_machine *machine)
{
  return machine->program ? machine->stack->launch.row_latency_s : 0;
}

double tp_cost_row_latency_s(const struct tp_machine *machine)
{
  return machine->device->memory.row_latency_s + stacks_row_latency_s(machine);
}

/* Waiting for rows.  How fast a block streams its row says what a latency shows only by and by:
 * where the device tells it, its own latency shows from the first row on. */
static double wait_s(const struct tp_machine *machine, const struct tp_memory *memory, double bytes)
{
  const struct tp_device_memory *fit = &machine->device->memory;
  const double shown = bytes / (bytes + fit->row_latency_bytes);
  const bool streams = fit->row_bytes_per_s > 0;
  const double latency_s =
      fit->row_latency_s * (streams ? 1 : shown) + stacks_row_latency_s(machine) * shown;
  const double wait = waits(memory->function) / MOST_WAITS * latency_s;
  return rotates(memory->function) ? wait + fit->angle_s : wait;
}

/* The row of a block, which is on its way alone. */
static double row_s(const struct tp_device_memory *fit, const struct tp_memory *memory,
                    double bytes)
{
  return fit->row_bytes_per_s > 0 && memory->rows > 0 && goes_by_rows(memory->function)
             ? bytes / (double)memory->rows / fit->row_bytes_per_s
             : 0;
}

void tp_cost_memory(const struct tp_machine *machine, const struct tp_memory *memory,
                    struct tp_cost *cost)
{
  const struct tp_device_memory *fit = &machine->device->memory;
  const double bytes = memory->read_bytes + memory->write_bytes;
  const double cold = cold_ratio(fit, bytes);
  cost->dram_bytes = cold * bytes;
  const double stretch = rotates(memory->function) && fit->rope_stretch > 0 ? fit->rope_stretch : 1;
  cost->fixed_s =
      fit->kernel_floor_s + wait_s(machine, memory, bytes) + stretch * row_s(fit, memory, bytes);
  cost->work_s = cost->dram_bytes / (machine->dram_bytes_per_s * fit->dram_ratio);
  if (cold < 1)
    cost->work_s += (1 - cold) * bytes / fit->cache_bytes_per_s;
  cost->work_s *= stretch;
  cost->sm_share = 0; /* a quarter of the SMs saturates DRAM: losing some costs it nothing */
  cost->sigma = fit->spread_ratio;
}
