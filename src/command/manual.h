#ifndef TP_COMMAND_MANUAL_H
#define TP_COMMAND_MANUAL_H
/* What is installed beside a program, from the same tables as its help. */
#include "command/command.h"

/* A page of man, section 1: of one command, or of the program where that is NULL. */
void tp_manual_page(const struct tp_executable *executable, const struct tp_command *command,
                    FILE *out);

/* Completion for a shell: "bash" or "zsh".  False where it is neither. */
bool tp_completion(const struct tp_executable *executable, const char *shell, FILE *out);
#endif
