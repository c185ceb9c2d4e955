#ifndef TP_COMMAND_COMMAND_H
#define TP_COMMAND_COMMAND_H
/* Programs with subcommands: one file and one const struct each; a program lists its own.
 *
 * What reads argv, prints and sets the exit status, for every program of the package.
 */
#include "base/datadir.h"
#include "base/text.h"
#include "command/options.h"

#include <stdio.h>

struct tp_engine;

/* What main gives every command. */
struct tp_session {
  struct tp_arena *arena;
  const struct tp_datadir *dirs;
  const struct tp_engine *const *engines; /* NULL-terminated; NULL in a program that has none */
  const char *const *argv;                /* the whole command line, for sidecars */
  size_t n_arguments;
};

struct tp_command {
  const char *name, *summary;
  const char *usage;   /* what stands behind "PROGRAM NAME" */
  const char *words;   /* "a|b": what its first word may be, for completion; NULL: anything */
  const char *details; /* paragraphs for --help; NULL: none */
  const char *example; /* a line that works as it stands */
  const struct tp_option *options;
  size_t n_options;
  size_t values_size; /* of the struct that the options fill */
  enum tp_status (*run)(struct tp_session *session, void *values, const struct tp_words *positional,
                        struct tp_error *error);
};

/* Words that an option takes, for completion. */
struct tp_offer {
  const char *option, *words; /* "dtype", "fp16 bf16" */
};

struct tp_executable {
  const char *name;                         /* "tpsim" */
  const char *purpose;                      /* the first lines of its help, ended by \n */
  const char *example;                      /* a line that works as it stands */
  const char *lacks;                        /* what the environment may lack: exit status 3 */
  const struct tp_command *const *commands; /* NULL-terminated */
  const struct tp_engine *const *engines;   /* of sessions */
  const struct tp_offer *offers;            /* ended by NULL; NULL: none */
};

/* Runs the command that argv names; its faults go to standard error.  Returns the exit status. */
int tp_executable_run(const struct tp_executable *executable, int argc, char **argv);

/* Says one line on standard error that is no fault; control characters become spaces. */
void tp_command_note(const char *text);
void tp_command_notes(const struct tp_notes *notes); /* each so */

/* Help of one command, and of the program. */
void tp_help_command(const struct tp_executable *executable, const struct tp_command *command,
                     FILE *out);
void tp_help_executable(const struct tp_executable *executable, FILE *out);

/* Fails with the command named where `positional` holds more than `most` words. */
enum tp_status tp_command_expect(const struct tp_words *positional, size_t least, size_t most,
                                 const char *what, struct tp_error *error);
#endif
