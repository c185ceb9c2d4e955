#ifndef TP_CLI_COMMAND_H
#define TP_CLI_COMMAND_H
/* Subcommands: one file and one const struct each; commands.c lists them. */
#include "cli/options.h"
#include "study/catalog.h"

#include <stdio.h>

/* What main gives every command. */
struct tp_session {
  struct tp_arena *arena;
  const struct tp_datadir *dirs;
  const struct tp_engine *const *engines; /* NULL-terminated */
  const char *const *argv;                /* the whole command line, for sidecars */
  size_t n_arguments;
};

struct tp_command {
  const char *name, *summary;
  const char *usage;   /* what stands behind "tpsim NAME" */
  const char *details; /* paragraphs for --help; NULL: none */
  const char *example; /* a line that works as it stands */
  const struct tp_option *options;
  size_t n_options;
  size_t values_size; /* of the struct that the options fill */
  enum tp_status (*run)(struct tp_session *session, void *values, const struct tp_words *positional,
                        struct tp_error *error);
};

extern const struct tp_command tp_command_predict, tp_command_compare, tp_command_sweep,
    tp_command_cost, tp_command_show_program, tp_command_show_platform, tp_command_list,
    tp_command_reproduce, tp_command_check, tp_command_calibrate, tp_command_validate,
    tp_command_plot, tp_command_flash_error, tp_command_solve;
extern const struct tp_command *const tp_commands[]; /* NULL-terminated */

/* Help of one command, and of the program. */
void tp_help_command(const struct tp_command *command, FILE *out);
void tp_help_program(FILE *out);

/* Fails with the command named where `positional` holds more than `most` words. */
enum tp_status tp_command_expect(const struct tp_words *positional, size_t least, size_t most,
                                 const char *what, struct tp_error *error);
#endif
