#ifndef TP_BASE_CLAIM_H
#define TP_BASE_CLAIM_H
/* Files that one process alone writes. */
#include "base/arena.h"
#include "base/error.h"

/* What FILE is written as: itself, or what it links to, whole; *special where that is no regular
 * file (a terminal, a pipe, /dev/null) or is a stream of the shell's: append there.
 * TP_E_ENVIRONMENT of a link to nothing, TP_E_INPUT of "-". */
enum tp_status tp_claim_target(const char *file, struct tp_arena *arena, const char **target,
                               int *special, struct tp_error *error);

/* Opens PATH, which FILE grows as, for reading and writing, made where it is not there, and locks
 * it as long as the descriptor lives.  TP_E_ENVIRONMENT where another process has it, or where
 * somebody put a link or anything else in its place: it is not followed. */
enum tp_status tp_claim_file(const char *path, const char *file, int *descriptor,
                             struct tp_error *error);
#endif
