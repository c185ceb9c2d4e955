/* The device of a GPU as a whole: the selftest of `tpsim-cuda`, by one rank and by several, and a
 * generation among stand-ins.  All of src/gpu runs; CUDA's libraries are fakes that compute. */
#define _XOPEN_SOURCE 700
#include "config.h"

#include "../suite.h"
#include "fake_gpu.h"
#include "fake_runtime.h"
#include "hand.h"

#include "bench/generation.h"
#include "cost/style.h"
#include "run/comm_choice.h"
#include "run/standin_plan.h"
#include "verify/matrix.h"
#include "verify/selftest.h"

#include <string.h>

/* Fibers are slow under sanitizers: then fewer cases, one of each kind. */
#if defined(__SANITIZE_ADDRESS__)
enum { PARTS = 1, STEP = 2 };
#else
enum { PARTS = 4, STEP = 1 };
#endif
enum { SECONDS = 240, STANDIN_SMS = 3, GPU_SMS = 132, STANDIN_THREADS = 1024, MOST_STANDINS = 64 };

int fake_gpu_fails_in;
bool fake_gpu_lacks_kernels;
static struct tp_error error;

static void must(enum tp_status status)
{
  ck_assert_msg(status == TP_OK, "%s", error.text);
}

/* The first line that did not pass. */
static void complain(void *data, const struct tp_selftest_line *line)
{
  struct tp_error *const first = data;
  if (line->outcome == TP_SELFTEST_FAILED && first->text[0] == '\0')
    tp_fail(first, TP_E_CHECK, "%.100s: %.400s", line->name, line->why);
}

/* What `tpsim-cuda selftest` does in every rank. */
static enum tp_status selftest(struct tp_team *group, const struct tp_stack *stack,
                               const char *only, int least)
{
  const int rank = tp_team_rank(group);
  const struct tp_gpu_options options = {.device = rank, .group = group, .stack = stack};
  struct tp_error first = {.text = ""};
  struct tp_selftest selftest = {.seed = 1, .only = only, .report = complain, .data = &first};
  struct tp_calls calls;
  fake_runtime_begin(rank, (uint64_t)(1 + rank));
  enum tp_status status = tp_gpu_open(&options, &calls, &error);
  if (status != TP_OK)
    return status;
  status = tp_selftest_device(&selftest, &calls, group, &error);
  tp_gpu_close(&calls);
  if (status == TP_OK && first.text[0] != '\0')
    status = tp_fail(&error, TP_E_CHECK, "%s", first.text);
  if (status == TP_OK && selftest.passed < least)
    status = tp_fail(&error, TP_E_CHECK, "%d of %s passed", selftest.passed, only);
  if (status == TP_OK && fake_runtime_objects() > 0)
    status = tp_fail(&error, TP_E_CHECK, "%d objects are left", fake_runtime_objects());
  return status;
}

START_TEST(one_rank)
{
  static const char *const parts[] = {"fp16", "fp32", "bf16", "fp8"};
  const struct tp_stack stack = {.collectives.library = TP_LIBRARY_NCCL};
  must(selftest(NULL, &stack, parts[_i], 30));
}
END_TEST

#ifdef HAVE_PEERS
/* NCCL for some all-reduces, our own kernels for others. */
static void many_ranks(int ranks, int library, const char *only, int least)
{
  struct tp_team *group = NULL;
  struct tp_stack stack = {.collectives.library = library};
  for (int many = 0; many < 2; many++) {
    stack.collectives.one_shot_max_bytes[many] = 1024;
    stack.collectives.two_shot_max_bytes[many] = 1 << 20;
  }
  fake_runtime_share(ranks);
  must(tp_team_start(ranks, &group, &error));
  must(tp_team_end(group, selftest(group, &stack, only, least), &error));
}

static const struct {
  int ranks, library;
  const char *only;
  int least;
} cases[] = {
    {2, TP_LIBRARY_PEER_KERNELS, "reduce", 4},
    {2, TP_LIBRARY_PEER_KERNELS, "llama ladder tp", 8},
    {2, TP_LIBRARY_PEER_KERNELS, "qwen kraken tp", 2},
    {4, TP_LIBRARY_PEER_KERNELS, "gpt2 flash-int4 tp 4 bf16", 2},
#ifdef HAVE_NCCL
    {2, TP_LIBRARY_NCCL, "reduce", 4},
    {2, TP_LIBRARY_NCCL, "gpt2 desync-2x", 8},
    {4, TP_LIBRARY_NCCL, "llama standard tp 4 fp32", 2},
#endif
};

START_TEST(ranks)
{
  const int i = _i * STEP;
  many_ranks(cases[i].ranks, cases[i].library, cases[i].only, cases[i].least);
}
END_TEST
#endif

/* ---- ranks as streams of one GPU ---- */

static enum tp_status peers(struct tp_selftest *selftest)
{
  struct tp_error first = {.text = ""};
  selftest->report = complain;
  selftest->data = &first;
  fake_runtime_begin(0, selftest->seed);
  tp_selftest_peers(selftest, 0, tp_peer_try);
  if (first.text[0] != '\0')
    return tp_fail(&error, TP_E_CHECK, "%s", first.text);
  ck_assert_int_eq(fake_runtime_objects(), 0);
  return TP_OK;
}

START_TEST(ranks_are_streams)
{
  static const char *const parts[] = {"fp16 3x", "fp32 3x", "bf16 37x"};
  struct tp_selftest selftest = {.seed = (uint64_t)(1 + _i), .only = parts[_i]};
  must(peers(&selftest));
#ifdef HAVE_PEERS
  /* One- and two-shot, four wires; 2 and 4 ranks. */
  ck_assert_int_eq(selftest.passed, 12);
#else
  ck_assert_int_eq(selftest.skipped, 1);
#endif
}
END_TEST

#ifdef HAVE_PEERS
/* A kernel that adds nothing up: every rank keeps what it brought. */
static enum tp_status keep(int device, const struct tp_peer_trial *trial, struct tp_error *fault)
{
  (void)device, (void)fault;
  for (int rank = 0; rank < trial->ranks; rank++)
    memcpy(trial->out[rank], trial->in[rank],
           (size_t)((double)trial->elements * tp_dtype_bytes(trial->dtype)));
  return TP_OK;
}

START_TEST(wrong_sums_are_noticed)
{
  struct tp_error first = {.text = ""};
  struct tp_selftest selftest = {.seed = 1, .only = "bf16 3x", .report = complain, .data = &first};
  tp_selftest_peers(&selftest, 0, keep);
  ck_assert_int_eq(selftest.passed, 0);
  ck_assert_int_eq(selftest.failed, 12);
  ck_assert_msg(strstr(first.text, "off what the host computes") != NULL, "%s", first.text);
}
END_TEST
#endif

/* ---- stand-ins ---- */

static enum tp_status open_emulated(void *data, const struct tp_machine *machine,
                                    struct tp_calls *calls, void **owner, struct tp_error *fault)
{
  const struct tp_gpu_options options = {
      .stack = machine->stack, .emulated = machine, .standin_sms = STANDIN_SMS};
  (void)data;
  *owner = NULL;
  return tp_gpu_open(&options, calls, fault);
}

static void close_emulated(void *data, struct tp_calls *calls, void *owner)
{
  (void)data, (void)owner;
  tp_gpu_close(calls);
}

struct wanted {
  int n;
  struct tp_standin_plan plans[MOST_STANDINS];
  int64_t vectors; /* that go from window to window */
};

static void want(const struct tp_machine *machine, const struct tp_program *program,
                 const struct tp_op *op, struct wanted *wanted)
{
  const struct tp_standin_plan plan =
      tp_standin_plan_make(machine, tp_batch_decodes(&program->batch), op, STANDIN_SMS, GPU_SMS);
  const bool in_place = op->in[0] == op->out[0];
  const int64_t placed =
      in_place ? 0 : (int64_t)op->collective.bytes / (int64_t)TP_WINDOW_VECTOR_BYTES;
  ck_assert_int_lt(wanted->n, MOST_STANDINS);
  wanted->plans[wanted->n++] = plan;
  wanted->vectors += plan.vectors > placed ? plan.vectors - placed : 0;
}

/* The stand-ins of a pass in its order: the program that tp_generation_open makes. */
static struct wanted wanted_of(const struct tp_machine *machine,
                               const struct tp_generation_point *point, bool decode,
                               struct tp_arena *arena)
{
  const struct tp_request request = {
      .model = point->model,
      .mesh = tp_mesh_of_tp(tp_machine_ranks(machine)),
      .batch = decode ? tp_batch_decode(point->batch, point->prompt + point->generate - 1)
                      : tp_batch_prefill(point->batch, point->prompt),
      .kv_capacity = point->prompt + point->generate,
      .dtype = point->dtype,
      .style = tp_style_of(machine->stack, tp_machine_ranks(machine)),
      .operands = true};
  struct wanted wanted = {.n = 0};
  struct tp_program program;
  must(tp_variant_build(point->variant, &request, arena, &program, &error));
  for (size_t s = 0; s < program.n_segments; s++)
    for (int64_t turn = 0; turn < (int64_t)program.segments[s].repeat; turn++)
      for (size_t i = 0; i < program.segments[s].n_ops; i++)
        if (program.segments[s].ops[i].kind == TP_OP_COLLECTIVE)
          want(machine, &program, &program.segments[s].ops[i], &wanted);
  return wanted;
}

static bool is_standin(const struct fake_kernel *kernel)
{
  return kernel->threads == STANDIN_THREADS && kernel->shared_bytes == 227 << 10;
}

/* Kernels that begin on another stream while it runs. */
static int beside(const struct fake_kernel *standin, const struct fake_kernel *kernels, int n)
{
  int found = 0;
  for (int i = 0; i < n; i++)
    found += kernels[i].stream != standin->stream && kernels[i].begin > standin->begin &&
             kernels[i].begin < standin->end;
  return found;
}

/* Kernels that ran beside stand-ins, which are those wanted: on the comm stream, as many SMs, as
 * long at least. */
static int check_standins(const struct tp_calls *calls, const struct wanted *wanted)
{
  int n, found = 0, overlapped = 0;
  const struct fake_kernel *const kernels = fake_runtime_kernels(&n);
  for (int i = 0; i < n; i++) {
    if (!is_standin(&kernels[i]))
      continue;
    ck_assert_int_lt(found, wanted->n);
    const struct tp_standin_plan *const plan = &wanted->plans[found++];
    ck_assert_int_eq(kernels[i].blocks, plan->blocks);
    ck_assert_int_eq(plan->blocks, STANDIN_SMS);
    ck_assert_int_ge((int64_t)(kernels[i].end_ns - kernels[i].begin_ns), plan->nanoseconds);
    ck_assert_ptr_eq(kernels[i].stream, calls->state->streams[TP_STREAM_COMM]);
    overlapped += beside(&kernels[i], kernels, n);
  }
  ck_assert_int_eq(found, wanted->n);
  return overlapped;
}

static struct tp_windows *windows_of(struct tp_windows *windows)
{
  void *found[2];
  const int64_t chunk_bytes = (int64_t)TP_WINDOW_CHUNK * TP_WINDOW_VECTOR_BYTES;
  const int64_t bytes = (1 + 4 * (1 << 18) / chunk_bytes) * chunk_bytes;
  ck_assert_int_eq(fake_runtime_find((size_t)bytes, found, 2), 2);
  *windows = (struct tp_windows){found[0], found[1], bytes / TP_WINDOW_VECTOR_BYTES};
  memset(windows->to, 0xff, (size_t)bytes);
  return windows;
}

/* What both windows have alike was copied. */
static int64_t moved(const struct tp_windows *windows)
{
  const char *const from = windows->from, *const to = windows->to;
  const int64_t bytes = windows->vectors * TP_WINDOW_VECTOR_BYTES;
  int64_t n = 0;
  for (int64_t at = 0; at < bytes; at += TP_WINDOW_VECTOR_BYTES)
    n += memcmp(to + at, from + at, TP_WINDOW_VECTOR_BYTES) == 0;
  return n;
}

static const struct {
  const char *variant;
  bool overlaps;
} arrangements[] = {{"standard", false}, {"ladder", true}};
enum { N_ARRANGEMENTS = sizeof arrangements / sizeof arrangements[0] };

START_TEST(generation_among_standins)
{
  static const char *const roots[] = {TP_SRCDIR};
  const struct tp_datadir dirs = {roots, 1};
  static const char *const sets[] = {"attention.score_passes=4", "attention.prefill=materialised",
                                     "attention.decode=materialised"};
  const bool materialised = _i >= N_ARRANGEMENTS;
  const bool overlaps = arrangements[_i % N_ARRANGEMENTS].overlaps;
  const char *const name = arrangements[_i % N_ARRANGEMENTS].variant;
  const struct tp_setup_request asked = {
      .platform = "dgx-h200", .stack = "tpsim-cuda", .sets = sets, .n_sets = materialised ? 3 : 0};
  struct tp_arena *const arena = tp_arena_create();
  struct tp_setup *setup;
  struct tp_variant variant;
  struct tp_rig_device *device;
  struct tp_generation *generation;
  struct tp_windows windows;
  int overlapped = 0;
  fake_runtime_begin(0, 3);
  must(tp_setup_open(&dirs, &asked, arena, &setup, &error));
  struct tp_rig rig = {.setup = setup, .opener = {open_emulated, close_emulated, NULL}};
  must(tp_variant_parse(name, arena, &variant, &error));
  const struct tp_generation_point point = {.model = tp_selftest_models[0],
                                            .variant = &variant,
                                            .batch = 2,
                                            .prompt = 5,
                                            .generate = 3,
                                            .dtype = TP_DTYPE_BF16};
  must(tp_rig_at(&rig, 4, &device, &error));
  must(tp_generation_open(device, &point, &generation, &error));
  const struct tp_calls *const calls = &device->calls;
  for (int step = 0; step < 3; step++) {
    const struct wanted wanted = wanted_of(&device->machine, &point, step > 0, arena);
    windows_of(&windows);
    fake_runtime_forget();
    must(step == 0 ? tp_generation_begin_prefill(generation, &error)
                   : tp_generation_begin_step(generation, step, &error));
    must(step == 0 ? tp_generation_prefill(generation, &error)
                   : tp_generation_step(generation, step, &error));
    must(calls->finish(calls->state, &error));
    overlapped += check_standins(calls, &wanted);
    ck_assert_int_eq(moved(&windows), wanted.vectors);
  }
  ck_assert_msg(overlaps == (overlapped > 0), "%s: %d kernels beside stand-ins", name, overlapped);
  tp_generation_close(generation);
  tp_rig_close(&rig);
  tp_arena_free(arena);
  ck_assert_int_eq(fake_runtime_objects(), 0);
}
END_TEST

static Suite *suite(void)
{
  Suite *s = suite_create("whole");
  TCase *t = tcase_create("cases");
  tcase_set_timeout(t, SECONDS);
  tcase_add_loop_test(t, one_rank, 0, PARTS);
#ifdef HAVE_PEERS
  tcase_add_loop_test(t, ranks, 0, sizeof cases / sizeof cases[0] / STEP);
#endif
  tcase_add_loop_test(t, ranks_are_streams, 0, 3);
#ifdef HAVE_PEERS
  tcase_add_test(t, wrong_sums_are_noticed);
#endif
  suite_add_tcase(s, t);
  TCase *g = tcase_create("generations");
  tcase_set_timeout(g, SECONDS);
  tcase_add_loop_test(g, generation_among_standins, 0, 2 * N_ARRANGEMENTS);
  suite_add_tcase(s, g);
  return s;
}

TP_SUITE_MAIN
