/* What gnuplot is told: axes, figures and names of pictures of few and of many points. */
#include "plot/plot.h"

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

#define HUB      "models--meta-llama--Llama-3.1-"
#define SNAPSHOT "/snapshots/0e9e39f249a16976918f6564b8830bc894c89659"

static const char *script_of_axes(const struct tp_plot_kind *kind, const char *text,
                                  const struct tp_plot_axes *axes)
{
  const struct tp_plot_filter filter = {.n = {0}};
  struct tp_error error = {.text = ""};
  struct tp_csv csv;
  struct tp_plot plot;
  ck_assert_int_eq(tp_csv_parse("t.csv", text, arena, &csv, &error), TP_OK);
  ck_assert_msg(tp_plot_shape(kind, &csv, 1, &filter, axes, arena, &plot, &error) == TP_OK, "%s",
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

static const char *script_of(const struct tp_plot_kind *kind, const char *text)
{
  return script_of_axes(kind, text, NULL);
}

static size_t count(const char *text, const char *what)
{
  size_t n = 0;
  for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
    n++;
  return n;
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

/* A size is told in the largest unit that it fills, TiB at most. */
static const struct {
  const char *bytes, *tick;
} sizes[] = {
    {"1023", "('1023 B' "},         {"1024", "('1 KiB' "},
    {"1048576", "('1 MiB' "},       {"1610612736", "('1.5 GiB' "},
    {"1099511627776", "('1 TiB' "}, {"2251799813685248", "('2048 TiB' "},
};

START_TEST(test_script_of_sizes)
{
  const char *const script = script_of(
      &tp_plot_collectives,
      tp_arena_printf(
          arena, "platform,stack,tp,bytes,algorithm,time_us,busbw_gb_per_s\nl40,s,2,%s,ring,1,1\n",
          sizes[_i].bytes));
  ck_assert_ptr_nonnull(strstr(script, sizes[_i].tick));
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

/* Titles are cut together, whatever else stands in them. */
START_TEST(test_script_tells_long_names_apart)
{
  static const char text[] = "model,variant,tp,batch,speedup,e2e_s,comm_exposed_s,tokens_per_s,"
                             "tpot_s\n" HUB "8B-Instruct" SNAPSHOT ",v,8,1,1,1,0.5,9,1\n" HUB
                             "70B-Instruct" SNAPSHOT ",v,8,1,1,1,0.5,9,1\n";
  static const struct tp_plot_kind *const kinds[] = {
      &tp_plot_speedup, &tp_plot_breakdown, &tp_plot_batch, &tp_plot_pareto, &tp_plot_heatmap};
  const char *const script = script_of(kinds[_i], text);
  ck_assert_ptr_nonnull(strstr(script, "set title '\xe2\x80\xa6Llama-3.1-8B-Instruct"));
  ck_assert_ptr_nonnull(strstr(script, "set title '\xe2\x80\xa6Llama-3.1-70B-Instruct"));
}
END_TEST

/* 22.75 columns a panel, and 1.5 on either side: more would reach beyond the picture. */
START_TEST(test_script_keeps_titles_in_the_picture)
{
  const char *const wide = script_of(&tp_plot_pareto, "model,variant,tp,batch,tokens_per_s,tpot_s\n"
                                                      "0123456789012345678901234567,v,8,1,1,1\n"
                                                      "other,v,8,1,2,3\n");
  ck_assert_ptr_nonnull(strstr(wide, "set title '012345678901234567890123\xe2\x80\xa6' "));
}
END_TEST

/* Names of series in a key, of bars, of columns and of lines of cells. */
START_TEST(test_script_tells_long_series_apart)
{
  static const char text[] = "model,variant,tp,batch,speedup,e2e_s,comm_exposed_s\n"
                             "m,/home/someone/wirings/one.tpa,8,1,1,1,0.5\n"
                             "m,/home/someone/wirings/two.tpa,8,1,1,1,0.5\n";
  static const struct tp_plot_axes across = {TP_PLOT_variant, TP_PLOT_tp, "speedup"},
                                   down = {TP_PLOT_tp, TP_PLOT_variant, "speedup"};
  const char *const script =
      _i == 0   ? script_of(&tp_plot_speedup, text)
      : _i == 1 ? script_of(&tp_plot_breakdown, text)
                : script_of_axes(&tp_plot_heatmap, text, _i == 2 ? &across : &down);
  ck_assert_ptr_nonnull(strstr(script, "wirings/one.tpa'"));
  ck_assert_ptr_nonnull(strstr(script, "wirings/two.tpa'"));
}
END_TEST

static const char *heat_of(int n_columns, const char *across, double first, double step)
{
  const char *text = "model,variant,tp,batch,speedup\n";
  for (int i = 0; i < n_columns; i++)
    text =
        tp_arena_printf(arena, across[0] == 'b' ? "%sm,v,8,%d,%.4g\n" : "%sm,variant-%d,8,1,%.4g\n",
                        text, i + 1, first + i * step);
  static const struct tp_plot_axes variants = {TP_PLOT_variant, TP_PLOT_tp, "speedup"};
  return script_of_axes(&tp_plot_heatmap, text, across[0] == 'b' ? NULL : &variants);
}

/* 128 columns: round figures below, none in the cells, and a scale that says what colours mean. */
START_TEST(test_script_of_many_cells)
{
  const char *const script = heat_of(128, "batch", 1, 0.0025);
  ck_assert_ptr_nonnull(strstr(script, "('1' 0, '10' 9, '20' 19, "));
  ck_assert_ptr_nonnull(strstr(script, "'120' 119, '128' 127)"));
  ck_assert_ptr_null(strstr(script, "center front"));
  ck_assert_ptr_null(strstr(script, "set format x '%s'; set xtics scale 0 font ',6' rotate"));
  ck_assert_ptr_nonnull(strstr(script, "set colorbox horizontal"));
  ck_assert_ptr_nonnull(strstr(script, "set cbtics 0.05"));
  ck_assert_ptr_nonnull(strstr(script, "set label 'speedup' at screen"));
  ck_assert_ptr_nonnull(strstr(script, "($1-0.5):($1+0.5)")); /* no air between them */
}
END_TEST

/* 15 columns: every cell has its figure, below 1 too, and names stand upright, whole. */
START_TEST(test_script_of_cells_with_figures)
{
  const char *const script = heat_of(15, "variant", 0.834, 0.03);
  ck_assert_uint_eq(count(script, "center front"), 15);
  ck_assert_ptr_nonnull(strstr(script, "set label '0.83' at first 0,0 center front"));
  ck_assert_ptr_nonnull(strstr(script, "set label '1.01' at first 6,0 center front"));
  ck_assert_ptr_null(strstr(script, "set colorbox horizontal"));
  ck_assert_ptr_nonnull(strstr(script, "rotate by 90 right ('variant-1' 0, 'variant-2' 1, "));
  ck_assert_ptr_nonnull(strstr(script, "'variant-15' 14)"));
  ck_assert_uint_eq(count(heat_of(4, "variant", 1, 0.1), "rotate by 90 right"), 0);
}
END_TEST

/* Pango cannot turn what its font lacks, so names in other scripts are cut to their columns. */
START_TEST(test_script_of_cells_turns_letters_alone)
{
  static const struct tp_plot_axes variants = {TP_PLOT_variant, TP_PLOT_tp, "speedup"};
  const char *text = "model,variant,tp,batch,speedup\n";
  for (int i = 0; i < 40; i++)
    text = tp_arena_printf(arena, "%sm,\xe6\xa8\xa1\xe5\x9e\x8b variant %d,8,1,1\n", text, i);
  const char *const script = script_of_axes(&tp_plot_heatmap, text, &variants);
  ck_assert_ptr_null(strstr(script, "rotate by 90 right"));
  ck_assert_ptr_nonnull(strstr(script, "39' 39)"));
}
END_TEST

/* Figures that fit into some cells alone stand in none. */
START_TEST(test_script_of_cells_with_and_without_room)
{
  ck_assert_uint_eq(count(heat_of(40, "batch", 1, 0), "center front"), 40);
  ck_assert_uint_eq(count(heat_of(40, "batch", 1, 0.25), "center front"), 0);
}
END_TEST

/* A panel of one bar is lower than its key, which gnuplot would thin to what fits. */
START_TEST(test_script_of_one_bar)
{
  static const char one[] = "model,variant,tp,e2e_s,comm_exposed_s\nm,ladder,4,1,0.1\n";
  const char *const two = tp_arena_printf(arena, "%sm,standard,4,1,0.1\n", one);
  const char *const script = script_of(&tp_plot_breakdown, one);
  const char *const apart = strstr(script, "unset key; set multiplot previous\n");
  ck_assert_ptr_nonnull(apart);
  ck_assert_ptr_nonnull(strstr(script, "title 'compute'"));
  ck_assert_ptr_null(strstr(apart, "title 'compute'"));
  ck_assert_ptr_null(strstr(script_of(&tp_plot_breakdown, two), "previous"));
}
END_TEST

/* Bars have whole edges, however many names there are before theirs. */
START_TEST(test_script_of_many_bars)
{
  const char *bars = "model,variant,tp,e2e_s,comm_exposed_s\n";
  for (int i = 0; i < 40; i++)
    bars = tp_arena_printf(arena, "%sm,spd:%d,4,1,0.1\n", bars, i);
  const char *const script = script_of(&tp_plot_breakdown, bars);
  ck_assert_uint_eq(count(script, " dt 1 "), 40);
}
END_TEST

/* Between 184 and 265 no power of ten stands, nor more than one of its multiples. */
START_TEST(test_script_of_one_point)
{
  const char *const script = script_of(&tp_plot_batch, "model,variant,tp,batch,tokens_per_s,e2e_s\n"
                                                       "m,ladder,4,1,220.6,1\n");
  ck_assert_ptr_nonnull(strstr(script, "set ytics (190, 200, 210, 220, 230, 240, 250, 260)"));
}
END_TEST

/* Among batches from 1 to 64, text stands at powers of two. */
START_TEST(test_script_of_many_batches)
{
  const char *text = "model,variant,tp,batch,tokens_per_s,e2e_s\n";
  for (int i = 1; i <= 64; i++)
    text = tp_arena_printf(arena, "%sm,ladder,4,%d,%d,1\n", text, i, 100 + i);
  const char *const script = script_of(&tp_plot_batch, text);
  ck_assert_ptr_nonnull(strstr(script, "'1' 1 0, '2' 2 0, '' 3 1, '4' 4 0, '' 5 1"));
  ck_assert_ptr_nonnull(strstr(script, "'64' 64 0)"));
}
END_TEST

/* Boxes of a pixel or two would be all border. */
START_TEST(test_script_of_many_spans)
{
  for (int n = 8; n <= 512; n *= 64) {
    const char *text = "model,variant,tp,pp,dp,pass,rank,stream,op,kind,start_us,end_us\n";
    for (int i = 0; i < n; i++)
      text = tp_arena_printf(arena, "%sm,v,1,2,1,forward %d,0,compute,a.up,gemm,%d,%d\n", text, i,
                             i * 10, i * 10 + 9);
    const char *const script = script_of(&tp_plot_pipeline, text);
    ck_assert_uint_eq(count(script, "fs solid 0.5 noborder"), n == 8 ? 0 : 1);
  }
}
END_TEST

static Suite *suite(void)
{
  Suite *s = suite_create("plot script");
  TCase *scripts = tcase_create("scripts");
  tcase_add_checked_fixture(scripts, set_up, tear_down);
  tcase_add_test(scripts, test_script);
  tcase_add_test(scripts, test_script_thins);
  tcase_add_loop_test(scripts, test_script_of_sizes, 0, (int)(sizeof sizes / sizeof *sizes));
  tcase_add_test(scripts, test_script_bands);
  tcase_add_loop_test(scripts, test_script_tells_long_names_apart, 0, 5);
  tcase_add_test(scripts, test_script_keeps_titles_in_the_picture);
  tcase_add_loop_test(scripts, test_script_tells_long_series_apart, 0, 4);
  tcase_add_test(scripts, test_script_of_many_cells);
  tcase_add_test(scripts, test_script_of_cells_with_figures);
  tcase_add_test(scripts, test_script_of_cells_turns_letters_alone);
  tcase_add_test(scripts, test_script_of_cells_with_and_without_room);
  tcase_add_test(scripts, test_script_of_one_bar);
  tcase_add_test(scripts, test_script_of_many_bars);
  tcase_add_test(scripts, test_script_of_one_point);
  tcase_add_test(scripts, test_script_of_many_batches);
  tcase_add_test(scripts, test_script_of_many_spans);
  suite_add_tcase(s, scripts);
  return s;
}
TP_SUITE_MAIN
