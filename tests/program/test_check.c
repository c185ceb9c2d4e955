/* Programs made by hand: what is not there is told by name, and by every executor. */
#include "builds.h"

#include "engine/engine.h"
#include "program/check.h"
#include "run/executor.h"

static struct tp_op ops[2];
static struct tp_program program;

static void setup(void)
{
  ops[0] = (struct tp_op){
      .name = "gemm", .kind = TP_OP_GEMM, .records = 0, .gemm = {.m = 1, .n = 1, .k = 1}};
  ops[1] = (struct tp_op){.name = "sum",
                          .kind = TP_OP_COLLECTIVE,
                          .stream = 1,
                          .n_waits = 1,
                          .waits = {0},
                          .records = 1,
                          .collective = {.kind = TP_ALL_REDUCE, .group = {2, 1}, .bytes = 8}};
  program = (struct tp_program){.title = "by hand",
                                .equation = "",
                                .mesh = tp_mesh_of_tp(2),
                                .batch = tp_batch_prefill(1, 1),
                                .n_streams = 2,
                                .n_events = 2,
                                .stream_names = {"compute", "comm"},
                                .event_names = {"ready", "done"},
                                .n_segments = 1,
                                .segments = {{.name = "all", .repeat = 3, .n_ops = 2, .ops = ops}}};
}

START_TEST(what_is_there_passes)
{
  struct tp_error error = {""};
  ck_assert_msg(tp_program_check(&program, &error) == TP_OK, "%s", error.text);
  ops[0].n_waits = 1; /* an event that nobody records is no wait, as in CUDA */
  ops[0].waits[0] = 1;
  ops[1].records = TP_NO_EVENT;
  ck_assert_int_eq(tp_program_check(&program, &error), TP_OK);
  program.segments[0].repeat = 0;
  ck_assert_int_eq(tp_program_check(&program, &error), TP_OK);
}
END_TEST

static void no_event(void)
{
  ops[1].waits[0] = 2;
}
static void negative_event(void)
{
  ops[1].waits[0] = -2;
}
static void records_nothing(void)
{
  ops[0].records = TP_MAX_EVENTS + 5;
}
static void no_stream(void)
{
  ops[1].stream = 2;
}
static void negative_stream(void)
{
  ops[0].stream = -1;
}
static void waits(void)
{
  ops[1].n_waits = TP_MAX_WAITS + 1;
}
static void tensor(void)
{
  ops[0].n_in = 1;
}
static void inputs(void)
{
  ops[0].n_in = TP_MAX_INPUTS + 1;
}
static void kind(void)
{
  ops[0].kind = (enum tp_op_kind)77;
}
static void repeat(void)
{
  program.segments[0].repeat = -1;
}
static void segments(void)
{
  program.n_segments = TP_MAX_SEGMENTS + 1;
}
static void streams(void)
{
  program.n_streams = TP_MAX_STREAMS + 1;
}
static void events(void)
{
  program.n_events = TP_MAX_EVENTS + 1;
}
static void group(void)
{
  ops[1].collective.group.size = -2;
}
static void no_ops(void)
{
  program.segments[0].ops = NULL;
}
static void chunk(void)
{
  ops[0] = (struct tp_op){.kind = TP_OP_ATTENTION, .records = TP_NO_EVENT, .chunk = 4};
}

static const struct {
  void (*breaks)(void);
  const char *words;
} wrong[] = {
    {no_event, "segment 'all', op 'sum': waits for event 2, and the program has 2"},
    {negative_event, "op 'sum': waits for event -2"},
    {records_nothing, "op 'gemm': records event 53, and the program has 2"},
    {no_stream, "op 'sum': is on stream 2, and the program has 2"},
    {negative_stream, "op 'gemm': is on stream -1"},
    {waits, "op 'sum': 5 waits; an op has at most 4"},
    {tensor, "op 'gemm': names tensor 0, and the program has 0"},
    {inputs, "op 'gemm': reads 6 tensors"},
    {kind, "op 'gemm': no kind of op is 77"},
    {repeat, "segment 'all': runs -1 times"},
    {segments, "25 segments; a program has at most 24"},
    {streams, "5 streams"},
    {events, "49 events"},
    {group, "op 'sum': its group has -2 ranks"},
    {no_ops, "segment 'all': has no ops where 2 should be"},
    {chunk, "op '(no name)': attends chunk 4 of a step of 1"},
};

/* Before anything is looked up by what the op names. */
static void check_engine(const struct tp_engine *engine, const char *words)
{
  static const struct tp_cost costs[2];
  const struct tp_cost *rows[TP_MAX_SEGMENTS] = {costs};
  struct tp_machine machine = {.dram_bytes_per_s = 1e9};
  const struct tp_run run = {.program = &program, .machine = &machine, .costs = rows};
  struct tp_arena *arena = tp_arena_create();
  struct tp_result result;
  struct tp_error error = {""};
  ck_assert_int_eq(engine->run(engine, &run, arena, &result, &error), TP_E_INPUT);
  ck_assert_msg(strstr(error.text, words) != NULL, "%s", error.text);
  tp_arena_free(arena);
}

START_TEST(what_is_not_there_is_told)
{
  struct tp_error error = {""};
  wrong[_i].breaks();
  ck_assert_int_eq(tp_program_check(&program, &error), TP_E_INPUT);
  ck_assert_msg(strstr(error.text, wrong[_i].words) != NULL, "%s", error.text);
  ck_assert_int_eq(tp_execute_check(&program, &error), TP_E_INPUT);
  ck_assert_msg(strstr(error.text, wrong[_i].words) != NULL, "%s", error.text);
  check_engine(&tp_engine_analytic, wrong[_i].words);
  struct tp_engine des = tp_des_open();
  check_engine(&des, wrong[_i].words);
  tp_des_close(&des);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("check");
  TCase *tcase = tcase_create("check");
  tcase_add_checked_fixture(tcase, setup, NULL);
  tcase_add_test(tcase, what_is_there_passes);
  tcase_add_loop_test(tcase, what_is_not_there_is_told, 0, sizeof wrong / sizeof wrong[0]);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
