/* The host's side of collectives among real processes, each with a fake GPU: who is set up and
 * called, and that a fault of one rank is told to all and leaves nothing behind. */
#include "config.h"

#include "gpu/comm.h"
#include "peers/peer.h"
#include "run/beside.h"
#include "verify/selftest.h"

#include "../cost/machines.h"
#include "fake_comm.h"

#include <string.h>
#include <time.h>

enum { RANKS = 3, ROWS = 2, COLUMNS = 12, WINDOW_VECTORS = 65 * 4096 /* caches of 1 MiB */ };

static struct tp_error error;

/* What the children find goes through rank 0's end, for only rank 0 is the test's process. */
static enum tp_status expect(bool holds, const char *what)
{
  return holds ? TP_OK : tp_fail(&error, TP_E_CHECK, "%s; it was:\n%s", what, fake_comm.lines);
}

static struct tp_stack stack_of(int library)
{
  struct tp_stack stack = {.name = "test"};
  stack.collectives.library = library;
  stack.collectives.one_shot_max_bytes[0] = 1000;
  return stack;
}

/* An op with buffers of 2 x 12 each, or 3 times as many where it gathers or scatters. */
struct bound {
  struct tp_op op;
  struct tp_tensor tensor;
  struct tp_program program;
  struct tp_bound_op bound;
  char in[1], out[1];
};

static struct tp_bound_op *bind(struct bound *b, struct tp_collective collective)
{
  const int64_t in = collective.kind == TP_REDUCE_SCATTER ? RANKS * ROWS : ROWS;
  const int64_t out = collective.kind == TP_ALL_GATHER ? RANKS * ROWS : ROWS;
  collective.dtype = TP_DTYPE_BF16;
  if (collective.bytes == 0)
    collective.bytes = (double)(in > out ? in : out) * COLUMNS * 2;
  b->op = (struct tp_op){
      .name = "x", .kind = TP_OP_COLLECTIVE, .n_in = 1, .n_out = 1, .collective = collective};
  b->tensor = (struct tp_tensor){.dtype = TP_DTYPE_BF16};
  b->program = (struct tp_program){.batch = tp_batch_decode(1, 2), .mesh = tp_mesh_of_tp(RANKS)};
  b->bound = (struct tp_bound_op){
      .op = &b->op,
      .program = &b->program,
      .in = {{b->in, &b->tensor, in, COLUMNS, COLUMNS}},
      .out = {{in == out ? b->in : b->out, &b->tensor, out, COLUMNS, COLUMNS}}};
  return &b->bound;
}

static enum tp_status run(struct tp_comm *comm, struct tp_collective collective)
{
  struct bound b;
  fake_comm.lines[0] = '\0';
  return tp_comm_run(comm, bind(&b, collective), NULL, &error);
}

static struct tp_team *start(void)
{
  struct tp_team *group = NULL;
  error.text[0] = '\0';
  ck_assert_int_eq(tp_team_start(RANKS, &group, &error), TP_OK);
  fake_comm_reset(tp_team_rank(group));
  return group;
}

static enum tp_status open(struct tp_team *group, const struct tp_stack *stack,
                           struct tp_comm **comm)
{
  const struct tp_gpu_options options = {
      .device = tp_team_rank(group), .group = group, .stack = stack};
  return tp_comm_open(&options, comm, &error);
}

static void end(struct tp_team *group, enum tp_status status)
{
  ck_assert_msg(tp_team_end(group, status, &error) == TP_OK, "%s", error.text);
}

#ifdef HAVE_PEERS
START_TEST(peers_share_memory)
{
  struct tp_team *group = start();
  const struct tp_stack stack = stack_of(TP_LIBRARY_PEER_KERNELS);
  struct tp_comm *comm = NULL;
  char want[80];
  enum tp_status status = open(group, &stack, &comm);
  if (status == TP_OK)
    status = expect(fake_comm.objects == RANKS && fake_comm.opened == RANKS - 1, "memory");
  if (status == TP_OK)
    status = run(comm, (struct tp_collective){.kind = TP_ALL_REDUCE, .sms = 5});
  snprintf(want, sizeof want, "one-shot 24 elements, 5 blocks, rank %d of 3\n",
           tp_team_rank(group));
  if (status == TP_OK)
    status = expect(strcmp(fake_comm.lines, want) == 0, want);
  if (status == TP_OK)
    status = run(comm, (struct tp_collective){.kind = TP_ALL_REDUCE,
                                              .wire = {4, 4, 32, false, TP_WIRE_INTEGER}});
  if (status == TP_OK)
    status = expect(strstr(fake_comm.lines, "flash-int4 24 ") != NULL, "flash");
  tp_comm_close(comm);
  if (status == TP_OK)
    status = expect(fake_comm.objects == 0 && fake_comm.opened == 0, "left behind");
  end(group, status);
}
END_TEST

/* One GPU that one other cannot read, or does not even see: nobody uses peers' memory. */
START_TEST(one_who_does_not_reach_is_enough)
{
  struct tp_team *group = start();
  const struct tp_stack stack = stack_of(TP_LIBRARY_PEER_KERNELS);
  struct tp_comm *comm = NULL;
  if (tp_team_rank(group) == 1)
    *(_i == 0 ? &fake_comm.unreached : &fake_comm.hidden) = 2;
  enum tp_status status = open(group, &stack, &comm);
  if (status == TP_OK)
    status = expect(fake_comm.objects == 0, "memory");
  if (status == TP_OK)
    status = expect(run(comm, (struct tp_collective){.kind = TP_ALL_REDUCE,
                                                     .algorithm = TP_ALGORITHM_TWO_SHOT}) ==
                            TP_E_ENVIRONMENT &&
                        strstr(error.text, "x: the two-shot all-reduce needs peer access") != NULL,
                    "refused by name");
  tp_comm_close(comm);
  end(group, status);
}
END_TEST

/* The n-th call of one rank fails: all ranks hear of it, none waits, nothing is left. */
START_TEST(faults_are_told)
{
  struct tp_team *group = start();
  const struct tp_stack stack = stack_of(TP_LIBRARY_PEER_KERNELS);
  struct tp_comm *comm = NULL;
  char heard[RANKS];
  if (tp_team_rank(group) == 1)
    fake_comm.fails_in = 1 + _i;
  const char mine = open(group, &stack, &comm) == TP_E_ENVIRONMENT;
  enum tp_status status = tp_team_gather(group, &mine, 1, heard, &error);
  if (status == TP_OK)
    status = expect(heard[1] == 1, "the rank that failed");
  /* Only the rank itself knows where it could not say its place, so that nobody shares memory, and
   * what fails when all have offered theirs. */
  for (int rank = 0; rank < RANKS && status == TP_OK && _i > 0 && _i < 5; rank++)
    status = expect(heard[rank] == 1, "another rank");
  tp_comm_close(comm);
  if (status == TP_OK)
    status = expect(fake_comm.objects == 0, "left behind");
  end(group, status);
}
END_TEST

#ifdef HAVE_NCCL
START_TEST(nccl_has_a_communicator_a_limit)
{
  struct tp_team *group = start();
  const struct tp_stack stack = stack_of(TP_LIBRARY_NCCL);
  struct tp_comm *comm = NULL;
  static const struct {
    struct tp_collective collective;
    const char *lines;
  } calls[] = {
      {{.kind = TP_ALL_REDUCE}, "all_reduce 24 type 9 by 0\n"},
      {{.kind = TP_ALL_REDUCE, .sms = 4}, "all_reduce 24 type 9 by 1\n"},
      {{.kind = TP_ALL_GATHER}, "all_gather 24 type 9 by 0\n"},
      {{.kind = TP_REDUCE_SCATTER, .sms = 4}, "reduce_scatter 24 type 9 by 1\n"},
      {{.kind = TP_ALL_TO_ALL},
       "group\nsend 8 type 9 by 0\nreceive 8 type 9 by 0\nsend 8 type 9 by 0\nreceive 8 type 9 by "
       "0\nsend 8 type 9 by 0\nreceive 8 type 9 by 0\nend\n"},
  };
  enum tp_status status = open(group, &stack, &comm);
  if (status == TP_OK)
    status = expect(fake_comm.connected == 0, "nothing before it is needed");
  for (int i = 0; i < 5 && status == TP_OK; i++) {
    status = run(comm, calls[i].collective);
    if (status == TP_OK)
      status = expect(strcmp(fake_comm.lines, calls[i].lines) == 0, calls[i].lines);
  }
  if (status == TP_OK)
    status = expect(fake_comm.connected == 2 && fake_comm.most_ctas == 4, "communicators");
  fake_comm.capturing = true;
  if (status == TP_OK)
    status = run(comm, (struct tp_collective){.kind = TP_ALL_REDUCE, .sms = 4});
  if (status == TP_OK)
    status =
        expect(run(comm, (struct tp_collective){.kind = TP_ALL_REDUCE, .sms = 8}) == TP_E_INPUT,
               "a new limit in a capture");
  tp_comm_close(comm);
  if (status == TP_OK)
    status = expect(fake_comm.objects == 0, "left behind");
  end(group, status);
}
END_TEST

START_TEST(nccl_that_cannot_start)
{
  struct tp_team *group = start();
  const struct tp_stack stack = stack_of(TP_LIBRARY_NCCL);
  struct tp_comm *comm = NULL;
  enum tp_status status = open(group, &stack, &comm);
  if (tp_team_rank(group) == 0)
    fake_comm.fails_in = 1;
  if (status == TP_OK)
    status = expect(run(comm, (struct tp_collective){.kind = TP_ALL_REDUCE}) == TP_E_ENVIRONMENT,
                    "all hear of it");
  tp_comm_close(comm);
  end(group, status);
}
END_TEST
#else
START_TEST(a_build_without_nccl_says_so)
{
  struct tp_team *group = start();
  const struct tp_stack stack = stack_of(TP_LIBRARY_NCCL);
  struct tp_comm *comm = NULL;
  enum tp_status status = open(group, &stack, &comm);
  if (status == TP_OK)
    status = expect(run(comm, (struct tp_collective){.kind = TP_ALL_REDUCE}) == TP_E_ENVIRONMENT &&
                        strstr(error.text, "no NCCL") != NULL,
                    "refused by name");
  tp_comm_close(comm);
  end(group, status);
}
END_TEST
#endif
#else
START_TEST(a_build_without_peers_says_so)
{
  struct tp_team *group = start();
  const struct tp_stack stack = stack_of(TP_LIBRARY_NCCL);
  struct tp_comm *comm = NULL;
  const enum tp_status status = open(group, &stack, &comm);
  end(group, expect(status == TP_E_ENVIRONMENT && strstr(error.text, "--disable-peers") != NULL,
                    "refused by name"));
}
END_TEST
#endif

/* A lone rank copies what a gather would, and does nothing in place. */
START_TEST(alone)
{
  const struct tp_stack stack = stack_of(TP_LIBRARY_NCCL);
  struct tp_comm *comm = NULL;
  struct bound b;
  fake_comm_reset(0);
  ck_assert_int_eq(open(NULL, &stack, &comm), TP_OK);
  ck_assert_int_eq(run(comm, (struct tp_collective){.kind = TP_ALL_REDUCE}), TP_OK);
  ck_assert_str_eq(fake_comm.lines, "");
  struct tp_bound_op *bound = bind(&b, (struct tp_collective){.kind = TP_ALL_REDUCE});
  bound->out[0].data = b.out;
  ck_assert_int_eq(tp_comm_run(comm, bound, NULL, &error), TP_OK);
  ck_assert_str_eq(fake_comm.lines, "copy 48 kind 3\n");
  tp_comm_close(comm);
}
END_TEST

START_TEST(emulates)
{
  struct bench *bench = bench_make("dgx-h100", "gpt-fast-compile", RANKS);
  struct tp_gpu_options options = {.stack = &bench->stack, .emulated = &bench->machine};
  struct tp_comm *comm = NULL;
  fake_comm_reset(0);
  options.standin_sms = 7;
  ck_assert_int_eq(tp_comm_open(&options, &comm, &error), TP_OK);
  static const struct {
    enum tp_collective_kind kind;
    const char *line;
  } calls[] = {{TP_ALL_REDUCE, "hold 7: 0 copies of 0\n"},
               {TP_ALL_GATHER, "hold 7: 3 copies of 48\n"},
               {TP_REDUCE_SCATTER, "hold 7: 1 copies of 48\n"},
               {TP_ALL_REDUCE, "hold 7: 0 copies of 0\n"}};
  long long next = 0; /* each goes on where the one before ended */
  for (int i = 0; i < 4; i++) {
    const struct tp_collective collective = {.kind = calls[i].kind, .bytes = 1 << 20};
    ck_assert_int_eq(run(comm, collective), TP_OK);
    ck_assert_str_eq(fake_comm.lines, calls[i].line);
    ck_assert_int_eq(fake_comm.first, next % WINDOW_VECTORS);
    ck_assert_int_gt(fake_comm.vectors, 0);
    next += fake_comm.vectors;
  }
  ck_assert_int_gt(next, WINDOW_VECTORS);
  tp_comm_close(comm);
  ck_assert_int_eq(fake_comm.objects, 0);
  bench_free(bench);
}
END_TEST

/* By way of the host: copies within memory may take SMs. */
START_TEST(emulates_by_copy_engines)
{
  struct bench *bench = bench_make("dgx-h100", "gpt-fast-compile", RANKS);
  const struct tp_gpu_options options = {
      .stack = &bench->stack, .emulated = &bench->machine, .standin_sms = -1};
  struct tp_comm *comm = NULL;
  fake_comm_reset(0);
  ck_assert_int_eq(tp_comm_open(&options, &comm, &error), TP_OK);
  const struct tp_collective sum = {.kind = TP_ALL_REDUCE, .bytes = 4 << 20};
  ck_assert_int_eq(run(comm, sum), TP_OK);
  ck_assert_msg(strstr(fake_comm.lines, "stamp\ncopy ") == fake_comm.lines, "%s", fake_comm.lines);
  ck_assert_msg(strstr(fake_comm.lines, " kind 2\ncopy ") != NULL, "%s", fake_comm.lines);
  ck_assert_msg(strstr(fake_comm.lines, " kind 1\nwait\n") != NULL, "%s", fake_comm.lines);
  const struct tp_collective gather = {.kind = TP_ALL_GATHER, .bytes = RANKS * 48};
  ck_assert_int_eq(run(comm, gather), TP_OK);
  const char *place = fake_comm.lines;
  for (int rank = 0; rank < RANKS; rank++) {
    place = strstr(place + 1, "copy 48 kind 2\ncopy 48 kind 1\n");
    ck_assert_msg(place != NULL, "%s", fake_comm.lines);
  }
  ck_assert_ptr_null(strstr(fake_comm.lines, "kind 3"));
  tp_comm_close(comm);
  ck_assert_int_eq(fake_comm.objects, 0);
  bench_free(bench);
}
END_TEST

START_TEST(emulation_that_cannot_be_set_up)
{
  struct bench *bench = bench_make("dgx-h100", "gpt-fast-compile", RANKS);
  const struct tp_gpu_options options = {.stack = &bench->stack, .emulated = &bench->machine};
  struct tp_comm *comm = NULL;
  fake_comm_reset(0);
  fake_comm.fails_in = 1 + _i;
  ck_assert_int_eq(tp_comm_open(&options, &comm, &error), TP_E_ENVIRONMENT);
  ck_assert_ptr_null(comm);
  ck_assert_int_eq(fake_comm.objects, 0);
  bench_free(bench);
}
END_TEST

/* 64 KiB read and as much written by each of 4 blocks are due every 524288 ns at 1e9 B/s. */
START_TEST(load_of_sms)
{
  struct tp_beside beside;
  double moved = -1;
  fake_comm_reset(0);
  ck_assert_int_eq(tp_beside_open_gpu(0, &beside, &error), TP_OK);
  const struct tp_load copying = {.held_sms = 4, .copy_bytes_per_s = 1e9};
  ck_assert_int_eq(beside.start(beside.state, &copying, &error), TP_OK);
  ck_assert_int_eq(fake_comm.period, 524288 + 1);
  ck_assert_int_eq(beside.stop(beside.state, &moved, &error), TP_OK);
  ck_assert_double_gt(moved, 0);
  const struct tp_load holding = {.held_sms = 4};
  ck_assert_int_eq(beside.start(beside.state, &holding, &error), TP_OK);
  ck_assert_int_eq(fake_comm.period, 0);
  ck_assert_int_eq(beside.stop(beside.state, &moved, &error), TP_OK);
  ck_assert_rel(moved, 0, 0);
  const struct tp_load too_many = {.held_sms = 133};
  ck_assert_int_eq(beside.start(beside.state, &too_many, &error), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "cannot hold 133 SMs: GPU 0 has 132"));
  fake_comm.held = 3; /* waits some seconds for the fourth */
  ck_assert_int_eq(beside.start(beside.state, &holding, &error), TP_E_ENVIRONMENT);
  ck_assert_ptr_nonnull(strstr(error.text, "of 4 SMs only 3 could be held"));
  beside.close(beside.state);
  ck_assert_int_eq(fake_comm.objects, 0);
}
END_TEST

/* Chunks of 1 MiB, read and written, every 10 ms: no more than are due, and one at once.  That no
 * SM copies them is tried once. */
START_TEST(load_of_engines)
{
  struct tp_beside beside;
  double moved = -1;
  fake_comm_reset(0);
  ck_assert_int_eq(tp_beside_open_gpu(0, &beside, &error), TP_OK);
  const double rate = 2 * (1 << 20) / 0.01;
  const struct tp_load load = {.copy_bytes_per_s = rate};
  ck_assert_int_eq(beside.start(beside.state, &load, &error), TP_OK);
  nanosleep(&(struct timespec){.tv_nsec = 105000000}, NULL);
  ck_assert_int_eq(beside.stop(beside.state, &moved, &error), TP_OK);
  ck_assert_msg(strstr(fake_comm.lines, "engines 1048576\n") == fake_comm.lines, "%s",
                fake_comm.lines);
  ck_assert_double_gt(moved, 0);
  ck_assert_double_le(moved, 1.2 * rate);
  ck_assert_int_eq(fake_comm.trials, 1);
  fake_comm.fails_in = 3;
  ck_assert_int_eq(beside.start(beside.state, &load, &error), TP_OK);
  nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
  ck_assert_int_eq(beside.stop(beside.state, &moved, &error), TP_E_ENVIRONMENT);
  ck_assert_int_eq(fake_comm.trials, 1);
  beside.close(beside.state);
  ck_assert_int_eq(fake_comm.objects, 0);
}
END_TEST

/* Copies within memory that are kernels would hold SMs, too: such a load is refused, others go on.
 */
START_TEST(engines_that_are_none)
{
  struct tp_beside beside;
  double moved;
  const struct tp_load copying = {.copy_bytes_per_s = 1e9}, holding = {.held_sms = 4};
  fake_comm_reset(0);
  ck_assert_int_eq(tp_beside_open_gpu(0, &beside, &error), TP_OK);
  fake_comm.copies_take_sms = _i == 0;
  fake_comm.fails_in = _i; /* 1: the first copy */
  for (int again = 0; again < 2; again++) {
    ck_assert_int_eq(beside.start(beside.state, &copying, &error), TP_E_INPUT);
    ck_assert_ptr_nonnull(strstr(error.text, "leaves its SMs alone"));
  }
  ck_assert_int_eq(beside.start(beside.state, &holding, &error), TP_OK);
  ck_assert_int_eq(beside.stop(beside.state, &moved, &error), TP_OK);
  beside.close(beside.state);
  ck_assert_int_eq(fake_comm.objects, 0);
}
END_TEST

/* The same bytes again would come from the cache: chunks of 1 MiB follow each other round windows
 * of four caches of 1 MiB, after two for a trial. */
START_TEST(engines_go_round_the_windows)
{
  static const ptrdiff_t places[] = {0, 1, 0, 1, 2, 3, 0, 1};
  enum { COPIES = sizeof places / sizeof places[0] };
  struct tp_beside beside;
  double moved;
  fake_comm_reset(0);
  ck_assert_int_eq(tp_beside_open_gpu(0, &beside, &error), TP_OK);
  const struct tp_load load = {.copy_bytes_per_s = 2e10};
  ck_assert_int_eq(beside.start(beside.state, &load, &error), TP_OK);
  for (int i = 0; i < 2000 && fake_comm.n_copies < COPIES; i++)
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  ck_assert_int_eq(beside.stop(beside.state, &moved, &error), TP_OK);
  ck_assert_int_ge(fake_comm.n_copies, COPIES);
  for (int i = 0; i < COPIES; i++)
    ck_assert_int_eq(fake_comm.copied[i] - fake_comm.copied[0], places[i] << 20);
  beside.close(beside.state);
}
END_TEST

START_TEST(load_that_cannot_be_set_up)
{
  struct tp_beside beside;
  fake_comm_reset(0);
  fake_comm.fails_in = 1 + _i;
  ck_assert_int_eq(tp_beside_open_gpu(0, &beside, &error), TP_E_ENVIRONMENT);
  ck_assert_int_eq(fake_comm.objects, 0);
}
END_TEST

static void count(void *data, const struct tp_selftest_line *line)
{
  char *const outcomes = data;
  const size_t n = strlen(outcomes);
  outcomes[n] = "+-o"[line->outcome];
  outcomes[n + 1] = '\0';
}

/* One after another, at once on half the SMs each, and in turn on more: + it holds, - it does not,
 * o nothing shows it. */
START_TEST(standins_are_tried)
{
  static const struct {
    double pace, share;
    bool in_turn;
    const char *outcomes;
  } gpus[] = {{1.05, 1, false, "+++"},
              {0.99, 1, false, "---"},   /* too short */
              {1.4, 1, false, "---"},    /* too long */
              {1.05, 0.5, false, "++-"}, /* two on an SM */
              {1.05, 1, true, "+o"}};    /* a tool that lets one run at a time */
  struct tp_standin_ratios ratios;
  char outcomes[8] = "";
  struct tp_selftest selftest = {.report = count, .data = outcomes};
  fake_comm_reset(0);
  fake_comm.pace = gpus[_i].pace;
  fake_comm.share = gpus[_i].share;
  fake_comm.in_turn = gpus[_i].in_turn;
  ck_assert_int_eq(tp_standin_try(0, &ratios, &error), TP_OK);
  ck_assert_int_eq(fake_comm.objects, 0);
  tp_selftest_standins(&selftest, &ratios);
  ck_assert_str_eq(outcomes, gpus[_i].outcomes);
}
END_TEST

START_TEST(standins_that_cannot_be_tried)
{
  struct tp_standin_ratios ratios;
  fake_comm_reset(0);
  fake_comm.fails_in = 1 + _i;
  ck_assert_int_eq(tp_standin_try(0, &ratios, &error), TP_E_ENVIRONMENT);
  ck_assert_int_eq(fake_comm.objects, 0);
}
END_TEST

static Suite *suite(void)
{
  Suite *s = suite_create("gpu_comm");
  TCase *c = tcase_create("comm");
  tcase_set_timeout(c, 30);
#ifdef HAVE_PEERS
  tcase_add_test(c, peers_share_memory);
  tcase_add_loop_test(c, one_who_does_not_reach_is_enough, 0, 2);
  tcase_add_loop_test(c, faults_are_told, 0, 7);
#ifdef HAVE_NCCL
  tcase_add_test(c, nccl_has_a_communicator_a_limit);
  tcase_add_test(c, nccl_that_cannot_start);
#else
  tcase_add_test(c, a_build_without_nccl_says_so);
#endif
#else
  tcase_add_test(c, a_build_without_peers_says_so);
#endif
  tcase_add_test(c, alone);
  tcase_add_test(c, emulates);
  tcase_add_test(c, emulates_by_copy_engines);
  tcase_add_loop_test(c, emulation_that_cannot_be_set_up, 0, 8);
  tcase_add_test(c, load_of_sms);
  tcase_add_test(c, load_of_engines);
  tcase_add_loop_test(c, engines_that_are_none, 0, 2);
  tcase_add_test(c, engines_go_round_the_windows);
  tcase_add_loop_test(c, load_that_cannot_be_set_up, 0, 12);
  tcase_add_loop_test(c, standins_are_tried, 0, 5);
  tcase_add_loop_test(c, standins_that_cannot_be_tried, 0, 30);
  suite_add_tcase(s, c);
  return s;
}

TP_SUITE_MAIN
