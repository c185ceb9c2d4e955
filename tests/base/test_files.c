/* Files in and out: reading, finding by name, writing whole or not at all. */
#define _XOPEN_SOURCE 700 /* mkdtemp, symlink */
#include "../suite.h"
#include "base/datadir.h"
#include "base/file.h"
#include "base/output.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tp_arena *arena;
static struct tp_error error;
static char folder[] = "test_files.XXXXXX";

static const char *in_folder(const char *name)
{
  return tp_arena_printf(arena, "%s/%s", folder, name);
}

static void put_file(const char *path, const char *bytes, size_t n)
{
  FILE *const out = fopen(path, "w");
  ck_assert_ptr_nonnull(out);
  ck_assert_uint_eq(fwrite(bytes, 1, n, out), n);
  fclose(out);
}

static const char *contents(const char *path)
{
  const char *text = NULL;
  ck_assert_msg(tp_file_read(path, arena, &text, &error) == TP_OK, "%s", error.text);
  return text;
}

static void setup(void)
{
  arena = tp_arena_create();
  memcpy(folder, "test_files.XXXXXX", sizeof folder);
  ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void teardown(void)
{
  const char *const names[] = {"out.csv", "out.csv.tmp", "real.csv", "link.csv", "in.txt"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    unlink(in_folder(names[i]));
  for (int root = 0; root < 2; root++) {
    const char *const made[] = {"a", "b", "ab"};
    for (int i = 0; i < 3; i++)
      unlink(in_folder(tp_arena_printf(arena, "%d/models/%s.json", root, made[i])));
    unlink(in_folder(tp_arena_printf(arena, "%d/models/README.md", root)));
    rmdir(in_folder(tp_arena_printf(arena, "%d/models", root)));
    rmdir(in_folder(tp_arena_printf(arena, "%d", root)));
  }
  ck_assert_msg(rmdir(folder) == 0, "a test left a file in %s", folder);
  tp_arena_free(arena);
}

START_TEST(reads_whole_files)
{
  static char big[10000];
  memset(big, 'x', sizeof big);
  put_file(in_folder("in.txt"), big, sizeof big);
  ck_assert_uint_eq(strlen(contents(in_folder("in.txt"))), sizeof big);
  put_file(in_folder("in.txt"), "", 0);
  ck_assert_str_eq(contents(in_folder("in.txt")), "");
}
END_TEST

START_TEST(a_byte_order_mark_is_no_text)
{
  put_file(in_folder("in.txt"), "\xEF\xBB\xBF{}\n", 6);
  ck_assert_str_eq(contents(in_folder("in.txt")), "{}\n");
  put_file(in_folder("in.txt"), "\xEF\xBB{}", 4);
  ck_assert_str_eq(contents(in_folder("in.txt")), "\xEF\xBB{}");
  put_file(in_folder("in.txt"), "\xEF\xBB\xBF", 3);
  ck_assert_str_eq(contents(in_folder("in.txt")), "");
}
END_TEST

START_TEST(unreadable_files_are_named)
{
  const char *text = NULL;
  put_file(in_folder("in.txt"), "a\0b", 3);
  ck_assert_int_eq(tp_file_read(in_folder("in.txt"), arena, &text, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, in_folder("in.txt: holds a NUL byte; give a text file"));
  ck_assert_int_eq(tp_file_read(folder, arena, &text, &error), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, ": cannot be read: Is a directory"));
  ck_assert_int_eq(tp_file_read(in_folder("none"), arena, &text, &error), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, ": cannot be opened: No such file"));
  ck_assert_int_eq(truncate(in_folder("in.txt"), 256 * 1024 * 1024), 0);
  ck_assert_int_eq(tp_file_read(in_folder("in.txt"), arena, &text, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, in_folder("in.txt: larger than 256 MiB; give a smaller file"));
  ck_assert_ptr_null(text);
}
END_TEST

static const struct {
  const char *bytes;
  size_t n;
  const char *said;
} others[] = {
    {"\xFF\xFEm\0o\0", 6, "in.txt: UTF-16; save it as UTF-8 (iconv -f UTF-16 -t UTF-8)"},
    {"\xFE\xFF\0m\0o", 6, "in.txt: UTF-16; save it as UTF-8 (iconv -f UTF-16 -t UTF-8)"},
    {"\x1F\x8B\x08\0", 4, "in.txt: packed by gzip; give what gunzip makes of it"},
    {"PK\x03\x04\x14\0", 6,
     "in.txt: a ZIP file, as spreadsheets are; give a text file, such as CSV"},
};

START_TEST(other_files_are_named)
{
  const char *text = NULL;
  put_file(in_folder("in.txt"), others[_i].bytes, others[_i].n);
  ck_assert_int_eq(tp_file_read(in_folder("in.txt"), arena, &text, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, in_folder(others[_i].said));
}
END_TEST

static void write_out(const char *path, const char *text, bool commit)
{
  struct tp_output output;
  ck_assert_msg(tp_output_open(path, arena, &output, &error) == TP_OK, "%s", error.text);
  fputs(text, output.stream);
  if (commit)
    ck_assert_msg(tp_output_commit(&output, &error) == TP_OK, "%s", error.text);
  else
    tp_output_abort(&output);
}

START_TEST(results_appear_whole)
{
  const char *const path = in_folder("out.csv");
  write_out(path, "first", true);
  ck_assert_str_eq(contents(path), "first");
  struct tp_output output;
  ck_assert_int_eq(tp_output_open(path, arena, &output, &error), TP_OK);
  fputs("half", output.stream);
  fflush(output.stream);
  ck_assert_str_eq(contents(path), "first");
  fputs(" and half", output.stream);
  ck_assert_int_eq(tp_output_commit(&output, &error), TP_OK);
  ck_assert_str_eq(contents(path), "half and half");
  ck_assert_int_ne(access(in_folder("out.csv.tmp"), F_OK), 0);
}
END_TEST

START_TEST(aborted_results_leave_nothing)
{
  write_out(in_folder("out.csv"), "x", false);
  ck_assert_int_ne(access(in_folder("out.csv"), F_OK), 0);
  ck_assert_int_ne(access(in_folder("out.csv.tmp"), F_OK), 0);
  write_out(in_folder("out.csv"), "old", true);
  write_out(in_folder("out.csv"), "new", false);
  ck_assert_str_eq(contents(in_folder("out.csv")), "old");
}
END_TEST

START_TEST(links_are_followed)
{
  put_file(in_folder("real.csv"), "old", 3);
  ck_assert_int_eq(symlink("real.csv", in_folder("link.csv")), 0);
  write_out(in_folder("link.csv"), "new", true);
  struct stat info;
  ck_assert_int_eq(lstat(in_folder("link.csv"), &info), 0);
  ck_assert(S_ISLNK(info.st_mode));
  ck_assert_str_eq(contents(in_folder("real.csv")), "new");
}
END_TEST

/* A pipe stands for every special file: a mistake here must not replace one of /dev. */
START_TEST(pipes_are_written_directly)
{
  const char *const path = in_folder("out.csv");
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  const int reader = open(path, O_RDONLY | O_NONBLOCK);
  ck_assert_int_ge(reader, 0);
  write_out(path, "x", true);
  struct stat info;
  ck_assert_int_eq(lstat(path, &info), 0);
  ck_assert(S_ISFIFO(info.st_mode));
  char got[2] = "";
  ck_assert_int_eq(read(reader, got, sizeof got), 1);
  ck_assert_int_eq(got[0], 'x');
  close(reader);
}
END_TEST

/* A file size limit stands for a full disk. */
static struct rlimit fill_disk(void)
{
  struct rlimit before;
  ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
  const struct rlimit limit = {.rlim_cur = 100, .rlim_max = before.rlim_max};
  signal(SIGXFSZ, SIG_IGN);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  return before;
}

static void empty_disk(struct rlimit before)
{
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, SIG_DFL);
}

/* The disk has room again when the result is committed, or not: `i` 1 or 0. */
START_TEST(a_failed_write_leaves_the_older_result)
{
  write_out(in_folder("out.csv"), "old", true);
  struct tp_output output;
  ck_assert_int_eq(tp_output_open(in_folder("out.csv"), arena, &output, &error), TP_OK);
  const struct rlimit before = fill_disk();
  for (int i = 0; i < 20000; i++)
    putc('x', output.stream);
  if (_i == 1)
    empty_disk(before);
  const enum tp_status committed = tp_output_commit(&output, &error);
  if (_i == 0)
    empty_disk(before);
  ck_assert_int_eq(committed, TP_E_ENVIRONMENT);
  ck_assert_ptr_nonnull(strstr(error.text, _i == 0
                                               ? "/out.csv: cannot be written: File too large"
                                               : "/out.csv: cannot be written: a write failed"));
  ck_assert_str_eq(contents(in_folder("out.csv")), "old");
  ck_assert_int_ne(access(in_folder("out.csv.tmp"), F_OK), 0);
}
END_TEST

START_TEST(an_unwritable_place_is_reported)
{
  struct tp_output output;
  ck_assert_int_eq(tp_output_open(in_folder("no/out.csv"), arena, &output, &error),
                   TP_E_ENVIRONMENT);
  ck_assert_str_eq(error.text, in_folder("no/out.csv: cannot be written: No such file or "
                                         "directory; give another place"));
  ck_assert_int_eq(tp_output_open(folder, arena, &output, &error), TP_E_ENVIRONMENT);
  ck_assert_ptr_nonnull(strstr(error.text, "Is a directory"));
}
END_TEST

static struct tp_datadir make_roots(void)
{
  const char **const roots = TP_NEW(arena, const char *, 3);
  for (int root = 0; root < 2; root++) {
    roots[root] = in_folder(tp_arena_printf(arena, "%d", root));
    mkdir(roots[root], 0700);
    mkdir(tp_arena_printf(arena, "%s/models", roots[root]), 0700);
  }
  roots[2] = in_folder("2");
  put_file(in_folder("0/models/b.json"), "0", 1);
  put_file(in_folder("0/models/README.md"), "0", 1);
  put_file(in_folder("1/models/b.json"), "1", 1);
  put_file(in_folder("1/models/a.json"), "1", 1);
  put_file(in_folder("1/models/ab.json"), "1", 1);
  return (struct tp_datadir){.roots = roots, .n_roots = 3};
}

START_TEST(names_are_listed_once_and_sorted)
{
  const struct tp_datadir dirs = make_roots();
  const char **names;
  size_t n;
  ck_assert_int_eq(tp_datadir_list(&dirs, "models", ".json", arena, &names, &n, &error), TP_OK);
  ck_assert_uint_eq(n, 3);
  ck_assert_str_eq(names[0], "a");
  ck_assert_str_eq(names[1], "ab");
  ck_assert_str_eq(names[2], "b");
  ck_assert_int_eq(tp_datadir_list(&dirs, "stacks", ".json", arena, &names, &n, &error),
                   TP_E_ENVIRONMENT);
  ck_assert_str_eq(error.text,
                   "no stacks/*.json in any data directory; install the package whole, or name a "
                   "source tree: by TPSIM_DATA, or to tpsim_open of the library");
}
END_TEST

static enum tp_status find(const struct tp_datadir *dirs, const char *name, const char **path)
{
  return tp_datadir_find(dirs, "model", "models", ".json", name, arena, path, &error);
}

START_TEST(names_and_paths_are_found)
{
  const struct tp_datadir dirs = make_roots();
  const char *path = NULL;
  ck_assert_int_eq(find(&dirs, "b", &path), TP_OK);
  ck_assert_str_eq(path, in_folder("0/models/b.json"));
  ck_assert_int_eq(find(&dirs, "ab", &path), TP_OK);
  ck_assert_str_eq(path, in_folder("1/models/ab.json"));
  ck_assert_int_eq(find(&dirs, in_folder("0/models/README.md"), &path), TP_OK);
  ck_assert_str_eq(path, in_folder("0/models/README.md"));
  ck_assert_int_eq(find(&dirs, "./x.json", &path), TP_E_INPUT);
  ck_assert_str_eq(error.text, "./x.json: no such file; give the path of a model file or a name");
  ck_assert_int_eq(find(&dirs, "abb", &path), TP_E_INPUT);
  ck_assert_str_eq(error.text, "no model 'abb'; did you mean 'ab'?");
}
END_TEST

/* A file, or a folder with a config.json, that stands here under a name that the data lacks. */
START_TEST(what_stands_here_is_pointed_to)
{
  const char *const roots[] = {"0", "1"};
  const struct tp_datadir dirs = {.roots = roots, .n_roots = 2};
  const char *path = NULL;
  make_roots();
  ck_assert_int_eq(chdir(folder), 0);
  mkdir("abb", 0700);
  put_file("abc", "0", 1);
  ck_assert_int_eq(find(&dirs, "abc", &path), TP_E_INPUT);
  ck_assert_str_eq(error.text, "no model 'abc' in the data; './abc' is the one here");
  ck_assert_int_eq(find(&dirs, "abb", &path), TP_E_INPUT);
  ck_assert_str_eq(error.text, "no model 'abb'; did you mean 'ab'?");
  put_file("abb/config.json", "0", 1);
  ck_assert_int_eq(find(&dirs, "abb", &path), TP_E_INPUT);
  ck_assert_str_eq(error.text, "no model 'abb' in the data; './abb' is the one here");
  ck_assert_int_eq(unlink("abc") + unlink("abb/config.json") + rmdir("abb") + chdir(".."), 0);
}
END_TEST

static Suite *suite(void)
{
  Suite *const s = suite_create("files");
  TCase *const t = tcase_create("files");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, reads_whole_files);
  tcase_add_test(t, a_byte_order_mark_is_no_text);
  tcase_add_test(t, unreadable_files_are_named);
  tcase_add_loop_test(t, other_files_are_named, 0, (int)(sizeof others / sizeof others[0]));
  tcase_add_test(t, results_appear_whole);
  tcase_add_test(t, aborted_results_leave_nothing);
  tcase_add_test(t, links_are_followed);
  tcase_add_test(t, pipes_are_written_directly);
  tcase_add_loop_test(t, a_failed_write_leaves_the_older_result, 0, 2);
  tcase_add_test(t, an_unwritable_place_is_reported);
  tcase_add_test(t, names_are_listed_once_and_sorted);
  tcase_add_test(t, names_and_paths_are_found);
  tcase_add_test(t, what_stands_here_is_pointed_to);
  suite_add_tcase(s, t);
  return s;
}
TP_SUITE_MAIN
