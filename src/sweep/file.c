/* A sweep's result file: grown as FILE.part, resumed, renamed; with its sidecar. */
#define _XOPEN_SOURCE 700
#include "sweep/resume.h"
#include "sweep/sidecar.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct job {
  struct tp_sweep *sweep;
  const struct tp_sweep_file *target;
  struct tp_arena *arena;
  struct tp_error *error;
  const char *part, *sidecar, *part_sidecar;
  struct tp_kept kept; /* of an earlier run */
  bool is_result;      /* what is kept stands in FILE, not in FILE.part */
};

static enum tp_status fail_write(const struct job *job, const char *path)
{
  return tp_fail(job->error, TP_E_ENVIRONMENT, "%s: cannot be written: %s; give another place",
                 path, strerror(errno));
}

/* What an earlier run left, checked. */
static enum tp_status take_earlier(struct job *job)
{
  const bool has_part = access(job->part, F_OK) == 0;
  if (!has_part && access(job->target->file, F_OK) != 0)
    return TP_OK;
  TP_TRY(tp_kept_read(job->sweep, job->target, has_part ? job->part : job->target->file,
                      has_part ? job->part_sidecar : job->sidecar, &job->kept, job->error));
  job->sweep->first = job->kept.rows;
  job->is_result = !has_part;
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

/* FILE.part up to the last whole row that is kept, for more to come. */
static FILE *open_part(const struct job *job)
{
  const bool has_rows = job->kept.bytes > 0;
  if (has_rows && job->is_result && rename(job->target->file, job->part) != 0)
    return NULL;
  FILE *const out = fopen(job->part, has_rows ? "r+" : "w");
  if (out == NULL)
    return NULL;
  if (!has_rows) {
    tp_prediction_write_header(tp_grid_columns(job->sweep->grid), out);
  } else if (ftruncate(fileno(out), job->kept.bytes) != 0 || fseeko(out, 0, SEEK_END) != 0) {
    fclose(out);
    return NULL;
  }
  return out;
}

static enum tp_status write_rows(const struct job *job)
{
  FILE *out = open_part(job);
  if (out == NULL)
    return fail_write(job, job->part);
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

static enum tp_status write_regular(struct job *job)
{
  if (job->target->resume)
    TP_TRY(take_earlier(job));
  TP_TRY(write_sidecar(job));
  TP_TRY(write_rows(job));
  return publish(job);
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
  const enum tp_status status =
      is_special(target->file) ? write_special(&job) : write_regular(&job);
  tp_arena_free(arena);
  return status;
}
