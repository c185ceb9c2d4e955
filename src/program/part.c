/* Which of a step's tokens the ops of a pass are of. */
#include "program/pass.h"

bool tp_pass_splits(const struct tp_pass *pass)
{
  return pass->halves[0].n > 0;
}

void tp_pass_half(struct tp_pass *pass, int half)
{
  pass->half = half;
  pass->part = half == 0 ? tp_batch_whole(&pass->request->batch) : pass->halves[half - 1];
  pass->tokens = pass->residual_tokens = tp_part_tokens(&pass->part);
  pass->sequences = tp_part_sequences(&pass->part);
}

int64_t tp_pass_share_tokens(const struct tp_pass *pass)
{
  const int64_t tp = pass->request->mesh.tp;
  return (pass->tokens + tp - 1) / tp;
}

void tp_pass_share(struct tp_pass *pass, bool share)
{
  pass->residual_tokens = share ? tp_pass_share_tokens(pass) : pass->tokens;
}
