/* The upper bound of every variant whose norms are kernels of their own: standard's kernels,
 * nothing exchanged (and nothing right). */
#include "program/train.h"
#include "program/variants/architectures.h"

static void emit(struct tp_pass *pass)
{
  pass->exchange = false;
  tp_standard_emit(pass);
}

static enum tp_status build(const struct tp_request *request, const struct tp_variant *variant,
                            struct tp_arena *arena, struct tp_program *program,
                            struct tp_error *error)
{
  (void)variant;
  return tp_pass_build_sharded(request, emit, arena, program, error);
}

const struct tp_architecture tp_architecture_no_comm = {
    .name = "no-comm",
    .summary = "upper bound: standard's kernels, no collectives within a stage",
    .equation = "x_i = h_i(norm(x_{i-1})) + x_{i-1}      on each rank alone",
    .apart = true,
    .build = build,
    .build_train = tp_train_no_comm,
};
