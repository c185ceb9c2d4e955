#include "config.h"

#include "command/manual.h"

#include <ctype.h>
#include <string.h>

/* Text as roff shows it: nothing in it is a request or an escape. */
static void put_text(const char *text, FILE *out)
{
  bool begins = true;
  for (; *text != '\0'; text++) {
    if (begins && (*text == '.' || *text == '\''))
      fputs("\\&", out);
    if (*text == '-')
      fputs("\\-", out);
    else if (*text == '\\')
      fputs("\\e", out);
    else
      putc(*text, out);
    begins = *text == '\n';
  }
}

static void put_upper(const char *text, FILE *out)
{
  for (; *text != '\0'; text++)
    putc(toupper((unsigned char)*text), out);
}

static void put_title(const struct tp_executable *executable, const struct tp_command *command,
                      FILE *out)
{
  fputs(".TH ", out);
  put_upper(executable->name, out);
  if (command != NULL) {
    putc('-', out);
    put_upper(command->name, out);
  }
  fprintf(out, " 1 \"\" \"%s %s\" \"User Commands\"\n.SH NAME\n%s%s%s \\- ", executable->name,
          PACKAGE_VERSION, executable->name, command != NULL ? "\\-" : "",
          command != NULL ? command->name : "");
}

static void put_option(const struct tp_option *option, FILE *out)
{
  fputs(".TP\n.B ", out);
  if (option->letter != '\0')
    fprintf(out, "\\-%c\\fR, \\fB", option->letter);
  fputs("\\-\\-", out);
  put_text(option->name, out);
  if (option->kind != TP_OPTION_FLAG) {
    fputs(" \\fI", out);
    put_text(option->placeholder, out);
    fputs("\\fR", out);
  }
  putc('\n', out);
  put_text(option->help, out);
  putc('\n', out);
}

static void put_example(const char *example, FILE *out)
{
  fputs(".SH EXAMPLE\n.nf\n", out);
  put_text(example, out);
  fputs("\n.fi\n", out);
}

static void put_command(const struct tp_executable *executable, const struct tp_command *command,
                        FILE *out)
{
  put_text(command->summary, out);
  fprintf(out, "\n.SH SYNOPSIS\n.B %s %s\n", executable->name, command->name);
  put_text(command->usage, out);
  putc('\n', out);
  if (command->details != NULL) {
    fputs(".SH DESCRIPTION\n", out);
    put_text(command->details, out);
    putc('\n', out);
  }
  fputs(".SH OPTIONS\n", out);
  for (size_t i = 0; i < command->n_options; i++)
    put_option(&command->options[i], out);
  put_example(command->example, out);
  fprintf(out, ".SH SEE ALSO\n.BR %s (1)\n", executable->name);
}

static void put_executable(const struct tp_executable *executable, FILE *out)
{
  const char *const name = executable->name;
  fputs("what transformers take on machines of GPUs\n.SH SYNOPSIS\n", out);
  fprintf(out, ".B %s\n\\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n.SH DESCRIPTION\n", name);
  put_text(executable->purpose, out);
  fputs(".SH COMMANDS\n", out);
  for (size_t i = 0; executable->commands[i] != NULL; i++) {
    fprintf(out, ".TP\n.BR %s\\-", name);
    put_text(executable->commands[i]->name, out);
    fputs(" (1)\n", out);
    put_text(executable->commands[i]->summary, out);
    putc('\n', out);
  }
  put_example(executable->example, out);
  fputs(".SH EXIT STATUS\n0 done; 1 a check failed; 2 bad usage or input, one line that says file, "
        "line, what, and the mend; 3 the environment lacks something (",
        out);
  put_text(executable->lacks, out);
  fputs(").\n.SH ENVIRONMENT\n.TP\n.B TPSIM_DATA\na folder of your own models and platforms, "
        "looked in first\n.TP\n.B COLUMNS\nwidth of tables and help where the output is no "
        "terminal\n",
        out);
}

void tp_manual_page(const struct tp_executable *executable, const struct tp_command *command,
                    FILE *out)
{
  put_title(executable, command, out);
  if (command != NULL)
    put_command(executable, command, out);
  else
    put_executable(executable, out);
}
