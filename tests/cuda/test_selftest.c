/* What `tpsim-cuda selftest` does on a lone GPU, on a device that computes memory ops and weights
 * with the GPU's own kernels, on fibers, and the rest as the host does; at once and in order. */
#include "../suite.h"
#include "host_cuda_order.h"

#include "cuda/gpu_kernels.h"
#include "cuda/host_math.h"
#include "cuda/selftest.h"

#include <string.h>

enum { MOST_CAPTURED = 256, SECONDS = 240 };

struct tp_graph {
  size_t n;
  struct tp_bound_op ops[MOST_CAPTURED];
};

struct tp_device_state {
  struct tp_graph *capturing; /* NULL: ops run at once */
  struct tp_arena *scratch;
};

static enum tp_status device_allocate(struct tp_device_state *state, size_t bytes, void **memory,
                                      struct tp_error *error)
{
  (void)state;
  (void)error;
  *memory = memset(malloc(bytes), 0xff, bytes);
  return TP_OK;
}

static void device_release(struct tp_device_state *state, void *memory)
{
  (void)state;
  free(memory);
}

static enum tp_status device_fill(struct tp_device_state *state, void *memory,
                                  const struct tp_fill *fill, struct tp_error *error)
{
  (void)state;
  (void)error;
  ck_assert_int_eq(tp_kernel_fill(memory, fill, NULL), 0);
  return TP_OK;
}

static enum tp_status device_copy(struct tp_device_state *state, void *to, const void *from,
                                  size_t bytes, struct tp_error *error)
{
  (void)state;
  (void)error;
  memcpy(to, from, bytes);
  return TP_OK;
}

static enum tp_status compute(struct tp_device_state *state, const struct tp_bound_op *bound,
                              struct tp_error *error)
{
  if (bound->op->kind == TP_OP_MEMORY)
    return tp_kernel_memory(bound, 0, NULL, error);
  tp_arena_reset(state->scratch);
  return tp_host_compute(bound, 0, state->scratch, error);
}

static enum tp_status device_launch(struct tp_device_state *state, const struct tp_bound_op *bound,
                                    struct tp_error *error)
{
  if (state->capturing == NULL)
    return compute(state, bound, error);
  ck_assert_uint_lt(state->capturing->n, MOST_CAPTURED);
  state->capturing->ops[state->capturing->n++] = *bound;
  return TP_OK;
}

static enum tp_status device_event(struct tp_device_state *state, int event, int stream,
                                   struct tp_error *error)
{
  (void)state;
  (void)event;
  (void)stream;
  (void)error;
  return TP_OK;
}

static enum tp_status device_capture(struct tp_device_state *state, struct tp_error *error)
{
  (void)error;
  state->capturing = calloc(1, sizeof *state->capturing);
  return TP_OK;
}

static enum tp_status device_capture_end(struct tp_device_state *state, struct tp_graph **graph,
                                         struct tp_error *error)
{
  (void)error;
  *graph = state->capturing;
  state->capturing = NULL;
  return TP_OK;
}

static enum tp_status device_replay(struct tp_device_state *state, struct tp_graph *graph,
                                    struct tp_error *error)
{
  enum tp_status status = TP_OK;
  for (size_t i = 0; i < graph->n && status == TP_OK; i++)
    status = compute(state, &graph->ops[i], error);
  return status;
}

static void device_graph_free(struct tp_device_state *state, struct tp_graph *graph)
{
  (void)state;
  free(graph);
}

static enum tp_status device_done(struct tp_device_state *state, struct tp_error *error)
{
  (void)state;
  (void)error;
  return TP_OK;
}

static void complain(void *data, const struct tp_selftest_line *line)
{
  (void)data;
  ck_assert_msg(line->outcome == TP_SELFTEST_PASSED, "%s: %s", line->name, line->why);
}

START_TEST(kernels_and_variants)
{
  static const char *const parts[] = {"fp32", "fp16", "bf16", "fp8"};
  struct tp_device_state state = {.scratch = tp_arena_create()};
  const struct tp_calls calls = {.name = "kernels on fibers",
                                 .state = &state,
                                 .ranks = 1,
                                 .allocate = device_allocate,
                                 .release = device_release,
                                 .fill = device_fill,
                                 .write = device_copy,
                                 .read = device_copy,
                                 .launch = device_launch,
                                 .record = device_event,
                                 .wait = device_event,
                                 .capture = device_capture,
                                 .capture_end = device_capture_end,
                                 .replay = device_replay,
                                 .graph_free = device_graph_free,
                                 .join = device_done,
                                 .finish = device_done};
  struct tp_selftest selftest = {.seed = 1, .only = parts[_i], .report = complain};
  struct tp_error error;
  host_cuda_seed(1);
  ck_assert_int_eq(tp_selftest_device(&selftest, &calls, NULL, &error), TP_OK);
  ck_assert_int_gt(selftest.passed, 30);
  tp_arena_free(state.scratch);
}
END_TEST

static Suite *suite(void)
{
  Suite *s = suite_create("selftest");
  TCase *t = tcase_create("cases");
  tcase_set_timeout(t, SECONDS);
  tcase_add_loop_test(t, kernels_and_variants, 0, 4);
  suite_add_tcase(s, t);
  return s;
}

TP_SUITE_MAIN
