/* The host device: streams, events, graphs and clock, on hand-made programs of copies and sums. */
#include "host/host.h"
#include "run/executor.h"

#include "hand.h"

enum { A, X, Y, Z, N_TENSORS, WIDTH = 4 };

struct rig {
  struct hand hand;
  struct tp_arena *arena;
  struct tp_host *host;
  int ranks;
  struct tp_store *stores[2];
  struct tp_binding *bindings[2];
};

static struct tp_error error;

static void must(enum tp_status status)
{
  ck_assert_msg(status == TP_OK, "%s", error.text);
}

static void rig_open(struct rig *rig, int ranks, uint64_t seed)
{
  memset(rig, 0, sizeof *rig);
  rig->ranks = ranks;
  rig->arena = tp_arena_create();
  rig->host = tp_host_create(
      &(struct tp_host_options){.ranks = ranks, .seed = seed, .arithmetic = true, .logs = true});
  hand_begin(&rig->hand, rig->arena, ranks);
  static const char *const names[N_TENSORS] = {"a", "x", "y", "z"};
  for (int i = 0; i < N_TENSORS; i++)
    hand_tensor(&rig->hand, names[i], TP_TENSOR_ACTIVATION, 1, WIDTH);
  hand_segment(&rig->hand, 1, 0);
  for (int r = 0; r < ranks; r++)
    rig->stores[r] = tp_store_create(tp_host_calls(rig->host, r), 1, 0);
}

static void rig_close(struct rig *rig)
{
  for (int r = 0; r < rig->ranks; r++)
    tp_store_free(rig->stores[r]);
  tp_host_free(rig->host);
  tp_arena_free(rig->arena);
}

static void *data(const struct rig *rig, int rank, int tensor)
{
  return tp_binding_operand(rig->bindings[rank], tensor, 0).data;
}

static void put(const struct rig *rig, int rank, int tensor, float value)
{
  const struct tp_calls *calls = tp_host_calls(rig->host, rank);
  const float values[WIDTH] = {value, value, value, value};
  must(calls->write(calls->state, data(rig, rank, tensor), values, sizeof values, &error));
}

static double get(const struct rig *rig, int rank, int tensor)
{
  const struct tp_calls *calls = tp_host_calls(rig->host, rank);
  float values[WIDTH];
  must(calls->read(calls->state, values, data(rig, rank, tensor), sizeof values, &error));
  return (double)values[WIDTH - 1];
}

/* a is rank + 1 everywhere, the rest unwritten. */
static void rig_bind(struct rig *rig)
{
  for (int r = 0; r < rig->ranks; r++) {
    must(tp_store_bind(rig->stores[r], &rig->hand.program, rig->arena, &rig->bindings[r], &error));
    put(rig, r, A, (float)(r + 1));
  }
  must(tp_host_run(rig->host, &error));
}

static void issue(const struct rig *rig, int rank)
{
  must(tp_execute(tp_host_calls(rig->host, rank), rig->bindings[rank], &error));
}

static const char *order(const struct rig *rig)
{
  const struct tp_host_done *done;
  const size_t n = tp_host_log(rig->host, &done);
  const char *text = "";
  for (size_t i = 0; i < n; i++)
    text = tp_arena_printf(rig->arena, "%s%s%d ", text, done[i].op->name, done[i].rank);
  return text;
}

/* x = a on one stream, y = x on the other. */
static void hand_over(struct rig *rig, bool waits)
{
  hand_copy(&rig->hand, "first", TP_STREAM_COMPUTE, A, X)->records = 0;
  struct tp_op *second = hand_copy(&rig->hand, "second", TP_STREAM_COMM, X, Y);
  if (waits)
    hand_wait(second, 0);
  rig_bind(rig);
}

START_TEST(missing_wait_is_found)
{
  int wrong = 0, right = 0;
  for (uint64_t seed = 0; seed < 32; seed++) {
    struct rig rig;
    rig_open(&rig, 1, seed);
    hand_over(&rig, _i == 1);
    issue(&rig, 0);
    const double y = get(&rig, 0, Y);
    wrong += isnan(y);
    right += y == 1;
    ck_assert_str_eq(order(&rig), isnan(y) ? "second0 first0 " : "first0 second0 ");
    rig_close(&rig);
  }
  ck_assert_int_eq(right + wrong, 32);
  ck_assert_msg(_i == 1 ? wrong == 0 : wrong > 3 && right > 3, "%d of 32 wrong", wrong);
}
END_TEST

/* x = a, summed over ranks, y = x; and the sum is too early without its wait. */
static void summed(struct rig *rig, bool sum_waits)
{
  hand_copy(&rig->hand, "make", TP_STREAM_COMPUTE, A, X)->records = 0;
  struct tp_op *sum = hand_all_reduce(&rig->hand, "sum", X);
  if (sum_waits)
    hand_wait(sum, 0);
  sum->records = 1;
  hand_wait(hand_copy(&rig->hand, "use", TP_STREAM_COMPUTE, X, Y), 1);
  rig_bind(rig);
}

START_TEST(sums_over_ranks)
{
  int wrong = 0;
  for (uint64_t seed = 0; seed < 32; seed++) {
    struct rig rig;
    rig_open(&rig, 2, seed);
    summed(&rig, _i == 1);
    issue(&rig, 0);
    issue(&rig, 1);
    must(tp_host_run(rig.host, &error));
    wrong += get(&rig, 0, Y) != 3 || get(&rig, 1, Y) != 3;
    rig_close(&rig);
  }
  ck_assert_msg(_i == 1 ? wrong == 0 : wrong > 3, "%d of 32 wrong", wrong);
}
END_TEST

START_TEST(absent_rank_is_named)
{
  struct rig rig;
  rig_open(&rig, 2, 1);
  summed(&rig, true);
  issue(&rig, 1);
  ck_assert_int_eq(tp_host_run(rig.host, &error), TP_E_CHECK);
  ck_assert_str_eq(error.text,
                   "host: nothing can go on; rank 1 compute waits for the end of 'sum'; rank 1 "
                   "comm is at 'sum', where rank 0 is not");
  issue(&rig, 0);
  must(tp_host_run(rig.host, &error));
  rig_close(&rig);
}
END_TEST

START_TEST(disagreement_is_named)
{
  struct rig rig, other;
  rig_open(&rig, 2, 1);
  summed(&rig, true);
  other = rig;
  struct tp_op ops[3];
  memcpy(ops, rig.hand.program.segments[0].ops, sizeof ops);
  other.hand.program.segments[0].ops = ops;
  ops[1].collective.bytes = 8;
  ops[1].name = "gather";
  must(tp_store_bind(rig.stores[1], &other.hand.program, rig.arena, &rig.bindings[1], &error));
  issue(&rig, 0);
  issue(&rig, 1);
  ck_assert_int_eq(tp_host_run(rig.host, &error), TP_E_CHECK);
  ck_assert_str_eq(error.text, "host: ranks 0 and 1 meet in different collectives: 'sum' of 16 "
                               "bytes and 'gather' of 8");
  rig_close(&rig);
}
END_TEST

START_TEST(reads_what_is_done)
{
  struct rig rig;
  rig_open(&rig, 2, 1);
  summed(&rig, true);
  issue(&rig, 0);
  const struct tp_calls *calls = tp_host_calls(rig.host, 0);
  float values[WIDTH];
  ck_assert_int_eq(calls->read(calls->state, values, data(&rig, 0, X), sizeof values, &error),
                   TP_E_CHECK);
  ck_assert_msg(strstr(error.text, "rank 0: read while ops of 2 ranks") != NULL, "%s", error.text);
  ck_assert_int_eq(calls->finish(calls->state, &error), TP_E_CHECK);
  rig_close(&rig);
}
END_TEST

/* A write stands in the compute stream, and takes its bytes at once. */
START_TEST(writes_in_order)
{
  for (uint64_t seed = 0; seed < 8; seed++) {
    struct rig rig;
    rig_open(&rig, 1, seed);
    hand_over(&rig, true);
    issue(&rig, 0);
    put(&rig, 0, A, 5);
    issue(&rig, 0);
    put(&rig, 0, A, 6);
    ck_assert_double_eq(get(&rig, 0, X), 5);
    ck_assert_double_eq(get(&rig, 0, A), 6);
    rig_close(&rig);
  }
}
END_TEST

/* Two passes hand over by x: only a join keeps the second from overwriting what the first reads. */
START_TEST(joins_passes)
{
  int wrong = 0;
  for (uint64_t seed = 0; seed < 32; seed++) {
    struct rig rig;
    rig_open(&rig, 1, seed);
    hand_over(&rig, true);
    hand_copy(&rig.hand, "third", TP_STREAM_COMM, Y, Z);
    const struct tp_calls *calls = tp_host_calls(rig.host, 0);
    issue(&rig, 0);
    if (_i == 1)
      must(calls->join(calls->state, &error));
    put(&rig, 0, X, 9);
    wrong += get(&rig, 0, Z) != 1;
    rig_close(&rig);
  }
  ck_assert_msg(_i == 1 ? wrong == 0 : wrong > 3, "%d of 32 wrong", wrong);
}
END_TEST

START_TEST(replays)
{
  for (uint64_t seed = 0; seed < 8; seed++) {
    struct rig rig;
    rig_open(&rig, 2, seed);
    summed(&rig, true);
    struct tp_graph *graphs[2];
    for (int r = 0; r < 2; r++)
      must(tp_execute_capture(tp_host_calls(rig.host, r), rig.bindings[r], &graphs[r], &error));
    must(tp_host_run(rig.host, &error));
    ck_assert_str_eq(order(&rig), ""); /* captured is not run */
    ck_assert(isnan(get(&rig, 0, Y)));
    for (int pass = 1; pass <= 3; pass++)
      for (int r = 0; r < 2; r++) {
        const struct tp_calls *calls = tp_host_calls(rig.host, r);
        put(&rig, r, A, (float)(pass * (r + 1)));
        must(calls->replay(calls->state, graphs[r], &error));
      }
    must(tp_host_run(rig.host, &error));
    ck_assert_double_eq(get(&rig, 0, Y), 9);
    ck_assert_double_eq(get(&rig, 1, Y), 9);
    for (int r = 0; r < 2; r++)
      tp_host_calls(rig.host, r)->graph_free(tp_host_calls(rig.host, r)->state, graphs[r]);
    rig_close(&rig);
  }
}
END_TEST

/* A graph begins after what is on the compute stream and ends before what follows, on all streams:
 * its one op runs beside that stream and has no wait of its own. */
START_TEST(graphs_begin_and_end_in_compute)
{
  for (uint64_t seed = 0; seed < 16; seed++) {
    struct rig rig;
    rig_open(&rig, 1, seed);
    hand_copy(&rig.hand, "only", TP_STREAM_COMM, A, X);
    rig_bind(&rig);
    const struct tp_calls *calls = tp_host_calls(rig.host, 0);
    struct tp_graph *graph;
    must(tp_execute_capture(calls, rig.bindings[0], &graph, &error));
    put(&rig, 0, A, 5);
    must(calls->replay(calls->state, graph, &error));
    put(&rig, 0, A, 6);
    calls->graph_free(calls->state, graph); /* while what it replayed waits */
    ck_assert_double_eq(get(&rig, 0, X), 5);
    rig_close(&rig);
  }
}
END_TEST

START_TEST(refuses_in_captures)
{
  struct rig rig;
  rig_open(&rig, 1, 1);
  hand_over(&rig, true);
  const struct tp_calls *calls = tp_host_calls(rig.host, 0);
  struct tp_graph *graph;
  ck_assert_int_eq(calls->capture_end(calls->state, &graph, &error), TP_E_CHECK);
  must(calls->capture(calls->state, &error));
  const float one = 1;
  ck_assert_int_eq(calls->write(calls->state, data(&rig, 0, A), &one, sizeof one, &error),
                   TP_E_CHECK);
  ck_assert_int_eq(calls->mark(calls->state, 0, &error), TP_E_CHECK);
  ck_assert_int_eq(calls->join(calls->state, &error), TP_E_CHECK);
  ck_assert_int_eq(calls->finish(calls->state, &error), TP_E_CHECK);
  ck_assert_int_eq(calls->capture(calls->state, &error), TP_E_CHECK);
  rig_close(&rig); /* frees what was begun */
}
END_TEST

/* A microsecond an op: the second stream's op begins when the first's ends. */
START_TEST(clock_by_hand)
{
  struct rig rig;
  rig_open(&rig, 1, 1);
  hand_over(&rig, true);
  hand_copy(&rig.hand, "beside", TP_STREAM_COMPUTE, A, Z);
  const struct tp_calls *calls = tp_host_calls(rig.host, 0);
  must(calls->mark(calls->state, 0, &error));
  issue(&rig, 0);
  must(calls->mark(calls->state, 1, &error));
  must(calls->join(calls->state, &error));
  issue(&rig, 0);
  must(calls->join(calls->state, &error));
  must(calls->mark(calls->state, 2, &error));
  double passed_s;
  must(calls->seconds(calls->state, 0, 1, &passed_s, &error));
  ck_assert_rel(passed_s, 2e-6, 1e-12);
  must(calls->seconds(calls->state, 1, 2, &passed_s, &error));
  ck_assert_rel(passed_s, 2e-6, 1e-12);
  ck_assert_int_eq(calls->seconds(calls->state, 0, 3, &passed_s, &error), TP_E_CHECK);
  const struct tp_host_done *done;
  ck_assert_uint_eq(tp_host_log(rig.host, &done), 6);
  for (size_t i = 0; i < 6; i++) {
    const double pass_s = i < 3 ? 0 : 2e-6;
    const bool first = strcmp(done[i].op->name, "first") == 0;
    ck_assert_rel(done[i].start_s - pass_s + 1, first ? 1 : 1 + 1e-6, 1e-12);
    ck_assert_rel(done[i].end_s - done[i].start_s, 1e-6, 1e-9);
  }
  rig_close(&rig);
}
END_TEST

/* The rank that comes last sets the time of a collective for all. */
START_TEST(ranks_wait_for_the_last)
{
  struct rig rig;
  rig_open(&rig, 2, 1);
  summed(&rig, true);
  const struct tp_calls *calls = tp_host_calls(rig.host, _i);
  struct tp_bound_op late = {.op = &rig.hand.program.segments[0].ops[0],
                             .program = &rig.hand.program};
  late.in[0] = tp_binding_operand(rig.bindings[_i], A, 0);
  late.out[0] = tp_binding_operand(rig.bindings[_i], Z, 0);
  must(calls->launch(calls->state, &late, &error));
  issue(&rig, 0);
  issue(&rig, 1);
  must(tp_host_run(rig.host, &error));
  const struct tp_host_done *done;
  const size_t n = tp_host_log(rig.host, &done);
  for (size_t i = 0; i < n; i++)
    if (strcmp(done[i].op->name, "sum") == 0)
      ck_assert_rel(done[i].start_s, 2e-6, 1e-12);
    else if (strcmp(done[i].op->name, "use") == 0)
      ck_assert_rel(done[i].end_s, 4e-6, 1e-12);
  rig_close(&rig);
}
END_TEST

/* Without arithmetic a lone rank is enough of several, and memory is nowhere. */
START_TEST(clock_alone)
{
  struct tp_host *host = tp_host_create(&(struct tp_host_options){.ranks = 1, .logs = true});
  const struct tp_calls *calls = tp_host_calls(host, 0);
  struct tp_store *store = tp_store_create(calls, 1, 0);
  struct tp_arena *arena = tp_arena_create();
  struct hand hand;
  struct tp_binding *binding;
  hand_begin(&hand, arena, 8);
  const int x = hand_tensor(&hand, "x", TP_TENSOR_ACTIVATION, INT64_C(1) << 40, 1024);
  hand_segment(&hand, 5, 0);
  hand_all_reduce(&hand, "sum", x);
  must(tp_store_bind(store, &hand.program, arena, &binding, &error));
  ck_assert_uint_eq(tp_store_bytes(store), (size_t)1 << 52);
  must(tp_execute(calls, binding, &error));
  must(calls->finish(calls->state, &error));
  const struct tp_host_done *done;
  ck_assert_uint_eq(tp_host_log(host, &done), 5);
  ck_assert_rel(done[4].end_s, 5e-6, 1e-12);
  int32_t word = 7;
  must(calls->read(calls->state, &word, tp_binding_operand(binding, x, 0).data, sizeof word,
                   &error));
  ck_assert_int_eq(word, 0);
  tp_store_free(store);
  tp_host_free(host);
  tp_arena_free(arena);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("host");
  TCase *cases = tcase_create("cases");
  tcase_add_loop_test(cases, missing_wait_is_found, 0, 2);
  tcase_add_loop_test(cases, sums_over_ranks, 0, 2);
  tcase_add_test(cases, absent_rank_is_named);
  tcase_add_test(cases, disagreement_is_named);
  tcase_add_test(cases, reads_what_is_done);
  tcase_add_test(cases, writes_in_order);
  tcase_add_loop_test(cases, joins_passes, 0, 2);
  tcase_add_test(cases, replays);
  tcase_add_test(cases, graphs_begin_and_end_in_compute);
  tcase_add_test(cases, refuses_in_captures);
  tcase_add_test(cases, clock_by_hand);
  tcase_add_loop_test(cases, ranks_wait_for_the_last, 0, 2);
  tcase_add_test(cases, clock_alone);
  suite_add_tcase(suite, cases);
  return suite;
}

TP_SUITE_MAIN
