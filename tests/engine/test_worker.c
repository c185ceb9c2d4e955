/* The process that simulates: what it keeps, what becomes of it. */
#include "engine/des/worker.h"
#include "rig.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NONE = TP_NO_EVENT };

static struct rig rig;
static struct tp_engine des;

static void open_rig(void)
{
  rig_open(&rig, "dgx-h100", 4);
  des = tp_des_open();
}

static void close_rig(void)
{
  tp_des_close(&des);
  rig_close(&rig);
}

static enum tp_status run(const struct rig *of, struct tp_result *result, struct tp_error *error)
{
  const struct tp_run asked = rig_run_of(of, TP_DETAIL_FLOW, true);
  return des.run(&des, &asked, of->arena, result, error);
}

static struct tp_result must_run(const struct rig *of)
{
  struct tp_error error = {{0}};
  struct tp_result result;
  ck_assert_msg(run(of, &result, &error) == TP_OK, "%s", error.text);
  return result;
}

static pid_t process(void)
{
  const struct tp_des_worker *worker = des.kept;
  return worker->process;
}

/* A kernel of `compute_s` beside a collective of pattern `pattern`, `repeat` times. */
static void add_pass(struct rig *to, int64_t repeat, double compute_s, enum tp_pattern pattern)
{
  toy_segment(&to->toy, repeat);
  toy_kernel(&to->toy, NONE, 0, toy_compute(compute_s, 0.7));
  toy_collective(&to->toy, 0, 1, toy_comm(pattern, 3, 1e-6 / 3, 1e6 / 3, 0.1));
  toy_kernel(&to->toy, NONE, NONE, toy_bytes(1e6 / 7));
}

static void replace_pass(struct rig *of, enum tp_pattern pattern)
{
  of->toy.program.n_segments = 0;
  of->toy.program.segments[0].n_ops = 0;
  add_pass(of, 1, 1e-6, pattern);
}

/* Whatever a worker did before, a pass starts at 0: the same bits. */
START_TEST(what_ran_before_changes_nothing)
{
  struct rig other;
  add_pass(&rig, 7, 1e-6 / 3, TP_PATTERN_RING);
  const struct tp_result first = must_run(&rig);
  const pid_t worker = process();
  rig_open(&other, "dgx-h100", 4);
  add_pass(&other, 1, 4321.1, TP_PATTERN_DIRECT);
  ck_assert(must_run(&other).total_s > 4321);
  const struct tp_result again = must_run(&rig);
  ck_assert_int_eq(memcmp(&first, &again, sizeof first), 0);
  ck_assert_int_eq(process(), worker);
  rig_close(&other);
}
END_TEST

/* Links of the same names at another rate are another platform. */
START_TEST(another_platform_has_another_worker)
{
  add_pass(&rig, 1, 1e-6, TP_PATTERN_RING);
  const struct tp_result first = must_run(&rig);
  const pid_t worker = process();
  for (size_t l = 0; l < rig.platform.n_links; l++)
    rig.platform.links[l].bytes_per_s /= 2;
  const struct tp_result slow = must_run(&rig);
  ck_assert_rel(slow.total_s - first.total_s, 1e6 / 3 / 450e9, 1e-9);
  ck_assert_int_ne(process(), worker);
}
END_TEST

/* Of a large platform a worker knows the routes that were needed: another pattern needs others. */
START_TEST(routes_are_added)
{
  struct rig large;
  rig_open(&large, "h100-nvl64", 4);
  add_pass(&large, 1, 1e-6, TP_PATTERN_RING);
  const struct tp_result ring = must_run(&large);
  const pid_t first = process();
  replace_pass(&large, TP_PATTERN_DIRECT);
  must_run(&large);
  const pid_t second = process();
  ck_assert_int_ne(first, second);
  replace_pass(&large, TP_PATTERN_RING);
  const struct tp_result again = must_run(&large);
  ck_assert_int_eq(memcmp(&ring, &again, sizeof ring), 0);
  ck_assert_int_eq(process(), second);
  rig_close(&large);
}
END_TEST

START_TEST(after_a_death_the_next_pass_runs)
{
  struct tp_error error = {{0}};
  struct tp_result result;
  add_pass(&rig, 1, 1e-6, TP_PATTERN_RING);
  const struct tp_result before = must_run(&rig);
  const char *const name = rig.platform.vertices[1].name;
  rig.platform.vertices[1].name = rig.platform.vertices[0].name;
  ck_assert_int_eq(run(&rig, &result, &error), TP_E_ENVIRONMENT);
  ck_assert_ptr_nonnull(strstr(error.text, "dgx-h100 died of signal 6: "));
  rig.platform.vertices[1].name = name;
  const struct tp_result after = must_run(&rig);
  ck_assert_int_eq(memcmp(&before, &after, sizeof before), 0);
  /* One that died between two passes is not missed. */
  siginfo_t info;
  kill(process(), SIGKILL);
  ck_assert_int_eq(waitid(P_PID, (id_t)process(), &info, WEXITED | WNOWAIT), 0);
  must_run(&rig);
}
END_TEST

START_TEST(a_fork_has_its_own)
{
  add_pass(&rig, 1, 1e-6, TP_PATTERN_RING);
  must_run(&rig);
  const pid_t worker = process();
  const pid_t child = fork();
  if (child == 0) {
    must_run(&rig);
    _exit(process() == worker);
  }
  int state = 0;
  ck_assert_int_eq(waitpid(child, &state, 0), child);
  ck_assert_int_eq(state, 0);
  must_run(&rig);
  ck_assert_int_eq(process(), worker);
}
END_TEST

START_TEST(absent_program_is_named)
{
  struct tp_error error = {{0}};
  struct tp_result result = {.total_s = -1};
  struct tp_des_worker *worker = des.kept;
  worker->program = "/nowhere/tpsim-des";
  add_pass(&rig, 1, 1e-6, TP_PATTERN_RING);
  ck_assert_int_eq(run(&rig, &result, &error), TP_E_ENVIRONMENT);
  ck_assert_ptr_nonnull(strstr(error.text, "no /nowhere/tpsim-des, which the engine des runs: "));
  ck_assert(result.total_s == -1);
}
END_TEST

/* A child with a simulation under way, of 64 million messages, is killed: its worker and what that
 * is simulating end, too.  Orphans become this process's. */
START_TEST(nothing_outlives_its_parent)
{
  int started[2];
  ck_assert_int_eq(pipe(started), 0);
  ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  add_pass(&rig, 1, 1e-6, TP_PATTERN_RING);
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGTERM, SIG_DFL); /* Check's would end the test */
    must_run(&rig);
    toy_segment(&rig.toy, 200);
    toy_collective(&rig.toy, NONE, NONE, toy_comm(TP_PATTERN_RING, 10000, 1e-6, 1e6, 0.1));
    const struct tp_run asked = rig_run_of(&rig, TP_DETAIL_CHUNK, true);
    struct tp_result result;
    close(started[0]);
    ck_assert_int_eq(write(started[1], "", 1), 1);
    des.run(&des, &asked, rig.arena, &result, NULL);
    _exit(0);
  }
  char byte;
  close(started[1]);
  ck_assert_int_eq(read(started[0], &byte, 1), 1);
  nanosleep(&(struct timespec){.tv_nsec = 250000000}, NULL); /* simulating, by now */
  kill(child, _i == 0 ? SIGTERM : SIGKILL);
  int ended = 0, state;
  while (waitpid(-1, &state, 0) > 0)
    ended++;
  ck_assert_int_ge(ended, 2);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("worker");
  TCase *cases = tcase_create("cases");
  tcase_set_timeout(cases, 60);
  tcase_add_checked_fixture(cases, open_rig, close_rig);
  tcase_add_test(cases, what_ran_before_changes_nothing);
  tcase_add_test(cases, another_platform_has_another_worker);
  tcase_add_test(cases, routes_are_added);
  tcase_add_test(cases, after_a_death_the_next_pass_runs);
  tcase_add_test(cases, a_fork_has_its_own);
  tcase_add_test(cases, absent_program_is_named);
  suite_add_tcase(suite, cases);
  TCase *ends = tcase_create("ends");
  tcase_set_timeout(ends, 30); /* less than what is simulated takes */
  tcase_add_checked_fixture(ends, open_rig, close_rig);
  tcase_add_loop_test(ends, nothing_outlives_its_parent, 0, 2);
  suite_add_tcase(suite, ends);
  return suite;
}

TP_SUITE_MAIN
