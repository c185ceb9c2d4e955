/* Completion: commands and options from the tables, names by `PROGRAM list`. */
#include "command/manual.h"

#include <string.h>

/* Options whose values are names of a list. */
static const struct {
  const char *option, *topic;
} listed[] = {{"model", "models"},
              {"platform", "platforms"},
              {"device", "devices"},
              {"stack", "stacks"},
              {"variant", "variants"}};
enum { N_LISTED = sizeof listed / sizeof listed[0] };

static void put_options(const struct tp_command *command, FILE *out)
{
  for (size_t i = 0; i < command->n_options; i++)
    fprintf(out, "--%s ", command->options[i].name);
  fputs("--help", out);
}

static void put_bash(const struct tp_executable *executable, FILE *out)
{
  const char *const name = executable->name;
  fprintf(out, "# bash completion of %s\n_%s()\n{\n", name, name);
  fputs("  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words= part=\n"
        "  COMPREPLY=()\n"
        "  [ \"$before\" = = ] && before=${COMP_WORDS[COMP_CWORD-2]}\n"
        "  [ \"$word\" = = ] && word=\n"
        "  case $before in\n",
        out);
  for (size_t i = 0; i < N_LISTED; i++)
    fprintf(out, "  --%s) words=$(%s list %s -f csv 2>/dev/null | sed '1d;s/,.*//;s/\\[.*//') ;;\n",
            listed[i].option, name, listed[i].topic);
  fputs(
      "  --format) words='table csv json' ;;\n  esac\n"
      "  if [ -n \"$words\" ]; then # the last of a list\n"
      "    case $word in *,*) part=${word%,*}, ;; esac\n"
      "    mapfile -t COMPREPLY < <(compgen -P \"$part\" -W \"$words\" -- \"${word#\"$part\"}\")\n"
      "    return\n  fi\n"
      "  if [ \"$COMP_CWORD\" = 1 ]; then\n    words='",
      out);
  for (size_t i = 0; executable->commands[i] != NULL; i++)
    fprintf(out, "%s ", executable->commands[i]->name);
  fputs("help --help --version'\n  else\n    case ${COMP_WORDS[1]} in\n", out);
  for (size_t i = 0; executable->commands[i] != NULL; i++) {
    fprintf(out, "    %s) words='", executable->commands[i]->name);
    put_options(executable->commands[i], out);
    fputs("' ;;\n", out);
  }
  fprintf(out,
          "    esac\n    [ \"${COMP_WORDS[1]}\" = list ] && [ \"$COMP_CWORD\" = 2 ] &&\n"
          "      words='models platforms devices stacks variants columns'\n  fi\n"
          "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n}\n"
          "complete -o bashdefault -o default -F _%s %s\n",
          name, name);
}

/* In single quotes and in a description of _arguments. */
static void put_zsh_text(const char *text, FILE *out)
{
  for (; *text != '\0'; text++)
    if (*text == '\'')
      fputs("'\\''", out);
    else if (strchr("[]:", *text) != NULL)
      fprintf(out, "\\%c", *text);
    else
      putc(*text, out);
}

static void put_zsh_option(const struct tp_option *option, const char *name, FILE *out)
{
  const char *topic = NULL;
  for (size_t i = 0; i < N_LISTED; i++)
    if (strcmp(option->name, listed[i].option) == 0)
      topic = listed[i].topic;
  fprintf(out, "      '--%s%s[", option->name, option->kind != TP_OPTION_FLAG ? "=" : "");
  put_zsh_text(option->help, out);
  putc(']', out);
  if (topic != NULL)
    fprintf(
        out,
        ":%s:_sequence compadd - $(%s list %s -f csv 2>/dev/null | sed \"1d;s/,.*//;s/\\\\[.*//\")",
        topic, name, topic);
  else if (strcmp(option->name, "format") == 0)
    fputs(":format:(table csv json)", out);
  else if (option->kind != TP_OPTION_FLAG)
    fputs(":value:_files", out);
  fputs("' \\\n", out);
}

static void put_zsh(const struct tp_executable *executable, FILE *out)
{
  const char *const name = executable->name;
  fprintf(out, "#compdef %s\n_%s()\n{\n  if (( CURRENT == 2 )); then\n    local commands=(\n", name,
          name);
  for (size_t i = 0; executable->commands[i] != NULL; i++) {
    fprintf(out, "      '%s:", executable->commands[i]->name);
    put_zsh_text(executable->commands[i]->summary, out);
    fputs("'\n", out);
  }
  fputs("    )\n    _describe command commands\n    return\n  fi\n"
        "  local command=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $command in\n",
        out);
  for (size_t i = 0; executable->commands[i] != NULL; i++) {
    const struct tp_command *const command = executable->commands[i];
    fprintf(out, "  %s)\n    _arguments \\\n", command->name);
    for (size_t j = 0; j < command->n_options; j++)
      put_zsh_option(&command->options[j], name, out);
    fputs("      '--help[this text]' '*:file:_files'\n    ;;\n", out);
  }
  fprintf(out, "  esac\n}\n_%s \"$@\"\n", name);
}

bool tp_completion(const struct tp_executable *executable, const char *shell, FILE *out)
{
  if (strcmp(shell, "bash") == 0)
    put_bash(executable, out);
  else if (strcmp(shell, "zsh") == 0)
    put_zsh(executable, out);
  else
    return false;
  return true;
}
