/* An op to the part that does its kind. */
#include "gpu/attention.h"
#include "gpu/check.h"
#include "gpu/gemm.h"
#include "gpu/kernels/kernels.h"
#include "gpu/state.h"

static enum tp_status run(struct tp_device_state *state, const struct tp_bound_op *bound,
                          struct tp_error *error)
{
  const cudaStream_t stream = state->streams[bound->op->stream];
  switch (bound->op->kind) {
  case TP_OP_GEMM:
    return tp_gpu_gemm_run(state->gemm, bound, stream, state->capturing, error);
  case TP_OP_ATTENTION:
    return tp_gpu_attention_run(state->attention, bound, stream, state->capturing, error);
  case TP_OP_MEMORY:
    return tp_kernel_memory(bound, tp_team_rank(state->options.group), stream, error);
  case TP_OP_EXPERTS:
    return tp_fail(error, TP_E_INPUT,
                   "no kernel of experts is here; take a dense model, or the device 'host'");
  case TP_OP_LATENT:
    break;
  case TP_OP_COLLECTIVE:
    return tp_comm_run(state->comm, bound, stream, error);
  case TP_OP_QUANTISE:
    break;
  }
  return tp_fail(error, TP_E_INPUT, "a kind that no device here computes");
}

enum tp_status tp_gpu_launch(struct tp_device_state *state, const struct tp_bound_op *bound,
                             struct tp_error *error)
{
  struct tp_error fault = {.text = ""};
  enum tp_status status = run(state, bound, &fault);
  if (status == TP_OK)
    status = TP_CUDA(cudaGetLastError(), &fault);
  if (status == TP_OK)
    return TP_OK;
  return tp_fail(error, status, "op '%s' on device %d (%s): %.600s", bound->op->name,
                 state->options.device, state->facts.name, fault.text);
}
