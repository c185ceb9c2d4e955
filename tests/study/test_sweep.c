/* Sweeps to a file: the contract's header, the same bytes from any number of workers, resuming. */
#include "base/file.h"
#include "sweep/sweep.h"

#include "../suite.h"
#include "world.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char contract[] =
    "model,platform,stack,variant,tp,pp,nodes,batch,prompt,generate,dtype,engine,ttft_s,ttft_low_s,"
    "ttft_high_s,tpot_s,tpot_low_s,tpot_high_s,e2e_s,tokens_per_s,speedup,comm_s,comm_exposed_s,"
    "compute_s,memory_bytes,fits,flops,dram_bytes,link_bytes,status,phase,comm_exposed_ratio,"
    "dram_ratio,dp,ep,kv_dtype\n";

static struct world world;
static struct tp_grid grid;
static struct tp_error error;
static char folder[] = "/tmp/tpsim-test-XXXXXX";

static const char *const models[] = {"ladder-1b", "llama-3.1-8b", "llama-3.1-70b"};
static const char *const platforms[] = {"dgx-h100", "l40s-x4"};
static const char *const variants[] = {"standard", "ladder", "kraken"};
static const double tps[] = {1, 2, 3, 4}, batches[] = {1, 2, 3, 16, 17};

static void set_up(void)
{
  world_open(&world);
  tp_grid_clear(&grid);
  grid.axes[TP_AXIS_model] = (struct tp_axis){.words = models, .n = 3};
  grid.axes[TP_AXIS_platform] = (struct tp_axis){.words = platforms, .n = 2};
  grid.axes[TP_AXIS_variant] = (struct tp_axis){.words = variants, .n = 3};
  grid.axes[TP_AXIS_tp] = (struct tp_axis){.numbers = tps, .n = 4};
  grid.axes[TP_AXIS_batch] = (struct tp_axis){.numbers = batches, .n = 5};
  ck_assert_msg(tp_grid_check(&grid, &world.catalog, &error) == TP_OK, "%s", error.text);
  strcpy(folder + strlen(folder) - 6, "XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
}

static const char *path(const char *name)
{
  return tp_arena_printf(world.arena, "%s/%s", folder, name);
}

static void tear_down(void)
{
  static const char *const names[] = {"out.csv", "out.csv.json", "out.csv.part",
                                      "out.csv.part.json"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    unlink(path(names[i]));
  ck_assert_int_eq(rmdir(folder), 0);
  world_close(&world);
}

static const char *const command[] = {"tpsim", "sweep"};

static enum tp_status sweep_to_file(int workers, bool resume)
{
  struct tp_sweep sweep = {.grid = &grid, .catalog = &world.catalog, .workers = workers};
  const struct tp_sweep_file target = {.file = path("out.csv"),
                                       .resume = resume,
                                       .version = "1",
                                       .build = "b",
                                       .command = command,
                                       .n_command = 2};
  return tp_sweep_write(&sweep, &target, &error);
}

static const char *text_of(const char *name)
{
  const char *text;
  struct tp_error reason;
  ck_assert_msg(tp_file_read(path(name), world.arena, &text, &reason) == TP_OK, "%s", reason.text);
  return text;
}

/* Check's own message would hold both files. */
static void check_text(const char *name, const char *want)
{
  ck_assert_msg(strcmp(text_of(name), want) == 0, "%s differs", name);
}

static void write_text(const char *name, const char *text, size_t length)
{
  FILE *out = fopen(path(name), "w");
  ck_assert_ptr_nonnull(out);
  ck_assert_uint_eq(fwrite(text, 1, length, out), length);
  ck_assert_int_eq(fclose(out), 0);
}

static bool is_there(const char *name)
{
  return access(path(name), F_OK) == 0;
}

START_TEST(header_is_the_contract)
{
  ck_assert_int_eq(sweep_to_file(1, false), TP_OK);
  ck_assert(strncmp(text_of("out.csv"), contract, strlen(contract)) == 0);
}
END_TEST

START_TEST(workers_do_not_change_a_byte)
{
  ck_assert_int_eq(sweep_to_file(1, false), TP_OK);
  const char *const alone = text_of("out.csv"), *const sidecar = text_of("out.csv.json");
  for (int workers = 2; workers <= 7; workers += 5) {
    ck_assert_int_eq(sweep_to_file(workers, false), TP_OK);
    check_text("out.csv", alone);
    check_text("out.csv.json", sidecar);
  }
  size_t lines = 0;
  for (const char *at = alone; *at != '\0'; at++)
    lines += *at == '\n';
  ck_assert_uint_eq(lines, 1 + 3 * 2 * 4 * 5 * 3);
  ck_assert(!is_there("out.csv.part") && !is_there("out.csv.part.json"));
}
END_TEST

START_TEST(sidecar_names_what_made_it)
{
  ck_assert_int_eq(sweep_to_file(1, false), TP_OK);
  const char *const text = text_of("out.csv.json");
  ck_assert_ptr_nonnull(strstr(text, "\"tpsim\": \"1\""));
  ck_assert_ptr_nonnull(strstr(text, "\"models/llama-3.1-70b.json\""));
  ck_assert_ptr_nonnull(strstr(text, "\"platforms/devices/l40s.json\""));
  ck_assert_ptr_null(strstr(text, world.roots[0])); /* no path of this machine */
}
END_TEST

/* Cut at _i sevenths, which is in the middle of a row. */
START_TEST(resumed_is_the_same_as_whole)
{
  ck_assert_int_eq(sweep_to_file(1, false), TP_OK);
  const char *const whole = text_of("out.csv");
  const size_t cut = strlen(whole) * (size_t)_i / 7;
  const char *const sidecar = text_of("out.csv.json");
  write_text("out.csv.part", whole, cut);
  write_text("out.csv.part.json", sidecar, strlen(sidecar));
  unlink(path("out.csv"));
  unlink(path("out.csv.json"));
  ck_assert_msg(sweep_to_file(1 + _i % 3, true) == TP_OK, "%s", error.text);
  check_text("out.csv", whole);
  write_text("out.csv", whole, cut); /* a result cut short, its sidecar beside it */
  ck_assert_msg(sweep_to_file(1, true) == TP_OK, "%s", error.text);
  check_text("out.csv", whole);
}
END_TEST

static void refuse_resume(const char *message)
{
  const char *const before = text_of("out.csv");
  ck_assert_int_eq(sweep_to_file(1, true), TP_E_INPUT);
  ck_assert_msg(strstr(error.text, message) != NULL, "'%s' lacks '%s'", error.text, message);
  check_text("out.csv", before);
  ck_assert(!is_there("out.csv.part"));
}

/* The kept rows of an engine that takes its time are not run again: a mark in them survives.  Of
 * the analytic engine they are, and the mark is noticed. */
START_TEST(kept_rows_are_kept)
{
  const struct tp_engine slow = {.name = "slow", .run = tp_engine_analytic.run};
  const struct tp_engine *const engines[] = {&slow, NULL};
  static const char *const names[] = {"slow"};
  if (_i == 0) {
    world.catalog.engines = engines;
    grid.axes[TP_AXIS_engine] = (struct tp_axis){.words = names, .n = 1};
  }
  ck_assert_int_eq(sweep_to_file(1, false), TP_OK);
  char *const text = tp_arena_strdup(world.arena, text_of("out.csv"));
  char *const status = strstr(text, ",ok,");
  status[-1] = status[-1] == '1' ? '2' : '1';
  write_text("out.csv", text, strlen(text) / 2);
  if (_i == 1) {
    refuse_resume("not what its point gives");
    return;
  }
  ck_assert_int_eq(sweep_to_file(2, true), TP_OK);
  check_text("out.csv", text);
}
END_TEST

START_TEST(resuming_another_sweep_is_refused)
{
  ck_assert_int_eq(sweep_to_file(1, false), TP_OK);
  const char *const text = text_of("out.csv"), *const sidecar = text_of("out.csv.json");
  grid.axes[TP_AXIS_batch].numbers = (const double[]){1, 2, 4, 16, 17};
  refuse_resume("out.csv:8: not point 7 of this sweep");
  grid.axes[TP_AXIS_batch].numbers = batches;
  grid.axes[TP_AXIS_batch].n = 1;
  refuse_resume("more rows than this sweep has points");
  grid.axes[TP_AXIS_batch].n = 5;
  write_text("out.csv.json", "{}\n", 3);
  refuse_resume("another command");
  unlink(path("out.csv.json"));
  refuse_resume("out.csv.json: not there, and nothing else says what made ");
  write_text("out.csv.json", sidecar, strlen(sidecar));
  char *const renamed = tp_arena_strdup(world.arena, text);
  renamed[0] = 'M';
  write_text("out.csv", renamed, strlen(renamed));
  refuse_resume("not the columns");
}
END_TEST

/* The row is taken out, loses its last comma, or has another input; the first, one in the middle
 * that shows no value for the first time, the last. */
START_TEST(damaged_rows_are_refused)
{
  ck_assert_int_eq(sweep_to_file(1, false), TP_OK);
  const char *const whole = text_of("out.csv");
  const size_t rows[] = {0, 77, tp_grid_size(&grid) - 1};
  for (size_t i = 0; i < 3; i++)
    for (int damage = 0; damage < 2 + (i != 1); damage++) {
      char *const text = tp_arena_strdup(world.arena, whole);
      char *row = strchr(text, '\n') + 1;
      for (size_t r = 0; r < rows[i]; r++)
        row = strchr(row, '\n') + 1;
      char *const end = strchr(row, '\n') + 1, *comma = end - 1;
      while (*comma != ',')
        comma--;
      if (damage == 0)
        memmove(row, end, strlen(end) + 1);
      else if (damage == 1)
        memmove(comma, comma + 1, strlen(comma));
      else
        *row = 'L';
      if (i == 2 && damage == 0) /* which is a sweep that was not done yet */
        continue;
      write_text("out.csv", text, strlen(text));
      refuse_resume(damage == 1 ? ": 35 cells where the header names 36 columns"
                                : "of this sweep; give another -o or drop --resume");
      char place[32];
      snprintf(place, sizeof place,
               "out.csv:%zu:", damage == 0 ? tp_grid_size(&grid) : rows[i] + 2);
      ck_assert_msg(damage == 0 || strstr(error.text, place) != NULL, "%s", error.text);
    }
}
END_TEST

START_TEST(other_files_are_not_overwritten)
{
  write_text("out.csv", "notes", 5);
  refuse_resume("not the columns");
  write_text("out.csv", "model,platform", 14); /* of a run that was killed at once */
  ck_assert_int_eq(sweep_to_file(1, true), TP_OK);
  const char *const whole = text_of("out.csv");
  ck_assert_int_eq(sweep_to_file(1, false), TP_OK);
  check_text("out.csv", whole);
}
END_TEST

/* A name is quoted where it must be, and a line end in it ends no row, whoever predicts it. */
START_TEST(names_may_hold_line_ends)
{
  static const char *names[1];
  const char *const file = path("a\n\"b\", c.json");
  const char *model;
  ck_assert_int_eq(tp_file_read(TP_SRCDIR "/models/ladder-1b.json", world.arena, &model, &error),
                   TP_OK);
  write_text("a\n\"b\", c.json", model, strlen(model));
  names[0] = file;
  grid.axes[TP_AXIS_model] = (struct tp_axis){.words = names, .n = 1};
  ck_assert_msg(sweep_to_file(1, false) == TP_OK, "%s", error.text);
  const char *const whole = text_of("out.csv");
  ck_assert_msg(sweep_to_file(2, false) == TP_OK, "%s", error.text);
  check_text("out.csv", whole);
  for (size_t eighths = 0; eighths <= 8; eighths++) {
    write_text("out.csv", whole, strlen(whole) * eighths / 8);
    ck_assert_msg(sweep_to_file(1, true) == TP_OK, "%s", error.text);
    check_text("out.csv", whole);
  }
  unlink(file);
}
END_TEST

static enum tp_status fail_at_three(const struct tp_engine *engine, const struct tp_run *run,
                                    struct tp_arena *scratch, struct tp_result *result,
                                    struct tp_error *reason)
{
  (void)engine;
  if (run->program->mesh.tp == 3)
    return tp_fail(reason, TP_E_ENVIRONMENT, "no more memory");
  return tp_engine_analytic.run(&tp_engine_analytic, run, scratch, result, reason);
}

/* Rows before the fault stay for --resume; there is no result. */
START_TEST(a_failing_engine_fails_the_sweep)
{
  static const struct tp_engine failing = {.name = "failing", .run = fail_at_three};
  static const struct tp_engine *const engines[] = {&failing, NULL};
  static const char *const names[] = {"failing"}, *const kraken[] = {"kraken"};
  world.catalog.engines = engines;
  grid.axes[TP_AXIS_engine] = (struct tp_axis){.words = names, .n = 1};
  grid.axes[TP_AXIS_variant] = (struct tp_axis){.words = kraken, .n = 1};
  for (int workers = 1; workers <= 3; workers++) {
    error.text[0] = '\0';
    ck_assert_int_eq(sweep_to_file(workers, false), TP_E_ENVIRONMENT);
    ck_assert_str_eq(error.text, "no more memory");
    ck_assert(!is_there("out.csv") && !is_there("out.csv.json") && is_there("out.csv.part"));
  }
}
END_TEST

START_TEST(a_place_that_cannot_be_written)
{
  struct tp_sweep sweep = {.grid = &grid, .catalog = &world.catalog, .workers = 1};
  const struct tp_sweep_file target = {.file = path("missing/out.csv"),
                                       .version = "1",
                                       .build = "b",
                                       .command = command,
                                       .n_command = 2};
  ck_assert_int_eq(tp_sweep_write(&sweep, &target, &error), TP_E_ENVIRONMENT);
  const struct tp_sweep_file nowhere = {
      .file = "/dev/null", .version = "1", .build = "b", .command = command, .n_command = 2};
  ck_assert_msg(tp_sweep_write(&sweep, &nowhere, &error) == TP_OK, "%s", error.text);
  const struct tp_sweep_file full = {
      .file = "/dev/full", .version = "1", .build = "b", .command = command, .n_command = 2};
  if (access("/dev/full", W_OK) == 0)
    ck_assert_int_eq(tp_sweep_write(&sweep, &full, &error), TP_E_ENVIRONMENT);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("sweep");
  TCase *tcase = tcase_create("files");
  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, header_is_the_contract);
  tcase_add_test(tcase, workers_do_not_change_a_byte);
  tcase_add_test(tcase, sidecar_names_what_made_it);
  tcase_add_loop_test(tcase, resumed_is_the_same_as_whole, 0, 7);
  tcase_add_loop_test(tcase, kept_rows_are_kept, 0, 2);
  tcase_add_test(tcase, resuming_another_sweep_is_refused);
  tcase_add_test(tcase, damaged_rows_are_refused);
  tcase_add_test(tcase, other_files_are_not_overwritten);
  tcase_add_test(tcase, names_may_hold_line_ends);
  tcase_add_test(tcase, a_failing_engine_fails_the_sweep);
  tcase_add_test(tcase, a_place_that_cannot_be_written);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
