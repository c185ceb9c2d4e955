/* One-shot: everyone reads all buffers and sums them.  Two-shot: a rank sums one part and everyone
 * reads the sums. */
#include "peers/peer.cuh"

namespace
{

template <class T>
__device__ __forceinline__ tp_vector<T> *vectors_of(const tp_peer &peer, const tp_peer_turn &turn,
                                                    int rank)
{
  return reinterpret_cast<tp_vector<T> *>(tp_peer_slot(peer, turn, rank));
}

/* All loads before the first sum: each takes the time of the link. */
template <class T>
__device__ __forceinline__ tp_vector<T> sum_of(const tp_peer &peer, const tp_peer_turn &turn,
                                               int64_t v)
{
  enum { LENGTH = tp_vector<T>::LENGTH };
  tp_vector<T> given[TP_PEER_MAX_RANKS];
  TP_UNROLL
  for (int rank = 0; rank < TP_PEER_MAX_RANKS; rank++)
    if (rank < peer.ranks)
      given[rank] = vectors_of<T>(peer, turn, rank)[v];
  float sum[LENGTH] = {0};
  TP_UNROLL
  for (int rank = 0; rank < TP_PEER_MAX_RANKS; rank++)
    if (rank < peer.ranks) {
      TP_UNROLL
      for (int i = 0; i < LENGTH; i++)
        sum[i] += tp_to_float(given[rank].x[i]);
    }
  tp_vector<T> rounded;
  TP_UNROLL
  for (int i = 0; i < LENGTH; i++)
    tp_from_float(sum[i], &rounded.x[i]);
  return rounded;
}

template <class T>
__global__ void __launch_bounds__(TP_PEER_THREADS)
    one_shot(const tp_peer peer, const T *in, T *out, int64_t n)
{
  enum { LENGTH = tp_vector<T>::LENGTH };
  const int64_t vectors = (n + LENGTH - 1) / LENGTH;
  const int64_t first = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  const tp_peer_turn turn = tp_peer_begin(peer);
  tp_vector<T> *const own = vectors_of<T>(peer, turn, peer.rank);
  for (int64_t v = first; v < vectors; v += stride)
    own[v] = tp_load_vector(in, v * LENGTH, n);
  tp_peer_meet(peer, turn, 0);
  for (int64_t v = first; v < vectors; v += stride)
    tp_store_vector(sum_of<T>(peer, turn, v), out, v * LENGTH, n);
  tp_peer_end(peer, turn);
}

/* A block does the same vectors of every part in all three steps, so it needs to meet nobody but
 * its like.  Sums replace the rank's own part, which no other reads before. */
template <class T>
__global__ void __launch_bounds__(TP_PEER_THREADS)
    two_shot(const tp_peer peer, const T *in, T *out, int64_t n)
{
  enum { LENGTH = tp_vector<T>::LENGTH };
  const int64_t vectors = (n + LENGTH - 1) / LENGTH;
  const int64_t part = (vectors + peer.ranks - 1) / peer.ranks;
  const int64_t first = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  const tp_peer_turn turn = tp_peer_begin(peer);
  tp_vector<T> *const own = vectors_of<T>(peer, turn, peer.rank);
  for (int rank = 0; rank < peer.ranks; rank++)
    for (int64_t v = rank * part + first; v < min((rank + 1) * part, vectors); v += stride)
      own[v] = tp_load_vector(in, v * LENGTH, n);
  tp_peer_meet(peer, turn, 0);
  for (int64_t v = peer.rank * part + first; v < min((peer.rank + 1) * part, vectors); v += stride)
    own[v] = sum_of<T>(peer, turn, v);
  tp_peer_meet(peer, turn, 1);
  for (int rank = 0; rank < peer.ranks; rank++)
    for (int64_t v = rank * part + first; v < min((rank + 1) * part, vectors); v += stride)
      tp_store_vector(vectors_of<T>(peer, turn, rank)[v], out, v * LENGTH, n);
  tp_peer_end(peer, turn);
}

template <class T>
cudaError_t reduce(const tp_peer *peer, void (*kernel)(tp_peer, const T *, T *, int64_t),
                   const void *in, void *out, int64_t n, int64_t parts, int blocks,
                   cudaStream_t stream)
{
  const int64_t most = peer->slot_bytes / static_cast<int64_t>(sizeof(T));
  const int64_t each = TP_PEER_THREADS * tp_vector<T>::LENGTH * parts;
  for (int64_t first = 0; first < n; first += most) {
    const int64_t length = n - first < most ? n - first : most;
    TP_LAUNCH(kernel, tp_peer_grid(length, each, blocks), TP_PEER_THREADS, 0, stream, *peer,
              static_cast<const T *>(in) + first, static_cast<T *>(out) + first, length);
  }
  return cudaGetLastError();
}

} // namespace

extern "C" size_t tp_peer_bytes(int64_t slot_bytes)
{
  return sizeof(tp_peer_head) + 2 * static_cast<size_t>(slot_bytes);
}

extern "C" cudaError_t tp_peer_one_shot(const struct tp_peer *peer, const void *in, void *out,
                                        int64_t n, enum tp_dtype dtype, int blocks,
                                        cudaStream_t stream)
{
  switch (dtype) {
  case TP_DTYPE_FP16:
    return reduce<__half>(peer, one_shot<__half>, in, out, n, 1, blocks, stream);
  case TP_DTYPE_BF16:
    return reduce<__nv_bfloat16>(peer, one_shot<__nv_bfloat16>, in, out, n, 1, blocks, stream);
  case TP_DTYPE_FP32:
    return reduce<float>(peer, one_shot<float>, in, out, n, 1, blocks, stream);
  default: /* no such elements travel */
    break;
  }
  return cudaErrorInvalidValue;
}

extern "C" cudaError_t tp_peer_two_shot(const struct tp_peer *peer, const void *in, void *out,
                                        int64_t n, enum tp_dtype dtype, int blocks,
                                        cudaStream_t stream)
{
  const int64_t parts = peer->ranks;
  switch (dtype) {
  case TP_DTYPE_FP16:
    return reduce<__half>(peer, two_shot<__half>, in, out, n, parts, blocks, stream);
  case TP_DTYPE_BF16:
    return reduce<__nv_bfloat16>(peer, two_shot<__nv_bfloat16>, in, out, n, parts, blocks, stream);
  case TP_DTYPE_FP32:
    return reduce<float>(peer, two_shot<float>, in, out, n, parts, blocks, stream);
  default: /* no such elements travel */
    break;
  }
  return cudaErrorInvalidValue;
}
