/* Who runs a collective, what is refused by name, and which buffers fit. */
#include "run/comm_choice.h"

#include "../suite.h"

#include <string.h>

enum { KIB = 1024 };

static struct tp_stack stack_of(int library)
{
  struct tp_stack stack = {.name = "test"};
  stack.collectives.library = library;
  stack.collectives.one_shot_max_bytes[0] = 512 * KIB;
  stack.collectives.one_shot_max_bytes[1] = 256 * KIB;
  stack.collectives.two_shot_max_bytes[0] = 1024 * KIB;
  stack.collectives.two_shot_max_bytes[1] = 2048 * KIB;
  return stack;
}

static struct tp_op op_of(enum tp_collective_kind kind, enum tp_algorithm algorithm, double bytes)
{
  return (struct tp_op){
      .name = "attn.all_reduce",
      .kind = TP_OP_COLLECTIVE,
      .collective = {.kind = kind, .algorithm = algorithm, .bytes = bytes, .dtype = TP_DTYPE_BF16}};
}

/* The switch points are the stack's, and the first byte above belongs to the next. */
START_TEST(switches_by_size)
{
  static const struct {
    int library, ranks;
    bool peer_access;
    enum tp_collective_kind kind;
    double bytes;
    enum tp_comm_way want;
  } cases[] = {
      {TP_LIBRARY_PEER_KERNELS, 1, true, TP_ALL_REDUCE, 8, TP_COMM_NOTHING},
      {TP_LIBRARY_PEER_KERNELS, 4, true, TP_ALL_REDUCE, 512 * KIB - 1, TP_COMM_ONE_SHOT},
      {TP_LIBRARY_PEER_KERNELS, 4, true, TP_ALL_REDUCE, 512 * KIB, TP_COMM_TWO_SHOT},
      {TP_LIBRARY_PEER_KERNELS, 5, true, TP_ALL_REDUCE, 512 * KIB - 1, TP_COMM_TWO_SHOT},
      {TP_LIBRARY_PEER_KERNELS, 4, true, TP_ALL_REDUCE, 1024 * KIB, TP_COMM_NCCL},
      {TP_LIBRARY_PEER_KERNELS, 8, true, TP_ALL_REDUCE, 2048 * KIB - 1, TP_COMM_TWO_SHOT},
      {TP_LIBRARY_PEER_KERNELS, 8, true, TP_ALL_REDUCE, 2048 * KIB, TP_COMM_NCCL},
      {TP_LIBRARY_PEER_KERNELS, 8, false, TP_ALL_REDUCE, 8, TP_COMM_NCCL},
      {TP_LIBRARY_PEER_KERNELS, 8, true, TP_ALL_GATHER, 8, TP_COMM_NCCL},
      {TP_LIBRARY_NCCL, 8, true, TP_ALL_REDUCE, 8, TP_COMM_NCCL},
      {TP_LIBRARY_NCCL, 8, true, TP_ALL_TO_ALL, 8, TP_COMM_NCCL},
  };
  const struct tp_stack stack = stack_of(cases[_i].library);
  const struct tp_comm_place place = {&stack, cases[_i].ranks, cases[_i].peer_access};
  static const enum tp_algorithm alike[] = {TP_ALGORITHM_AUTO, TP_ALGORITHM_FASTEST};
  for (int i = 0; i < 2; i++) {
    const struct tp_op op = op_of(cases[_i].kind, alike[i], cases[_i].bytes);
    enum tp_comm_way way = TP_COMM_FLASH;
    ck_assert_int_eq(tp_comm_choose(&place, &op, &way, NULL), TP_OK);
    ck_assert_str_eq(tp_comm_way_text(way), tp_comm_way_text(cases[_i].want));
  }
}
END_TEST

/* What an op asks for comes before what the library would do. */
START_TEST(does_what_is_asked)
{
  static const struct {
    enum tp_collective_kind kind;
    enum tp_algorithm algorithm;
    int bits;
    enum tp_comm_way want;
  } cases[] = {
      {TP_ALL_REDUCE, TP_ALGORITHM_ONE_SHOT, 0, TP_COMM_ONE_SHOT},
      {TP_ALL_REDUCE, TP_ALGORITHM_TWO_SHOT, 0, TP_COMM_TWO_SHOT},
      {TP_ALL_TO_ALL, TP_ALGORITHM_DIRECT, 0, TP_COMM_NCCL},
      {TP_ALL_REDUCE, TP_ALGORITHM_AUTO, 4, TP_COMM_FLASH},
      {TP_ALL_REDUCE, TP_ALGORITHM_FASTEST, 8, TP_COMM_FLASH},
      {TP_ALL_REDUCE, TP_ALGORITHM_FLASH, 2, TP_COMM_FLASH},
  };
  const struct tp_stack stack = stack_of(TP_LIBRARY_NCCL);
  const struct tp_comm_place place = {&stack, 8, true};
  struct tp_op op = op_of(cases[_i].kind, cases[_i].algorithm, 1e9);
  op.collective.wire =
      (struct tp_wire){cases[_i].bits, cases[_i].bits, 128, false, TP_WIRE_INTEGER};
  enum tp_comm_way way = TP_COMM_NOTHING;
  ck_assert_int_eq(tp_comm_choose(&place, &op, &way, NULL), TP_OK);
  ck_assert_str_eq(tp_comm_way_text(way), tp_comm_way_text(cases[_i].want));
}
END_TEST

START_TEST(refuses_by_name)
{
  static const struct {
    struct tp_collective collective;
    int library;
    bool peer_access;
    enum tp_status status;
    const char *says;
  } cases[] = {
      {{TP_SEND, .algorithm = TP_ALGORITHM_DMA},
       TP_LIBRARY_NCCL,
       true,
       TP_E_INPUT,
       "send by 'dma'"},
      {{TP_ALL_REDUCE, .sms = TP_NO_SMS}, TP_LIBRARY_NCCL, true, TP_E_INPUT, "emulate"},
      {{TP_ALL_REDUCE, .dtype = TP_DTYPE_FP8}, TP_LIBRARY_NCCL, true, TP_E_INPUT, "fp8"},
      {{TP_ALL_REDUCE, .algorithm = TP_ALGORITHM_RING},
       TP_LIBRARY_NCCL,
       true,
       TP_E_INPUT,
       "NCCL_ALGO"},
      {{TP_ALL_REDUCE, .algorithm = TP_ALGORITHM_TREE},
       TP_LIBRARY_NCCL,
       true,
       TP_E_INPUT,
       "NCCL_ALGO"},
      {{TP_ALL_REDUCE, .algorithm = TP_ALGORITHM_NVLS},
       TP_LIBRARY_NCCL,
       true,
       TP_E_INPUT,
       "NCCL_ALGO"},
      {{TP_ALL_REDUCE, .algorithm = TP_ALGORITHM_HIERARCHICAL},
       TP_LIBRARY_NCCL,
       true,
       TP_E_INPUT,
       "hierarchical"},
      {{TP_ALL_REDUCE, .algorithm = TP_ALGORITHM_FLASH},
       TP_LIBRARY_NCCL,
       true,
       TP_E_INPUT,
       "'flash'"},
      {{TP_ALL_GATHER, .algorithm = TP_ALGORITHM_DIRECT},
       TP_LIBRARY_NCCL,
       true,
       TP_E_INPUT,
       "'direct'"},
      {{TP_ALL_GATHER, .algorithm = TP_ALGORITHM_ONE_SHOT},
       TP_LIBRARY_NCCL,
       true,
       TP_E_INPUT,
       "all-reduces"},
      {{TP_ALL_REDUCE, .algorithm = TP_ALGORITHM_ONE_SHOT},
       TP_LIBRARY_NCCL,
       false,
       TP_E_ENVIRONMENT,
       "one-shot"},
      {{TP_ALL_REDUCE, .algorithm = TP_ALGORITHM_TWO_SHOT},
       TP_LIBRARY_NCCL,
       false,
       TP_E_ENVIRONMENT,
       "cudaDeviceCanAccessPeer"},
      {{TP_ALL_REDUCE, .wire = {4, 4, 32, false, TP_WIRE_INTEGER}},
       TP_LIBRARY_NCCL,
       false,
       TP_E_ENVIRONMENT,
       "flash"},
      {{TP_ALL_REDUCE, .algorithm = TP_ALGORITHM_FLASH_HIERARCHICAL,
        .wire = {4, 4, 32, false, TP_WIRE_INTEGER}},
       TP_LIBRARY_NCCL,
       true,
       TP_E_INPUT,
       "flash-hierarchical"},
      {{TP_ALL_REDUCE, .bytes = 8}, TP_LIBRARY_IDEAL, true, TP_E_INPUT, "a model's"},
      {{TP_ALL_REDUCE, .bytes = 8}, TP_LIBRARY_STEPPED, true, TP_E_INPUT, "a model's"},
  };
  const struct tp_stack stack = stack_of(cases[_i].library);
  const struct tp_comm_place place = {&stack, 4, cases[_i].peer_access};
  const struct tp_op op = {
      .name = "mlp.all_reduce", .kind = TP_OP_COLLECTIVE, .collective = cases[_i].collective};
  struct tp_error error = {""};
  enum tp_comm_way way = TP_COMM_FLASH;
  ck_assert_int_eq(tp_comm_choose(&place, &op, &way, &error), cases[_i].status);
  ck_assert_msg(strstr(error.text, cases[_i].says) != NULL, "%s", error.text);
  ck_assert_msg(strstr(error.text, "mlp.all_reduce: ") == error.text, "%s", error.text);
  ck_assert_int_eq(way, TP_COMM_FLASH);
}
END_TEST

/* Rows x columns of input and output, the rows so far apart. */
START_TEST(buffers_fit)
{
  static const struct {
    enum tp_collective_kind kind;
    int64_t in_rows, in_columns, in_apart, out_rows, out_columns, out_apart;
    enum tp_dtype out_dtype;
    int64_t want; /* elements; 0: refused */
  } cases[] = {
      {TP_ALL_REDUCE, 3, 8, 8, 3, 8, 8, TP_DTYPE_BF16, 24},
      {TP_ALL_REDUCE, 1, 8, 16, 1, 8, 16, TP_DTYPE_BF16, 8},
      {TP_ALL_REDUCE, 3, 8, 16, 3, 8, 8, TP_DTYPE_BF16, 0},
      {TP_ALL_REDUCE, 3, 8, 8, 3, 8, 16, TP_DTYPE_BF16, 0},
      {TP_ALL_REDUCE, 3, 8, 8, 3, 8, 8, TP_DTYPE_FP32, 0},
      {TP_ALL_REDUCE, 3, 8, 8, 6, 8, 8, TP_DTYPE_BF16, 0},
      {TP_ALL_GATHER, 3, 8, 8, 12, 8, 8, TP_DTYPE_BF16, 96},
      {TP_ALL_GATHER, 3, 8, 8, 3, 8, 8, TP_DTYPE_BF16, 0},
      {TP_REDUCE_SCATTER, 12, 8, 8, 3, 8, 8, TP_DTYPE_BF16, 96},
      {TP_REDUCE_SCATTER, 3, 8, 8, 12, 8, 8, TP_DTYPE_BF16, 0},
      {TP_ALL_TO_ALL, 4, 8, 8, 4, 8, 8, TP_DTYPE_BF16, 32},
      {TP_ALL_TO_ALL, 3, 7, 7, 3, 7, 7, TP_DTYPE_BF16, 0},
      {TP_SEND, 3, 8, 8, 3, 8, 8, TP_DTYPE_BF16, 0},
  };
  char in, out;
  const struct tp_tensor given = {.dtype = TP_DTYPE_BF16}, taken = {.dtype = cases[_i].out_dtype};
  const struct tp_op op = op_of(cases[_i].kind, TP_ALGORITHM_AUTO, 0);
  const struct tp_bound_op bound = {
      .op = &op,
      .in = {{&in, &given, cases[_i].in_rows, cases[_i].in_columns, cases[_i].in_apart}},
      .out = {{&out, &taken, cases[_i].out_rows, cases[_i].out_columns, cases[_i].out_apart}}};
  struct tp_comm_buffers buffers = {NULL, NULL, 0, TP_DTYPE_FP8};
  const enum tp_status want = cases[_i].want > 0 ? TP_OK : TP_E_INPUT;
  ck_assert_int_eq(tp_comm_buffers_of(&bound, 4, &buffers, NULL), want);
  ck_assert_int_eq(buffers.elements, cases[_i].want);
  if (want == TP_OK) {
    ck_assert_ptr_eq(buffers.in, &in);
    ck_assert_ptr_eq(buffers.out, &out);
    ck_assert_int_eq(buffers.dtype, TP_DTYPE_BF16);
  }
}
END_TEST

START_TEST(operands_must_be_said)
{
  const struct tp_op op = op_of(TP_ALL_REDUCE, TP_ALGORITHM_AUTO, 0);
  const struct tp_bound_op bound = {.op = &op};
  struct tp_comm_buffers buffers;
  struct tp_error error = {""};
  ck_assert_int_eq(tp_comm_buffers_of(&bound, 4, &buffers, &error), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "attn.all_reduce: the program does not say"));
}
END_TEST

static Suite *suite(void)
{
  Suite *s = suite_create("comm_choice");
  TCase *c = tcase_create("cases");
  tcase_add_loop_test(c, switches_by_size, 0, 11);
  tcase_add_loop_test(c, does_what_is_asked, 0, 6);
  tcase_add_loop_test(c, refuses_by_name, 0, 16);
  tcase_add_loop_test(c, buffers_fit, 0, 13);
  tcase_add_test(c, operands_must_be_said);
  suite_add_tcase(s, c);
  return s;
}

TP_SUITE_MAIN
