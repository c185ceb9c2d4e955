#include "sweep/sweep.h"

#include "base/child.h"
#include "predict/row.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a worker sends ends with a zero byte, which no name holds: a row, whose last byte before
 * that is a line end, or a failure, a digit and the error's text, which has no line end. */
enum { MOST_WORKERS = 256, CHUNK = 32, FLUSH_ROWS = 256 };

/* One that goes from point to point and writes their rows. */
struct walk {
  const struct tp_sweep *sweep;
  FILE *out;
  struct tp_predictor *predictor;
  struct tp_row_writer *writer;
  size_t next;           /* after the last point */
  struct tp_point point; /* the last */
};

static struct walk walk_begin(const struct tp_sweep *sweep, FILE *out)
{
  return (struct walk){.sweep = sweep,
                       .out = out,
                       .predictor = tp_predictor_create(),
                       .writer = tp_row_writer_create(tp_grid_columns(sweep->grid))};
}

static void walk_end(struct walk *walk)
{
  tp_row_writer_free(walk->writer);
  tp_predictor_free(walk->predictor);
}

static enum tp_status write_row(struct walk *walk, size_t index, struct tp_error *error)
{
  const struct tp_sweep *const sweep = walk->sweep;
  struct tp_prediction row;
  size_t length;
  TP_TRY((index == walk->next ? tp_grid_next : tp_grid_point)(sweep->grid, sweep->catalog, index,
                                                              &walk->point, error));
  walk->next = index + 1;
  TP_TRY(tp_predict(walk->predictor, &walk->point, &row, error));
  const char *const line = tp_row_writer_line(walk->writer, &row, &length);
  errno = 0;
  fwrite(line, 1, length, walk->out);
  return TP_OK;
}

/* errno is that of what was written last. */
static enum tp_status check_written(FILE *out, bool flush, struct tp_error *error)
{
  if (ferror(out) || (flush && fflush(out) != 0))
    return tp_fail(error, TP_E_ENVIRONMENT, "rows cannot be written: %s",
                   errno != 0 ? strerror(errno) : "a write failed");
  return TP_OK;
}

/* After a row is out: tells, and flushes now and then. */
static enum tp_status row_done(const struct tp_sweep *sweep, size_t index, FILE *out,
                               struct tp_error *error)
{
  TP_TRY(check_written(out, (index + 1) % FLUSH_ROWS == 0, error));
  if (sweep->progress != NULL)
    sweep->progress(sweep->progress_data, index + 1);
  return TP_OK;
}

static enum tp_status run_alone(const struct tp_sweep *sweep, FILE *out, struct tp_error *error)
{
  struct walk walk = walk_begin(sweep, out);
  const size_t size = tp_grid_size(sweep->grid);
  enum tp_status status = TP_OK;
  for (size_t i = sweep->first; i < size && status == TP_OK; i++) {
    status = write_row(&walk, i, error);
    if (status == TP_OK)
      status = row_done(sweep, i, out, error);
  }
  walk_end(&walk);
  return status;
}

struct worker {
  const struct tp_sweep *sweep;
  int self;
  struct tp_child child;
  FILE *rows; /* its pipe; NULL: not started */
};

/* Whose point it is: chunks go round, each of whole sets of variants, which share a prediction of
 * the standard one. */
static int owner_of(const struct tp_sweep *sweep, size_t index)
{
  const size_t variants = tp_grid_variants(sweep->grid);
  const size_t chunk = variants > 1 ? variants * (1 + CHUNK / variants) : CHUNK;
  return (int)(index / chunk % (size_t)sweep->workers);
}

static int work(void *data, int pipe)
{
  const struct worker *const worker = data;
  const struct tp_sweep *const sweep = worker->sweep;
  FILE *const out = fdopen(pipe, "w");
  if (out == NULL)
    return TP_E_ENVIRONMENT;
  struct walk walk = walk_begin(sweep, out);
  const size_t size = tp_grid_size(sweep->grid);
  for (size_t i = sweep->first; i < size; i++) {
    struct tp_error error;
    if (owner_of(sweep, i) != worker->self)
      continue;
    const enum tp_status status = write_row(&walk, i, &error);
    if (status != TP_OK)
      fprintf(out, "%d%s", (int)status, error.text);
    putc('\0', out);
    if (status != TP_OK)
      break;
  }
  walk_end(&walk);
  return fclose(out) == 0 ? 0 : TP_E_ENVIRONMENT;
}

static enum tp_status start(struct worker *worker, struct tp_error *error)
{
  struct tp_error reason;
  const enum tp_status status = tp_child_start(work, worker, &worker->child, &reason);
  if (status != TP_OK)
    return tp_fail(error, status, "worker %d cannot be started: %s; take a smaller -j",
                   worker->self, reason.text);
  worker->rows = fdopen(worker->child.pipe, "r");
  if (worker->rows == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  worker->child.pipe = -1;
  return TP_OK;
}

static enum tp_status collect(const struct tp_sweep *sweep, const struct worker *workers, FILE *out,
                              struct tp_error *error)
{
  const size_t size = tp_grid_size(sweep->grid);
  char *line = NULL;
  size_t capacity = 0;
  enum tp_status status = TP_OK;
  for (size_t i = sweep->first; i < size && status == TP_OK; i++) {
    const int owner = owner_of(sweep, i);
    const ssize_t length = getdelim(&line, &capacity, '\0', workers[owner].rows);
    if (length < 2 || line[length - 1] != '\0') {
      status = tp_fail(error, TP_E_ENVIRONMENT, "worker %d ended early; try -j 1", owner);
    } else if (line[length - 2] != '\n') {
      status = tp_fail(error, (enum tp_status)(line[0] - '0'), "%s", line + 1);
    } else {
      errno = 0;
      fwrite(line, 1, (size_t)length - 1, out);
      status = row_done(sweep, i, out, error);
    }
  }
  free(line);
  return status;
}

static enum tp_status run_workers(const struct tp_sweep *sweep, FILE *out, struct tp_error *error)
{
  struct worker workers[MOST_WORKERS] = {{.rows = NULL}};
  enum tp_status status = TP_OK;
  for (int i = 0; i < sweep->workers && status == TP_OK; i++) {
    workers[i].sweep = sweep;
    workers[i].self = i;
    status = start(&workers[i], error);
  }
  if (status == TP_OK)
    status = collect(sweep, workers, out, error);
  for (int i = 0; i < sweep->workers; i++) {
    if (workers[i].rows != NULL)
      fclose(workers[i].rows);
    if (status == TP_OK)
      tp_child_wait(&workers[i].child);
    else
      tp_child_kill(&workers[i].child);
  }
  return status;
}

enum tp_status tp_sweep_run(const struct tp_sweep *sweep, FILE *out, struct tp_error *error)
{
  if (sweep->workers > MOST_WORKERS)
    return tp_fail(error, TP_E_INPUT, "more than %d workers; take a smaller -j", (int)MOST_WORKERS);
  TP_TRY(sweep->workers <= 1 ? run_alone(sweep, out, error) : run_workers(sweep, out, error));
  errno = 0;
  return check_written(out, true, error);
}
