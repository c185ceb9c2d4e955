#include "cli/gnuplot.h"

#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

struct drawing {
  FILE *script, *picture, *complaints;
};

/* Becomes gnuplot; tells why where it cannot.  Where standard streams are closed, files take their
 * numbers, and one would be overwritten before it is handed on: so all go by copies above them. */
static int draw(void *data, int pipe)
{
  const struct drawing *const drawing = data;
  FILE *const streams[3] = {drawing->script, drawing->picture, drawing->complaints};
  char name[] = "gnuplot", defaults[] = "-d", input[] = "-";
  char *const argv[] = {name, defaults, input, NULL};
  int copies[3];
  bool handed = true;
  for (int i = 0; i < 3; i++)
    copies[i] = fcntl(fileno(streams[i]), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const int told = fcntl(pipe, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  for (int i = 0; i < 3; i++)
    handed = handed && copies[i] >= 0 && dup2(copies[i], i) >= 0;
  if (handed && told >= 0)
    execvp(name, argv);
  const int reason = errno;
  return write(told, &reason, sizeof reason) == sizeof reason ? TP_E_ENVIRONMENT : TP_E_CHECK;
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
  struct drawing drawing = {script, picture, complaints};
  struct tp_child child;
  const enum tp_status status = tp_child_start(draw, &drawing, &child, error);
  if (status != TP_OK) {
    fclose(complaints);
    return status;
  }
  int reason = 0;
  if (read(child.pipe, &reason, sizeof reason) != sizeof reason)
    reason = 0;
  const int end = tp_child_wait(&child);
  char text[256] = "no reason given";
  read_complaint(complaints, text, sizeof text);
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
