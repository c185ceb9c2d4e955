/* What the host device computes against the equations, for every variant; and that the check would
 * see what a program can get wrong. */
#include "../random.h"
#include "../suite.h"
#include "verify/matrix.h"
#include "verify/selftest.h"

#include <string.h>

#include "../arena.h" /* whose names nothing above may meet */

enum { MOST_RANKS = 8, ORDERS = 400, SECONDS = 240 };

static void complain(void *data, const struct tp_selftest_line *line)
{
  ck_assert_msg(line->outcome == TP_SELFTEST_PASSED, "seed %llu: %s: %s",
                *(const unsigned long long *)data, line->name, line->why);
}

/* TP_CASES: in so many orders, with so many sets of numbers. */
START_TEST(every_variant_computes_its_equations)
{
  unsigned long long seed = tp_random_seed(_i);
  struct tp_selftest selftest = {.seed = seed, .report = complain, .data = &seed};
  tp_selftest_host(&selftest);
  ck_assert_int_gt(selftest.passed, 1000);
  ck_assert_int_eq(selftest.failed + selftest.skipped, 0);
}
END_TEST

START_TEST(the_host_agrees_with_itself)
{
  unsigned long long seed = tp_random_seed(_i);
  struct tp_host *host =
      tp_host_create(&(struct tp_host_options){.ranks = 1, .seed = seed, .arithmetic = true});
  struct tp_selftest selftest = {.seed = seed, .only = "32", .report = complain, .data = &seed};
  struct tp_error error;
  ck_assert_int_eq(tp_selftest_device(&selftest, tp_host_calls(host, 0), NULL, &error), TP_OK);
  ck_assert_int_gt(selftest.passed, 100);
  tp_host_free(host);
}
END_TEST

/* A device that is wrong about some ops: the host, told something else. */
static const struct tp_calls *honest;
static int fault;
enum { NOTHING_DONE, NO_BIAS, NO_HEADS_TURNED, N_FAULTS };

static enum tp_status faulty_launch(struct tp_device_state *state, const struct tp_bound_op *bound,
                                    struct tp_error *error)
{
  struct tp_bound_op told = *bound;
  struct tp_op *op = TP_NEW(arena, struct tp_op, 1);
  *op = *bound->op;
  told.op = op;
  if (fault == NOTHING_DONE)
    return TP_OK;
  if (fault == NO_BIAS && strstr(op->name, "bias") != NULL)
    op->n_in--;
  if (fault == NO_HEADS_TURNED && op->kind == TP_OP_MEMORY)
    op->memory.heads = 0;
  return honest->launch(state, &told, error);
}

static void count_misjudged(void *data, const struct tp_selftest_line *line)
{
  const bool wrong = fault == NOTHING_DONE || (fault == NO_BIAS && strstr(line->name, "bias")) ||
                     (fault == NO_HEADS_TURNED && strstr(line->name, "rope"));
  if (wrong != (line->outcome == TP_SELFTEST_FAILED))
    (*(int *)data)++;
}

START_TEST(a_wrong_device_is_caught)
{
  static const char *const asked[] = {"fp32", "gemm bf16", "rope fp16"};
  struct tp_host *host =
      tp_host_create(&(struct tp_host_options){.ranks = 1, .seed = 1, .arithmetic = true});
  honest = tp_host_calls(host, 0);
  fault = _i;
  struct tp_calls calls = *honest;
  calls.launch = faulty_launch;
  int misjudged = 0;
  struct tp_selftest selftest = {
      .seed = 1, .only = asked[_i], .report = count_misjudged, .data = &misjudged};
  struct tp_error error;
  ck_assert_int_eq(tp_selftest_device(&selftest, &calls, NULL, &error), TP_OK);
  ck_assert_int_gt(selftest.failed, 0);
  ck_assert_int_eq(misjudged, 0);
  tp_host_free(host);
}
END_TEST

/* A case of the matrix by its name. */
static struct tp_check check_of(const char *name)
{
  const struct tp_selftest_case *cases;
  const size_t n = tp_selftest_matrix(arena, 1, &cases);
  for (size_t i = 0; i < n; i++)
    if (strcmp(cases[i].name, name) == 0)
      return cases[i].check;
  ck_abort_msg("no case '%s'", name);
}

static struct tp_check_programs build(const struct tp_check *check)
{
  struct tp_check_programs programs;
  struct tp_error error;
  ck_assert_msg(tp_check_build(check, arena, &programs, &error) == TP_OK, "%s", error.text);
  return programs;
}

static enum tp_status run(const struct tp_check *check, struct tp_check_programs *programs,
                          uint64_t seed, struct tp_check_result *result, struct tp_error *error)
{
  const int tp = check->request.mesh.tp;
  struct tp_host *host =
      tp_host_create(&(struct tp_host_options){.ranks = tp, .seed = seed, .arithmetic = true});
  const struct tp_calls *calls[MOST_RANKS];
  for (int rank = 0; rank < tp; rank++)
    calls[rank] = tp_host_calls(host, rank);
  const struct tp_check_ranks ranks = {.n = tp, .calls = calls, .host = host};
  const enum tp_status status = tp_check_run(check, &ranks, programs, result, error);
  tp_host_free(host);
  return status;
}

/* Fails in some order: those in which a collective is late are rare. */
static bool is_caught(const struct tp_check *check, struct tp_check_programs *programs)
{
  for (int i = 0; i < ORDERS; i++) {
    struct tp_check_result result;
    struct tp_error error;
    const enum tp_status status = run(check, programs, tp_random_seed(i), &result, &error);
    if (status == TP_E_CHECK)
      return true;
    ck_assert_msg(status == TP_OK, "%s", error.text);
  }
  return false;
}

static struct tp_op *op_of(struct tp_program *program, const char *segment, const char *name)
{
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++)
      if ((segment == NULL || strcmp(program->segments[s].name, segment) == 0) &&
          strcmp(program->segments[s].ops[i].name, name) == 0)
        return &program->segments[s].ops[i];
  ck_abort_msg("no op '%s'", name);
}

/* Without any one of its waits a program computes something else in some order. */
START_TEST(every_wait_is_needed)
{
  static const char *const names[] = {
      "llama standard tp 2 fp32 fused", "llama ladder tp 2 fp32 fused",
      "llama ladder tp 2 fp32 plain",   "llama desync-4x tp 2 fp32 fused",
      "llama kraken tp 2 fp32 fused",   "llama chunked tp 2 fp32 fused"};
  struct tp_check check = check_of(names[_i]);
  check.steps = 0;
  const struct tp_check_programs whole = build(&check);
  const struct tp_program *program = &whole.prefill;
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++)
      for (int w = 0; w < program->segments[s].ops[i].n_waits; w++) {
        struct tp_check_programs broken = build(&check);
        struct tp_op *op = &broken.prefill.segments[s].ops[i];
        op->waits[w] = op->waits[--op->n_waits];
        ck_assert_msg(is_caught(&check, &broken), "%s: '%s' waits in vain", names[_i], op->name);
      }
}
END_TEST

/* A residual that is added whole on every rank, not by shares. */
START_TEST(shares_count)
{
  const struct tp_check check = check_of("llama desync-2x tp 4 fp32 plain");
  struct tp_check_programs programs = build(&check);
  op_of(&programs.decode, NULL, "mlp.add")->memory.function = TP_FUNCTION_ADD;
  ck_assert(is_caught(&check, &programs));
}
END_TEST

/* Each in the prefill of one, the decode of the other. */
START_TEST(operands_count)
{
  static const struct {
    const char *of, *op;
    int operand;
  } cases[] = {{"llama standard tp 2 fp32 plain", "attn.add", 1},
               {"gpt2 ladder tp 2 fp32 plain", "mlp.norm", 1},
               {"llama kraken tp 2 fp32 plain", "exchange.add", 0},
               {"gpt2 standard tp 4 fp32 plain", "attn.out", 2},
               {"qwen standard tp 2 fp32 plain", "attn.qk_norm", 1}};
  for (int decode = 0; decode < 2; decode++) {
    const struct tp_check check = check_of(cases[_i].of);
    struct tp_check_programs programs = build(&check);
    struct tp_program *program = decode ? &programs.decode : &programs.prefill;
    struct tp_op *op = op_of(program, NULL, cases[_i].op);
    const struct tp_tensor *was = &program->tensors[op->in[cases[_i].operand]];
    int other = 0; /* another of the same shape */
    while (other == op->in[cases[_i].operand] || program->tensors[other].rows != was->rows ||
           program->tensors[other].columns != was->columns ||
           program->tensors[other].kind != was->kind)
      ck_assert_int_lt(++other, program->n_tensors);
    op->in[cases[_i].operand] = other;
    ck_assert_msg(is_caught(&check, &programs), "%s of %s", cases[_i].op, cases[_i].of);
  }
}
END_TEST

START_TEST(layers_count)
{
  static const char *const ops[] = {"attn.qkv", "mlp.down", "attn.rope+cache", "attn.attention",
                                    "attn.add+mlp.norm"};
  const struct tp_check check = check_of("llama standard tp 2 fp32 fused");
  struct tp_check_programs programs = build(&check);
  op_of(&programs.decode, NULL, ops[_i])->layer++;
  ck_assert_msg(is_caught(&check, &programs), "%s", ops[_i]);
}
END_TEST

/* A collective that is not there, on one rank only: nobody may hang. */
START_TEST(collectives_count)
{
  const struct tp_check check = check_of("llama ladder tp 2 fp32 plain");
  struct tp_check_programs programs = build(&check);
  struct tp_op *op = op_of(&programs.prefill, "layer", "mlp.all_reduce");
  op->kind = TP_OP_MEMORY; /* a copy to itself */
  op->memory = (struct tp_memory){.function = TP_FUNCTION_COPY};
  ck_assert(is_caught(&check, &programs));
}
END_TEST

/* The bound of a wire is above what it loses and not far above: full precision is well below. */
START_TEST(wires_lose_what_they_should)
{
  static const struct {
    const char *name;
    double least;
  } cases[] = {{"llama flash-int8 tp 2 fp32 plain", 0.003},
               {"llama flash-int4 tp 2 fp32 plain", 0.05},
               {"gpt2 ladder+flash-int6 tp 4 fp32 fused", 0.003}};
  const struct tp_check check = check_of(cases[_i].name);
  struct tp_check_programs programs = build(&check);
  struct tp_check_result result;
  struct tp_error error;
  ck_assert_msg(run(&check, &programs, 3, &result, &error) == TP_OK, "%s", error.text);
  ck_assert_double_gt(result.error, cases[_i].least);
}
END_TEST

START_TEST(alibi_is_refused_by_name)
{
  struct tp_model bloom = *tp_selftest_models[0];
  bloom.position = TP_POSITION_ALIBI;
  struct tp_check check = check_of("llama standard tp 2 fp32 plain");
  check.request.model = &bloom;
  struct tp_check_programs programs = build(&check);
  struct tp_check_result result;
  struct tp_error error;
  ck_assert_int_eq(run(&check, &programs, 1, &result, &error), TP_E_INPUT);
  ck_assert_msg(strstr(error.text, "ALiBi") != NULL && strstr(error.text, "take a model") != NULL,
                "%s", error.text);
}
END_TEST

static Suite *suite(void)
{
  Suite *s = suite_create("correct");
  TCase *t = tcase_create("matrix");
  tcase_set_timeout(t, SECONDS);
  tcase_add_loop_test(t, every_variant_computes_its_equations, 0, tp_random_cases(1));
  tcase_add_checked_fixture(t, setup, teardown);
  suite_add_tcase(s, t);
  t = tcase_create("mutations");
  tcase_set_timeout(t, SECONDS);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_loop_test(t, the_host_agrees_with_itself, 0, 1);
  tcase_add_loop_test(t, a_wrong_device_is_caught, 0, N_FAULTS);
  tcase_add_loop_test(t, every_wait_is_needed, 0, 6);
  tcase_add_test(t, shares_count);
  tcase_add_loop_test(t, operands_count, 0, 5);
  tcase_add_loop_test(t, layers_count, 0, 5);
  tcase_add_test(t, collectives_count);
  tcase_add_loop_test(t, wires_lose_what_they_should, 0, 3);
  tcase_add_test(t, alibi_is_refused_by_name);
  suite_add_tcase(s, t);
  return s;
}

TP_SUITE_MAIN
