/* The DES engine: plans a run, simulates it in a child, accounts for it. */
#include "engine/des/des.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Memory that the child fills: the record, then its arrays. */
static size_t record_bytes(const struct tp_des_plan *plan)
{
  return sizeof(struct tp_des_record) +
         2 * plan->run->machine->fabric->platform->n_links * sizeof(double) +
         (size_t)plan->ranks * plan->n_items * sizeof(struct tp_des_span);
}

static struct tp_des_record *record_map(const struct tp_des_plan *plan)
{
  void *memory =
      mmap(NULL, record_bytes(plan), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return NULL;
  struct tp_des_record *record = memory;
  record->link_bytes = (double *)(record + 1);
  record->spans = (struct tp_des_span *)(record->link_bytes +
                                         2 * plan->run->machine->fabric->platform->n_links);
  return record;
}

static struct tp_des_record record_keep(const struct tp_des_plan *plan,
                                        const struct tp_des_record *shared,
                                        struct tp_arena *scratch)
{
  struct tp_des_record kept = *shared;
  const size_t links = 2 * plan->run->machine->fabric->platform->n_links;
  const size_t spans = (size_t)plan->ranks * plan->n_items;
  kept.link_bytes = TP_NEW(scratch, double, links);
  kept.spans = TP_NEW(scratch, struct tp_des_span, spans);
  memcpy(kept.link_bytes, shared->link_bytes, links * sizeof(double));
  memcpy(kept.spans, shared->spans, spans * sizeof *kept.spans);
  return kept;
}

/* What SimGrid said last before it died, without the line end. */
static const char *last_words(int log_fd, char *text, size_t size)
{
  const off_t end = lseek(log_fd, 0, SEEK_END);
  const off_t begin = end > (off_t)size - 1 ? end - (off_t)size + 1 : 0;
  const ssize_t n = pread(log_fd, text, size - 1, begin);
  text[n > 0 ? n : 0] = '\0';
  while (strlen(text) > 0 && text[strlen(text) - 1] == '\n')
    text[strlen(text) - 1] = '\0';
  const char *line = strrchr(text, '\n');
  return line == NULL ? text : line + 1;
}

/* Forks, simulates in the child with its standard error kept aside, and waits for it. */
static enum tp_status simulate_apart(const struct tp_des_plan *plan, struct tp_des_record *record,
                                     int log_fd, struct tp_error *error)
{
  fflush(NULL);
  const pid_t child = fork();
  if (child < 0)
    return tp_fail(error, TP_E_ENVIRONMENT, "cannot start a process for the simulation: %s",
                   strerror(errno));
  if (child == 0) {
    dup2(log_fd, STDERR_FILENO);
    tp_des_simulate(plan, record);
    _exit(0);
  }
  int state = 0;
  while (waitpid(child, &state, 0) < 0)
    if (errno != EINTR)
      return tp_fail(error, TP_E_ENVIRONMENT, "lost the simulation's process: %s", strerror(errno));
  if (WIFEXITED(state) && WEXITSTATUS(state) == 0 && record->done)
    return TP_OK;
  char text[400];
  const char *words = last_words(log_fd, text, sizeof text);
  if (WIFSIGNALED(state))
    return tp_fail(error, TP_E_ENVIRONMENT, "the simulation of platform %s died of signal %d: %s",
                   plan->run->machine->fabric->platform->name, WTERMSIG(state), words);
  return tp_fail(error, TP_E_ENVIRONMENT, "the simulation of platform %s did not finish: %s",
                 plan->run->machine->fabric->platform->name, words);
}

enum tp_status tp_des_run(const struct tp_run *run, struct tp_arena *scratch,
                          struct tp_result *result, struct tp_des_record *record,
                          struct tp_error *error)
{
  struct tp_des_plan plan;
  enum tp_status status = tp_des_plan_make(run, scratch, &plan, error);
  if (status != TP_OK)
    return status;
  struct tp_des_record *shared = record_map(&plan);
  const int log_fd = memfd_create("tpsim-simgrid-log", 0);
  if (shared == NULL || log_fd < 0)
    status = tp_fail(error, TP_E_ENVIRONMENT, "no memory for the simulation: %s", strerror(errno));
  else
    status = simulate_apart(&plan, shared, log_fd, error);
  if (status == TP_OK) {
    *record = record_keep(&plan, shared, scratch);
    tp_des_account(&plan, record->spans, scratch, result);
  }
  if (shared != NULL)
    munmap(shared, record_bytes(&plan));
  if (log_fd >= 0)
    close(log_fd);
  return status;
}

static enum tp_status run_des(const struct tp_run *run, struct tp_arena *scratch,
                              struct tp_result *result, struct tp_error *error)
{
  struct tp_des_record record;
  return tp_des_run(run, scratch, result, &record, error);
}

const struct tp_engine tp_engine_des = {
    .name = "des",
    .summary = "discrete events with SimGrid: every rank, stream and message, on real routes",
    .run = run_des,
};
