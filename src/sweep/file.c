/* A sweep's result file: grown as FILE.part, resumed, renamed; with its sidecar. */
#define _XOPEN_SOURCE 700
#include "base/file.h"
#include "base/text.h"
#include "sweep/sidecar.h"
#include "sweep/sweep.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct job {
  struct tp_sweep *sweep;
  const struct tp_sweep_file *target;
  struct tp_arena *arena;
  struct tp_error *error;
  const char *part, *sidecar, *part_sidecar;
  const char *kept; /* whole lines of an earlier run, with the header; NULL: none */
};

static enum tp_status fail_write(const struct job *job, const char *path)
{
  return tp_fail(job->error, TP_E_ENVIRONMENT, "%s: cannot be written: %s; give another place",
                 path, strerror(errno));
}

/* The text up to its last line end: a killed run may leave a torn line. */
static const char *whole_lines(struct tp_arena *arena, const char *text)
{
  const char *const end = strrchr(text, '\n');
  const size_t length = end == NULL ? 0 : (size_t)(end - text) + 1;
  return tp_arena_printf(arena, "%.*s", (int)length, text);
}

static enum tp_status check_header(const struct job *job, const char *path,
                                   const struct tp_csv *csv)
{
  const size_t n_columns = tp_grid_columns(job->sweep->grid);
  bool same = csv->n_columns == n_columns;
  for (size_t i = 0; same && i < n_columns; i++)
    same = strcmp(csv->columns[i], tp_columns[i].name) == 0;
  return same ? TP_OK
              : tp_fail(job->error, TP_E_INPUT,
                        "%s:1: not the columns of this version; move it away and start afresh",
                        path);
}

/* `nodes` is no input where the point leaves it open. */
static bool same_inputs(const struct tp_csv *csv, size_t row, const struct tp_prediction *want)
{
  for (size_t c = 0; c < csv->n_columns; c++) {
    if (!tp_columns[c].is_input)
      continue;
    const char *const cell = tp_csv_cell(csv, row, (int)c);
    double number;
    if (tp_columns[c].is_text) {
      if (strcmp(cell, tp_prediction_text(want, &tp_columns[c])) != 0)
        return false;
    } else {
      const double wanted = tp_prediction_number(want, &tp_columns[c]);
      if (!isnan(wanted) && !(tp_text_number(cell, &number) && number == wanted))
        return false;
    }
  }
  return true;
}

static enum tp_status check_rows(const struct job *job, const char *path, const struct tp_csv *csv)
{
  if (csv->n_rows > tp_grid_size(job->sweep->grid))
    return tp_fail(job->error, TP_E_INPUT,
                   "%s: more rows than this sweep has points; another sweep", path);
  for (size_t i = 0; i < csv->n_rows; i++) {
    struct tp_point point;
    struct tp_prediction want;
    const enum tp_status status =
        tp_grid_point(job->sweep->grid, job->sweep->catalog, i, &point, job->error);
    if (status != TP_OK)
      return status;
    tp_point_describe(&point, &want);
    if (!same_inputs(csv, i, &want))
      return tp_fail(job->error, TP_E_INPUT,
                     "%s:%d: not point %zu of this sweep; give another -o or drop --resume", path,
                     csv->lines[i], i + 1);
  }
  return TP_OK;
}

static enum tp_status check_sidecar(const struct job *job, const char *path, const char *sidecar)
{
  const char *text;
  enum tp_status status = tp_file_read(sidecar, job->arena, &text, job->error);
  if (status != TP_OK)
    return status;
  if (strcmp(text, tp_sidecar_text(job->sweep->catalog, job->target, job->arena)) == 0)
    return TP_OK;
  return tp_fail(job->error, TP_E_INPUT,
                 "%s:1: %s was made by another command, version or input; give another -o or drop "
                 "--resume",
                 sidecar, path);
}

/* What an earlier run left, checked; nothing where there was none. */
static enum tp_status take_earlier(struct job *job)
{
  const bool has_part = access(job->part, F_OK) == 0;
  if (!has_part && access(job->target->file, F_OK) != 0)
    return TP_OK;
  const char *const path = has_part ? job->part : job->target->file;
  const char *text;
  enum tp_status status = tp_file_read(path, job->arena, &text, job->error);
  if (status != TP_OK)
    return status;
  text = whole_lines(job->arena, text);
  if (text[0] == '\0')
    return TP_OK;
  struct tp_csv csv;
  status = tp_csv_parse(path, text, job->arena, &csv, job->error);
  if (status == TP_OK)
    status = check_header(job, path, &csv);
  if (status == TP_OK)
    status = check_sidecar(job, path, has_part ? job->part_sidecar : job->sidecar);
  if (status == TP_OK)
    status = check_rows(job, path, &csv);
  if (status != TP_OK)
    return status;
  job->kept = text;
  job->sweep->first = csv.n_rows;
  return TP_OK;
}

static enum tp_status write_sidecar(const struct job *job)
{
  FILE *out = fopen(job->part_sidecar, "w");
  if (out == NULL)
    return fail_write(job, job->part_sidecar);
  fputs(tp_sidecar_text(job->sweep->catalog, job->target, job->arena), out);
  return fclose(out) == 0 ? TP_OK : fail_write(job, job->part_sidecar);
}

static enum tp_status write_rows(const struct job *job)
{
  FILE *out = fopen(job->part, "w");
  if (out == NULL)
    return fail_write(job, job->part);
  if (job->kept != NULL)
    fputs(job->kept, out);
  else
    tp_prediction_write_header(tp_grid_columns(job->sweep->grid), out);
  enum tp_status status = tp_sweep_run(job->sweep, out, job->error);
  if (status == TP_OK && fsync(fileno(out)) != 0)
    status = fail_write(job, job->part);
  if (fclose(out) != 0 && status == TP_OK)
    status = fail_write(job, job->part);
  return status;
}

/* The sidecar first: a result never stands without it. */
static enum tp_status publish(const struct job *job)
{
  if (rename(job->part_sidecar, job->sidecar) != 0)
    return fail_write(job, job->sidecar);
  return rename(job->part, job->target->file) == 0 ? TP_OK : fail_write(job, job->target->file);
}

/* A terminal, a pipe, /dev/null: rows only, nothing to rename. */
static bool is_special(const char *file)
{
  struct stat info;
  return stat(file, &info) == 0 && !S_ISREG(info.st_mode);
}

static enum tp_status write_special(const struct job *job)
{
  FILE *out = fopen(job->target->file, "w");
  if (out == NULL)
    return fail_write(job, job->target->file);
  tp_prediction_write_header(tp_grid_columns(job->sweep->grid), out);
  const enum tp_status status = tp_sweep_run(job->sweep, out, job->error);
  return fclose(out) == 0 || status != TP_OK ? status : fail_write(job, job->target->file);
}

enum tp_status tp_sweep_write(struct tp_sweep *sweep, const struct tp_sweep_file *target,
                              struct tp_error *error)
{
  struct tp_arena *arena = tp_arena_create();
  struct job job = {.sweep = sweep,
                    .target = target,
                    .arena = arena,
                    .error = error,
                    .part = tp_arena_printf(arena, "%s.part", target->file),
                    .sidecar = tp_arena_printf(arena, "%s.json", target->file),
                    .part_sidecar = tp_arena_printf(arena, "%s.part.json", target->file)};
  enum tp_status status = TP_OK;
  if (is_special(target->file)) {
    status = write_special(&job);
    tp_arena_free(arena);
    return status;
  }
  if (target->resume)
    status = take_earlier(&job);
  if (status == TP_OK)
    status = write_sidecar(&job);
  if (status == TP_OK)
    status = write_rows(&job);
  if (status == TP_OK)
    status = publish(&job);
  tp_arena_free(arena);
  return status;
}
