#ifndef TP_BASE_OUTPUT_H
#define TP_BASE_OUTPUT_H
/* Result files that are whole or not there at all.
 *
 * Bytes go to FILE.tmp beside FILE; commit syncs and renames it.  Where FILE already is something
 * other than a regular file (a terminal, a pipe, /dev/null) or a stream of the shell's
 * (/dev/stdout) it is written directly.
 */
#include "base/arena.h"
#include "base/error.h"

#include <stdio.h>

struct tp_output {
  FILE *stream;          /* write here */
  const char *path;      /* what it becomes */
  const char *temporary; /* NULL where written directly */
};

/* Fails with TP_E_ENVIRONMENT and the system's reason.  Every opened output must be committed or
 * aborted, once. */
enum tp_status tp_output_open(const char *file, struct tp_arena *arena, struct tp_output *output,
                              struct tp_error *error);

/* Fails with TP_E_ENVIRONMENT where a byte could not be written (disk full); an older FILE then
 * stays as it was. */
enum tp_status tp_output_commit(struct tp_output *output, struct tp_error *error);

/* Drops what was written. */
void tp_output_abort(struct tp_output *output);
#endif
