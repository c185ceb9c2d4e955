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
  return tp_plot_shape(kind, &csv, 1, &filter, NULL, arena, &plot, &error);
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
    if (points[i].label != NULL)
      ck_assert_str_eq(series->points[i].label, points[i].label);
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
  keep(TP_PLOT_model, "small");
  keep(TP_PLOT_variant, "ladder");
  keep(TP_PLOT_tp, "8.0"); /* numbers by value */
  keep(TP_PLOT_batch, "4");
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
  keep(TP_PLOT_model, "small");
  ck_assert_msg(shape(&tp_plot_breakdown, table) == TP_OK, "%s", error.text);
  ck_assert_uint_eq(plot.n_panels, 2);
  ck_assert_str_eq(plot.panels[0].title, "small, TP 2");
  ck_assert_str_eq(plot.panels[1].title, "small, TP 8");
  /* One model: one axis for all degrees. */
  ck_assert_rel(plot.panels[0].high, 10, 1e-12);
  ck_assert_rel(plot.panels[1].high, 10, 1e-12);
  ck_assert_uint_eq(plot.panels[0].n_series, 2); /* kraken does not fit */
  ck_assert_uint_eq(plot.panels[1].n_series, 2); /* parallel is refused */
  ck_assert_uint_eq(plot.n_legend, 4);
  ck_assert_uint_eq(plot.panels[0].n_gaps, 1);
  ck_assert_str_eq(plot.panels[0].gaps[0].reason, "does not fit");
  ck_assert_str_eq(plot.legend[plot.panels[0].gaps[0].place], "kraken");
  ck_assert_uint_eq(plot.panels[1].n_gaps, 1);
  ck_assert_str_eq(plot.legend[plot.panels[1].gaps[0].place], "parallel");
  ck_assert_str_eq(plot.x_label, "time (s)");
  check_series(&plot.panels[0].series[0], "standard", 1,
               &(const struct tp_plot_point){.x = 0, .y = 8, .top = 10});
  check_series(&plot.panels[1].series[0], "standard", 1,
               &(const struct tp_plot_point){.x = 0, .y = 2.5, .top = 5});
  check_series(&plot.panels[1].series[1], "ladder", 1,
               &(const struct tp_plot_point){.x = 1, .y = 3.5, .top = 4});
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
  keep(TP_PLOT_phase, "op");
  ck_assert_msg(shape(&tp_plot_breakdown, text) == TP_OK, "%s", error.text);
  ck_assert_uint_eq(plot.n_panels, 1);
}
END_TEST

START_TEST(test_breakdown_of_two_models)
{
  keep(TP_PLOT_tp, "8");
  ck_assert_msg(shape(&tp_plot_breakdown, table) == TP_OK, "%s", error.text);
  ck_assert_uint_eq(plot.n_panels, 3);
  ck_assert_rel(plot.panels[0].high, 5, 1e-12);
  ck_assert_str_eq(plot.panels[1].empty, "does not fit");
  ck_assert_rel(plot.panels[2].high, 3, 1e-12);
}
END_TEST

/* Every bar of every panel, the first ones too. */
START_TEST(test_breakdown_in_milliseconds)
{
  static const char text[] = "model,variant,tp,e2e_s,comm_exposed_s\n"
                             "m,standard,4,0.4,0.1\n"
                             "m,ladder,4,0.3,0.05\n"
                             "m,standard,8,0.2,0.15\n";
  ck_assert_msg(shape(&tp_plot_breakdown, text) == TP_OK, "%s", error.text);
  ck_assert_str_eq(plot.x_label, "time (ms)");
  ck_assert_uint_eq(plot.n_panels, 2);
  check_series(&plot.panels[0].series[0], "standard", 1,
               &(const struct tp_plot_point){.x = 0, .y = 300, .top = 400});
  check_series(&plot.panels[0].series[1], "ladder", 1,
               &(const struct tp_plot_point){.x = 1, .y = 250, .top = 300});
  check_series(&plot.panels[1].series[0], "standard", 1,
               &(const struct tp_plot_point){.x = 0, .y = 50, .top = 200});
  ck_assert_rel(plot.panels[0].high, 400, 1e-12);
  ck_assert_rel(plot.panels[1].high, 400, 1e-12);
}
END_TEST

/* 0.2 s to the first token and 16 more of 0.0125 s: 0.15 + 16 * 0.01 to 0.25 + 16 * 0.015 s. */
START_TEST(test_breakdown_intervals)
{
  static const char text[] = "model,variant,tp,e2e_s,comm_exposed_s,ttft_s,ttft_low_s,ttft_high_s,"
                             "tpot_s,tpot_low_s,tpot_high_s\n"
                             "m,standard,4,0.4,0.1,0.2,0.15,0.25,0.0125,0.01,0.015\n"
                             "m,ladder,4,0.3,0.1,,,,,,\n";
  ck_assert_msg(shape(&tp_plot_breakdown, text) == TP_OK, "%s", error.text);
  const struct tp_plot_point *const bar = plot.panels[0].series[0].points;
  ck_assert_rel(bar->low, 310, 1e-12);
  ck_assert_rel(bar->high, 490, 1e-12);
  ck_assert_rel(plot.panels[0].high, 490, 1e-12);
  const struct tp_plot_point *const none = plot.panels[0].series[1].points;
  ck_assert(!(none->low < none->high));
}
END_TEST

#define COLLECTIVES "platform,stack,tp,bytes,algorithm,time_us,busbw_gb_per_s,low_us,high_us\n"

START_TEST(test_collectives)
{
  static const char text[] = COLLECTIVES "l40,fast,2,2048,stack,8,0.5,,\n"
                                         "l40,fast,2,1024,stack,4,0.25,2,5\n"
                                         "l40,fast,2,1024,ring,5,0.2,,\n"
                                         "l40,fast,4,1024,ring,7,0.1,,\n"
                                         "h100,fast,2,1024,ring,3,2,,\n";
  keep(TP_PLOT_platform, "l40");
  ck_assert_msg(shape(&tp_plot_collectives, text) == TP_OK, "%s", error.text);
  ck_assert_uint_eq(plot.n_panels, 4);
  ck_assert_str_eq(plot.panels[0].title, "l40, fast, 2 ranks: bus GB/s");
  ck_assert_str_eq(plot.panels[1].title, "l40, fast, 2 ranks: us");
  ck_assert_str_eq(plot.panels[3].title, "l40, fast, 4 ranks: us");
  check_series(&plot.panels[0].series[0], "stack", 2,
               (const struct tp_plot_point[]){{.x = 1024, .y = 0.25}, {.x = 2048, .y = 0.5}});
  check_series(&plot.panels[1].series[0], "stack", 2,
               (const struct tp_plot_point[]){{.x = 1024, .y = 4}, {.x = 2048, .y = 8}});
  check_series(&plot.panels[1].series[1], "ring", 1,
               &(const struct tp_plot_point){.x = 1024, .y = 5});
  check_series(&plot.panels[3].series[0], "ring", 1,
               &(const struct tp_plot_point){.x = 1024, .y = 7});
  ck_assert_rel(plot.panels[1].series[0].points[0].low, 2, 1e-12);
  ck_assert_rel(plot.panels[1].series[0].points[0].high, 5, 1e-12);
  ck_assert_rel(plot.panels[0].series[0].points[0].low, 0.2, 1e-12); /* 0.25 * 4 / 5 */
  ck_assert_rel(plot.panels[0].series[0].points[0].high, 0.5, 1e-12);
  ck_assert_rel(plot.panels[1].low, 2 / 1.3, 1e-12);
  ck_assert_rel(plot.panels[1].high, 8 * 1.3, 1e-12);
  ck_assert(plot.panels[0].logarithmic && plot.panels[1].logarithmic);
  ck_assert_uint_eq(plot.n_ticks, 2);
  ck_assert_str_eq(plot.reference, "stack");
}
END_TEST

/* No logarithm of it reaches gnuplot. */
START_TEST(test_collective_zeros)
{
  static const char *const rows[] = {"0,ring,1,1,,", "1024,ring,0,1,,", "1024,ring,1,0,,",
                                     "1024,ring,1,1,0,2", "1024,ring,-1,1,,"};
  static const char *const columns[] = {"bytes", "time_us", "busbw_gb_per_s", "low_us", "time_us"};
  const char *const text = tp_arena_printf(arena, COLLECTIVES "l40,fast,2,%s\n", rows[_i]);
  ck_assert_int_eq(shape(&tp_plot_collectives, text), TP_E_INPUT);
  ck_assert_str_eq(
      error.text,
      tp_arena_printf(arena, "t.csv:2: column '%s': must be above zero to be drawn", columns[_i]));
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
  ck_assert(plot.panels[1].low < 10 && plot.panels[1].high > 2000);
}
END_TEST

static const struct {
  const char *name;
  const struct tp_plot_kind *kind;
  enum tp_plot_input input;
  const char *value; /* NULL: no filter */
  const char *text, *message;
} faults[] = {
    {"no such value", &tp_plot_speedup, TP_PLOT_batch, "3", table,
     "no row has batch 3; there is: 16, 4"},
    {"nothing fits", &tp_plot_speedup, TP_PLOT_model, "large", table,
     "none of the rows chosen has a figure to draw: large: does not fit"},
    {"a column is missing", &tp_plot_speedup, TP_PLOT_tp, NULL,
     "model,variant,tp,speedups\nm,ladder,8,1\n",
     "t.csv:1: no column 'speedup', which this picture needs; did you mean 'speedups'?"},
    {"no rows", &tp_plot_breakdown, TP_PLOT_tp, NULL, HEADER, "the files have no rows to draw"},
    {"a point twice", &tp_plot_speedup, TP_PLOT_tp, NULL,
     "model,variant,tp,speedup\nm,ladder,8,1\nm,ladder,8,2\n",
     "t.csv:3: a second row for model m, variant ladder, tp 8; give each point once"},
    {"a bar twice", &tp_plot_breakdown, TP_PLOT_tp, NULL,
     "model,variant,tp,e2e_s,comm_exposed_s\nm,ladder,8,2,1\nm,ladder,8,2,1\n",
     "t.csv:3: a second row for model m, variant ladder, tp 8; give each point once"},
    {"two engines", &tp_plot_speedup, TP_PLOT_tp, NULL,
     "model,variant,tp,engine,speedup\nm,ladder,8,des,1\nm,ladder,8,analytic,2\n",
     "2 values of engine in one picture: des, analytic; choose with --engine"},
    {"no number", &tp_plot_speedup, TP_PLOT_tp, NULL, "model,variant,tp,speedup\nm,ladder,8,x\n",
     "t.csv:2: column 'speedup': 'x' is not a finite number"},
    {"no degree", &tp_plot_speedup, TP_PLOT_tp, NULL, "model,variant,tp,speedup\nm,ladder,0,1\n",
     "t.csv:2: tp 0; a degree is at least 1"},
    {"a size twice", &tp_plot_collectives, TP_PLOT_tp, NULL,
     COLLECTIVES "l,s,2,1,ring,1,1,,\nl,s,2,1,ring,1,1,,\n",
     "t.csv:3: a second row for platform l, stack s, tp 2; give each point once"},
    {"no time", &tp_plot_collectives, TP_PLOT_tp, NULL, COLLECTIVES "l,s,2,1,ring,,1,,\n",
     "t.csv:2: column 'time_us': must be above zero to be drawn"},
    {"all-reduces by model", &tp_plot_collectives, TP_PLOT_model, "m",
     COLLECTIVES "l,s,2,1,ring,1,1,,\n",
     "all-reduces have no column 'model' to choose by; drop --model"},
    {"no figure to show", &tp_plot_heatmap, TP_PLOT_tp, NULL,
     "model,variant,tp,batch,speedups\nm,ladder,8,1,1\n",
     "t.csv:1: no column 'speedup' to show; did you mean 'speedups'?"},
    {"no speedup", &tp_plot_speedup, TP_PLOT_tp, NULL,
     "model,variant,tp,speedup,status\nm,ladder,8,,ok\n",
     "none of the rows chosen has a figure to draw: m: no speedup: standard is missing"},
    {"a figure of 0", &tp_plot_published, TP_PLOT_tp, NULL,
     "paper,case,metric,published,predicted\nP,c,speedup,1,0\n",
     "t.csv:2: figures to compare must be above zero"},
    {"nothing published", &tp_plot_published, TP_PLOT_tp, NULL,
     "paper,case,metric,published,predicted\nP,c,speedup,,1\n",
     "no row has both a published and a predicted figure"},
    {"published by tp", &tp_plot_published, TP_PLOT_tp, "8",
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

/* The options named are those of what panels tell apart. */
START_TEST(test_too_many_panels)
{
  const char *text = "model,variant,tp,batch,speedup\n";
  for (int i = 0; i < 13; i++)
    text = tp_arena_printf(arena, "%sm,spd:%d,8,1,1\nm,spd:%d,8,2,1\n", text, i, i);
  ck_assert_int_eq(shape(&tp_plot_heatmap, text), TP_E_INPUT);
  ck_assert_str_eq(error.text, "13 panels in one picture, more than 12; choose with --variant");
  ck_assert_int_eq(shape(&tp_plot_speedup, text), TP_OK);
  text = "model,variant,tp,batch,speedup\n";
  for (int i = 0; i < 13; i++)
    text = tp_arena_printf(arena, "%sm%d,spd:1,8,1,1\nm%d,spd:2,8,1,1\n", text, i, i);
  ck_assert_int_eq(shape(&tp_plot_speedup, text), TP_E_INPUT);
  ck_assert_str_eq(error.text, "13 panels in one picture, more than 12; choose with --model");
  text = COLLECTIVES;
  for (int i = 2; i < 16; i++)
    text = tp_arena_printf(arena, "%sl40,s,%d,1024,ring,1,1,,\n", text, i);
  ck_assert_int_eq(shape(&tp_plot_collectives, text), TP_E_INPUT);
  ck_assert_str_eq(error.text, "28 panels in one picture, more than 12; choose with --tp");
}
END_TEST

START_TEST(test_not_at_once)
{
  keep(TP_PLOT_model, "middle");
  keep(TP_PLOT_tp, "2");
  ck_assert_int_eq(shape(&tp_plot_speedup, table), TP_E_INPUT);
  ck_assert_str_eq(error.text,
                   "no row has model middle and tp 2 at once, only singly; drop one of them");
}
END_TEST

#define RESULT                                                                            \
  "model,variant,tp,pp,batch,e2e_s,tokens_per_s,tpot_s,speedup,status,ttft_s,ttft_low_s," \
  "ttft_high_s,tpot_low_s,tpot_high_s\n"

/* Two GPUs: 100, 150 and 120 tokens/s a GPU at 10, 30 and 40 ms: the last is bettered by the
 * second; of one GPU, 90 at 9 ms. */
static const char results[] = RESULT "m,standard,2,1,1,4,200,0.01,1,ok,1,0.5,2,0.0075,0.015\n"
                                     "m,standard,2,1,8,8,300,0.03,1,ok,,,,,\n"
                                     "m,standard,2,1,16,9,240,0.04,1,ok,,,,,\n"
                                     "m,standard,1,1,1,5,90,0.009,1,ok,,,,,\n"
                                     "m,standard,4,1,1,,,,,does not fit: no,,,,,\n";

START_TEST(test_pareto)
{
  ck_assert_msg(shape(&tp_plot_pareto, results) == TP_OK, "%s", error.text);
  ck_assert_uint_eq(plot.n_panels, 1);
  check_series(&plot.panels[0].series[0], "standard", 4,
               (const struct tp_plot_point[]){{.x = 90, .y = 9, .top = 1},
                                              {.x = 100, .y = 10, .top = 1},
                                              {.x = 120, .y = 40, .top = 0},
                                              {.x = 150, .y = 30, .top = 1}});
}
END_TEST

/* gnuplot draws no picture at all where an axis has no range. */
START_TEST(test_pareto_of_a_model_that_fits_nowhere)
{
  ck_assert_msg(shape(&tp_plot_pareto,
                      RESULT "m,standard,2,1,1,4,200,0.01,1,ok,,,,,\n"
                             "large,standard,2,1,1,,,,,does not fit: no,,,,,\n") == TP_OK,
                "%s", error.text);
  ck_assert_uint_eq(plot.n_panels, 2);
  ck_assert_str_eq(plot.panels[1].empty, "does not fit");
  for (int i = 0; i < 2; i++) {
    const struct tp_plot_panel *const panel = &plot.panels[i];
    ck_assert(panel->left > 0 && panel->left < panel->right && isfinite(panel->right));
    ck_assert(panel->low > 0 && panel->low < panel->high && isfinite(panel->high));
  }
}
END_TEST

/* 4 s are a second and 300 tokens of 10 ms: 0.5 + 2.25 at best, 2 + 4.5 at worst. */
START_TEST(test_batch)
{
  keep(TP_PLOT_tp, "2");
  ck_assert_msg(shape(&tp_plot_batch, results) == TP_OK, "%s", error.text);
  ck_assert_str_eq(plot.panels[0].title, "m, TP 2");
  check_series(
      &plot.panels[0].series[0], "standard", 3,
      (const struct tp_plot_point[]){{.x = 1, .y = 200}, {.x = 8, .y = 300}, {.x = 16, .y = 240}});
  const struct tp_plot_point *const first = &plot.panels[0].series[0].points[0];
  ck_assert_rel(first->low, 200 * 4 / 6.5, 1e-12);
  ck_assert_rel(first->high, 200 * 4 / 2.75, 1e-12);
}
END_TEST

START_TEST(test_heatmap)
{
  ck_assert_msg(shape(&tp_plot_heatmap, table) == TP_OK, "%s", error.text);
  ck_assert_uint_eq(plot.n_x_names, 2); /* 4 and 4.0 are one */
  ck_assert_str_eq(plot.x_names[0], "4");
  ck_assert_str_eq(plot.x_names[1], "16");
  ck_assert_str_eq(plot.y_names[0], "2");
  ck_assert_str_eq(plot.y_names[1], "8");
  ck_assert_str_eq(plot.panels[1].title, "small, ladder");
  ck_assert_rel(plot.panels[1].low, 0.95, 1e-12);
  ck_assert_rel(plot.panels[1].high, 1.25, 1e-12);
  const struct tp_plot_panel *const ladder = &plot.panels[1];
  ck_assert_rel(ladder->series[0].points[0].x, 0, 0);
  ck_assert_rel(ladder->series[0].points[0].y, 1, 0);
  ck_assert_str_eq(ladder->series[0].points[0].label, "1.25");
}
END_TEST

START_TEST(test_heatmap_says_why_cells_are_blank)
{
  static const char text[] = "model,variant,tp,batch,speedup,status\nm,v,2,1,1.1,ok\n"
                             "m,v,2,8,,does not fit: needs 99 GB\n";
  ck_assert_msg(shape(&tp_plot_heatmap, text) == TP_OK, "%s", error.text);
  ck_assert_msg(strstr(plot.caption, "; blank: does not fit") != NULL, "%s", plot.caption);
  ck_assert_int_eq(shape(&tp_plot_heatmap, table), TP_OK);
  ck_assert_ptr_null(strstr(plot.caption, "blank"));
}
END_TEST

/* Three layers of two ops from 10 us on, 10 us each, a collective beside: the middle one is shown,
 * and what reaches into it. */
static const char spans[] =
    "model,variant,tp,pass,rank,stream,op,kind,start_us,end_us,flops,dram_bytes,"
    "peak_flops_per_s,peak_dram_bytes_per_s\n"
    "m,v,2,step,0,compute,embed,memory,0,10,0,8,1e12,1e11\n"
    "m,v,2,step,0,compute,a.norm,memory,10,14,0,8,1e12,1e11\n"
    "m,v,2,step,0,compute,a.up,gemm,14,20,6e5,1e5,1e12,1e11\n"
    "m,v,2,step,0,compute,a.norm,memory,20,24,0,8,1e12,1e11\n"
    "m,v,2,step,0,compute,a.up,gemm,24,30,6e5,1e5,1e12,1e11\n"
    "m,v,2,step,0,compute,a.norm,memory,30,34,0,8,1e12,1e11\n"
    "m,v,2,step,0,compute,a.up,gemm,34,46,6e5,1e5,1e12,1e11\n"
    "m,v,2,step,0,comm,a.sum,collective,18,21,0,8,1e12,1e11\n";

START_TEST(test_gantt)
{
  ck_assert_msg(shape(&tp_plot_gantt, spans) == TP_OK, "%s", error.text);
  ck_assert_uint_eq(plot.n_panels, 1);
  ck_assert_str_eq(plot.panels[0].title, "m, v, TP 2: step");
  ck_assert_rel(plot.panels[0].high, 10, 1e-12);
  ck_assert_uint_eq(plot.n_y_names, 2);
  ck_assert_str_eq(plot.y_names[0], "compute"); /* of which rank, where there is one, is no news */
  ck_assert_str_eq(plot.y_names[1], "comm");
  ck_assert_uint_eq(plot.panels[0].n_series, 3);
  check_series(&plot.panels[0].series[0], "memory", 1,
               &(const struct tp_plot_point){.x = 0, .y = 0, .top = 4, .label = "a.norm"});
  check_series(&plot.panels[0].series[1], "gemm", 1,
               &(const struct tp_plot_point){.x = 4, .y = 0, .top = 10, .label = "a.up"});
  check_series(&plot.panels[0].series[2], "collective", 1,
               &(const struct tp_plot_point){.x = 0, .y = 1, .top = 1});
}
END_TEST

/* Two stages of TP 2: each rank shows the middle layer of its own stage, from where that begins. */
START_TEST(test_gantt_of_stages)
{
  static const char text[] = "model,variant,tp,pp,dp,pass,rank,stream,op,kind,start_us,end_us\n"
                             "m,v,2,2,1,step,0,compute,a.up,gemm,0,9\n"
                             "m,v,2,2,1,step,0,compute,a.up,gemm,10,19\n"
                             "m,v,2,2,1,step,2,compute,a.up,gemm,100,105\n"
                             "m,v,2,2,1,step,2,compute,a.up,gemm,106,111\n"
                             "m,v,2,2,1,step,3,compute,a.up,gemm,101,105\n";
  ck_assert_msg(shape(&tp_plot_gantt, text) == TP_OK, "%s", error.text);
  ck_assert_uint_eq(plot.n_panels, 1);
  ck_assert_str_eq(plot.title, "One layer of each stage");
  ck_assert_rel(plot.panels[0].high, 10, 1e-12);
  ck_assert_uint_eq(plot.n_y_names, 3);
  ck_assert_str_eq(plot.y_names[0], "rank 0 compute");
  ck_assert_str_eq(plot.y_names[1], "rank 2 compute");
  check_series(&plot.panels[0].series[0], "gemm", 3,
               (const struct tp_plot_point[]){{.x = 0, .y = 0, .top = 9},
                                              {.x = 0, .y = 1, .top = 5},
                                              {.x = 1, .y = 2, .top = 5}});
}
END_TEST

/* Two ranks, two micro-batches of a training step: a box from a pass's first kernel to its last,
 * and no box of what travels. */
static const char passes[] = "model,variant,tp,pp,dp,pass,rank,stream,op,kind,start_us,end_us\n"
                             "m,v,1,2,1,forward 0,0,compute,a.up,gemm,0,900\n"
                             "m,v,1,2,1,forward 0,0,compute,a.up,gemm,900,1000\n"
                             "m,v,1,2,1,forward 1,0,compute,a.up,gemm,1000,1900\n"
                             "m,v,1,2,1,forward 1,0,compute,a.up,gemm,1900,2000\n"
                             "m,v,1,2,1,forward 0,0,comm,send,collective,1000,1100\n"
                             "m,v,1,2,1,backward 0,1,compute,a.up,gemm,3000,4000\n"
                             "m,v,1,2,1,backward 0,1,compute,a.up,gemm,4000,5000\n";
START_TEST(test_micro_batches)
{
  ck_assert_msg(shape(&tp_plot_pipeline, passes) == TP_OK, "%s", error.text);
  ck_assert_uint_eq(plot.n_panels, 1);
  ck_assert_str_eq(plot.panels[0].title, "m, v, TP 1");
  ck_assert_rel(plot.panels[0].high, 5, 1e-12);
  ck_assert_uint_eq(plot.n_y_names, 2);
  ck_assert_str_eq(plot.y_names[1], "rank 1");
  ck_assert_uint_eq(plot.panels[0].n_series, 2);
  check_series(
      &plot.panels[0].series[0], "forward", 2,
      (const struct tp_plot_point[]){{.x = 0, .y = 0, .top = 1}, {.x = 1, .y = 0, .top = 2}});
  check_series(&plot.panels[0].series[1], "backward", 1,
               &(const struct tp_plot_point){.x = 3, .y = 1, .top = 5});
  ck_assert_str_eq(plot.panels[0].series[0].points[1].label, "1");
  ck_assert_int_eq(shape(&tp_plot_pipeline, spans), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "no pass of a micro-batch"));
}
END_TEST

/* Two steps of two layers, whose embedding comes again with the step: a layer begins with what
 * comes again soonest, and the one shown is not that which the next step follows. */
START_TEST(test_gantt_of_steps)
{
  static const char text[] = "model,variant,tp,pp,dp,pass,rank,stream,op,kind,start_us,end_us\n"
                             "m,v,1,1,1,prefill,0,compute,embed,memory,0,5\n"
                             "m,v,1,1,1,prefill,0,compute,a.up,gemm,5,14\n"
                             "m,v,1,1,1,prefill,0,compute,a.down,gemm,14,15\n"
                             "m,v,1,1,1,prefill,0,compute,a.up,gemm,15,24\n"
                             "m,v,1,1,1,prefill,0,compute,a.down,gemm,24,25\n"
                             "m,v,1,1,1,prefill,0,compute,head,gemm,25,100\n"
                             "m,v,1,1,1,prefill,0,compute,embed,memory,100,105\n"
                             "m,v,1,1,1,prefill,0,compute,a.up,gemm,105,114\n"
                             "m,v,1,1,1,prefill,0,compute,a.down,gemm,114,115\n"
                             "m,v,1,1,1,prefill,0,compute,a.up,gemm,115,124\n"
                             "m,v,1,1,1,prefill,0,compute,a.down,gemm,124,125\n";
  ck_assert_msg(shape(&tp_plot_gantt, text) == TP_OK, "%s", error.text);
  ck_assert_rel(plot.panels[0].high, 10, 1e-12);
  check_series(
      &plot.panels[0].series[0], "gemm", 2,
      (const struct tp_plot_point[]){{.x = 0, .y = 0, .top = 9}, {.x = 9, .y = 0, .top = 10}});
}
END_TEST

/* Of 10 s a rank computes 4, communicates 1 that is exposed, and waits; where nothing fills stages,
 * what is not exposed is compute. */
START_TEST(test_breakdown_of_stages)
{
  static const char text[] =
      "model,variant,tp,pp,phase,micro_batch,e2e_s,comm_exposed_s,compute_s\n"
      "m,a,8,4,train,1,10,1,4\n"
      "m,b,8,4,inference,2,10,1,4\n"
      "m,c,8,4,inference,,10,1,4\n";
  static const struct tp_plot_point expected[] = {
      {.y = 4, .top = 5, .end = 10}, {.y = 4, .top = 5, .end = 10}, {.y = 9, .top = 10}};
  static const char *const names[] = {"a", "b", "c"};
  for (int i = 0; i < 3; i++) {
    keep(TP_PLOT_variant, names[i]);
    ck_assert_msg(shape(&tp_plot_breakdown, text) == TP_OK, "%s", error.text);
    const struct tp_plot_point *const bar = &plot.panels[0].series[0].points[0];
    ck_assert_double_eq(bar->y, expected[i].y);
    ck_assert_double_eq(bar->top, expected[i].top);
    ck_assert_double_eq(bar->end, expected[i].end);
    ck_assert_double_eq(plot.panels[0].high, 10);
  }
}
END_TEST

/* Of several micro-batches the first that is there: a picture of the second alone is one, too. */
START_TEST(test_gantt_of_a_later_micro_batch)
{
  keep(TP_PLOT_pass, "forward 1");
  ck_assert_msg(shape(&tp_plot_gantt, passes) == TP_OK, "%s", error.text);
  ck_assert_uint_eq(plot.n_panels, 1);
  ck_assert_str_eq(plot.panels[0].title, "m, v, TP 1: forward 1");
}
END_TEST

/* Micro-batches are alike: ops are shown of the first. */
START_TEST(test_gantt_of_a_micro_batch)
{
  ck_assert_msg(shape(&tp_plot_gantt, passes) == TP_OK, "%s", error.text);
  ck_assert_uint_eq(plot.n_panels, 2);
  ck_assert_str_eq(plot.panels[0].title, "m, v, TP 1: forward 0");
  ck_assert_str_eq(plot.panels[1].title, "m, v, TP 1: backward 0");
}
END_TEST

/* 6 flops a byte; 6e5 flops in 6, 6 and 12 us are 0.1, 0.1 and 0.05 Tflop/s. */
START_TEST(test_roofline)
{
  ck_assert_msg(shape(&tp_plot_roofline, spans) == TP_OK, "%s", error.text);
  ck_assert_uint_eq(plot.panels[0].n_series, 1);
  check_series(&plot.panels[0].series[0], "a.up", 1,
               &(const struct tp_plot_point){.x = 6, .y = 0.25 / 3, .top = 3});
  ck_assert_rel(plot.panels[0].peak, 1, 1e-12);
  ck_assert_rel(plot.panels[0].slope, 0.1, 1e-12);
}
END_TEST

/* Two rows that differ in one input alone are two marks, or are refused with the way to choose; of
 * two batches the smaller may be left.  Gantt charts lay spans of one point over one another. */
START_TEST(test_no_two_points_are_one)
{
  static const struct tp_plot_kind *const kinds[] = {
      &tp_plot_speedup, &tp_plot_breakdown, &tp_plot_batch, &tp_plot_pareto, &tp_plot_heatmap};
  const int input = _i % TP_PLOT_N_INPUTS;
  const struct tp_plot_kind *const kind = kinds[_i / TP_PLOT_N_INPUTS];
  const char *text = "e2e_s,speedup,comm_exposed_s,tokens_per_s,tpot_s";
  for (int i = 0; i < TP_PLOT_N_INPUTS; i++)
    text = tp_arena_printf(arena, "%s,%s", text, tp_plot_inputs[i]);
  for (int row = 1; row <= 2; row++) {
    text = tp_arena_printf(arena, "%s\n%d,%d,1,%d,%d", text, 3 + row, row, row, row);
    for (int i = 0; i < TP_PLOT_N_INPUTS; i++)
      text = tp_arena_printf(arena, "%s,%d", text, i == input ? row : 1);
  }
  const bool axis = kind->frame.form == TP_PLOT_HEAT &&
                    (input == (int)kind->frame.heat.across || input == (int)kind->frame.heat.down);
  if (kind->shows & 1u << input || axis || input == TP_PLOT_batch) {
    ck_assert_msg(shape(kind, text) == TP_OK, "%s", error.text);
    size_t n = 0;
    for (size_t p = 0; p < plot.n_panels; p++)
      for (size_t k = 0; k < plot.panels[p].n_series; k++)
        n += plot.panels[p].series[k].n;
    /* Of a server, as these rows are, the batch is a limit. */
    const bool shown = kind->shows & 1u << input && kind != &tp_plot_batch;
    const bool left = input == TP_PLOT_batch && !shown && !axis;
    ck_assert_uint_eq(n, left ? 1 : 2);
    ck_assert_ptr_eq(strstr(plot.caption, "smallest of 2") == NULL ? NULL : kind,
                     left ? kind : NULL);
    return;
  }
  ck_assert_int_eq(shape(kind, text), TP_E_INPUT);
  ck_assert_msg(strstr(error.text, tp_arena_printf(arena, "2 values of %s in one picture: 1, 2;",
                                                   tp_plot_inputs[input])) != NULL,
                "%s", error.text);
}
END_TEST

/* More GPUs sit on more servers: a picture by degree may have both, and says nothing of them. */
START_TEST(test_nodes_follow)
{
  static const char text[] = "model,variant,tp,pp,nodes,layers,kv_dtype,speedup\n"
                             "m,ladder,8,1,1,,fp8,1\nm,ladder,16,1,2,,fp8,1.5\n";
  ck_assert_msg(shape(&tp_plot_speedup, text) == TP_OK, "%s", error.text);
  ck_assert_str_eq(plot.caption, "KV in fp8");
  ck_assert_int_eq(shape(&tp_plot_speedup, "model,variant,tp,nodes,speedup\nm,ladder,8,1,1\n"
                                           "m,ladder,16,2,1\nm,parallel,8,2,1\n"
                                           "m,ladder,8,4,1\n"),
                   TP_E_INPUT);
  ck_assert_str_eq(error.text, "3 values of nodes in one picture: 1, 2, 4; choose with --nodes");
  ck_assert_int_eq(shape(&tp_plot_speedup, "model,variant,tp,nodes,speedup,status\n"
                                           "m,ladder,8,2,1,ok\nm,parallel,8,,,no: it cannot\n"),
                   TP_OK);
  ck_assert_str_eq(plot.caption, "nodes 2");
  ck_assert_int_eq(shape(&tp_plot_speedup, "model,variant,tp,nodes,speedup,status\n"
                                           "m,ladder,8,2,1,ok\nm,ladder,8,,2,ok\n"),
                   TP_E_INPUT);
  ck_assert_str_eq(error.text,
                   "2 values of nodes in one picture: 2, none; choose with --nodes, 0 for none");
  ck_assert_int_eq(shape(&tp_plot_speedup, "model,variant,tp,kv_dtype,speedup\nm,ladder,8,,1\n"
                                           "m,ladder,8,fp8,1\n"),
                   TP_E_INPUT);
  ck_assert_str_eq(error.text,
                   "2 values of kv_dtype in one picture: none, fp8; choose with --kv-dtype");
  ck_assert_int_eq(shape(&tp_plot_speedup, "model,variant,tp,dtype,kv_dtype,speedup\n"
                                           "m,ladder,8,fp16,fp16,1\nn,ladder,8,fp16,fp16,1\n"),
                   TP_OK);
  ck_assert_str_eq(plot.caption, "fp16");
  ck_assert_int_eq(shape(&tp_plot_speedup, "model,variant,tp,dtype,kv_dtype,speedup\n"
                                           "m,ladder,8,fp16,fp16,1\nn,ladder,8,fp16,bf16,1\n"),
                   TP_OK);
}
END_TEST

/* 4 stages of 2 GPUs, twice: 16. */
START_TEST(test_pareto_counts_all_gpus)
{
  ck_assert_msg(shape(&tp_plot_pareto, "model,variant,tp,pp,dp,batch,tokens_per_s,tpot_s\n"
                                       "m,ladder,2,4,2,1,160,0.01\n") == TP_OK,
                "%s", error.text);
  ck_assert_rel(plot.panels[0].series[0].points[0].x, 10, 1e-12);
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
  tcase_add_test(shapes, test_breakdown_of_phases);
  tcase_add_test(shapes, test_breakdown_of_two_models);
  tcase_add_test(shapes, test_published);
  tcase_add_loop_test(shapes, test_faults, 0, sizeof faults / sizeof faults[0]);
  tcase_add_test(shapes, test_not_at_once);
  tcase_add_test(shapes, test_too_many_panels);
  tcase_add_test(shapes, test_breakdown_in_milliseconds);
  tcase_add_test(shapes, test_breakdown_intervals);
  tcase_add_test(shapes, test_collectives);
  tcase_add_loop_test(shapes, test_collective_zeros, 0, 5);
  tcase_add_test(shapes, test_pareto);
  tcase_add_test(shapes, test_pareto_of_a_model_that_fits_nowhere);
  tcase_add_test(shapes, test_batch);
  tcase_add_test(shapes, test_heatmap);
  tcase_add_test(shapes, test_heatmap_says_why_cells_are_blank);
  tcase_add_test(shapes, test_gantt);
  tcase_add_test(shapes, test_gantt_of_stages);
  tcase_add_test(shapes, test_micro_batches);
  tcase_add_test(shapes, test_gantt_of_a_micro_batch);
  tcase_add_test(shapes, test_gantt_of_a_later_micro_batch);
  tcase_add_test(shapes, test_gantt_of_steps);
  tcase_add_test(shapes, test_breakdown_of_stages);
  tcase_add_test(shapes, test_roofline);
  tcase_add_loop_test(shapes, test_no_two_points_are_one, 0, 5 * TP_PLOT_N_INPUTS);
  tcase_add_test(shapes, test_nodes_follow);
  tcase_add_test(shapes, test_pareto_counts_all_gpus);
  suite_add_tcase(s, shapes);
  return s;
}
TP_SUITE_MAIN
