/* What every kernel cost must obey, on all shipped devices and random shapes. */
#include "machines.h"

enum { SHAPES = 2000 };

static const char *const devices[] = {"a100-sxm-40gb", "a100-sxm-80gb", "b200-sxm", "h100-sxm",
                                      "h200-sxm",      "l40",           "l40s",     "mi300x",
                                      "rtx-4090",      "t3-gpu"};

/* A linear congruential generator: the same shapes everywhere (Knuth's MMIX constants). */
struct random {
  uint64_t state;
};

static uint64_t next(struct random *random)
{
  random->state = random->state * 6364136223846793005u + 1442695040888963407u;
  return random->state >> 33;
}

/* 1 .. 2^bits, small ones as likely as large ones. */
static int64_t size(struct random *random, int bits)
{
  const int64_t top = (int64_t)1 << (next(random) % (uint64_t)(bits + 1));
  return top + (int64_t)(next(random) % (uint64_t)top);
}

static struct tp_op random_op(struct random *random)
{
  const enum tp_dtype dtype = next(random) % 4 == 0 ? TP_DTYPE_FP8 : TP_DTYPE_BF16;
  if (next(random) % 2 == 0)
    return (struct tp_op){
        .kind = TP_OP_GEMM,
        .gemm = {
            .m = size(random, 14), .n = size(random, 15), .k = size(random, 15), .dtype = dtype}};
  if (next(random) % 4 == 0)
    return (struct tp_op){.kind = TP_OP_MEMORY,
                          .memory = {.read_bytes = (double)size(random, 28),
                                     .write_bytes = (double)size(random, 28)}};
  const bool decode = next(random) % 2 == 0;
  const int64_t keys = size(random, 14), kv_heads = size(random, 4);
  return (struct tp_op){.kind = TP_OP_ATTENTION,
                        .attention = {.cache_write = !decode && next(random) % 2 == 0
                                                         ? TP_CACHE_WRITTEN_WITH
                                                         : TP_CACHE_WRITTEN_APART,
                                      .style = (enum tp_attention_style)(next(random) % 3),
                                      .batch = size(random, 7),
                                      .query_len = decode ? 1 : keys,
                                      .kv_len = keys,
                                      .heads = kv_heads * size(random, 3),
                                      .kv_heads = kv_heads,
                                      .head_dim = 128,
                                      .score_passes = 35,
                                      .dtype = TP_DTYPE_BF16}};
}

struct subject {
  struct bench *bench;
  struct random random;
};

static struct subject prepare(int device)
{
  struct subject subject = {bench_of("{\"name\": \"gpu\", \"kind\": \"gpu\"}", "", 1), {20261121}};
  subject.bench->device =
      toy_setup("dgx-h100", devices[device], "ideal", subject.bench->arena)->device;
  subject.bench->machine.dram_bytes_per_s = subject.bench->device.datasheet.dram_bytes_per_s;
  return subject;
}

static double alone_s(const struct bench *bench, const struct tp_op *op)
{
  const struct tp_cost cost = tp_cost_op(&bench->machine, true, op);
  return tp_cost_alone_s(&bench->machine, &cost);
}

#define ck_assert_not_faster(after_s, before_s)                                                  \
  ck_assert_msg((after_s) >= (before_s) * (1 - 1e-9), "seed 20261121, shape %d: %g after %g", i, \
                (after_s), (before_s))

START_TEST(bounded_by_the_roofline)
{
  struct subject subject = prepare(_i);
  struct bench *bench = subject.bench;
  bench->machine.program = bench->machine.sustained = true;
  for (int i = 0; i < SHAPES; i++) {
    const struct tp_op op = random_op(&subject.random);
    const struct tp_cost cost = tp_cost_op(&bench->machine, true, &op);
    const bool fp8 = op.kind == TP_OP_GEMM && op.gemm.dtype == TP_DTYPE_FP8 &&
                     bench->device.datasheet.fp8_flops_per_s > 0;
    const double peak =
        fp8 ? bench->device.datasheet.fp8_flops_per_s : bench->device.datasheet.fp16_flops_per_s;
    const double got_s = tp_cost_alone_s(&bench->machine, &cost);
    ck_assert_msg(isfinite(got_s) && got_s > 0, "shape %d", i);
    ck_assert_not_faster(got_s, cost.dram_bytes / bench->machine.dram_bytes_per_s);
    if (op.kind == TP_OP_GEMM || op.attention.style != TP_ATTENTION_EXPANDED)
      ck_assert_not_faster(got_s, cost.flops / peak);
    ck_assert(cost.sm_share >= 0 && cost.sm_share <= 1 && cost.sigma > 0);
  }
  bench_free(bench);
}
END_TEST

START_TEST(larger_is_never_faster)
{
  struct subject subject = prepare(_i);
  struct bench *bench = subject.bench;
  for (int i = 0; i < SHAPES; i++) {
    struct tp_op op = random_op(&subject.random);
    bench->machine.program = bench->machine.sustained = next(&subject.random) % 2 == 0;
    const double before_s = alone_s(bench, &op);
    const int64_t more = size(&subject.random, 10);
    switch (op.kind) {
    case TP_OP_GEMM: {
      int64_t *const sides[] = {&op.gemm.m, &op.gemm.n, &op.gemm.k};
      *sides[next(&subject.random) % 3] += more;
      break;
    }
    case TP_OP_ATTENTION:
      if (next(&subject.random) % 2 == 0)
        op.attention.batch += more;
      else {
        op.attention.kv_len += more;
        op.attention.query_len = op.attention.query_len == 1 ? 1 : op.attention.kv_len;
      }
      break;
    case TP_OP_MEMORY:
      op.memory.read_bytes += (double)more;
      break;
    case TP_OP_QUANTISE:
      op.quantise.m += more;
      break;
    case TP_OP_LATENT:
    case TP_OP_EXPERTS:
    case TP_OP_COLLECTIVE:
      break;
    }
    ck_assert_not_faster(alone_s(bench, &op), before_s);
  }
  bench_free(bench);
}
END_TEST

START_TEST(a_better_device_is_never_slower)
{
  struct subject subject = prepare(_i);
  struct bench *bench = subject.bench;
  struct tp_device *device = &bench->device;
  double *const faster[] = {&bench->machine.dram_bytes_per_s,
                            &device->datasheet.fp16_flops_per_s,
                            &device->datasheet.fp8_flops_per_s,
                            &device->gemm.compute_ratio,
                            &device->gemm.dram_ratio,
                            &device->gemm.sm_bytes_per_s,
                            &device->gemm.l2_bytes_per_s,
                            &device->gemm.epilogue_bytes_per_s,
                            &device->gemm.warm_bytes,
                            &device->attention_prefill.compute_ratio,
                            &device->attention_prefill.warm_bytes,
                            &device->attention_decode.sm_bytes_per_s,
                            &device->attention_decode.l2_bytes_per_s,
                            &device->attention_decode.dram_ratio,
                            &device->memory.dram_ratio,
                            &device->memory.expanded_ratio};
  double *const slower[] = {&device->gemm.launch_s,
                            &device->gemm.depth_s,
                            &device->gemm.wave_ratio,
                            &device->gemm.split_s,
                            &device->gemm_fp8.quantise_row_s,
                            &device->attention_prefill.launch_s,
                            &device->attention_prefill.tile_s,
                            &device->attention_decode.unit_s,
                            &device->attention_decode.group_s,
                            &device->memory.kernel_floor_s,
                            &device->memory.row_latency_s};
  const size_t n_faster = sizeof faster / sizeof *faster, n_slower = sizeof slower / sizeof *slower;
  for (int i = 0; i < SHAPES; i++) {
    const struct tp_op op = random_op(&subject.random);
    const size_t pick = next(&subject.random) % (n_faster + n_slower);
    double *const value = pick < n_faster ? faster[pick] : slower[pick - n_faster];
    const double held = *value, as_it_is_s = alone_s(bench, &op);
    *value = held * (1 + (double)(next(&subject.random) % 100) / 50);
    const double changed_s = alone_s(bench, &op);
    *value = held;
    if (pick < n_faster)
      ck_assert_not_faster(as_it_is_s, changed_s);
    else
      ck_assert_not_faster(changed_s, as_it_is_s);
  }
  bench_free(bench);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("kernel properties");
  TCase *tcase = tcase_create("properties");
  const int n = (int)(sizeof devices / sizeof *devices);
  tcase_add_loop_test(tcase, bounded_by_the_roofline, 0, n);
  tcase_add_loop_test(tcase, larger_is_never_faster, 0, n);
  tcase_add_loop_test(tcase, a_better_device_is_never_slower, 0, n);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
