/* What the ranks of a training step exchange: sums of partial rows, and gathered ones. */
#include "program/train.h"

static void start(struct tp_pass *pass, enum tp_slot slot, enum tp_collective_kind kind)
{
  tp_pass_start_collective(
      pass, slot,
      (struct tp_collective){.kind = kind,
                             .bytes = (double)pass->tokens * (double)pass->block.hidden *
                                      tp_dtype_bytes(pass->wide),
                             .dtype = pass->wide});
}

void tp_train_start_sum(struct tp_pass *pass, enum tp_slot slot)
{
  start(pass, slot, pass->request->training.sequence_parallel ? TP_REDUCE_SCATTER : TP_ALL_REDUCE);
}

void tp_train_sum(struct tp_pass *pass, enum tp_slot slot)
{
  tp_train_start_sum(pass, slot);
  tp_pass_wait(pass, slot);
}

void tp_train_start_gather(struct tp_pass *pass, enum tp_slot slot)
{
  if (pass->request->training.sequence_parallel)
    start(pass, slot, TP_ALL_GATHER);
}

void tp_train_wait_gather(struct tp_pass *pass, enum tp_slot slot)
{
  if (pass->request->training.sequence_parallel)
    tp_pass_wait(pass, slot);
}

bool tp_train_gathers_again(const struct tp_pass *pass)
{
  const struct tp_training *const training = &pass->request->training;
  return training->sequence_parallel && !training->recompute;
}

void tp_train_gather(struct tp_pass *pass, enum tp_slot slot)
{
  tp_train_start_gather(pass, slot);
  tp_train_wait_gather(pass, slot);
}

enum tp_grad_sum tp_train_sum_style(const struct tp_pass *pass)
{
  return pass->request->training.async_reduce ? TP_GRAD_DEFERRED : TP_GRAD_SUMMED;
}
