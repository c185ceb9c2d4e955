#define _GNU_SOURCE /* pipe2 */
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

/* gnuplot does not say that it could not write: so the picture comes by a pipe, and this process
 * writes it. */
struct drawing {
  int script, picture, complaints;
};

/* Becomes gnuplot; tells why where it cannot.  Where standard streams are closed, files take their
 * numbers, and one would be overwritten before it is handed on: so all go by copies above them. */
static int draw(void *data, int pipe)
{
  const struct drawing *const drawing = data;
  const int streams[3] = {drawing->script, drawing->picture, drawing->complaints};
  char name[] = "gnuplot", defaults[] = "-d", input[] = "-";
  char *const argv[] = {name, defaults, input, NULL};
  int copies[3];
  bool handed = true;
  for (int i = 0; i < 3; i++)
    copies[i] = fcntl(streams[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const int told = fcntl(pipe, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  for (int i = 0; i < 3; i++)
    handed = handed && copies[i] >= 0 && dup2(copies[i], i) >= 0;
  if (handed && told >= 0)
    execvp(name, argv);
  const int reason = errno;
  return write(told, &reason, sizeof reason) == sizeof reason ? TP_E_ENVIRONMENT : TP_E_CHECK;
}

/* All that comes is read, so that gnuplot ends; what cannot be written marks the stream. */
static void take_picture(int pipe, FILE *picture)
{
  char bytes[1 << 14];
  ssize_t n;
  while ((n = read(pipe, bytes, sizeof bytes)) > 0 || (n < 0 && errno == EINTR))
    if (n > 0)
      fwrite(bytes, 1, (size_t)n, picture);
}

static enum tp_status end_of(struct tp_child *child, int reason, FILE *complaints,
                             struct tp_error *error)
{
  const int end = tp_child_wait(child);
  char text[256] = "no reason given";
  read_complaint(complaints, text, sizeof text);
  if (reason == ENOENT)
    return tp_fail(error, TP_E_ENVIRONMENT,
                   "no gnuplot to draw with; install the package gnuplot-nox");
  if (reason != 0)
    return tp_fail(error, TP_E_ENVIRONMENT, "gnuplot cannot be run: %s", strerror(reason));
  if (!WIFEXITED(end) || WEXITSTATUS(end) != 0)
    return tp_fail(error, TP_E_ENVIRONMENT, "gnuplot failed: %s", text);
  return TP_OK;
}

static enum tp_status draw_into(FILE *script, FILE *picture, FILE *complaints,
                                struct tp_error *error)
{
  int ends[2], reason = 0;
  struct tp_child child;
  if (pipe2(ends, O_CLOEXEC) != 0)
    return tp_fail(error, TP_E_ENVIRONMENT, "no pipe for gnuplot: %s", strerror(errno));
  struct drawing drawing = {fileno(script), ends[1], fileno(complaints)};
  const enum tp_status status = tp_child_start(draw, &drawing, &child, error);
  close(ends[1]);
  if (status == TP_OK) {
    if (read(child.pipe, &reason, sizeof reason) != sizeof reason)
      reason = 0;
    take_picture(ends[0], picture);
  }
  close(ends[0]);
  return status == TP_OK ? end_of(&child, reason, complaints, error) : status;
}

enum tp_status tp_gnuplot_run(FILE *script, FILE *picture, struct tp_error *error)
{
  FILE *const complaints = tmpfile();
  enum tp_status status;
  if (complaints == NULL || fflush(script) != 0 || lseek(fileno(script), 0, SEEK_SET) < 0)
    status = tp_fail(error, TP_E_ENVIRONMENT, "no temporary file for gnuplot: %s", strerror(errno));
  else
    status = draw_into(script, picture, complaints, error);
  if (complaints != NULL)
    fclose(complaints);
  return status;
}
