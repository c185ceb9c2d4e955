/* Which panels, lines and points come out of a small table. */
#include "plot/plot.h"

#include "../suite.h"

#include <string.h>

#define HEADER                                                                        \
  "model,platform,stack,variant,tp,batch,prompt,generate,dtype,engine,e2e_s,speedup," \
  "comm_exposed_s,status\n"
#define POINT(model, variant, tp, batch, figures) \
  model ",dgx,compiled," variant "," tp "," batch ",1024,512,fp16,analytic," figures "\n"
#define REFUSED ",,,does not fit: needs 112 GB of 85.5 GB a GPU"

static const char table[] = HEADER                       /* degrees and batches out of order */
    POINT("small", "standard", "8", "16", "4,1,1,ok")    /* */
    POINT("small", "standard", "2", "4", "10,1,2,ok")    /* */
    POINT("small", "standard", "8", "4", "5,1,2.5,ok")   /* */
    POINT("small", "ladder", "8", "4", "4,1.25,0.5,ok")  /* */
    POINT("small", "ladder", "2", "4.0", "8,1.25,0,ok")  /* */
    POINT("small", "kraken", "2", "4", REFUSED)          /* */
    POINT("small", "parallel", "8", "4", "4,2,1,stale")  /* refused, whatever it says */
    POINT("large", "standard", "2", "4", REFUSED)        /* */
    POINT("large", "standard", "8", "4", REFUSED)        /* */
    POINT("middle", "no-comm", "8", "4", "3,0.95,0,ok"); /* */

static struct tp_arena *arena;
static struct tp_error error;
static struct tp_plot plot;
static struct tp_plot_filter filter;

static void set_up(void)
{
  arena = tp_arena_create();
  filter = (struct tp_plot_filter){.n = {0}};
  error.text[0] = '\0';
}

static void tear_down(void)
{
  tp_arena_free(arena);
}

static void keep(enum tp_plot_input input, const char *value)
{
  const char **const values = TP_NEW(arena, const char *, 1);
  values[0] = value;
  filter.values[input] = values;
  filter.n[input] = 1;
}

static enum tp_status shape(const struct tp_plot_kind *kind, const char *text)
{
  struct tp_csv csv;
  ck_assert_int_eq(tp_csv_parse("t.csv", text, arena, &csv, &error), TP_OK);
  return kind->shape(&csv, 1, &filter, arena, &plot, &error);
}

static void check_series(const struct tp_plot_series *series, const char *name, size_t n,
                         const struct tp_plot_point *points)
{
  ck_assert_str_eq(series->name, name);
  ck_assert_uint_eq(series->n, n);
  for (size_t i = 0; i < n; i++) {
    ck_assert_rel(series->points[i].x, points[i].x, 1e-12);
    ck_assert_rel(series->points[i].y, points[i].y, 1e-12);
    ck_assert_rel(series->points[i].top, points[i].top, 1e-12);
  }
}

START_TEST(test_speedup)
{
  ck_assert_msg(shape(&tp_plot_speedup, table) == TP_OK, "%s", error.text);
  ck_assert_uint_eq(plot.n_panels, 3);
  ck_assert_str_eq(plot.panels[0].title, "small");
  ck_assert_str_eq(plot.panels[1].title, "large");
  ck_assert_str_eq(plot.panels[2].title, "middle");

  ck_assert_ptr_null(plot.panels[0].empty);
  ck_assert_uint_eq(plot.panels[0].n_series, 2);
  check_series(&plot.panels[0].series[0], "standard", 2,
               (const struct tp_plot_point[]){{.x = 2, .y = 1}, {.x = 8, .y = 1}});
  check_series(&plot.panels[0].series[1], "ladder", 2,
               (const struct tp_plot_point[]){{.x = 2, .y = 1.25}, {.x = 8, .y = 1.25}});
  ck_assert_uint_eq(plot.panels[1].n_series, 0);
  ck_assert_str_eq(plot.panels[1].empty, "does not fit");

  ck_assert_uint_eq(plot.n_ticks, 2);
  ck_assert_rel(plot.ticks[0], 2, 1e-12);
  ck_assert_rel(plot.ticks[1], 8, 1e-12);
  ck_assert_uint_eq(plot.n_legend, 3);
  ck_assert_str_eq(plot.legend[2], "no-comm");
  ck_assert_str_eq(plot.caption, "dgx, compiled, fp16, analytic engine, prompt 1024, generate 512, "
                                 "batch 4 (smallest of 2)");
  for (size_t i = 0; i < plot.n_panels; i++) {
    ck_assert(plot.panels[i].low < 0.95 && plot.panels[i].low > 0.9);
    ck_assert(plot.panels[i].high > 1.25 && plot.panels[i].high < 1.3);
  }
}
END_TEST

START_TEST(test_filters)
{
  keep(TP_PLOT_MODEL, "small");
  keep(TP_PLOT_VARIANT, "ladder");
  keep(TP_PLOT_TP, "8.0"); /* numbers by value */
  keep(TP_PLOT_BATCH, "4");
  ck_assert_msg(shape(&tp_plot_speedup, table) == TP_OK, "%s", error.text);
  ck_assert_uint_eq(plot.n_panels, 1);
  ck_assert_uint_eq(plot.panels[0].n_series, 1);
  check_series(&plot.panels[0].series[0], "ladder", 1,
               &(const struct tp_plot_point){.x = 8, .y = 1.25});
  ck_assert_ptr_nonnull(strstr(plot.caption, "batch 4"));
  ck_assert_ptr_null(strstr(plot.caption, "smallest"));
}
END_TEST

START_TEST(test_breakdown)
{
  keep(TP_PLOT_MODEL, "small");
  ck_assert_msg(shape(&tp_plot_breakdown, table) == TP_OK, "%s", error.text);
  ck_assert_uint_eq(plot.n_panels, 2);
  ck_assert_str_eq(plot.panels[0].title, "small, TP 2");
  ck_assert_str_eq(plot.panels[1].title, "small, TP 8");
  /* One model: one axis for all degrees. */
  ck_assert_rel(plot.panels[0].high, 10, 1e-12);
  ck_assert_rel(plot.panels[1].high, 10, 1e-12);
  ck_assert_uint_eq(plot.panels[0].n_series, 2); /* kraken does not fit */
  ck_assert_uint_eq(plot.panels[1].n_series, 2); /* parallel is refused */
  check_series(&plot.panels[1].series[0], "standard", 1,
               &(const struct tp_plot_point){.x = 0, .y = 2.5, .top = 5});
  check_series(&plot.panels[1].series[1], "ladder", 1,
               &(const struct tp_plot_point){.x = 1, .y = 3.5, .top = 4});
}
END_TEST

/* Where every bar is short, all are in milliseconds: tops, bottoms and the axis. */
START_TEST(test_breakdown_in_milliseconds)
{
  static const char text[] = "model,variant,tp,batch,e2e_s,speedup,comm_exposed_s,status\n"
                             "m,standard,8,1,0.04,1,0.01,ok\n"
                             "m,ladder,8,1,0.025,1.6,0.005,ok\n";
  ck_assert_msg(shape(&tp_plot_breakdown, text) == TP_OK, "%s", error.text);
  ck_assert_str_eq(plot.y_label, "time (ms)");
  ck_assert_uint_eq(plot.panels[0].n_series, 2);
  ck_assert_rel(plot.panels[0].high, 40, 1e-12);
  check_series(&plot.panels[0].series[0], "standard", 1,
               &(const struct tp_plot_point){.x = 0, .y = 30, .top = 40});
  check_series(&plot.panels[0].series[1], "ladder", 1,
               &(const struct tp_plot_point){.x = 1, .y = 20, .top = 25});
}
END_TEST

#define REDUCES "platform,stack,tp,bytes,algorithm,time_us,busbw_gb_per_s\n"

/* Bus bandwidths over times, a curve an algorithm. */
START_TEST(test_collectives)
{
  static const char text[] = REDUCES "dgx,ideal,8,1024,ring,4,0.5\n"
                                     "dgx,ideal,8,2048,ring,5,0.7\n"
                                     "dgx,ideal,8,1024,nvls,3,0.6\n";
  ck_assert_msg(shape(&tp_plot_collectives, text) == TP_OK, "%s", error.text);
  ck_assert_uint_eq(plot.n_panels, 2);
  ck_assert_str_eq(plot.panels[0].title, "dgx, ideal, 8 ranks: bus GB/s");
  ck_assert_str_eq(plot.panels[1].title, "dgx, ideal, 8 ranks: us");
  check_series(&plot.panels[0].series[0], "ring", 2,
               (const struct tp_plot_point[]){{.x = 1024, .y = 0.5}, {.x = 2048, .y = 0.7}});
  check_series(&plot.panels[1].series[0], "ring", 2,
               (const struct tp_plot_point[]){{.x = 1024, .y = 4}, {.x = 2048, .y = 5}});
  check_series(&plot.panels[1].series[1], "nvls", 1,
               &(const struct tp_plot_point){.x = 1024, .y = 3});
}
END_TEST

/* A panel a phase, each with its own axis; whole passes say nothing of it. */
START_TEST(test_breakdown_of_phases)
{
  static const char text[] = "model,variant,tp,batch,e2e_s,speedup,comm_exposed_s,status,phase\n"
                             "m,standard,8,1,4,1,1,ok,op\n"
                             "m,standard,8,1,9,1,1,ok,inference\n";
  ck_assert_msg(shape(&tp_plot_breakdown, text) == TP_OK, "%s", error.text);
  ck_assert_uint_eq(plot.n_panels, 2);
  ck_assert_str_eq(plot.panels[0].title, "m, TP 8, op");
  ck_assert_str_eq(plot.panels[1].title, "m, TP 8");
  ck_assert_rel(plot.panels[0].high, 4, 1e-12);
  keep(TP_PLOT_PHASE, "op");
  ck_assert_msg(shape(&tp_plot_breakdown, text) == TP_OK, "%s", error.text);
  ck_assert_uint_eq(plot.n_panels, 1);
}
END_TEST

START_TEST(test_breakdown_of_two_models)
{
  keep(TP_PLOT_TP, "8");
  ck_assert_msg(shape(&tp_plot_breakdown, table) == TP_OK, "%s", error.text);
  ck_assert_uint_eq(plot.n_panels, 3);
  ck_assert_rel(plot.panels[0].high, 5, 1e-12);
  ck_assert_str_eq(plot.panels[1].empty, "does not fit");
  ck_assert_rel(plot.panels[2].high, 3, 1e-12);
}
END_TEST

START_TEST(test_published)
{
  static const char text[] = "paper,case,metric,unit,published,predicted,error_abs,error_rel\n"
                             "P,8B TP 8 ladder,speedup,ratio,1.5,1.4,-0.1,-0.0667\n"
                             "P,8B TP 8 mean,speedup,ratio,1.2,1.3,0.1,0.0833\n"
                             "P,8B TP 2 ladder,speedup,ratio,1.1,1,-0.1,-0.0909\n"
                             "P,70B standard,tokens_per_s,tokens/s,10,2000,1990,199\n"
                             "P,not given ladder,speedup,ratio,,1.4,,\n"
                             "P,cannot run ladder,speedup,ratio,1.4,,,\n";
  ck_assert_msg(shape(&tp_plot_published, text) == TP_OK, "%s", error.text);
  ck_assert_uint_eq(plot.n_panels, 2);
  ck_assert_str_eq(plot.panels[0].title, "speedup");
  ck_assert_str_eq(plot.panels[1].title, "tokens_per_s (tokens/s)");
  ck_assert_uint_eq(plot.panels[0].n_series, 2);
  check_series(&plot.panels[0].series[0], "ladder", 2,
               (const struct tp_plot_point[]){{.x = 1.5, .y = 1.4}, {.x = 1.1, .y = 1}});
  check_series(&plot.panels[0].series[1], "P", 1,
               &(const struct tp_plot_point){.x = 1.2, .y = 1.3});
  ck_assert(!plot.panels[0].logarithmic);
  ck_assert(plot.panels[0].low < 1 && plot.panels[0].high > 1.5);
  ck_assert(plot.panels[1].logarithmic);
}
END_TEST

static const struct {
  const char *name;
  const struct tp_plot_kind *kind;
  enum tp_plot_input input;
  const char *value; /* NULL: no filter */
  const char *text, *message;
} faults[] = {
    {"no such value", &tp_plot_speedup, TP_PLOT_BATCH, "3", table,
     "no row has batch 3; there is: 16, 4"},
    {"nothing fits", &tp_plot_speedup, TP_PLOT_MODEL, "large", table,
     "none of the rows chosen has a figure to draw: large: does not fit"},
    {"a column is missing", &tp_plot_speedup, TP_PLOT_TP, NULL,
     "model,variant,tp,speedups\nm,ladder,8,1\n",
     "t.csv:1: no column 'speedup', which this picture needs; did you mean 'speedups'?"},
    {"no rows", &tp_plot_breakdown, TP_PLOT_TP, NULL, HEADER, "the files have no rows to draw"},
    {"a point twice", &tp_plot_speedup, TP_PLOT_TP, NULL,
     "model,variant,tp,speedup\nm,ladder,8,1\nm,ladder,8,2\n",
     "t.csv:3: a second row for model m, variant ladder, tp 8; give each point once"},
    {"a bar twice", &tp_plot_breakdown, TP_PLOT_TP, NULL,
     "model,variant,tp,e2e_s,comm_exposed_s\nm,ladder,8,2,1\nm,ladder,8,2,1\n",
     "t.csv:3: a second row for model m, variant ladder, tp 8; give each point once"},
    {"two engines", &tp_plot_speedup, TP_PLOT_TP, NULL,
     "model,variant,tp,engine,speedup\nm,ladder,8,des,1\nm,ladder,8,analytic,2\n",
     "2 values of engine in one picture: des, analytic; choose with --engine"},
    {"no number", &tp_plot_speedup, TP_PLOT_TP, NULL, "model,variant,tp,speedup\nm,ladder,8,x\n",
     "t.csv:2: column 'speedup': 'x' is not a finite number"},
    {"no degree", &tp_plot_speedup, TP_PLOT_TP, NULL, "model,variant,tp,speedup\nm,ladder,0,1\n",
     "t.csv:2: tp 0; a degree is at least 1"},
    {"no time to draw in a logarithm", &tp_plot_collectives, TP_PLOT_TP, NULL,
     REDUCES "dgx,ideal,8,1024,ring,0,0.5\n",
     "t.csv:2: column 'time_us': must be above zero to be drawn"},
    {"nothing published", &tp_plot_published, TP_PLOT_TP, NULL,
     "paper,case,metric,published,predicted\nP,c,speedup,,1\n",
     "no row has both a published and a predicted figure"},
    {"published by tp", &tp_plot_published, TP_PLOT_TP, "8",
     "paper,case,metric,published,predicted\nP,c,speedup,1,1\n",
     "published figures have no column 'tp' to choose by; drop --tp"},
};

START_TEST(test_faults)
{
  if (faults[_i].value != NULL)
    keep(faults[_i].input, faults[_i].value);
  ck_assert_msg(shape(faults[_i].kind, faults[_i].text) == TP_E_INPUT, "%s", faults[_i].name);
  ck_assert_str_eq(error.text, faults[_i].message);
}
END_TEST

START_TEST(test_not_at_once)
{
  keep(TP_PLOT_MODEL, "middle");
  keep(TP_PLOT_TP, "2");
  ck_assert_int_eq(shape(&tp_plot_speedup, table), TP_E_INPUT);
  ck_assert_str_eq(error.text,
                   "no row has model middle and tp 2 at once, only singly; drop one of them");
}
END_TEST

START_TEST(test_styles_differ)
{
  static const char *const names[] = {"standard",  "parallel", "ladder", "desync-2x",
                                      "desync-4x", "kraken",   "no-comm"};
  enum { N = sizeof names / sizeof names[0] };
  for (size_t i = 0; i < N; i++)
    for (size_t k = 0; k < i; k++)
      ck_assert_str_ne(tp_plot_style_of(names[i], arena).colour,
                       tp_plot_style_of(names[k], arena).colour);
  ck_assert(!tp_plot_style_of("ladder", arena).dashed);
}
END_TEST

/* A name is data to gnuplot, whatever stands in it. */
START_TEST(test_script_quotes)
{
  ck_assert_int_eq(shape(&tp_plot_speedup, "model,variant,tp,speedup\n"
                                           "\"it's\n`pwd`\",ladder,8,1.5\n"),
                   TP_OK);
  char *script = NULL;
  size_t size = 0;
  FILE *const out = open_memstream(&script, &size);
  ck_assert_ptr_nonnull(out);
  tp_plot_write(&plot, "svg", arena, out);
  fclose(out);
  ck_assert_ptr_nonnull(strstr(script, "set label 'it''s `pwd`' at screen"));
  ck_assert_ptr_nonnull(strstr(script, "\n8 1.5 0\n"));
  free(script);
}
END_TEST

static Suite *suite(void)
{
  Suite *s = suite_create("plot");
  TCase *shapes = tcase_create("shapes");
  tcase_add_checked_fixture(shapes, set_up, tear_down);
  tcase_add_test(shapes, test_speedup);
  tcase_add_test(shapes, test_filters);
  tcase_add_test(shapes, test_breakdown);
  tcase_add_test(shapes, test_breakdown_in_milliseconds);
  tcase_add_test(shapes, test_collectives);
  tcase_add_test(shapes, test_breakdown_of_phases);
  tcase_add_test(shapes, test_breakdown_of_two_models);
  tcase_add_test(shapes, test_published);
  tcase_add_loop_test(shapes, test_faults, 0, sizeof faults / sizeof faults[0]);
  tcase_add_test(shapes, test_not_at_once);
  tcase_add_test(shapes, test_styles_differ);
  tcase_add_test(shapes, test_script_quotes);
  suite_add_tcase(s, shapes);
  return s;
}
TP_SUITE_MAIN
