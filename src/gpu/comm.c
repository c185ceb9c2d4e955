#include "gpu/comm.h"

#include "gpu/check.h"
#include "gpu/emulation.h"
#include "gpu/peers.h"
#include "run/comm_choice.h"

#include <stdlib.h>

/* Neither: a rank that is alone. */
struct tp_comm {
  const struct tp_stack *stack;
  struct tp_emulation *emulation;
  struct tp_peers *peers;
};

static enum tp_status set_up(struct tp_comm *comm, const struct tp_gpu_options *options,
                             struct tp_error *error)
{
  comm->stack = options->stack;
  if (options->emulated != NULL)
    return tp_emulation_open(options, &comm->emulation, error);
  if (tp_team_ranks(options->group) > 1)
    return tp_peers_open(options->group, options->device, options->stack, &comm->peers, error);
  return TP_OK;
}

enum tp_status tp_comm_open(const struct tp_gpu_options *options, struct tp_comm **comm,
                            struct tp_error *error)
{
  struct tp_comm *const made = calloc(1, sizeof *made);
  if (made == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  const enum tp_status status = set_up(made, options, error);
  if (status == TP_OK)
    *comm = made;
  else
    tp_comm_close(made);
  return status;
}

void tp_comm_close(struct tp_comm *comm)
{
  if (comm == NULL)
    return;
  tp_emulation_close(comm->emulation);
  tp_peers_close(comm->peers);
  free(comm);
}

/* Whoever is alone has the sum already; at most it goes elsewhere. */
static enum tp_status run_alone(const struct tp_comm *comm, const struct tp_bound_op *bound,
                                cudaStream_t stream, struct tp_error *error)
{
  const struct tp_comm_place place = {.stack = comm->stack, .ranks = 1};
  enum tp_comm_way way;
  struct tp_comm_buffers buffers;
  TP_TRY(tp_comm_choose(&place, bound->op, &way, error));
  TP_TRY(tp_comm_buffers_of(bound, 1, &buffers, error));
  if (buffers.in == buffers.out)
    return TP_OK;
  const double bytes = (double)buffers.elements * tp_dtype_bytes(buffers.dtype);
  return TP_CUDA(
      cudaMemcpyAsync(buffers.out, buffers.in, (size_t)bytes, cudaMemcpyDeviceToDevice, stream),
      error);
}

enum tp_status tp_comm_run(struct tp_comm *comm, const struct tp_bound_op *bound,
                           cudaStream_t stream, struct tp_error *error)
{
  if (comm->emulation != NULL)
    return tp_emulation_run(comm->emulation, bound, stream, error);
  if (comm->peers != NULL)
    return tp_peers_run(comm->peers, bound, stream, error);
  return run_alone(comm, bound, stream, error);
}

enum tp_status tp_comm_watch(struct tp_comm *comm, struct tp_error *error)
{
  return tp_emulation_watch(comm->emulation, error);
}

enum tp_status tp_comm_late(struct tp_comm *comm, double *late_s, struct tp_error *error)
{
  return tp_emulation_late(comm->emulation, late_s, error);
}
