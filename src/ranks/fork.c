/* Ranks forked from this process, which is rank 0.  They meet in shared memory:
 *
 *     rank r  writes its part into its slot of this round, then announces the round;
 *             waits until all have; reads all slots.
 *
 * Rounds use two slots in turn: who announces round g + 1 has read round g, so nobody overwrites a
 * slot that is still read.  Waiting is looking again and again: a lock could be left locked by a
 * rank that dies.  Rank 0 sees who died, and says so to all.
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "base/child.h"
#include "ranks/launcher.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SLOT_BYTES = 64 << 10, TEXT_BYTES = 512, NOBODY = -1 };

struct slot {
  size_t bytes; /* of the whole gather: all must say the same */
  unsigned char data[SLOT_BYTES];
};

/* What a rank shows the others. */
struct board {
  _Atomic uint64_t round;
  atomic_int ended; /* 1 + status; 0: not yet */
  char text[TEXT_BYTES];
  struct slot slots[2];
};

struct fork_group {
  struct tp_team base;
  uint64_t round;
  pid_t *children; /* of rank 0; 0: reaped */
  struct shared {
    atomic_int dead; /* a rank that went without tp_team_end, or NOBODY */
    struct board boards[];
  } * shared;
  size_t shared_bytes;
};

static void pause_a_little(unsigned looks)
{
  enum { SPINS = 100 };
  const struct timespec nap = {.tv_nsec = looks < SPINS ? 0 : 50000};
  nanosleep(&nap, NULL);
}

/* Rank 0: notes children that left.  Whoever did not end before is dead. */
static void reap(struct fork_group *group)
{
  for (int i = 1; i < group->base.ranks && group->children != NULL; i++) {
    int how;
    if (group->children[i] == 0 || waitpid(group->children[i], &how, WNOHANG) == 0)
      continue;
    group->children[i] = 0;
    int nobody = NOBODY;
    if (atomic_load(&group->shared->boards[i].ended) == 0)
      atomic_compare_exchange_strong(&group->shared->dead, &nobody, i);
  }
}

/* Fails where a rank that is waited for will never come. */
static enum tp_status all_well(struct fork_group *group, struct tp_error *error)
{
  reap(group);
  const int dead = atomic_load(&group->shared->dead);
  if (dead != NOBODY)
    return tp_fail(error, TP_E_CHECK, "rank %d died; the others cannot go on", dead);
  for (int i = 0; i < group->base.ranks; i++) {
    const int ended = atomic_load(&group->shared->boards[i].ended);
    if (i == group->base.rank || ended == 0)
      continue;
    const bool well = ended == 1 + TP_OK;
    return tp_fail(error, well ? TP_E_CHECK : (enum tp_status)(ended - 1),
                   "rank %d ended before the others%s%.400s", i, well ? "" : ": ",
                   well ? "" : group->shared->boards[i].text);
  }
  return TP_OK;
}

/* A rank that announced the round may have ended since, so that is looked at first. */
static enum tp_status wait_for_round(struct fork_group *group, struct tp_error *error)
{
  for (int i = 0; i < group->base.ranks; i++)
    for (unsigned looks = 0; atomic_load(&group->shared->boards[i].round) < group->round; looks++) {
      const enum tp_status status = all_well(group, error);
      if (status != TP_OK && atomic_load(&group->shared->boards[i].round) < group->round)
        return status;
      pause_a_little(looks);
    }
  return TP_OK;
}

/* At most a slot of each rank. */
static enum tp_status exchange(struct fork_group *group, const unsigned char *mine, size_t bytes,
                               size_t whole, unsigned char *all, struct tp_error *error)
{
  const size_t turn = ++group->round % 2;
  struct board *const boards = group->shared->boards;
  struct slot *const own = &boards[group->base.rank].slots[turn];
  own->bytes = whole;
  memcpy(own->data, mine, bytes);
  atomic_store(&boards[group->base.rank].round, group->round);
  TP_TRY(wait_for_round(group, error));
  for (int i = 0; i < group->base.ranks; i++) {
    const struct slot *const slot = &boards[i].slots[turn];
    if (slot->bytes != whole)
      return tp_fail(error, TP_E_CHECK, "rank %d brings %zu bytes where rank %d brings %zu", i,
                     slot->bytes, group->base.rank, whole);
    memcpy(all + (size_t)i * whole, slot->data, bytes);
  }
  return TP_OK;
}

static enum tp_status gather(struct tp_team *base, const void *mine, size_t bytes, void *all,
                             struct tp_error *error)
{
  struct fork_group *const group = (struct fork_group *)base;
  const unsigned char nothing = 0, *const from = bytes > 0 ? mine : &nothing;
  unsigned char *const to = all;
  size_t done = 0;
  enum tp_status status = TP_OK;
  do { /* once for no bytes, too: it is a barrier */
    const size_t part = bytes - done < SLOT_BYTES ? bytes - done : SLOT_BYTES;
    status = exchange(group, from + done, part, bytes, to + done, error);
    done += part;
  } while (done < bytes && status == TP_OK);
  return status;
}

static void free_group(struct fork_group *group)
{
  if (group->shared != NULL)
    munmap(group->shared, group->shared_bytes);
  free(group->children);
  free(group);
}

/* The first that went wrong, by rank; one that died before one that told why. */
static enum tp_status judge(struct fork_group *group, struct tp_error *error)
{
  const int dead = atomic_load(&group->shared->dead);
  for (int i = 1; i < group->base.ranks; i++) {
    const int ended = atomic_load(&group->shared->boards[i].ended);
    if (i == dead)
      return tp_fail(error, TP_E_CHECK, "rank %d died", i);
    if (ended > 1 + TP_OK && dead == NOBODY)
      return tp_fail(error, (enum tp_status)(ended - 1), "rank %d: %.400s", i,
                     group->shared->boards[i].text);
  }
  return TP_OK;
}

static bool any_left(const struct fork_group *group)
{
  for (int i = 1; i < group->base.ranks; i++)
    if (group->children[i] != 0)
      return true;
  return false;
}

static enum tp_status end(struct tp_team *base, enum tp_status status, struct tp_error *error)
{
  struct fork_group *const group = (struct fork_group *)base;
  struct board *const own = &group->shared->boards[base->rank];
  if (status != TP_OK && error != NULL)
    snprintf(own->text, sizeof own->text, "%.*s", TEXT_BYTES - 1, error->text);
  atomic_store(&own->ended, 1 + (int)status);
  if (base->rank > 0) {
    fflush(stdout);
    _exit((int)status);
  }
  for (unsigned looks = 0; any_left(group); looks++) {
    reap(group);
    pause_a_little(looks);
  }
  if (status == TP_OK)
    status = judge(group, error);
  free_group(group);
  return status;
}

static const struct tp_launcher by_fork = {gather, end};

static enum tp_status make_group(int ranks, struct fork_group **made, struct tp_error *error)
{
  struct fork_group *const group = calloc(1, sizeof *group);
  if (group == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  group->base = (struct tp_team){.launcher = &by_fork, .ranks = ranks};
  group->shared_bytes = sizeof *group->shared + (size_t)ranks * sizeof(struct board);
  group->children = calloc((size_t)ranks, sizeof *group->children);
  void *const shared =
      mmap(NULL, group->shared_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (group->children == NULL || shared == MAP_FAILED) {
    const int reason = errno;
    free_group(group);
    return tp_fail(error, TP_E_ENVIRONMENT, "no shared memory for %d ranks: %s", ranks,
                   strerror(reason));
  }
  group->shared = shared;
  atomic_store(&group->shared->dead, NOBODY);
  *made = group;
  return TP_OK;
}

static void become_rank(struct fork_group *group, int rank)
{
  group->base.rank = group->base.local_rank = rank;
  free(group->children);
  group->children = NULL;
}

enum tp_status tp_team_fork(int ranks, struct tp_team **group, struct tp_error *error)
{
  struct fork_group *made = NULL;
  enum tp_status status = make_group(ranks, &made, error);
  if (status != TP_OK)
    return status;
  for (int i = 1; i < ranks; i++) {
    const pid_t child = tp_child_fork();
    if (child == 0) {
      become_rank(made, i);
      break;
    }
    if (child < 0) {
      status = tp_fail(error, TP_E_ENVIRONMENT, "no process for rank %d: %s", i, strerror(errno));
      atomic_store(&made->shared->dead, i);
      made->base.ranks = i;
      return end(&made->base, status, error);
    }
    made->children[i] = child;
  }
  *group = &made->base;
  return TP_OK;
}
