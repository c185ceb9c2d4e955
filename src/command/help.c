#include "command/command.h"
#include "command/fold.h"

enum { HELP_WIDTH = 100 }; /* in a file */

static void print_option(const struct tp_option *option, FILE *out)
{
  char left[64];
  const bool has_value = option->kind != TP_OPTION_FLAG;
  snprintf(left, sizeof left, "%s--%s%s%s",
           option->letter != '\0' ? (char[]){'-', option->letter, ',', ' ', '\0'} : "    ",
           option->name, has_value ? " " : "", has_value ? option->placeholder : "");
  enum { HELP_INDENT = 29 };
  fprintf(out, "  %-26s ", left);
  tp_fold_print(option->help, HELP_INDENT, tp_fold_width(out, HELP_WIDTH), out);
}

void tp_help_command(const struct tp_executable *executable, const struct tp_command *command,
                     FILE *out)
{
  const size_t width = tp_fold_width(out, HELP_WIDTH);
  enum { USAGE_INDENT = 7 };
  char line[1024];
  snprintf(line, sizeof line, "%s %s: %s", executable->name, command->name, command->summary);
  tp_fold_print(line, 0, width, out);
  fputs("\nusage: ", out);
  snprintf(line, sizeof line, "%s %s %s", executable->name, command->name, command->usage);
  tp_fold_print(line, USAGE_INDENT, width, out);
  if (command->details != NULL) {
    putc('\n', out);
    tp_fold_flow(command->details, width, out);
  }
  fputs("\noptions:\n", out);
  for (size_t i = 0; i < command->n_options; i++)
    print_option(&command->options[i], out);
  fputs("  -h, --help                 this text\n", out);
  fprintf(out, "\nexample:\n  %s\n", command->example);
}

void tp_help_executable(const struct tp_executable *executable, FILE *out)
{
  const char *const name = executable->name;
  fprintf(out, "%s\nusage: %s COMMAND [OPTIONS]\n\ncommands:\n", executable->purpose, name);
  for (size_t i = 0; executable->commands[i] != NULL; i++) {
    enum { SUMMARY_INDENT = 19 };
    fprintf(out, "  %-16s ", executable->commands[i]->name);
    tp_fold_print(executable->commands[i]->summary, SUMMARY_INDENT, tp_fold_width(out, HELP_WIDTH),
                  out);
  }
  fprintf(out,
          "\n`%s COMMAND --help` shows options and an example; `%s --version` the version.\n\n"
          "example:\n  %s\n\n"
          "exit status: 0 done; 1 a check failed; 2 bad usage or input; 3 the environment lacks\n"
          "something (%s)\n",
          name, name, executable->example, executable->lacks);
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
