/* What the ranks of a group do in a scenario, for mpi.sh: rank 0 prints what it learns and leaves
 * with its status. */
#include "ranks/team.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RANKS = 4, ROUNDS = 50 };

static enum tp_status exchange(struct tp_team *group, const char *scenario, struct tp_error *error)
{
  const int rank = tp_team_rank(group);
  for (int round = 0; round < ROUNDS; round++) {
    int all[RANKS];
    const bool odd_one = rank == 2 && round == ROUNDS / 2;
    if (odd_one && strcmp(scenario, "fails") == 0)
      return tp_fail(error, TP_E_ENVIRONMENT, "no GPU 2 here");
    if (odd_one && strcmp(scenario, "ends") == 0)
      return TP_OK;
    if (odd_one && strcmp(scenario, "dies") == 0)
      raise(SIGKILL);
    const size_t bytes = odd_one && strcmp(scenario, "disagrees") == 0 ? 2 : sizeof all[0];
    const enum tp_status status =
        tp_team_gather(group, &(int){1000 * round + rank}, bytes, all, error);
    if (status != TP_OK)
      return status;
    for (int i = 0; i < RANKS; i++)
      if (all[i] != 1000 * round + i)
        return tp_fail(error, TP_E_CHECK, "round %d: %d from rank %d", round, all[i], i);
  }
  return TP_OK;
}

int main(int argc, char **argv)
{
  struct tp_team *group;
  struct tp_error error = {.text = ""};
  enum tp_status status = tp_team_start(RANKS, &group, &error);
  if (status == TP_OK) {
    const bool places = tp_team_local_rank(group) == tp_team_rank(group);
    status = places ? exchange(group, argc > 1 ? argv[1] : "", &error)
                    : tp_fail(&error, TP_E_CHECK, "a rank of one machine is not its local rank");
    status = tp_team_end(group, status, &error);
  }
  printf("%s\n", status == TP_OK ? "well" : error.text);
  return (int)status;
}
