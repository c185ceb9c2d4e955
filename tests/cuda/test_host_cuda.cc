/* The CPU's CUDA itself: what it runs, and what it stops. */
#include "gpu/kernels/launch.h"

#include "../suite.h"

#include <csignal>

__global__ void row_sums(const float *rows, int columns, float *sums)
{
  TP_SHARED(float, partial, 8);
  const int thread = static_cast<int>(threadIdx.x);
  float sum = 0;
  for (int i = thread; i < columns; i += static_cast<int>(blockDim.x))
    sum += rows[static_cast<int>(blockIdx.x) * columns + i];
  for (int bits = 16; bits > 0; bits /= 2)
    sum += __shfl_xor_sync(0xffffffffu, sum, bits);
  if (thread % 32 == 0)
    partial[thread / 32] = sum;
  __syncthreads();
  if (thread == 0)
    for (unsigned warp = 0; warp < blockDim.x / 32; warp++)
      sums[blockIdx.x] = warp == 0 ? partial[0] : sums[blockIdx.x] + partial[warp];
}

START_TEST(sums_rows)
{
  static float rows[20][77], sums[20];
  for (int i = 0; i < 20; i++)
    for (int j = 0; j < 77; j++)
      rows[i][j] = static_cast<float>(i + 1);
  host_cuda_seed(static_cast<uint64_t>(_i));
  TP_LAUNCH(row_sums, 20, 256, 0, nullptr, &rows[0][0], 77, sums);
  for (int i = 0; i < 20; i++)
    ck_assert_rel(static_cast<double>(sums[i]), 77.0 * (i + 1), 0);
}
END_TEST

/* What every lane sees of the others'. */
__global__ void shuffles(int *up, int *down, int *half, unsigned *ballot, int *most)
{
  const int lane = static_cast<int>(threadIdx.x);
  up[lane] = __shfl_up_sync(0xffffffffu, lane, 1);
  down[lane] = __shfl_down_sync(0xffffffffu, lane, 2);
  half[lane] = __shfl_sync(0xffffffffu, lane, 3, 16);
  ballot[lane] = __ballot_sync(0xffffffffu, lane < 4);
  most[lane] = __reduce_max_sync(0xffffffffu, lane % 7);
}

START_TEST(shuffles_as_cuda_does)
{
  int up[32], down[32], half[32], most[32];
  unsigned ballot[32];
  TP_LAUNCH(shuffles, 1, 32, 0, nullptr, up, down, half, ballot, most);
  for (int lane = 0; lane < 32; lane++) {
    ck_assert_int_eq(up[lane], lane == 0 ? 0 : lane - 1);
    ck_assert_int_eq(down[lane], lane >= 30 ? lane : lane + 2);
    ck_assert_int_eq(half[lane], lane < 16 ? 3 : 19);
    ck_assert_uint_eq(ballot[lane], 15);
    ck_assert_int_eq(most[lane], 6);
  }
}
END_TEST

__global__ void answer(const unsigned *mine, unsigned *theirs, int *log)
{
  for (unsigned round = 1; round <= 50; round++) {
    if (threadIdx.x == 0)
      tp_store_release(theirs, round);
    while (tp_load_acquire(mine) < round)
      __nanosleep(20);
    __syncthreads();
    if (threadIdx.x == 0)
      atomicAdd(log, 1);
  }
}

/* Two GPUs that wait for each other, then a kernel behind one of them in its stream. */
START_TEST(streams_run_side_by_side)
{
  unsigned flags[2] = {0, 0};
  int log = 0;
  float row[32], sum = 0;
  for (float &x : row)
    x = 1;
  host_cuda_seed(static_cast<uint64_t>(_i));
  host_cuda_defer(true);
  cudaStream_t first = reinterpret_cast<cudaStream_t>(1),
               second = reinterpret_cast<cudaStream_t>(2);
  TP_LAUNCH(answer, 1, 64, 0, first, &flags[0], &flags[1], &log);
  TP_LAUNCH(row_sums, 1, 32, 0, first, row, 32, &sum);
  TP_LAUNCH(answer, 1, 64, 0, second, &flags[1], &flags[0], &log);
  ck_assert_int_eq(log, 0);
  host_cuda_run();
  ck_assert_int_eq(log, 100);
  ck_assert_rel(static_cast<double>(sum), 32, 0);
}
END_TEST

__global__ void count_up(int *counter, long long *earliest)
{
  TP_DYNAMIC_SHARED(int, mine);
  if (mine[threadIdx.x] == -1)
    atomicAdd(counter, static_cast<int>(blockDim.y));
  atomicCAS(earliest, 0LL, clock64());
}

START_TEST(shared_memory_is_poisoned)
{
  int counter = 0;
  long long earliest = 0;
  TP_LAUNCH(count_up, dim3(3, 2), dim3(4, 2), 16, nullptr, &counter, &earliest);
  ck_assert_int_eq(counter, 6 * 8 * 2);
  ck_assert_int_gt(earliest, 0);
}
END_TEST

__global__ void leaves_a_barrier_out(void)
{
  if (threadIdx.x > 0)
    __syncthreads();
}
__global__ void waits_for_nobody(const unsigned *flag)
{
  while (tp_load_acquire(flag) == 0) {
  }
}
__global__ void asks_lanes_that_are_not_there(int *x)
{
  *x = __shfl_xor_sync(0xffffffffu, *x, 1);
}
__global__ void asks_lanes_elsewhere(int *x)
{
  if (threadIdx.x < 16)
    *x = __shfl_xor_sync(0xffffffffu, *x, 1);
  else
    __syncthreads();
}

START_TEST(stops_what_would_hang)
{
  int x = 0;
  unsigned flag = 0;
  switch (_i) {
  case 0:
    TP_LAUNCH(leaves_a_barrier_out, 1, 32, 0, nullptr);
    break;
  case 1:
    TP_LAUNCH(waits_for_nobody, 1, 1, 0, nullptr, &flag);
    break;
  case 2:
    TP_LAUNCH(asks_lanes_that_are_not_there, 1, 16, 0, nullptr, &x);
    break;
  case 3:
    TP_LAUNCH(asks_lanes_elsewhere, 1, 32, 0, nullptr, &x);
    break;
  case 4:
    TP_LAUNCH(leaves_a_barrier_out, 1, 2048, 0, nullptr);
    break;
  }
}
END_TEST

static Suite *suite(void)
{
  Suite *s = suite_create("host_cuda");
  TCase *runs = tcase_create("runs");
  tcase_add_loop_test(runs, sums_rows, 0, 4);
  tcase_add_test(runs, shuffles_as_cuda_does);
  tcase_add_loop_test(runs, streams_run_side_by_side, 0, 4);
  tcase_add_test(runs, shared_memory_is_poisoned);
  suite_add_tcase(s, runs);
  TCase *stops = tcase_create("stops");
  tcase_set_timeout(stops, 60);
  tcase_add_loop_test_raise_signal(stops, stops_what_would_hang, SIGABRT, 0, 5);
  suite_add_tcase(s, stops);
  return s;
}

TP_SUITE_MAIN
