/* Which of a step's tokens the ops of a pass are of. */
#include "program/pass.h"

/* What an executor would have to know and no op says. */
static void leave_unsaid(struct tp_pass *pass, const char *why)
{
  struct tp_program *const program = pass->program;
  if (program->unsaid != NULL)
    return;
  program->unsaid = why;
  tp_operands_begin(pass, pass->request->mesh.pp > 1);
}

/* Halves that are whole sequences have one chunk each, of as many sequences as the step. */
static bool cuts_a_sequence(const struct tp_pass *pass)
{
  const struct tp_part *const halves = pass->halves;
  return halves[0].n != 1 || halves[1].n != 1 ||
         tp_part_sequences(&halves[0]) + tp_part_sequences(&halves[1]) != pass->sequences;
}

void tp_pass_split(struct tp_pass *pass, int64_t least)
{
  if (pass->tokens < least || !tp_batch_halves(&pass->request->batch, pass->halves)) {
    pass->halves[0].n = pass->halves[1].n = 0;
    return;
  }
  tp_operands_begin(pass, pass->operands.said);
  if (cuts_a_sequence(pass))
    leave_unsaid(pass, "half of a sequence says what its kernels cost, not what they compute: take "
                       "an even batch");
}

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

void tp_pass_shares(struct tp_pass *pass)
{
  if (pass->tokens % pass->request->mesh.tp != 0)
    leave_unsaid(pass, "shares of tokens that tp does not divide say what they cost, not what they "
                       "compute: take a batch that it divides");
}

void tp_pass_share(struct tp_pass *pass, bool share)
{
  pass->residual_tokens = share ? tp_pass_share_tokens(pass) : pass->tokens;
}
