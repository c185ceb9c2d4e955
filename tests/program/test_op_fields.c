/* The field tables of ops: what a cost depends on, what is written and read of an op. */
#include "../suite.h"
#include "program/op_fields.h"
#include "program/op_key.h"

#include <string.h>

enum { N_KINDS = TP_OP_COLLECTIVE + 1 };

/* An op of the kind whose fields are all 1. */
static struct tp_op ones(enum tp_op_kind kind)
{
  struct tp_op op = {.kind = kind};
  size_t n;
  const struct tp_op_field *fields = tp_op_fields(kind, &n);
  for (size_t i = 0; i < n; i++)
    tp_op_field_set(&op, &fields[i], 1);
  return op;
}

static bool same_key(const struct tp_op *a, const struct tp_op *b)
{
  uint64_t x[TP_OP_KEY_WORDS] = {0}, y[TP_OP_KEY_WORDS] = {0};
  tp_op_key(a, x);
  tp_op_key(b, y);
  return memcmp(x, y, sizeof x) == 0;
}

START_TEST(a_field_that_costs_changes_the_key)
{
  size_t n;
  const struct tp_op_field *fields = tp_op_fields((enum tp_op_kind)_i, &n);
  ck_assert_uint_gt(n, 0);
  for (size_t i = 0; i < n; i++) {
    const struct tp_op before = ones((enum tp_op_kind)_i);
    struct tp_op after = before;
    if (fields[i].type == TP_OP_GROUP)
      after.collective.group.size++;
    else if (fields[i].type == TP_OP_WIRE)
      continue; /* its own fields follow */
    else
      tp_op_field_set(&after, &fields[i], 0);
    ck_assert_msg(same_key(&before, &after) != fields[i].costs, "%s: %s",
                  tp_op_kind_text((enum tp_op_kind)_i), fields[i].name);
  }
}
END_TEST

START_TEST(a_group_counts_by_size_and_stride)
{
  const struct tp_op before = {.kind = TP_OP_COLLECTIVE, .collective.group = {4, 1}};
  struct tp_op after = before;
  after.collective.group = (struct tp_group){4, 2};
  ck_assert(!same_key(&before, &after));
  after.collective.group = (struct tp_group){1, 4};
  ck_assert(!same_key(&before, &after));
}
END_TEST

START_TEST(kinds_never_share_a_key)
{
  for (int other = 0; other < _i; other++) {
    const struct tp_op a = ones((enum tp_op_kind)_i), b = ones((enum tp_op_kind)other);
    ck_assert(!same_key(&a, &b));
  }
}
END_TEST

START_TEST(a_value_comes_back_as_it_was_set)
{
  size_t n;
  const struct tp_op_field *fields = tp_op_fields((enum tp_op_kind)_i, &n);
  for (size_t i = 0; i < n; i++) {
    struct tp_op op = {.kind = (enum tp_op_kind)_i};
    tp_op_field_set(&op, &fields[i], 1);
    const bool number = fields[i].type != TP_OP_GROUP && fields[i].type != TP_OP_WIRE;
    ck_assert_msg(tp_op_field_number(&op, &fields[i]) == (number ? 1 : 0), "%s", fields[i].name);
    for (size_t j = 0; j < n; j++)
      ck_assert_msg(j == i || tp_op_field_number(&op, &fields[j]) == 0, "%s and %s", fields[i].name,
                    fields[j].name);
  }
}
END_TEST

static const struct {
  struct tp_op op;
  const char *text, *row;
} said[] = {
    {{.kind = TP_OP_GEMM, .gemm = {.m = 1, .n = 2, .k = 3, .dtype = TP_DTYPE_FP8}},
     "m=1 n=2 k=3 fp8",
     "gemm m=1 n=2 k=3 dtype=fp8"},
    {{.kind = TP_OP_GEMM,
      .gemm =
          {.m = 1, .n = 2, .k = 3, .slices = 4, .output = TP_OUTPUT_REMOTE, .arbitrated = true}},
     "m=1 n=2 k=3 fp16 1/4 remote first",
     "gemm m=1 n=2 k=3 dtype=fp16"},
    {{.kind = TP_OP_ATTENTION,
      .attention = {.style = TP_ATTENTION_EXPANDED,
                    .batch = 2,
                    .query_len = 1,
                    .kv_len = 7,
                    .heads = 8,
                    .kv_heads = 4,
                    .head_dim = 64}},
     "expanded batch=2 q=1 kv=7 heads=8/4 dim=64 fp16",
     "attention_decode batch=2 seq_len=1 kv_len=7 heads=8 kv_heads=4 head_dim=64 dtype=fp16 "
     "cache_write=apart"},
    {{.kind = TP_OP_ATTENTION,
      .attention = {.batch = 2,
                    .query_len = 7,
                    .kv_len = 7,
                    .heads = 8,
                    .kv_heads = 4,
                    .head_dim = 64,
                    .window = 3}},
     "flash batch=2 q=7 kv=7 heads=8/4 dim=64 fp16 window=3",
     "attention_prefill batch=2 seq_len=7 kv_len=7 heads=8 kv_heads=4 head_dim=64 dtype=fp16 "
     "window=3 cache_write=apart"},
    {{.kind = TP_OP_ATTENTION,
      .attention = {.batch = 2,
                    .query_len = 1,
                    .kv_len = 7,
                    .heads = 8,
                    .kv_heads = 4,
                    .head_dim = 64,
                    .kv_dtype = TP_KV_FP8}},
     "flash batch=2 q=1 kv=7 heads=8/4 dim=64 fp16 cache=fp8",
     "attention_decode batch=2 seq_len=1 kv_len=7 heads=8 kv_heads=4 head_dim=64 dtype=fp16 "
     "cache_write=apart kv_dtype=fp8"},
    {{.kind = TP_OP_LATENT,
      .latent = {.absorbed = true,
                 .batch = 2,
                 .query_len = 1,
                 .kv_len = 7,
                 .heads = 16,
                 .kv_rank = 512,
                 .rope_dim = 64,
                 .nope_dim = 128,
                 .v_dim = 128}},
     "absorbed batch=2 q=1 kv=7 heads=16 rank=512 rope=64 nope=128 v=128 fp16",
     "mla_decode batch=2 seq_len=1 kv_len=7 heads=16 kv_rank=512 rope_dim=64 nope_dim=128 "
     "v_dim=128 dtype=fp16"},
    {{.kind = TP_OP_EXPERTS,
      .experts = {.tokens = 5,
                  .hidden = 64,
                  .intermediate = 32,
                  .top_k = 2,
                  .experts = 8,
                  .moe_tp = 1,
                  .moe_ep = 4,
                  .skew = 1.2,
                  .dtype = TP_DTYPE_NVFP4}},
     "tokens=5 hidden=64 inner=32 top=2/8 tp=1 ep=4 power_law_1.2 nvfp4",
     "moe tokens=5 hidden=64 intermediate=32 top_k=2 experts=8 moe_tp=1 moe_ep=4 "
     "distribution=power_law_1.2 dtype=nvfp4"},
    {{.kind = TP_OP_EXPERTS, .experts = {.tokens = 1, .skew = TP_RANDOM_EXPERTS}},
     "tokens=1 hidden=0 inner=0 top=0/0 tp=0 ep=0 random fp16",
     "moe tokens=1 hidden=0 intermediate=0 top_k=0 experts=0 moe_tp=0 moe_ep=0 "
     "distribution=random dtype=fp16"},
    {{.kind = TP_OP_MEMORY, .memory = {.read_bytes = 10}},
     "read=10 write=0",
     "memory read_bytes=10 write_bytes=0"},
    {{.kind = TP_OP_COLLECTIVE,
      .collective = {.kind = TP_SEND,
                     .bytes = 64,
                     .algorithm = TP_ALGORITHM_DMA,
                     .role = TP_DMA_FORWARD,
                     .sms = TP_NO_SMS}},
     "send bytes=64 fp16 dma forward",
     "send bytes=64 dtype=fp16 algorithm=dma"},
    {{.kind = TP_OP_COLLECTIVE,
      .collective = {.bytes = 64, .sms = 2, .wire = {4, 8, 128, true, TP_WIRE_INTEGER}}},
     "all_reduce bytes=64 fp16 sms=2 int4/int8 group=128 spikes",
     "all_reduce bytes=64 dtype=fp16 algorithm=auto"},
    {{.kind = TP_OP_COLLECTIVE,
      .collective = {.kind = TP_DISPATCH,
                     .algorithm = TP_ALGORITHM_DEEPEP,
                     .sms = 20,
                     .tokens = 5,
                     .hidden = 64,
                     .top_k = 2,
                     .experts = 8,
                     .routing = TP_ROUTED_EVEN}},
     "dispatch fp16 deepep sms=20 tokens=5 hidden=64 top=2/8 even",
     "dispatch dtype=fp16 algorithm=deepep sms=20 tokens=5 hidden=64 top_k=2 experts=8 "
     "routing=even"},
};

START_TEST(texts_of_ops)
{
  char text[320];
  tp_op_text(&said[_i].op, text, sizeof text);
  ck_assert_str_eq(text, said[_i].text);
  tp_op_row_text(&said[_i].op, text, sizeof text);
  ck_assert_str_eq(text, said[_i].row);
}
END_TEST

START_TEST(a_text_that_does_not_fit_is_cut)
{
  char text[8];
  tp_op_text(&said[0].op, text, sizeof text);
  ck_assert_str_eq(text, "m=1 n=2");
}
END_TEST

static Suite *suite(void)
{
  Suite *made = suite_create("op_fields");
  TCase *cases = tcase_create("fields");
  tcase_add_loop_test(cases, a_field_that_costs_changes_the_key, 0, N_KINDS);
  tcase_add_test(cases, a_group_counts_by_size_and_stride);
  tcase_add_loop_test(cases, kinds_never_share_a_key, 0, N_KINDS);
  tcase_add_loop_test(cases, a_value_comes_back_as_it_was_set, 0, N_KINDS);
  tcase_add_loop_test(cases, texts_of_ops, 0, sizeof said / sizeof *said);
  tcase_add_test(cases, a_text_that_does_not_fit_is_cut);
  suite_add_tcase(made, cases);
  return made;
}

TP_SUITE_MAIN
