/* The library against the program: the same numbers, the same words. */
#include "api/tpsim.h"

#include "../suite.h"

#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct tpsim *tpsim;
static struct tpsim_error error;

static void open_data(void)
{
  tpsim = tpsim_open(TP_SRCDIR, &error);
  ck_assert_msg(tpsim != NULL, "%s", error.text);
}

static void close_data(void)
{
  tpsim_close(tpsim);
}

/* The last line of what the program tpsim says. */
static void run_program(const char *arguments, char *line, int size)
{
  char command[512];
  const char *const folder = getenv("BINDIR");
  snprintf(command, sizeof command, "'%s/tpsim' %s 2>&1", folder == NULL ? "." : folder, arguments);
  FILE *out = popen(command, "r");
  ck_assert_ptr_nonnull(out);
  line[0] = '\0';
  while (fgets(line, size, out) != NULL)
    ;
  pclose(out);
  line[strcspn(line, "\n")] = '\0';
}

static struct tpsim_result estimate(const struct tpsim_point *point)
{
  struct tpsim_result result;
  ck_assert_msg(tpsim_estimate(tpsim, point, &result, &error) == TPSIM_OK, "%s", error.text);
  return result;
}

/* Each point, and the options that ask the program for it. */
static const struct {
  struct tpsim_point point;
  const char *options;
} cases[] = {
    {{.model = "llama-3.1-8b", .platform = "dgx-h100"}, ""},
    {{.model = "llama-3.1-8b", .platform = "dgx-h100", .tp = 8, .variant = "ladder", .batch = 16},
     "--tp 8 --variant ladder --batch 16"},
    {{.model = "llama-3.1-8b",
      .platform = "dgx-h100",
      .stack = "vllm-graph",
      .dtype = "bf16",
      .tp = 4,
      .prompt = 777,
      .generate = 33,
      .layers = 5},
     "--stack vllm-graph --dtype bf16 --tp 4 --prompt 777 --generate 33 --layers 5"},
    {{.model = "llama-3.1-8b", .platform = "dgx-h100", .tp = 8, .phase = "train"},
     "--tp 8 --phase train"},
    {{.model = "llama-3.1-8b",
      .platform = "dgx-h100",
      .dtype = "fp8",
      .kv_dtype = "bf16",
      .generate = -1},
     "--dtype fp8 --kv-dtype bf16 --generate 0"},
    {{.model = "llama-3.1-8b", .platform = "dgx-h100", .tp = 7}, "--tp 7"},
    {{.model = "llama-3.1-8b",
      .platform = "dgx-h100",
      .tp = 2,
      .variant = "ladder",
      .layers = 2,
      .generate = 2,
      .engine = "des"},
     "--tp 2 --variant ladder --layers 2 --generate 2 --engine des"},
};
enum { N_CASES = sizeof cases / sizeof *cases };

/* A result as the cells that a row has from ttft_s on. */
static void write_cells(const struct tpsim_result *r, char *text, size_t size)
{
  const double times[] = {r->ttft_s,       r->ttft_low_s,  r->ttft_high_s,    r->tpot_s,
                          r->tpot_low_s,   r->tpot_high_s, r->e2e_s,          r->tokens_per_s,
                          r->speedup,      r->comm_s,      r->comm_exposed_s, r->compute_s,
                          r->memory_bytes, r->fits,        r->flops,          r->dram_bytes,
                          r->link_bytes};
  size_t n = 0;
  for (size_t i = 0; i < sizeof times / sizeof *times; i++)
    n += (size_t)(isnan(times[i]) ? snprintf(text + n, size - n, ",")
                                  : snprintf(text + n, size - n, "%.9g,", times[i]));
  if (strchr(r->status, ',') != NULL)
    snprintf(text + n, size - n, "\"%s\",", r->status);
  else
    snprintf(text + n, size - n, "%s,", r->status);
}

START_TEST(numbers_are_those_of_a_row)
{
  char options[512], row[2048], cells[2048];
  snprintf(options, sizeof options, "sweep --model llama-3.1-8b --platform dgx-h100 %s",
           cases[_i].options);
  const struct tpsim_result result = estimate(&cases[_i].point);
  run_program(options, row, sizeof row);
  write_cells(&result, cells, sizeof cells);
  if (strstr(row, "no tpsim-des") == NULL)
    ck_assert_msg(strstr(row, cells) != NULL, "%s\nis not in\n%s", cells, row);
}
END_TEST

START_TEST(what_cannot_run_is_answered)
{
  const struct tpsim_result result =
      estimate(&(struct tpsim_point){.model = "llama-3.1-405b", .platform = "dgx-h100", .tp = 1});
  ck_assert_str_ne(result.status, "ok");
  ck_assert(isnan(result.e2e_s) && isnan(result.speedup));
  ck_assert(result.memory_bytes > 400e9 && result.fits == 0 && result.nodes == 1);
}
END_TEST

START_TEST(faults_have_the_program_s_words)
{
  static const struct {
    struct tpsim_point point;
    const char *options;
  } faults[] = {
      {{.model = "llama-8b", .platform = "dgx-h100"}, "--model llama-8b --platform dgx-h100"},
      {{.model = "llama-3.1-8b", .platform = "h100"}, "--model llama-3.1-8b --platform h100"},
      {{.model = "llama-3.1-8b"}, "--model llama-3.1-8b"},
      {{.model = "llama-3.1-8b", .platform = "dgx-h100", .variant = "lader"},
       "--model llama-3.1-8b --platform dgx-h100 --variant lader"},
      {{.model = "llama-3.1-8b", .platform = "dgx-h100", .engine = "dse"},
       "--model llama-3.1-8b --platform dgx-h100 --engine dse"},
      {{.model = "llama-3.1-8b", .platform = "dgx-h100", .layers = 99},
       "--model llama-3.1-8b --platform dgx-h100 --layers 99"},
      {{.model = "llama-3.1-8b", .platform = "dgx-h100", .batch = 2000000},
       "--model llama-3.1-8b --platform dgx-h100 --batch 2000000"},
  };
  char options[512], line[2048];
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    struct tpsim_result result = {.e2e_s = -1};
    snprintf(options, sizeof options, "predict %s", faults[i].options);
    run_program(options, line, sizeof line);
    ck_assert_int_eq(tpsim_estimate(tpsim, &faults[i].point, &result, &error), TPSIM_E_INPUT);
    ck_assert_msg(strncmp(line, "tpsim: ", 7) == 0 && strcmp(line + 7, error.text) == 0,
                  "%s\nbut the program: %s", error.text, line);
    ck_assert(result.e2e_s == -1);
    ck_assert_int_eq(tpsim_estimate(tpsim, &faults[i].point, &result, NULL), TPSIM_E_INPUT);
  }
  ck_assert_ptr_null(tpsim_open("/nowhere", &error));
  ck_assert_str_eq(error.text, "/nowhere: no folder with models/ and platforms/");
  ck_assert_ptr_null(tpsim_open("/nowhere", NULL));
}
END_TEST

/* Each thread with its handle, the points in an order of its own; all but the last, whose engine
 * is a process. */
static void *work(void *data)
{
  const int *const first = data;
  struct tpsim *own = tpsim_open(TP_SRCDIR, NULL);
  static _Thread_local struct tpsim_result results[N_CASES];
  for (int i = 0; own != NULL && i < 3 * N_CASES; i++) {
    const int c = (*first + i) % N_CASES;
    if (tpsim_estimate(own, &cases[c].point, &results[c], NULL) != TPSIM_OK)
      memset(&results[c], 0, sizeof results[c]);
  }
  tpsim_close(own);
  struct tpsim_result *kept = malloc(sizeof results);
  if (kept != NULL)
    memcpy(kept, results, sizeof results);
  return kept;
}

START_TEST(threads_have_a_handle_each)
{
  enum { N_THREADS = 3 };
  pthread_t threads[N_THREADS];
  int first[N_THREADS];
  for (int t = 0; t < N_THREADS; t++) {
    first[t] = 2 * t;
    ck_assert_int_eq(pthread_create(&threads[t], NULL, work, &first[t]), 0);
  }
  struct tpsim_result alone[N_CASES];
  memset(alone, 0, sizeof alone);
  for (int c = 0; c < N_CASES; c++)
    if (tpsim_estimate(tpsim, &cases[c].point, &alone[c], NULL) != TPSIM_OK)
      memset(&alone[c], 0, sizeof alone[c]);
  for (int t = 0; t < N_THREADS; t++) {
    void *results;
    ck_assert_int_eq(pthread_join(threads[t], &results), 0);
    ck_assert_ptr_nonnull(results);
    ck_assert_int_eq(memcmp(results, alone, sizeof alone), 0);
    free(results);
  }
}
END_TEST

/* Files are read and messages written with points, whatever the caller's language. */
START_TEST(language_changes_nothing)
{
  const struct tpsim_result before = estimate(&cases[1].point);
  if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL && setlocale(LC_ALL, "fr_FR.UTF-8") == NULL)
    return;
  close_data();
  open_data();
  const struct tpsim_result after = estimate(&cases[1].point);
  ck_assert_int_eq(memcmp(&before, &after, sizeof before), 0);
  ck_assert_str_eq(localeconv()->decimal_point, ",");
}
END_TEST

START_TEST(nothing_is_printed)
{
  FILE *const kept = tmpfile();
  ck_assert_ptr_nonnull(kept);
  const int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
  dup2(fileno(kept), STDOUT_FILENO);
  dup2(fileno(kept), STDERR_FILENO);
  int status = 0;
  for (int c = 0; c < N_CASES; c++)
    status |= tpsim_estimate(tpsim, &cases[c].point, &(struct tpsim_result){.e2e_s = 0}, NULL);
  (void)status;
  tpsim_estimate(tpsim, &(struct tpsim_point){.model = "x"}, NULL, NULL);
  fflush(NULL);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  ck_assert_int_eq(fseek(kept, 0, SEEK_END), 0);
  ck_assert_int_eq(ftell(kept), 0);
  fclose(kept);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("tpsim");
  TCase *tcase = tcase_create("library");
  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, open_data, close_data);
  tcase_add_loop_test(tcase, numbers_are_those_of_a_row, 0, N_CASES);
  tcase_add_test(tcase, what_cannot_run_is_answered);
  tcase_add_test(tcase, faults_have_the_program_s_words);
  tcase_add_test(tcase, threads_have_a_handle_each);
  tcase_add_test(tcase, language_changes_nothing);
  tcase_add_test(tcase, nothing_is_printed);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
