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

static Suite *suite(void)
{
  Suite *suite = suite_create("wiring_fuzz");
  TCase *tcase = tcase_create("wiring_fuzz");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, anything_is_refused_or_built);
  tcase_add_test(tcase, any_bytes_are_refused);
  tcase_add_loop_test(tcase, limits_are_told, 0, sizeof limits / sizeof limits[0]);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
