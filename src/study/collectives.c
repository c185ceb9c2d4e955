#include "study/collectives.h"

#include "cost/algorithm.h"

#include <math.h>

static struct tp_collective all_reduce(const struct tp_contender *contender, double bytes)
{
  return (struct tp_collective){.kind = TP_ALL_REDUCE,
                                .bytes = bytes,
                                .dtype = TP_DTYPE_FP16,
                                .algorithm = contender->algorithm,
                                .wire = contender->wire};
}

double tp_contender_s(const struct tp_machine *machine, const struct tp_contender *contender,
                      double bytes, enum tp_algorithm *used)
{
  const struct tp_collective collective = all_reduce(contender, bytes);
  if (!tp_collective_possible(machine, &collective))
    return (double)NAN;
  struct tp_cost cost;
  tp_cost_collective(machine, &collective, &cost);
  if (used != NULL)
    *used = cost.algorithm;
  return tp_cost_alone_s(machine, &cost);
}

double tp_bus_bytes_per_s(int ranks, double bytes, double time_s)
{
  return 2.0 * (ranks - 1) / ranks * bytes / time_s;
}

static bool is_low_bit(enum tp_algorithm algorithm)
{
  return algorithm == TP_ALGORITHM_FLASH || algorithm == TP_ALGORITHM_FLASH_HIERARCHICAL;
}

size_t tp_contenders_list(const struct tp_machine *machine,
                          const struct tp_variant *const *variants, size_t n_variants,
                          struct tp_arena *arena, struct tp_contender **contenders)
{
  static const enum tp_algorithm algorithms[] = {
#define X(name, text) name,
      TP_ALGORITHMS(X)
#undef X
  };
  const size_t n_algorithms = sizeof algorithms / sizeof *algorithms;
  struct tp_contender *list = TP_NEW(arena, struct tp_contender, n_algorithms + n_variants);
  size_t n = 0;
  list[n++] = (struct tp_contender){.name = "stack", .algorithm = TP_ALGORITHM_AUTO};
  for (size_t i = 0; i < n_algorithms; i++) {
    list[n] =
        (struct tp_contender){.name = tp_algorithm_text(algorithms[i]), .algorithm = algorithms[i]};
    if (algorithms[i] != TP_ALGORITHM_AUTO && algorithms[i] != TP_ALGORITHM_FASTEST &&
        !is_low_bit(algorithms[i]) && !isnan(tp_contender_s(machine, &list[n], 1 << 20, NULL)))
      n++;
  }
  for (size_t v = 0; v < n_variants; v++)
    if (variants[v]->wire != NULL)
      list[n++] =
          (struct tp_contender){.name = variants[v]->text, .wire = tp_variant_wire(variants[v])};
  *contenders = list;
  return n;
}
