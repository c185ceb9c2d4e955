/* Streams, events, graphs and faults of a GPU device, as the CUDA runtime is told. */
#include "../suite.h"
#include "fake_gpu.h"
#include "gpu/gpu.h"

#include <stdio.h>
#include <string.h>

static struct tp_calls calls;
static struct tp_error error;

/* Streams s0 (compute) to s3; their join events e0 to e3; the program's events from e4 on. */
static void setup(void)
{
  const struct tp_gpu_options options = {.device = 1};
  fake_gpu_reset();
  error.text[0] = '\0';
  ck_assert_msg(tp_gpu_open(&options, &calls, &error) == TP_OK, "%s", error.text);
}

static void teardown(void)
{
  tp_gpu_close(&calls);
  ck_assert(!fake_gpu_capturing());
  ck_assert_int_eq(fake_gpu_objects(), 0);
  ck_assert_int_eq(fake_cublaslt_objects(), 0);
}

/* The other streams may have gone before collectives that are late: they come first on an SM. */
START_TEST(opens)
{
  ck_assert_str_eq(fake_gpu_lines(), "stream s0 non-blocking priority 0\n"
                                     "stream s1 non-blocking priority -5\n"
                                     "stream s2 non-blocking priority -5\n"
                                     "stream s3 non-blocking priority -5\n");
  ck_assert_str_eq(calls.name, "Fake GPU");
  ck_assert_int_eq(calls.rank, 0);
  ck_assert_int_eq(calls.ranks, 1);
}
END_TEST

START_TEST(emulates)
{
  const struct tp_fabric fabric = {.ranks = 8};
  const struct tp_machine machine = {.fabric = &fabric};
  const struct tp_gpu_options options = {.emulated = &machine};
  teardown();
  fake_gpu_reset();
  ck_assert_int_eq(tp_gpu_open(&options, &calls, &error), TP_OK);
  ck_assert_int_eq(calls.rank, 0);
  ck_assert_int_eq(calls.ranks, 8);
}
END_TEST

START_TEST(memory_begins_as_ff)
{
  unsigned char *memory = NULL;
  fake_gpu_lines();
  ck_assert_int_eq(calls.allocate(calls.state, 1000, (void **)&memory, &error), TP_OK);
  for (int i = 0; i < 1000; i++)
    ck_assert_int_eq(memory[i], 0xff);
  ck_assert_str_eq(fake_gpu_lines(), "set s0\nsync s0\n");
  calls.release(calls.state, memory);
}
END_TEST

START_TEST(no_room)
{
  void *memory = NULL;
  fake_gpu_memory_bytes = 1000;
  ck_assert_int_eq(calls.allocate(calls.state, (size_t)2e9, &memory, &error), TP_E_ENVIRONMENT);
  ck_assert_str_eq(error.text, "device 1 (Fake GPU): no room for 2 GB more of its 80 GB; take a "
                               "smaller model or batch, or fewer layers");
  ck_assert_ptr_null(memory);
}
END_TEST

/* What is read comes after everything on all streams; what is written takes its place. */
START_TEST(reads_and_writes)
{
  void *memory;
  int read = 0;
  ck_assert_int_eq(calls.allocate(calls.state, sizeof read, &memory, &error), TP_OK);
  fake_gpu_lines();
  ck_assert_int_eq(calls.write(calls.state, memory, &(int){42}, sizeof read, &error), TP_OK);
  ck_assert_str_eq(fake_gpu_lines(), "write s0\n");
  ck_assert_int_eq(calls.read(calls.state, &read, memory, sizeof read, &error), TP_OK);
  ck_assert_int_eq(read, 42);
  const char *const lines = fake_gpu_lines();
  ck_assert_ptr_nonnull(strstr(lines, "record e1 s1\nwait s0 e1\n"));
  ck_assert_ptr_nonnull(strstr(lines, "read s0\nsync s0\n"));
  calls.release(calls.state, memory);
}
END_TEST

/* Small writes go by way of page-locked memory and wait for nothing until it is full, 16 of 64 KiB;
 * what they came from may change at once. */
START_TEST(small_writes_do_not_wait)
{
  enum { BYTES = 1 << 16, ROUND = 16 };
  static unsigned char from[BYTES], read[BYTES];
  void *memory;
  ck_assert_int_eq(calls.allocate(calls.state, BYTES, &memory, &error), TP_OK);
  fake_gpu_lines();
  for (int i = 0; i < ROUND; i++) {
    memset(from, i, BYTES);
    ck_assert_int_eq(calls.write(calls.state, memory, from, BYTES, &error), TP_OK);
  }
  ck_assert_ptr_null(strstr(fake_gpu_lines(), "sync"));
  ck_assert_int_eq(calls.write(calls.state, memory, from, 1, &error), TP_OK);
  ck_assert_str_eq(fake_gpu_lines(), "sync s0\nwrite s0\n");
  ck_assert_int_eq(calls.read(calls.state, read, memory, BYTES, &error), TP_OK);
  ck_assert_int_eq(read[BYTES - 1], ROUND - 1);
  calls.release(calls.state, memory);
}
END_TEST

static void launch(enum tp_op_kind kind, const char *name, int stream, enum tp_status wanted)
{
  const struct tp_op op = {.name = name, .kind = kind, .stream = stream};
  const struct tp_bound_op bound = {.op = &op};
  ck_assert_int_eq(calls.launch(calls.state, &bound, &error), wanted);
}

START_TEST(ops_go_to_their_streams)
{
  fake_gpu_lines();
  launch(TP_OP_MEMORY, "norm", TP_STREAM_COMPUTE, TP_OK);
  ck_assert_int_eq(calls.record(calls.state, 2, TP_STREAM_COMPUTE, &error), TP_OK);
  ck_assert_int_eq(calls.wait(calls.state, 2, TP_STREAM_COMM, &error), TP_OK);
  launch(TP_OP_ATTENTION, "attention", TP_STREAM_COMM, TP_OK);
  ck_assert_str_eq(fake_gpu_lines(), "norm s0 rank 0\nrecord e6 s0\nwait s1 e6\nattention s1\n");
}
END_TEST

START_TEST(faults_name_op_and_device)
{
  launch(TP_OP_COLLECTIVE, "mlp.all_reduce", TP_STREAM_COMM, TP_E_ENVIRONMENT);
  ck_assert_str_eq(error.text, "op 'mlp.all_reduce' on device 1 (Fake GPU): no such wire");
}
END_TEST

static const char forked[] = "record e0 s0\nwait s1 e0\nwait s2 e0\nwait s3 e0\n";
static const char gathered[] =
    "record e1 s1\nwait s0 e1\nrecord e2 s2\nwait s0 e2\nrecord e3 s3\nwait s0 e3\n";

/* All streams branch off the compute stream and come back to it, else the capture is refused. */
START_TEST(captures_all_streams)
{
  struct tp_graph *graph = NULL;
  char want[600];
  fake_gpu_lines();
  ck_assert_int_eq(calls.capture(calls.state, &error), TP_OK);
  launch(TP_OP_ATTENTION, "attention", TP_STREAM_COMPUTE, TP_OK);
  ck_assert_int_eq(calls.capture_end(calls.state, &graph, &error), TP_OK);
  snprintf(want, sizeof want, "capture s0 thread\n%sattention s0 captured\n%scaptured s0\n", forked,
           gathered);
  ck_assert_str_eq(fake_gpu_lines(), want);
  ck_assert_int_eq(calls.replay(calls.state, graph, &error), TP_OK);
  launch(TP_OP_ATTENTION, "attention", TP_STREAM_COMPUTE, TP_OK);
  ck_assert_str_eq(fake_gpu_lines(), "replay s0\nattention s0\n");
  calls.graph_free(calls.state, graph);
}
END_TEST

START_TEST(joins)
{
  char want[600];
  fake_gpu_lines();
  ck_assert_int_eq(calls.join(calls.state, &error), TP_OK);
  snprintf(want, sizeof want, "%s%s", gathered, forked);
  ck_assert_str_eq(fake_gpu_lines(), want);
}
END_TEST

/* What cannot be captured says so and leaves the capture whole. */
START_TEST(not_while_captured)
{
  struct tp_graph *graph = NULL;
  char memory[4];
  const struct tp_fill fill = {.rows = 1, .columns = 1};
  ck_assert_int_eq(calls.capture(calls.state, &error), TP_OK);
  fake_gpu_lines();
  ck_assert_int_eq(calls.write(calls.state, memory, memory, 4, &error), TP_E_INPUT);
  ck_assert_int_eq(calls.read(calls.state, memory, memory, 4, &error), TP_E_INPUT);
  ck_assert_int_eq(calls.fill(calls.state, memory, &fill, &error), TP_E_INPUT);
  ck_assert_int_eq(calls.mark(calls.state, 0, &error), TP_E_INPUT);
  ck_assert_int_eq(calls.capture(calls.state, &error), TP_E_INPUT);
  ck_assert_int_eq(calls.finish(calls.state, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, "a wait for the device while a pass is captured; do it before or "
                               "after");
  ck_assert_str_eq(fake_gpu_lines(), "");
  ck_assert_int_eq(calls.capture_end(calls.state, &graph, &error), TP_OK);
  ck_assert_int_eq(calls.finish(calls.state, &error), TP_OK);
  calls.graph_free(calls.state, graph);
}
END_TEST

/* A capture that its caller gave up is dropped when the device is closed. */
START_TEST(closes_within_a_capture)
{
  ck_assert_int_eq(calls.capture(calls.state, &error), TP_OK);
}
END_TEST

/* The fake's clock: 2.5 ms from an event to the next made. */
START_TEST(clock)
{
  double seconds = 0;
  ck_assert_int_eq(calls.seconds(calls.state, 3, 4, &seconds, &error), TP_E_INPUT);
  ck_assert_int_eq(calls.mark(calls.state, 3, &error), TP_OK);
  ck_assert_int_eq(calls.mark(calls.state, TP_MAX_MARKS - 1, &error), TP_OK);
  ck_assert_int_eq(calls.seconds(calls.state, 3, TP_MAX_MARKS - 1, &seconds, &error), TP_OK);
  ck_assert_rel(seconds, 2.5e-3, 1e-6);
}
END_TEST

/* A load beside the measurement runs on streams of its own: only the device's are waited for. */
START_TEST(finishes_its_streams)
{
  fake_gpu_lines();
  ck_assert_int_eq(calls.finish(calls.state, &error), TP_OK);
  ck_assert_str_eq(fake_gpu_lines(), "sync s0\nsync s1\nsync s2\nsync s3\n");
}
END_TEST

START_TEST(no_such_device)
{
  struct tp_calls none = {.name = NULL};
  struct tp_gpu_options options = {.device = 2};
  ck_assert_int_eq(tp_gpu_open(&options, &none, &error), TP_E_ENVIRONMENT);
  ck_assert_ptr_nonnull(strstr(error.text, "no GPU 2 here, but 2 of them"));
  fake_gpu_capability = 0;
  options.device = 0;
  ck_assert_int_eq(tp_gpu_open(&options, &none, &error), TP_E_ENVIRONMENT);
  ck_assert_ptr_nonnull(strstr(error.text, "no GPU can be used"));
  ck_assert_ptr_null(none.name);
}
END_TEST

/* Whichever call fails while the device is opened, it is told and nothing is left. */
START_TEST(every_call_of_opening_fails_once)
{
  const struct tp_gpu_options options = {.device = 0};
  struct tp_calls other;
  const int objects = fake_gpu_objects(), descriptors = fake_cublaslt_objects();
  int n = 1;
  for (;; n++) {
    fake_gpu_fails_in = n;
    const enum tp_status status = tp_gpu_open(&options, &other, &error);
    if (fake_gpu_fails_in > 0)
      break;
    ck_assert_int_eq(status, TP_E_ENVIRONMENT);
    ck_assert_int_eq(fake_gpu_objects(), objects);
    ck_assert_int_eq(fake_cublaslt_objects(), descriptors);
  }
  ck_assert_int_gt(n, 2 * TP_MAX_STREAMS + TP_MAX_EVENTS);
  fake_gpu_fails_in = 0;
  tp_gpu_close(&other);
}
END_TEST

/* Likewise while a pass is captured: the device can go on. */
START_TEST(every_call_of_capturing_fails_once)
{
  int n = 1;
  for (;; n++) {
    struct tp_graph *graph = NULL;
    fake_gpu_fails_in = n;
    enum tp_status status = calls.capture(calls.state, &error);
    const enum tp_status ended =
        status == TP_OK ? calls.capture_end(calls.state, &graph, &error) : status;
    if (fake_gpu_fails_in > 0) {
      calls.graph_free(calls.state, graph);
      break;
    }
    ck_assert(status != TP_OK || ended != TP_OK);
    calls.graph_free(calls.state, graph);
    fake_gpu_fails_in = 0;
    ck_assert_int_eq(cudaGetLastError(), cudaSuccess);
    ck_assert_int_eq(calls.finish(calls.state, &error), TP_OK);
  }
  ck_assert_int_gt(n, 12);
  fake_gpu_fails_in = 0;
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("gpu");
  TCase *tcase = tcase_create("cases");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, opens);
  tcase_add_test(tcase, emulates);
  tcase_add_test(tcase, memory_begins_as_ff);
  tcase_add_test(tcase, no_room);
  tcase_add_test(tcase, reads_and_writes);
  tcase_add_test(tcase, small_writes_do_not_wait);
  tcase_add_test(tcase, ops_go_to_their_streams);
  tcase_add_test(tcase, faults_name_op_and_device);
  tcase_add_test(tcase, captures_all_streams);
  tcase_add_test(tcase, joins);
  tcase_add_test(tcase, not_while_captured);
  tcase_add_test(tcase, closes_within_a_capture);
  tcase_add_test(tcase, clock);
  tcase_add_test(tcase, finishes_its_streams);
  tcase_add_test(tcase, no_such_device);
  tcase_add_test(tcase, every_call_of_opening_fails_once);
  tcase_add_test(tcase, every_call_of_capturing_fails_once);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
