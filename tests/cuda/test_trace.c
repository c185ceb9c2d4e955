/* Tables that grow: rows, keys, resuming, whose they are, and who holds their folder. */
#define _XOPEN_SOURCE 700
#include "bench/trace_folder.h"
#include "bench/trace_sidecar.h"

#include "trace_folder.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static struct trace_folder folder;
static struct tp_error error;
static struct tp_trace *trace;
static const char *const command[] = {"tpsim-cuda", "bench", "ops"};
static const struct tp_trace_layout layout = {
    .file = "gemm.csv", .n_keys = 2, .columns = {"op", "m", "time_us", "repeats"}};

static enum tp_status clocks(void *data, double clocks_hz[2], struct tp_error *unused)
{
  (void)unused;
  clocks_hz[0] = 1e9 * ++*(int *)data;
  clocks_hz[1] = 3e9;
  return TP_OK;
}

static int n_clocks;
static struct tp_trace_source source;
static struct tp_trace_folder held;

static void must(enum tp_status status)
{
  ck_assert_msg(status == TP_OK, "%s", error.text);
}

static void setup(void)
{
  folder = trace_folder_make();
  n_clocks = 0;
  source = (struct tp_trace_source){.directory = trace_folder_file(&folder, "traces/one"),
                                    .device = "Some GPU",
                                    .sms = 132,
                                    .driver = "580.1",
                                    .version = "0.1",
                                    .date = "2026-11-21T07:00:00Z",
                                    .command = command,
                                    .n_command = 3,
                                    .clocks = clocks,
                                    .data = &n_clocks};
  must(tp_trace_folder_take(source.directory, &held, &error));
}

static void teardown(void)
{
  tp_trace_folder_leave(&held);
  trace_folder_remove(&folder);
}

static struct tp_trace_row row_of(int m, double time_us)
{
  struct tp_trace_row row;
  tp_trace_row_clear(&row, &layout);
  tp_trace_row_text(&row, "op", "gemm");
  tp_trace_row_number(&row, "m", m);
  tp_trace_row_number(&row, "time_us", time_us);
  return row;
}

static void add(int m, double time_us)
{
  const struct tp_trace_row row = row_of(m, time_us);
  must(tp_trace_add(trace, &row, &error));
}

static bool has(int m)
{
  const struct tp_trace_row row = row_of(m, 0);
  return tp_trace_has(trace, &row);
}

static void open_trace(void)
{
  must(tp_trace_open(&source, &layout, &trace, &error));
}

static const char *text(const char *file)
{
  return trace_folder_text(&folder, tp_arena_printf(folder.arena, "traces/one/%s", file));
}

START_TEST(grows_and_goes_on)
{
  open_trace();
  ck_assert(!has(1));
  add(1, 2.5);
  ck_assert(has(1) && !has(2));
  ck_assert_str_eq(text("gemm.csv"), "op,m,time_us,repeats\ngemm,1,2.5,\n"); /* while it is open */
  must(tp_trace_close(trace, &error));
  open_trace();
  ck_assert(has(1) && !has(2));
  add(2, 1.0 / 3);
  must(tp_trace_close(trace, &error));
  ck_assert_str_eq(text("gemm.csv"), "op,m,time_us,repeats\ngemm,1,2.5,\ngemm,2,0.333333333,\n");
}
END_TEST

/* Killed inside a row: that row is measured again and the file is the same. */
START_TEST(torn_line)
{
  open_trace();
  add(1, 10);
  add(2, 20);
  must(tp_trace_close(trace, &error));
  const char *const whole = text("gemm.csv");
  for (size_t length = 0; length < strlen(whole); length++) {
    trace_folder_write(&folder, "traces/one/gemm.csv",
                       tp_arena_printf(folder.arena, "%.*s", (int)length, whole));
    open_trace();
    for (int m = 1; m <= 2; m++)
      if (!has(m))
        add(m, 10 * m);
    must(tp_trace_close(trace, &error));
    ck_assert_str_eq(text("gemm.csv"), whole);
  }
}
END_TEST

/* A row that finds no room leaves none of itself for the next one to stand behind. */
START_TEST(no_room_for_a_row)
{
  const struct tp_trace_row long_row = row_of(2, 20);
  open_trace();
  add(1, 10);
  const char *const before = text("gemm.csv");
  struct rlimit room = {.rlim_cur = strlen(before) + 5, .rlim_max = RLIM_INFINITY};
  signal(SIGXFSZ, SIG_IGN);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &room), 0);
  ck_assert_int_eq(tp_trace_add(trace, &long_row, &error), TP_E_ENVIRONMENT);
  ck_assert_ptr_nonnull(strstr(error.text, "gemm.csv: cannot be written"));
  room.rlim_cur = RLIM_INFINITY;
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &room), 0);
  ck_assert_str_eq(text("gemm.csv"), before);
  ck_assert(!has(2));
  add(3, 30);
  must(tp_trace_close(trace, &error));
  ck_assert_str_eq(text("gemm.csv"), tp_arena_printf(folder.arena, "%sgemm,3,30,\n", before));
}
END_TEST

START_TEST(sidecar_tells_the_runs)
{
  open_trace();
  must(tp_trace_close(trace, &error));
  ck_assert_int_ne(access(trace_folder_file(&folder, "traces/one/gemm.csv"), F_OK), 0); /* no row */
  open_trace();
  add(1, 10);
  ck_assert_ptr_nonnull(strstr(text("gemm.csv.json"), "\"before\""));
  ck_assert_ptr_null(strstr(text("gemm.csv.json"), "\"after\""));
  must(tp_trace_close(trace, &error));
  open_trace(); /* adds nothing: no run */
  must(tp_trace_close(trace, &error));
  source.date = "2026-11-22T07:00:00Z";
  open_trace();
  add(2, 10);
  must(tp_trace_close(trace, &error));
  ck_assert_int_eq(n_clocks, 4);
  const char *const sidecar = text("gemm.csv.json");
  static const char *const said[] = {"\"device\": \"Some GPU\"",
                                     "\"clock\": \"device\"",
                                     "\"sms\": 132",
                                     "\"driver\": \"580.1\"",
                                     "2026-11-21",
                                     "2026-11-22",
                                     "\"clock_hz\": 4000000000.0"};
  for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
    ck_assert_msg(strstr(sidecar, said[i]) != NULL, "%s not in\n%s", said[i], sidecar);
}
END_TEST

static void refuses(const char *what)
{
  trace = NULL;
  ck_assert_int_eq(tp_trace_open(&source, &layout, &trace, &error), TP_E_INPUT);
  ck_assert_msg(strstr(error.text, what) != NULL, "said: %s", error.text);
}

START_TEST(refuses_another_machine)
{
  open_trace();
  add(1, 10);
  must(tp_trace_close(trace, &error));
  source.device = "Other GPU";
  refuses("was measured with device 'Some GPU', this is 'Other GPU'");
  source.device = "Some GPU";
  source.cudnn = "9.1";
  refuses("cudnn 'none', this is '9.1'");
  source.cudnn = NULL;
  source.driver = NULL;
  refuses("driver '580.1', this is 'none'");
  source.driver = "580.15.03";
  refuses("driver '580.1', this is '580.15.03'");
  source.driver = "580.1.04"; /* a patch level is no other driver */
  open_trace();
  must(tp_trace_close(trace, &error));
  source.driver = "580.1";
  source.nccl = "2.28.9"; /* one GPU went on where several began, or the other way */
  open_trace();
  add(2, 10);
  must(tp_trace_close(trace, &error));
  source.nccl = NULL;
  open_trace();
  must(tp_trace_close(trace, &error));
  source.nccl = "2.27.3";
  refuses("nccl '2.28.9', this is '2.27.3'");
  source.nccl = NULL;
  source.sms = 131;
  refuses("sms '132', this is '131'");
  source.sms = 132;
  source.virtual_clock = true;
  refuses("clock 'device', this is 'virtual clock'");
  source.virtual_clock = false;
  source.sets = "nvlink.bytes_per_s_per_direction=20e9";
  refuses("set 'none', this is 'nvlink.bytes_per_s_per_direction=20e9'");
  source.sets = NULL;
  source.stack = "one"; /* nobody said so before */
  open_trace();
  add(3, 10);
  must(tp_trace_close(trace, &error));
  source.stack = "two";
  refuses("stack 'one', this is 'two'");
}
END_TEST

/* Rows of points say whose stack ran them. */
START_TEST(one_table_of_two_stacks)
{
  static const struct tp_trace_layout points = {
      .file = "layers.csv", .n_keys = 1, .columns = {"stack", "ttft_s"}};
  static const char *const stacks[] = {"one", "two"};
  for (int i = 0; i < 2; i++) {
    struct tp_trace_row row;
    source.stack = stacks[i];
    must(tp_trace_open(&source, &points, &trace, &error));
    tp_trace_row_clear(&row, &points);
    tp_trace_row_text(&row, "stack", stacks[i]);
    must(tp_trace_add(trace, &row, &error));
    must(tp_trace_close(trace, &error));
  }
  ck_assert_str_eq(text("layers.csv"), "stack,ttft_s\none,\ntwo,\n");
}
END_TEST

/* So a bench finds out whether the usual folder is its own, before it measures. */
START_TEST(a_folder_is_of_one_machine)
{
  ck_assert(tp_trace_sidecars_agree(&source)); /* nothing is there */
  open_trace();
  add(1, 10);
  must(tp_trace_close(trace, &error));
  ck_assert(tp_trace_sidecars_agree(&source));
  source.driver = "580.1.04"; /* a patch level */
  ck_assert(tp_trace_sidecars_agree(&source));
  const char *const version = source.version;
  source.version = "another";
  ck_assert(!tp_trace_sidecars_agree(&source));
  source.version = version;
  source.driver = "590.1";
  ck_assert(!tp_trace_sidecars_agree(&source));
}
END_TEST

START_TEST(refuses_strange_files)
{
  open_trace();
  add(1, 10);
  must(tp_trace_close(trace, &error));
  const char *const sidecar = text("gemm.csv.json");
  trace_folder_write(&folder, "traces/one/gemm.csv.json", "{}");
  refuses("gemm.csv.json:1: does not say");
  trace_folder_write(&folder, "traces/one/gemm.csv.json", "{\n\"a\"");
  refuses("gemm.csv.json:2: ");
  unlink(trace_folder_file(&folder, "traces/one/gemm.csv.json"));
  refuses("gemm.csv.json:1: ");
  trace_folder_write(&folder, "traces/one/gemm.csv.json", sidecar);
  trace_folder_write(&folder, "traces/one/gemm.csv", "op,n,time_us,repeats\ngemm,1,2,3\n");
  refuses("gemm.csv:1: not the columns");
}
END_TEST

static void refuses_folder(const char *path, const char *what)
{
  struct tp_trace_folder second;
  ck_assert_int_eq(tp_trace_folder_take(path, &second, &error), TP_E_ENVIRONMENT);
  ck_assert_msg(strstr(error.text, what) != NULL, "said: %s", error.text);
}

/* flock tells apart who opened, not processes. */
START_TEST(one_at_a_time)
{
  refuses_folder(source.directory, "another bench is writing there");
  open_trace();
  add(1, 10);
  refuses_folder(source.directory, "another bench is writing there");
  must(tp_trace_close(trace, &error));
  refuses_folder(source.directory, "another bench is writing there");
  tp_trace_folder_leave(&held);
  must(tp_trace_folder_take(source.directory, &held, &error));
  open_trace();
  ck_assert(has(1));
  must(tp_trace_close(trace, &error));
}
END_TEST

/* Made for a bench that wrote nothing, it goes; one that was there or holds rows stays. */
START_TEST(empty_folder)
{
  tp_trace_folder_leave(&held);
  ck_assert_int_ne(access(source.directory, F_OK), 0);
  must(tp_trace_folder_take(folder.path, &held, &error));
  tp_trace_folder_leave(&held);
  ck_assert_int_eq(access(folder.path, F_OK), 0);
  must(tp_trace_folder_take(source.directory, &held, &error));
  open_trace();
  add(1, 10);
  must(tp_trace_close(trace, &error));
  tp_trace_folder_leave(&held);
  ck_assert_ptr_nonnull(strstr(text("gemm.csv"), "gemm,1,10,"));
  must(tp_trace_folder_take(source.directory, &held, &error));
}
END_TEST

/* Takes the folder when it is free, and leaves it once without a row. */
static void add_when_free(int m)
{
  for (int rounds = 0; rounds < 2;) {
    const enum tp_status status = tp_trace_folder_take(source.directory, &held, &error);
    if (status != TP_OK) {
      ck_assert_ptr_nonnull(strstr(error.text, "another bench is writing there"));
      continue;
    }
    if (rounds++ == 1) {
      open_trace();
      add(m, 10);
      must(tp_trace_close(trace, &error));
    }
    tp_trace_folder_leave(&held);
  }
}

/* Processes that begin together where there is no folder yet: the row of each is there. */
START_TEST(all_at_once)
{
  enum { PROCESSES = 4 };
  tp_trace_folder_leave(&held);
  for (int m = 1; m <= PROCESSES; m++)
    if (fork() == 0) {
      add_when_free(m);
      _exit(0);
    }
  for (int m = 1; m <= PROCESSES; m++) {
    int ending;
    wait(&ending);
    ck_assert_int_eq(ending, 0);
  }
  must(tp_trace_folder_take(source.directory, &held, &error));
  open_trace();
  for (int m = 1; m <= PROCESSES; m++)
    ck_assert_msg(has(m), "row %d is lost", m);
  must(tp_trace_close(trace, &error));
  const size_t header = strlen("op,m,time_us,repeats\n"), row = strlen("gemm,1,10,\n");
  ck_assert_uint_eq(strlen(text("gemm.csv")), header + PROCESSES * row);
}
END_TEST

START_TEST(no_place)
{
  trace_folder_write(&folder, "file", "a file");
  refuses_folder(trace_folder_file(&folder, "file/one"), "file/one: cannot be written");
  refuses_folder(trace_folder_file(&folder, "file"), "file: cannot be written");
  ck_assert_int_eq(symlink("nowhere", trace_folder_file(&folder, "link")), 0);
  refuses_folder(trace_folder_file(&folder, "link"), "link: cannot be written");
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("trace");
  TCase *tcase = tcase_create("cases");
  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, grows_and_goes_on);
  tcase_add_test(tcase, torn_line);
  tcase_add_test(tcase, no_room_for_a_row);
  tcase_add_test(tcase, one_table_of_two_stacks);
  tcase_add_test(tcase, sidecar_tells_the_runs);
  tcase_add_test(tcase, refuses_another_machine);
  tcase_add_test(tcase, a_folder_is_of_one_machine);
  tcase_add_test(tcase, refuses_strange_files);
  tcase_add_test(tcase, one_at_a_time);
  tcase_add_test(tcase, empty_folder);
  tcase_add_loop_test(tcase, all_at_once, 0, 20);
  tcase_add_test(tcase, no_place);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
