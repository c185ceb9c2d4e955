#ifndef TP_COMMAND_OPTIONS_H
#define TP_COMMAND_OPTIONS_H
/* Command lines read by table.
 *
 *     static const struct tp_option options[] = {
 *       {"out", 'o', TP_OPTION_TEXT, offsetof(struct args, out), "FILE", "write here"},
 *     };
 *
 * --NAME VALUE, --NAME=VALUE and -o VALUE; `--` ends options; "-" is a value.  Faults are
 * TP_E_INPUT with the closest option named.
 */
#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tp_option_kind {
  TP_OPTION_FLAG,     /* bool */
  TP_OPTION_TEXT,     /* const char * */
  TP_OPTION_WORDS,    /* struct tp_words: a,b,c */
  TP_OPTION_NUMBERS,  /* struct tp_numbers: 1,2,4:16:x2 */
  TP_OPTION_COUNT,    /* int64_t >= 1 */
  TP_OPTION_REPEATED, /* struct tp_words: one more each time */
  TP_OPTION_SETTINGS  /* the same of NAME=VALUE, each NAME once; without '=' it is the empty one */
};

struct tp_words {
  const char **items;
  size_t n;
};

struct tp_numbers {
  double *items;
  size_t n;
};

struct tp_option {
  const char *name;
  char letter; /* '\0': none */
  enum tp_option_kind kind;
  size_t offset; /* in the values struct */
  const char *placeholder, *help;
};

/* Reads `argv` (without the command's name) into the zeroed struct `values`; what is no option is
 * collected in `positional`. */
enum tp_status tp_options_parse(const struct tp_option *options, size_t n_options,
                                const char *const *argv, size_t n_arguments, struct tp_arena *arena,
                                void *values, struct tp_words *positional, struct tp_error *error);
#endif
