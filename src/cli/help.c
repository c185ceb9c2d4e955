#include "cli/command.h"

#include <string.h>

static void print_option(const struct tp_option *option, FILE *out)
{
  char left[64];
  const bool has_value = option->kind != TP_OPTION_FLAG;
  snprintf(left, sizeof left, "%s--%s%s%s",
           option->letter != '\0' ? (char[]){'-', option->letter, ',', ' ', '\0'} : "    ",
           option->name, has_value ? " " : "", has_value ? option->placeholder : "");
  fprintf(out, "  %-26s %s\n", left, option->help);
}

void tp_help_command(const struct tp_command *command, FILE *out)
{
  fprintf(out, "tpsim %s: %s\n\nusage: tpsim %s %s\n", command->name, command->summary,
          command->name, command->usage);
  if (command->details != NULL)
    fprintf(out, "\n%s\n", command->details);
  fputs("\noptions:\n", out);
  for (size_t i = 0; i < command->n_options; i++)
    print_option(&command->options[i], out);
  fputs("  -h, --help                 this text\n", out);
  fprintf(out, "\nexample:\n  %s\n", command->example);
}

void tp_help_program(FILE *out)
{
  fputs("tpsim predicts how long a tensor-parallel transformer takes on a machine, and how much\n"
        "of its communication each published technique hides.\n\n"
        "usage: tpsim COMMAND [OPTIONS]\n\ncommands:\n",
        out);
  for (size_t i = 0; tp_commands[i] != NULL; i++)
    fprintf(out, "  %-16s %s\n", tp_commands[i]->name, tp_commands[i]->summary);
  fputs("\n`tpsim COMMAND --help` shows options and an example; `tpsim --version` the version.\n\n"
        "example:\n"
        "  tpsim compare --model llama-3.1-70b --platform dgx-h100 --tp 8\n\n"
        "exit status: 0 done; 1 a check failed; 2 bad usage or input; 3 the environment lacks\n"
        "something (disk full, data not installed)\n",
        out);
}

enum tp_status tp_command_expect(const struct tp_words *positional, size_t least, size_t most,
                                 const char *what, struct tp_error *error)
{
  if (positional->n < least)
    return tp_fail(error, TP_E_INPUT, "%s is missing; `--help` shows an example", what);
  if (positional->n > most)
    return tp_fail(error, TP_E_INPUT, "'%s' is one argument too many; values need their option",
                   positional->items[most]);
  return TP_OK;
}
