#ifndef TP_MODEL_NAME_PATTERN_H
#define TP_MODEL_NAME_PATTERN_H
/* Names, patterns and regular expressions that tools write of matrices: "re:..." is a regular
 * expression from the name's beginning as Python has them, '*' stands for anything, and a plain
 * name for itself and for what is below it, wherever it begins. */
#include "base/arena.h"
#include "model/matrix_names.h"

#include <regex.h>
#include <stdbool.h>

enum { TP_NAME_GLOBS = 3 };
struct tp_name_pattern {
  const char *text, *globs[TP_NAME_GLOBS];
  bool regular, glob;
  regex_t regex;
  int64_t layer;     /* the only one that a plain name is of; -1: any */
  bool tells_layers; /* whether it may fit in some layers alone */
};

/* `regular`: without "re:" too.  false where the text is an expression that cannot be read here. */
bool tp_name_pattern_make(const char *text, bool regular, struct tp_arena *arena,
                          struct tp_name_pattern *pattern);
void tp_name_pattern_free(struct tp_name_pattern *pattern);
/* Whether it fits one of the spellings. */
bool tp_name_pattern_fits(const struct tp_name_pattern *pattern,
                          const struct tp_matrix_names *names);
#endif
