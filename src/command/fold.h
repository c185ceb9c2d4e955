#ifndef TP_COMMAND_FOLD_H
#define TP_COMMAND_FOLD_H
/* Text folded at words to the width of what it is printed on. */
#include "base/arena.h"

#include <stddef.h>
#include <stdio.h>

/* Columns of the terminal that `out` is, else what COLUMNS says, else `otherwise`. */
size_t tp_fold_width(FILE *out, size_t otherwise);

/* Columns that the text takes: a character of UTF-8 each. */
size_t tp_fold_columns(const char *text, size_t bytes);

/* Bytes of the first line of `text` in so many columns: up to a line end, or to the last word that
 * fits; a word that is wider is cut.  *next gets where the second line begins. */
size_t tp_fold_line(const char *text, size_t width, size_t *next);

/* Writes `bytes` of the text, control characters as '?'. */
void tp_fold_put(const char *text, size_t bytes, FILE *out);

/* A copy of the text with a '?' for each control character. */
const char *tp_fold_plain(const char *text, struct tp_arena *arena);

/* Writes paragraphs and a line end: as they are where all of their lines fit, else each folded
 * anew. A line goes on with the next one if it is long and that one begins at the margin. */
void tp_fold_flow(const char *text, size_t width, FILE *out);

/* Writes the text and a line end, its later lines behind `indent` spaces; the first begins there,
 * too. */
void tp_fold_print(const char *text, size_t indent, size_t width, FILE *out);
#endif
