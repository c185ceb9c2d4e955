#ifndef TP_BASE_CHILD_H
#define TP_BASE_CHILD_H
/* Processes that this one starts and that never outlive it. */
#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

/* fork() whose child is killed when the thread that called this ends, however it does.  Streams are
 * flushed before, so that nothing is written twice.  -1 and errno where the system refuses. */
pid_t tp_child_fork(void);

/* Whether this program lies where it was built, not where it was installed. */
bool tp_child_runs_in_build_tree(void);

/* Where a program of the package is that nobody calls by hand: of a program in the build tree
 * there, else among those installed.  Lasts. */
const char *tp_child_program(const char *name);

struct tp_child {
  pid_t process; /* 0: none, or waited for */
  int pipe;      /* to read what it writes; -1: closed, or somebody else's by now */
};

/* Runs `work` in a child, which may write to `pipe`; it is closed where the child executes another
 * program.  What `work` returns is the exit status.  TP_E_ENVIRONMENT where the system refuses. */
enum tp_status tp_child_start(int (*work)(void *data, int pipe), void *data, struct tp_child *child,
                              struct tp_error *error);

/* Closes the pipe and waits for the child's end, which is returned as waitpid() tells it; 0 where
 * there is none. */
int tp_child_wait(struct tp_child *child);
/* The same, but kills it before. */
int tp_child_kill(struct tp_child *child);
#endif
