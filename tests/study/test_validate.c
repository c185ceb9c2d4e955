/* Predictions against measurements: figures, groups and worst rows by hand. */
#include "judge/validate.h"

#include "tables.h"
#include "world.h"

#include <string.h>

static struct tables tables;
static struct world world;
static struct tp_validation validation;

static void setup(void)
{
  tables_open(&tables);
  world_open(&world);
}

static void teardown(void)
{
  world_close(&world);
  tables_close(&tables);
}

static enum tp_status validate(const char *file, const struct tp_validate_request *request)
{
  return tp_validate(file, request, &world.catalog, &validation, &tables.error);
}

static const struct tp_validated_group *group(const char *by, const char *value)
{
  for (size_t i = 0; i < validation.n_groups; i++)
    if (strcmp(validation.groups[i].by, by) == 0 && strcmp(validation.groups[i].value, value) == 0)
      return &validation.groups[i];
  return NULL;
}

/* Four collectives that took 2, 1, 1 and 1/2 of what is predicted: errors -0.5, 0, 0, 1. */
static const char *four_rows(void)
{
  const struct tp_op_costs_request request = {.device = "h100-sxm"};
  static const double factors[] = {2, 1, 1, 0.5};
  struct tp_csv csv;
  struct tp_op_time *times;
  ck_assert_int_eq(tp_csv_parse("made",
                                "op,ranks,bytes\nall_reduce,2,1024\nall_gather,2,1024\n"
                                "all_reduce,8,1048576\nall_gather,8,1048576\n",
                                tables.arena, &csv, &tables.error),
                   TP_OK);
  ck_assert_int_eq(tp_op_costs(&tables.dirs, &request, &csv, tables.arena, &times, &tables.error),
                   TP_OK);
  const char *text = "op,ranks,bytes,time_us\n";
  for (size_t i = 0; i < 4; i++)
    text = tp_arena_printf(tables.arena, "%s%s,%s,%s,%.12g\n", text, tp_csv_cell(&csv, i, 0),
                           tp_csv_cell(&csv, i, 1), tp_csv_cell(&csv, i, 2),
                           times[i].predicted_us * factors[i]);
  return tables_put(&tables, text);
}

START_TEST(ops_by_hand)
{
  const struct tp_validate_request request = {.ops.device = "h100-sxm"};
  ck_assert_int_eq(validate(four_rows(), &request), TP_OK);
  ck_assert_uint_eq(validation.n_figures, 4);
  ck_assert_rel(validation.groups[0].mape, 1.5 / 4, 1e-9);
  ck_assert_rel(validation.groups[0].bias, 0.5 / 4, 1e-9);
  ck_assert_rel(group("op", "all_reduce")->mape, 0.25, 1e-9);
  ck_assert_rel(group("op", "all_reduce")->bias, -0.25, 1e-9);
  ck_assert_rel(group("op", "all_gather")->bias, 0.5, 1e-9);
  ck_assert_rel(group("ranks", "2")->bias, -0.25, 1e-9);
  ck_assert_uint_eq(group("ranks", "8")->n, 2);
  ck_assert_ptr_null(group("metric", "time_us")); /* one value tells nothing apart */
  ck_assert_uint_eq(validation.n_worst, 4);
  ck_assert_rel(validation.worst[0]->error, 1, 1e-9);
  ck_assert_rel(validation.worst[1]->error, -0.5, 1e-9);
  ck_assert_ptr_eq(group("ranks", "8")->worst, validation.worst[0]);
  ck_assert_ptr_nonnull(strstr(validation.worst[0]->name, ":5: all_gather"));
}
END_TEST

START_TEST(by_a_column)
{
  const struct tp_validate_request request = {.ops.device = "h100-sxm", .by = "bytes"};
  const struct tp_validate_request wrong = {.ops.device = "h100-sxm", .by = "byte"};
  const char *const file = four_rows();
  ck_assert_int_eq(validate(file, &request), TP_OK);
  ck_assert_uint_eq(validation.n_groups, 3);
  ck_assert_rel(group("bytes", "1048576")->mape, 0.5, 1e-9);
  ck_assert_int_eq(validate(file, &wrong), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(tables.error.text, "bytes"));
}
END_TEST

/* More rows than are shown: the five worst, in order. */
START_TEST(five_worst)
{
  static const double times_us[] = {10, 300, 20, 2000, 50, 5, 1000, 400};
  const char *text = "m,n,k,time_us\n";
  for (size_t i = 0; i < 8; i++)
    text = tp_arena_printf(tables.arena, "%s64,8192,8192,%g\n", text, times_us[i]);
  const struct tp_validate_request request = {.ops.device = "h100-sxm"};
  ck_assert_int_eq(validate(tables_put(&tables, text), &request), TP_OK);
  ck_assert_uint_eq(validation.n_worst, TP_WORST_FIGURES);
  for (size_t i = 1; i < TP_WORST_FIGURES; i++)
    ck_assert(fabs(validation.worst[i]->error) <= fabs(validation.worst[i - 1]->error));
  size_t n_as_bad = 0;
  for (size_t i = 0; i < validation.n_figures; i++)
    n_as_bad += fabs(validation.figures[i].error) >= fabs(validation.worst[4]->error);
  ck_assert_uint_eq(n_as_bad, 5);
}
END_TEST

static struct tp_prediction predicted(const char *variant)
{
  struct tp_prediction prediction;
  const struct tp_point point =
      world_case(&world, "llama-3.1-8b", "dgx-h100", "vllm-0.24", variant);
  struct tp_predictor *predictor = tp_predictor_create();
  ck_assert_int_eq(tp_predict(predictor, &point, &prediction, &tables.error), TP_OK);
  tp_predictor_free(predictor);
  return prediction;
}

START_TEST(points_by_hand)
{
  const struct tp_prediction standard = predicted("standard"), ladder = predicted("ladder");
  const char *const text =
      tp_arena_printf(tables.arena,
                      "model,platform,variant,tp,prefill_s,decode_s,tokens_per_s,run\n"
                      "llama-3.1-8b,dgx-h100,standard,8,%.12g,%.12g,,first\n"
                      "llama-3.1-8b,dgx-h100,ladder,8,%.12g,,%.12g,second\n",
                      standard.ttft_s / 1.2, (standard.e2e_s - standard.ttft_s) / 0.9,
                      ladder.ttft_s, ladder.tokens_per_s / 1.1);
  const struct tp_validate_request request = {0};
  ck_assert_msg(validate(tables_put(&tables, text), &request) == TP_OK, "%s", tables.error.text);
  ck_assert_uint_eq(validation.n_figures, 4); /* the empty cells are not measured */
  ck_assert_rel(validation.groups[0].mape, 0.4 / 4, 1e-9);
  ck_assert_rel(validation.groups[0].bias, 0.2 / 4, 1e-9);
  ck_assert_rel(group("variant", "standard")->bias, 0.05, 1e-9);
  ck_assert_rel(group("metric", "decode_s")->bias, -0.1, 1e-9);
  ck_assert_rel(group("metric", "prefill_s")->mape, 0.1, 1e-9);
  ck_assert_ptr_null(group("tp", "8"));
}
END_TEST

static const struct {
  const char *device, *text, *said;
} faults[] = {
    {NULL, "m,n,k,time_us\n1,1,1,1\n", "say whose with --device"},
    {"h100-sxm", "bytes,ranks,time_us\n1,2,1\n", ":1: no column 'op'"},
    {"h100-sxm", "m,n,k,time_us\n1,1,1,0\n", ":2: column 'time_us'"},
    {"h100-sxm", "m,n,k,time_us\n1,1,1,\n", ":2: column 'time_us'"},
    {NULL, "model,platform\nllama-3.1-8b,dgx-h100\n", ":1: nothing measured"},
    {NULL, "model,platform,tpot_s\nllama-3.1-8b,dgx-h100,0\n", ":2: column 'tpot_s'"},
    {NULL, "model,platform,tp,tpot_s\nllama-3.1-8b,dgx-h100,7,1\n",
     ":2: nothing predicted for tpot_s"},
    {NULL, "model,platform,tpot_s\nlama,dgx-h100,1\n", "lama"},
    {NULL, "tpot_s\n1\n", "model"},
};

START_TEST(names_faults)
{
  const struct tp_validate_request request = {.ops.device = faults[_i].device};
  const char *const file = tables_put(&tables, faults[_i].text);
  ck_assert_int_eq(validate(file, &request), TP_E_INPUT);
  ck_assert_msg(strstr(tables.error.text, faults[_i].said) != NULL, "said: %s", tables.error.text);
}
END_TEST

/* Standard 2 s and ladder 1 s at one point, 3 s and 1.5 s at another, parallel without a partner:
 * measured speedups 2 and 2, predicted the predictions' own. */
START_TEST(speedups_by_hand)
{
  const struct tp_validate_request request = {.by = NULL};
  const char *const file =
      tables_put(&tables, "model,platform,variant,tp,batch,emulated,ttft_s,tokens_per_s\n"
                          "llama-3.1-8b,dgx-h100,standard,8,1,1,2,5\n"
                          "llama-3.1-8b,dgx-h100,ladder,8,1,1,1,5\n"
                          "llama-3.1-8b,dgx-h100,ladder,8,4,1,1.5,5\n"
                          "llama-3.1-8b,dgx-h100,standard,8,4,1,3,5\n"
                          "llama-3.1-8b,dgx-h100,parallel,8,2,1,3,5\n");
  ck_assert_int_eq(validate(file, &request), TP_OK);
  ck_assert_uint_eq(validation.n_speedups, 1); /* of times; nothing to compare parallel with */
  const struct tp_validated_group *ladder = &validation.speedups[0];
  ck_assert_str_eq(ladder->value, "ttft_s of ladder");
  ck_assert_uint_eq(ladder->n, 2);
  const struct tp_validated *figures = validation.figures; /* ttft_s and tokens_per_s by turns */
  const double gains[] = {figures[0].predicted / figures[2].predicted,
                          figures[6].predicted / figures[4].predicted};
  ck_assert_rel(ladder->bias, (gains[0] + gains[1]) / 2 - 2, 1e-9);
  ck_assert_rel(ladder->worst->measured, 2, 1e-12);
  ck_assert_rel(ladder->worst->error, fmin(gains[0], gains[1]) - 2, 1e-9);
  ck_assert_uint_eq(group("emulated", "1")->n, 10);
  ck_assert_ptr_eq(validation.judged, &validation.groups[0]);
}
END_TEST

/* A twentieth of 2 s late is borne, more is not, in the figure that it belongs to; no figure left
 * is no speedup either. */
START_TEST(late_figures_are_left_out)
{
  const struct tp_validate_request request = {.by = NULL};
  const char *const file = tables_put(
      &tables, "model,platform,variant,tp,emulated,ttft_s,tpot_s,ttft_late_s,tpot_late_s\n"
               "llama-3.1-8b,dgx-h100,standard,8,1,2,2,0.1,0\n"
               "llama-3.1-8b,dgx-h100,ladder,8,1,2,2,0.11,0.1\n");
  ck_assert_int_eq(validate(file, &request), TP_OK);
  ck_assert_uint_eq(validation.n_late, 1);
  ck_assert_uint_eq(group("metric", "ttft_s")->n, 1);
  ck_assert_uint_eq(group("metric", "tpot_s")->n, 2);
  ck_assert_uint_eq(validation.n_speedups, 1);
  ck_assert_str_eq(validation.speedups[0].value, "tpot_s of ladder");
}
END_TEST

/* A cut model is the model with fewer layers: the head and the embedding stay. */
START_TEST(layers_are_an_input)
{
  const struct tp_validate_request request = {.by = NULL};
  const char *const file = tables_put(&tables, "model,platform,layers,tpot_s\n"
                                               "llama-3.1-8b,dgx-h100,1,1\n"
                                               "llama-3.1-8b,dgx-h100,2,1\n"
                                               "llama-3.1-8b,dgx-h100,32,1\n"
                                               "llama-3.1-8b,dgx-h100,,1\n");
  ck_assert_int_eq(validate(file, &request), TP_OK);
  const struct tp_validated *figures = validation.figures;
  const double layer_s = figures[1].predicted - figures[0].predicted;
  ck_assert(layer_s > 0);
  ck_assert_rel(figures[2].predicted, figures[0].predicted + 31 * layer_s, 1e-6);
  ck_assert_rel(figures[3].predicted, figures[2].predicted, 1e-15);
}
END_TEST

/* A kernel and a collective in turn take what they take by themselves and a crossing; kernels that
 * outlast a collective their own time and what is left of that. */
START_TEST(crossings_by_hand)
{
  const char *const file =
      tables_put(&tables, "op,bytes,ranks,kernels,kernel_us,collective_us,time_us\n"
                          "all_reduce,4096,2,1,10,20,35\n"
                          "all_reduce,4096,2,4,10,20,42\n");
  const struct tp_validate_request request = {
      .ops.device = "h100-sxm",
      .ops.sets = (const char *[]){"crossing_s=3e-6", "wait_s=1e-6"},
      .ops.n_sets = 2};
  ck_assert_msg(validate(file, &request) == TP_OK, "%s", tables.error.text);
  ck_assert_uint_eq(validation.n_figures, 2);
  ck_assert_rel(validation.figures[0].predicted, 10 + 20 + 3, 1e-12);
  ck_assert_rel(validation.figures[0].error, 33.0 / 35 - 1, 1e-9);
  ck_assert_rel(validation.figures[1].predicted, 4 * 10 + 1, 1e-12);
  ck_assert_rel(validation.figures[1].error, 41.0 / 42 - 1, 1e-9);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("validate");
  TCase *tcase = tcase_create("cases");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, ops_by_hand);
  tcase_add_test(tcase, by_a_column);
  tcase_add_test(tcase, five_worst);
  tcase_add_test(tcase, points_by_hand);
  tcase_add_test(tcase, speedups_by_hand);
  tcase_add_test(tcase, late_figures_are_left_out);
  tcase_add_test(tcase, layers_are_an_input);
  tcase_add_test(tcase, crossings_by_hand);
  tcase_add_loop_test(tcase, names_faults, 0, (int)(sizeof faults / sizeof faults[0]));
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
