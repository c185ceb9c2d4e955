/* How a picture's names and series look: text that is data, cuts and styles that differ. */
#include "plot/style.h"
#include "plot/text.h"
#include "program/variant.h"

#include "../suite.h"

#include <string.h>

static struct tp_arena *arena;

static void set_up(void)
{
  arena = tp_arena_create();
}

static void tear_down(void)
{
  tp_arena_free(arena);
}

static const char *put(struct tp_plot_text text)
{
  char *bytes = NULL;
  size_t size = 0;
  FILE *const out = open_memstream(&bytes, &size);
  ck_assert_ptr_nonnull(out);
  tp_plot_put_text(text, out);
  fclose(out);
  const char *const result = tp_arena_strdup(arena, bytes);
  free(bytes);
  return result;
}

static const struct {
  const char *name, *text, *put;
} names[] = {
    {"plain", "llama-3.1-8b", "'llama-3.1-8b'"},
    {"empty", "", "''"},
    {"quotes", "it's \"so\"", "'it'.\"\\047\".'s \"so\"'"},
    {"commands", "`pwd` $(pwd) @x \\", "'`pwd` $(pwd) @x \\'"},
    {"markup", "a_{b}^c&amp;<b>", "'a_{b}^c&amp;<b>'"},
    {"a reference", "&#65;", "'&\xe2\x80\x8b#65;'"},
    {"lines", "a\nb\tc\x1b[1m\x7f", "'a b c [1m '"},
    {"two bytes", "\xc3\xa9", "'\xc3\xa9'"},
    {"three bytes", "\xe6\xa8\xa1", "'\xe6\xa8\xa1'"},
    {"four bytes", "\xf0\x9f\xaa\x9c", "'\xf0\x9f\xaa\x9c'"},
    {"Latin-1", "caf\xe9!", "'caf\xef\xbf\xbd!'"},
    {"cut short", "a\xe6\xa8", "'a\xef\xbf\xbd\xef\xbf\xbd'"},
    {"overlong", "\xc0\xaf", "'\xef\xbf\xbd\xef\xbf\xbd'"},
    {"overlong, three", "\xe0\x80\xaf", "'\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd'"},
    {"a surrogate", "\xed\xa0\x80", "'\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd'"},
    {"beyond Unicode", "\xf4\x90\x80\x80", "'\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd'"},
    {"no character", "\xef\xbf\xbe.", "' .'"},
    {"a control of C1", "\xc2\x85.", "' .'"},
    {"longer than 24", "abcdefghijklmnopqrstuvwxyz", "'abcdefghijklmnopqrstuvw\xe2\x80\xa6'"},
    {"24 wide ones",
     "\xe6\xa8\xa1\xe6\xa8\xa1\xe6\xa8\xa1\xe6\xa8\xa1\xe6\xa8\xa1\xe6\xa8\xa1"
     "\xe6\xa8\xa1\xe6\xa8\xa1\xe6\xa8\xa1\xe6\xa8\xa1\xe6\xa8\xa1\xe6\xa8\xa1!",
     "'\xe6\xa8\xa1\xe6\xa8\xa1\xe6\xa8\xa1\xe6\xa8\xa1\xe6\xa8\xa1\xe6\xa8\xa1"
     "\xe6\xa8\xa1\xe6\xa8\xa1\xe6\xa8\xa1\xe6\xa8\xa1\xe6\xa8\xa1\xe2\x80\xa6'"},
};

START_TEST(test_names)
{
  ck_assert_str_eq(put(tp_plot_cut(names[_i].text, 24, arena)), names[_i].put);
}
END_TEST

static const struct {
  const char *text;
  int width, n, widest;
  const char *put;
} wraps[] = {
    {"does not fit", 20, 1, 12, "'does not fit'"},
    {"does not fit", 9, 2, 8, "'does not'.\"\\n\".'fit'"},
    {"l40, fast, 2 ranks: us", 18, 2, 11, "'l40, fast,'.\"\\n\".'2 ranks: us'"},
    {"overwhelming", 5, 1, 5, "'over\xe2\x80\xa6'"},
    {"a overwhelming b", 5, 3, 5, "'a'.\"\\n\".'over\xe2\x80\xa6'.\"\\n\".'b'"},
    {"  ", 5, 1, 0, "''"},
};

START_TEST(test_wrap)
{
  const struct tp_plot_text text = tp_plot_wrap(wraps[_i].text, wraps[_i].width, arena);
  ck_assert_str_eq(put(text), wraps[_i].put);
  ck_assert_uint_eq(text.n, (size_t)wraps[_i].n);
  ck_assert_int_eq(text.width, wraps[_i].widest);
}
END_TEST

#define HUB      "models--meta-llama--Llama-3.1-"
#define SNAPSHOT "/snapshots/0e9e39f249a16976918f6564b8830bc894c89659"

static const struct {
  const char *names[4]; /* NULL-terminated, at most three */
  int width;
  const char *shown[3];
} cuts[] = {
    {{"standard", "ladder"}, 24, {"standard", "ladder"}},
    {{HUB "8B-Instruct" SNAPSHOT, HUB "70B-Instruct" SNAPSHOT, "ladder"},
     24,
     {"\xe2\x80\xa6Llama-3.1-8B-Instruct/\xe2\x80\xa6",
      "\xe2\x80\xa6Llama-3.1-70B-Instruct\xe2\x80\xa6", "ladder"}},
    {{HUB "8B-Instruct" SNAPSHOT, HUB "70B-Instruct" SNAPSHOT},
     12,
     {"\xe2\x80\xa6"
      "3.1-8B-Ins\xe2\x80\xa6",
      "\xe2\x80\xa6"
      "3.1-70B-In\xe2\x80\xa6"}},
    {{"the-same-beginning-and-one", "the-same-beginning-and-two"},
     12,
     {"\xe2\x80\xa6"
      "and-one",
      "\xe2\x80\xa6"
      "and-two"}},
    {{"of-one-beginning", "of-one-beginning-longer"},
     10,
     {"\xe2\x80\xa6"
      "beginning",
      "\xe2\x80\xa6nning-lo\xe2\x80\xa6"}},
    {{"words-far-off-and-overwhelmingly-1", "words-far-off-and-overwhelmingly-2"},
     12,
     {"\xe2\x80\xa6"
      "helmingly-1",
      "\xe2\x80\xa6"
      "helmingly-2"}},
    {{"the variant 10", "the variant 20", "the variant 30"},
     4,
     {"\xe2\x80\xa6"
      "10",
      "\xe2\x80\xa6"
      "20",
      "\xe2\x80\xa6"
      "30"}},
    {{"one name alone is cut behind", "another"}, 10, {"one name \xe2\x80\xa6", "another"}},
    {{"twice a name that is long", "twice a name that is long"},
     10,
     {"twice a n\xe2\x80\xa6", "twice a n\xe2\x80\xa6"}},
};

START_TEST(test_cuts)
{
  size_t n = 0;
  while (cuts[_i].names[n] != NULL)
    n++;
  const struct tp_plot_text *const texts =
      tp_plot_cut_all(cuts[_i].names, n, cuts[_i].width, arena);
  for (size_t i = 0; i < n; i++) {
    ck_assert_str_eq(texts[i].lines[0], cuts[_i].shown[i]);
    ck_assert_int_le(texts[i].width, cuts[_i].width);
  }
}
END_TEST

/* Whatever names have in common, in front, behind or between, and whatever room there is. */
START_TEST(test_cuts_differ)
{
  enum { MOST = 90 };
  const char *const a = "what-all-of-them-begin-with-and", *const b = "what-they-end-in-at-last";
  const char *all[MOST];
  for (int i = 0; i < MOST; i++)
    all[i] = _i == 0   ? tp_arena_printf(arena, "%s%s%d", a, b, i)
             : _i == 1 ? tp_arena_printf(arena, "%d%s%s", i, a, b)
             : _i == 2 ? tp_arena_printf(arena, "%s%d%s", a, i, b)
             : _i == 3 ? tp_arena_printf(arena, "/a/%s/%d/%s/%d.tpa", a, i / 9, b, i % 9)
                       : tp_arena_printf(arena, "\xe6\xa8\xa1%s%d\xe6\xa8\xa1%s", b, i, a);
  for (int width = 6; width <= 40; width++) {
    const struct tp_plot_text *const texts = tp_plot_cut_all(all, MOST, width, arena);
    for (int i = 0; i < MOST; i++) {
      ck_assert_int_le(texts[i].width, width);
      for (int k = 0; k < i; k++)
        ck_assert_msg(strcmp(texts[i].lines[0], texts[k].lines[0]) != 0, "%s and %s in %d: %s",
                      all[i], all[k], width, texts[i].lines[0]);
    }
  }
}
END_TEST

static bool alike(const struct tp_plot_style *a, const struct tp_plot_style *b)
{
  return strcmp(a->colour, b->colour) == 0 && a->mark == b->mark && a->dash == b->dash;
}

/* Whatever is built in, and 100 names that are not. */
START_TEST(test_styles_differ)
{
  enum { MOST = 200 };
  const char *series[MOST];
  struct tp_plot_style styles[MOST];
  size_t n = 0;
  for (size_t i = 0; tp_architectures[i] != NULL; i++)
    series[n++] = tp_architectures[i]->name;
  for (size_t i = 0; tp_overlaps[i] != NULL; i++)
    series[n++] = tp_overlaps[i]->name;
  for (int i = 0; i < 100; i++)
    series[n++] = tp_arena_printf(arena, "spd:%d", i);
  tp_plot_styles(series, n, styles);
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < i; k++) {
      ck_assert_msg(!alike(&styles[i], &styles[k]), "%s and %s", series[i], series[k]);
      if (i < 12)
        ck_assert_str_ne(styles[i].colour, styles[k].colour);
    }
}
END_TEST

/* The architectures' do not hang on what else is drawn, or on the order. */
START_TEST(test_styles_stay)
{
  struct tp_plot_style alone[2], among[5];
  tp_plot_styles((const char *[]){"standard", "ladder"}, 2, alone);
  tp_plot_styles((const char *[]){"b", "spd:30", "ladder", "a", "standard"}, 5, among);
  ck_assert(alike(&alone[0], &among[4]));
  ck_assert(alike(&alone[1], &among[2]));
  ck_assert_str_eq(alone[0].colour, "#000000");
  ck_assert_int_eq(alone[0].dash, 1);
}
END_TEST

static Suite *suite(void)
{
  Suite *s = suite_create("plot looks");
  TCase *looks = tcase_create("looks");
  tcase_add_checked_fixture(looks, set_up, tear_down);
  tcase_add_loop_test(looks, test_names, 0, sizeof names / sizeof names[0]);
  tcase_add_loop_test(looks, test_wrap, 0, sizeof wraps / sizeof wraps[0]);
  tcase_add_loop_test(looks, test_cuts, 0, sizeof cuts / sizeof cuts[0]);
  tcase_add_loop_test(looks, test_cuts_differ, 0, 5);
  tcase_add_test(looks, test_styles_differ);
  tcase_add_test(looks, test_styles_stay);
  suite_add_tcase(s, looks);
  return s;
}
TP_SUITE_MAIN
