/* Ranks that mpirun started.  Before anything else they tell each other what they are about to do,
 * so that a rank that ends, failed or not, is noticed by those that meant to exchange. */
#include "ranks/launcher.h"

#include <limits.h>
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TEXT_BYTES = 512 };

struct intent {
  int32_t ends, status;
  uint64_t bytes; /* of a gather */
  char text[TEXT_BYTES];
};

struct mpi_group {
  struct tp_team base;
  bool broken; /* the ranks no longer do the same */
  struct intent *intents;
};

#define TP_MPI(call, error) check((call), #call, __LINE__, (error))

static enum tp_status check(int result, const char *call, int line, struct tp_error *error)
{
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  if (result == MPI_SUCCESS)
    return TP_OK;
  MPI_Error_string(result, text, &length);
  return tp_fail(error, TP_E_ENVIRONMENT, "%s:%d: %s: %s", __FILE__, line, call, text);
}

/* What launchers leave in the environment: Open MPI's own; PMI's, of MPICH and srun. */
bool tp_team_under_mpi(void)
{
  return getenv("OMPI_COMM_WORLD_SIZE") != NULL || getenv("PMI_RANK") != NULL;
}

static enum tp_status tell(struct mpi_group *group, struct intent mine, struct tp_error *error)
{
  const int bytes = (int)sizeof mine;
  const enum tp_status status =
      TP_MPI(MPI_Allgather(&mine, bytes, MPI_BYTE, group->intents, bytes, MPI_BYTE, MPI_COMM_WORLD),
             error);
  if (status != TP_OK)
    group->broken = true;
  return status;
}

static enum tp_status all_gather_too(struct mpi_group *group, size_t bytes, struct tp_error *error)
{
  for (int i = 0; i < group->base.ranks; i++) {
    const struct intent *const intent = &group->intents[i];
    if (!intent->ends && intent->bytes == bytes)
      continue;
    group->broken = true;
    if (!intent->ends)
      return tp_fail(error, TP_E_CHECK, "rank %d brings %llu bytes where rank %d brings %zu", i,
                     (unsigned long long)intent->bytes, group->base.rank, bytes);
    const bool well = intent->status == TP_OK;
    return tp_fail(error, well ? TP_E_CHECK : (enum tp_status)intent->status,
                   "rank %d ended before the others%s%.400s", i, well ? "" : ": ", intent->text);
  }
  return TP_OK;
}

static enum tp_status gather(struct tp_team *base, const void *mine, size_t bytes, void *all,
                             struct tp_error *error)
{
  struct mpi_group *const group = (struct mpi_group *)base;
  if (group->broken || bytes > INT_MAX)
    return tp_fail(error, TP_E_CHECK, "%s", group->broken ? "a rank ended before" : "2 GiB a rank");
  TP_TRY(tell(group, (struct intent){.bytes = bytes}, error));
  TP_TRY(all_gather_too(group, bytes, error));
  return TP_MPI(
      MPI_Allgather(mine, (int)bytes, MPI_BYTE, all, (int)bytes, MPI_BYTE, MPI_COMM_WORLD), error);
}

static enum tp_status judge(const struct mpi_group *group, struct tp_error *error)
{
  for (int i = 0; i < group->base.ranks; i++) {
    const struct intent *const intent = &group->intents[i];
    if (!intent->ends)
      return tp_fail(error, TP_E_CHECK, "rank %d goes on where rank 0 ended", i);
    if (intent->status != TP_OK)
      return tp_fail(error, (enum tp_status)intent->status, "rank %d: %.400s", i, intent->text);
  }
  return TP_OK;
}

static enum tp_status end(struct tp_team *base, enum tp_status status, struct tp_error *error)
{
  struct mpi_group *const group = (struct mpi_group *)base;
  const bool leaves = base->rank > 0;
  if (!group->broken) {
    struct intent mine = {.ends = 1, .status = (int32_t)status};
    if (status != TP_OK && error != NULL)
      snprintf(mine.text, sizeof mine.text, "%.*s", TEXT_BYTES - 1, error->text);
    const enum tp_status told = tell(group, mine, status == TP_OK ? error : NULL);
    if (status == TP_OK)
      status = told == TP_OK ? judge(group, error) : told;
  }
  MPI_Finalize();
  free(group->intents);
  free(group);
  if (leaves) {
    fflush(stdout);
    _exit(0);
  }
  return status;
}

static const struct tp_launcher by_mpi = {gather, end};

static enum tp_status find_places(struct tp_team *group, struct tp_error *error)
{
  MPI_Comm machine;
  enum tp_status status = TP_MPI(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), error);
  if (status == TP_OK)
    status = TP_MPI(MPI_Comm_rank(MPI_COMM_WORLD, &group->rank), error);
  if (status == TP_OK)
    status = TP_MPI(MPI_Comm_size(MPI_COMM_WORLD, &group->ranks), error);
  if (status == TP_OK)
    status = TP_MPI(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, group->rank,
                                        MPI_INFO_NULL, &machine),
                    error);
  if (status != TP_OK)
    return status;
  status = TP_MPI(MPI_Comm_rank(machine, &group->local_rank), error);
  MPI_Comm_free(&machine);
  return status;
}

enum tp_status tp_team_join_mpi(int ranks, struct tp_team **group, struct tp_error *error)
{
  struct mpi_group *const made = calloc(1, sizeof *made);
  if (made == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  made->base.launcher = &by_mpi;
  enum tp_status status = TP_MPI(MPI_Init(NULL, NULL), error);
  if (status == TP_OK)
    status = find_places(&made->base, error);
  if (status == TP_OK && made->base.ranks != ranks)
    status = tp_fail(error, TP_E_INPUT, "mpirun started %d processes for %d ranks: mpirun -n %d",
                     made->base.ranks, ranks, ranks);
  made->intents = calloc((size_t)ranks, sizeof *made->intents);
  if (status == TP_OK && made->intents == NULL)
    status = tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  if (status == TP_OK) {
    *group = &made->base;
    return TP_OK;
  }
  MPI_Finalize();
  free(made->intents);
  free(made);
  return status;
}
