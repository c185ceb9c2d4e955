#ifndef TP_TESTS_HOST_CUDA_H
#define TP_TESTS_HOST_CUDA_H
/* CUDA kernels on the CPU, for tests: every thread is a fiber, all of one operating-system thread.
 *
 *     stream 1  [ kernel A: block 0 .. block n ] [ kernel B ... ]    launches of a stream in turn,
 *     stream 2  [ kernel C ... ]                                     streams side by side
 *
 * Fibers run in turn and change places where a thread waits (barriers, shuffles), where it may be
 * waiting (acquire loads, atomics, clocks, sleeps) and where it ends: the same order every time,
 * another one for every seed, in which kernels now and then rest for some turns.  The streams of a
 * test may be those of several GPUs.
 *
 * Shared memory starts as 0xff.  A barrier that some threads have left, lanes of a mask that do not
 * exist, and a wait without end stop the test with a message.
 */
#include "host_cuda_order.h"

#include <cuda_runtime_api.h>
#include <vector_functions.h>
#include <vector_types.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <tuple>
#include <utility>

using std::max;
using std::min;

struct host_cuda_thread {
  uint3 thread, block;
  dim3 block_dim, grid_dim;
};
extern host_cuda_thread host_cuda_now;

#define threadIdx (host_cuda_now.thread)
#define blockIdx  (host_cuda_now.block)
#define blockDim  (host_cuda_now.block_dim)
#define gridDim   (host_cuda_now.grid_dim)
#define warpSize  32
#define __launch_bounds__(...)

/* What a stream has to do: the threads of a kernel, or a step that is tried again until it is done;
 * it waits for others, or goes on by itself or by another process. */
enum host_cuda_progress { HOST_CUDA_DONE, HOST_CUDA_WAITS, HOST_CUDA_GOES_ON };
struct host_cuda_work {
  dim3 grid, block;
  size_t shared_bytes;
  std::function<void()> thread;
  std::function<host_cuda_progress()> step; /* instead of threads */
  bool of_library;                          /* a step that a kernel would do */
  std::function<void()> begins, ends;       /* may be absent */
};
void host_cuda_enqueue(cudaStream_t stream, host_cuda_work work);
/* Where a runtime takes launches; absent: they are put into streams. */
extern std::function<void(cudaStream_t, host_cuda_work)> host_cuda_taker;
/* Runs what streams hold, until `done`. */
void host_cuda_run_until(const std::function<bool()> &done);
bool host_cuda_idle(cudaStream_t stream);
unsigned long long host_cuda_time(void); /* as kernels would read it */

void host_cuda_launch(dim3 grid, dim3 block, size_t shared_bytes, cudaStream_t stream,
                      std::function<void()> thread);

template <class... P, class... A>
void host_cuda_launch_kernel(void (*kernel)(P...), dim3 grid, dim3 block, size_t shared_bytes,
                             cudaStream_t stream, A &&...arguments)
{
  std::tuple<P...> kept(static_cast<P>(std::forward<A>(arguments))...);
  host_cuda_launch(grid, block, shared_bytes, stream,
                   [kernel, kept]() { std::apply(kernel, kept); });
}

#define TP_LAUNCH(kernel, grid, block, shared_bytes, stream, ...) \
  host_cuda_launch_kernel(kernel, grid, block, shared_bytes, stream __VA_OPT__(, ) __VA_ARGS__)

/* Memory of the block that runs, the same for the same key. */
void *host_cuda_shared(const void *key, size_t bytes);
void *host_cuda_dynamic_shared(void);

#define TP_SHARED(type, name, count) \
  static const char name##_key = 0;  \
  type(&name)[count] =               \
      *static_cast<type(*)[count]>(host_cuda_shared(&name##_key, sizeof(type[count])))
#define TP_DYNAMIC_SHARED(type, name) \
  type *const name = static_cast<type *>(host_cuda_dynamic_shared())
#define TP_UNROLL
#define TP_AS_IT_IS(x)

void host_cuda_yield(void);
void host_cuda_barrier(void);
/* A value a lane of the warp, to be written before the lanes of the mask meet, read after that, and
 * written again after they have met once more. */
struct host_cuda_slot {
  char bytes[16];
};
host_cuda_slot *host_cuda_slots(void);
host_cuda_slot *host_cuda_meet(unsigned mask); /* the same slots */
int host_cuda_lane(void);
unsigned long long host_cuda_clock(void);

static inline void __syncthreads(void)
{
  host_cuda_barrier();
}
static inline void __threadfence(void)
{
}
static inline void __threadfence_block(void)
{
}
static inline void __threadfence_system(void)
{
}
static inline void __nanosleep(unsigned)
{
  host_cuda_yield();
}
static inline long long clock64(void)
{
  return static_cast<long long>(host_cuda_clock());
}
static inline unsigned long long tp_nanoseconds(void)
{
  return host_cuda_clock();
}

static inline unsigned tp_load_acquire(const unsigned *flag)
{
  host_cuda_yield();
  return *flag;
}
static inline void tp_store_release(unsigned *flag, unsigned value)
{
  *flag = value;
}

static inline void __syncwarp(unsigned mask = 0xffffffffu)
{
  host_cuda_meet(mask);
}

/* Value of lane `from` of a group of `width` lanes; one's own where there is no such lane. */
template <class T> T host_cuda_shuffle(unsigned mask, T value, int from, int width)
{
  static_assert(sizeof value <= sizeof(host_cuda_slot), "shuffles more than 16 bytes");
  const int first = host_cuda_lane() / width * width;
  const bool there = from >= first && from < first + width;
  memcpy(&host_cuda_slots()[host_cuda_lane()], &value, sizeof value);
  const host_cuda_slot *const slots = host_cuda_meet(mask);
  memcpy(&value, &slots[there ? from : host_cuda_lane()], sizeof value);
  host_cuda_meet(mask);
  return value;
}
template <class T> T __shfl_sync(unsigned mask, T value, int lane, int width = 32)
{
  return host_cuda_shuffle(mask, value, host_cuda_lane() / width * width + lane % width, width);
}
template <class T> T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32)
{
  return host_cuda_shuffle(mask, value, host_cuda_lane() ^ bits, width);
}
template <class T> T __shfl_down_sync(unsigned mask, T value, unsigned by, int width = 32)
{
  return host_cuda_shuffle(mask, value, host_cuda_lane() + static_cast<int>(by), width);
}
template <class T> T __shfl_up_sync(unsigned mask, T value, unsigned by, int width = 32)
{
  return host_cuda_shuffle(mask, value, host_cuda_lane() - static_cast<int>(by), width);
}

template <class T, class F> T host_cuda_fold(unsigned mask, T value, F fold)
{
  static_assert(sizeof value <= sizeof(host_cuda_slot), "folds more than 16 bytes");
  memcpy(&host_cuda_slots()[host_cuda_lane()], &value, sizeof value);
  const host_cuda_slot *const slots = host_cuda_meet(mask);
  T folded = value, next = value;
  bool first = true;
  for (int lane = 0; lane < 32; lane++) {
    if ((mask >> lane & 1) == 0)
      continue;
    memcpy(&next, &slots[lane], sizeof next);
    folded = first ? next : fold(folded, next);
    first = false;
  }
  host_cuda_meet(mask);
  return folded;
}
template <class T> T __reduce_add_sync(unsigned mask, T value)
{
  return host_cuda_fold(mask, value, [](T a, T b) { return static_cast<T>(a + b); });
}
template <class T> T __reduce_max_sync(unsigned mask, T value)
{
  return host_cuda_fold(mask, value, [](T a, T b) { return a < b ? b : a; });
}
template <class T> T __reduce_min_sync(unsigned mask, T value)
{
  return host_cuda_fold(mask, value, [](T a, T b) { return b < a ? b : a; });
}
static inline unsigned __ballot_sync(unsigned mask, int predicate)
{
  const unsigned mine = predicate != 0 ? 1u << host_cuda_lane() : 0;
  return host_cuda_fold(mask, mine, [](unsigned a, unsigned b) { return a | b; });
}
static inline int __any_sync(unsigned mask, int predicate)
{
  return __ballot_sync(mask, predicate) != 0;
}
static inline int __all_sync(unsigned mask, int predicate)
{
  return __ballot_sync(mask, predicate) == mask;
}

/* Atomics: nobody runs in between, somebody may before. */
template <class T, class F> T host_cuda_atomic(T *at, F next)
{
  host_cuda_yield();
  const T old = *at;
  *at = next(old);
  return old;
}
#define HOST_CUDA_ATOMIC(name, expression)                                              \
  template <class T, class V> T name(T *at, V given)                                    \
  {                                                                                     \
    const T value = static_cast<T>(given);                                              \
    return host_cuda_atomic(at, [value](T old) { return static_cast<T>(expression); }); \
  }
#define HOST_CUDA_ATOMICS(name, expression)  \
  HOST_CUDA_ATOMIC(name, expression)         \
  HOST_CUDA_ATOMIC(name##_block, expression) \
  HOST_CUDA_ATOMIC(name##_system, expression)
HOST_CUDA_ATOMICS(atomicAdd, old + value)
HOST_CUDA_ATOMICS(atomicMax, old < value ? value : old)
HOST_CUDA_ATOMICS(atomicMin, value < old ? value : old)
HOST_CUDA_ATOMICS(atomicExch, ((void)old, value))
HOST_CUDA_ATOMICS(atomicOr, old | value)
HOST_CUDA_ATOMICS(atomicAnd, old &value)
#undef HOST_CUDA_ATOMICS
#undef HOST_CUDA_ATOMIC
template <class T> T atomicCAS(T *at, T expected, T value)
{
  return host_cuda_atomic(at, [=](T old) { return old == expected ? value : old; });
}
template <class T> T atomicCAS_system(T *at, T expected, T value)
{
  return atomicCAS(at, expected, value);
}

/* Arithmetic. */
template <class T> T __ldg(const T *at)
{
  return *at;
}
template <class To, class From> To host_cuda_bits(From from)
{
  static_assert(sizeof(To) == sizeof(From), "bits of the same size");
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}
static inline int __float_as_int(float x)
{
  return host_cuda_bits<int>(x);
}
static inline unsigned __float_as_uint(float x)
{
  return host_cuda_bits<unsigned>(x);
}
static inline float __int_as_float(int x)
{
  return host_cuda_bits<float>(x);
}
static inline float __uint_as_float(unsigned x)
{
  return host_cuda_bits<float>(x);
}
static inline int __float2int_rn(float x)
{
  return static_cast<int>(nearbyintf(x));
}
static inline float rsqrtf(float x)
{
  return 1.0f / sqrtf(x);
}
static inline float __fdividef(float x, float y)
{
  return x / y;
}
#define __expf expf /* the C library has a function of its own of this name */
static inline float __fadd_rn(float x, float y)
{
  return x + y;
}
static inline float __fmul_rn(float x, float y)
{
  return x * y;
}
static inline int __popc(unsigned x)
{
  return __builtin_popcount(x);
}
static inline int __clz(int x)
{
  return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x));
}

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>
#endif
