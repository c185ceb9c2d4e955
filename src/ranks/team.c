#include "config.h"

#include "ranks/launcher.h"

#include <string.h>

bool tp_team_launched(void)
{
#ifdef HAVE_MPI
  return tp_team_under_mpi();
#else
  return false;
#endif
}

enum tp_status tp_team_start(int ranks, struct tp_team **group, struct tp_error *error)
{
#ifdef HAVE_MPI
  if (tp_team_under_mpi())
    return tp_team_join_mpi(ranks, group, error);
#endif
  if (ranks > 1)
    return tp_team_fork(ranks, group, error);
  *group = NULL;
  return TP_OK;
}

enum tp_status tp_team_end(struct tp_team *group, enum tp_status status, struct tp_error *error)
{
  return group == NULL ? status : group->launcher->end(group, status, error);
}

int tp_team_rank(const struct tp_team *group)
{
  return group == NULL ? 0 : group->rank;
}

int tp_team_ranks(const struct tp_team *group)
{
  return group == NULL ? 1 : group->ranks;
}

int tp_team_local_rank(const struct tp_team *group)
{
  return group == NULL ? 0 : group->local_rank;
}

enum tp_status tp_team_gather(struct tp_team *group, const void *mine, size_t bytes, void *all,
                               struct tp_error *error)
{
  if (group != NULL)
    return group->launcher->gather(group, mine, bytes, all, error);
  if (bytes > 0)
    memcpy(all, mine, bytes);
  return TP_OK;
}
