/* Grids, points files and sweep files. */
#include "sweep/grid.h"

#include "../suite.h"
#include "world.h"

#include <string.h>

static struct world world;
static struct tp_grid grid;
static struct tp_error error;

static void set_up(void)
{
  world_open(&world);
  tp_grid_clear(&grid);
  error.text[0] = '\0';
}

static void tear_down(void)
{
  world_close(&world);
}

static const char *const models[] = {"ladder-1b", "llama-3.1-8b"};
static const char *const platforms[] = {"dgx-h100"};
static const char *const variants[] = {"standard", "ladder"};
static const double tps[] = {1, 2, 4};

static void give_lists(void)
{
  grid.axes[TP_AXIS_model] = (struct tp_axis){.words = models, .n = 2};
  grid.axes[TP_AXIS_platform] = (struct tp_axis){.words = platforms, .n = 1};
  grid.axes[TP_AXIS_variant] = (struct tp_axis){.words = variants, .n = 2};
  grid.axes[TP_AXIS_tp] = (struct tp_axis){.numbers = tps, .n = 3};
}

static struct tp_point case_at(size_t index)
{
  struct tp_point point;
  ck_assert_msg(tp_grid_point(&grid, &world.catalog, index, &point, &error) == TP_OK, "%s",
                error.text);
  return point;
}

static void check_case(size_t index, const char *model, int tp, const char *variant)
{
  const struct tp_point point = case_at(index);
  ck_assert_str_eq(point.model->name, model);
  ck_assert_int_eq(point.mesh.tp, tp);
  ck_assert_str_eq(point.variant->text, variant);
}

START_TEST(variants_run_fastest_models_slowest)
{
  give_lists();
  ck_assert_uint_eq(tp_grid_size(&grid), 12);
  check_case(0, "ladder-1b", 1, "standard");
  check_case(1, "ladder-1b", 1, "ladder");
  check_case(2, "ladder-1b", 2, "standard");
  check_case(6, "llama-3.1-8b", 1, "standard");
  check_case(11, "llama-3.1-8b", 4, "ladder");
}
END_TEST

/* With two values everywhere, point 1 << i differs from the first in axis i of the order alone. */
START_TEST(a_walk_meets_the_same_points)
{
  struct tp_point walked;
  give_lists();
  for (size_t i = 0; i < tp_grid_size(&grid); i++) {
    const struct tp_point point = case_at(i);
    ck_assert_int_eq(tp_grid_next(&grid, &world.catalog, i, &walked, &error), TP_OK);
    ck_assert(tp_point_same_point(&walked, &point));
    ck_assert_ptr_eq(walked.variant, point.variant);
  }
}
END_TEST

START_TEST(the_order_is_that_of_the_columns)
{
  static const char *const stacks[] = {"ideal", "eager"}, *const two_platforms[] = {"dgx-h100",
                                                                                    "dgx-b200"};
  static const char *const dtypes[] = {"fp16", "fp32"};
  static const double twos[] = {1, 2};
  give_lists();
  grid.axes[TP_AXIS_platform] = (struct tp_axis){.words = two_platforms, .n = 2};
  grid.axes[TP_AXIS_stack] = (struct tp_axis){.words = stacks, .n = 2};
  grid.axes[TP_AXIS_tp].n = 2;
  grid.axes[TP_AXIS_batch] = (struct tp_axis){.numbers = twos, .n = 2};
  grid.axes[TP_AXIS_prompt] = (struct tp_axis){.numbers = twos, .n = 2};
  grid.axes[TP_AXIS_generate] = (struct tp_axis){.numbers = twos, .n = 2};
  grid.axes[TP_AXIS_dtype] = (struct tp_axis){.words = dtypes, .n = 2};
  ck_assert_uint_eq(tp_grid_size(&grid), 1 << 9);
  ck_assert_str_eq(case_at(1 << 0).variant->text, "ladder");
  ck_assert_int_eq(case_at(1 << 1).dtype, TP_DTYPE_FP32);
  ck_assert_int_eq(case_at(1 << 2).generate, 2);
  ck_assert_int_eq(case_at(1 << 3).prompt, 2);
  ck_assert_int_eq(case_at(1 << 4).batch, 2);
  ck_assert_int_eq(case_at(1 << 5).mesh.tp, 2);
  ck_assert_str_eq(case_at(1 << 6).stack->name, "eager");
  ck_assert_str_eq(case_at(1 << 7).platform->name, "dgx-b200");
  ck_assert_str_eq(case_at(1 << 8).model->name, "llama-3.1-8b");
}
END_TEST

START_TEST(what_is_not_given_has_a_default)
{
  give_lists();
  const struct tp_point point = case_at(0);
  ck_assert_str_eq(point.stack->name, "vllm-0.24");
  ck_assert(point.batch == 1 && point.prompt == 1024 && point.generate == 512);
  ck_assert(point.mesh.pp == 1 && point.nodes == 0 && point.dtype == TP_DTYPE_FP16);
  ck_assert_ptr_eq(point.engine, &tp_engine_analytic);
  ck_assert(!point.workload.train);
}
END_TEST

START_TEST(layers_cut_the_model)
{
  static const double layers[] = {2, 16};
  give_lists();
  ck_assert_uint_eq(tp_grid_columns(&grid), tp_n_usual_columns);
  const struct tp_point whole = case_at(0);
  grid.axes[TP_AXIS_layers] = (struct tp_axis){.numbers = layers, .n = 2};
  grid.axes[TP_AXIS_variant].n = 1;
  ck_assert_uint_eq(tp_grid_columns(&grid), tp_n_usual_columns + 1); /* no further one */
  const struct tp_point cut = case_at(0), again = case_at(2);
  ck_assert(whole.layers == 0 && cut.layers == 2);
  ck_assert_int_eq(cut.model->layers, 2);
  ck_assert_int_eq(case_at(1).model->layers, 16);
  ck_assert(whole.model->layers > 2 && cut.model->hidden == whole.model->hidden);
  ck_assert_str_eq(cut.model->name, whole.model->name);
  ck_assert_ptr_eq(cut.model, again.model); /* another tp: the same model, so remembered */
  ck_assert_ptr_ne(cut.model, whole.model);
}
END_TEST

START_TEST(names_are_opened_once)
{
  give_lists();
  ck_assert_ptr_eq(case_at(0).model, case_at(5).model);
  ck_assert_ptr_eq(case_at(0).platform, case_at(11).platform);
  ck_assert_ptr_ne(case_at(0).model, case_at(6).model);
  size_t n_others = 0; /* 2 models, platform, device, stack, and however many libraries it has */
  for (size_t i = 0; i < world.catalog.n_inputs; i++)
    n_others += strncmp(world.catalog.inputs[i].name, "platforms/libraries/", 20) != 0;
  ck_assert_uint_eq(n_others, 5);
  ck_assert_str_eq(world.catalog.inputs[0].name, "models/ladder-1b.json");
}
END_TEST

static enum tp_status take(const char *text)
{
  struct tp_csv *csv = TP_NEW(world.arena, struct tp_csv, 1);
  enum tp_status status = tp_csv_parse("points.csv", text, world.arena, csv, &error);
  if (status == TP_OK)
    status = tp_grid_take_points(&grid, csv, NULL, world.arena, &error);
  return status == TP_OK ? tp_grid_check(&grid, &world.catalog, &error) : status;
}

START_TEST(points_times_the_lists_they_leave_open)
{
  give_lists();
  grid.axes[TP_AXIS_model].n = 1;
  ck_assert_int_eq(take("tp,batch,model,e2e_s\n8,3,,ignored\n2,5,ladder-3b,\n"), TP_OK);
  ck_assert_uint_eq(tp_grid_size(&grid), 4);
  check_case(0, "ladder-1b", 8, "standard"); /* an empty cell takes what is given */
  check_case(1, "ladder-1b", 8, "ladder");
  check_case(2, "ladder-3b", 2, "standard");
  check_case(3, "ladder-3b", 2, "ladder");
  ck_assert_int_eq(case_at(1).batch, 3);
  ck_assert_int_eq(case_at(3).batch, 5);
}
END_TEST

/* A row is one point: of several values for its gap all but one would be lost. */
START_TEST(a_gap_takes_one_value)
{
  give_lists();
  ck_assert_int_eq(take("tp,model\n8,ladder-3b\n8,\n"), TP_E_INPUT);
  ck_assert_str_eq(error.text, "points.csv:3: column 'model' is empty, and 2 values are given for "
                               "that; give one, or take the column out");
}
END_TEST

START_TEST(says_what_the_file_overrules)
{
  give_lists();
  ck_assert_int_eq(take("tp,batch\n8,1\n"), TP_OK);
  ck_assert_str_eq(tp_grid_overruled(&grid, "rate", world.arena),
                   "points.csv: tp, rate as its rows have it; what is given besides counts in "
                   "empty cells alone");
  grid.axes[TP_AXIS_tp].n = 0;
  ck_assert_str_eq(tp_grid_overruled(&grid, "", world.arena), "");
}
END_TEST

static enum tp_status read_yaml(const char *text)
{
  const enum tp_status status = tp_grid_read_yaml(&grid, "s.yaml", text, world.arena, &error);
  return status == TP_OK ? tp_grid_check(&grid, &world.catalog, &error) : status;
}

START_TEST(yaml_gives_scalars_lists_and_ranges)
{
  ck_assert_int_eq(read_yaml("model: [ladder-1b, llama-3.1-8b]\nplatform: dgx-h100\n"
                             "tp: [1, \"2:8:x2\"]\nbatch: 1,4\nvariant:\n  - ladder\n"),
                   TP_OK);
  ck_assert_uint_eq(tp_grid_size(&grid), 2 * 4 * 2);
  check_case(0, "ladder-1b", 1, "ladder");
  check_case(15, "llama-3.1-8b", 8, "ladder");
  ck_assert_int_eq(case_at(15).batch, 4);
}
END_TEST

START_TEST(lists_given_before_win_over_yaml)
{
  give_lists();
  ck_assert_int_eq(read_yaml("tp: [8]\nbatch: [2, 3]\n"), TP_OK);
  ck_assert_uint_eq(tp_grid_size(&grid), 12 * 2);
  ck_assert_int_eq(case_at(0).mesh.tp, 1);
  ck_assert_int_eq(case_at(0).batch, 2);
}
END_TEST

static const struct {
  bool yaml;
  const char *text, *message;
} faults[] = {
    {false, "tp,bach\n1,2\n", "points.csv:1: unknown column 'bach'; did you mean 'batch'?"},
    {false, "tp\n", "points.csv:1: no points below the header"},
    {false, "tp\n1\ntwo\n", "points.csv:3: column 'tp': 'two' is not a number"},
    {false, "tp\n1\n2.5\n", "points.csv:3: column 'tp': 2.5 is not a whole number"},
    {false, "batch\n0\n", "points.csv:2: column 'batch': 0 is not a whole number"},
    {false, "model\nlama-8b\n", "points.csv:2: no model 'lama-8b'; did you mean"},
    {false, "dtype\nfp17\n", "points.csv:2: no dtype 'fp17'; did you mean"},
    {false, "variant\nlader\n", "points.csv:2: "},
    {true, "tp: [1, 2\n", "s.yaml:2: not YAML: "},
    {true, "tpp: 3\n", "s.yaml:1: unknown key 'tpp'; did you mean 'tp'"},
    {true, "batch: 1\ntp: [[1], 2]\n", "s.yaml:2: a value must be"},
    {true, "batch: 1\n\ntp: {a: 1}\n", "s.yaml:3: a value must be"},
    {true, "tp: []\n", "s.yaml:1: an empty list"},
    {true, "tp: 1\ntp: 2\n", "s.yaml:2: key 'tp' stands twice"},
    {true, "tp: [1, x]\n", "s.yaml:1: tp: 'x' is not a number"},
    {true, "- 1\n", "s.yaml:1: a sweep file is one mapping"},
    {true, "", "s.yaml:1: a sweep file is one mapping"},
    {true, "tp: 1\n---\ntp: 2\n", "s.yaml:2: a sweep file is one mapping"},
    {true, "? [a]\n: 1\n", "s.yaml:1: a key must be a plain word"},
    {true, "dtype: [fp16, 'bf16,fp8']\n", "no dtype 'bf16,fp8'"}, /* in quotes: one name */
    {true, "generate: -1\n", "generate: -1 is not a whole number"},
};

START_TEST(faults_name_their_place)
{
  give_lists();
  grid.axes[TP_AXIS_tp].n = 0;
  const enum tp_status status =
      faults[_i].yaml ? read_yaml(faults[_i].text) : take(faults[_i].text);
  ck_assert_int_eq(status, TP_E_INPUT);
  ck_assert_msg(strncmp(error.text, faults[_i].message, strlen(faults[_i].message)) == 0,
                "got '%s', want '%s'", error.text, faults[_i].message);
  ck_assert_ptr_null(strchr(error.text, '\n'));
}
END_TEST

START_TEST(each_value_has_a_first_point)
{
  give_lists();
  size_t n = 0;
  for (size_t i = 0; i < tp_grid_size(&grid); i++)
    n += tp_grid_is_first(&grid, i);
  ck_assert_uint_eq(n, 1 + (2 - 1) + (2 - 1) + (3 - 1));
  ck_assert(tp_grid_is_first(&grid, 0) && tp_grid_is_first(&grid, 1));  /* standard, ladder */
  ck_assert(tp_grid_is_first(&grid, 2) && !tp_grid_is_first(&grid, 3)); /* tp 2; both */
  ck_assert(tp_grid_is_first(&grid, 4) && tp_grid_is_first(&grid, 6));  /* tp 4; model */
}
END_TEST

START_TEST(a_model_must_be_named)
{
  ck_assert_int_eq(tp_grid_check(&grid, &world.catalog, &error), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "--model"));
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("grid");
  TCase *tcase = tcase_create("points");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, variants_run_fastest_models_slowest);
  tcase_add_test(tcase, a_walk_meets_the_same_points);
  tcase_add_test(tcase, the_order_is_that_of_the_columns);
  tcase_add_test(tcase, what_is_not_given_has_a_default);
  tcase_add_test(tcase, layers_cut_the_model);
  tcase_add_test(tcase, names_are_opened_once);
  tcase_add_test(tcase, points_times_the_lists_they_leave_open);
  tcase_add_test(tcase, a_gap_takes_one_value);
  tcase_add_test(tcase, says_what_the_file_overrules);
  tcase_add_test(tcase, yaml_gives_scalars_lists_and_ranges);
  tcase_add_test(tcase, lists_given_before_win_over_yaml);
  tcase_add_loop_test(tcase, faults_name_their_place, 0, sizeof faults / sizeof faults[0]);
  tcase_add_test(tcase, each_value_has_a_first_point);
  tcase_add_test(tcase, a_model_must_be_named);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
