/* What a calibration writes into a device's file reads back as it was fitted, whatever the file
 * had. */
#include "fit/device_text.h"

#include "base/file.h"

#include "tables.h"

#include <string.h>

static struct tables tables;
static const char *shipped; /* the text of a device with every group and region */

static void setup(void)
{
  tables_open(&tables);
  ck_assert_int_eq(tp_file_read(TP_SRCDIR "/platforms/devices/h100-sxm.json", tables.arena,
                                &shipped, &tables.error),
                   TP_OK);
}

static void teardown(void)
{
  tables_close(&tables);
}

static struct tp_device device_of(const char *text)
{
  struct tp_doc doc;
  struct tp_device device;
  ck_assert_msg(tp_doc_parse("new.json", text, tables.arena, &doc, &tables.error) == TP_OK &&
                    tp_device_read(&doc, tables.arena, &device, &tables.error) == TP_OK,
                "%s", tables.error.text);
  tp_doc_close(&doc);
  return device;
}

/* The shipped text without `from` and what follows it, until it says `to` again. */
static const char *without(const char *from, const char *to)
{
  const char *const begin = strstr(shipped, from), *const end = strstr(begin + 1, to);
  return tp_arena_printf(tables.arena, "%.*s%s", (int)(begin - shipped), shipped, end);
}

static const char *written(const char *old, const struct tp_device *device, const char *name)
{
  struct tp_calibrated_parameter launch = {.key = "launch_s", .before = 1e-6, .error = 1e-7};
  const struct tp_calibrated group = {.group = name,
                                      .source = "rows.csv",
                                      .spread_ratio = 0.25,
                                      .n_parameters = 1,
                                      .parameters = &launch};
  struct tp_doc doc;
  const char *text;
  launch.after = strcmp(name, "gemm") == 0 ? device->gemm.launch_s : device->scaling.launch_s;
  ck_assert_int_eq(tp_doc_parse("old.json", old, tables.arena, &doc, &tables.error), TP_OK);
  ck_assert_msg(tp_device_text(&doc, device, &group, 1, tables.arena, &text, &tables.error) ==
                    TP_OK,
                "%s", tables.error.text);
  tp_doc_close(&doc);
  return text;
}

/* Regions that the file has are replaced, also by 0; of those that it lacks, 0 says nothing. */
START_TEST(spreads_of_regions_are_written)
{
  const char *const olds[] = {shipped, without(",\n    \"spread_rows_16\": 0.674", "\n  },")};
  struct tp_device device = device_of(shipped);
  device.gemm.launch_s = 3e-6;
  device.gemm.spread_ratio = 0.25;
  device.gemm.spread_rows_16 = 0.5;
  device.gemm.spread_rows_256 = 0;
  device.gemm.spread_rows_2048 = 1.5;
  const char *const text = written(olds[_i], &device, "gemm");
  const struct tp_device read = device_of(text);
  ck_assert_double_eq(read.gemm.launch_s, 3e-6);
  ck_assert_double_eq(read.gemm.spread_ratio, 0.25);
  ck_assert_double_eq(read.gemm.spread_rows_16, 0.5);
  ck_assert_double_eq(read.gemm.spread_rows_256, 0);
  ck_assert_double_eq(read.gemm.spread_rows_2048, 1.5);
  ck_assert_double_eq(read.gemm.spread_rows_more, device.gemm.spread_rows_more);
  ck_assert((strstr(text, "\"spread_rows_256\"") < strstr(text, "\"gemm_fp8\"")) == (_i == 0));
  ck_assert_str_eq(strstr(text, "\"gemm_fp8\""), strstr(shipped, "\"gemm_fp8\""));
}
END_TEST

/* A group that a file leaves to others goes to its end whole: what is not fitted as the device has
 * it. */
START_TEST(a_group_is_appended)
{
  const char *const cut = without(",\n  \"scaling\": {", ",\n  \"");
  struct tp_device device = device_of(shipped);
  device.scaling.launch_s = 7e-6;
  device.scaling.spread_ratio = 0.25;
  const char *const text = written(cut, &device, "scaling");
  const struct tp_device read = device_of(text);
  ck_assert_int_eq(read.scaling.kind, TP_PROVENANCE_FITTED);
  ck_assert_str_eq(read.scaling.source, "rows.csv");
  ck_assert_double_eq(read.scaling.launch_s, 7e-6);
  ck_assert_double_eq(read.scaling.spread_ratio, 0.25);
  ck_assert_int_eq(strncmp(text, cut, strlen(cut) - strlen("\n}\n")), 0);
}
END_TEST

static Suite *suite(void)
{
  Suite *const made = suite_create("device text");
  TCase *const cases = tcase_create("written");
  tcase_add_checked_fixture(cases, setup, teardown);
  tcase_add_loop_test(cases, spreads_of_regions_are_written, 0, 2);
  tcase_add_test(cases, a_group_is_appended);
  suite_add_tcase(made, cases);
  return made;
}

TP_SUITE_MAIN
