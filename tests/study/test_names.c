/* Rows name their inputs: as asked for, unmistakably, and a changed file behind a name is said. */
#define _XOPEN_SOURCE 700
#include "predict/name.h"
#include "sweep/sidecar.h"

#include "../suite.h"
#include "world.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct world world;
static char folder[] = "/tmp/tpsim-test-XXXXXX";

static void set_up(void)
{
  world_open(&world);
  strcpy(folder + strlen(folder) - 6, "XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
  ck_assert_int_eq(chdir(folder), 0);
  ck_assert_int_eq(mkdir("llama", 0700) + mkdir("llama/deep", 0700) + mkdir("0123abcd", 0700), 0);
}

static void tear_down(void)
{
  ck_assert_int_eq(chdir("/"), 0);
  static const char *const names[] = {"llama/deep", "llama", "0123abcd", "r.csv.json"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    remove(tp_arena_printf(world.arena, "%s/%s", folder, names[i]));
  ck_assert_int_eq(rmdir(folder), 0);
  world_close(&world);
}

/* In which folder, what is asked for, and what the row says; '~' is the test's folder. */
static const struct {
  const char *in, *asked, *name;
} names[] = {
    {".", "llama-3.1-8b", "llama-3.1-8b"},
    {".", "mine.json", "mine.json"},
    {".", "a/mine.json", "a/mine.json"},
    {".", "./mine.json", "./mine.json"},
    {".", "llama/config.json", "llama/config.json"},
    {".", "./llama/config.json", "./llama/config.json"},
    {".", "../x/llama/config.json", "../x/llama/config.json"},
    {".", "models--org--Llama/snapshots/0123abcd/config.json",
     "models--org--Llama/snapshots/0123abcd/config.json"},
    {".", "0123abcd/config.json", "~/0123abcd/config.json"},
    {".", "./0123abcd/config.json", "~/0123abcd/config.json"},
    {".", "0123abcd", "~/0123abcd"},
    {".", "1234567", "1234567"},
    {".", "llama", "llama"},
    {"llama", "config.json", "~/llama/config.json"},
    {"llama", "./config.json", "~/llama/config.json"},
    {"llama/deep", "../config.json", "~/llama/config.json"},
    {"llama/deep", "../../llama/config.json", "../../llama/config.json"},
    {"llama/deep", "../../llama/deep/../config.json", "~/llama/config.json"},
    {".", "./llama", "./llama"},
    {".", "llama/", "llama/"},
    {"llama", ".", "~/llama"},
    {"llama", "./", "~/llama"},
    {"llama/deep", "..", "~/llama"},
    {".", "nowhere/../config.json", "nowhere/../config.json"},
};

START_TEST(rows_say_what_was_asked)
{
  ck_assert_int_eq(chdir(names[_i].in), 0);
  const char *want = names[_i].name;
  if (want[0] == '~')
    want = tp_arena_printf(world.arena, "%s%s", folder, want + 1);
  ck_assert_str_eq(tp_row_name(names[_i].asked, world.arena), want);
}
END_TEST

static struct tp_notes notes_of(const char *sidecar, const char *const *command, size_t n)
{
  FILE *const out = fopen("r.csv.json", "w");
  ck_assert_ptr_nonnull(out);
  fputs(sidecar, out);
  fclose(out);
  return tp_sidecar_differences("r.csv", &world.catalog, command, n, world.arena);
}

START_TEST(a_changed_file_is_said)
{
  const struct tp_model *model;
  struct tp_error error;
  ck_assert_int_eq(tp_catalog_model(&world.catalog, "llama-3.1-8b", &model, &error), TP_OK);
  const char *const hash = world.catalog.inputs[0].hash;
  const char *const same = tp_arena_printf(world.arena,
                                           "{\"inputs\": [{\"file\": \"models/llama-3.1-8b.json\", "
                                           "\"fnv1a64\": \"%s\"}]}",
                                           hash);
  ck_assert_uint_eq(notes_of(same, NULL, 0).n, 0);
  struct tp_notes notes =
      notes_of("{\"inputs\": [{\"file\": \"models/llama-3.1-8b.json\", \"fnv1a64\": \"00\"}, "
               "{\"file\": \"gone\", \"fnv1a64\": \"1\"}, 7, {}], \"command\": 3}",
               NULL, 0);
  ck_assert_uint_eq(notes.n, 1);
  ck_assert_ptr_nonnull(strstr(notes.texts[0], "models/llama-3.1-8b.json (fnv1a64 00, now "));
  notes = notes_of("not JSON", NULL, 0);
  ck_assert_uint_eq(notes.n, 1);
  ck_assert_ptr_nonnull(strstr(notes.texts[0], "not known"));
  unlink("r.csv.json");
  ck_assert_uint_eq(tp_sidecar_differences("r.csv", &world.catalog, NULL, 0, world.arena).n, 0);
}
END_TEST

START_TEST(an_option_of_no_column_is_said)
{
  static const char sidecar[] = "{\"command\": [\"tpsim\", \"--set\", \"a=1\", \"--set=b=2\", "
                                "\"--collective\", \"ring\", \"--set\"], \"inputs\": []}";
  static const char *const now[] = {"tpsim", "--collective=ring", "--set", "b=2", "--set", "c=3"};
  struct tp_notes notes = notes_of(sidecar, now, 6);
  ck_assert_uint_eq(notes.n, 1);
  ck_assert_ptr_nonnull(strstr(notes.texts[0], "with --set=a=1, which is not given"));
  ck_assert_uint_eq(notes_of(sidecar, now, 1).n, 3);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("names");
  TCase *tcase = tcase_create("inputs");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_loop_test(tcase, rows_say_what_was_asked, 0, (int)(sizeof names / sizeof names[0]));
  tcase_add_test(tcase, a_changed_file_is_said);
  tcase_add_test(tcase, an_option_of_no_column_is_said);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
