/* Variant texts: what parses, what is refused and in which words. */
#include "builds.h"

static const struct {
  const char *text, *canonical;
  int argument;
} good[] = {
    {"standard", "standard", 0},   {"parallel", "parallel", 0},   {"ladder", "ladder", 0},
    {"desync-2x", "desync-2x", 0}, {"desync-4x", "desync-4x", 0}, {"no-comm", "no-comm", 0},
    {"kraken", "kraken", 0},       {"kraken:4", "kraken:4", 4},   {"kraken:04", "kraken:4", 4},
};

START_TEST(test_good)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_variant variant;
  struct tp_error error = {""};
  ck_assert_msg(tp_variant_parse(good[_i].text, arena, &variant, &error) == TP_OK, "%s",
                error.text);
  ck_assert_str_eq(variant.text, good[_i].canonical);
  ck_assert_int_eq(variant.argument, good[_i].argument);
  ck_assert_ptr_null(variant.overlap);
  ck_assert_ptr_null(variant.wire);
  tp_arena_free(arena);
}
END_TEST

static const struct {
  const char *text, *words;
} bad[] = {
    {"lader", "unknown part 'lader'; did you mean 'ladder'?"},
    {"ladder+parallel", "two architectures, 'ladder' and 'parallel'"},
    {"ladder+ladder", "two architectures"},
    {"ladder+", "an empty part"},
    {"", "an empty part"},
    {"+ladder", "an empty part"},
    {"ladder:4", "'ladder' takes no ':4'; write 'ladder'"},
    {"kraken:", "'' is no number of sub-layers"},
    {"kraken:x", "'x' is no number of sub-layers"},
    {"kraken:0", "'0' is no number of sub-layers"},
    {"kraken:2.5", "'2.5' is no number of sub-layers"},
    {"kraken:65", "N from 1 to 64"},
    {"kraken:1e300", "'1e300' is no number of sub-layers"},
    {"ladder+nonsense", "unknown part 'nonsense'"},
};

START_TEST(test_bad)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_variant variant = {.argument = 99};
  struct tp_error error = {""};
  ck_assert_int_eq(tp_variant_parse(bad[_i].text, arena, &variant, &error), TP_E_INPUT);
  ck_assert_msg(strstr(error.text, bad[_i].words) != NULL, "'%s': %s", bad[_i].text, error.text);
  ck_assert_int_eq(variant.argument, 99); /* untouched on failure */
  tp_arena_free(arena);
}
END_TEST

START_TEST(test_refused_builds)
{
  struct tp_model model = toy_model(2);
  struct tp_request request = decode_request(&model, 2);
  assert_build_refused("kraken:4", &request,
                       "4 sub-layers of 'toy' need tp 4 (one a rank) or 1, not 2");
  request.mesh = tp_mesh_of_tp(3);
  assert_build_refused("standard", &request, "toy");
  request = prefill_request(&model, 2);
  request.train = true;
  assert_build_refused("kraken", &request, "training of kraken is not modelled");
  request = decode_request(&model, 2);
  request.batch = tp_batch_decode(3, 0);
  assert_build_refused("ladder", &request, "0 tokens must all be at least 1");
  request = decode_request(&model, 4);
  model.kraken_ways = 4;
  assert_build_refused("ladder", &request, "'toy' is a Kraken model");
  request.mesh = tp_mesh_of_tp(1); /* not even where every other variant is standard */
  assert_build_refused("standard", &request, "'toy' is a Kraken model");
  request.mesh = tp_mesh_of_tp(2);
  assert_build_refused("kraken", &request, "4 sub-layers of 'toy' need tp 4");
  assert_build_refused("kraken:2", &request, "was trained with 4 sub-layers");
}
END_TEST

START_TEST(test_registry_has_words_for_all)
{
  for (size_t i = 0; tp_architectures[i] != NULL; i++) {
    ck_assert(strlen(tp_architectures[i]->summary) > 10);
    ck_assert(strlen(tp_architectures[i]->equation) > 10);
    for (size_t j = 0; j < i; j++)
      ck_assert_str_ne(tp_architectures[i]->name, tp_architectures[j]->name);
  }
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("variant");
  TCase *texts = tcase_create("texts");
  tcase_add_loop_test(texts, test_good, 0, sizeof good / sizeof good[0]);
  tcase_add_loop_test(texts, test_bad, 0, sizeof bad / sizeof bad[0]);
  tcase_add_test(texts, test_refused_builds);
  tcase_add_test(texts, test_registry_has_words_for_all);
  suite_add_tcase(suite, texts);
  return suite;
}

TP_SUITE_MAIN
