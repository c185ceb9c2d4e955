#include "cli/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* gnuplot marks the place of a fault with lines of their own; the last full line says what. */
static void read_complaint(FILE *complaints, char *text, size_t size)
{
  char line[256];
  rewind(complaints);
  while (fgets(line, (int)sizeof line, complaints) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    const char *const start = line + strspn(line, " \t");
    if (*start != '\0' && *start != '^')
      snprintf(text, size, "%s", start);
  }
}

/* Where standard streams are closed, files take their numbers, and one would be overwritten before
 * it is handed on: so all go by copies above them. */
static int spawn(FILE *const streams[3], pid_t *child)
{
  char name[] = "gnuplot", defaults[] = "-d", input[] = "-";
  char *const argv[] = {name, defaults, input, NULL};
  posix_spawn_file_actions_t actions;
  int reason = posix_spawn_file_actions_init(&actions);
  if (reason != 0)
    return reason;
  int copies[3] = {-1, -1, -1};
  for (int i = 0; i < 3 && reason == 0; i++) {
    copies[i] = fcntl(fileno(streams[i]), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    reason = copies[i] < 0 ? errno : posix_spawn_file_actions_adddup2(&actions, copies[i], i);
  }
  if (reason == 0)
    reason = posix_spawnp(child, name, &actions, NULL, argv, environ);
  for (int i = 0; i < 3 && copies[i] >= 0; i++)
    close(copies[i]);
  posix_spawn_file_actions_destroy(&actions);
  return reason;
}

enum tp_status tp_gnuplot_run(FILE *script, FILE *picture, struct tp_error *error)
{
  FILE *const complaints = tmpfile();
  if (complaints == NULL || fflush(script) != 0 || fflush(picture) != 0 ||
      lseek(fileno(script), 0, SEEK_SET) < 0) {
    if (complaints != NULL)
      fclose(complaints);
    return tp_fail(error, TP_E_ENVIRONMENT, "no temporary file for gnuplot: %s", strerror(errno));
  }
  pid_t child;
  int end = 0;
  const int reason = spawn((FILE *const[]){script, picture, complaints}, &child);
  char text[256] = "no reason given";
  if (reason == 0) {
    while (waitpid(child, &end, 0) < 0 && errno == EINTR)
      ;
    read_complaint(complaints, text, sizeof text);
  }
  fclose(complaints);
  if (reason == ENOENT)
    return tp_fail(error, TP_E_ENVIRONMENT,
                   "no gnuplot to draw with; install the package gnuplot-nox");
  if (reason != 0)
    return tp_fail(error, TP_E_ENVIRONMENT, "gnuplot cannot be run: %s", strerror(reason));
  if (!WIFEXITED(end) || WEXITSTATUS(end) != 0)
    return tp_fail(error, TP_E_ENVIRONMENT, "gnuplot failed: %s", text);
  return TP_OK;
}
