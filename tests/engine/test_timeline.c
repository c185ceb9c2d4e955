#include "../suite.h"
#include "engine/timeline.h"

#include <jansson.h>
#include <stdio.h>

static const char *const streams[] = {"compute", "comm"};

static json_t *written(struct tp_timeline *timeline)
{
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  tp_timeline_write(timeline, out);
  fclose(out);
  json_error_t error;
  json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
  ck_assert_msg(root != NULL, "%s in %s", error.text, text);
  free(text);
  return root;
}

static void add(struct tp_timeline *timeline, const char *name, int rank, int stream,
                double start_s, double end_s)
{
  tp_timeline_add(timeline, (struct tp_span){.name = name,
                                             .category = "gemm",
                                             .rank = rank,
                                             .stream = stream,
                                             .start_s = start_s,
                                             .end_s = end_s});
}

static const char *text_at(const json_t *event, const char *key)
{
  return json_string_value(json_object_get(event, key));
}

static double number_at(const json_t *event, const char *key)
{
  return json_number_value(json_object_get(event, key));
}

START_TEST(trace_has_a_process_a_rank_and_a_thread_a_stream_in_order)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_timeline timeline = {.arena = arena, .stream_names = streams};
  add(&timeline, "c", 1, 0, 1e-6, 3e-6);
  add(&timeline, "b", 0, 1, 0, 1e-6);
  timeline.offset_s = 5e-6;
  add(&timeline, "a2", 0, 0, 0, 2.5e-6);
  timeline.offset_s = 0;
  add(&timeline, "a1", 0, 0, 1e-6, 2e-6);
  json_t *root = written(&timeline);
  const json_t *events = json_object_get(root, "traceEvents");
  static const char *const names[] = {"process_name", "thread_name", "a1", "a2", "thread_name", "b",
                                      "process_name", "thread_name", "c"};
  ck_assert_uint_eq(json_array_size(events), 9);
  for (size_t i = 0; i < 9; i++)
    ck_assert_str_eq(text_at(json_array_get(events, i), "name"), names[i]);
  const json_t *rank = json_array_get(events, 6), *thread = json_array_get(events, 4);
  ck_assert_str_eq(text_at(json_object_get(rank, "args"), "name"), "rank 1");
  ck_assert_str_eq(text_at(json_object_get(thread, "args"), "name"), "comm");
  const json_t *moved = json_array_get(events, 3);
  ck_assert_str_eq(text_at(moved, "ph"), "X");
  ck_assert_str_eq(text_at(moved, "cat"), "gemm");
  ck_assert_rel(number_at(moved, "ts"), 5, 1e-12);
  ck_assert_rel(number_at(moved, "dur"), 2.5, 1e-12);
  ck_assert_rel(number_at(json_array_get(events, 8), "pid"), 1, 0);
  json_decref(root);
  tp_arena_free(arena);
}
END_TEST

/* Two points, one with two passes: 1 to 3 us on its streams, then 3 to 4 us. */
START_TEST(passes_and_points_are_marked)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_timeline timeline = {.arena = arena,
                                 .stream_names = streams,
                                 .points = (const char *[]){"standard", "ladder"},
                                 .sm_count = 132};
  const struct tp_op op = {.kind = TP_OP_GEMM, .name = "up", .gemm = {.m = 2, .n = 3, .k = 4}};
  const struct tp_cost cost = {.flops = 48, .dram_bytes = 52, .sm_share = 0.5};
  timeline.pass = "prefill";
  tp_timeline_add_op(&timeline, &op, &cost, (struct tp_span){.start_s = 1e-6, .end_s = 2e-6});
  add(&timeline, "b", 0, 1, 2e-6, 3e-6);
  timeline.pass = "decode step";
  timeline.offset_s = 3e-6;
  add(&timeline, "c", 0, 0, 0, 1e-6);
  timeline.point = 1;
  timeline.pass = NULL;
  add(&timeline, "d", 0, 0, 0, 1e-6);
  json_t *root = written(&timeline);
  const json_t *events = json_object_get(root, "traceEvents");
  static const char *const names[] = {"process_name",
                                      "thread_name",
                                      "prefill",
                                      "decode step",
                                      "thread_name",
                                      "up",
                                      "c",
                                      "thread_name",
                                      "b",
                                      "process_name",
                                      "thread_name",
                                      "d"};
  ck_assert_uint_eq(json_array_size(events), 12);
  for (size_t i = 0; i < 12; i++)
    ck_assert_str_eq(text_at(json_array_get(events, i), "name"), names[i]);
  ck_assert_str_eq(text_at(json_object_get(json_array_get(events, 9), "args"), "name"),
                   "ladder, rank 0");
  ck_assert_rel(number_at(json_array_get(events, 2), "ts"), 1, 1e-9);
  ck_assert_rel(number_at(json_array_get(events, 2), "dur"), 2, 1e-9);
  ck_assert_rel(number_at(json_array_get(events, 3), "ts"), 3, 1e-9);
  const json_t *const args = json_object_get(json_array_get(events, 5), "args");
  ck_assert_str_eq(text_at(args, "op"), "m=2 n=3 k=4 fp16");
  ck_assert_rel(number_at(args, "flops"), 48, 0);
  ck_assert_rel(number_at(args, "dram_bytes"), 52, 0);
  ck_assert_rel(number_at(args, "SMs"), 66, 0);
  json_decref(root);
  tp_arena_free(arena);
}
END_TEST

START_TEST(names_are_escaped)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_timeline timeline = {.arena = arena, .stream_names = streams};
  add(&timeline, "a \"b\" \\ \n \x01", 0, 0, 0, 1);
  json_t *root = written(&timeline);
  const json_t *events = json_object_get(root, "traceEvents");
  ck_assert_str_eq(text_at(json_array_get(events, 2), "name"), "a \"b\" \\ \n \x01");
  json_decref(root);
  tp_arena_free(arena);
}
END_TEST

START_TEST(empty_timeline_is_an_empty_trace)
{
  struct tp_timeline timeline = {.stream_names = streams};
  json_t *root = written(&timeline);
  ck_assert_uint_eq(json_array_size(json_object_get(root, "traceEvents")), 0);
  json_decref(root);
}
END_TEST

START_TEST(grows_past_its_first_block)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_timeline timeline = {.arena = arena, .stream_names = streams};
  for (int i = 0; i < 1000; i++)
    add(&timeline, "a", 0, 0, 999 - i, 1000 - i);
  json_t *root = written(&timeline);
  const json_t *events = json_object_get(root, "traceEvents");
  ck_assert_uint_eq(json_array_size(events), 1002);
  for (size_t i = 0; i < 1000; i++)
    ck_assert_rel(number_at(json_array_get(events, i + 2), "ts"), 1e6 * (double)i, 0);
  json_decref(root);
  tp_arena_free(arena);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("timeline");
  TCase *tcase = tcase_create("trace");
  tcase_add_test(tcase, trace_has_a_process_a_rank_and_a_thread_a_stream_in_order);
  tcase_add_test(tcase, passes_and_points_are_marked);
  tcase_add_test(tcase, names_are_escaped);
  tcase_add_test(tcase, empty_timeline_is_an_empty_trace);
  tcase_add_test(tcase, grows_past_its_first_block);
  suite_add_tcase(suite, tcase);
  return suite;
}
TP_SUITE_MAIN
