/* Every folder of tests/bad/models holds a config.json that must be refused, and the words. */
#define _XOPEN_SOURCE 700
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

static Suite *suite(void)
{
  Suite *const s = suite_create("bad models");
  TCase *const t = tcase_create("bad models");
  tcase_add_test(t, malformed_models_are_refused_in_these_words);
  suite_add_tcase(s, t);
  return s;
}
TP_SUITE_MAIN
