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

/* The letter of an option, which means the same to every command; '\0': it has none. */
static char letter_of(const struct tp_executable *executable, const char *option)
{
  for (size_t c = 0; executable->commands[c] != NULL; c++)
    for (size_t i = 0; i < executable->commands[c]->n_options; i++) {
      const struct tp_option *const one = &executable->commands[c]->options[i];
      if (strcmp(one->name, option) == 0 && one->letter != '\0')
        return one->letter;
    }
  return '\0';
}

/* "  --model | -m) words=" */
static void put_bash_case(const struct tp_executable *executable, const char *option, FILE *out)
{
  const char letter = letter_of(executable, option);
  fprintf(out, "  --%s", option);
  if (letter != '\0')
    fprintf(out, " | -%c", letter);
  fputs(") words=", out);
}

/* "a|b" as "a b". */
static void put_words(const char *words, FILE *out)
{
  for (; *words != '\0'; words++)
    putc(*words == '|' ? ' ' : *words, out);
}

static void put_bash_values(const struct tp_executable *executable, FILE *out)
{
  for (size_t i = 0; i < N_LISTED; i++) {
    put_bash_case(executable, listed[i].option, out);
    fprintf(out, "$(%s list %s -f csv 2>/dev/null | sed '1d;s/,.*//;s/\\[.*//') ;;\n",
            executable->name, listed[i].topic);
  }
  const struct tp_offer *offer = executable->offers;
  for (; offer != NULL && offer->option != NULL; offer++) {
    put_bash_case(executable, offer->option, out);
    fprintf(out, "'%s' ;;\n", offer->words);
  }
  put_bash_case(executable, "format", out);
  fputs("'table csv json' ;;\n", out);
}

static void put_bash_first_words(const struct tp_executable *executable, FILE *out)
{
  fputs("    [ \"$COMP_CWORD\" = 2 ] && case ${COMP_WORDS[1]} in\n", out);
  for (size_t i = 0; executable->commands[i] != NULL; i++) {
    if (executable->commands[i]->words == NULL)
      continue;
    fprintf(out, "    %s) words=\"", executable->commands[i]->name);
    put_words(executable->commands[i]->words, out);
    fputs(" $words\" ;;\n", out);
  }
  fputs("    esac\n", out);
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
  put_bash_values(executable, out);
  fputs(
      "  esac\n"
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
  fputs("    esac\n", out);
  put_bash_first_words(executable, out);
  fprintf(out,
          "  fi\n  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n}\n"
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

/* What completes the value of an option; nothing of a flag. */
static void put_zsh_value(const struct tp_executable *executable, const struct tp_option *option,
                          FILE *out)
{
  const struct tp_offer *offer = executable->offers;
  for (size_t i = 0; i < N_LISTED; i++)
    if (strcmp(option->name, listed[i].option) == 0) {
      fprintf(out,
              ":%s:_sequence compadd - $(%s list %s -f csv 2>/dev/null | sed "
              "\"1d;s/,.*//;s/\\\\[.*//\")",
              listed[i].topic, executable->name, listed[i].topic);
      return;
    }
  for (; offer != NULL && offer->option != NULL; offer++)
    if (strcmp(option->name, offer->option) == 0) {
      fprintf(out, ":%s:_sequence compadd - %s", offer->option, offer->words);
      return;
    }
  if (strcmp(option->name, "format") == 0)
    fputs(":format:(table csv json)", out);
  else if (option->kind != TP_OPTION_FLAG)
    fputs(":value:_files", out);
}

/* "--model=" and, where there is one, "-m+". */
static void put_zsh_option(const struct tp_executable *executable, const struct tp_option *option,
                           FILE *out)
{
  const bool valued = option->kind != TP_OPTION_FLAG;
  for (int by_letter = 0; by_letter <= (option->letter != '\0'); by_letter++) {
    if (by_letter)
      fprintf(out, "      '-%c%s[", option->letter, valued ? "+" : "");
    else
      fprintf(out, "      '--%s%s[", option->name, valued ? "=" : "");
    put_zsh_text(option->help, out);
    putc(']', out);
    put_zsh_value(executable, option, out);
    fputs("' \\\n", out);
  }
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
      put_zsh_option(executable, &command->options[j], out);
    fputs("      '--help[this text]' ", out);
    if (command->words != NULL) {
      fputs("'1:word:{compadd - ", out);
      put_words(command->words, out);
      fputs("; _files}' ", out);
    }
    fputs("'*:file:_files'\n    ;;\n", out);
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
