/* tpsim-cuda without the device of a GPU, for what needs none: CUDA's libraries take half a second to
 * load each time. */
#include "gpu/gpu.h"
#include "run/beside.h"
#include "run/peer_try.h"
#include "run/standin_try.h"

static enum tp_status fail(struct tp_error *error)
{
  return tp_fail(error, TP_E_ENVIRONMENT, "no GPU can be used here: built without CUDA");
}

enum tp_status tp_gpu_count(int *count, struct tp_error *error)
{
  (void)count;
  return fail(error);
}

enum tp_status tp_gpu_facts(int device, struct tp_gpu_facts *facts, struct tp_error *error)
{
  (void)device, (void)facts;
  return fail(error);
}

enum tp_status tp_gpu_open(const struct tp_gpu_options *options, struct tp_calls *calls,
                           struct tp_error *error)
{
  (void)options, (void)calls;
  return fail(error);
}

void tp_gpu_close(struct tp_calls *calls)
{
  (void)calls;
}

enum tp_status tp_beside_open_gpu(int device, struct tp_beside *beside, struct tp_error *error)
{
  (void)device, (void)beside;
  return fail(error);
}

enum tp_status tp_standin_try(int device, struct tp_standin_ratios *ratios, struct tp_error *error)
{
  (void)device, (void)ratios;
  return fail(error);
}

bool tp_peers_are_here(void)
{
  return false;
}

enum tp_status tp_peer_try(int device, const struct tp_peer_trial *trial, struct tp_error *error)
{
  (void)device, (void)trial;
  return fail(error);
}
