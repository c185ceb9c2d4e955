#ifndef TP_RANKS_LAUNCHER_H
#define TP_RANKS_LAUNCHER_H
/* Who started the processes of a group: fork here (fork.c) or mpirun (peers/mpi.c). */
#include "ranks/team.h"

#include <stdbool.h>

struct tp_launcher {
  enum tp_status (*gather)(struct tp_team *group, const void *mine, size_t bytes, void *all,
                           struct tp_error *error);
  /* Rank 0 returns, the others do not. */
  enum tp_status (*end)(struct tp_team *group, enum tp_status status, struct tp_error *error);
};

/* The first member of the group of either launcher. */
struct tp_team {
  const struct tp_launcher *launcher;
  int rank, ranks, local_rank;
};

enum tp_status tp_team_fork(int ranks, struct tp_team **group, struct tp_error *error);

/* Built with MPI only. */
bool tp_team_under_mpi(void);
enum tp_status tp_team_join_mpi(int ranks, struct tp_team **group, struct tp_error *error);
#endif
