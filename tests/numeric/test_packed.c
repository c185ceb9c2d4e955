/* The bytes that travel: how many, which, and back. */
#include "../random.h"
#include "../suite.h"
#include "numeric/packed.h"

#include <string.h>

static const struct {
  const char *name;
  struct tp_low_bit format;
  size_t n, bytes;
} sizes[] = {
    {"int4, group 128: 4.25 bits a value", {4, 128, false}, 128, 68},
    {"int8, group 32: 9 bits", {8, 32, false}, 1024, 1152},
    {"int2, group 256: 2.125 bits", {2, 256, false}, 256, 68},
    {"int4, group 128, spikes: 4.625 bits", {4, 128, true}, 128, 74},
    {"places of one byte up to 256", {4, 256, true}, 256, 128 + 10},
    {"of two above", {4, 257, true}, 257, 129 + 12},
    {"a short last group is a group", {4, 128, false}, 129, 65 + 8},
    {"7 bits of 3 values: three planes of a byte or two", {7, 32, false}, 3, 2 + 1 + 1 + 4},
    {"3 bits of 9 values", {3, 32, false}, 9, 3 + 2 + 4},
    {"one value", {5, 32, false}, 1, 1 + 1 + 4},
    {"nothing", {5, 32, true}, 0, 0},
};

START_TEST(counts_bytes)
{
  const size_t got = tp_packed_bytes(&sizes[_i].format, sizes[_i].n);
  ck_assert_msg(got == sizes[_i].bytes, "%s: got %zu", sizes[_i].name, got);
}
END_TEST

START_TEST(bytes_by_hand)
{
  /* 7-bit codes 0x5b = 101 10 11 ... as 4 + 2 + 1: 1011 01 1; 0x24: 0100 10 0; 0x7f: 1111 11 1. */
  uint8_t codes[] = {0x5b, 0x24, 0x7f}, packed[18];
  struct tp_quantised_group group = {0x1234, 0xabcd, {0x5678, 0x9abc}, {2, 1}};
  struct tp_quantised q = {codes, &group};
  const uint8_t wanted[] = {0x4b, 0x0f, 0x39, 0x05, 0x34, 0x12, 0xcd,
                            0xab, 0x78, 0x56, 0x02, 0xbc, 0x9a, 0x01};
  tp_pack(&(struct tp_low_bit){7, 32, true}, &q, 3, packed);
  ck_assert_mem_eq(packed, wanted, sizeof wanted);
}
END_TEST

/* Every width, with odd lengths and groups; the byte behind the end stays. */
START_TEST(comes_back)
{
  enum { MOST_N = 67, GUARD = 0xa5 };
  uint64_t state = tp_random_seed(_i);
  struct tp_arena *arena = tp_arena_create();
  for (size_t n = 0; n <= MOST_N; n++) {
    const struct tp_low_bit format = {2 + _i / 2, n % 3 == 0 ? 300 : 1 + (int64_t)n / 3, _i % 2};
    struct tp_quantised sent = tp_quantised_create(&format, n, arena);
    struct tp_quantised received = tp_quantised_create(&format, n, arena);
    const size_t n_groups = tp_low_bit_groups(&format, n), bytes = tp_packed_bytes(&format, n);
    for (size_t i = 0; i < n; i++)
      sent.codes[i] = (uint8_t)tp_random_below(&state, 1u << format.bits);
    for (size_t g = 0; g < n_groups; g++)
      sent.groups[g] = (struct tp_quantised_group){
          (uint16_t)tp_random_below(&state, 65536),
          (uint16_t)tp_random_below(&state, 65536),
          {format.spike_reserving ? 0x7bff : 0, format.spike_reserving ? 0x8001 : 0},
          {format.spike_reserving ? (uint16_t)(format.group - 1) : 0, 0}};
    uint8_t *packed = TP_NEW(arena, uint8_t, bytes + 1);
    memset(packed, GUARD, bytes + 1);
    memset(received.codes, GUARD, n);
    tp_pack(&format, &sent, n, packed);
    tp_unpack(&format, packed, n, &received);
    ck_assert_uint_eq(packed[bytes], GUARD);
    ck_assert_msg(memcmp(sent.codes, received.codes, n) == 0, "codes of %zu", n);
    ck_assert_msg(memcmp(sent.groups, received.groups, n_groups * sizeof *sent.groups) == 0,
                  "groups of %zu", n);
  }
  tp_arena_free(arena);
}
END_TEST

static Suite *suite(void)
{
  Suite *s = suite_create("packed");
  TCase *t = tcase_create("cases");
  tcase_add_loop_test(t, counts_bytes, 0, (int)(sizeof sizes / sizeof sizes[0]));
  tcase_add_test(t, bytes_by_hand);
  tcase_add_loop_test(t, comes_back, 0, 14);
  suite_add_tcase(s, t);
  return s;
}

TP_SUITE_MAIN
