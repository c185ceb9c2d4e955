/* In place of this folder where it was left out. */
#include "gpu/peers.h"
#include "run/peer_try.h"

enum tp_status tp_peers_open(struct tp_team *group, int device, const struct tp_stack *stack,
                             struct tp_peers **peers, struct tp_error *error)
{
  (void)device, (void)stack, (void)peers;
  return tp_fail(error, TP_E_ENVIRONMENT,
                 "%d ranks need what this build left out; configure it without --disable-peers, or "
                 "run one rank of them alone (--emulate-tp %d)",
                 tp_team_ranks(group), tp_team_ranks(group));
}

void tp_peers_close(struct tp_peers *peers)
{
  (void)peers;
}

enum tp_status tp_peers_run(struct tp_peers *peers, const struct tp_bound_op *bound,
                            cudaStream_t stream, struct tp_error *error)
{
  (void)peers, (void)stream;
  return tp_fail(error, TP_E_ENVIRONMENT, "%s: built with --disable-peers", bound->op->name);
}

int tp_peers_nccl_version(void)
{
  return 0;
}

bool tp_peers_are_here(void)
{
  return false;
}

enum tp_status tp_peer_try(int device, const struct tp_peer_trial *trial, struct tp_error *error)
{
  (void)device, (void)trial;
  return tp_fail(error, TP_E_INPUT, "built with --disable-peers");
}
