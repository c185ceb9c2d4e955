/* A sweep's result file: grown as FILE.part, resumed, renamed; with its sidecar. */
#define _XOPEN_SOURCE 700
#include "base/claim.h"
#include "sweep/resume.h"
#include "sweep/sidecar.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

struct job {
  struct tp_sweep *sweep;
  const struct tp_sweep_file *target;
  struct tp_arena *arena;
  struct tp_error *error;
  const char *file; /* what the target is, links followed */
  const char *part, *sidecar, *part_sidecar;
  int descriptor;      /* of the part, which this process alone writes; -1: not yet */
  struct tp_kept kept; /* of an earlier run */
  bool is_result;      /* what is kept stands in FILE, not in FILE.part */
};

static enum tp_status fail_write(const struct job *job, const char *path)
{
  return tp_fail(job->error, TP_E_ENVIRONMENT, "%s: cannot be written: %s; %sgive another place",
                 path, strerror(errno),
                 errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? "free space, or " : "");
}

/* What an earlier run left, checked. */
static enum tp_status take_earlier(struct job *job, bool has_part)
{
  if (!has_part && access(job->file, F_OK) != 0)
    return TP_OK;
  TP_TRY(tp_kept_read(job->sweep, job->target, has_part ? job->part : job->file,
                      has_part ? job->part_sidecar : job->sidecar, &job->kept, job->error));
  job->sweep->first = job->kept.rows;
  job->is_result = !has_part;
  return TP_OK;
}

/* A part that is kept has its sidecar, which is this one. */
static enum tp_status write_sidecar(const struct job *job)
{
  int descriptor;
  if (job->kept.bytes > 0 && !job->is_result)
    return TP_OK;
  TP_TRY(tp_claim_file(job->part_sidecar, job->part_sidecar, &descriptor, job->error));
  FILE *const out = fdopen(descriptor, "w");
  if (out == NULL || ftruncate(descriptor, 0) != 0)
    return fail_write(job, job->part_sidecar);
  fputs(tp_sidecar_text(job->sweep->catalog, job->target, job->arena), out);
  const bool failed = fflush(out) != 0 || fsync(descriptor) != 0;
  return fclose(out) == 0 && !failed ? TP_OK : fail_write(job, job->part_sidecar);
}

/* The result of an earlier run becomes the part again. */
static enum tp_status take_result_back(struct job *job)
{
  if (job->kept.bytes == 0 || !job->is_result)
    return TP_OK;
  if (rename(job->file, job->part) != 0)
    return fail_write(job, job->part);
  close(job->descriptor);
  return tp_claim_file(job->part, job->target->file, &job->descriptor, job->error);
}

/* Rows are written by the hundred thousand: by few calls. */
static void buffer_rows(const struct job *job, FILE *out)
{
  enum { BUFFER_BYTES = 128 * 1024 };
  setvbuf(out, TP_NEW_RAW(job->arena, char, BUFFER_BYTES), _IOFBF, BUFFER_BYTES);
}

/* The part up to the last whole row that is kept, for more to come. */
static FILE *open_part(struct job *job)
{
  if (ftruncate(job->descriptor, job->kept.bytes) != 0 || lseek(job->descriptor, 0, SEEK_END) < 0)
    return NULL;
  FILE *const out = fdopen(job->descriptor, "w");
  if (out == NULL)
    return NULL;
  job->descriptor = -1; /* the stream's */
  buffer_rows(job, out);
  if (job->kept.bytes == 0)
    tp_prediction_write_header(tp_grid_columns(job->sweep->grid), out);
  return out;
}

/* Rows that cannot be written are said of the file that was asked for. */
static enum tp_status run_into(const struct job *job, FILE *out)
{
  struct tp_error reason;
  const enum tp_status status = tp_sweep_run(job->sweep, out, &reason);
  if (status == TP_E_ENVIRONMENT && ferror(out))
    return tp_fail(job->error, status, "%s: %s; free space, or give another place",
                   job->target->file, reason.text);
  return status == TP_OK ? TP_OK : tp_fail(job->error, status, "%s", reason.text);
}

/* The sidecar goes first: a result never stands without it.  The part is renamed while it is still
 * this process's. */
static enum tp_status publish(const struct job *job)
{
  if (rename(job->part_sidecar, job->sidecar) != 0)
    return fail_write(job, job->sidecar);
  return rename(job->part, job->file) == 0 ? TP_OK : fail_write(job, job->target->file);
}

static enum tp_status write_rows(struct job *job)
{
  FILE *out = open_part(job);
  if (out == NULL)
    return fail_write(job, job->part);
  enum tp_status status = run_into(job, out);
  if (status == TP_OK && fsync(fileno(out)) != 0)
    status = fail_write(job, job->target->file);
  if (status == TP_OK)
    status = publish(job);
  if (fclose(out) != 0 && status == TP_OK)
    status = fail_write(job, job->target->file);
  return status;
}

/* A terminal, a pipe, /dev/null: rows only, nothing to rename. */
static enum tp_status write_special(const struct job *job)
{
  FILE *out = fopen(job->target->file, "a");
  if (out == NULL)
    return fail_write(job, job->target->file);
  buffer_rows(job, out);
  tp_prediction_write_header(tp_grid_columns(job->sweep->grid), out);
  const enum tp_status status = run_into(job, out);
  return fclose(out) == 0 || status != TP_OK ? status : fail_write(job, job->target->file);
}

static enum tp_status write_regular(struct job *job)
{
  const bool has_part = access(job->part, F_OK) == 0;
  TP_TRY(tp_claim_file(job->part, job->target->file, &job->descriptor, job->error));
  if (job->target->resume) {
    const enum tp_status status = take_earlier(job, has_part);
    if (status != TP_OK && !has_part)
      unlink(job->part); /* which this run has made */
    TP_TRY(status);
  }
  TP_TRY(write_sidecar(job));
  TP_TRY(take_result_back(job));
  return write_rows(job);
}

enum tp_status tp_sweep_write(struct tp_sweep *sweep, const struct tp_sweep_file *target,
                              struct tp_error *error)
{
  struct tp_arena *arena = tp_arena_create();
  struct job job = {
      .sweep = sweep, .target = target, .arena = arena, .error = error, .descriptor = -1};
  int special = 0;
  enum tp_status status = tp_claim_target(target->file, arena, &job.file, &special, error);
  job.part = tp_arena_printf(arena, "%s.part", job.file);
  job.sidecar = tp_arena_printf(arena, "%s.json", job.file);
  job.part_sidecar = tp_arena_printf(arena, "%s.part.json", job.file);
  if (status == TP_OK)
    status = special ? write_special(&job) : write_regular(&job);
  if (job.descriptor >= 0)
    close(job.descriptor);
  tp_arena_free(arena);
  return status;
}
