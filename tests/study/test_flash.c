/* What published figures of low-bit all-reduces must come to: `tpsim reproduce flash`, by case. */
#include "judge/reproduce.h"

#include "../suite.h"
#include "tables.h"
#include "world.h"

#include <string.h>

static struct world world;
static struct tp_reproduced *rows;
static size_t n_rows;

static void set_up(void)
{
  struct tp_error error;
  world_open(&world);
  if (tp_reproduce(TP_SRCDIR "/results/published/flash.csv", &world.catalog, world.arena, &rows,
                   &n_rows, &error) != TP_OK)
    ck_abort_msg("%s", error.text);
}

static void open_world(void)
{
  world_open(&world);
}

static void tear_down(void)
{
  world_close(&world);
}

static const struct {
  const char *words; /* in the case */
  double least, most;
} wanted[] = {
    {"share of prefill on 4 L40", 0.59, 0.71}, /* reported 0.65 */
    {"share of prefill on 4 A100", 0.10, 0.14},
    {"2.06x on L40", 2.06 - 0.25, 2.06 + 0.25},
    {"on 4 A100: int4", 1, 1.25},
    {"1.19x on A100", 1, 1.25},
    {"NCCL ring on 4 L40: 64 MiB", 3, 4},
    {"NCCL ring on 4 L40: 512 MiB", 3, 4},
    {"V2: hierarchical", 2.4, 4},
    {"int8 two-shot on NVLink", 1, 1.12},
};

START_TEST(comes_to)
{
  bool found = false;
  for (size_t i = 0; i < n_rows; i++)
    if (strstr(rows[i].label, wanted[_i].words) != NULL) {
      found = true;
      ck_assert_str_eq(rows[i].status, "ok");
      ck_assert_msg(rows[i].predicted >= wanted[_i].least && rows[i].predicted <= wanted[_i].most,
                    "%s: %g is outside %g to %g", rows[i].label, rows[i].predicted,
                    wanted[_i].least, wanted[_i].most);
    }
  ck_assert_msg(found, "no case '%s'", wanted[_i].words);
}
END_TEST

/* Each narrower width gains on PCIe. */
START_TEST(fewer_bits_gain)
{
  static const char *const widths[] = {"L40: int8", "L40: int6", "L40: int5", "L40: int4",
                                       "L40: int3"};
  double last = 1;
  for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++)
    for (size_t i = 0; i < n_rows; i++)
      if (strcmp(rows[i].metric, "speedup") == 0 && strstr(rows[i].label, "over 16 bits") != NULL &&
          strstr(rows[i].label, widths[w]) != NULL && strstr(rows[i].label, "-int8") == NULL) {
        ck_assert_double_gt(rows[i].predicted, last);
        last = rows[i].predicted;
      }
  ck_assert_double_gt(last, 1.8);
}
END_TEST

/* A table of these rows by columns of one all-reduce; what it is refused by, or "". */
static const char *reproduced(const char *written, struct tables *tables)
{
  const char *path;
  FILE *const out = tables_create(tables, &path);
  fprintf(out,
          "paper,case,metric,unit,published,aggregate,model,platform,stack,variant,tp,op,"
          "bytes,algorithm\n%s\n",
          written);
  fclose(out);
  tables->error.text[0] = '\0';
  tp_reproduce(path, &world.catalog, world.arena, &rows, &n_rows, &tables->error);
  const char *const colon = strchr(tables->error.text, ':'); /* behind the path */
  return colon != NULL ? colon + 1 : tables->error.text;
}

static const struct {
  const char *row, *words;
} wrong[] = {
    {"p,c,time_us,us,1,,,dgx-h100,vllm-graph,,8,all_gather,1024,",
     "2: column 'op': 'all_gather' is not all_reduce or empty"},
    {"p,c,time_us,us,1,,,dgx-h100,vllm-graph,,1,all_reduce,1024,",
     "2: column 'tp': give 2 to 4096 ranks"},
    {"p,c,time_us,us,1,,,dgx-h100,vllm-graph,,4097,all_reduce,1024,",
     "2: column 'tp': give 2 to 4096 ranks"},
    {"p,c,time_us,us,1,,,dgx-h100,vllm-graph,,2.5,all_reduce,1024,",
     "2: column 'tp': give 2 to 4096 ranks"},
    {"p,c,time_us,us,1,,,dgx-h100,vllm-graph,,8,all_reduce,0,",
     "2: column 'bytes': give a positive number"},
    {"p,c,time_us,us,1,,,dgx-h100,vllm-graph,,8,all_reduce,1024,rings",
     "2: column 'algorithm': no algorithm 'rings'"},
    {"p,c,ttft_s,s,1,,,dgx-h100,vllm-graph,,8,all_reduce,1024,",
     "2: column 'metric': 'ttft_s' is not time_us or speedup, the figures of one all-reduce"},
    {"p,c,speedup,ratio,1,mean,,,,,,,,",
     "2: column 'aggregate': 'mean' is not geomean, min, max or empty"},
};

START_TEST(wrong_rows_are_refused)
{
  struct tables tables;
  tables_open(&tables);
  ck_assert_str_eq(reproduced(wrong[_i].row, &tables), wrong[_i].words);
  tables_close(&tables);
}
END_TEST

/* Rows that cannot run say so and have no figure; a ring is as fast as itself, and summaries are
 * of what stands above them. */
START_TEST(rows_of_one_all_reduce)
{
  struct tables tables;
  tables_open(&tables);
  ck_assert_str_eq(reproduced("p,a,speedup,ratio,2,,,dgx-h100,vllm-graph,,8,all_reduce,1e6,ring\n"
                              "p,b,time_us,us,,,,dgx-h100,vllm-graph,,9,all_reduce,1e6,ring\n"
                              "p,c,time_us,us,1,,,l40s-x4,vllm-graph,,4,all_reduce,1e6,nvls\n"
                              "p,d,speedup,ratio,4,max,,,,,,,,",
                              &tables),
                   "");
  ck_assert_uint_eq(n_rows, 4);
  ck_assert_str_eq(rows[0].status, "ok");
  ck_assert_rel(rows[0].predicted, 1, 1e-15);
  ck_assert_rel(rows[0].error_abs, -1, 1e-15);
  ck_assert_rel(rows[0].error_rel, -0.5, 1e-15);
  ck_assert_str_eq(rows[1].status, "9 ranks need 9 GPUs and dgx-h100 has 8: take fewer ranks");
  ck_assert(isnan(rows[1].predicted) && isnan(rows[1].published));
  ck_assert_str_eq(rows[2].status, "this algorithm cannot run there");
  ck_assert(isnan(rows[2].predicted));
  ck_assert(rows[3].aggregate && !rows[0].aggregate);
  ck_assert_rel(rows[3].predicted, 1, 1e-15);
  ck_assert_rel(rows[3].error_rel, -0.75, 1e-15);
  tables_close(&tables);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("flash");
  TCase *cases = tcase_create("published");
  tcase_add_checked_fixture(cases, set_up, tear_down);
  tcase_add_loop_test(cases, comes_to, 0, (int)(sizeof wanted / sizeof wanted[0]));
  tcase_add_test(cases, fewer_bits_gain);
  TCase *const given = tcase_create("given");
  tcase_add_checked_fixture(given, open_world, tear_down);
  tcase_add_loop_test(given, wrong_rows_are_refused, 0, sizeof wrong / sizeof wrong[0]);
  tcase_add_test(given, rows_of_one_all_reduce);
  suite_add_tcase(suite, given);
  suite_add_tcase(suite, cases);
  return suite;
}

TP_SUITE_MAIN
