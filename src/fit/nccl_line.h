#ifndef TP_FIT_NCCL_LINE_H
#define TP_FIT_NCCL_LINE_H
/* A line of nccl-tests' output: what loggers put around it taken off, and its words. */
#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

enum { TP_NCCL_MOST_WORDS = 64 };

struct tp_nccl_line {
  const char *items[TP_NCCL_MOST_WORDS];
  size_t n;
};

/* Takes colours off, and the quotes and the comma of a list of lines in JSON. */
void tp_nccl_line_clean(char *line);

/* Cells at commas, or words at spaces; without quotes around them. */
void tp_nccl_line_split(const char *line, bool comma, struct tp_arena *arena,
                        struct tp_nccl_line *words);

/* Whether a number has a comma in the place of its point: "20,10". */
bool tp_nccl_is_comma_number(const char *word);
#endif
