/* Whatever stands in a .tpa file is refused with its line, or is a program: TP_CASES of them. */
#include "mutate.h"

#include "program/check.h"

static struct tp_arena *forever, *arena;
static struct mutate_pool pool;
static int n_standard;

static void setup(void)
{
  forever = tp_arena_create();
  arena = tp_arena_create();
  mutate_pool_read(&pool, forever);
}

static void teardown(void)
{
  tp_arena_free(arena);
  tp_arena_free(forever);
}

/* Tensor ranks alone, or experts shared out over them, and replicas that meet in these. */
static struct tp_mesh random_mesh(struct tp_model *model, uint64_t *seed)
{
  const int tp = 1 << tp_random_below(seed, 4);
  if (tp_random_below(seed, 3) > 0)
    return tp_mesh_of_tp(tp);
  model->experts = (struct tp_expert_shape){.count = 8, .top_k = 2, .ffn = 128};
  const int dp = tp_random_below(seed, 3) == 0 ? 2 : 1, ep = 1 << tp_random_below(seed, 4);
  const bool fits = ep <= dp * tp;
  return (struct tp_mesh){1, dp, tp, fits ? ep : 1, fits ? dp * tp / ep : dp * tp};
}

static struct tp_batch random_batch(uint64_t *seed)
{
  static const struct tp_batch batches[] = {{1, {{2, 8, 0}}},
                                            {1, {{2, 1, 8}}},
                                            {1, {{3, 5, 2}}},
                                            {1, {{1, 1, 8}}},
                                            {3, {{1, 8, 4}, {2, 1, 11}, {1, 3, 0}}}};
  return batches[tp_random_below(seed, sizeof batches / sizeof batches[0])];
}

static struct tp_request random_request(struct tp_model *model, uint64_t *seed)
{
  static const unsigned char kinds[] = {0, 1, 1, 0, 1, 0, 0, 1, 0};
  *model = toy_model(1 + (int64_t)tp_random_below(seed, 9));
  model->norm = tp_random_below(seed, 2) == 0 ? TP_NORM_RMS : TP_NORM_LAYER;
  model->n_kinds = 1 + (int)tp_random_below(seed, 2);
  model->kinds[0].window = 8;
  model->kind_of = model->n_kinds > 1 ? kinds : NULL;
  return (struct tp_request){.model = model,
                             .mesh = random_mesh(model, seed),
                             .batch = random_batch(seed),
                             .kv_capacity = 16,
                             .operands = tp_random_below(seed, 4) > 0,
                             .style = {.fused_residual_norm = tp_random_below(seed, 2) == 0,
                                       .fused_overlapped_residual = tp_random_below(seed, 2) == 0,
                                       .fused_activation = tp_random_below(seed, 2) == 0,
                                       .embedding_sharded = tp_random_below(seed, 2) == 0,
                                       .head_sharded = tp_random_below(seed, 2) == 0}};
}

/* What is taken for the baseline is the baseline. */
static void assert_is_standard(const struct tp_program *program, const struct tp_request *request,
                               const char *text)
{
  struct tp_program standard;
  struct tp_error error;
  ck_assert_int_eq(build_wired("standard", request, arena, &standard, &error), TP_OK);
  ck_assert_msg(strcmp(text_but_for_names(*program, arena), text_but_for_names(standard, arena)) ==
                    0,
                "%s", text);
  n_standard++;
}

/* Refused with its line, or built, and then whole. */
static void try_one(uint64_t *seed, int *built)
{
  struct tp_variant variant;
  struct tp_program program;
  struct tp_model model;
  struct tp_error error = {""};
  const char *const text = mutate(&pool, arena, seed);
  const struct tp_request request = random_request(&model, seed);
  if (mutate_read(text, arena, &variant, &error) != TP_OK) {
    ck_assert_msg(strncmp(error.text, "mutant.tpa:", 11) == 0 &&
                      strchr("123456789", error.text[11]),
                  "%s\n%s", error.text, text);
    ck_assert_msg(strpbrk(error.text, "\n\r\t") == NULL, "%s", error.text);
    return;
  }
  const struct tp_wiring *wiring = variant.architecture->wiring;
  variant.argument =
      wiring->argument == NULL
          ? 0
          : wiring->least + (int)tp_random_below(seed, (size_t)(wiring->most - wiring->least + 1));
  ck_assert_ptr_nonnull(tp_wiring_text(wiring, NULL, arena));
  if (tp_variant_build(&variant, &request, arena, &program, &error) != TP_OK) {
    ck_assert_uint_gt(strlen(error.text), 10);
    return;
  }
  ck_assert_msg(tp_program_check(&program, &error) == TP_OK, "%s\n%s", error.text, text);
  if (tp_wiring_is_standard(wiring, &model))
    assert_is_standard(&program, &request, text);
  ck_assert_ptr_nonnull(tp_program_text(&program, arena));
  ++*built;
}

START_TEST(anything_is_refused_or_built)
{
  const int cases = tp_random_cases(20000);
  int built = 0;
  for (int i = 0; i < cases; i++) {
    uint64_t seed = tp_random_seed(i);
    try_one(&seed, &built);
    tp_arena_reset(arena);
  }
  printf("# %d of %d wirings are programs\n", built, cases);
  ck_assert_int_gt(built, cases / 50);
  ck_assert_int_lt(built, cases);
  ck_assert_int_gt(n_standard, 0);
}
END_TEST

/* No line of a file is too long, too odd or too many. */
START_TEST(any_bytes_are_refused)
{
  uint64_t seed = tp_random_seed(1);
  for (int i = 0; i < 2000; i++) {
    struct tp_error error = {""};
    const struct tp_wiring *wiring;
    const size_t n = tp_random_below(&seed, 3000);
    char *text = TP_NEW(arena, char, n + 32);
    const size_t head =
        tp_random_below(&seed, 2) == 0 ? (size_t)sprintf(text, "architecture a\nsummary s\n") : 0;
    for (size_t b = head; b < n; b++)
      text[b] = (char)(1 + tp_random_below(&seed, i % 2 == 0 ? 255 : 126));
    ck_assert_int_eq(tp_wiring_read(text, "mutant.tpa", arena, &wiring, &error), TP_E_INPUT);
    ck_assert_msg(strncmp(error.text, "mutant.tpa:", 11) == 0, "%s", error.text);
    tp_arena_reset(arena);
  }
}
END_TEST

/* Every limit of the reader, reached and passed. */
static const struct {
  const char *head, *line, *tail, *words;
  int most; /* lines that are taken */
} limits[] = {
    {"layers rest\n  n = norm x for attention\n  a = attention n\n  n = norm x for mlp\n",
     "  a = a + a\n", "", "more than 200 statements", 197},
    {"", "layers 1\n  n = norm x for attention\n  a, m = attention & mlp n\n", "",
     "more than 8 segments", 8},
};

START_TEST(limits_are_told)
{
  for (int n = limits[_i].most; n <= limits[_i].most + 1; n++) {
    struct tp_error error = {""};
    const struct tp_wiring *wiring;
    const char *text = tp_arena_printf(arena, "architecture a\nsummary s\n%s", limits[_i].head);
    for (int i = 0; i < n; i++)
      text = tp_arena_printf(arena, "%s%s", text, limits[_i].line);
    ck_assert_int_eq(tp_wiring_read(text, "w", arena, &wiring, &error), TP_E_INPUT);
    ck_assert_msg((strstr(error.text, limits[_i].words) != NULL) == (n > limits[_i].most), "%s",
                  error.text);
  }
}
END_TEST

#define NORM      "n = norm x for attention\n"
#define ATTENTION "  a = attention n\n  a ~sum\n  x += a\n  n = norm x for mlp\n"
#define MLP       "  m = mlp n\n  m ~sum\n  x += m\n  n = norm x for next\n"
#define LAYER     ATTENTION MLP
#define END       "end\n  head n\n"

/* What is behind the title and the summary; the line and the words that refuse it. */
static const struct {
  const char *name, *behind, *words;
} refused[] = {
    {"a", NORM "layers 2\n" LAYER "layers 101%\n" LAYER "layers rest\n" LAYER END,
     "w:13: '101': more than 100 %"},
    {"a:P", "P from 1 to 101\n" NORM "layers P%\n" LAYER "layers rest\n" LAYER END,
     "w:5: 'P': P goes up to 101, and more than 100 % there is not"},
    {"a:P", "P from 1 to 1001\n" NORM "layers P\n" LAYER "layers rest\n" LAYER END,
     "w:5: 'P': counts layers here, and goes up to 1001"},
    {"a", NORM "layers\n" LAYER END,
     "w:4: 'layers': which layers? Write a number, N%, or 'layers rest'"},
    {"a", NORM "every 2 of\n" LAYER END, "w:4: 'of': write 'every N layers'"},
    {"a", NORM "every 1 layers\n" LAYER "left\n" LAYER END,
     "w:13: 'left': never runs: groups of one leave no layer"},
    {"a", NORM "every 1 layers\n" LAYER "last\n" LAYER END,
     "w:4: a group of one layer is its last: what stands before 'last' never runs"},
    {"a", NORM "every 2 layers\n" LAYER "last\n" LAYER "last\n" LAYER END,
     "w:22: 'last': line 13 has this group's last layer"},
    {"a", NORM "layers 100%\n" LAYER "layers 2\n" LAYER END,
     "w:13: 'layers': never runs: line 4 takes all layers that are left"},
    {"a",
     "own blocks\nranks apart\n" NORM "layers rest\n"
     "  a = attention n\n  x += a\n  n = norm x for mlp\n"
     "  m = mlp n\n  x += m\n  n = norm x for next\n" END,
     "w:1: 'a': own blocks that stay apart are another model; keep one of the two"},
    {"a", NORM "layers rest\n  a = attention & n\n" MLP END,
     "w:5: '&': two modules have two results; write 'a, m = attention & mlp n'"},
    {"a", NORM "layers rest\n  a, a = attention & mlp n\n" END,
     "w:5: 'a': both results at once; name two"},
    {"a:P", "P from 1 to 9 layers\n" NORM "layers P\n" LAYER "layers rest\n" LAYER END,
     "w:3: 'layers': behind the range a comma, and what is counted"},
};

START_TEST(what_never_runs_or_says_two_things_is_refused)
{
  struct tp_error error = {"taken"};
  const struct tp_wiring *wiring;
  const char *const text = tp_arena_printf(arena, "architecture %s\nsummary s\n%s",
                                           refused[_i].name, refused[_i].behind);
  ck_assert_int_eq(tp_wiring_read(text, "w", arena, &wiring, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, refused[_i].words);
}
END_TEST

/* An argument is of its range, both ends too; a share of layers is rounded to whole ones. */
START_TEST(arguments_count_layers)
{
  struct tp_error error = {""};
  const struct tp_wiring *wiring;
  int64_t counts[TP_WIRING_MOST_SEGMENTS];
  ck_assert_int_eq(tp_wiring_read("architecture a:P\nsummary s\nP from 2 to 50, of a hundred\n" NORM
                                  "layers P%\n" LAYER "layers 50%\n" LAYER "layers 50%\n" LAYER
                                  "layers rest\n" LAYER END,
                                  "w", arena, &wiring, &error),
                   TP_OK);
  ck_assert_int_eq(tp_wiring_counts(wiring, 1, 32, counts, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, "w: a takes a number: write a:P with P from 2 to 50, of a hundred");
  ck_assert_int_eq(tp_wiring_counts(wiring, 51, 32, counts, &error), TP_E_INPUT);
  /* 2 % of 25 is 0.5, rounded up; 50 % is 12.5, 13 and then the 11 that are left. */
  ck_assert_int_eq(tp_wiring_counts(wiring, 2, 25, counts, &error), TP_OK);
  ck_assert_int_eq(counts[0], 1);
  ck_assert_int_eq(counts[1], 13);
  ck_assert_int_eq(counts[2], 11);
  ck_assert_int_eq(counts[3], 0);
  ck_assert_int_eq(tp_wiring_counts(wiring, 50, 4, counts, &error), TP_OK);
  ck_assert_int_eq(counts[0], 2);
  ck_assert_int_eq(counts[1], 2);
  ck_assert_int_eq(counts[2], 0);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("wiring_fuzz");
  TCase *tcase = tcase_create("wiring_fuzz");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, anything_is_refused_or_built);
  tcase_add_test(tcase, any_bytes_are_refused);
  tcase_add_loop_test(tcase, limits_are_told, 0, sizeof limits / sizeof limits[0]);
  tcase_add_loop_test(tcase, what_never_runs_or_says_two_things_is_refused, 0,
                      sizeof refused / sizeof refused[0]);
  tcase_add_test(tcase, arguments_count_layers);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
