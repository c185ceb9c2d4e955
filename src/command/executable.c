/* argv in, exit status out: the only file that reads the environment and sets the exit status. */
#include "config.h"

#include "base/child.h"
#include "base/text.h"
#include "command/command.h"
#include "command/manual.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The user's directory; then, of a program where it was built, the source tree, else the installed
 * data; then the other one. */
static struct tp_datadir data_dirs(const char *roots[3])
{
  size_t n = 0;
  const char *const own = getenv("TPSIM_DATA");
  if (own != NULL && own[0] != '\0')
    roots[n++] = own;
  const bool is_built = tp_child_runs_in_build_tree();
  roots[n++] = is_built ? TP_SRCDIR : TP_DATADIR;
  roots[n++] = is_built ? TP_DATADIR : TP_SRCDIR;
  return (struct tp_datadir){roots, n};
}

static enum tp_status find_command(const struct tp_executable *executable, const char *name,
                                   struct tp_arena *arena, const struct tp_command **command,
                                   struct tp_error *error)
{
  enum { MOST_COMMANDS = 32 };
  const char *names[MOST_COMMANDS];
  size_t n = 0;
  for (; executable->commands[n] != NULL && n < MOST_COMMANDS; n++) {
    names[n] = executable->commands[n]->name;
    if (strcmp(name, names[n]) == 0) {
      *command = executable->commands[n];
      return TP_OK;
    }
  }
  return tp_fail(error, TP_E_INPUT, "no command '%s'%s", name, tp_text_hint(arena, name, names, n));
}

void tp_command_note(const char *text)
{
  struct tp_error line;
  tp_fail(&line, TP_OK, "%s", text);
  fprintf(stderr, "tpsim: note: %s\n", line.text);
}

void tp_command_notes(const struct tp_notes *notes)
{
  for (size_t i = 0; i < notes->n; i++)
    tp_command_note(notes->texts[i]);
}

static bool asks_for_help(const char *const *argv, size_t n)
{
  for (size_t i = 0; i < n && strcmp(argv[i], "--") != 0; i++)
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
      return true;
  return false;
}

static enum tp_status check_own_data(struct tp_error *error)
{
  struct stat info;
  const char *const own = getenv("TPSIM_DATA");
  if (own == NULL || own[0] == '\0' || (stat(own, &info) == 0 && S_ISDIR(info.st_mode)))
    return TP_OK;
  return tp_fail(error, TP_E_INPUT,
                 "TPSIM_DATA: '%s' is no folder; name one that holds models/ or platforms/, or "
                 "unset it",
                 own);
}

static enum tp_status run_command(const struct tp_executable *executable,
                                  struct tp_session *session, const char *const *argv, size_t n,
                                  struct tp_error *error)
{
  const struct tp_command *command;
  TP_TRY(find_command(executable, argv[0], session->arena, &command, error));
  if (asks_for_help(argv + 1, n - 1)) {
    tp_help_command(executable, command, stdout);
    return TP_OK;
  }
  TP_TRY(check_own_data(error));
  void *values = tp_arena_alloc(session->arena, 1, command->values_size);
  struct tp_words positional = {.n = 0};
  TP_TRY(tp_options_parse(command->options, command->n_options, argv + 1, n - 1, session->arena,
                          values, &positional, error));
  return command->run(session, values, &positional, error);
}

/* "COMMAND"; for packages "--man [COMMAND]" and "--completion SHELL". */
static enum tp_status help(const struct tp_executable *executable, const char *const *words,
                           size_t n, struct tp_arena *arena, struct tp_error *error)
{
  const struct tp_command *command = NULL;
  const bool man = strcmp(words[0], "--man") == 0;
  if (strcmp(words[0], "--completion") == 0)
    return n == 2 && tp_completion(executable, words[1], stdout)
               ? TP_OK
               : tp_fail(error, TP_E_INPUT, "help --completion: give a shell, bash or zsh");
  if (!man || n > 1)
    TP_TRY(find_command(executable, words[man], arena, &command, error));
  if (man)
    tp_manual_page(executable, command, stdout);
  else
    tp_help_command(executable, command, stdout);
  return TP_OK;
}

static enum tp_status run(const struct tp_executable *executable, struct tp_session *session,
                          struct tp_error *error)
{
  const char *const *argv = session->argv + 1;
  const size_t n = session->n_arguments - 1;
  if (n == 0)
    return tp_fail(error, TP_E_INPUT, "no command; `%s --help` lists them", executable->name);
  if (strcmp(argv[0], "--version") == 0) {
    printf("%s %s\n", executable->name, PACKAGE_VERSION);
    return TP_OK;
  }
  if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0 ||
      (strcmp(argv[0], "help") == 0 && n == 1)) {
    tp_help_executable(executable, stdout);
    return TP_OK;
  }
  if (strcmp(argv[0], "help") == 0)
    return help(executable, argv + 1, n - 1, session->arena, error);
  return run_command(executable, session, argv, n, error);
}

/* A file opened later must not take the number of a stream that the caller has closed. */
static void fill_streams(void)
{
  int opened = open("/dev/null", O_RDONLY); /* what is written there fails, and is told */
  while (opened >= 0 && opened <= STDERR_FILENO)
    opened = open("/dev/null", O_RDONLY);
  if (opened >= 0)
    close(opened);
}

/* Nothing may be allocated to say it. */
static void end_without_memory(void)
{
  static const char text[] =
      "tpsim: out of memory; shorten the lists, take a smaller -j, or raise the limit\n";
  const ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
  (void)written;
  _exit(TP_E_ENVIRONMENT);
}

static void *allocate(size_t size)
{
  void *const memory = malloc(size);
  if (memory == NULL && size > 0)
    tp_out_of_memory();
  return memory;
}

/* What the system would end the process for is told as a fault instead. */
static void take_limits(void)
{
  signal(SIGPIPE, SIG_DFL);
  signal(SIGXFSZ, SIG_IGN); /* write() fails with EFBIG */
  tp_at_out_of_memory(end_without_memory);
  json_set_alloc_funcs(allocate, free);
}

int tp_executable_run(const struct tp_executable *executable, int argc, char **argv)
{
  fill_streams();
  take_limits();
  const char *roots[3];
  const struct tp_datadir dirs = data_dirs(roots);
  struct tp_session session = {
      .arena = tp_arena_create(),
      .dirs = &dirs,
      .engines = executable->engines,
      .argv = (const char *const *)argv,
      .n_arguments = (size_t)argc,
  };
  struct tp_error error = {.text = ""};
  enum tp_status status = argc > 0 ? run(executable, &session, &error) : TP_E_INPUT;
  tp_arena_free(session.arena);
  errno = 0;
  if ((fflush(stdout) != 0 || ferror(stdout)) && status == TP_OK)
    status = tp_fail(&error, TP_E_ENVIRONMENT,
                     "standard output: cannot be written: %s; free space, or write elsewhere",
                     errno != 0 ? strerror(errno) : "a write failed");
  if (error.text[0] != '\0' && status != TP_OK)
    fprintf(stderr, "%s: %s\n", executable->name, error.text);
  return (int)status;
}
