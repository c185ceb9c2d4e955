/* The upper bound of every variant: standard's kernels, nothing exchanged (and nothing right). */
#include "program/train.h"
#include "program/variants/architectures.h"

static enum tp_status build(const struct tp_request *request, const struct tp_variant *variant,
                            struct tp_arena *arena, struct tp_program *program,
                            struct tp_error *error)
{
  (void)variant;
  struct tp_pass pass;
  const enum tp_status status = tp_pass_begin_sharded(&pass, request, arena, program, error);
  if (status != TP_OK)
    return status;
  pass.exchange = false;
  tp_standard_emit(&pass);
  tp_pass_end(&pass);
  return TP_OK;
}

const struct tp_architecture tp_architecture_no_comm = {
    .name = "no-comm",
    .summary = "upper bound: standard's kernels, no exchange at all",
    .equation = "x_i = h_i(norm(x_{i-1})) + x_{i-1}      on each rank alone",
    .build = build,
    .build_train = tp_train_no_comm,
};
