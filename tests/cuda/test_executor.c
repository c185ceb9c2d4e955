/* What the executor asks of a device, call by call: a device that writes down what it hears. */
#include "run/executor.h"

#include "../program/builds.h"
#include "hand.h"

#include <stdarg.h>

enum { WEIGHT_LAYERS = 4, MOST_TEXT = 4096, READY = 0, DONE = 1 };

struct tp_device_state {
  char text[MOST_TEXT];
  const struct tp_binding *binding;
  int weight;   /* tensor whose copies are told apart */
  int launches; /* until one fails; 0: none does */
  bool graph_freed;
  struct tp_bound_op last;
};

struct tp_graph {
  int unused;
};

static struct tp_error error;

static void say(struct tp_device_state *state, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct tp_device_state *state, const char *format, ...)
{
  const size_t used = strlen(state->text);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(state->text + used, sizeof state->text - used, format, arguments);
  va_end(arguments);
}

static enum tp_status allocate(struct tp_device_state *state, size_t bytes, void **memory,
                               struct tp_error *unused)
{
  (void)state, (void)unused;
  *memory = malloc(bytes);
  return TP_OK;
}

static void release(struct tp_device_state *state, void *memory)
{
  (void)state;
  free(memory);
}

static enum tp_status fill(struct tp_device_state *state, void *memory, const struct tp_fill *fill,
                           struct tp_error *unused)
{
  (void)state, (void)memory, (void)fill, (void)unused;
  return TP_OK;
}

static enum tp_status launch(struct tp_device_state *state, const struct tp_bound_op *bound,
                             struct tp_error *failure)
{
  if (state->launches > 0 && --state->launches == 0)
    return tp_fail(failure, TP_E_ENVIRONMENT, "no device for %s", bound->op->name);
  state->last = *bound;
  say(state, "%s %d", bound->op->name, bound->op->stream);
  for (int layer = 0; bound->op->n_in > 1 && layer < WEIGHT_LAYERS; layer++)
    if (bound->in[1].data == tp_binding_operand(state->binding, state->weight, layer).data)
      say(state, " layer %d", layer);
  say(state, "\n");
  return TP_OK;
}

static enum tp_status record(struct tp_device_state *state, int event, int stream,
                             struct tp_error *unused)
{
  (void)unused;
  say(state, "record %d on %d\n", event, stream);
  return TP_OK;
}

static enum tp_status wait(struct tp_device_state *state, int event, int stream,
                           struct tp_error *unused)
{
  (void)unused;
  say(state, "wait %d on %d\n", event, stream);
  return TP_OK;
}

static enum tp_status capture(struct tp_device_state *state, struct tp_error *unused)
{
  (void)unused;
  say(state, "capture\n");
  return TP_OK;
}

static enum tp_status capture_end(struct tp_device_state *state, struct tp_graph **graph,
                                  struct tp_error *unused)
{
  (void)unused;
  say(state, "end\n");
  *graph = calloc(1, sizeof **graph);
  return TP_OK;
}

static void graph_free(struct tp_device_state *state, struct tp_graph *graph)
{
  state->graph_freed = true;
  free(graph);
}

struct rig {
  struct hand hand;
  struct tp_device_state state;
  struct tp_calls calls;
  struct tp_store *store;
  struct tp_arena *arena;
  struct tp_binding *binding;
};

static void rig_open(struct rig *rig)
{
  memset(rig, 0, sizeof *rig);
  rig->calls = (struct tp_calls){.name = "scribe",
                                 .state = &rig->state,
                                 .ranks = 1,
                                 .allocate = allocate,
                                 .release = release,
                                 .fill = fill,
                                 .launch = launch,
                                 .record = record,
                                 .wait = wait,
                                 .capture = capture,
                                 .capture_end = capture_end,
                                 .graph_free = graph_free};
  rig->arena = tp_arena_create();
  rig->store = tp_store_create(&rig->calls, 1, 0);
}

static void rig_bind(struct rig *rig)
{
  ck_assert_msg(tp_store_bind(rig->store, &rig->hand.program, rig->arena, &rig->binding, &error) ==
                    TP_OK,
                "%s", error.text);
  rig->state.binding = rig->binding;
}

static void rig_close(struct rig *rig)
{
  tp_store_free(rig->store);
  tp_arena_free(rig->arena);
}

/* Ladder's pattern: a repetition waits for the sum that the one before it started. */
static void ladder(struct rig *rig)
{
  struct hand *hand = &rig->hand;
  hand_begin(hand, rig->arena, 1);
  const int x = hand_tensor(hand, "x", TP_TENSOR_ACTIVATION, 6, 4);
  const int y = hand_tensor(hand, "y", TP_TENSOR_ACTIVATION, 6, 4);
  const int w = rig->state.weight = hand_tensor(hand, "w", TP_TENSOR_WEIGHT, 4, 4);
  hand->make.tensors[w].layers = WEIGHT_LAYERS;
  hand_segment(hand, 1, 0);
  hand_copy(hand, "begin", TP_STREAM_COMPUTE, x, y);
  hand_segment(hand, 3, 1);
  struct tp_op *op = hand_op(hand, TP_OP_GEMM, "gemm");
  op->records = READY;
  op->layer = 1;
  op->gemm = (struct tp_gemm){.m = 6, .n = 4, .k = 4};
  TP_MAKE_READS(op, x, w);
  TP_MAKE_WRITES(op, y);
  hand_wait(op, DONE);
  op = hand_all_reduce(hand, "sum", y);
  hand_wait(op, READY);
  op->records = DONE;
  hand_segment(hand, 1, 0);
  hand_wait(hand_copy(hand, "end", TP_STREAM_COMPUTE, y, x), DONE);
  rig_bind(rig);
}

static const char *const ladder_text = "begin 0\n"
                                       "gemm 0 layer 1\nrecord 0 on 0\n"
                                       "wait 0 on 1\nsum 1\nrecord 1 on 1\n"
                                       "wait 1 on 0\ngemm 0 layer 2\nrecord 0 on 0\n"
                                       "wait 0 on 1\nsum 1\nrecord 1 on 1\n"
                                       "wait 1 on 0\ngemm 0 layer 3\nrecord 0 on 0\n"
                                       "wait 0 on 1\nsum 1\nrecord 1 on 1\n"
                                       "wait 1 on 0\nend 0\n";

START_TEST(issues_in_order)
{
  struct rig rig;
  rig_open(&rig);
  ladder(&rig);
  /* The second pass knows nothing of the first one's events. */
  for (int pass = 0; pass < 2; pass++) {
    rig.state.text[0] = '\0';
    ck_assert_int_eq(tp_execute(&rig.calls, rig.binding, &error), TP_OK);
    ck_assert_str_eq(rig.state.text, ladder_text);
  }
  rig_close(&rig);
}
END_TEST

START_TEST(captures)
{
  struct rig rig;
  rig_open(&rig);
  ladder(&rig);
  struct tp_graph *graph = NULL;
  ck_assert_int_eq(tp_execute_capture(&rig.calls, rig.binding, &graph, &error), TP_OK);
  char want[MOST_TEXT];
  snprintf(want, sizeof want, "capture\n%send\n", ladder_text);
  ck_assert_str_eq(rig.state.text, want);
  ck_assert_ptr_nonnull(graph);
  free(graph);
  rig_close(&rig);
}
END_TEST

START_TEST(failed_capture_ends)
{
  struct rig rig;
  rig_open(&rig);
  ladder(&rig);
  rig.state.launches = 3;
  struct tp_graph *graph = NULL;
  ck_assert_int_eq(tp_execute_capture(&rig.calls, rig.binding, &graph, &error), TP_E_ENVIRONMENT);
  ck_assert_str_eq(error.text, "no device for sum");
  ck_assert_str_eq(rig.state.text + strlen(rig.state.text) - 4, "end\n");
  ck_assert(rig.state.graph_freed);
  ck_assert_ptr_null(graph);
  rig_close(&rig);
}
END_TEST

START_TEST(parts_have_rows)
{
  struct rig rig;
  rig_open(&rig);
  ladder(&rig);
  struct tp_op *gemm = &rig.hand.program.segments[1].ops[0];
  gemm->first_row = 2;
  gemm->rows = gemm->gemm.m = 3;
  rig.hand.program.n_segments = 2;
  rig.hand.program.segments[1].n_ops = 1;
  rig.hand.program.segments[1].repeat = 1;
  ck_assert_int_eq(tp_execute(&rig.calls, rig.binding, &error), TP_OK);
  const struct tp_bound_op *bound = &rig.state.last;
  const struct tp_operand x = tp_binding_operand(rig.binding, 0, 0);
  const struct tp_operand y = tp_binding_operand(rig.binding, 1, 0);
  ck_assert_ptr_eq(bound->in[0].data, (float *)x.data + 2 * 4);
  ck_assert_ptr_eq(bound->out[0].data, (float *)y.data + 2 * 4);
  ck_assert_int_eq(bound->in[0].rows, 3);
  ck_assert_int_eq(bound->out[0].rows, 3);
  ck_assert_int_eq(bound->in[1].rows, 4);
  ck_assert_ptr_eq(bound->in[1].data, tp_binding_operand(rig.binding, 2, 1).data);
  rig_close(&rig);
}
END_TEST

/* What hardware of papers does is refused before anything is issued. */
static const struct {
  const char *variant, *op;
} refused[] = {
    {"t3", "attn.out"},
    {"t3-mca", "attn.out"},
    {"ideal-overlap", "attn.out.begin"},
};

START_TEST(refuses_by_name)
{
  struct rig rig;
  rig_open(&rig);
  const struct tp_model model = toy_model(2);
  struct tp_request request = prefill_request(&model, 2);
  request.operands = true;
  const struct tp_program program = build_program(refused[_i].variant, &request, rig.arena);
  ck_assert_int_eq(tp_store_bind(rig.store, &program, rig.arena, &rig.binding, &error), TP_OK);
  ck_assert_int_eq(tp_execute(&rig.calls, rig.binding, &error), TP_E_INPUT);
  ck_assert_msg(strstr(error.text, refused[_i].op) != NULL, "%s", error.text);
  ck_assert_str_eq(rig.state.text, "");
  rig_close(&rig);
}
END_TEST

/* A collective, a wire or a kind that was added since is not computed as another one. */
static const struct {
  const char *what;
  struct tp_op op;
} made_up[] = {
    {": no kind of op is 7", {.kind = (enum tp_op_kind)(TP_OP_COLLECTIVE + 1)}},
    {" is of a collective",
     {.kind = TP_OP_COLLECTIVE, .collective = {.kind = (enum tp_collective_kind)TP_N_COLLECTIVES}}},
    {" is of a wire",
     {.kind = TP_OP_COLLECTIVE,
      .collective = {.wire = {8, 8, 128, false, (enum tp_wire_code)(TP_WIRE_INTEGER + 1)}}}},
    {" is of a wire",
     {.kind = TP_OP_COLLECTIVE, .collective = {.wire = {16, 16, 128, false, TP_WIRE_INTEGER}}}},
    {" is of a wire",
     {.kind = TP_OP_COLLECTIVE, .collective = {.wire = {0, 8, 128, false, TP_WIRE_INTEGER}}}},
};

START_TEST(refuses_what_it_does_not_know)
{
  struct tp_op op = made_up[_i].op;
  op.name = "mlp.invented";
  op.records = TP_NO_EVENT;
  const struct tp_program program = {
      .n_streams = 1, .n_segments = 1, .segments = {{.repeat = 1, .ops = &op, .n_ops = 1}}};
  ck_assert_int_eq(tp_execute_check(&program, &error), TP_E_INPUT);
  char words[64];
  snprintf(words, sizeof words, "'mlp.invented'%s", made_up[_i].what);
  ck_assert_msg(strstr(error.text, words) != NULL, "%s", error.text);
}
END_TEST

START_TEST(refuses_what_is_unsaid)
{
  struct rig rig;
  rig_open(&rig);
  const struct tp_model model = toy_model(2);
  struct tp_request request = decode_request(&model, 2);
  request.operands = true;
  request.train = true;
  const struct tp_program program = build_program("standard", &request, rig.arena);
  ck_assert_int_eq(tp_store_bind(rig.store, &program, rig.arena, &rig.binding, &error), TP_E_INPUT);
  ck_assert_msg(strstr(error.text, program.unsaid) != NULL, "%s", error.text);
  rig_close(&rig);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("executor");
  TCase *cases = tcase_create("cases");
  tcase_add_test(cases, issues_in_order);
  tcase_add_test(cases, captures);
  tcase_add_test(cases, failed_capture_ends);
  tcase_add_test(cases, parts_have_rows);
  tcase_add_loop_test(cases, refuses_by_name, 0, (int)(sizeof refused / sizeof *refused));
  tcase_add_loop_test(cases, refuses_what_it_does_not_know, 0,
                      (int)(sizeof made_up / sizeof *made_up));
  tcase_add_test(cases, refuses_what_is_unsaid);
  suite_add_tcase(suite, cases);
  return suite;
}

TP_SUITE_MAIN
