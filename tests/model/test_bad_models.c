/* Every folder of tests/bad/models holds a config.json that must be refused, and the words. */
#define _XOPEN_SOURCE 700
#include "../random.h"
#include "../suite.h"
#include "base/file.h"
#include "model/model.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

START_TEST(malformed_models_are_refused_in_these_words)
{
  ck_assert_int_eq(chdir(TP_SRCDIR "/tests/bad/models"), 0);
  DIR *const dir = opendir(".");
  ck_assert_ptr_nonnull(dir);
  int seen = 0, wrong = 0;
  for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
    if (entry->d_name[0] == '.')
      continue;
    struct tp_arena *const arena = tp_arena_create();
    struct tp_error error = {.text = "accepted"};
    struct tp_model model = {.name = "untouched"};
    const char *expected = "";
    ck_assert_msg(tp_file_read(tp_arena_printf(arena, "%s/expected", entry->d_name), arena,
                               &expected, &error) == TP_OK,
                  "%s", error.text);
    const enum tp_status status = tp_model_open(
        tp_arena_printf(arena, "%s/config.json", entry->d_name), arena, &model, &error);
    const char *const got = tp_arena_printf(arena, "%s\n", error.text);
    seen++;
    if (status != TP_E_INPUT || strcmp(got, expected) != 0 ||
        strcmp(model.name, "untouched") != 0) {
      wrong++;
      fprintf(stderr, "got      %sexpected %s", got, expected);
    }
    tp_arena_free(arena);
  }
  closedir(dir);
  ck_assert_int_ge(seen, 30);
  ck_assert_msg(wrong == 0, "%d of %d messages differ (see above)", wrong, seen);
}
END_TEST

static void damage(char *text, uint64_t *state)
{
  static const char alphabet[] = "{}[]\",:0129.-eE \ntfn\\\xff";
  for (size_t n = 1 + tp_random_below(state, 3); n > 0; n--) {
    const size_t length = strlen(text), at = tp_random_below(state, length);
    const char letter = alphabet[tp_random_below(state, sizeof alphabet - 1)];
    switch (tp_random_below(state, 4)) {
    case 0:
      text[at] = letter;
      break;
    case 1:
      memmove(text + at, text + at + 1, length - at);
      break;
    case 2:
      memmove(text + at + 1, text + at, length - at + 1);
      text[at] = letter;
      break;
    case 3:
      text[at + 1] = '\0';
      break;
    }
  }
}

/* A shipped file with some bytes changed, lost, added or cut off: either a model whose numbers are
 * in bounds, or one line that names a line of the file. */
START_TEST(damaged_files_never_surprise)
{
  static const char *const names[] = {"llama-3.1-8b", "bloom-176b", "kraken-125m-2way", "gpt3-13b"};
  int accepted = 0, refused = 0;
  for (int c = 0; c < tp_random_cases(3000); c++) {
    uint64_t state = tp_random_seed(c);
    struct tp_arena *const arena = tp_arena_create();
    struct tp_error error = {.text = ""};
    const char *whole = NULL;
    const char *const source =
        tp_arena_printf(arena, TP_SRCDIR "/models/%s.json", names[tp_random_below(&state, 4)]);
    ck_assert_int_eq(tp_file_read(source, arena, &whole, &error), TP_OK);
    char *const text = tp_arena_alloc(arena, strlen(whole) + 8, 1);
    damage(strcpy(text, whole), &state);
    FILE *const out = fopen("damaged_model.json", "w");
    fputs(text, out);
    fclose(out);
    struct tp_model model;
    if (tp_model_open("damaged_model.json", arena, &model, &error) == TP_OK) {
      accepted++;
      ck_assert_msg(model.layers >= 1 && model.head_dim >= 1 && model.kv_heads >= 1 &&
                        model.heads % model.kv_heads == 0 && tp_model_parameters(&model) > 0,
                    "case %d", c);
    } else {
      refused++;
      int line = 0;
      ck_assert_msg(sscanf(error.text, "damaged_model.json:%d: ", &line) == 1 && line >= 1,
                    "case %d: %s", c, error.text);
      ck_assert_msg(strpbrk(error.text, "\n\r") == NULL, "case %d: %s", c, error.text);
    }
    tp_arena_free(arena);
  }
  unlink("damaged_model.json");
  ck_assert_int_gt(accepted, refused / 100);
  ck_assert_int_gt(refused, accepted / 100);
}
END_TEST

static Suite *suite(void)
{
  Suite *const s = suite_create("bad models");
  TCase *const t = tcase_create("bad models");
  tcase_set_timeout(t, 60);
  tcase_add_test(t, damaged_files_never_surprise);
  tcase_add_test(t, malformed_models_are_refused_in_these_words);
  suite_add_tcase(s, t);
  return s;
}
TP_SUITE_MAIN
