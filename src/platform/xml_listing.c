#define _GNU_SOURCE /* memfd_create */
#include "platform/xml_listing.h"

#include "base/child.h"
#include "platform/platform.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct reader {
  const char *path, *program;
  struct tp_arena *arena;
  const char *copy; /* of the file, as the program opens it */
  int log;          /* what SimGrid says */
};

/* Becomes tpsim-des, which writes to the pipe. */
static int become_program(void *data, int pipe)
{
  const struct reader *const reader = data;
  char name[] = "tpsim-des", *const file = tp_arena_strdup(reader->arena, reader->copy);
  char *const argv[] = {name, file, NULL};
  if (dup2(pipe, STDOUT_FILENO) >= 0 && dup2(reader->log, STDERR_FILENO) >= 0)
    execv(reader->program, argv);
  return TP_E_ENVIRONMENT;
}

/* Behind `mark`, or the text itself where that is not in it. */
static const char *behind(const char *text, const char *mark)
{
  const char *const at = strstr(text, mark);
  return at == NULL ? text : at + strlen(mark);
}

/* Fails with SimGrid's first complaint, without its clock, its place and the class it throws:
 *
 *     [0.000000] FILE:95: [xbt_exception/ERROR] Parse error at platform.xml:7: what
 *     [0.000000] FILE:48: [xbt_exception/CRITICAL] Uncaught exception std::invalid_argument: what
 */
static enum tp_status fail_with_log(const struct reader *reader, int end, struct tp_error *error)
{
  static const char thrown[] = "Uncaught exception ";
  char text[4096];
  const ssize_t n = pread(reader->log, text, sizeof text - 1, 0);
  text[n > 0 ? n : 0] = '\0';
  int line = 1;
  const char *words = behind(behind(text, "ERROR] "), "CRITICAL] ");
  const char *const parse = tp_arena_printf(reader->arena, "Parse error at %s:", reader->copy);
  if (strncmp(words, parse, strlen(parse)) == 0) {
    line = atoi(words + strlen(parse));
    words = behind(words + strlen(parse), ": ");
  } else if (strncmp(words, thrown, strlen(thrown)) == 0) {
    words = behind(words + strlen(thrown), ": ");
  }
  const int length = (int)strcspn(words, "\n");
  const char *const mend =
      strstr(words, "in prolog") != NULL
          ? "; begin with <?xml version=\"1.0\"?> <!DOCTYPE platform SYSTEM "
            "\"https://simgrid.org/simgrid.dtd\">"
      : strstr(words, "simgrid_update_xml") != NULL
          ? "; simgrid_update_xml, which comes with SimGrid, brings it up to date"
          : "";
  if (length == 0)
    return tp_fail(error, TP_E_INPUT, "%s:1: SimGrid cannot read it: it ended %s %d", reader->path,
                   WIFSIGNALED(end) ? "by signal" : "with status",
                   WIFSIGNALED(end) ? WTERMSIG(end) : WEXITSTATUS(end));
  return tp_fail(error, TP_E_INPUT, "%s:%d: SimGrid cannot read it: %.*s%s", reader->path,
                 line > 0 ? line : 1, length, words, mend);
}

/* False where the listing ends too early. */
static bool read_routes(FILE *in, struct tp_xml_listing *listing, struct tp_arena *arena)
{
  size_t n = 0;
  for (size_t i = 0; i < listing->n_hosts * (listing->n_hosts - 1); i++) {
    int32_t count;
    if (fread(&count, sizeof count, 1, in) != 1 || count < 0)
      return false;
    TP_APPEND(arena, listing->routes, n, count);
    for (int32_t link; count > 0; count--) {
      if (fread(&link, sizeof link, 1, in) != 1 || link < 0 || link >= (int64_t)listing->n_links)
        return false;
      TP_APPEND(arena, listing->routes, n, link);
    }
  }
  return true;
}

static bool read_listing(FILE *in, struct tp_xml_listing *listing, struct tp_arena *arena)
{
  listing->root = json_loadf(in, JSON_DISABLE_EOF_CHECK, NULL);
  listing->n_hosts = json_array_size(json_object_get(listing->root, "hosts"));
  listing->n_links = json_array_size(json_object_get(listing->root, "links"));
  return listing->root != NULL && getc(in) == '\n' &&
         (listing->n_hosts > TP_MAX_XML_HOSTS || listing->n_hosts == 0 ||
          read_routes(in, listing, arena));
}

static enum tp_status run_program(const struct reader *reader, struct tp_xml_listing *listing,
                                  struct tp_error *error)
{
  struct tp_child child;
  TP_TRY(tp_child_start(become_program, (void *)reader, &child, error));
  FILE *const in = fdopen(child.pipe, "r");
  if (in == NULL)
    tp_out_of_memory();
  const bool whole = read_listing(in, listing, reader->arena);
  child.pipe = -1;
  fclose(in);
  const int end = tp_child_wait(&child);
  return whole && end == 0 ? TP_OK : fail_with_log(reader, end, error);
}

/* The program gets the file by its number. */
static enum tp_status run_on_copy(struct reader *reader, const char *text,
                                  struct tp_xml_listing *listing, struct tp_error *error)
{
  const int copy = memfd_create("tpsim-platform", 0);
  reader->log = memfd_create("tpsim-simgrid-log", MFD_CLOEXEC);
  reader->copy = tp_arena_printf(reader->arena, "/proc/self/fd/%d", copy);
  const size_t n = strlen(text);
  const enum tp_status status =
      copy < 0 || reader->log < 0 || write(copy, text, n) != (ssize_t)n
          ? tp_fail(error, TP_E_ENVIRONMENT, "no memory for SimGrid: %s", strerror(errno))
          : run_program(reader, listing, error);
  close(copy);
  close(reader->log);
  return status;
}

enum tp_status tp_xml_list(const char *path, const char *text, struct tp_arena *arena,
                           struct tp_xml_listing *listing, struct tp_error *error)
{
  struct reader reader = {.path = path, .program = tp_child_program("tpsim-des"), .arena = arena};
  *listing = (struct tp_xml_listing){.root = NULL};
  if (access(reader.program, X_OK) != 0)
    return tp_fail(error, TP_E_ENVIRONMENT,
                   "%s:1: SimGrid reads it, and there is no %s: build with SimGrid (libsimgrid-dev "
                   "of Debian) and without --disable-simulator, or describe the platform in JSON",
                   path, reader.program);
  enum tp_status status = run_on_copy(&reader, text, listing, error);
  if (status == TP_OK && listing->n_hosts > TP_MAX_XML_HOSTS)
    status = tp_fail(error, TP_E_INPUT,
                     "%s:1: %zu hosts, more than %d; describe a smaller part of the machine", path,
                     listing->n_hosts, TP_MAX_XML_HOSTS);
  if (status != TP_OK) {
    json_decref(listing->root);
    listing->root = NULL;
  }
  return status;
}
