/* One- and two-shot all-reduces among GPUs that run at different speeds. */
#include "peers/peer.cu"

#include "../random.h"
#include "../suite.h"
#include "peers.h"

#include <cstdio>

enum { GUARD = 8 };

typedef cudaError_t reduce_call(const tp_peer *, const void *, void *, int64_t, tp_dtype, int,
                                cudaStream_t);
static reduce_call *const calls[] = {tp_peer_one_shot, tp_peer_two_shot};

__global__ void linger(int nanoseconds)
{
  const unsigned long long start = tp_nanoseconds();
  while (tp_nanoseconds() - start < static_cast<unsigned long long>(nanoseconds))
    __nanosleep(10);
}

/* One all-reduce of every rank; buffers keep what follows them. */
template <class T> struct exchange {
  int64_t n;
  std::vector<std::vector<T>> in, out;
  std::vector<T> want;

  exchange(int ranks, int64_t n_, uint64_t *random) : n(n_), want(static_cast<size_t>(n_))
  {
    for (int rank = 0; rank < ranks; rank++) {
      std::vector<T> values(static_cast<size_t>(n + GUARD));
      for (T &x : values)
        tp_from_float(static_cast<float>(tp_random_below(random, 4001)) / 1000 - 2, &x);
      in.push_back(values);
      memset(static_cast<void *>(values.data()), 0x5a, values.size() * sizeof(T));
      out.push_back(values);
    }
    for (int64_t i = 0; i < n; i++) {
      float sum = 0;
      for (int rank = 0; rank < ranks; rank++)
        sum += tp_to_float(in[rank][i]);
      tp_from_float(sum, &want[i]);
    }
  }
  void check(const char *what)
  {
    char guard[GUARD * sizeof(T)];
    memset(guard, 0x5a, sizeof guard);
    for (size_t rank = 0; rank < out.size(); rank++) {
      for (int64_t i = 0; i < n; i++)
        ck_assert_msg(memcmp(&out[rank][i], &want[i], sizeof(T)) == 0,
                      "%s: rank %zu of %zu, element %d of %d: %g, not %g", what, rank, out.size(),
                      (int)i, (int)n, (double)tp_to_float(out[rank][i]),
                      (double)tp_to_float(want[i]));
      ck_assert_mem_eq(&out[rank][n], guard, sizeof guard);
    }
  }
};

/* Several all-reduces in a row, by both algorithms, of sizes that fill blocks, parts and slots or
 * do not; every rank lingers when it likes. */
template <class T> static void check_sums(tp_dtype dtype, int ranks, uint64_t seed)
{
  uint64_t random = seed;
  enum { CALLS = 6 };
  peers world(ranks, 1024 + 16 * static_cast<int64_t>(tp_random_below(&random, 2048)));
  std::vector<exchange<T>> exchanges;
  host_cuda_seed(seed);
  host_cuda_defer(true);
  int call_of[CALLS], blocks[CALLS];
  for (int i = 0; i < CALLS; i++) {
    exchanges.emplace_back(
        ranks, 1 + static_cast<int64_t>(tp_random_below(&random, i == 3 ? 20000 : 700)), &random);
    call_of[i] = static_cast<int>(tp_random_below(&random, 2));
    blocks[i] = static_cast<int>(tp_random_below(&random, 4));
  }
  for (int rank = 0; rank < ranks; rank++) {
    const tp_peer peer = world.of(rank);
    for (int i = 0; i < CALLS; i++) {
      if (tp_random_below(&random, 3) == 0)
        TP_LAUNCH(linger, 1, 32, 0, peers::stream(rank), (int)tp_random_below(&random, 3000));
      exchange<T> &e = exchanges[i];
      ck_assert_int_eq(calls[call_of[i]](&peer, e.in[rank].data(), e.out[rank].data(), e.n, dtype,
                                         blocks[i], peers::stream(rank)),
                       cudaSuccess);
    }
  }
  host_cuda_run();
  char what[64];
  for (int i = 0; i < CALLS; i++) {
    snprintf(what, sizeof what, "seed %llu call %d %s", (unsigned long long)seed, i,
             call_of[i] == 0 ? "one-shot" : "two-shot");
    exchanges[i].check(what);
  }
}

START_TEST(sums_are_those_of_ranks_in_order)
{
  const uint64_t seed = tp_random_seed(_i);
  const int ranks = 2 + _i % 7;
  if (_i % 3 == 0)
    check_sums<__half>(TP_DTYPE_FP16, ranks, seed);
  else if (_i % 3 == 1)
    check_sums<__nv_bfloat16>(TP_DTYPE_BF16, ranks, seed);
  else
    check_sums<float>(TP_DTYPE_FP32, ranks, seed);
}
END_TEST

/* 1 + 2 + 3 in every element, then of what came out; five in place, so both slots are used anew. */
START_TEST(in_place_and_unaligned)
{
  enum { RANKS = 3, N = 1001 };
  peers world(RANKS, 65536);
  std::vector<std::vector<float>> x;
  for (int rank = 0; rank < RANKS; rank++)
    x.emplace_back(N + 1, static_cast<float>(rank + 1));
  host_cuda_defer(true);
  for (int rank = 0; rank < RANKS; rank++) {
    const tp_peer peer = world.of(rank);
    for (int i = 0; i < 5; i++)
      calls[(_i + i) % 2](&peer, &x[rank][1], &x[rank][1], N, TP_DTYPE_FP32, 0,
                          peers::stream(rank));
  }
  host_cuda_run();
  for (int rank = 0; rank < RANKS; rank++) {
    ck_assert_rel((double)x[rank][0], rank + 1, 0);
    for (int i = 1; i <= N; i++)
      ck_assert_rel((double)x[rank][i], 6 * 3 * 3 * 3 * 3, 0);
  }
}
END_TEST

/* Turns before the epoch changes sign, and before it begins anew. */
START_TEST(epoch_wraps)
{
  enum { RANKS = 2 };
  const unsigned before = _i == 0 ? 0x7ffffffeu : 0xfffffffeu;
  peers world(RANKS, 1024);
  float x[RANKS] = {1, 2};
  host_cuda_defer(true);
  for (int rank = 0; rank < RANKS; rank++) {
    tp_peer_head *const head = reinterpret_cast<tp_peer_head *>(world.base(rank));
    head->epoch = before;
    for (auto &stage : head->flags)
      for (auto &block : stage)
        for (unsigned &flag : block)
          flag = before;
    const tp_peer peer = world.of(rank);
    for (int i = 0; i < 4; i++) {
      if (i % 2 == rank)
        TP_LAUNCH(linger, 1, 1, 0, peers::stream(rank), 1000);
      tp_peer_one_shot(&peer, &x[rank], &x[rank], 1, TP_DTYPE_FP32, 0, peers::stream(rank));
    }
  }
  host_cuda_run();
  ck_assert_rel((double)x[0], 24, 0);
  ck_assert_rel((double)x[1], 24, 0);
}
END_TEST

START_TEST(fp8_is_refused)
{
  peers world(1, 1024);
  const tp_peer peer = world.of(0);
  char x = 0;
  for (reduce_call *call : calls)
    ck_assert_int_eq(call(&peer, &x, &x, 1, TP_DTYPE_FP8, 0, nullptr), cudaErrorInvalidValue);
}
END_TEST

static Suite *suite(void)
{
  Suite *s = suite_create("peer");
  TCase *c = tcase_create("sums");
  tcase_set_timeout(c, 120);
  tcase_add_loop_test(c, sums_are_those_of_ranks_in_order, 0, tp_random_cases(21));
  tcase_add_loop_test(c, in_place_and_unaligned, 0, 2);
  tcase_add_loop_test(c, epoch_wraps, 0, 2);
  tcase_add_test(c, fp8_is_refused);
  suite_add_tcase(s, c);
  return s;
}

TP_SUITE_MAIN
