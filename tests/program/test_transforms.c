/* Overlap and wire parts of a variant's text, on registries of this test's own: with and without
 * arguments, in canonical order, refused by name, applied in order. */
#include "builds.h"
#include "program/variants/architectures.h"

/* The footprint is a place where the order of two transforms shows. */
static enum tp_status add_argument(const struct tp_request *request,
                                   const struct tp_variant *variant, struct tp_arena *arena,
                                   struct tp_program *program, struct tp_error *error)
{
  (void)request, (void)arena, (void)error;
  program->activation_bytes = 100 + variant->overlap_argument;
  return TP_OK;
}

static enum tp_status add_ten_times(const struct tp_request *request,
                                    const struct tp_variant *variant, struct tp_arena *arena,
                                    struct tp_program *program, struct tp_error *error)
{
  (void)request, (void)arena, (void)error;
  program->activation_bytes = 10 * program->activation_bytes + variant->wire_argument;
  return TP_OK;
}

static const struct tp_transform cut = {.name = "cut",
                                        .summary = "cut in pieces",
                                        .argument = "pieces",
                                        .least = 2,
                                        .most = 9,
                                        .apply = add_argument};
static const struct tp_transform plain = {
    .name = "plain", .summary = "without argument", .apply = add_argument};
static const struct tp_transform bits = {.name = "bits",
                                         .summary = "fewer bits",
                                         .argument = "bits",
                                         .least = 1,
                                         .most = 8,
                                         .apply = add_ten_times};

const struct tp_architecture *const tp_architectures[] = {
    &tp_architecture_standard, &tp_architecture_ladder, &tp_architecture_kraken, NULL};
const struct tp_transform *const tp_overlaps[] = {&cut, &plain, NULL};
const struct tp_transform *const tp_wires[] = {&bits, NULL};

static const struct {
  const char *text, *canonical;
  int overlap_argument, wire_argument;
} good[] = {
    {"cut", "cut", 0, 0},
    {"cut:4", "cut:4", 4, 0},
    {"cut:02", "cut:2", 2, 0},
    {"standard+cut:9", "cut:9", 9, 0},
    {"cut:3+ladder", "ladder+cut:3", 3, 0},
    {"bits:8", "bits:8", 0, 8},
    {"bits:1+cut", "cut+bits:1", 0, 1},
    {"bits:8+cut:2+kraken:4", "kraken:4+cut:2+bits:8", 2, 8},
    {"plain+bits", "plain+bits", 0, 0},
    {"standard", "standard", 0, 0},
};

START_TEST(test_good)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_variant variant, again;
  struct tp_error error = {""};
  ck_assert_msg(tp_variant_parse(good[_i].text, arena, &variant, &error) == TP_OK, "%s",
                error.text);
  ck_assert_str_eq(variant.text, good[_i].canonical);
  ck_assert_int_eq(variant.overlap_argument, good[_i].overlap_argument);
  ck_assert_int_eq(variant.wire_argument, good[_i].wire_argument);
  ck_assert_int_eq(tp_variant_parse(variant.text, arena, &again, &error), TP_OK);
  ck_assert_str_eq(again.text, variant.text);
  tp_arena_free(arena);
}
END_TEST

static const struct {
  const char *text, *words;
} bad[] = {
    {"cut:", "'' is no number of pieces; write cut:N with N from 2 to 9"},
    {"cut:1", "'1' is no number of pieces"},
    {"cut:10", "'10' is no number of pieces"},
    {"cut:2.5", "'2.5' is no number of pieces"},
    {"cut:-3", "'-3' is no number of pieces"},
    {"bits:x", "'x' is no number of bits; write bits:N with N from 1 to 8"},
    {"plain:2", "'plain' takes no ':2'; write 'plain'"},
    {"cut:2+plain", "two overlaps, 'cut' and 'plain'; keep one"},
    {"cut:2+cut:3", "two overlaps"},
    {"bits+bits:4", "two wire formats, 'bits' and 'bits'"},
    {"ladder+cot:2", "unknown part 'cot'; did you mean 'cut'?"},
};

START_TEST(test_bad)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_variant variant = {.overlap_argument = 99};
  struct tp_error error = {""};
  ck_assert_int_eq(tp_variant_parse(bad[_i].text, arena, &variant, &error), TP_E_INPUT);
  ck_assert_msg(strstr(error.text, bad[_i].words) != NULL, "'%s': %s", bad[_i].text, error.text);
  ck_assert_int_eq(variant.overlap_argument, 99); /* untouched on failure */
  tp_arena_free(arena);
}
END_TEST

START_TEST(test_overlap_before_wire)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_variant variant;
  struct tp_program program;
  struct tp_error error = {""};
  struct tp_model model = toy_model(2);
  const struct tp_request request = decode_request(&model, 2);
  ck_assert_int_eq(tp_variant_parse("bits:7+cut:3", arena, &variant, &error), TP_OK);
  ck_assert_int_eq(tp_variant_build(&variant, &request, arena, &program, &error), TP_OK);
  ck_assert_rel(program.activation_bytes, 1037, 0);
  ck_assert_ptr_nonnull(strstr(program.title, "cut:3+bits:7"));
  tp_arena_free(arena);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("transforms");
  TCase *texts = tcase_create("texts");
  tcase_add_loop_test(texts, test_good, 0, sizeof good / sizeof good[0]);
  tcase_add_loop_test(texts, test_bad, 0, sizeof bad / sizeof bad[0]);
  tcase_add_test(texts, test_overlap_before_wire);
  suite_add_tcase(suite, texts);
  return suite;
}

TP_SUITE_MAIN
