/* Points under a load: the requests that are drawn or read, and what a server makes of them. */
#include "serve/loads.h"

#include "../suite.h"
#include "predicting.h"

#include <string.h>

static struct tp_serve *server;

static void begin(void)
{
  set_up();
  server = tp_serve_create();
}

static void end(void)
{
  tp_serve_free(server);
  tear_down();
}

static struct tp_served serve(const struct tp_point *point, const struct tp_served_load *load)
{
  struct tp_served row;
  struct tp_error error = {""};
  ck_assert_msg(tp_serve(server, point, load, &row, &error) == TP_OK, "%s", error.text);
  return row;
}

static struct tp_served_load closed(int64_t concurrency, int64_t requests)
{
  return (struct tp_served_load){
      .load = {.concurrency = concurrency, .range_ratio = 1, .requests = requests, .seed = 1}};
}

/* One at a time a server is `predict`: a prefill, cut by the same budget, and its decode steps. */
START_TEST(one_request_at_a_time_is_a_prediction)
{
  static const char *const models[] = {"llama-3.1-8b", "gemma-3-27b", "mixtral-8x7b"};
  static const char *const stacks[] = {"vllm-0.24", "sglang-0.5.14", "trtllm-1.3",
                                       "gpt-fast-compile", "ideal"};
  const struct tp_served_load load = closed(1, 2);
  for (size_t m = 0; m < 3; m++)
    for (size_t s = 0; s < 5; s++)
      for (size_t v = 0; tp_architectures[v] != NULL; v++) {
        struct tp_point point =
            world_case(&world, models[m], "dgx-h100", stacks[s], tp_architectures[v]->name);
        point.prompt = s % 2 == 0 ? 1000 : 9000;
        point.generate = 9;
        const struct tp_prediction alone = any_row_of(&point);
        const struct tp_served row = serve(&point, &load);
        if (strcmp(alone.status, "ok") != 0) {
          ck_assert_str_eq(row.point.status, alone.status);
          continue;
        }
        ck_assert_rel(row.ttft_s, alone.ttft_s, 1e-9);
        ck_assert_rel(row.ttft_p99_s, alone.ttft_s, 1e-9);
        ck_assert_rel(row.tpot_s, alone.tpot_s, 1e-6);
        ck_assert_rel(row.speedup, alone.speedup, 1e-6);
        ck_assert_rel(row.tokens_per_s, alone.tokens_per_s, 1e-6);
        ck_assert_rel(row.tokens_per_s_per_gpu, row.tokens_per_s / 8, 1e-12);
      }
}
END_TEST

/* All at once and none after: the prefill of all, which the first wave of a closed loop is. */
START_TEST(one_wave_is_a_batch)
{
  struct tp_point point = world_case(&world, "llama-3.1-8b", "dgx-h100", "vllm-0.24", "standard");
  point.prompt = 512;
  point.generate = 65;
  point.batch = 16; /* a step's budget of 8192 */
  const struct tp_prediction batch = row_of(&point);
  const struct tp_served_load load = closed(16, 16);
  const struct tp_served row = serve(&point, &load);
  ck_assert_rel(row.ttft_s, batch.ttft_s, 1e-9);
  ck_assert_rel(row.tpot_s, batch.tpot_s, 1e-3);
  ck_assert_double_eq(row.steps, 65);
  ck_assert(isnan(row.point.batch)); /* nothing limits it */
  /* So it is where the software knows no budget. */
  struct tp_point ideal = world_case(&world, "llama-3.1-8b", "dgx-h100", "ideal", "standard");
  ideal.prompt = 8;
  ideal.generate = 9;
  ideal.batch = 64;
  const struct tp_prediction all = row_of(&ideal);
  const struct tp_served_load many = closed(64, 64);
  ck_assert_rel(serve(&ideal, &many).ttft_s, all.ttft_s, 1e-9);
}
END_TEST

/* Where requests come slowly nobody waits; where they come too fast throughput stays and they do.
 */
START_TEST(an_open_loop_waits_where_it_is_full)
{
  struct tp_point point = world_case(&world, "llama-3.1-8b", "dgx-h100", "vllm-0.24", "standard");
  point.generate = 32;
  const struct tp_prediction alone = row_of(&point);
  struct tp_served_load load = {
      .load = {.rate_per_s = 0.01, .range_ratio = 1, .requests = 100, .seed = 3}};
  const struct tp_served idle = serve(&point, &load);
  ck_assert_rel(idle.ttft_s, alone.ttft_s, 1e-9);
  ck_assert_rel(idle.sequences, 0.01 * idle.e2e_s, 0.3); /* by Little's law */
  load.load.rate_per_s = 1e4;
  const struct tp_served full = serve(&point, &load);
  load.load.rate_per_s = 1e5;
  const struct tp_served fuller = serve(&point, &load);
  ck_assert_double_gt(full.ttft_s, 5 * alone.ttft_s);
  ck_assert_rel(full.tokens_per_s, fuller.tokens_per_s, 0.05);
}
END_TEST

/* Weights of 16 GB leave room for so many tokens of 131,072 bytes on 80 GB less a tenth; a request
 * of all of them runs alone. */
START_TEST(memory_limits_what_runs_at_once)
{
  struct tp_point point = world_case(&world, "llama-3.1-8b", "dgx-h100", "vllm-0.24", "standard");
  point.mesh = tp_mesh_of_tp(1);
  point.prompt = 200000;
  point.generate = 4000;
  const struct tp_served_load load = closed(4, 4);
  const struct tp_served row = serve(&point, &load);
  ck_assert_str_eq(row.point.status, "ok");
  ck_assert_double_gt(row.sequences, 1.5); /* two of 26.7 GB */
  ck_assert_double_le(row.sequences, 2);
  point.prompt = 600000;
  const struct tp_served none = serve(&point, &load);
  ck_assert_ptr_nonnull(strstr(none.point.status, "does not fit"));
  ck_assert(isnan(none.ttft_s) && isnan(none.speedup));
}
END_TEST

/* A stack without a budget takes all prompts that wait at once; no more wait than come, whatever
 * else might run together. */
START_TEST(room_is_for_the_requests_that_come)
{
  struct tp_point point = world_case(&world, "llama-3.1-8b", "dgx-h100", "ideal", "standard");
  const struct tp_served_load four = closed(4, 4);
  const struct tp_served row = serve(&point, &four);
  ck_assert_str_eq(row.point.status, "ok");
  struct tp_served_load load = closed(1000000, 4);
  ck_assert_str_eq(serve(&point, &load).point.status, "ok");
  ck_assert_rel(serve(&point, &load).ttft_s, row.ttft_s, 1e-12);
  load.batch_limits = true;
  point.batch = 1000000;
  ck_assert_str_eq(serve(&point, &load).point.status, "ok");
  ck_assert_rel(serve(&point, &load).ttft_s, row.ttft_s, 1e-12);
  load.load.concurrency = 4;
  ck_assert_str_eq(serve(&point, &load).point.status, "ok");
  ck_assert_rel(serve(&point, &load).ttft_s, row.ttft_s, 1e-12);
}
END_TEST

START_TEST(what_has_no_meaning_is_said)
{
  struct tp_point point = world_case(&world, "llama-3.1-8b", "dgx-h100", "vllm-0.24", "standard");
  const struct tp_served_load load = closed(1, 1);
  point.mesh.pp = 2;
  point.mesh.tp = 4;
  struct tp_served row = serve(&point, &load);
  ck_assert_ptr_nonnull(strstr(row.point.status, "pp 2: a server over stages"));
  point.mesh = tp_mesh_of_tp(8);
  point.micro_batch = 1;
  row = serve(&point, &load);
  ck_assert_ptr_nonnull(strstr(row.point.status, "micro_batch 1: a server makes its batches"));
  point.micro_batch = 0;
  point.workload.train = true;
  row = serve(&point, &load);
  ck_assert_ptr_nonnull(strstr(row.point.status, "phase train: a server generates"));
}
END_TEST

/* The longest request is one, not the longest prompt with the longest answer of two. */
START_TEST(a_trace_needs_what_its_requests_need)
{
  struct tp_point point = world_case(&world, "gpt3-13b", "dgx-h100", "vllm-0.24", "standard");
  struct tp_arrival items[] = {{0, 1500, 10}, {1, 10, 1500}};
  const struct tp_served_load load = {.trace = "t.csv", .trace_visits = {items, 2}};
  const struct tp_served row = serve(&point, &load);
  ck_assert_str_eq(row.point.status, "ok");
  items[1].prompt = 1500;
  ck_assert_ptr_nonnull(strstr(serve(&point, &load).point.status, "has learned 2048"));
}
END_TEST

/* --- loads --------------------------------------------------------------------------------------
 */

START_TEST(lengths_are_even_between_the_share_and_one)
{
  const struct tp_load load = {.rate_per_s = 4, .range_ratio = 0.8, .requests = 20000, .seed = 7};
  const struct tp_arrivals drawn = tp_arrivals_draw(&load, 1000, 101, world.arena);
  double prompts = 0, generated = 0;
  int64_t least = 1000, most = 0, least_out = 101;
  for (size_t i = 0; i < drawn.n; i++) {
    const struct tp_arrival *const arrival = &drawn.items[i];
    prompts += (double)arrival->prompt;
    generated += (double)arrival->generate;
    least = arrival->prompt < least ? arrival->prompt : least;
    most = arrival->prompt > most ? arrival->prompt : most;
    least_out = arrival->generate < least_out ? arrival->generate : least_out;
  }
  ck_assert_int_eq(least, 800);
  ck_assert_int_eq(most, 1000);
  ck_assert_int_eq(least_out, 81); /* 80.8 rounded up */
  ck_assert_rel(prompts / 20000, 900, 0.002);
  ck_assert_rel(generated / 20000, 91, 0.002);
  ck_assert_double_eq(drawn.items[0].at_s, 0);
  ck_assert_rel(drawn.items[19999].at_s, 20000 / 4.0, 0.03);
  const struct tp_load other = {.concurrency = 9, .range_ratio = 0.8, .requests = 5, .seed = 7};
  const struct tp_arrivals same = tp_arrivals_draw(&other, 1000, 101, world.arena);
  ck_assert_int_eq(same.items[4].prompt, drawn.items[4].prompt);
}
END_TEST

static enum tp_status read_trace(const char *text, struct tp_arrivals *arrivals,
                                 struct tp_error *error)
{
  struct tp_csv csv;
  ck_assert_int_eq(tp_csv_parse("t.csv", text, world.arena, &csv, error), TP_OK);
  return tp_arrivals_read(&csv, world.arena, arrivals, error);
}

/* Seconds, and days that pass a month's, a leap February's and a year's end. */
static const struct {
  const char *text;
  double at_s;
} traces[] = {
    {"arrival_s,prompt,generate\n5,10,2\n7.25,11,3\n", 2.25},
    {"Timestamp,Model,Request tokens,Response tokens\n5,GPT-4,10,2\n45,GPT-4,11,3\n", 40},
    {"TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,10,2\n"
     "2023-11-16 18:17:04.0319600,11,3\n",
     0.052},
    {"TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-30T23:59:59,10,2\n"
     "2023-12-01T00:00:01,11,3\n",
     2},
    {"TIMESTAMP,ContextTokens,GeneratedTokens\n2024-02-28 00:00:00+00:00,10,2\n"
     "2024-03-01 00:00:00+00:00,11,3\n",
     2 * 86400},
    {"TIMESTAMP,ContextTokens,GeneratedTokens\n2023-02-28 00:00:00,10,2\n"
     "2023-03-01 00:00:00,11,3\n",
     86400},
    {"TIMESTAMP,ContextTokens,GeneratedTokens\n2023-12-31 23:00:00,10,2\n"
     "2024-01-01 00:30:00,11,3\n",
     5400},
    {"TIMESTAMP,ContextTokens,GeneratedTokens\n2024-01-01 00:00:00Z,10,2\n"
     "2024-01-01T01:30:00+01:00,11,3\n",
     1800},
};
START_TEST(traces_are_read_as_they_are_published)
{
  struct tp_arrivals arrivals;
  struct tp_error error = {""};
  ck_assert_msg(read_trace(traces[_i].text, &arrivals, &error) == TP_OK, "%s", error.text);
  ck_assert_uint_eq(arrivals.n, 2);
  ck_assert_double_eq(arrivals.items[0].at_s, 0);
  ck_assert_double_eq_tol(arrivals.items[1].at_s, traces[_i].at_s, 1e-5);
  ck_assert_int_eq(arrivals.items[1].prompt, 11);
  ck_assert_int_eq(arrivals.items[1].generate, 3);
}
END_TEST

static const struct {
  const char *text, *says;
} bad_traces[] = {
    {"prompt,generate\n1,1\n", "t.csv:1: no column 'arrival_s' (nor 'TIMESTAMP', 'Timestamp')"},
    {"arrival_s,prompt\n1,1\n", "t.csv:1: no column 'generate'"},
    {"arrival_s,prompt,generate\n", "t.csv:1: no requests"},
    {"arrival_s,prompt,generate\nnoon,1,1\n", "t.csv:2: column 'arrival_s': 'noon' is no time"},
    {"arrival_s,prompt,generate\n2023-11-16 18:15:46 in the evening,1,1\n",
     "t.csv:2: column 'arrival_s': '2023-11-16 18:15:46 in the eveni' is no time"},
    {"arrival_s,prompt,generate\n2023-11-16 18:15:0x1F,1,1\n", "t.csv:2: column 'arrival_s'"},
    {"arrival_s,prompt,generate\n2023-11-16 18:15:46 12 12,1,1\n", "t.csv:2: column 'arrival_s'"},
    {"arrival_s,prompt,generate\n2023-11-16 18:15:46+99:00,1,1\n", "t.csv:2: column 'arrival_s'"},
    {"arrival_s,prompt,generate\n2023-11-31 18:15:46,1,1\n", "t.csv:2: column 'arrival_s'"},
    {"arrival_s,prompt,generate\n2,1,1\n1,1,1\n", "t.csv:3: column 'arrival_s': it comes before"},
    {"arrival_s,prompt,generate\n2,0,1\n", "t.csv:2: column 'prompt': 0 is not a whole number"},
    {"arrival_s,prompt,generate\n2,1,1.5\n", "t.csv:2: column 'generate': 1.5 is not a whole"},
};
START_TEST(other_traces_are_refused_by_line)
{
  struct tp_arrivals arrivals;
  struct tp_error error = {""};
  ck_assert_int_eq(read_trace(bad_traces[_i].text, &arrivals, &error), TP_E_INPUT);
  ck_assert_msg(strncmp(error.text, bad_traces[_i].says, strlen(bad_traces[_i].says)) == 0, "%s",
                error.text);
}
END_TEST

/* Lists are multiplied out; a row's cells go before them, and its rate before a list's loop. */
START_TEST(lists_and_rows_say_loads)
{
  static const double many[] = {4, 8}, ratios[] = {0.5, 1};
  const struct tp_loads loads = {.concurrency = {many, 2}, .range_ratio = {ratios, 2}};
  struct tp_served_load *items;
  struct tp_error error = {""};
  struct tp_csv csv;
  size_t n;
  ck_assert_int_eq(tp_loads_of_row(&loads, NULL, 0, world.arena, &items, &n, &error), TP_OK);
  ck_assert_uint_eq(n, 4);
  ck_assert_int_eq(items[1].load.concurrency, 4);
  ck_assert_double_eq(items[1].load.range_ratio, 1);
  ck_assert_int_eq(items[2].load.concurrency, 8);
  ck_assert_int_eq(items[2].load.requests, 80);
  ck_assert_uint_eq(items[2].load.seed, 1);
  ck_assert_int_eq(tp_csv_parse("p.csv", "rate,requests,range_ratio,seed\n2.5,7,1,9\n,,,\n",
                                world.arena, &csv, &error),
                   TP_OK);
  ck_assert_int_eq(tp_loads_of_row(&loads, &csv, 0, world.arena, &items, &n, &error), TP_OK);
  ck_assert_uint_eq(n, 1);
  ck_assert_int_eq(items[0].load.concurrency, 0);
  ck_assert_double_eq(items[0].load.rate_per_s, 2.5);
  ck_assert_int_eq(items[0].load.requests, 7);
  ck_assert_uint_eq(items[0].load.seed, 9);
  const struct tp_loads none = {.seed = {many, 1}};
  ck_assert_int_eq(tp_loads_of_row(&none, NULL, 0, world.arena, &items, &n, &error), TP_E_INPUT);
  const struct tp_loads trace = {.trace = "t.csv"};
  ck_assert_int_eq(tp_loads_of_row(&trace, &csv, 0, world.arena, &items, &n, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, "p.csv:2: column 'rate': a trace says all of that; drop one");
  const struct tp_loads both = {.concurrency = {many, 1}, .rate = {many, 1}};
  ck_assert_int_eq(tp_loads_of_row(&both, NULL, 0, world.arena, &items, &n, &error), TP_E_INPUT);
}
END_TEST

static double running_with(const struct tp_point *point, const struct tp_served_load *load,
                           double dram_bytes)
{
  struct tp_device device = *point->device;
  struct tp_point smaller = *point;
  device.datasheet.dram_bytes = dram_bytes;
  smaller.device = &device;
  return serve(&smaller, load).sequences;
}

/* Weights of 16.1 GB, a tenth kept free, a prefill of one long prompt, caches of 8,195 tokens and
 * of 2,000 short requests, 2.1 GB in all, have room in 20.2 GB; the logits of all that then decode
 * together, 2 bytes of 128,256 words each, only in 0.6 GB more. */
START_TEST(logits_of_all_that_decode_take_room)
{
  enum { N = 2001 };
  static struct tp_arrival items[N];
  for (int i = 0; i < N; i++)
    items[i] = (struct tp_arrival){.prompt = i == 0 ? 8192 : 1, .generate = 3};
  const struct tp_served_load load = {.trace = "t.csv", .trace_visits = {.items = items, .n = N}};
  struct tp_point point = world_case(&world, "llama-3.1-8b", "dgx-h100", "vllm-0.24", "standard");
  point.mesh.tp = 1;
  const double all = running_with(&point, &load, 22e9);
  ck_assert_rel(running_with(&point, &load, 21e9), all, 1e-9);
  ck_assert_double_lt(running_with(&point, &load, 20.2e9), 0.75 * all);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("serve");
  TCase *points = tcase_create("points");
  tcase_add_checked_fixture(points, begin, end);
  tcase_add_test(points, one_request_at_a_time_is_a_prediction);
  tcase_add_test(points, one_wave_is_a_batch);
  tcase_add_test(points, an_open_loop_waits_where_it_is_full);
  tcase_add_test(points, memory_limits_what_runs_at_once);
  tcase_add_test(points, room_is_for_the_requests_that_come);
  tcase_add_test(points, a_trace_needs_what_its_requests_need);
  tcase_add_test(points, what_has_no_meaning_is_said);
  suite_add_tcase(suite, points);
  TCase *loads = tcase_create("loads");
  tcase_add_checked_fixture(loads, begin, end);
  tcase_add_test(loads, lengths_are_even_between_the_share_and_one);
  tcase_add_loop_test(loads, traces_are_read_as_they_are_published, 0,
                      (int)(sizeof traces / sizeof *traces));
  tcase_add_loop_test(loads, other_traces_are_refused_by_line, 0,
                      (int)(sizeof bad_traces / sizeof *bad_traces));
  tcase_add_test(loads, lists_and_rows_say_loads);
  tcase_add_test(loads, logits_of_all_that_decode_take_room);
  suite_add_tcase(suite, loads);
  return suite;
}
TP_SUITE_MAIN
