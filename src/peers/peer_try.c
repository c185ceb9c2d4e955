#include "run/peer_try.h"

#include "gpu/check.h"
#include "peers/peer.h"

/* Calls in a row take turns with the slots; most buffers need several slots. */
enum { CALLS = 3, SLOT_BYTES = 64 << 10 };

struct lane {
  struct tp_peer peer;
  cudaStream_t stream;
  void *memory, *in, *out;
};

struct lanes {
  int blocks; /* of a rank */
  size_t bytes;
  struct lane all[TP_PEER_TRY_MOST_RANKS];
};

/* All blocks of all ranks wait for each other, so all of them need a place at once: together they
 * are no more than there are SMs. */
static enum tp_status count_blocks(int device, int ranks, int *blocks, struct tp_error *error)
{
  struct cudaDeviceProp properties;
  TP_TRY(TP_CUDA(cudaGetDeviceProperties(&properties, device), error));
  *blocks = properties.multiProcessorCount / ranks;
  return *blocks > 0 ? TP_OK
                     : tp_fail(error, TP_E_INPUT, "%d SMs have no room for %d ranks",
                               properties.multiProcessorCount, ranks);
}

static enum tp_status open_lane(struct lane *lane, const void *in, size_t bytes,
                                struct tp_error *error)
{
  const size_t peer_bytes = tp_peer_bytes(SLOT_BYTES);
  TP_TRY(TP_CUDA(cudaStreamCreateWithFlags(&lane->stream, cudaStreamNonBlocking), error));
  TP_TRY(TP_CUDA(cudaMalloc(&lane->memory, peer_bytes), error));
  TP_TRY(TP_CUDA(cudaMalloc(&lane->in, bytes), error));
  TP_TRY(TP_CUDA(cudaMalloc(&lane->out, bytes), error));
  TP_TRY(TP_CUDA(cudaMemset(lane->memory, 0, peer_bytes), error));
  TP_TRY(TP_CUDA(cudaMemset(lane->out, 0xff, bytes), error));
  return TP_CUDA(cudaMemcpy(lane->in, in, bytes, cudaMemcpyHostToDevice), error);
}

/* Nothing is allocated or copied once ranks wait for each other. */
static enum tp_status open(struct lanes *lanes, int device, const struct tp_peer_trial *trial,
                           struct tp_error *error)
{
  lanes->bytes = (size_t)((double)trial->elements * tp_dtype_bytes(trial->dtype));
  TP_TRY(count_blocks(device, trial->ranks, &lanes->blocks, error));
  for (int rank = 0; rank < trial->ranks; rank++)
    TP_TRY(open_lane(&lanes->all[rank], trial->in[rank], lanes->bytes, error));
  for (int rank = 0; rank < trial->ranks; rank++) {
    struct tp_peer *const peer = &lanes->all[rank].peer;
    *peer = (struct tp_peer){.rank = rank, .ranks = trial->ranks, .slot_bytes = SLOT_BYTES};
    for (int other = 0; other < trial->ranks; other++)
      peer->memory[other] = lanes->all[other].memory;
  }
  return TP_CUDA(cudaDeviceSynchronize(), error);
}

static void close(struct lanes *lanes)
{
  for (int rank = 0; rank < TP_PEER_TRY_MOST_RANKS; rank++) {
    struct lane *const lane = &lanes->all[rank];
    cudaFree(lane->memory);
    cudaFree(lane->in);
    cudaFree(lane->out);
    if (lane->stream != NULL)
      cudaStreamDestroy(lane->stream);
  }
}

static enum tp_status launch(const struct lane *lane, int blocks, const struct tp_peer_trial *trial,
                             struct tp_error *error)
{
  const struct tp_peer *const peer = &lane->peer;
  const int64_t n = trial->elements;
  switch (trial->way) {
  case TP_COMM_ONE_SHOT:
    return TP_CUDA(
        tp_peer_one_shot(peer, lane->in, lane->out, n, trial->dtype, blocks, lane->stream), error);
  case TP_COMM_TWO_SHOT:
    return TP_CUDA(
        tp_peer_two_shot(peer, lane->in, lane->out, n, trial->dtype, blocks, lane->stream), error);
  case TP_COMM_FLASH:
    return TP_CUDA(tp_peer_flash(peer, lane->in, lane->out, n, trial->dtype, &trial->wire, blocks,
                                 lane->stream),
                   error);
  case TP_COMM_NOTHING:
  case TP_COMM_NCCL:
    break;
  }
  return tp_fail(error, TP_E_INPUT, "%s is none of peers' kernels", tp_comm_way_text(trial->way));
}

static enum tp_status run(const struct lanes *lanes, const struct tp_peer_trial *trial,
                          struct tp_error *error)
{
  for (int call = 0; call < CALLS; call++)
    for (int rank = 0; rank < trial->ranks; rank++)
      TP_TRY(launch(&lanes->all[rank], lanes->blocks, trial, error));
  TP_TRY(TP_CUDA(cudaDeviceSynchronize(), error));
  for (int rank = 0; rank < trial->ranks; rank++)
    TP_TRY(TP_CUDA(
        cudaMemcpy(trial->out[rank], lanes->all[rank].out, lanes->bytes, cudaMemcpyDeviceToHost),
        error));
  return TP_OK;
}

bool tp_peers_are_here(void)
{
  return true;
}

enum tp_status tp_peer_try(int device, const struct tp_peer_trial *trial, struct tp_error *error)
{
  struct lanes lanes = {.blocks = 0};
  enum tp_status status = open(&lanes, device, trial, error);
  if (status == TP_OK)
    status = run(&lanes, trial, error);
  close(&lanes);
  return status;
}
