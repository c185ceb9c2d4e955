/* Calibration from files: known parameters come back, the rest of the device file stays. */
#include "fit/calibrate.h"

#include "base/file.h"

#include "tables.h"

#include <string.h>

static struct tables tables;
static struct tp_calibration calibration;

static void setup(void)
{
  tables_open(&tables);
}

static void teardown(void)
{
  tables_close(&tables);
}

static struct tp_calibrate_request request_for(const char *const *gemm)
{
  return (struct tp_calibrate_request){.device = "h100-sxm",
                                       .gemm = {gemm, gemm != NULL},
                                       .options.hold_out_ratio = tp_fit_usual_hold_out_ratio};
}

static void calibrate(const struct tp_calibrate_request *request)
{
  ck_assert_msg(tp_calibrate(&tables.dirs, request, tables.arena, &calibration, &tables.error) ==
                    TP_OK,
                "%s", tables.error.text);
}

static const struct tp_calibrated_parameter *parameter(const char *group, const char *key)
{
  for (size_t g = 0; g < calibration.n_groups; g++)
    for (size_t i = 0; i < calibration.groups[g].n_parameters; i++)
      if (strcmp(calibration.groups[g].group, group) == 0 &&
          strcmp(calibration.groups[g].parameters[i].key, key) == 0)
        return &calibration.groups[g].parameters[i];
  ck_abort_msg("no %s.%s", group, key);
  return NULL;
}

static struct tp_device device_of(const char *text)
{
  struct tp_doc doc;
  struct tp_device device;
  ck_assert_int_eq(tp_doc_parse("new.json", text, tables.arena, &doc, &tables.error), TP_OK);
  ck_assert_int_eq(tp_device_read(&doc, tables.arena, &device, &tables.error), TP_OK);
  tp_doc_close(&doc);
  return device;
}

static const char *shipped_text(void)
{
  const char *text;
  ck_assert_int_eq(tp_file_read(TP_SRCDIR "/platforms/devices/h100-sxm.json", tables.arena, &text,
                                &tables.error),
                   TP_OK);
  return text;
}

START_TEST(finds_a_parameter_back)
{
  const char *const file = tables_measure(&tables, tables_gemms(&tables), "gemm.launch_s=4e-6", 0);
  const struct tp_calibrate_request request = request_for(&file);
  calibrate(&request);
  ck_assert_uint_eq(calibration.n_groups, 1);
  ck_assert_str_eq(calibration.groups[0].group, "gemm");
  ck_assert_str_eq(calibration.groups[0].source, file);
  ck_assert(calibration.groups[0].held_out_error < 0.005);
  const struct tp_calibrated_parameter *launch = parameter("gemm", "launch_s");
  ck_assert_rel(launch->before, device_of(shipped_text()).gemm.launch_s, 1e-15);
  ck_assert_rel(launch->after, 4e-6, 0.01);
  const struct tp_device device = device_of(calibration.text);
  ck_assert_rel(device.gemm.launch_s, 4e-6, 0.01);
  ck_assert_int_eq(device.gemm.kind, TP_PROVENANCE_FITTED);
  ck_assert_str_eq(device.gemm.source, file);
}
END_TEST

START_TEST(leaves_the_rest_of_the_file)
{
  const char *const file = tables_measure(&tables, tables_gemms(&tables), NULL, 0.02);
  const struct tp_calibrate_request request = request_for(&file);
  calibrate(&request);
  const char *const old = shipped_text(), *const new = calibration.text;
  const size_t head = (size_t)(strstr(old, "\"gemm\"") - old);
  ck_assert_int_eq(strncmp(old, new, head), 0);
  ck_assert_str_eq(strstr(old, "\"gemm_fp8\""), strstr(new, "\"gemm_fp8\""));
  ck_assert_str_ne(old, new);
  ck_assert_ptr_nonnull(strstr(new, "\"note\": \"mean error "));
  ck_assert_ptr_nonnull(strstr(new, "sustained_ratio")); /* not fitted, and said to be */
  ck_assert_rel(device_of(new).gemm.sustained_ratio, device_of(old).gemm.sustained_ratio, 1e-15);
}
END_TEST

/* Noise of up to 10 % either way: a mean error of 5 %; the truth is within 4 standard errors. */
START_TEST(bears_noise)
{
  const char *const file =
      tables_measure(&tables, tables_gemms(&tables), "gemm.launch_s=4e-6", 0.1);
  const struct tp_calibrate_request request = request_for(&file);
  calibrate(&request);
  const struct tp_calibrated *group = &calibration.groups[0];
  ck_assert_rel(group->fitted_error, 0.05, 0.2);
  ck_assert_rel(group->held_out_error, 0.05, 0.3);
  ck_assert_rel(group->spread_ratio, 0.1 / sqrt(3), 0.2);
  const struct tp_calibrated_parameter *launch = parameter("gemm", "launch_s");
  ck_assert_rel(launch->after, 4e-6, 0.05);
  ck_assert(launch->error > 0);
  ck_assert_msg(fabs(launch->after - 4e-6) < 4 * launch->error, "%g off, standard error %g",
                launch->after - 4e-6, launch->error);
}
END_TEST

START_TEST(same_rows_same_bytes)
{
  const char *const file = tables_measure(&tables, tables_gemms(&tables), NULL, 0.05);
  struct tp_calibrate_request request = request_for(&file);
  calibrate(&request);
  const char *const first = calibration.text;
  calibrate(&request);
  ck_assert_str_eq(first, calibration.text);
  const size_t n = calibration.groups[0].n_fitted + calibration.groups[0].n_held_out;
  request.options.hold_out_ratio = 0;
  calibrate(&request);
  ck_assert_uint_eq(calibration.groups[0].n_held_out, 0);
  ck_assert_uint_eq(calibration.groups[0].n_fitted, n);
}
END_TEST

START_TEST(several_groups_at_once)
{
  const char *text = "op,batch,kv_len,heads,kv_heads,head_dim\n";
  for (int batch = 1; batch <= 64; batch *= 2)
    for (int kv_len = 16; kv_len <= 65536; kv_len *= 4)
      for (int kv_heads = 1; kv_heads <= 32; kv_heads *= 2)
        text = tp_arena_printf(tables.arena, "%sattention_decode,%d,%d,32,%d,128\n", text, batch,
                               kv_len, kv_heads);
  const char *const decode = tables_measure(&tables, text, "attention_decode.launch_s=2e-5", 0);
  const char *const nccl =
      tables_measure(&tables, tables_collectives(&tables), "nccl.ll_base_s=3e-6", 0);
  const struct tp_calibrate_request request = {.device = "h100-sxm",
                                               .attention_decode = {&decode, 1},
                                               .nccl = {&nccl, 1},
                                               .options.hold_out_ratio = 0.2};
  calibrate(&request);
  ck_assert_uint_eq(calibration.n_groups, 2);
  const struct tp_device device = device_of(calibration.text);
  ck_assert_rel(device.attention_decode.launch_s, 2e-5, 0.03);
  ck_assert_rel(device.nccl.ll_base_s, 3e-6, 0.1);
  ck_assert(calibration.groups[1].held_out_error < 0.03);
  /* No row went over the network. */
  const struct tp_calibrated_parameter *kept = parameter("nccl", "ll_hop_network_s");
  ck_assert(isnan(kept->error));
  ck_assert_rel(kept->after, kept->before, 1e-12);
  ck_assert_ptr_nonnull(strstr(calibration.text, ", ll_hop_network_s,")); /* in the note */
  ck_assert(!isnan(parameter("nccl", "ll_base_s")->error));
  const struct tp_device old = device_of(shipped_text());
  ck_assert(device.nccl.ll_hop_network_s == old.nccl.ll_hop_network_s);
  ck_assert(device.gemm.launch_s == old.gemm.launch_s);
}
END_TEST

/* A text file of nccl-tests and a CSV with the same numbers fit the same. */
START_TEST(nccl_tests_count_as_tables)
{
  const char *text = "# all_reduce_perf\n# size count type redop root time algbw busbw #wrong\n",
             *csv = "op,ranks,bytes,time_us\n";
  for (int rank = 0; rank < 4; rank++)
    text = tp_arena_printf(tables.arena, "%s#  Rank %2d Group  0 Pid 1 on node device %d\n", text,
                           rank, rank);
  for (int bytes = 256; bytes <= 1 << 29; bytes *= 2) {
    const double time_us = 12 + bytes / 200e3;
    text = tp_arena_printf(tables.arena, "%s %d %d float sum -1 %.2f 0.0 0.0 0 1 1 1 0\n", text,
                           bytes, bytes / 4, time_us);
    csv = tp_arena_printf(tables.arena, "%sall_reduce,4,%d,%.2f\n", csv, bytes, time_us);
  }
  const char *const text_file = tables_put(&tables, text);
  const char *const csv_file = tables_put(&tables, csv);
  struct tp_calibrate_request request = {.device = "h100-sxm", .nccl_tests = {&text_file, 1}};
  calibrate(&request);
  const double from_text = parameter("nccl", "ll_base_s")->after;
  request = (struct tp_calibrate_request){.device = "h100-sxm", .nccl = {&csv_file, 1}};
  calibrate(&request);
  ck_assert_rel(parameter("nccl", "ll_base_s")->after, from_text, 1e-12);
}
END_TEST

static const struct {
  const char *text, *said;
} faults[] = {
    {"m,n,k\n1,2,3\n", ":1: no column 'time_us'"},
    {"m,n,time_us\n1,2,3\n", ":2: gemm needs a column 'k'"},
    {"m,n,k,time_us\n", ":1: no row below the header"},
    {"m,n,k,time_us\n16,16,16,0\n", ":2: column 'time_us': 0 is not above 0"},
    {"m,n,k,time_us\n16,16,16,-3\n", ":2: column 'time_us'"},
    {"m,n,k,time_us\n16,16,16,nan\n", ":2: column 'time_us'"},
    {"m,n,k,time_us\n16,16,16,\n", ":2: column 'time_us'"},
    {"m,n,k,time_us\n16,16.5,16,3\n", ":2: column 'n': 16.5 is not a whole number"},
    {"m,n,k,time_us\n16,16,16\n", ":2:"},
    {"dtype,m,n,k,time_us\nbf61,16,16,16,3\n", ":2: column 'dtype': no 'bf61'"},
    {"op,m,n,k,time_us\nall_reduce,1,1,1,1\n", ":2: op 'all_reduce' in a table of gemm"},
    {"m,n,k,time_us\n16,16,16,3\n", "gemm: 1 samples are too few"},
    {"system,m,n,k,time_us\na,1,1,1,1\nb,1,1,1,1\n", ":3: system 'b' after 'a'"},
};

START_TEST(names_faults)
{
  const char *const file = tables_put(&tables, faults[_i].text);
  const struct tp_calibrate_request request = request_for(&file);
  ck_assert_int_eq(tp_calibrate(&tables.dirs, &request, tables.arena, &calibration, &tables.error),
                   TP_E_INPUT);
  ck_assert_msg(strstr(tables.error.text, faults[_i].said) != NULL, "said: %s", tables.error.text);
  if (faults[_i].said[0] == ':')
    ck_assert_int_eq(strncmp(tables.error.text, file, strlen(file)), 0);
}
END_TEST

START_TEST(wants_measurements)
{
  const struct tp_calibrate_request nothing = request_for(NULL);
  ck_assert_int_eq(tp_calibrate(&tables.dirs, &nothing, tables.arena, &calibration, &tables.error),
                   TP_E_INPUT);
  const char *const few = tables_put(&tables, "op,ranks,bytes,time_us\nall_reduce,2,8,5\n");
  const struct tp_calibrate_request request = {.device = "h100-sxm", .nccl = {&few, 1}};
  ck_assert_int_eq(tp_calibrate(&tables.dirs, &request, tables.arena, &calibration, &tables.error),
                   TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(tables.error.text, "too few"));
}
END_TEST

START_TEST(takes_the_rows_meant)
{
  const char *const file = tables_put(&tables, "system,mode,bytes\na,graph,1\nb,graph,2\n"
                                               "a,eager,3\na,graph,4\n");
  const char *const conditions[] = {"system=a", "mode=graph"};
  struct tp_where where = {.conditions = conditions, .n = 2};
  struct tp_csv csv;
  ck_assert_int_eq(tp_measured_open(file, &where, tables.arena, &csv, &tables.error), TP_OK);
  ck_assert_uint_eq(csv.n_rows, 2);
  ck_assert_str_eq(tp_csv_cell(&csv, 1, 2), "4");
  ck_assert_int_eq(csv.lines[1], 5);
  const char *const none[] = {"system=c"};
  where = (struct tp_where){.conditions = none, .n = 1};
  ck_assert_int_eq(tp_measured_open(file, &where, tables.arena, &csv, &tables.error), TP_E_INPUT);
  const char *const elsewhere[] = {"mod=graph"};
  where = (struct tp_where){.conditions = elsewhere, .n = 1};
  ck_assert_int_eq(tp_measured_open(file, &where, tables.arena, &csv, &tables.error), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(tables.error.text, ":1: no column 'mod'; did you mean 'mode'?"));
  struct tp_where_columns columns = {.n = 0};
  where.columns = &columns;
  const char *const modes = tables_put(&tables, "mode\ngraph\neager\n");
  ck_assert_int_eq(tp_measured_open(modes, &where, tables.arena, &csv, &tables.error), TP_OK);
  ck_assert_uint_eq(csv.n_rows, 2);
  ck_assert_int_eq(tp_where_check(&where, tables.arena, &tables.error), TP_E_INPUT);
  const char *const other = tables_put(&tables, "mod\ngraph\n");
  ck_assert_int_eq(tp_measured_open(other, &where, tables.arena, &csv, &tables.error), TP_OK);
  ck_assert_int_eq(tp_where_check(&where, tables.arena, &tables.error), TP_OK);
  const char *const bad[] = {"system"};
  where = (struct tp_where){.conditions = bad, .n = 1};
  ck_assert_int_eq(tp_measured_open(file, &where, tables.arena, &csv, &tables.error), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(tables.error.text, "COLUMN=VALUE"));
}
END_TEST

/* Rows without a dtype are those of the dtype that they are read with. */
START_TEST(takes_rows_by_their_usual_dtype)
{
  static const struct {
    const char *text, *condition;
    size_t n;
  } cases[] = {
      {"m,n,k,time_us\n1,1,1,1\n", "dtype=bf16", 1},
      {"m,n,k,dtype,time_us\n1,1,1,,1\n1,1,1,fp8,1\n", "dtype=bf16", 1},
      {"op,ranks,bytes,tokens,time_us\nall_reduce,2,8,,1\ndispatch,8,,8,1\n", "dtype=fp8-block", 1},
      {"ranks,bytes,time_us\n2,8,1\n", "dtype=bf16", 1},
      {"op,read_bytes,write_bytes,time_us\nmemory,1,1,1\n", "dtype=bf16", 1},
      {"m,k,time_us\n1,1,1\n", "dtype=fp8", 1},
      {"m,n,k,time_us\n1,1,1,1\n", "dtype=fp8", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct tp_where where = {.conditions = &cases[i].condition, .n = 1, .may_be_none = true};
    const char *const file = tables_put(&tables, cases[i].text);
    struct tp_csv csv;
    ck_assert_int_eq(tp_measured_open(file, &where, tables.arena, &csv, &tables.error), TP_OK);
    ck_assert_msg(csv.n_rows == cases[i].n, "%s %s", cases[i].condition, cases[i].text);
  }
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("calibrate");
  TCase *tcase = tcase_create("files");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_set_timeout(tcase, 120);
  tcase_add_test(tcase, finds_a_parameter_back);
  tcase_add_test(tcase, leaves_the_rest_of_the_file);
  tcase_add_test(tcase, bears_noise);
  tcase_add_test(tcase, same_rows_same_bytes);
  tcase_add_test(tcase, several_groups_at_once);
  tcase_add_test(tcase, nccl_tests_count_as_tables);
  tcase_add_loop_test(tcase, names_faults, 0, (int)(sizeof faults / sizeof faults[0]));
  tcase_add_test(tcase, wants_measurements);
  tcase_add_test(tcase, takes_the_rows_meant);
  tcase_add_test(tcase, takes_rows_by_their_usual_dtype);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
