/* A fit finds back the device that made the rows, and refuses what it cannot use. */
#include "fit/collectives.h"

#include "../cost/machines.h"

#include <string.h>

static const struct tp_fit_options options = {0};

enum { ROWS = 60 };

static double time_of(const struct bench *bench, const struct tp_fit_row *row)
{
  struct tp_cost cost;
  tp_cost_collective(&bench->machine, &row->collective, &cost);
  return tp_cost_alone_s(&bench->machine, &cost);
}

static void make_rows(struct bench *bench, struct tp_fit_row *rows)
{
  static const int ranks[] = {2, 4, 8};
  for (int i = 0; i < ROWS; i++) {
    rows[i] = (struct tp_fit_row){.collective = {.kind = i % 2 ? TP_ALL_REDUCE : TP_ALL_GATHER,
                                                 .bytes = 1024.0 * (double)(1 << (i / 3 % 20))},
                                  .ranks = ranks[i % 3]};
    bench_ranks(bench, rows[i].ranks);
    rows[i].time_s = time_of(bench, &rows[i]);
  }
}

START_TEST(test_nccl_found_back)
{
  struct bench *bench = bench_make("dgx-h100", "gpt-fast-compile", 2);
  struct tp_fit_row rows[ROWS];
  make_rows(bench, rows);

  struct tp_device device = bench->device;
  const double true_base_s = device.nccl.ll_base_s;
  device.nccl.ll_base_s *= 1.5;
  device.nccl.simple_wire_ratio *= 1.2;
  device.nccl.nvls_wire_ratio *= 1.2;
  struct tp_fit_quality quality;
  struct tp_error error = {""};
  ck_assert_msg(tp_fit_collectives(&bench->platform, &bench->stack, "nccl", rows, ROWS, &options,
                                   &device, &quality, &error) == TP_OK,
                "%s", error.text);
  ck_assert_uint_eq(quality.n_rows, ROWS);
  ck_assert(quality.mean_error < 0.01);
  ck_assert(quality.worst_error < 0.05);
  ck_assert(device.nccl.spread_ratio < 0.02);
  ck_assert_rel(device.nccl.ll_base_s, true_base_s, 0.1);
  ck_assert_int_eq(device.nccl.kind, TP_PROVENANCE_FITTED);
  /* No row went over the network. */
  ck_assert_rel(device.nccl.ll_hop_network_s, bench->device.nccl.ll_hop_network_s, 1e-3);
  ck_assert_rel(device.nccl.ring_sms, bench->device.nccl.ring_sms, 1e-15);
  bench_free(bench);
}
END_TEST

START_TEST(test_peer_kernels_found_back)
{
  struct bench *bench = bench_make("dgx-h100", "vllm-graph", 2);
  struct tp_fit_row rows[ROWS];
  make_rows(bench, rows);
  struct tp_device device = bench->device;
  device.peer_kernels.one_shot_base_s *= 2;
  device.peer_kernels.two_shot_wire_ratio *= 1.3;
  struct tp_fit_quality quality;
  struct tp_error error = {""};
  ck_assert_int_eq(tp_fit_collectives(&bench->platform, &bench->stack, "peer_kernels", rows, ROWS,
                                      &options, &device, &quality, &error),
                   TP_OK);
  ck_assert(quality.mean_error < 0.01);
  ck_assert_rel(device.peer_kernels.one_shot_base_s, bench->device.peer_kernels.one_shot_base_s,
                0.05);
  bench_free(bench);
}
END_TEST

/* What takes tokens to experts, on so many SMs, of narrow tokens and wide ones. */
static void make_exchanges(struct bench *bench, struct tp_fit_row *rows)
{
  for (int i = 0; i < ROWS; i++) {
    rows[i] = (struct tp_fit_row){.collective = {.kind = TP_DISPATCH,
                                                 .dtype = TP_DTYPE_FP8_BLOCK,
                                                 .algorithm = TP_ALGORITHM_DEEPEP,
                                                 .sms = 4 * (1 + i % 6),
                                                 .tokens = (int64_t)1 << i % 15,
                                                 .hidden = i % 2 ? 2048 : 7168,
                                                 .top_k = 8,
                                                 .experts = 256},
                                  .ranks = 8};
    rows[i].time_s = time_of(bench, &rows[i]);
  }
}

START_TEST(test_dispatch_found_back)
{
  struct bench *bench = bench_make("dgx-h100", "vllm-0.24-deepep", 8);
  struct tp_fit_row rows[ROWS];
  make_exchanges(bench, rows);
  const struct tp_device_deepep_dispatch was = bench->device.deepep_dispatch;
  struct tp_device device = bench->device;
  device.deepep_dispatch.base_s *= 1.6;
  device.deepep_dispatch.token_s *= 0.6;
  device.deepep_dispatch.sm_bytes_per_s *= 1.4;
  struct tp_fit_quality quality;
  struct tp_error error = {""};
  ck_assert_msg(tp_fit_collectives(&bench->platform, &bench->stack, "deepep_dispatch", rows, ROWS,
                                   &options, &device, &quality, &error) == TP_OK,
                "%s", error.text);
  ck_assert(quality.worst_error < 0.02);
  ck_assert_rel(device.deepep_dispatch.base_s, was.base_s, 0.02);
  ck_assert_rel(device.deepep_dispatch.token_s, was.token_s, 0.05);
  ck_assert_rel(device.deepep_dispatch.sm_bytes_per_s, was.sm_bytes_per_s, 0.05);
  ck_assert(device.deepep_dispatch.expert_s == 0); /* its library is known to count none */
  ck_assert(device.deepep_dispatch.sms == was.sms);
  ck_assert(device.deepep_dispatch.most_tokens == was.most_tokens);
  ck_assert_rel(device.deepep_combine.base_s, bench->device.deepep_combine.base_s, 1e-15);

  rows[0].collective.tokens = 2000000; /* more than its buffers hold */
  ck_assert_int_eq(tp_fit_collectives(&bench->platform, &bench->stack, "deepep_dispatch", rows,
                                      ROWS, &options, &device, &quality, &error),
                   TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "most_tokens"));
  bench_free(bench);
}
END_TEST

/* Links that carry more than the ratio's least of 1 has them carry: the fit ends there and stays,
 * though nearby the ratio moves no row. */
START_TEST(test_kept_at_a_bound)
{
  enum { SIZES = 19 };
  struct bench *bench = bench_make("l40s-x4", "gpt-fast-compile", 4);
  struct tp_fit_row rows[SIZES];
  for (int i = 0; i < SIZES; i++) {
    const int bytes = 1024 << i, us = 20 + bytes / 9000;
    rows[i] = (struct tp_fit_row){{.bytes = bytes}, 4, 1e-6 * us, {0}};
  }
  const struct tp_fit_options third = {.hold_out_ratio = 1 / 3.};
  struct tp_device device = bench->device;
  struct tp_fit_quality quality;
  struct tp_error error = {""};
  ck_assert_int_eq(tp_fit_collectives(&bench->platform, &bench->stack, "nccl", rows, SIZES, &third,
                                      &device, &quality, &error),
                   TP_OK);
  ck_assert(device.nccl.pcie_wire_ratio == 1);
  for (size_t i = 0; i < quality.n_parameters; i++)
    if (strcmp(quality.keys[i], "pcie_wire_ratio") == 0)
      ck_assert(quality.at_bound[i] && quality.errors[i] == 0);
  bench_free(bench);
}
END_TEST

START_TEST(test_refusals)
{
  struct bench *bench = bench_make("dgx-h100", "gpt-fast-compile", 2);
  struct tp_fit_quality quality;
  struct tp_error error;
  struct tp_fit_row row = {.collective = {.bytes = 1024}, .ranks = 16, .time_s = 1e-5};
  ck_assert_int_eq(tp_fit_collectives(&bench->platform, &bench->stack, "nccl", &row, 1, &options,
                                      &bench->device, &quality, &error),
                   TP_E_INPUT); /* more ranks than GPUs */
  row.ranks = 2;
  row.time_s = 0;
  ck_assert_int_eq(tp_fit_collectives(&bench->platform, &bench->stack, "nccl", &row, 1, &options,
                                      &bench->device, &quality, &error),
                   TP_E_INPUT);
  row.time_s = 1e-5;
  bench->device.nccl.ll_base_s = 0;
  ck_assert_int_eq(tp_fit_collectives(&bench->platform, &bench->stack, "nccl", &row, 1, &options,
                                      &bench->device, &quality, &error),
                   TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "ll_base_s"));
  bench_free(bench);
}
END_TEST

static enum tp_status read_text(struct tp_arena *arena, const char *text, struct tp_fit_row **rows,
                                size_t *n, struct tp_error *error)
{
  struct tp_csv csv;
  ck_assert_int_eq(tp_csv_parse("t.csv", text, arena, &csv, error), TP_OK);
  return tp_fit_rows_read(&csv, arena, rows, n, error);
}

START_TEST(test_rows)
{
  static const char *const wrong[] = {"op,ranks,bytes\nall_reduce,2,1024\n",
                                      "op,ranks,bytes,time_us\nbroadcast,2,1024,5\n",
                                      "op,ranks,bytes,time_us\nall_reduce,1,1024,5\n",
                                      "op,ranks,bytes,time_us\nall_reduce,2,1024,0\n",
                                      "op,ranks,bytes,time_us\nall_reduce,2,big,5\n"};
  struct tp_arena *arena = tp_arena_create();
  struct tp_error error;
  struct tp_fit_row *rows;
  size_t n;
  ck_assert_int_eq(
      read_text(arena, "op,ranks,bytes,time_us\nalltoall,4,1024,5.5\n", &rows, &n, &error), TP_OK);
  ck_assert_uint_eq(n, 1);
  ck_assert_int_eq(rows[0].collective.kind, TP_ALL_TO_ALL);
  ck_assert_int_eq(rows[0].ranks, 4);
  ck_assert_rel(rows[0].time_s, 5.5e-6, 1e-15);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    ck_assert_int_eq(read_text(arena, wrong[i], &rows, &n, &error), TP_E_INPUT);
    ck_assert_ptr_nonnull(strstr(error.text, "t.csv:"));
  }
  tp_arena_free(arena);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("fit_collectives");
  TCase *tcase = tcase_create("fit");
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, test_nccl_found_back);
  tcase_add_test(tcase, test_peer_kernels_found_back);
  tcase_add_test(tcase, test_dispatch_found_back);
  tcase_add_test(tcase, test_kept_at_a_bound);
  tcase_add_test(tcase, test_refusals);
  tcase_add_test(tcase, test_rows);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
