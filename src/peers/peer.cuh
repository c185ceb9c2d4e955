#ifndef TP_PEERS_PEER_CUH
#define TP_PEERS_PEER_CUH
/* How kernels over peer memory meet, and how they read and write 16 bytes at a time. */
#include "gpu/kernels/launch.h"
extern "C" {
#include "peers/peer.h"
}

#include <cstdint>
#include <cuda_bf16.h>
#include <cuda_fp16.h>

enum { TP_PEER_THREADS = 512, TP_PEER_STAGES = 2 };

/* What precedes the slots. */
struct tp_peer_head {
  unsigned flags[TP_PEER_STAGES][TP_PEER_MAX_BLOCKS][TP_PEER_MAX_RANKS]; /* written by peers */
  unsigned epoch, blocks_done;                                           /* by the rank itself */
  unsigned padding[2];
};
static_assert(sizeof(struct tp_peer_head) % 16 == 0, "slots begin on 16 bytes");

/* One kernel's use of the memory. */
struct tp_peer_turn {
  unsigned epoch;
  int64_t slot_offset;
};

/* Chosen, not indexed: a kernel's arguments lie in registers. */
static __device__ __forceinline__ unsigned char *tp_peer_memory(const tp_peer &peer, int rank)
{
  void *memory = peer.memory[0];
  TP_UNROLL
  for (int i = 1; i < TP_PEER_MAX_RANKS; i++)
    if (i == rank)
      memory = peer.memory[i];
  return static_cast<unsigned char *>(memory);
}

static __device__ __forceinline__ tp_peer_head *tp_peer_head_of(const tp_peer &peer, int rank)
{
  return reinterpret_cast<tp_peer_head *>(tp_peer_memory(peer, rank));
}

static __device__ __forceinline__ tp_peer_turn tp_peer_begin(const tp_peer &peer)
{
  const unsigned epoch = tp_peer_head_of(peer, peer.rank)->epoch + 1;
  return {epoch, static_cast<int64_t>(sizeof(tp_peer_head)) + epoch % 2 * peer.slot_bytes};
}

static __device__ __forceinline__ unsigned char *tp_peer_slot(const tp_peer &peer,
                                                              const tp_peer_turn &turn, int rank)
{
  return tp_peer_memory(peer, rank) + turn.slot_offset;
}

/* This block and the same block of all peers have come to this stage; what they wrote before can be
 * read after.  A peer may be one kernel ahead, so a flag may be newer than the epoch. */
static __device__ __forceinline__ void tp_peer_meet(const tp_peer &peer, const tp_peer_turn &turn,
                                                    int stage)
{
  __syncthreads();
  if (static_cast<int>(threadIdx.x) < peer.ranks) {
    tp_store_release(&tp_peer_head_of(peer, threadIdx.x)->flags[stage][blockIdx.x][peer.rank],
                     turn.epoch);
    const unsigned *const flag =
        &tp_peer_head_of(peer, peer.rank)->flags[stage][blockIdx.x][threadIdx.x];
    while (static_cast<int>(tp_load_acquire(flag) - turn.epoch) < 0) {
    }
  }
  __syncthreads();
}

/* The last block ends the turn: all have read the epoch by then. */
static __device__ __forceinline__ void tp_peer_end(const tp_peer &peer, const tp_peer_turn &turn)
{
  tp_peer_head *const head = tp_peer_head_of(peer, peer.rank);
  __syncthreads();
  if (threadIdx.x == 0 && atomicAdd(&head->blocks_done, 1u) == gridDim.x - 1) {
    head->blocks_done = 0;
    head->epoch = turn.epoch;
  }
}

static __device__ __forceinline__ float tp_to_float(float x)
{
  return x;
}
static __device__ __forceinline__ float tp_to_float(__half x)
{
  return __half2float(x);
}
static __device__ __forceinline__ float tp_to_float(__nv_bfloat16 x)
{
  return __bfloat162float(x);
}
static __device__ __forceinline__ void tp_from_float(float value, float *x)
{
  *x = value;
}
static __device__ __forceinline__ void tp_from_float(float value, __half *x)
{
  *x = __float2half_rn(value);
}
static __device__ __forceinline__ void tp_from_float(float value, __nv_bfloat16 *x)
{
  *x = __float2bfloat16_rn(value);
}

template <class T> struct alignas(16) tp_vector {
  enum { LENGTH = 16 / sizeof(T) };
  T x[LENGTH];
};

static __device__ __forceinline__ bool tp_aligned(const void *at)
{
  return reinterpret_cast<uintptr_t>(at) % 16 == 0;
}

/* Up to a vector of elements from `first` on; zeros beyond `n`. */
template <class T>
__device__ __forceinline__ tp_vector<T> tp_load_vector(const T *from, int64_t first, int64_t n)
{
  enum { LENGTH = tp_vector<T>::LENGTH };
  if (first + LENGTH <= n && tp_aligned(from + first))
    return *reinterpret_cast<const tp_vector<T> *>(from + first);
  tp_vector<T> v;
  TP_UNROLL
  for (int i = 0; i < LENGTH; i++)
    if (first + i < n)
      v.x[i] = from[first + i];
    else
      tp_from_float(0, &v.x[i]);
  return v;
}

template <class T>
__device__ __forceinline__ void tp_store_vector(const tp_vector<T> &v, T *to, int64_t first,
                                                int64_t n)
{
  enum { LENGTH = tp_vector<T>::LENGTH };
  if (first + LENGTH <= n && tp_aligned(to + first)) {
    *reinterpret_cast<tp_vector<T> *>(to + first) = v;
    return;
  }
  TP_UNROLL
  for (int i = 0; i < LENGTH; i++)
    if (first + i < n)
      to[first + i] = v.x[i];
}

/* Blocks for so much work in steps of `each`. */
static inline int tp_peer_grid(int64_t work, int64_t each, int blocks)
{
  const int most = blocks > 0 && blocks < TP_PEER_MAX_BLOCKS ? blocks : TP_PEER_MAX_BLOCKS;
  const int64_t wanted = (work + each - 1) / each;
  return static_cast<int>(wanted < 1 ? 1 : wanted < most ? wanted : most);
}
#endif
