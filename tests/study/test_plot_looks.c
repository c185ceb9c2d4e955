/* How a picture's names and series look: text that is data, styles that differ, the script. */
#include "plot/plot.h"
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

static const char *script_of(const struct tp_plot_kind *kind, const char *text)
{
  const struct tp_plot_filter filter = {.n = {0}};
  struct tp_error error = {.text = ""};
  struct tp_csv csv;
  struct tp_plot plot;
  ck_assert_int_eq(tp_csv_parse("t.csv", text, arena, &csv, &error), TP_OK);
  ck_assert_msg(tp_plot_shape(kind, &csv, 1, &filter, NULL, arena, &plot, &error) == TP_OK, "%s",
                error.text);
  char *bytes = NULL;
  size_t size = 0;
  FILE *const out = open_memstream(&bytes, &size);
  ck_assert_ptr_nonnull(out);
  tp_plot_write(&plot, "svg", arena, out);
  fclose(out);
  const char *const script = tp_arena_strdup(arena, bytes);
  free(bytes);
  return script;
}

START_TEST(test_script)
{
  const char *const script = script_of(&tp_plot_speedup, "model,variant,tp,speedup\n"
                                                         "\"it's\n`pwd`\",ladder,8,1.5\n"
                                                         "\"it's\n`pwd`\",a%sb,2,1.25\n"
                                                         "m,ladder,8,1.25\n");
  ck_assert_ptr_nonnull(strstr(script, "set multiplot layout 1,2 margins screen "));
  ck_assert_ptr_nonnull(strstr(script, "set title 'it'.\"\\047\".'s `pwd`' offset"));
  ck_assert_ptr_nonnull(strstr(script, "$data << EOD\n8 1.5 0 0 0\n\n\n2 1.25 0 0 0\n\n\nEOD\n"));
  ck_assert_ptr_nonnull(strstr(script, "title 'a%sb'"));
  ck_assert_ptr_nonnull(strstr(script, "svg noenhanced"));
  ck_assert_ptr_nonnull(strstr(script, "set xtics ('2' 2 0, '8' 8 0)"));
}
END_TEST

/* Twenty-one sizes leave room for a few figures; a mark stands at every second point. */
START_TEST(test_script_thins)
{
  const char *text = "platform,stack,tp,bytes,algorithm,time_us,busbw_gb_per_s\n";
  for (int i = 0; i < 21; i++)
    text = tp_arena_printf(arena, "%sl40,s,2,%d,ring,1,1\n", text, 1024 << i);
  const char *const script = script_of(&tp_plot_collectives, text);
  ck_assert_ptr_nonnull(strstr(script, "('1 KiB' 1024 0, '' 2048 1, "));
  ck_assert_ptr_null(strstr(script, "'2 KiB'"));
  ck_assert_ptr_nonnull(strstr(script, " pi 2"));
  ck_assert_ptr_null(strstr(script, "filledcurves"));
}
END_TEST

START_TEST(test_script_bands)
{
  const char *const script =
      script_of(&tp_plot_collectives, "platform,stack,tp,bytes,algorithm,time_us,busbw_gb_per_s,"
                                      "low_us,high_us\n"
                                      "l40,s,2,1024,ring,4,1,3,5\nl40,s,2,2048,ring,8,1,6,10\n");
  ck_assert_ptr_nonnull(strstr(script, "\n1024 4 0 3 5\n2048 8 0 6 10\n"));
  ck_assert_ptr_nonnull(strstr(script, "$data index 0 using 1:4:5 with filledcurves ls 1"));
}
END_TEST

static Suite *suite(void)
{
  Suite *s = suite_create("plot looks");
  TCase *looks = tcase_create("looks");
  tcase_add_checked_fixture(looks, set_up, tear_down);
  tcase_add_loop_test(looks, test_names, 0, sizeof names / sizeof names[0]);
  tcase_add_loop_test(looks, test_wrap, 0, sizeof wraps / sizeof wraps[0]);
  tcase_add_test(looks, test_styles_differ);
  tcase_add_test(looks, test_styles_stay);
  tcase_add_test(looks, test_script);
  tcase_add_test(looks, test_script_thins);
  tcase_add_test(looks, test_script_bands);
  suite_add_tcase(s, looks);
  return s;
}
TP_SUITE_MAIN
