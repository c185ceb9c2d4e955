/* What programs of wirings compute on the host device: their own equations, and where they are a
 * built-in architecture's text, those of its reference in C.  What is wrong in one is noticed. */
#include "../program/mutate.h"
#include "verify/check.h"
#include "verify/matrix.h"
#include "verify/selftest.h"

#include "../arena.h" /* whose names nothing above may meet */

enum { ORDERS = 400 };

static struct tp_variant parsed(const char *name)
{
  struct tp_variant variant = {0};
  struct tp_error error = {""};
  ck_assert_msg(tp_variant_open(&source_dirs, name, arena, &variant, &error) == TP_OK, "%s",
                error.text);
  return variant;
}

/* The worst of a self-test, over its bound. */
struct worst {
  double error;
  bool failed;
};

static void note(void *data, const struct tp_selftest_line *line)
{
  struct worst *worst = data;
  worst->failed |= line->outcome == TP_SELFTEST_FAILED;
  worst->error = fmax(worst->error, line->error / line->bound);
  if (getenv("TP_SHOW") != NULL && line->outcome != TP_SELFTEST_PASSED)
    printf("# %s: %s\n", line->name, line->why);
}

static struct worst test_against(const char *name, const char *against, const char *only)
{
  struct worst worst = {0};
  const struct tp_variant variant = parsed(name), equations = parsed(against);
  struct tp_selftest selftest = {.seed = tp_random_seed(0),
                                 .only = only,
                                 .variants = &variant,
                                 .n_variants = 1,
                                 .against = &equations,
                                 .report = note,
                                 .data = &worst};
  tp_selftest_host(&selftest);
  ck_assert_int_ge(selftest.passed + selftest.failed, only == NULL ? 10 : 2);
  ck_assert_int_eq(selftest.skipped, 0);
  return worst;
}

/* A wiring, and whose equations it computes. */
static const struct {
  const char *name, *against;
} computed[] = {
    {"ladder.tpa", "ladder"},
    {"ladder.tpa", "ladder.tpa"},
    {"ladder", "ladder.tpa"},
    {"standard.tpa", "standard"},
    {"standard-side-by-side.tpa", "standard"},
    {"standard-on-one-norm.tpa", "standard"},
    {"sequence-parallel", "standard"},
    {"sequence-parallel", "sequence-parallel"},
    {"tokenweave:2", "standard"},
    {"tokenweave:2", "tokenweave:2"},
    {"tokenweave:2+flash-int8", "standard"},
    {"parallel.tpa", "parallel"},
    {"desync-2x.tpa", "desync-2x"},
    {"desync-4x.tpa", "desync-4x"},
    {"kraken.tpa", "kraken"},
    {"kraken", "kraken.tpa"},
    {"no-comm.tpa", "no-comm.tpa"},
    {"no-comm.tpa", "no-comm"},
    {"spd:40", "spd:40"},
    {"spd:100", "spd:100"},
    {"fal", "fal"},
    {"parallel-track:2", "parallel-track:2"},
    {"ladder.tpa+chunked", "ladder"},
    {"spd:40+flash-int8", "spd:40"},
};

START_TEST(computes_its_equations)
{
  const struct worst worst = test_against(computed[_i].name, computed[_i].against, NULL);
  printf("# %s against %s: %.2g of the bound at worst\n", computed[_i].name, computed[_i].against,
         worst.error);
  ck_assert(!worst.failed);
}
END_TEST

/* The file with the first `from` turned into `to`. */
static const char *changed(const char *name, const char *from, const char *to)
{
  const char *text;
  struct tp_error error;
  const char *path = tp_arena_printf(arena, "%s/models/wirings/%s.tpa", TP_SRCDIR, name);
  ck_assert_int_eq(tp_file_read(path, arena, &text, &error), TP_OK);
  const char *const at = strstr(text, from);
  ck_assert_msg(at != NULL, "%s has no '%s'", name, from);
  const char *const file = tp_arena_printf(arena, "wired-%s.tpa", name);
  FILE *out = fopen(file, "w");
  ck_assert_ptr_nonnull(out);
  fprintf(out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
  ck_assert_int_eq(fclose(out), 0);
  return file;
}

/* What a hand gets wrong: the words that refuse it, or NULL where its numbers do. */
static const struct {
  const char *what, *name, *from, *to, *words;
} wrong[] = {
    {"a missing sum", "standard", "  a ~sum\n", "", "'n': differs from rank to rank since line 10"},
    {"a missing sum", "standard", "  m ~sum\n", "", "'n': differs from rank to rank since line 14"},
    {"a missing sum", "parallel", "  m ~sum\n", "", "differs from rank to rank"},
    {"a missing sum", "ladder", "  a ~sum\n  n = norm x for mlp\n  m = mlp n\n  m ~sum\nlayers",
     "  n = norm x for mlp\n  m = mlp n\n  m ~sum\nlayers", "summed over ranks on one way here"},
    {"a doubled sum", "standard", "  m ~sum\n", "  m ~sum\n  m ~sum\n",
     "'m': a sum of it is under way"},
    {"a doubled sum", "standard", "  m ~sum\n", "  m ~sum\n  m = copy m\n  m ~sum\n",
     "'m': the same on every rank already"},
    {"a doubled sum", "parallel", "  m += a\n", "  a ~sum\n  m += a\n",
     "'m': holds what every rank has"},
    {"a doubled sum", "desync-2x", "x = x/ranks + m", "x = x + m",
     "'x': holds what every rank has"},
    {"a wrong add", "standard", "  x += m\n", "  x += a\n",
     "'m': written while its sum is under way"},
    {"a wrong add", "parallel", "  m += a\n", "  m += m\n", "'a': written, and nobody reads it"},
    {"a wrong add", "spd", "  z = x + a ", "  z = a + a ", "'z': parts that add up over ranks"},
    {"a wrong add", "ladder",
     "  x += a                     # the first reader of a sum under way waits for it\n",
     "  x += m\n  x += a\n", NULL},
    {"a wrong add", "standard", "  x += m\n", "  x += m\n  x += a\n", NULL},
    {"a stale norm", "standard", "  n = norm x for next\n", "",
     "'n': a norm with another module's gains, on one way here"},
    {"a stale norm", "standard", "  n = norm x for mlp\n", "", NULL},
    {"a stale norm", "ladder", "  x += m\n  n = norm x for mlp", "  n = norm x for mlp\n  x += m",
     NULL},
};

START_TEST(a_mistake_is_noticed)
{
  struct tp_error error = {""};
  struct tp_variant variant;
  const char *const name = wrong[_i].name;
  const char *const file = changed(name, wrong[_i].from, wrong[_i].to);
  const char *const given = strcmp(name, "spd") == 0 ? tp_arena_printf(arena, "%s:40", file) : file;
  const enum tp_status status = tp_variant_open(NULL, given, arena, &variant, &error);
  if (wrong[_i].words != NULL) {
    printf("# %s: %s\n", wrong[_i].what, error.text);
    ck_assert_int_eq(status, TP_E_INPUT);
    ck_assert_msg(strstr(error.text, wrong[_i].words) != NULL, "%s", error.text);
  } else {
    ck_assert_msg(status == TP_OK, "%s", error.text);
    const struct worst worst = test_against(file, name, "llama");
    printf("# %s in %s: up to %.2g times what rounding explains\n", wrong[_i].what, name,
           worst.error);
    ck_assert(worst.failed);
    ck_assert(worst.error > 100);
  }
  remove(file);
}
END_TEST

static enum tp_status run(const struct tp_check *check, struct tp_check_programs *programs,
                          uint64_t seed, struct tp_error *error)
{
  const int tp = check->request.mesh.tp;
  struct tp_host *host =
      tp_host_create(&(struct tp_host_options){.ranks = tp, .seed = seed, .arithmetic = true});
  const struct tp_calls *calls[8];
  struct tp_check_result result;
  for (int rank = 0; rank < tp; rank++)
    calls[rank] = tp_host_calls(host, rank);
  const struct tp_check_ranks ranks = {.n = tp, .calls = calls, .host = host};
  const enum tp_status status = tp_check_run(check, &ranks, programs, &result, error);
  tp_host_free(host);
  return status;
}

static bool is_caught(const struct tp_check *check, struct tp_check_programs *programs)
{
  for (int i = 0; i < ORDERS; i++) {
    struct tp_error error;
    if (run(check, programs, tp_random_seed(i), &error) == TP_E_CHECK)
      return true;
  }
  return false;
}

/* Who waits is read from the text: without any one of the waits numbers are wrong in some order. */
START_TEST(every_wait_is_needed)
{
  static const char *const names[] = {
      "ladder.tpa", "desync-4x.tpa",    "kraken.tpa",        "spd:40",
      "fal",        "parallel-track:2", "sequence-parallel", "tokenweave:2"};
  const struct tp_variant variant = parsed(names[_i]);
  const struct tp_selftest_case *cases;
  tp_selftest_matrix_of(arena, 1, (struct tp_selftest_choice){.variants = &variant, .n = 1},
                        &cases);
  struct tp_check check = cases[0].check;
  ck_assert_int_eq(check.request.mesh.tp, 2);
  check.steps = 0;
  struct tp_check_programs whole, broken;
  struct tp_error error;
  ck_assert_int_eq(tp_check_build(&check, arena, &whole, &error), TP_OK);
  for (size_t s = 0; s < whole.prefill.n_segments; s++)
    for (size_t i = 0; i < whole.prefill.segments[s].n_ops; i++)
      for (int w = 0; w < whole.prefill.segments[s].ops[i].n_waits; w++) {
        ck_assert_int_eq(tp_check_build(&check, arena, &broken, &error), TP_OK);
        struct tp_op *op = &broken.prefill.segments[s].ops[i];
        op->waits[w] = op->waits[--op->n_waits];
        ck_assert_msg(is_caught(&check, &broken), "%s: '%s' waits in vain", names[_i], op->name);
      }
}
END_TEST

/* Wirings that nobody wrote, with two orders of each: what passes the checks is an architecture,
 * whose program and equations were read from the same text. */
START_TEST(any_wiring_computes_its_equations)
{
  const int wanted = tp_random_cases(60);
  struct mutate_pool pool;
  struct tp_arena *one = tp_arena_create();
  mutate_pool_read(&pool, arena);
  for (int i = 0, n = 0; n < wanted; i++, tp_arena_reset(one)) {
    uint64_t seed = tp_random_seed(i);
    struct tp_variant variant;
    struct tp_check_programs programs;
    struct tp_error error = {""};
    const char *const text = mutate(&pool, one, &seed);
    if (mutate_read(text, one, &variant, &error) != TP_OK)
      continue;
    const struct tp_wiring *wiring = variant.architecture->wiring;
    variant.argument = wiring->argument == NULL ? 0 : wiring->least;
    const struct tp_selftest_case *cases;
    const size_t n_cases = tp_selftest_matrix_of(
        one, seed, (struct tp_selftest_choice){.variants = &variant, .n = 1}, &cases);
    struct tp_check check;
    do
      check = cases[tp_random_below(&seed, n_cases)].check;
    while (check.request.dtype != TP_DTYPE_FP32);
    if (tp_check_build(&check, one, &programs, &error) != TP_OK)
      continue;
    n++;
    for (int order = 0; order < 2; order++)
      ck_assert_msg(run(&check, &programs, seed + (uint64_t)order, &error) == TP_OK, "%s\n%s",
                    error.text, text);
  }
  tp_arena_free(one);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("wired");
  TCase *tcase = tcase_create("wired");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_loop_test(tcase, computes_its_equations, 0, sizeof computed / sizeof computed[0]);
  tcase_add_loop_test(tcase, a_mistake_is_noticed, 0, sizeof wrong / sizeof wrong[0]);
  tcase_add_loop_test(tcase, every_wait_is_needed, 0, 8);
  tcase_add_test(tcase, any_wiring_computes_its_equations);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
