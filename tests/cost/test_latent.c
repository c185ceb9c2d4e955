/* Attention over a latent, by hand. */
#include "../toy.h"

static struct toy_gpu toy;

static void open_toy(void)
{
  toy_gpu_init(&toy);
  toy.device.latent_decode = (struct tp_device_latent_decode){.launch_s = 4e-6,
                                                              .unit_s = 1e-6,
                                                              .tile_heads = 64,
                                                              .compute_ratio = 1,
                                                              .dram_ratio = 1,
                                                              .sm_bytes_per_s = 1e14,
                                                              .l2_bytes_per_s = 1e16,
                                                              .most_splits = 1,
                                                              .spread_ratio = 0.1};
  toy.device.latent_prefill = (struct tp_device_latent_prefill){.launch_s = 3e-6,
                                                                .compute_ratio = 1,
                                                                .dram_ratio = 1,
                                                                .tile_rows = 64,
                                                                .tile_s = 1e-6,
                                                                .spread_ratio = 0.1};
}

static void close_toy(void)
{
}

static struct tp_op latent(bool absorbed, int64_t queries, int64_t keys, int64_t heads)
{
  return (struct tp_op){.kind = TP_OP_LATENT,
                        .latent = {.absorbed = absorbed,
                                   .batch = 1,
                                   .query_len = queries,
                                   .kv_len = keys,
                                   .heads = heads,
                                   .kv_rank = 512,
                                   .rope_dim = 64,
                                   .nope_dim = 128,
                                   .v_dim = 128,
                                   .dtype = TP_DTYPE_BF16}};
}

/* 1280 rows of 576 elements, whatever the heads, and 16 queries of 576 and outputs of 512, at 1e12
 * bytes a second; an fp8 cache has half of the former, unless it is widened first, which reads 1
 * byte of an element and writes 2. */
START_TEST(decode_reads_one_row_a_token)
{
  toy.machine.dram_bytes_per_s = 1e12;
  toy.device.datasheet.fp16_flops_per_s = 1e30;
  struct tp_op op = latent(true, 1, 1280, 16);
  ck_assert_rel(toy_us(&toy, &op), 5 + 1.47456 + 0.034816, 1e-6);
  toy.device.latent_decode.dram_ratio = 0.5; /* of what DRAM has */
  ck_assert_rel(toy_us(&toy, &op), 5 + 2 * (1.47456 + 0.034816), 1e-6);
  toy.device.latent_decode.dram_ratio = 1;
  op.latent.kv_dtype = TP_KV_FP8;
  ck_assert_rel(toy_us(&toy, &op), 5 + 0.73728 + 0.034816, 1e-6);
  toy.device.latent_decode.kv8_launch_s = 2e-6;
  toy.device.latent_decode.kv8_bytes_per_s = 1e12;
  ck_assert_rel(toy_us(&toy, &op), 7 + 1.47456 + 0.034816 + 2.21184, 1e-6);
}
END_TEST

/* One unit's products on one SM: 2 * 64 rows * 1280 keys * (576 + 512) flops at 1e13; on 10 SMs a
 * tenth, with 9 parts to combine; and each head adds to what a unit takes. */
START_TEST(decode_splits_keys)
{
  struct tp_op op = latent(true, 1, 1280, 16);
  ck_assert_rel(toy_us(&toy, &op), 5 + 17.825792, 1e-6);
  toy.device.latent_decode.most_splits = 20;
  toy.device.latent_decode.split_s = 1e-6;
  toy.device.latent_decode.combine_s = 1e-7;
  ck_assert_rel(toy_us(&toy, &op), 5 + 1.7825792 + 1 + 0.9, 1e-6);
  toy.device.latent_decode.head_s = 1e-8;
  ck_assert_rel(toy_us(&toy, &op), 5 + 1.7825792 + 1 + 0.9 + 0.16, 1e-6);
}
END_TEST

/* Rows are queries of heads: 8 queries of 16 heads are 128 units of a row each on 100 SMs, of 2 *
 * 1280
 * * (576 + 512) flops at 1e13 an SM; 28 of 100 SMs have a second one to begin. */
START_TEST(decode_of_several_queries_has_more_rows)
{
  toy.device.latent_decode.tile_heads = 1;
  const struct tp_op op = latent(true, 8, 1280, 16);
  ck_assert_rel(toy_us(&toy, &op), 5 + 0.28 + 1.28 * 0.278528, 1e-6);
}
END_TEST

/* Matrix units of one SM of 100 work while the others have nothing to do, and of 10 where keys are
 * split: what they take of the GPU's is the same. */
START_TEST(idle_units_draw_no_power)
{
  const struct tp_op op = latent(true, 1, 1280, 16);
  ck_assert_rel(tp_cost_op(&toy.machine, true, &op).matrix_s, 0.17825792e-6, 1e-9);
  toy.device.latent_decode.most_splits = 20;
  ck_assert_rel(tp_cost_op(&toy.machine, true, &op).matrix_s, 0.17825792e-6, 1e-9);
}
END_TEST

/* 100 heads of 64 queries are a tile an SM: 1 us and 64 keys of 2 * 64 * (192 + 128) flops at 1e13;
 * as long as the longest, so the fourth root of 2 more. */
START_TEST(prefill_expands)
{
  const struct tp_op op = latent(false, 64, 64, 100);
  ck_assert_rel(toy_us(&toy, &op), 3 + pow(2, 0.25) * (1 + 64 * 0.004096), 1e-6);
  ck_assert_rel(tp_op_flops(&op), 2. * 100 * 64 * 65 / 2 * 320, 1e-12);
  toy.device.latent_prefill.tail_power = 1; /* or both, one after the other */
  ck_assert_rel(toy_us(&toy, &op), 3 + 2 * (1 + 64 * 0.004096), 1e-6);
}
END_TEST

/* 100 heads' 64 queries and outputs, and keys and values as many: 2 * 64 * 100 * 320 elements, from
 * DRAM at half of 1e12 bytes a second. */
START_TEST(prefill_reads_what_is_expanded)
{
  toy.machine.dram_bytes_per_s = 1e12;
  toy.device.datasheet.fp16_flops_per_s = 1e30;
  toy.device.latent_prefill.tile_s = 0;
  const struct tp_op op = latent(false, 64, 64, 100);
  ck_assert_rel(toy_us(&toy, &op), 3 + 2 * 64 * 100 * 320 * 2e-6, 1e-6);
  toy.device.latent_prefill.dram_ratio = 0.5;
  ck_assert_rel(toy_us(&toy, &op), 3 + 2 * 2 * 64 * 100 * 320 * 2e-6, 1e-6);
}
END_TEST

/* Absorbed, two heads' 64 queries are two tiles, and rows are 576 and 512 wide. */
START_TEST(prefill_absorbs_where_the_engine_does)
{
  toy.device.latent_prefill.absorbs = 1;
  toy.device.datasheet.sm_count = 2;
  toy.device.datasheet.fp16_flops_per_s = 2e13;
  const struct tp_op op = latent(false, 64, 64, 2);
  const double tile_us = 1 + 64 * 2 * 64 * 1088 / 1e7;
  ck_assert_rel(toy_us(&toy, &op), 3 + pow(2, 0.25) * tile_us, 1e-6);
}
END_TEST

/* A kernel that cannot read fp8 has keys and values widened before it: 64 of 100 heads' 192 + 128
 * elements, or a row of 576 each where it absorbs; a byte of each read and two written, and keys
 * joined of their parts once more. */
START_TEST(prefill_widens_a_narrow_cache)
{
  struct tp_op op = latent(false, 64, 64, 100);
  const double wide_us = toy_us(&toy, &op);
  toy.device.latent_prefill.kv8_launch_s = 2e-6;
  toy.device.latent_prefill.kv8_bytes_per_s = 1e12;
  ck_assert_rel(toy_us(&toy, &op), wide_us, 0);
  op.latent.kv_dtype = TP_KV_FP8;
  ck_assert_rel(toy_us(&toy, &op), wide_us + 2 + 64 * 100 * (2 * 192 + 128) * 3e-6, 1e-6);
  toy.device.latent_prefill.kv8_bytes_per_s = 0;
  ck_assert_rel(toy_us(&toy, &op), wide_us + 2, 1e-6);
  toy.device.latent_prefill.absorbs = 1;
  const double absorbed_us = toy_us(&toy, &op);
  toy.device.latent_prefill.kv8_bytes_per_s = 1e12;
  ck_assert_rel(toy_us(&toy, &op), absorbed_us + 64 * 576 * 3e-6, 1e-6);
}
END_TEST

static Suite *suite(void)
{
  Suite *made = suite_create("latent");
  TCase *cases = tcase_create("latent");
  tcase_add_checked_fixture(cases, open_toy, close_toy);
  tcase_add_test(cases, decode_reads_one_row_a_token);
  tcase_add_test(cases, decode_splits_keys);
  tcase_add_test(cases, decode_of_several_queries_has_more_rows);
  tcase_add_test(cases, idle_units_draw_no_power);
  tcase_add_test(cases, prefill_expands);
  tcase_add_test(cases, prefill_reads_what_is_expanded);
  tcase_add_test(cases, prefill_absorbs_where_the_engine_does);
  tcase_add_test(cases, prefill_widens_a_narrow_cache);
  suite_add_tcase(made, cases);
  return made;
}

TP_SUITE_MAIN
