/* tpsim serve: a load on a deployment. */
#include "cli/points.h"
#include "cli/result_file.h"
#include "cli/served_rows.h"
#include "command/progress.h"
#include "serve/loads.h"

#include <string.h>

struct args {
  struct tp_points points;
  struct tp_numbers concurrency, rate, range_ratio, seed;
  int64_t requests;
  const char *trace, *file, *out, *format;
};

static const struct tp_option options[] = {
    TP_POINT_SETUP_LIST(TP_POINTS_WORDS, TP_POINTS_NUMBERS)
        TP_POINT_TOKENS_LIST(TP_POINTS_WORDS, TP_POINTS_NUMBERS)
            TP_POINT_SOFTWARE_LIST(TP_POINTS_WORDS, TP_POINTS_NUMBERS)
                TP_UNTOLD_LIST(TP_POINTS_TEXT, TP_POINTS_SETTINGS){
                    "concurrency", 'c', TP_OPTION_NUMBERS, offsetof(struct args, concurrency),
                    "LIST", "a closed loop: so many requests are under way at any time"},
    {"rate", 'r', TP_OPTION_NUMBERS, offsetof(struct args, rate), "LIST",
     "an open one: so many requests a second come, at random (Poisson)"},
    {"trace", '\0', TP_OPTION_TEXT, offsetof(struct args, trace), "FILE.csv",
     "requests as they came: arrival_s (seconds),prompt,generate, or the columns of Azure's and "
     "BurstGPT's"},
    {"range-ratio", '\0', TP_OPTION_NUMBERS, offsetof(struct args, range_ratio), "LIST",
     "lengths are even between this share of --prompt and --generate and 1 [1]"},
    {"requests", 'n', TP_OPTION_COUNT, offsetof(struct args, requests), "N",
     "requests in all [10 x concurrency; of --rate 500]"},
    {"seed", '\0', TP_OPTION_NUMBERS, offsetof(struct args, seed), "LIST",
     "of random lengths and times [1]"},
    {"batch", 'b', TP_OPTION_NUMBERS, offsetof(struct args, points.batch), "LIST",
     "sequences that run at once at most [as many as the cache has room for]"},
    {"points", '\0', TP_OPTION_TEXT, offsetof(struct args, file), "FILE.csv",
     "one point a row: columns of a sweep, concurrency, rate, range_ratio, requests, seed"},
    {"out", 'o', TP_OPTION_TEXT, offsetof(struct args, out), "OUT.csv",
     "result, with its sidecar OUT.csv.json [standard output]"},
    TP_FORMAT_OPTION(args),
};

/* What is served: every point under every load, variants fastest. */
struct job {
  struct tp_session *session;
  const struct args *args;
  struct tp_asked asked;
  struct tp_csv csv; /* of --points */
  struct tp_loads loads;
  struct tp_served *rows;
  size_t n;
  struct tp_serve *serve;
  struct tp_progress progress;
  size_t done; /* requests of the rows before */
};

static struct tp_load_list list_of(const struct tp_numbers *numbers)
{
  return (struct tp_load_list){numbers->items, numbers->n};
}

static enum tp_status read_loads(struct job *job, struct tp_error *error)
{
  const struct args *const args = job->args;
  struct tp_arena *const arena = job->session->arena;
  job->loads = (struct tp_loads){.concurrency = list_of(&args->concurrency),
                                 .rate = list_of(&args->rate),
                                 .range_ratio = list_of(&args->range_ratio),
                                 .seed = list_of(&args->seed),
                                 .batch_limits = args->points.batch.n > 0,
                                 .trace = args->trace};
  if (args->requests > 0) {
    double *const requests = TP_NEW(arena, double, 1);
    *requests = (double)args->requests;
    job->loads.requests = (struct tp_load_list){requests, 1};
  }
  if (args->trace == NULL)
    return TP_OK;
  if (args->concurrency.n + args->rate.n + args->range_ratio.n + args->seed.n > 0 ||
      args->requests > 0 || args->points.prompt.n + args->points.generate.n > 0)
    return tp_fail(error, TP_E_INPUT,
                   "--trace says when requests come and how long they are; drop --concurrency, "
                   "--rate, --range-ratio, --requests, --seed, --prompt and --generate");
  return tp_input_arrivals(args->trace, &job->asked.catalog, &job->loads.trace_visits, error);
}

/* Loads that options give and the file's columns, too. */
static const char *loads_overruled(const struct job *job)
{
  const struct {
    const char *column;
    bool given;
  } loads[] = {{"concurrency", job->args->concurrency.n > 0},
               {"rate", job->args->rate.n > 0},
               {"range_ratio", job->args->range_ratio.n > 0},
               {"requests", job->args->requests > 0},
               {"seed", job->args->seed.n > 0}};
  const char *names = "";
  for (size_t i = 0; i < sizeof loads / sizeof *loads; i++)
    if (loads[i].given && tp_csv_column(&job->csv, loads[i].column) >= 0)
      names = tp_arena_printf(job->session->arena, "%s%s%s", names, names[0] == '\0' ? "" : ", ",
                              loads[i].column);
  return names;
}

static enum tp_status read_points(struct job *job, struct tp_error *error)
{
  struct tp_asked *const asked = &job->asked;
  if (job->args->file != NULL) {
    TP_TRY(tp_input_csv(job->args->file, &asked->catalog, &job->csv, error));
    TP_TRY(tp_grid_take_points(&asked->grid, &job->csv, tp_loads_columns(job->session->arena),
                               job->session->arena, error));
    const char *const overruled =
        tp_grid_overruled(&asked->grid, loads_overruled(job), job->session->arena);
    if (overruled[0] != '\0')
      tp_command_note(overruled);
  }
  return tp_grid_check(&asked->grid, &asked->catalog, error);
}

static void show_progress(void *data, size_t ended)
{
  struct job *const job = data;
  tp_progress_step(&job->progress, job->done + ended);
}

/* The loads of one set of variants; NULL rows: only counted. */
static enum tp_status serve_set(struct job *job, size_t first, size_t *requests,
                                struct tp_error *error)
{
  const struct tp_grid *const grid = &job->asked.grid;
  const size_t row = tp_grid_row(grid, first), n_variants = tp_grid_variants(grid);
  struct tp_served_load *loads;
  size_t n_loads;
  TP_TRY(tp_loads_of_row(&job->loads, grid->points, row, job->session->arena, &loads, &n_loads,
                         error));
  for (size_t i = 0; i < n_loads * n_variants; i++) {
    const struct tp_served_load *const load = &loads[i / n_variants];
    const size_t n = load->trace != NULL ? load->trace_visits.n : (size_t)load->load.requests;
    *requests += n;
    if (job->serve == NULL) {
      job->n++;
      continue;
    }
    struct tp_point point;
    TP_TRY(tp_grid_point(grid, &job->asked.catalog, first + i % n_variants, &point, error));
    if (load->trace != NULL)
      tp_ask_tell_positions(point.model, tp_arrivals_longest(&load->trace_visits),
                            &job->asked.catalog);
    TP_TRY(tp_serve(job->serve, &point, load, &job->rows[job->n++], error));
    job->done += n;
  }
  return TP_OK;
}

static enum tp_status serve_all(struct job *job, size_t *requests, struct tp_error *error)
{
  const struct tp_grid *const grid = &job->asked.grid;
  const size_t size = tp_grid_size(grid), step = tp_grid_variants(grid);
  job->n = 0;
  *requests = 0;
  for (size_t i = 0; i < size; i += step)
    TP_TRY(serve_set(job, i, requests, error));
  return TP_OK;
}

static enum tp_status run_all(struct job *job, struct tp_error *error)
{
  enum { MOST_ROWS = 100000 };
  size_t requests;
  TP_TRY(serve_all(job, &requests, error));
  if (job->n > MOST_ROWS)
    return tp_fail(error, TP_E_INPUT, "%zu loads are more than %d; shorten the lists", job->n,
                   (int)MOST_ROWS);
  job->rows = TP_NEW(job->session->arena, struct tp_served, job->n);
  job->serve = tp_serve_create();
  tp_serve_progress(job->serve, show_progress, job);
  tp_progress_begin(&job->progress, requests);
  const enum tp_status status = serve_all(job, &requests, error);
  tp_progress_end(&job->progress);
  tp_serve_free(job->serve);
  return status;
}

static enum tp_status keep_inputs(const struct job *job, struct tp_error *error)
{
  const char *const out = job->args->out;
  if (out == NULL)
    return TP_OK;
  if (job->args->format != NULL && job->asked.format != TP_FORMAT_CSV)
    return tp_fail(error, TP_E_INPUT, "--format %s: a result file is CSV; leave out -o or --format",
                   job->args->format);
  return tp_result_keep_inputs(job->session, &job->asked.catalog, job->args->file, out, error);
}

static enum tp_status serve_into_file(struct job *job, struct tp_error *error)
{
  struct tp_result_claim claim;
  enum tp_status status = tp_result_claim(job->session, job->args->out, &claim, error);
  if (status == TP_OK)
    status = run_all(job, error);
  if (status == TP_OK)
    status = tp_served_rows_write(job->rows, job->n, job->session, &job->asked.catalog,
                                  job->args->out, error);
  tp_result_release(&claim);
  return status;
}

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  struct job job = {.session = session, .args = values};
  TP_TRY(
      tp_asked_read(session, positional, &job.args->points, job.args->format, &job.asked, error));
  TP_TRY(read_loads(&job, error));
  TP_TRY(read_points(&job, error));
  TP_TRY(keep_inputs(&job, error));
  tp_result_say_differences(session, &job.asked.catalog, job.args->file);
  if (job.args->out != NULL)
    return serve_into_file(&job, error);
  TP_TRY(run_all(&job, error));
  tp_served_rows_print(job.rows, job.n, job.asked.format, session->arena, stdout);
  const char *const first = job.rows[0].point.status;
  if (job.n == 1 && strcmp(first, "ok") != 0)
    return tp_fail(error, TP_E_INPUT, "%s", first);
  return TP_OK;
}

const struct tp_command tp_command_serve = {
    .name = "serve",
    .summary = "a load on a server: waiting, time to first token and per token, throughput",
    .usage = "--model M --platform P --concurrency N|--rate R|--trace FILE.csv [OPTIONS]",
    .details =
        "Plays continuous batching with chunked prefill: every step takes a token of each\n"
        "sequence that decodes and as much of the prompts that wait as the stack's budget of\n"
        "tokens leaves, or, where the stack prefills first (sglang), prompts alone. A request\n"
        "is let in when the cache has room for it: for all of its tokens, or, as vLLM and sglang\n"
        "do, for those it has. Times are those of the client: means, and quantiles over the\n"
        "requests. `tpsim list serve-columns` explains the columns.",
    .example = "tpsim serve --model llama-3.1-70b --platform dgx-h100 --tp 4,8 --variant "
               "standard,ladder --dtype fp8 --concurrency 16,64 --generate 128",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .values_size = sizeof(struct args),
    .run = run,
};
