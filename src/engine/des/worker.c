#define _GNU_SOURCE /* memfd_create */
#include "engine/des/worker.h"

#include "base/child.h"
#include "engine/des/block.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KEPT_BYTES = 16 << 20 }; /* of a block: what is larger goes back after each plan */

extern char **environ;

void tp_des_worker_make(struct tp_des_worker *worker)
{
  *worker = (struct tp_des_worker){
      .program = tp_child_program("tpsim-des"), .socket = -1, .log = -1, .block = -1};
}

/* Numbers above all that a program started from here gets: moving them there harms none. */
static int moved_up(int fd)
{
  const int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 16);
  if (fd >= 0)
    close(fd);
  return high;
}

static int open_memory(const char *name)
{
  return moved_up(memfd_create(name, MFD_CLOEXEC));
}

static void close_file(int *fd)
{
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
}

/* As its main.c lists them. */
static int spawn(const struct tp_des_worker *worker, int socket, int platform, pid_t *process)
{
  char *argv[] = {"tpsim-des", NULL};
  const int files[] = {socket, worker->log, worker->log, platform, worker->block};
  posix_spawn_file_actions_t actions;
  int fault = posix_spawn_file_actions_init(&actions);
  if (fault != 0)
    return fault;
  for (int i = 0; i < 5 && fault == 0; i++)
    fault = posix_spawn_file_actions_adddup2(&actions, files[i], i);
  if (fault == 0)
    fault = posix_spawn(process, worker->program, &actions, NULL, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  return fault;
}

/* 0 or errno; what was opened stays so. */
static int start_process(struct tp_des_worker *worker, const struct tp_des_plan *plan)
{
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return errno;
  worker->socket = ends[0];
  int theirs = moved_up(ends[1]);
  worker->log = open_memory("tpsim-simgrid-log");
  worker->block = open_memory("tpsim-block");
  const int fd = open_memory("tpsim-platform");
  FILE *platform = fd < 0 ? NULL : fdopen(fd, "w");
  int fault = theirs < 0 || worker->log < 0 || worker->block < 0 || platform == NULL ? errno : 0;
  if (fault == 0) {
    tp_des_loaded_extend(&worker->loaded, plan, platform);
    fault = fflush(platform) != 0 ? errno : spawn(worker, theirs, fd, &worker->process);
  }
  if (platform != NULL)
    fclose(platform);
  close_file(&theirs);
  return fault;
}

static enum tp_status start(struct tp_des_worker *worker, const struct tp_des_plan *plan,
                            struct tp_error *error)
{
  if (access(worker->program, X_OK) != 0)
    return tp_fail(error, TP_E_ENVIRONMENT,
                   "no %s, which the engine des runs: build with SimGrid (libsimgrid-dev of "
                   "Debian) and without --disable-simulator, or take the engine analytic",
                   worker->program);
  worker->owner = getpid();
  const int fault = start_process(worker, plan);
  return fault == 0 ? TP_OK
                    : tp_fail(error, TP_E_ENVIRONMENT,
                              "cannot start a process for the simulation: %s", strerror(fault));
}

/* Ends the process, however busy it is; how it ended. */
static int end_process(struct tp_des_worker *worker)
{
  int state = 0;
  close_file(&worker->socket);
  const pid_t process = worker->process;
  worker->process = 0;
  while (process > 0 && worker->owner == getpid() && waitpid(process, &state, 0) < 0)
    if (errno != EINTR)
      break;
  return state;
}

static void release_block(struct tp_des_worker *worker)
{
  if (worker->memory != NULL)
    munmap(worker->memory, worker->memory_bytes);
  worker->memory = NULL;
  worker->memory_bytes = 0;
}

/* All but what is known of the platform: the next process gets that, too. */
static void clear(struct tp_des_worker *worker)
{
  end_process(worker);
  release_block(worker);
  close_file(&worker->log);
  close_file(&worker->block);
}

void tp_des_worker_stop(struct tp_des_worker *worker)
{
  clear(worker);
  tp_des_loaded_drop(&worker->loaded);
}

static bool is_alive(const struct tp_des_worker *worker)
{
  struct pollfd end = {.fd = worker->socket};
  return worker->process > 0 && worker->owner == getpid() && poll(&end, 1, 0) == 0;
}

/* A block that grew large goes back to the system: a file's pages stay while it has them. */
static enum tp_status map_block(struct tp_des_worker *worker, size_t bytes, struct tp_error *error)
{
  if (bytes <= worker->memory_bytes && worker->memory_bytes <= KEPT_BYTES)
    return TP_OK;
  release_block(worker);
  void *memory = MAP_FAILED;
  if (ftruncate(worker->block, 0) == 0 && ftruncate(worker->block, (off_t)bytes) == 0)
    memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, worker->block, 0);
  if (memory == MAP_FAILED)
    return tp_fail(error, TP_E_ENVIRONMENT, "no memory for the simulation: %s", strerror(errno));
  worker->memory = memory;
  worker->memory_bytes = bytes;
  return TP_OK;
}

/* The last line from `begin` on, without its end. */
static const char *last_words(int log, off_t begin, char *text, size_t size)
{
  const off_t end = lseek(log, 0, SEEK_END);
  const off_t from = end - begin > (off_t)size - 1 ? end - (off_t)size + 1 : begin;
  const ssize_t n = pread(log, text, size - 1, from);
  text[n > 0 ? n : 0] = '\0';
  while (strlen(text) > 0 && text[strlen(text) - 1] == '\n')
    text[strlen(text) - 1] = '\0';
  const char *line = strrchr(text, '\n');
  return line == NULL ? text : line + 1;
}

/* How the simulation ended: the worker says so, or its own end does. */
static int state_after(struct tp_des_worker *worker)
{
  const uint64_t bytes = worker->memory_bytes;
  int state = 0;
  ssize_t n = send(worker->socket, &bytes, sizeof bytes, MSG_NOSIGNAL);
  if (n == sizeof bytes)
    while ((n = recv(worker->socket, &state, sizeof state, MSG_WAITALL)) < 0 && errno == EINTR)
      ;
  return n == sizeof state ? state : end_process(worker);
}

enum tp_status tp_des_worker_run(struct tp_des_worker *worker, const struct tp_des_plan *plan,
                                 struct tp_des_record *record, struct tp_error *error)
{
  enum tp_status status = TP_OK;
  if (!is_alive(worker) || !tp_des_loaded_serves(&worker->loaded, plan)) {
    clear(worker);
    status = start(worker, plan, error);
  }
  if (status == TP_OK)
    status = map_block(worker, tp_des_block_bytes(plan), error);
  if (status != TP_OK)
    return status;
  tp_des_block_put(worker->memory, plan, record);
  const off_t begin = lseek(worker->log, 0, SEEK_END);
  const int state = state_after(worker);
  if (WIFEXITED(state) && WEXITSTATUS(state) == 0 && record->counts->done)
    return TP_OK;
  const char *const platform = plan->run->machine->fabric->platform->name;
  char text[400];
  const char *const words = last_words(worker->log, begin, text, sizeof text);
  if (WIFSIGNALED(state))
    return tp_fail(error, TP_E_ENVIRONMENT, "the simulation of platform %s died of signal %d%s%s",
                   platform, WTERMSIG(state), words[0] == '\0' ? "; try again" : ": ", words);
  return tp_fail(error, TP_E_ENVIRONMENT, "the simulation of platform %s did not finish: %s",
                 platform, words);
}
