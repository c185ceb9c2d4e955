#include "predict/collectives.h"

#include "base/text.h"
#include "cost/collectives/algorithm.h"

#include <math.h>
#include <string.h>

static bool is_low_bit(enum tp_algorithm algorithm)
{
  return algorithm == TP_ALGORITHM_FLASH || algorithm == TP_ALGORITHM_FLASH_HIERARCHICAL;
}

/* What a user may ask for, beside "stack" and "auto". */
static const enum tp_algorithm choices[] = {
    TP_ALGORITHM_RING,         TP_ALGORITHM_TREE,     TP_ALGORITHM_NVLS,
    TP_ALGORITHM_NVLS_TREE,    TP_ALGORITHM_ONE_SHOT, TP_ALGORITHM_TWO_SHOT,
    TP_ALGORITHM_HIERARCHICAL, TP_ALGORITHM_FLASH,    TP_ALGORITHM_FLASH_HIERARCHICAL};
enum { N_CHOICES = sizeof choices / sizeof *choices };

enum tp_status tp_collective_choice_parse(const char *name, struct tp_arena *arena,
                                          enum tp_algorithm *algorithm, struct tp_error *error)
{
  const char *names[N_CHOICES + 2] = {"stack", "auto"};
  const enum tp_algorithm automatic[] = {TP_ALGORITHM_AUTO, TP_ALGORITHM_FASTEST};
  for (size_t i = 0; i < N_CHOICES; i++)
    names[i + 2] = tp_algorithm_text(choices[i]);
  for (size_t i = 0; i < N_CHOICES + 2; i++)
    if (strcmp(name, names[i]) == 0) {
      *algorithm = i < 2 ? automatic[i] : choices[i - 2];
      return TP_OK;
    }
  return tp_fail(error, TP_E_INPUT, "no collective '%s'%s", name,
                 tp_text_hint(arena, name, names, N_CHOICES + 2));
}

/* Those that are somebody's choice already stay. */
static bool may_run_by(const struct tp_op *op, enum tp_algorithm algorithm)
{
  return op->kind == TP_OP_COLLECTIVE && op->collective.kind == TP_ALL_REDUCE &&
         op->collective.algorithm == TP_ALGORITHM_AUTO &&
         (algorithm == TP_ALGORITHM_FASTEST ||
          is_low_bit(algorithm) == (op->collective.wire.reduce_bits > 0));
}

enum tp_status tp_collective_choose(struct tp_program *program, const struct tp_machine *machine,
                                    enum tp_algorithm algorithm, struct tp_error *error)
{
  if (algorithm == TP_ALGORITHM_AUTO)
    return TP_OK;
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++) {
      struct tp_op *op = &program->segments[s].ops[i];
      if (!may_run_by(op, algorithm))
        continue;
      op->collective.algorithm = algorithm;
      if (!tp_collective_possible(machine, &op->collective))
        return tp_fail(error, TP_E_INPUT,
                       "collective %s cannot run on %s with %d ranks and this stack; "
                       "`tpsim compare --collectives` lists what can",
                       tp_algorithm_text(algorithm), machine->fabric->platform->name,
                       tp_machine_ranks(machine));
    }
  return TP_OK;
}

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

size_t tp_contenders_list(const struct tp_machine *machine,
                          const struct tp_variant *const *variants, size_t n_variants,
                          struct tp_arena *arena, struct tp_contender **contenders)
{
  struct tp_contender *list = TP_NEW(arena, struct tp_contender, N_CHOICES + 1 + n_variants);
  size_t n = 0;
  list[n++] = (struct tp_contender){.name = "stack", .algorithm = TP_ALGORITHM_AUTO};
  for (size_t i = 0; i < N_CHOICES; i++) {
    list[n] = (struct tp_contender){.name = tp_algorithm_text(choices[i]), .algorithm = choices[i]};
    if (!isnan(tp_contender_s(machine, &list[n], 1 << 20, NULL)))
      n++;
  }
  for (size_t v = 0; v < n_variants; v++)
    if (variants[v]->wire != NULL)
      list[n++] =
          (struct tp_contender){.name = variants[v]->text, .wire = tp_variant_wire(variants[v])};
  *contenders = list;
  return n;
}
