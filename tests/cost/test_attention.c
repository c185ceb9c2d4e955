/* Attention and memory kernels by hand: one term of the model at a time. */
#include "../toy.h"

static struct tp_op attention(enum tp_attention_style style, int64_t batch, int64_t queries,
                              int64_t keys)
{
  return (struct tp_op){.kind = TP_OP_ATTENTION,
                        .attention = {.style = style,
                                      .batch = batch,
                                      .query_len = queries,
                                      .kv_len = keys,
                                      .heads = 8,
                                      .kv_heads = 2,
                                      .head_dim = 128,
                                      .score_passes = 10,
                                      .dtype = TP_DTYPE_FP16}};
}

/* A key costs a tile 4*64*128 / 1e13 = 3.2768 ns.  25 * 8 heads of 8 tiles over 512 keys see
 * 8 * (64 + 512) / 2 = 2304 keys each: 2 a SM; the longest tile sees 512. */
START_TEST(flash_prefill)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  struct tp_op op = attention(TP_ATTENTION_FLASH, 25, 512, 512);
  const double all_us = 2 * 2304 * 3.2768e-3, longest_us = 512 * 3.2768e-3;
  ck_assert_rel(toy_us(&toy, &op), 3 + pow(pow(all_us, 4) + pow(longest_us, 4), 0.25), 1e-3);
  ck_assert_rel(tp_cost_op(&toy.machine, false, &op).flops, 4.0 * 25 * 8 * 128 * 512 * 513 / 2,
                1e-15);
  toy.device.attention_prefill.tile_s = 1e-6;  /* 200 heads * 8 tiles over 100 SMs */
  toy.device.attention_prefill.token_s = 1e-8; /* 2 heads: 256 of a block's 512 threads */
  ck_assert_rel(toy_us(&toy, &op), 3 + pow(pow(16 + all_us, 4) + pow(1 + longest_us, 4), 0.25),
                1e-3);
  op.attention.cache_write = TP_CACHE_WRITTEN_WITH;
  ck_assert_rel(toy_us(&toy, &op),
                3 + 25 * 512 * 1e-4 / 2 + pow(pow(16 + all_us, 4) + pow(1 + longest_us, 4), 0.25),
                1e-3);
}
END_TEST

/* Results in fp32 of 4 sequences, or of 5, of 16 heads of 64, written and read at 1 GB/s; and a
 * step that has more sequences than are planned so. */
START_TEST(partial_results)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  for (int64_t batch = 4; batch <= 6; batch++) {
    struct tp_op op = attention(TP_ATTENTION_FLASH, batch, 1, 512);
    toy.device.attention_decode.partial_bytes_per_s = 0;
    const double without_us = toy_us(&toy, &op);
    toy.device.attention_decode.partial_bytes_per_s = 1e9;
    toy.device.attention_decode.partial_sequences = 5;
    const double elements = (double)(batch * op.attention.heads * op.attention.head_dim);
    ck_assert_double_eq_tol(toy_us(&toy, &op) - without_us, batch > 5 ? 0 : 8e-3 * elements, 1e-6);
  }
}
END_TEST

/* Heads of 192, for which a library falls back: twice as slow, in tiles of 16 rows.  A key costs
 * one 2 * 4*16*192 / 1e13 = 2.4576 ns; 32 tiles see 32 * (64 + 512) / 2 = 9216 keys, the longest
 * 512. */
START_TEST(odd_heads)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  struct tp_op op = attention(TP_ATTENTION_FLASH, 25, 512, 512);
  op.attention.head_dim = 192;
  const double usual_us = toy_us(&toy, &op);
  toy.device.attention_prefill.odd_stretch = 2;
  const double all_us = 2 * 9216 * 2.4576e-3, longest_us = 512 * 2.4576e-3;
  ck_assert_rel(toy_us(&toy, &op), 3 + pow(pow(all_us, 4) + pow(longest_us, 4), 0.25), 1e-3);
  ck_assert_rel((toy_us(&toy, &op) - 3) / (usual_us - 3), 2, 0.01);
  op.attention.batch = 1; /* few tiles: no longer than without */
  const double few_us = toy_us(&toy, &op);
  toy.device.attention_prefill.odd_stretch = 1; /* alike, but in such tiles */
  ck_assert_rel(toy_us(&toy, &op) - 3, (few_us - 3) / 2, 1e-3);
  toy.device.attention_prefill.odd_stretch = 0;
  ck_assert(few_us < toy_us(&toy, &op));
}
END_TEST

/* Tiles of 256 rows of 128 elements are tiles of 64 rows of 512, and of no fewer than 64 of 1024.
 */
START_TEST(tiles_of_wide_heads)
{
  static const struct {
    int64_t head_dim;
    double rows;
  } cases[] = {{64, 256}, {128, 256}, {256, 128}, {512, 64}, {1024, 64}};
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  toy.device.attention_prefill.wide_stretch = 0;
  for (int i = 0; i < 5; i++) {
    struct tp_op op = attention(TP_ATTENTION_FLASH, 2, 2048, 2048);
    op.attention.head_dim = cases[i].head_dim;
    toy.device.attention_prefill.tile_rows = 256;
    const struct tp_cost cost = tp_cost_op(&toy.machine, false, &op);
    /* a wave is what an SM works on between two tiles that it begins */
    const double tiles = (double)(2 * op.attention.heads) * 2048 / cases[i].rows;
    ck_assert_rel(cost.matrix_s / cost.wave_s, fmax(1, tiles / 100), 1e-9);
  }
}
END_TEST

/* Of 2 us a tile a half is for rows: 3 us where heads are twice as wide, 1.5 where they are half.
 */
START_TEST(a_tile_loads_its_rows)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  for (int64_t head_dim = 64; head_dim <= 256; head_dim *= 2) {
    struct tp_op op = attention(TP_ATTENTION_FLASH, 25, 512, 512);
    op.attention.head_dim = head_dim;
    toy.device.attention_prefill.tile_s = 2e-6;
    toy.device.attention_prefill.tile_width_share = 0.5;
    const double half_us = toy_us(&toy, &op);
    toy.device.attention_prefill.tile_s = 2e-6 * (0.5 + 0.5 * (double)head_dim / 128);
    toy.device.attention_prefill.tile_width_share = 0;
    ck_assert_rel(half_us, toy_us(&toy, &op), 1e-12);
  }
}
END_TEST

/* A window of 100: the 8 tiles of 64 rows see 64, 128 and then 192 keys, the 163 that their rows
 * see in blocks of 64: 64 + 128 + 6 * 192 = 1344.  Of 512 * 513 / 2 pairs the last 412 queries lack
 * 412, 411, ... 1. */
START_TEST(flash_prefill_in_a_window)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  struct tp_op op = attention(TP_ATTENTION_FLASH, 25, 512, 512);
  const struct tp_cost whole = tp_cost_op(&toy.machine, false, &op);
  op.attention.window = 512; /* all there are */
  const struct tp_cost same = tp_cost_op(&toy.machine, false, &op);
  ck_assert_double_eq(same.work_s, whole.work_s);
  ck_assert_double_eq(same.flops, whole.flops);
  op.attention.window = 100;
  const struct tp_cost windowed = tp_cost_op(&toy.machine, false, &op);
  const double all_us = 2 * 1344 * 3.2768e-3, longest_us = 192 * 3.2768e-3;
  ck_assert_rel(toy_us(&toy, &op), 3 + pow(pow(all_us, 4) + pow(longest_us, 4), 0.25), 1e-3);
  ck_assert_rel(windowed.flops, 4.0 * 25 * 8 * 128 * (512 * 513 / 2 - 412 * 413 / 2), 1e-15);
  ck_assert_double_eq(windowed.dram_bytes, whole.dram_bytes); /* every key is some query's */
  double before_s = 0;
  for (op.attention.window = 1; op.attention.window <= 512; op.attention.window++) {
    const double now_s = tp_cost_op(&toy.machine, false, &op).work_s;
    ck_assert_double_le(before_s, now_s);
    before_s = now_s;
  }
  ck_assert_double_eq(before_s, whole.work_s);
}
END_TEST

/* Decode reads the window's keys and no others, in any style; a materialised prefill multiplies the
 * keys it masks, too. */
START_TEST(windows_of_other_kernels)
{
  static const enum tp_attention_style styles[] = {TP_ATTENTION_FLASH, TP_ATTENTION_MATERIALISED,
                                                   TP_ATTENTION_EXPANDED};
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  for (int i = 0; i < 3; i++) {
    struct tp_op longer = attention(styles[i], 16, 1, 8192);
    const struct tp_op shorter = attention(styles[i], 16, 1, 1024);
    longer.attention.window = 1024;
    const struct tp_cost a = tp_cost_op(&toy.machine, true, &longer);
    const struct tp_cost b = tp_cost_op(&toy.machine, true, &shorter);
    ck_assert_double_eq(a.work_s, b.work_s);
    ck_assert_double_eq(a.dram_bytes, b.dram_bytes);
    ck_assert_double_eq(a.flops, b.flops);
    ck_assert_double_eq(a.flops, 4.0 * 16 * 8 * 128 * 1024);
  }
  struct tp_op op = attention(TP_ATTENTION_MATERIALISED, 4, 512, 512);
  const struct tp_cost whole = tp_cost_op(&toy.machine, false, &op);
  op.attention.window = 100;
  const struct tp_cost masked = tp_cost_op(&toy.machine, false, &op);
  ck_assert_double_eq(masked.work_s, whole.work_s);
  ck_assert_double_eq(masked.dram_bytes, whole.dram_bytes);
  ck_assert_double_eq(masked.flops, whole.flops);
}
END_TEST

/* The next 512 tokens on 1024 that are cached: tile i of 8 sees 1024 + 64 (i + 1) keys, in the mean
 * (1088 + 1536) / 2; their pairs are those of 1536 tokens less those of 1024. */
START_TEST(flash_prefill_on_context)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  const struct tp_op op = attention(TP_ATTENTION_FLASH, 25, 512, 1536);
  const double all_us = 2 * 8 * 1312 * 3.2768e-3, longest_us = 1536 * 3.2768e-3;
  ck_assert_rel(toy_us(&toy, &op), 3 + pow(pow(all_us, 4) + pow(longest_us, 4), 0.25), 1e-3);
  ck_assert_rel(tp_op_flops(&op), 4.0 * 25 * 8 * 128 * (1536.0 * 1537 - 1024.0 * 1025) / 2, 1e-15);
}
END_TEST

/* Five products a pair for two: a key costs a tile 10*64*128 / 1e13 = 8.192 ns.  Traffic at 1e9
 * B/s: q, output and two gradients of 8 heads; k, v and two gradients of 2. */
START_TEST(flash_backward)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  struct tp_op op = attention(TP_ATTENTION_FLASH, 25, 512, 512);
  op.attention.backward = true;
  const double all_us = 2 * 2304 * 8.192e-3, longest_us = 512 * 8.192e-3;
  ck_assert_rel(toy_us(&toy, &op), 3 + pow(pow(all_us, 4) + pow(longest_us, 4), 0.25), 1e-3);
  ck_assert_rel(tp_cost_op(&toy.machine, false, &op).flops, 10.0 * 25 * 8 * 128 * 512 * 513 / 2,
                1e-15);
  toy.machine.dram_bytes_per_s = 1e9;
  op.attention.batch = 1;
  ck_assert_rel(toy_us(&toy, &op), 2.0 * 128 * 512 * (4 * 8 + 4 * 2) / 1e3, 2e-2);
}
END_TEST

/* Four GEMMs for two and the score matrix twice as often. */
START_TEST(materialised_backward)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  struct tp_op op = attention(TP_ATTENTION_MATERIALISED, 4, 512, 512);
  const struct tp_cost forward = tp_cost_op(&toy.machine, false, &op);
  op.attention.backward = true;
  const struct tp_cost backward = tp_cost_op(&toy.machine, false, &op);
  ck_assert_rel(backward.flops, 2 * forward.flops, 1e-15);
  ck_assert_rel(backward.compute_s, 2 * forward.compute_s, 1e-15);
  ck_assert_rel(backward.dram_bytes, 2 * forward.dram_bytes, 1e-15);
  ck_assert(backward.fixed_s > forward.fixed_s);
}
END_TEST

/* One sequence of one head group: all tiles run at once, the longest decides. */
START_TEST(flash_prefill_of_few_tiles)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  const struct tp_op op = attention(TP_ATTENTION_FLASH, 1, 640, 640);
  ck_assert_rel(toy_us(&toy, &op), 3 + 640 * 3.2768e-3, 1e-1);
  ck_assert(tp_cost_op(&toy.machine, false, &op).sm_share < 1);
}
END_TEST

/* A block of 64 keys for 2 keys; 64 take no longer, 65 do. */
START_TEST(padding)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  toy.device.attention_prefill.tile_s = 1e-6;
  struct tp_op op = attention(TP_ATTENTION_FLASH, 1000, 2, 2);
  ck_assert_rel(toy_us(&toy, &op), 3 + 80 * (1 + 64 * 3.2768e-3), 1e-4);
  op.attention.query_len = op.attention.kv_len = 64;
  ck_assert_rel(toy_us(&toy, &op), 3 + 80 * (1 + 64 * 3.2768e-3), 1e-4);
  op.attention.query_len = op.attention.kv_len = 65; /* two tiles; 128 keys, and 64 in the first */
  ck_assert_rel(toy_us(&toy, &op), 3 + 80 * (2 + 192 * 3.2768e-3), 1e-4);
}
END_TEST

/* 16 queries of four heads fill a tile together: 20 tiles an SM instead of 80. */
START_TEST(packed_groups)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  toy.device.attention_prefill.tile_s = 1e-6;
  const struct tp_op op = attention(TP_ATTENTION_FLASH, 1000, 16, 16);
  ck_assert_rel(toy_us(&toy, &op), 3 + 80 * (1 + 64 * 3.2768e-3), 1e-4);
  toy.device.attention_prefill.packs_group = 1;
  ck_assert_rel(toy_us(&toy, &op), 3 + 20 * (1 + 64 * 3.2768e-3), 1e-4);
}
END_TEST

/* One token a sequence is a decode step's work. */
START_TEST(prompt_of_one_token)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  toy.device.attention_decode.unit_s = 5e-6;
  const struct tp_op prompt = attention(TP_ATTENTION_FLASH, 1000, 1, 1);
  const struct tp_op step = attention(TP_ATTENTION_FLASH, 1000, 1, 1);
  ck_assert_rel(toy_us(&toy, &prompt), toy_us(&toy, &step), 1e-15);
}
END_TEST

/* K and V of 2 heads read beside queries and output of 8 heads, 2*2 + 2*8: 2*128*512*20 bytes a
 * sequence, at 1e9 B/s.  Moved to the cache by a kernel of its own, 2*2*2 a token: 28. */
START_TEST(flash_prefill_traffic)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  toy.machine.dram_bytes_per_s = 1e9;
  struct tp_op op = attention(TP_ATTENTION_FLASH, 1, 512, 512);
  ck_assert_rel(toy_us(&toy, &op), 3 + 2.0 * 128 * 512 * 20 / 1e3, 1e-3);
  op.attention.cache_write = TP_CACHE_WRITTEN_WITH;
  ck_assert_rel(toy_us(&toy, &op), 2.0 * 128 * 512 * 28 / 1e3, 1e-3);
  toy.device.attention_prefill.warm_bytes = 1e9;
  ck_assert(toy_us(&toy, &op) < 10);
  toy.machine.program = true;
  ck_assert_rel(toy_us(&toy, &op), 2.0 * 128 * 512 * 28 / 1e3, 1e-3);
}
END_TEST

/* K and V of 2 heads: 2*2*128*2 bytes a key and sequence; queries and output of 8: 2*2*128*8 a
 * sequence.  Queries of two groups are copied into rows, and the output back: twice the traffic
 * more; those of one group, or of one sequence, are not. */
START_TEST(flash_decode)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  struct tp_op op = attention(TP_ATTENTION_FLASH, 100, 1, 1000);
  toy.machine.dram_bytes_per_s = 1e12;
  ck_assert_rel(toy_us(&toy, &op), 4 + 102.8096, 1e-3);
  ck_assert_rel(tp_cost_op(&toy.machine, true, &op).dram_bytes, 102.8096e6, 1e-15);
  toy.device.attention_decode.dram_ratio = 0.5;
  toy.device.attention_decode.group_s = 3e-6;
  toy.device.attention_decode.unit_s = 5e-6; /* 200 units over 100 SMs: the second beside traffic */
  ck_assert_rel(toy_us(&toy, &op), 4 + 3 + 5 + 207.2576, 1e-4);
  toy.machine.dram_bytes_per_s = 1e18;
  ck_assert_rel(toy_us(&toy, &op), 4 + 3 + 10 + 2 * 4 * 16 * 128 * 1e3 / 1e7, 1e-2);
  toy.machine.dram_bytes_per_s = 1e12;
  op.attention.kv_heads = 1;
  ck_assert_rel(toy_us(&toy, &op), 4 + 5 + 103.2192, 1e-2);
  op.attention.kv_heads = 2;
  op.attention.batch = 1;
  ck_assert_rel(toy_us(&toy, &op), 4 + 5 + 2.056192, 1e-2);
}
END_TEST

/* Two units on two SMs, or each on up to 4 SMs of 1e9 B/s; a block of 128 keys at least. */
START_TEST(split_keys)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  toy.device.attention_decode.sm_bytes_per_s = 1e9;
  toy.device.attention_decode.split_s = 7e-6;
  struct tp_op op = attention(TP_ATTENTION_FLASH, 1, 1, 1024);
  ck_assert_rel(toy_us(&toy, &op), 4 + 524.288, 1e-3);
  toy.device.attention_decode.most_splits = 4;
  ck_assert_rel(toy_us(&toy, &op), 4 + 7 + 131.072, 1e-3);
  op.attention.kv_len = 256; /* 128 keys a split at least */
  ck_assert_rel(toy_us(&toy, &op), 4 + 7 + 65.536, 1e-3);
  op.attention.kv_len = 100;
  ck_assert_rel(toy_us(&toy, &op), 4 + 65.536, 1e-3);
  op.attention.kv_len = 1024;
  toy.device.attention_decode.combine_s = 2e-6; /* three more partial results to read */
  ck_assert_rel(toy_us(&toy, &op), 4 + 7 + 6 + 131.072, 1e-3);
  op.attention.kv_heads = 8; /* no groups: not split */
  ck_assert_rel(toy_us(&toy, &op), 4 + 524.288, 1e-3);
  toy.device.attention_decode.splits_mha = 1;
  ck_assert_rel(toy_us(&toy, &op), 4 + 7 + 6 + 131.072, 1e-3);
}
END_TEST

/* Padded to 16 rows a group: 4*16*128 flops a key and unit at 1e13. */
START_TEST(decode_compute_and_cache)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  struct tp_op op = attention(TP_ATTENTION_FLASH, 50, 1, 10000);
  ck_assert_rel(toy_us(&toy, &op), 4 + 4 * 16 * 128 * 1e4 / 1e7, 1e-3);
  toy.device.attention_decode.l2_bytes_per_s = 1e12;
  ck_assert_rel(toy_us(&toy, &op), 4 + 512, 1e-3);
  toy.machine.dram_bytes_per_s = 1e11;
  ck_assert_rel(toy_us(&toy, &op), 4 + 5120, 1e-3);
  toy.device.attention_decode.warm_bytes = 1e9; /* 512 MB stay cached */
  ck_assert_rel(toy_us(&toy, &op), 4 + 512, 1e-3);
}
END_TEST

/* 10 passes over 8*100*100 scores, and queries, output, K, V: at half of 1e12 B/s; two GEMM
 * launches and a memory kernel's. */
START_TEST(materialised)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  toy.machine.dram_bytes_per_s = 1e12;
  const struct tp_op op = attention(TP_ATTENTION_MATERIALISED, 1, 100, 100);
  const double bytes = 2 * (10 * 8e4 + 2.0 * 128 * 100 * (8 + 2)), flops = 4 * 8e4 * 128;
  ck_assert_rel(toy_us(&toy, &op), 2 * 2 + 1 + bytes / 0.5e6 + flops / 1e9, 1e-12);
  ck_assert_rel(tp_cost_op(&toy.machine, false, &op).dram_bytes, bytes, 1e-15);
  toy.machine.sustained = true;
  ck_assert_rel(toy_us(&toy, &op), 2 * 2 + 1 + bytes / 0.5e6 + 2 * flops / 1e9, 1e-12);
}
END_TEST

/* Drawn for 8 heads at twice the memory's rate; two KV heads come from memory at half of it, which
 * takes as long; with one KV head the drawing decides. */
START_TEST(expanded)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  toy.machine.dram_bytes_per_s = 1e12;
  struct tp_op op = attention(TP_ATTENTION_EXPANDED, 10, 1, 99999);
  const double head_bytes = 2.0 * 2 * 10 * 128 * 1e5;
  ck_assert_rel(toy_us(&toy, &op), 2 * 1 + 2 + 8 * head_bytes / 2e6, 1e-4);
  op.attention.kv_heads = 1;
  ck_assert_rel(toy_us(&toy, &op), 2 * 1 + 2 + 8 * head_bytes / 2e6, 1e-9);
  ck_assert_rel(tp_cost_op(&toy.machine, true, &op).dram_bytes, head_bytes, 1e-3);
  op.attention.kv_heads = 8;
  ck_assert_rel(toy_us(&toy, &op), 2 * 1 + 2 + 8 * head_bytes / 0.5e6, 1e-9);
}
END_TEST

/* Half of the latency of 2 us shows at 1000 bytes. */
START_TEST(memory)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  toy.machine.dram_bytes_per_s = 1e9;
  struct tp_op op = {.kind = TP_OP_MEMORY, .memory = {.read_bytes = 600, .write_bytes = 400}};
  ck_assert_rel(toy_us(&toy, &op), 1 + 1 + 2, 1e-12);
  op.memory = (struct tp_memory){.read_bytes = 0};
  ck_assert_rel(toy_us(&toy, &op), 1, 1e-12);
  op.memory = (struct tp_memory){.read_bytes = 5e8, .write_bytes = 5e8};
  ck_assert_rel(toy_us(&toy, &op), 1 + 2 + 2e6, 1e-9);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("attention");
  TCase *tcase = tcase_create("cases");
  tcase_add_test(tcase, flash_prefill);
  tcase_add_test(tcase, odd_heads);
  tcase_add_test(tcase, tiles_of_wide_heads);
  tcase_add_test(tcase, a_tile_loads_its_rows);
  tcase_add_test(tcase, partial_results);
  tcase_add_test(tcase, flash_prefill_in_a_window);
  tcase_add_test(tcase, windows_of_other_kernels);
  tcase_add_test(tcase, flash_prefill_on_context);
  tcase_add_test(tcase, flash_backward);
  tcase_add_test(tcase, materialised_backward);
  tcase_add_test(tcase, flash_prefill_of_few_tiles);
  tcase_add_test(tcase, padding);
  tcase_add_test(tcase, packed_groups);
  tcase_add_test(tcase, prompt_of_one_token);
  tcase_add_test(tcase, flash_prefill_traffic);
  tcase_add_test(tcase, flash_decode);
  tcase_add_test(tcase, split_keys);
  tcase_add_test(tcase, decode_compute_and_cache);
  tcase_add_test(tcase, materialised);
  tcase_add_test(tcase, expanded);
  tcase_add_test(tcase, memory);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
