#ifndef TP_BASE_FILE_H
#define TP_BASE_FILE_H
/* Whole text files in. */
#include "base/arena.h"
#include "base/error.h"

#define TP_FILE_MOST_BYTES (256L * 1024 * 1024)

/* Reads FILE ("-": standard input) into arena-owned text, without a byte order mark.  TP_E_INPUT
 * where it cannot be read, holds a NUL byte, or is larger than TP_FILE_MOST_BYTES (no table is). */
enum tp_status tp_file_read(const char *file, struct tp_arena *arena, const char **text,
                            struct tp_error *error);
#endif
