/* Baselines: which figures have moved, by how much they may, and what renews them. */
#include "judge/baseline.h"

#include "tables.h"
#include "world.h"

#include <string.h>

static struct tables tables;
static struct world world;
static struct tp_baseline baseline;
static double tpot_s;
static const struct tp_grid untold = {.detail = TP_DETAIL_FLOW};

/* One point, predicted once: the rows below are held against it. */
static void setup(void)
{
  struct tp_prediction row;
  tables_open(&tables);
  world_open(&world);
  const struct tp_point point =
      world_case(&world, "llama-3.1-8b", "dgx-h100", "vllm-graph", "ladder");
  struct tp_predictor *const predictor = tp_predictor_create();
  ck_assert_int_eq(tp_predict(predictor, &point, &row, &tables.error), TP_OK);
  tpot_s = row.tpot_s;
  tp_predictor_free(predictor);
}

static void teardown(void)
{
  world_close(&world);
  tables_close(&tables);
}

#define POINT "llama-3.1-8b,dgx-h100,vllm-graph,ladder,8,1,1024,512"

/* A baseline of `ratio` times what is predicted, with these tolerances as text. */
static const char *row(double ratio, const char *tolerance, const char *tolerance_ratio)
{
  return tp_arena_printf(tables.arena, POINT ",tpot_s,%.17g,%s,%s\n", ratio * tpot_s, tolerance,
                         tolerance_ratio);
}

static const char *file_of(const char *rows)
{
  return tables_put(&tables,
                    tp_arena_printf(tables.arena,
                                    "model,platform,stack,variant,tp,batch,prompt,generate,metric,"
                                    "baseline,tolerance,tolerance_ratio\n%s",
                                    rows));
}

static void check(const char *file)
{
  ck_assert_msg(tp_baseline_check(file, &untold, &world.catalog, tables.arena, &baseline,
                                  &tables.error) == TP_OK,
                "%s", tables.error.text);
}

/* What is predicted is 1 / ratio of the baseline: 1.25 is off by a fifth of itself. */
START_TEST(within_its_tolerance)
{
  const char *const absolute = tp_arena_printf(tables.arena, "%.17g", 0.26 * tpot_s);
  const char *const narrow = tp_arena_printf(tables.arena, "%.17g", 0.24 * tpot_s);
  const char *const rows[] = {row(1, "0", ""),           row(1.25, "", "0.21"),
                              row(1.25, "", "0.19"),     row(1.25, absolute, ""),
                              row(1.25, narrow, ""),     row(1.25, narrow, "0.21"),
                              row(1.25, absolute, "0.1")}; /* the wider counts */
  static const bool passed[] = {true, true, false, true, false, true, true};
  const char *text = "";
  for (int i = 0; i < 7; i++)
    text = tp_arena_printf(tables.arena, "%s%s", text, rows[i]);
  check(file_of(text));
  ck_assert_uint_eq(baseline.n_rows, 7);
  for (int i = 0; i < 7; i++) {
    ck_assert_msg(baseline.rows[i].passed == passed[i], "row %d", i);
    ck_assert_int_eq(baseline.rows[i].line, i + 2);
    ck_assert_rel(baseline.rows[i].predicted, tpot_s, 1e-8);
  }
  ck_assert_rel(baseline.rows[1].tolerance, 0.21 * 1.25 * tpot_s, 1e-12);
}
END_TEST

START_TEST(says_what_moved)
{
  check(file_of(tp_arena_printf(tables.arena, "%s%s", row(1, "1", ""), row(2, "0", ""))));
  ck_assert_str_eq(tp_checked_verdict(&baseline.rows[0], tables.arena), "ok");
  ck_assert_str_eq(
      tp_checked_verdict(&baseline.rows[1], tables.arena),
      tp_arena_printf(tables.arena, "moved: %.9g, baseline %.9g +- 0", tpot_s, 2 * tpot_s));
  ck_assert_ptr_nonnull(strstr(baseline.rows[1].name, "ladder tp 8 batch 1"));
}
END_TEST

/* A point that cannot run, and one whose model is gone, are rows that did not pass. */
START_TEST(lost_points_do_not_pass)
{
  check(file_of("llama-3.1-8b,dgx-h100,vllm-graph,ladder,64,1,1024,512,tpot_s,1,1e9,\n"
                "nobodys,dgx-h100,vllm-graph,ladder,8,1,1024,512,tpot_s,1,1e9,\n"));
  ck_assert_uint_eq(baseline.n_rows, 2);
  for (int i = 0; i < 2; i++) {
    ck_assert(!baseline.rows[i].passed);
    ck_assert(isnan(baseline.rows[i].predicted));
    ck_assert_ptr_nonnull(baseline.rows[i].lost);
  }
  ck_assert_ptr_nonnull(strstr(tp_checked_verdict(&baseline.rows[1], tables.arena), "lost: "));
}
END_TEST

/* What passed keeps its figure, the other gets what is predicted. */
START_TEST(renews_what_moved)
{
  char *text = NULL;
  size_t size = 0;
  const char *const kept = row(1.1, "1", "");
  check(file_of(tp_arena_printf(tables.arena, "%s%s", kept, row(3, "0", ""))));
  FILE *const out = open_memstream(&text, &size);
  tp_baseline_write_renewed(&baseline, out);
  fclose(out);
  const char *const renewed = tables_put(&tables, text);
  ck_assert_ptr_nonnull(strstr(text, kept));
  free(text);
  check(renewed);
  ck_assert(baseline.rows[0].passed);
  ck_assert_rel(baseline.rows[1].baseline, tpot_s, 1e-8);
  ck_assert(baseline.rows[1].passed); /* to the digits that were written */
}
END_TEST

static const struct {
  const char *row, *says;
} faults[] = {{POINT ",tpot_s,1,,\n", ":2: no tolerance"},
              {POINT ",tpot_s,1,-1,\n", "is negative"},
              {POINT ",tpot,1,1,\n", ":2: "},
              {POINT ",tpot_s,much,1,\n", ":2: "}};

START_TEST(names_faults)
{
  const char *const file = file_of(faults[_i].row);
  ck_assert_int_eq(
      tp_baseline_check(file, &untold, &world.catalog, tables.arena, &baseline, &tables.error),
      TP_E_INPUT);
  ck_assert_msg(strstr(tables.error.text, faults[_i].says) != NULL, "%s", tables.error.text);
}
END_TEST

static Suite *suite(void)
{
  Suite *const made = suite_create("baseline");
  TCase *const cases = tcase_create("rows");
  tcase_add_checked_fixture(cases, setup, teardown);
  tcase_add_test(cases, within_its_tolerance);
  tcase_add_test(cases, says_what_moved);
  tcase_add_test(cases, lost_points_do_not_pass);
  tcase_add_test(cases, renews_what_moved);
  tcase_add_loop_test(cases, names_faults, 0, sizeof faults / sizeof faults[0]);
  suite_add_tcase(made, cases);
  return made;
}

TP_SUITE_MAIN
