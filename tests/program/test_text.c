/* Golden texts of a 2-layer toy model.  TP_GOLDEN_OUT=DIR writes the texts of today into DIR. */
#include "builds.h"

static const struct {
  const char *file, *variant;
  int tp;
  bool prefill, plain; /* plain: nothing fused, everything sharded */
  bool train, split;   /* split: sequence-parallel, recomputing, asynchronous */
} cases[] = {
    {"standard", "standard", 2, false, false, false, false},
    {"standard-prefill-unfused", "standard", 2, true, true, false, false},
    {"parallel", "parallel", 2, false, false, false, false},
    {"ladder", "ladder", 2, false, false, false, false},
    {"ladder-prefill-unfused", "ladder", 2, true, true, false, false},
    {"desync-2x", "desync-2x", 2, false, false, false, false},
    {"desync-4x", "desync-4x", 2, false, false, false, false},
    {"kraken", "kraken", 2, false, false, false, false},
    {"kraken-alone", "kraken:2", 1, false, false, false, false},
    {"no-comm", "no-comm", 2, false, false, false, false},
    {"standard-train", "standard", 2, true, false, true, false},
    {"standard-train-split", "standard", 2, true, true, true, true},
    {"ladder-train", "ladder", 2, true, false, true, false},
};

static char *read_golden(const char *name, struct tp_arena *arena)
{
  const char *root = getenv("SRCDIR");
  const char *path = tp_arena_printf(arena, "%s/tests/program/golden/%s.txt",
                                     root != NULL ? root : TP_SRCDIR, name);
  FILE *file = fopen(path, "r");
  ck_assert_msg(file != NULL, "no %s", path);
  char *text = tp_arena_alloc(arena, 1 << 16, 1);
  const size_t length = fread(text, 1, (1 << 16) - 1, file);
  fclose(file);
  ck_assert(length > 0);
  return text;
}

START_TEST(test_golden)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = toy_model(2);
  struct tp_request request = cases[_i].prefill ? prefill_request(&model, cases[_i].tp)
                                                : decode_request(&model, cases[_i].tp);
  if (cases[_i].plain)
    request.style = (struct tp_style){.attention_prefill = TP_ATTENTION_MATERIALISED,
                                      .score_passes = 4,
                                      .head_sharded = true,
                                      .all_positions = true,
                                      .embedding_sharded = true};
  if (cases[_i].train)
    request.train = true;
  if (cases[_i].split)
    request.training =
        (struct tp_training){.sequence_parallel = true, .recompute = true, .async_reduce = true};
  const struct tp_program program = build_program(cases[_i].variant, &request, arena);
  const char *text = tp_program_text(&program, arena);
  const char *out = getenv("TP_GOLDEN_OUT");
  if (out != NULL) {
    FILE *file = fopen(tp_arena_printf(arena, "%s/%s.txt", out, cases[_i].file), "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
  }
  ck_assert_str_eq(text, read_golden(cases[_i].file, arena));
  tp_arena_free(arena);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("text");
  TCase *golden = tcase_create("golden");
  tcase_add_loop_test(golden, test_golden, 0, sizeof cases / sizeof cases[0]);
  suite_add_tcase(suite, golden);
  return suite;
}

TP_SUITE_MAIN
