/* The low-bit all-reduce on GPUs against the same in plain C (numeric/low_bit_reduce.h). */
#include "peers/flash.cu"
#include "peers/peer.cu"
extern "C" {
#include "numeric/low_bit_reduce.h"
#include "numeric/packed.h"
}

#include "../random.h"
#include "../suite.h"
#include "peers.h"

#include <cstdio>

enum { GUARD = 8 };

static tp_low_bit format_of(int bits, const tp_wire &wire)
{
  return {bits, wire.group, wire.spikes};
}

/* Values of a few magnitudes, some equal, some zero, a few far out; and stretches that are large on
 * the first rank and as large below zero on the last: their sum depends on the order. */
template <class T> static T value_of(int rank, int ranks, int64_t i, uint64_t *random)
{
  T x;
  const float value = static_cast<float>(tp_random_below(random, 2001)) / 500 - 2;
  const size_t kind = tp_random_below(random, 40);
  const float far = i / 64 % 2 == 0 ? 0 : rank == 0 ? 20000 : rank == ranks - 1 ? -20000 : 0;
  tp_from_float(far + (kind == 0   ? 100 * value
                       : kind == 1 ? 0
                       : kind == 2 ? 1e-6f * value
                                   : value),
                &x);
  return x;
}

template <class T> struct low_bit_case {
  int ranks;
  int64_t n;
  tp_wire wire;
  std::vector<std::vector<T>> in, out;
  std::vector<float> want;

  low_bit_case(int ranks_, int64_t n_, const tp_wire &wire_, uint64_t *random)
      : ranks(ranks_), n(n_), wire(wire_), want(static_cast<size_t>(ranks_ * n_))
  {
    std::vector<float> inputs;
    for (int rank = 0; rank < ranks; rank++) {
      in.emplace_back();
      for (int64_t i = 0; i < n; i++) {
        /* Stretches of one value, so that groups have no range. */
        const bool same = i > 0 && i % 100 > 60;
        in[rank].push_back(same ? in[rank][i - 1] : value_of<T>(rank, ranks, i, random));
        inputs.push_back(tp_to_float(in[rank][i]));
      }
      out.emplace_back(static_cast<size_t>(n + GUARD));
      memset(static_cast<void *>(out[rank].data()), 0x5a, out[rank].size() * sizeof(T));
    }
    const struct tp_low_bit_reduce reduce = {format_of(wire.reduce_bits, wire),
                                             format_of(wire.gather_bits, wire),
                                             static_cast<size_t>(ranks), static_cast<size_t>(n)};
    tp_error error;
    ck_assert_msg(tp_low_bit_reduce(&reduce, inputs.data(), want.data(), &error) == TP_OK, "%s",
                  error.text);
  }
  void check(const char *what)
  {
    char guard[GUARD * sizeof(T)];
    memset(guard, 0x5a, sizeof guard);
    for (int rank = 0; rank < ranks; rank++) {
      for (int64_t i = 0; i < n; i++) {
        T rounded;
        tp_from_float(want[i], &rounded);
        ck_assert_msg(tp_to_float(out[rank][i]) == tp_to_float(rounded),
                      "%s: rank %d of %d, value %d of %d: %.9g, not %.9g", what, rank, ranks,
                      (int)i, (int)n, (double)tp_to_float(out[rank][i]),
                      (double)tp_to_float(rounded));
      }
      ck_assert_mem_eq(&out[rank][n], guard, sizeof guard);
    }
  }
};

/* Three in a row, whose parts are whole groups, short ones or none, in one slot or several. */
template <class T> static void check_wire(tp_dtype dtype, const tp_wire &wire, uint64_t seed)
{
  enum { CALLS = 3 };
  uint64_t random = seed;
  const int ranks = 2 + static_cast<int>(tp_random_below(&random, 7));
  peers world(ranks, 8192 + 16 * static_cast<int64_t>(tp_random_below(&random, 512)) +
                         wire.group * ranks * 2);
  std::vector<low_bit_case<T>> cases;
  host_cuda_seed(seed);
  host_cuda_defer(true);
  for (int i = 0; i < CALLS; i++)
    cases.emplace_back(ranks,
                       1 + static_cast<int64_t>(tp_random_below(&random, i == 1 ? 6000 : 500)),
                       wire, &random);
  for (int rank = 0; rank < ranks; rank++) {
    const tp_peer peer = world.of(rank);
    for (low_bit_case<T> &c : cases)
      ck_assert_int_eq(tp_peer_flash(&peer, c.in[rank].data(), c.out[rank].data(), c.n, dtype,
                                     &c.wire, static_cast<int>(seed % 3), peers::stream(rank)),
                       cudaSuccess);
  }
  host_cuda_run();
  for (int i = 0; i < CALLS; i++) {
    char what[96];
    snprintf(what, sizeof what, "seed %llu call %d: %d/%d bits, groups of %d%s",
             (unsigned long long)seed, i, wire.reduce_bits, wire.gather_bits, wire.group,
             wire.spikes ? ", spikes" : "");
    cases[i].check(what);
  }
}

/* All widths, then all with others; groups below, at and above what a warp has one octet a lane of;
 * and ones that are no power of two. */
START_TEST(bits_are_those_of_plain_c)
{
  static const int groups[] = {8, 32, 128, 256, 512, 24, 136};
  const uint64_t seed = tp_random_seed(_i);
  uint64_t random = seed;
  tp_wire wire = {2 + _i % 7, 2 + _i % 7, groups[tp_random_below(&random, 7)], _i % 2 == 1,
                  TP_WIRE_INTEGER};
  if (_i >= 7)
    wire.gather_bits = 2 + static_cast<int>(tp_random_below(&random, 7));
  if (_i % 3 == 0)
    check_wire<__half>(TP_DTYPE_FP16, wire, seed);
  else if (_i % 3 == 1)
    check_wire<__nv_bfloat16>(TP_DTYPE_BF16, wire, seed);
  else
    check_wire<float>(TP_DTYPE_FP32, wire, seed);
}
END_TEST

/* What travels: every part of every rank is in its slot as tp_pack writes it. */
START_TEST(bytes_are_those_of_plain_c)
{
  enum { RANKS = 3, N = 1000, GROUP = 64 };
  const tp_wire wire = {2 + _i % 7, 8, GROUP, _i >= 7, TP_WIRE_INTEGER};
  const tp_low_bit format = format_of(wire.reduce_bits, wire);
  uint64_t random = tp_random_seed(_i);
  peers world(RANKS, 65536);
  low_bit_case<float> c(RANKS, N, wire, &random);
  host_cuda_defer(true);
  for (int rank = 0; rank < RANKS; rank++) {
    const tp_peer peer = world.of(rank);
    tp_peer_flash(&peer, c.in[rank].data(), c.out[rank].data(), N, TP_DTYPE_FP32, &wire, 0,
                  peers::stream(rank));
  }
  host_cuda_run();
  tp_arena *arena = tp_arena_create();
  const size_t part = (N + RANKS - 1) / RANKS,
               room = (tp_packed_bytes(&format, part) + 15) / 16 * 16;
  tp_quantised quantised = tp_quantised_create(&format, part, arena);
  uint8_t *const want = TP_NEW(arena, uint8_t, room);
  for (int rank = 0; rank < RANKS; rank++)
    for (size_t owner = 0; owner < RANKS; owner++) {
      const size_t n = owner + 1 < RANKS ? part : N - owner * part;
      ck_assert_int_eq(tp_quantise(&format, &c.in[rank][owner * part], n, &quantised, NULL), TP_OK);
      tp_pack(&format, &quantised, n, want);
      ck_assert_mem_eq(world.slot(rank, 1) + owner * room, want, tp_packed_bytes(&format, n));
    }
  tp_arena_free(arena);
}
END_TEST

START_TEST(no_room_is_an_error)
{
  peers world(2, 64);
  const tp_peer peer = world.of(0);
  const tp_wire wire = {4, 4, 128, false, TP_WIRE_INTEGER};
  float x[256] = {0};
  ck_assert_int_eq(tp_peer_flash(&peer, x, x, 256, TP_DTYPE_FP32, &wire, 0, nullptr),
                   cudaErrorInvalidValue);
  ck_assert_int_eq(tp_peer_flash(&peer, x, x, 256, TP_DTYPE_FP8, &wire, 0, nullptr),
                   cudaErrorInvalidValue);
}
END_TEST

static Suite *suite(void)
{
  Suite *s = suite_create("flash");
  TCase *c = tcase_create("low_bit");
  tcase_set_timeout(c, 120);
  tcase_add_loop_test(c, bits_are_those_of_plain_c, 0, tp_random_cases(14));
  tcase_add_loop_test(c, bytes_are_those_of_plain_c, 0, 14);
  tcase_add_test(c, no_room_is_an_error);
  suite_add_tcase(s, c);
  return s;
}

TP_SUITE_MAIN
