/* Flash Communication's low-bit all-reduce in one kernel (arXiv 2412.04964): quantise all parts;
 * the owner of a part fetches it from all, sums and quantises the sum; everyone fetches the sums.
 *
 *     slot   | part 0 at reduce bits | part 1 | ... | part of the owner's own sums at gather bits |
 *
 * Groups are spread over blocks alike in every part and step, so a block meets only its like.
 */
#include "peers/peer.cuh"
#include "peers/quantise.cuh"

namespace
{

/* Values `first` to first + length of every part: as many as a slot has room for. */
struct job {
  tp_low_bit_format reduce, gather;
  int64_t n, part; /* all values; those of a part, the last ones may have fewer */
  int64_t first, length;
  int64_t reduce_bytes; /* room of one part in a slot */
};

__device__ __forceinline__ int64_t start_of(const job &job, int rank)
{
  return rank * job.part + job.first;
}

__device__ __forceinline__ int64_t length_of(const job &job, int rank)
{
  const int64_t of_part = min(job.n - rank * job.part, job.part) - job.first;
  return max(min(of_part, job.length), static_cast<int64_t>(0));
}

/* What `from` has for the owner of part `part`, and what it has as the owner of its own. */
__device__ __forceinline__ tp_packed to_owner(const tp_peer &peer, const tp_peer_turn &turn,
                                              const job &job, int from, int part)
{
  return {job.reduce, length_of(job, part),
          tp_peer_slot(peer, turn, from) + part * job.reduce_bytes};
}

__device__ __forceinline__ tp_packed to_all(const tp_peer &peer, const tp_peer_turn &turn,
                                            const job &job, int from)
{
  return {job.gather, length_of(job, from),
          tp_peer_slot(peer, turn, from) + peer.ranks * job.reduce_bytes};
}

/* Values of the rank's own buffer. */
template <class T> struct own_values {
  const T *from;
  int64_t n;

  __device__ void operator()(int64_t first, int, float values[TP_OCTET]) const
  {
    enum { LENGTH = tp_vector<T>::LENGTH };
    TP_UNROLL
    for (int at = 0; at < TP_OCTET; at += LENGTH) {
      const tp_vector<T> v = tp_load_vector(from, first + at, n);
      TP_UNROLL
      for (int i = 0; i < LENGTH; i++)
        values[at + i] = tp_to_float(v.x[i]);
    }
  }
};

/* Sums of what all ranks have for this one, in fp32 in the order of ranks. */
struct sums {
  const tp_peer &peer;
  const tp_peer_turn &turn;
  const job &work;

  __device__ void operator()(int64_t first, int valid, float values[TP_OCTET]) const
  {
    TP_UNROLL
    for (int i = 0; i < TP_OCTET; i++)
      values[i] = 0;
    for (int rank = 0; rank < peer.ranks; rank++) {
      float given[TP_OCTET];
      tp_dequantise_octet(to_owner(peer, turn, work, rank, peer.rank), first / TP_OCTET, valid,
                          given);
      TP_UNROLL
      for (int i = 0; i < TP_OCTET; i++)
        values[i] += given[i];
    }
  }
};

/* f(group, lane, lanes) for this thread's groups; whole warps come along to the last. */
template <class F> __device__ __forceinline__ void each_group(int64_t n, int group, const F &f)
{
  const int lanes = tp_group_lanes(group), per_block = TP_PEER_THREADS / lanes;
  const int64_t groups = (n + group - 1) / group;
  for (int64_t first = static_cast<int64_t>(blockIdx.x) * per_block; first < groups;
       first += static_cast<int64_t>(gridDim.x) * per_block)
    f(first + threadIdx.x / lanes, static_cast<int>(threadIdx.x) % lanes, lanes);
}

template <class Source>
__device__ __forceinline__ void quantise(const Source &source, const tp_packed &to)
{
  each_group(to.n, to.format.group, [&](int64_t group, int lane, int lanes) {
    tp_quantise_group(source, to, group, lane, lanes);
  });
}

template <class T> __device__ __forceinline__ void dequantise(const tp_packed &from, T *to)
{
  enum { LENGTH = tp_vector<T>::LENGTH };
  each_group(from.n, from.format.group, [&](int64_t group, int lane, int lanes) {
    const int64_t first = group * from.format.group;
    const int64_t end = min(first + from.format.group, from.n);
    for (int64_t at = first + lane * TP_OCTET; at < end; at += lanes * TP_OCTET) {
      float values[TP_OCTET];
      const int64_t left = min(end - at, static_cast<int64_t>(TP_OCTET));
      tp_dequantise_octet(from, at / TP_OCTET, static_cast<int>(left), values);
      TP_UNROLL
      for (int i = 0; i < TP_OCTET; i += LENGTH) {
        tp_vector<T> v;
        TP_UNROLL
        for (int j = 0; j < LENGTH; j++)
          tp_from_float(values[i + j], &v.x[j]);
        tp_store_vector(v, to, at + i, from.n);
      }
    }
  });
}

template <class T>
__global__ void __launch_bounds__(TP_PEER_THREADS)
    flash(const tp_peer peer, const job work, const T *in, T *out)
{
  const tp_peer_turn turn = tp_peer_begin(peer);
  for (int part = 0; part < peer.ranks; part++)
    quantise(own_values<T>{in + start_of(work, part), length_of(work, part)},
             to_owner(peer, turn, work, peer.rank, part));
  tp_peer_meet(peer, turn, 0);
  quantise(sums{peer, turn, work}, to_all(peer, turn, work, peer.rank));
  tp_peer_meet(peer, turn, 1);
  for (int part = 0; part < peer.ranks; part++)
    dequantise(to_all(peer, turn, work, part), out + start_of(work, part));
  tp_peer_end(peer, turn);
}

int64_t up_to_16(int64_t bytes)
{
  return (bytes + 15) / 16 * 16;
}

/* Groups of every part that fit in a slot; what rounding up to 16 bytes takes is left aside. */
int64_t groups_of_slot(const tp_peer &peer, const job &job)
{
  const int64_t group = job.reduce.group, room = peer.slot_bytes - 16 * (peer.ranks + 1);
  return room /
         (peer.ranks * tp_low_bit_bytes(job.reduce, group) + tp_low_bit_bytes(job.gather, group));
}

template <class T>
cudaError_t run(const tp_peer &peer, job job, const void *in, void *out, int blocks,
                cudaStream_t stream)
{
  const int64_t group = job.reduce.group;
  const int64_t most = groups_of_slot(peer, job) * group;
  if (most <= 0)
    return cudaErrorInvalidValue;
  const int64_t per_block = TP_PEER_THREADS / tp_group_lanes(job.reduce.group) * group;
  for (; job.first < job.part; job.first += most) {
    job.length = most < job.part - job.first ? most : job.part - job.first;
    job.reduce_bytes = up_to_16(tp_low_bit_bytes(job.reduce, job.length));
    TP_LAUNCH(flash<T>, tp_peer_grid(job.length, per_block, blocks), TP_PEER_THREADS, 0, stream,
              peer, job, static_cast<const T *>(in), static_cast<T *>(out));
  }
  return cudaGetLastError();
}

} // namespace

extern "C" cudaError_t tp_peer_flash(const struct tp_peer *peer, const void *in, void *out,
                                     int64_t n, enum tp_dtype dtype, const struct tp_wire *wire,
                                     int blocks, cudaStream_t stream)
{
  job job = {};
  job.reduce = {wire->reduce_bits, wire->group, wire->spikes};
  job.gather = {wire->gather_bits, wire->group, wire->spikes};
  job.n = n;
  job.part = (n + peer->ranks - 1) / peer->ranks;
  switch (dtype) {
  case TP_DTYPE_FP16:
    return run<__half>(*peer, job, in, out, blocks, stream);
  case TP_DTYPE_BF16:
    return run<__nv_bfloat16>(*peer, job, in, out, blocks, stream);
  case TP_DTYPE_FP32:
    return run<float>(*peer, job, in, out, blocks, stream);
  default: /* no such elements travel */
    break;
  }
  return cudaErrorInvalidValue;
}
