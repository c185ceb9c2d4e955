/* The program tpsim-des, a worker of the DES engine: simulates plans, one after another, on one
 * platform.  Nobody calls it by hand.  With a file's name it lists that platform for
 * platform/xml_listing.c; without, worker.c starts it with these files open:
 *
 *     0     a socket: the bytes of a block come in, how its simulation ended goes out
 *     1, 2  what SimGrid says
 *     3     the platform's XML
 *     4     the block: plan and record
 *
 * SimGrid's clock never goes back, and what starts late has other roundings than what starts at 0.
 * So every plan is simulated by a copy of this process, as it is once the platform is read; a copy
 * that dies takes nothing with it.
 *
 * Nothing here outlives who started it: the socket ends with it, however it ends, and a copy ends
 * with the process it is a copy of. */
#define _GNU_SOURCE /* MAP_POPULATE */
#include "engine/des/block.h"
#include "engine/des/sim.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SOCKET = 0, BLOCK = 4, FIRST_UNKNOWN = 5 };

static void simulate(uint64_t bytes, pid_t worker)
{
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != worker)
    _exit(EXIT_FAILURE); /* it died before that call */
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, BLOCK, 0);
  struct tp_des_plan plan;
  struct tp_des_record record;
  if (memory == MAP_FAILED || !tp_des_block_open(memory, &plan, &record)) {
    fprintf(stderr, memory == MAP_FAILED ? "no memory\n" : "tpsim-des is of another build\n");
    _exit(EXIT_FAILURE);
  }
  tp_des_simulate(&plan, &record);
  _exit(EXIT_SUCCESS);
}

/* Until the copy ends, which closes its end of `alive`, or nobody wants its answer any more. */
static bool is_wanted(int alive)
{
  struct pollfd ends[] = {{.fd = alive, .events = POLLIN}, {.fd = SOCKET}};
  while (poll(ends, 2, -1) < 0 && errno == EINTR)
    ;
  return ends[1].revents == 0;
}

/* How the copy ended, as wait(2) tells it. */
static int simulate_apart(uint64_t bytes)
{
  int alive[2], state = 0;
  const pid_t self = getpid();
  if (pipe(alive) != 0)
    abort();
  const pid_t copy = fork();
  if (copy < 0)
    abort();
  if (copy == 0)
    simulate(bytes, self);
  close(alive[1]);
  if (!is_wanted(alive[0]))
    kill(copy, SIGKILL);
  close(alive[0]);
  while (waitpid(copy, &state, 0) < 0 && errno == EINTR)
    ;
  return state;
}

int main(int argc, char **argv)
{
  if (argc == 2)
    return tp_des_list(argv[1], stdout);
  struct stat socket;
  if (fstat(SOCKET, &socket) != 0 || !S_ISSOCK(socket.st_mode)) {
    fprintf(stderr, "tpsim-des: a part of tpsim, which runs it for --engine des\n");
    return 2;
  }
  for (int fd = FIRST_UNKNOWN; fd < 256; fd++)
    close(fd); /* files of who started it: not to be kept open for it */
  tp_des_engine_open("/proc/self/fd/3");
  uint64_t bytes;
  while (recv(SOCKET, &bytes, sizeof bytes, MSG_WAITALL) == sizeof bytes) {
    const int state = simulate_apart(bytes);
    if (send(SOCKET, &state, sizeof state, MSG_NOSIGNAL) != sizeof state)
      break;
  }
  _exit(EXIT_SUCCESS); /* SimGrid has nothing to clear up that counts */
}
