/* Kernels that hold SMs: what they copy, how long they last, and when they stop. */
#include "gpu/kernels/standin.cu"

#include "../random.h"
#include "../suite.h"

#include <vector>

extern "C" cudaError_t cudaFuncSetAttribute(const void *, enum cudaFuncAttribute, int)
{
  return cudaSuccess;
}

enum { SHARED_BYTES = 227 << 10, CHUNKS = 3 };

struct area {
  std::vector<uint4> from, to;
  tp_windows windows;

  area() : from(CHUNKS * TP_WINDOW_CHUNK), to(from.size())
  {
    for (size_t i = 0; i < from.size(); i++)
      from[i].x = static_cast<unsigned>(i) + 1;
    windows = {from.data(), to.data(), static_cast<int64_t>(from.size())};
  }
  size_t copied() const
  {
    size_t n = 0;
    for (size_t i = 0; i < to.size(); i++) {
      ck_assert(to[i].x == 0 || to[i].x == from[i].x);
      n += to[i].x != 0;
    }
    return n;
  }
};

static const tp_standin_result no_result = {nullptr, nullptr, 0, 0};

/* Every vector of the plan once, from where the one before ended and round the window. */
START_TEST(copies_what_is_planned)
{
  uint64_t random = tp_random_seed(_i);
  area memory;
  const tp_standin_plan plan = {
      1 + static_cast<int>(tp_random_below(&random, 5)),
      static_cast<int64_t>(tp_random_below(&random, CHUNKS * TP_WINDOW_CHUNK)), 1000};
  const int64_t first = static_cast<int64_t>(tp_random_below(&random, CHUNKS * TP_WINDOW_CHUNK));
  tp_standin_hold(&plan, &memory.windows, first, &no_result, SHARED_BYTES, nullptr, nullptr);
  ck_assert_uint_eq(memory.copied(), static_cast<size_t>(plan.vectors));
  for (int64_t i = 0; i < plan.vectors; i++)
    ck_assert_uint_ne(memory.to[(first + i) % memory.windows.vectors].x, 0);
}
END_TEST

START_TEST(lasts_as_long_as_planned)
{
  static const tp_standin_plan plans[] = {
      {2, 0, 50000}, {3, 2 * TP_WINDOW_CHUNK, 400000}, {1, 0, 0}};
  area memory;
  unsigned long long begin, end;
  tp_standin_stamp(&begin, nullptr);
  tp_standin_hold(&plans[_i], &memory.windows, 0, &no_result, SHARED_BYTES, nullptr, nullptr);
  tp_standin_stamp(&end, nullptr);
  ck_assert_int_ge(end - begin, plans[_i].nanoseconds);
}
END_TEST

__global__ void count_after(const uint4 *to, int n, int nanoseconds, int *count)
{
  const unsigned long long start = tp_nanoseconds();
  while (tp_nanoseconds() - start < static_cast<unsigned long long>(nanoseconds)) {
  }
  for (int i = 0; i < n; i++)
    *count += to[i].x != 0;
}

/* Of three chunks the second begins after a third of the time, the last after two. */
START_TEST(spreads_chunks_over_the_time)
{
  area memory;
  const tp_standin_plan plan = {1, CHUNKS * TP_WINDOW_CHUNK, 300000};
  int count = 0;
  host_cuda_defer(true);
  tp_standin_hold(&plan, &memory.windows, 0, &no_result, SHARED_BYTES, nullptr,
                  reinterpret_cast<cudaStream_t>(1));
  TP_LAUNCH(count_after, 1, 1, 0, reinterpret_cast<cudaStream_t>(2), memory.to.data(),
            CHUNKS * TP_WINDOW_CHUNK, 150000, &count);
  host_cuda_run();
  ck_assert_int_eq(count, 2 * TP_WINDOW_CHUNK);
}
END_TEST

START_TEST(waits_after_a_stamp)
{
  unsigned long long begin = 0, end = 0;
  tp_standin_stamp(&begin, nullptr);
  tp_standin_wait(&begin, 12345, nullptr);
  tp_standin_stamp(&end, nullptr);
  ck_assert_int_ge(end - begin, 12345);
}
END_TEST

/* The shard in every rank's place, whether it lies on 16 bytes or not. */
START_TEST(leaves_its_result)
{
  enum { RANKS = 3 };
  const int64_t bytes = _i == 0 ? 4096 : 1001;
  std::vector<unsigned char> in(bytes), out(RANKS * bytes + 1, 0x5a);
  for (size_t i = 0; i < in.size(); i++)
    in[i] = static_cast<unsigned char>(i * 7);
  area memory;
  const tp_standin_plan plan = {2, 0, 0};
  const tp_standin_result result = {in.data(), out.data(), bytes, RANKS};
  tp_standin_hold(&plan, &memory.windows, 0, &result, SHARED_BYTES, nullptr, nullptr);
  for (int rank = 0; rank < RANKS; rank++)
    ck_assert_mem_eq(&out[rank * bytes], in.data(), bytes);
  ck_assert_uint_eq(out[RANKS * bytes], 0x5a);
}
END_TEST

__global__ void stop_after(unsigned *stop, const unsigned *started, int blocks, int nanoseconds)
{
  for (int i = 0; i < blocks; i++)
    while (tp_load_acquire(&started[i]) == 0) {
    }
  const unsigned long long start = tp_nanoseconds();
  while (tp_nanoseconds() - start < static_cast<unsigned long long>(nanoseconds)) {
  }
  tp_store_release(stop, 1);
}

/* Two blocks that hold or copy until told: two chunks each, which go round three. */
START_TEST(runs_until_told)
{
  enum { BLOCKS = 2 };
  area memory;
  unsigned stop = 0, started[BLOCKS + 1] = {0};
  int64_t chunks[BLOCKS + 1] = {-1, -1, -1};
  const bool copies = _i == 1;
  const tp_beside_job job = {memory.windows, copies ? 100000 : 0, INT64_MAX, &stop, started,
                             chunks};
  host_cuda_defer(true);
  tp_beside_launch(&job, BLOCKS, SHARED_BYTES, reinterpret_cast<cudaStream_t>(1));
  TP_LAUNCH(stop_after, 1, 1, 0, reinterpret_cast<cudaStream_t>(2), &stop, started, BLOCKS, 120000);
  host_cuda_run();
  ck_assert_uint_eq(started[2], 0);
  for (int i = 0; i < BLOCKS; i++)
    ck_assert_int_eq(chunks[i], copies ? 2 : 0);
  ck_assert_int_eq(chunks[BLOCKS], -1);
  ck_assert_uint_eq(memory.copied(), copies ? memory.to.size() : 0);
}
END_TEST

START_TEST(ends_by_itself)
{
  area memory;
  unsigned stop = 0, started = 0;
  int64_t chunks = -1;
  const tp_beside_job job = {memory.windows, 0, 50000, &stop, &started, &chunks};
  tp_beside_launch(&job, 1, SHARED_BYTES, nullptr);
  ck_assert_int_eq(chunks, 0);
}
END_TEST

static Suite *suite(void)
{
  Suite *s = suite_create("standin");
  TCase *c = tcase_create("kernels");
  tcase_set_timeout(c, 60);
  tcase_add_loop_test(c, copies_what_is_planned, 0, tp_random_cases(5));
  tcase_add_loop_test(c, lasts_as_long_as_planned, 0, 3);
  tcase_add_test(c, spreads_chunks_over_the_time);
  tcase_add_test(c, waits_after_a_stamp);
  tcase_add_loop_test(c, leaves_its_result, 0, 2);
  tcase_add_loop_test(c, runs_until_told, 0, 2);
  tcase_add_test(c, ends_by_itself);
  suite_add_tcase(s, c);
  return s;
}

TP_SUITE_MAIN
