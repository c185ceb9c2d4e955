/* Folders of traces: who measured, what was held out. */
#include "fit/traces.h"

#include "../suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tp_arena *arena;
static struct tp_error error;
static struct tp_traces traces;
static char folder[] = "/tmp/tpsim-traces-XXXXXX";

static void set_up(void)
{
  arena = tp_arena_create();
  strcpy(folder + strlen(folder) - 6, "XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
}

static const char *path_of(const char *name)
{
  return tp_arena_printf(arena, "%s/%s", folder, name);
}

static void put(const char *name, const char *text)
{
  FILE *file = fopen(path_of(name), "w");
  ck_assert_ptr_nonnull(file);
  fputs(text, file);
  fclose(file);
}

static void tear_down(void)
{
  static const char *const names[] = {"gemm.csv",  "gemm.csv.json", "layers.csv", "layers.csv.json",
                                      "layrs.csv", "device.json",   "README.md"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    unlink(path_of(names[i]));
  rmdir(folder);
  tp_arena_free(arena);
}

START_TEST(finds_what_there_is)
{
  put("gemm.csv", "m\n1\n");
  put("layers.csv", "tp\n1\n");
  put("README.md", "");
  ck_assert(tp_traces_is_folder(folder));
  ck_assert(!tp_traces_is_folder(path_of("gemm.csv")));
  ck_assert_int_eq(tp_traces_open(tp_arena_printf(arena, "%s//", folder), arena, &traces, &error),
                   TP_OK);
  ck_assert_str_eq(traces.device, strrchr(folder, '/') + 1);
  ck_assert_str_eq(traces.files[TP_TRACE_GEMM].path, path_of("gemm.csv"));
  ck_assert_str_eq(traces.files[TP_TRACE_GEMM].origin, "no sidecar");
  ck_assert_ptr_nonnull(traces.files[TP_TRACE_LAYERS].path);
  ck_assert_ptr_null(traces.files[TP_TRACE_MEMORY].path);
  ck_assert(!traces.is_fitted);
  put("device.json", "{}");
  ck_assert_int_eq(tp_traces_open(folder, arena, &traces, &error), TP_OK);
  ck_assert(traces.is_fitted);
  ck_assert_str_eq(traces.fitted, path_of("device.json"));
}
END_TEST

static const struct {
  const char *sidecar, *origin;
} origins[] = {
    {"{\"machine\": {\"device\": \"NVIDIA H200\", \"driver\": \"580.1\"}, \"runs\": [{\"date\": "
     "\"2026-11-20T01:02:03Z\"}, {\"date\": \"2026-11-21T01:02:03Z\"}]}",
     "NVIDIA H200, driver 580.1, 2026-11-21"},
    {"{\"machine\": {\"device\": \"host\", \"note\": \"nothing was measured\"}, \"runs\": []}",
     "host (nothing was measured)"},
    {"{}", "unnamed device"},
};

START_TEST(says_who_measured)
{
  put("gemm.csv", "m\n1\n");
  put("gemm.csv.json", origins[_i].sidecar);
  ck_assert_int_eq(tp_traces_open(folder, arena, &traces, &error), TP_OK);
  ck_assert_str_eq(traces.files[TP_TRACE_GEMM].origin, origins[_i].origin);
}
END_TEST

START_TEST(two_machines_do_not_mix)
{
  put("gemm.csv", "m\n1\n");
  put("layers.csv", "tp\n1\n");
  ck_assert_int_eq(tp_traces_open(folder, arena, &traces, &error), TP_OK); /* nobody says who */
  put("gemm.csv.json", "{\"machine\": {\"device\": \"NVIDIA H200\"}}");
  ck_assert_int_eq(tp_traces_open(folder, arena, &traces, &error), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "layers.csv: has no sidecar "));
  put("layers.csv.json", "{\"machine\": {\"device\": \"NVIDIA H200\"}}");
  ck_assert_int_eq(tp_traces_open(folder, arena, &traces, &error), TP_OK);
  put("layers.csv.json", "{\"machine\": {\"device\": \"host\"}}");
  ck_assert_int_eq(tp_traces_open(folder, arena, &traces, &error), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "layers.csv.json: measured on 'host', and "));
  ck_assert_ptr_nonnull(strstr(error.text, "gemm.csv on 'NVIDIA H200'"));
}
END_TEST

START_TEST(names_the_close_match)
{
  put("layrs.csv", "tp\n1\n");
  ck_assert_int_eq(tp_traces_open(folder, arena, &traces, &error), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "layrs.csv: no trace has this name; did you mean "
                                           "'layers'"));
}
END_TEST

static const struct {
  const char *file, *header, *kind; /* kind NULL: it may stand there */
} held[] = {
    {"gemm.csv", "op,m,n,k,dtype,time_us", NULL},
    {"gemm.csv", "k,n,m,time_us,heads", NULL},
    {"gemm.csv", "op,batch,heads,head_dim,time_us", "attention"},
    {"gemm.csv", "op,m,n,k,dtype,alone_us,time_us", "sustained"},
    {"gemm.csv", "op,m,n,k,held_sms,alone_us,time_us", "interference"},
    {"gemm.csv", "op,m,k,time_us", "quantise"},
    {"layers.csv", "op,read_bytes,write_bytes,time_us", "memory"},
    {"layers.csv", "op,bytes,ranks,kernel_us,collective_us,time_us", "crossings"},
    {"layers.csv", "model,tp,ttft_s", NULL},
    {"layers.csv", "model,tp,tpot_s,e2e_s", NULL},
    {"gemm.csv", "model,tp,tpot_s,e2e_s", "layers"},
    {"gemm.csv", "op,bytes,ranks,time_us", "collectives"},
    {"gemm.csv", "op,m,n,k,sms,alone_us,first_us,last_us,latest_us", "starts"},
};

START_TEST(columns_are_of_the_name)
{
  put(held[_i].file, tp_arena_printf(arena, "%s\n", held[_i].header));
  const enum tp_status status = tp_traces_open(folder, arena, &traces, &error);
  ck_assert_int_eq(status, held[_i].kind == NULL ? TP_OK : TP_E_INPUT);
  if (held[_i].kind != NULL)
    ck_assert_ptr_nonnull(
        strstr(error.text, tp_arena_printf(arena, "%s:1: has the columns of %s.csv; ",
                                           held[_i].file, held[_i].kind)));
}
END_TEST

START_TEST(an_empty_folder_is_a_fault)
{
  ck_assert_int_eq(tp_traces_open(folder, arena, &traces, &error), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "holds no traces"));
}
END_TEST

/* What is written of a fit is read back, of the same bytes alone, wherever else it stands. */
START_TEST(the_share_held_out_comes_back)
{
  put("gemm.csv", "m\n1\n");
  ck_assert_int_eq(tp_traces_open(folder, arena, &traces, &error), TP_OK);
  const struct tp_trace_file before = traces.files[TP_TRACE_GEMM];
  const char *const source = tp_trace_source(&before, 0.25, arena);
  const char *const joined =
      tp_arena_printf(arena, "a.csv: x; fnv1a64 0000000000000000, shapes held out 0.5, %s", source);
  ck_assert_double_eq(tp_trace_held_out(&before, source), 0.25);
  ck_assert_double_eq(tp_trace_held_out(&before, joined), 0.25);
  ck_assert(isnan(tp_trace_held_out(&before, "NVIDIA datasheet")));
  put("gemm.csv", "m\n2\n");
  ck_assert_int_eq(tp_traces_open(folder, arena, &traces, &error), TP_OK);
  ck_assert(isnan(tp_trace_held_out(&traces.files[TP_TRACE_GEMM], source)));
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("traces");
  TCase *tcase = tcase_create("traces");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, finds_what_there_is);
  tcase_add_loop_test(tcase, says_who_measured, 0, (int)(sizeof origins / sizeof origins[0]));
  tcase_add_test(tcase, two_machines_do_not_mix);
  tcase_add_test(tcase, names_the_close_match);
  tcase_add_loop_test(tcase, columns_are_of_the_name, 0, (int)(sizeof held / sizeof held[0]));
  tcase_add_test(tcase, an_empty_folder_is_a_fault);
  tcase_add_test(tcase, the_share_held_out_comes_back);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
