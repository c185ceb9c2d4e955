/* Every folder of tests/bad/platforms holds one malformed file and the exact words it must get. */
#include "../toy.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define FOLDER TP_SRCDIR "/tests/bad/platforms"

enum { MAX_CASES = 256 };

static char *cases[MAX_CASES];
static int n_cases;

static int by_name(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list_cases(void)
{
  DIR *folder = opendir(FOLDER);
  if (folder == NULL)
    return;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL && n_cases < MAX_CASES;)
    if (entry->d_name[0] != '.')
      cases[n_cases++] = strdup(entry->d_name);
  closedir(folder);
  qsort(cases, (size_t)n_cases, sizeof *cases, by_name);
}

static bool exists(const char *path)
{
  FILE *file = fopen(path, "r");
  if (file != NULL)
    fclose(file);
  return file != NULL;
}

static enum tp_status read_json(const char *path, const char *kind, struct tp_arena *arena,
                                struct tp_error *error)
{
  struct tp_doc doc;
  struct tp_platform platform;
  struct tp_device device;
  struct tp_stack stack;
  enum tp_status status = tp_doc_open(path, arena, &doc, error);
  if (status != TP_OK)
    return status;
  if (strcmp(kind, "platform.json") == 0)
    status = tp_platform_read(&doc, arena, &platform, error);
  else if (strcmp(kind, "device.json") == 0)
    status = tp_device_read(&doc, arena, &device, error);
  else
    status = tp_stack_read(&doc, arena, &stack, error);
  tp_doc_close(&doc);
  return status;
}

START_TEST(is_refused)
{
  static const char *const kinds[] = {"platform.json", "device.json", "stack.json", "platform.xml"};
  struct tp_arena *arena = tp_arena_create();
  struct tp_error error = {""};
  struct tp_platform platform;
  const char *folder = tp_arena_printf(arena, FOLDER "/%s/", cases[_i]);
  for (size_t k = 0; k < 4; k++) {
    const char *path = tp_arena_printf(arena, "%s%s", folder, kinds[k]);
    if (!exists(path))
      continue;
    if (k == 3 && !toy_reads_xml())
      goto end;
    const enum tp_status status = k == 3 ? tp_platform_read_xml(path, arena, &platform, &error)
                                         : read_json(path, kinds[k], arena, &error);
    ck_assert_msg(status == TP_E_INPUT, "%s: accepted", cases[_i]);
  }
  ck_assert_msg(strncmp(error.text, folder, strlen(folder)) == 0, "%s: no file named in: %s",
                cases[_i], error.text);
  const char *got = error.text + strlen(folder);
  char expected[sizeof error.text] = "";
  FILE *file = fopen(tp_arena_printf(arena, "%sexpected", folder), "r");
  ck_assert_msg(file != NULL && fgets(expected, sizeof expected, file) != NULL,
                "%s: no file 'expected'; the words were: %s", cases[_i], got);
  fclose(file);
  expected[strcspn(expected, "\n")] = '\0';
  ck_assert_msg(strcmp(got, expected) == 0, "%s: got\n%s\nwant\n%s", cases[_i], got, expected);
end:
  tp_arena_free(arena);
}
END_TEST

/* Sections without which a stack says too little; what came later may be left out. */
static const char *const needed[] = {"launch", "attention", "fusion", "head", "collectives"};
static const char *const later[] = {"memory", "pipeline"};
enum { N_NEEDED = sizeof needed / sizeof *needed, N_LATER = sizeof later / sizeof *later };

START_TEST(sections_of_a_stack)
{
  const bool is_needed = _i < N_NEEDED;
  const char *const section = is_needed ? needed[_i] : later[_i - N_NEEDED];
  struct tp_arena *arena = tp_arena_create();
  struct tp_error error = {""};
  struct tp_doc doc;
  struct tp_stack stack;
  ck_assert_int_eq(tp_doc_open(TP_SRCDIR "/platforms/stacks/vllm-graph.json", arena, &doc, &error),
                   TP_OK);
  ck_assert_int_eq(tp_stack_read(&doc, arena, &stack, &error), TP_OK);
  ck_assert_int_eq(json_object_del(doc.root, section), 0);
  ck_assert_msg(tp_stack_read(&doc, arena, &stack, &error) == (is_needed ? TP_E_INPUT : TP_OK),
                "%s", section);
  ck_assert(!is_needed || strstr(error.text, tp_arena_printf(arena, " %s: missing", section)));
  tp_doc_close(&doc);
  tp_arena_free(arena);
}
END_TEST

START_TEST(cases_are_there)
{
  ck_assert_int_ge(n_cases, 60);
}
END_TEST

static Suite *suite(void)
{
  list_cases();
  Suite *suite = suite_create("bad platforms");
  TCase *words = tcase_create("words");
  tcase_add_test(words, cases_are_there);
  tcase_add_loop_test(words, is_refused, 0, n_cases);
  tcase_add_loop_test(words, sections_of_a_stack, 0, N_NEEDED + N_LATER);
  suite_add_tcase(suite, words);
  return suite;
}
TP_SUITE_MAIN
