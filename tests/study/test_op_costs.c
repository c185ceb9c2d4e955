/* Single ops from a CSV. */
#include "ops/costs.h"
#include "ops/placement.h"

#include "../suite.h"
#include "world.h"

#include <string.h>

static struct world world;
static struct tp_error error;

static void set_up(void)
{
  world_open(&world);
}

static void tear_down(void)
{
  world_close(&world);
}

static const struct tp_op_time *costs(const struct tp_op_costs_request *request, const char *text)
{
  struct tp_csv csv;
  struct tp_op_time *times;
  ck_assert_int_eq(tp_csv_parse("ops.csv", text, world.arena, &csv, &error), TP_OK);
  ck_assert_msg(tp_op_costs(&world.dirs, request, &csv, world.arena, &times, &error) == TP_OK, "%s",
                error.text);
  return times;
}

/* The machine of a case, made by hand: single ops, not a program under load. */
static struct tp_machine machine_of(const struct tp_point *point, int ranks)
{
  struct tp_machine machine;
  ck_assert_int_eq(
      tp_machine_make(point->platform, point->device, point->stack, ranks, &machine, NULL), TP_OK);
  ck_assert(!machine.program && !machine.sustained);
  return machine;
}

static void check_time(const struct tp_op_time *time, const struct tp_machine *machine,
                       const struct tp_cost *cost)
{
  const double alone_us = 1e6 * tp_cost_alone_s(machine, cost);
  ck_assert_rel(time->predicted_us, alone_us, 1e-12);
  ck_assert_rel(log(time->high_us / alone_us), 1.28155 * cost->sigma, 1e-5);
  ck_assert_rel(log(alone_us / time->low_us), 1.28155 * cost->sigma, 1e-5);
}

START_TEST(every_op_is_its_part_of_the_cost_model)
{
  const struct tp_op_costs_request request = {.device = "h100-sxm"};
  const struct tp_op_time *times =
      costs(&request, "op,m,n,k,dtype,batch,seq_len,kv_len,heads,kv_heads,head_dim,bytes,ranks\n"
                      "gemm,16,8192,4096,fp8,,,,,,,,\n"
                      "attention_prefill,,,,bf16,2,1024,,32,8,128,,\n"
                      "attention_decode,,,,,64,,4096,32,8,128,,\n"
                      "all_reduce,,,,,,,,,,,1048576,8\n"
                      "all_gather,,,,,,,,,,,65536,4\n");
  const struct tp_point point =
      world_case(&world, "ladder-1b", "dgx-h100", "gpt-fast-compile", "standard");
  const struct tp_machine one = machine_of(&point, 1), four = machine_of(&point, 4),
                          eight = machine_of(&point, 8);
  const struct tp_gemm gemm = {.m = 16, .n = 8192, .k = 4096, .dtype = TP_DTYPE_FP8};
  const struct tp_attention prefill = {.cache_write = TP_CACHE_WRITTEN_WITH,
                                       .batch = 2,
                                       .query_len = 1024,
                                       .kv_len = 1024,
                                       .heads = 32,
                                       .kv_heads = 8,
                                       .head_dim = 128,
                                       .dtype = TP_DTYPE_BF16};
  const struct tp_attention decode = {.batch = 64,
                                      .query_len = 1,
                                      .kv_len = 4096,
                                      .heads = 32,
                                      .kv_heads = 8,
                                      .head_dim = 128,
                                      .dtype = TP_DTYPE_BF16};
  const struct tp_collective reduce = {
      .kind = TP_ALL_REDUCE, .bytes = 1048576, .dtype = TP_DTYPE_BF16};
  const struct tp_collective gather = {
      .kind = TP_ALL_GATHER, .bytes = 65536, .dtype = TP_DTYPE_BF16};
  struct tp_cost cost = {.sm_share = 1};
  tp_cost_gemm(&one, &gemm, &cost);
  check_time(&times[0], &one, &cost);
  cost = (struct tp_cost){.sm_share = 1};
  tp_cost_attention(&one, &prefill, &cost);
  check_time(&times[1], &one, &cost);
  cost = (struct tp_cost){.sm_share = 1};
  tp_cost_attention(&one, &decode, &cost);
  check_time(&times[2], &one, &cost);
  tp_cost_collective(&eight, &reduce, &cost);
  check_time(&times[3], &eight, &cost);
  tp_cost_collective(&four, &gather, &cost);
  check_time(&times[4], &four, &cost);
}
END_TEST

/* 2 million tokens of 8 heads of 128: 8 bytes an element more, beside launches and scores. */
START_TEST(what_writes_the_cache_may_be_timed_apart)
{
  static const char text[] = "op,batch,seq_len,heads,kv_heads,head_dim,cache_write\n"
                             "attention_prefill,16384,128,8,8,128,\n"
                             "attention_prefill,16384,128,8,8,128,with\n"
                             "attention_prefill,16384,128,8,8,128,apart\n";
  const struct tp_op_costs_request bare = {.device = "h100-sxm"};
  const struct tp_op_time *times = costs(&bare, text);
  ck_assert_double_eq(times[0].predicted_us, times[1].predicted_us);
  ck_assert(times[1].predicted_us - times[2].predicted_us > 2097152 * 1024.0 * 8 / 3.35e12 * 1e6);
}
END_TEST

/* Decode in a window of 1024 reads 1024 keys, and the blocks of keys that its ends lie in; 0 and
 * empty cells mean no window. */
START_TEST(windows_are_a_column_that_may_be_empty)
{
  static const char text[] = "op,batch,seq_len,kv_len,heads,kv_heads,head_dim,window\n"
                             "attention_decode,64,,8192,32,8,128,1024\n"
                             "attention_decode,64,,1024,32,8,128,\n"
                             "attention_decode,64,,1024,32,8,128,0\n"
                             "attention_prefill,2,8192,,32,8,128,1024\n"
                             "attention_prefill,2,8192,,32,8,128,\n";
  const char *const sharp[] = {"attention_decode.window_keys=0"},
                    *const blocks[] = {"attention_decode.window_keys=64"};
  const struct tp_op_costs_request bare = {.device = "h100-sxm", .sets = sharp, .n_sets = 1},
                                   wider = {.device = "h100-sxm", .sets = blocks, .n_sets = 1};
  const struct tp_op_time *times = costs(&bare, text);
  ck_assert_double_eq(times[0].predicted_us, times[1].predicted_us);
  ck_assert_double_eq(times[0].predicted_us, times[2].predicted_us);
  const struct tp_op_time *more = costs(&wider, "op,batch,kv_len,heads,kv_heads,head_dim,window\n"
                                                "attention_decode,64,8192,32,8,128,1024\n"
                                                "attention_decode,64,1088,32,8,128,\n"
                                                "attention_decode,64,1024,32,8,128,1024\n");
  ck_assert_double_eq(more[0].predicted_us, more[1].predicted_us);
  ck_assert_double_eq(more[2].predicted_us, times[2].predicted_us); /* there are no more keys */
  ck_assert_double_lt(times[3].predicted_us, 0.5 * times[4].predicted_us);
  struct tp_csv csv;
  struct tp_op_time *none;
  ck_assert_int_eq(tp_csv_parse("ops.csv",
                                "op,batch,kv_len,heads,kv_heads,head_dim,window\n"
                                "attention_decode,64,8192,32,8,128,10.5\n",
                                world.arena, &csv, &error),
                   TP_OK);
  ck_assert_int_eq(tp_op_costs(&world.dirs, &bare, &csv, world.arena, &none, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, "ops.csv:2: column 'window': 10.5 is not a whole number");
}
END_TEST

START_TEST(a_stack_brings_its_kernels_and_library)
{
  static const char text[] = "op,batch,seq_len,heads,kv_heads,head_dim,bytes,ranks\n"
                             "attention_prefill,1,2048,32,8,128,,\n"
                             "all_reduce,,,,,,16384,8\n";
  const struct tp_op_costs_request bare = {.device = "h100-sxm"};
  const struct tp_op_costs_request compiled = {.device = "h100-sxm", .stack = "gpt-fast-compile"};
  const struct tp_op_costs_request graph = {.device = "h100-sxm", .stack = "vllm-graph"};
  const struct tp_op_time *flash = costs(&bare, text), *slow = costs(&compiled, text),
                          *peer = costs(&graph, text);
  ck_assert(slow[0].predicted_us > 2 * flash[0].predicted_us); /* materialised scores */
  ck_assert_double_eq(slow[1].predicted_us, flash[1].predicted_us);
  ck_assert_double_eq(peer[0].predicted_us, flash[0].predicted_us);
  ck_assert(peer[1].predicted_us < 0.8 * flash[1].predicted_us); /* one-shot beats NCCL */
}
END_TEST

START_TEST(named_algorithm_runs)
{
  const struct tp_op_costs_request request = {.device = "h100-sxm", .platform = "dgx-h100"};
  const struct tp_op_time *times =
      costs(&request, "op,bytes,ranks,algorithm\nall_reduce,268435456,8,ring\n"
                      "all_reduce,268435456,8,nvls\nall_reduce,268435456,8,auto\n");
  ck_assert(times[1].predicted_us < times[0].predicted_us);
  ck_assert_double_eq(times[2].predicted_us, times[1].predicted_us);
}
END_TEST

/* The L40S stands in a box of 4 and in one of 8. */
START_TEST(collectives_find_enough_gpus)
{
  static const char text[] = "op,bytes,ranks\nall_reduce,1048576,4\nall_reduce,1048576,8\n";
  const struct tp_op_costs_request request = {.device = "l40s"};
  const struct tp_op_costs_request on_4 = {.device = "l40s", .platform = "l40s-x4"};
  const struct tp_op_costs_request on_8 = {.device = "l40s", .platform = "l40s-x8"};
  const struct tp_op_time *times = costs(&request, text);
  ck_assert_double_eq(times[0].predicted_us,
                      costs(&on_4, "op,bytes,ranks\nall_reduce,1048576,4\n")->predicted_us);
  ck_assert_double_eq(times[1].predicted_us, costs(&on_8, text)[1].predicted_us);
}
END_TEST

START_TEST(overrides_apply)
{
  static const char *const sets[] = {"datasheet.dram_bytes_per_s=1.675e12"};
  static const char text[] = "op,m,n,k\ngemm,1,16384,16384\n";
  const struct tp_op_costs_request request = {.device = "h100-sxm"};
  const struct tp_op_costs_request halved = {.device = "h100-sxm", .sets = sets, .n_sets = 1};
  const double ratio = costs(&halved, text)->predicted_us / costs(&request, text)->predicted_us;
  ck_assert_msg(ratio > 1.8 && ratio < 2.01, "%g", ratio);
}
END_TEST

/* fp8-block tables were timed outside a graph: small shapes wait for the host, which is said once,
 * and only of them. */
START_TEST(what_waits_for_the_host_is_said)
{
  struct tp_notes notes = {.n = 0};
  const struct tp_op_costs_request request = {.device = "h100-sxm", .notes = &notes};
  costs(&request, "op,m,n,k,dtype\ngemm,64,4096,4096,bf16\ngemm,8192,8192,8192,fp8-block\n");
  ck_assert_uint_eq(notes.n, 0);
  const struct tp_op_time *const times =
      costs(&request, "op,m,n,k,dtype\ngemm,64,4096,4096,fp8-block\ngemm,64,64,64,fp8-block\n");
  ck_assert_uint_eq(notes.n, 1);
  ck_assert_ptr_nonnull(strstr(notes.texts[0], "fp8-block"));
  ck_assert_rel(times[0].predicted_us, times[1].predicted_us, 1e-9);
}
END_TEST

#define SIXTEEN "op,bytes,ranks,hosts,ranks_per_host\nall_reduce,1048576,16,"
static enum tp_status try_costs(const char *platform, const char *text)
{
  const struct tp_op_costs_request request = {.device = "h100-sxm", .platform = platform};
  struct tp_csv csv;
  struct tp_op_time *times;
  ck_assert_int_eq(tp_csv_parse("ops.csv", text, world.arena, &csv, &error), TP_OK);
  return tp_op_costs(&world.dirs, &request, &csv, world.arena, &times, &error);
}

START_TEST(ranks_sit_on_the_nodes_that_they_ran_on)
{
  struct tp_notes notes = {.n = 0};
  const struct tp_op_costs_request request = {.device = "h100-sxm", .notes = &notes};
  costs(&request, SIXTEEN ",\nall_reduce,2097152,16,,\n");
  ck_assert_uint_eq(notes.n, 1);
  ck_assert_str_eq(notes.texts[0],
                   "collectives are taken to run on platform 'h100-nvl64'; --platform "
                   "says another");
  ck_assert_int_eq(try_costs("dgx-h100-x2", SIXTEEN "2,8\n"), TP_OK);
  ck_assert_int_eq(try_costs("h100-nvl64", SIXTEEN "4,4\n"), TP_OK); /* a rack, as asked for */
  static const char *const faults[] = {SIXTEEN "2,9\n", SIXTEEN "4,4\n", SIXTEEN "1,16\n"};
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
    ck_assert_int_eq(try_costs("dgx-h100-x2", faults[i]), TP_E_INPUT);
  ck_assert_int_eq(try_costs(NULL, SIXTEEN "2,8\n"), TP_E_INPUT);
  ck_assert_str_eq(
      error.text,
      "ops.csv:2: 16 ranks sat on 2 hosts, up to 8 on one, and platform 'h100-nvl64' "
      "(nodes of 64 GPUs) has them on 1 node; give --platform with 2 nodes of 8, or this "
      "one where NVLink joins the hosts");
}
END_TEST

START_TEST(another_gpu_is_told_by_its_name)
{
  static const struct {
    const char *gpu, *device;
    size_t told;
  } cases[] = {
      {"NVIDIA H100 80GB HBM3", "h100-sxm", 0},
      {"NVIDIA L40S", "h100-sxm", 1},
      {"NVIDIA L40S", "l40", 1},
      {"NVIDIA GeForce RTX 4090", "rtx-4090", 0},
      {"NVIDIA A100-SXM4-80GB", "a100-sxm", 0},
      {"NVIDIA Graphics Device", "h100-sxm", 0},
      {"NVIDIA H200", "mine", 0},
      {"", "h100-sxm", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct tp_notes notes = {.n = 0};
    for (int twice = 0; twice < 2; twice++)
      tp_op_gpu_tell(&notes, "log.txt", cases[i].gpu, cases[i].device, world.arena);
    ck_assert_msg(notes.n == cases[i].told, "%s, %s", cases[i].gpu, cases[i].device);
  }
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("op_costs");
  TCase *tcase = tcase_create("rows");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, every_op_is_its_part_of_the_cost_model);
  tcase_add_test(tcase, what_writes_the_cache_may_be_timed_apart);
  tcase_add_test(tcase, windows_are_a_column_that_may_be_empty);
  tcase_add_test(tcase, a_stack_brings_its_kernels_and_library);
  tcase_add_test(tcase, named_algorithm_runs);
  tcase_add_test(tcase, collectives_find_enough_gpus);
  tcase_add_test(tcase, overrides_apply);
  tcase_add_test(tcase, what_waits_for_the_host_is_said);
  tcase_add_test(tcase, ranks_sit_on_the_nodes_that_they_ran_on);
  tcase_add_test(tcase, another_gpu_is_told_by_its_name);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
