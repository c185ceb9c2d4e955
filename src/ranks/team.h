#ifndef TP_RANKS_TEAM_H
#define TP_RANKS_TEAM_H
/* The processes of a run, one a rank: started by mpirun, or forked here where MPI is absent.
 *
 * Fork before anything touches a GPU.  Every call below is made by all ranks in the same order.
 */
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct tp_team; /* NULL: a lone rank */

/* Whether mpirun started this process.  Then it is a rank itself, of one group in its life. */
bool tp_team_launched(void);

/* From here on, `ranks` processes of this program go on, each with its own group and rank.  Under
 * mpirun they are those that mpirun started, and their number must be `ranks`. */
enum tp_status tp_team_start(int ranks, struct tp_team **group, struct tp_error *error);
/* Rank 0 waits for the others.  If one did not end well, it gets that one's status and text, and
 * TP_E_CHECK if one died.  The other ranks leave the process, with `status`; under mpirun with 0,
 * for mpirun would otherwise end rank 0 before it could report. */
enum tp_status tp_team_end(struct tp_team *group, enum tp_status status, struct tp_error *error);

int tp_team_rank(const struct tp_team *group);
int tp_team_ranks(const struct tp_team *group);
int tp_team_local_rank(const struct tp_team *group); /* on this machine: which GPU */

/* All ranks get `bytes` of every rank, in the order of ranks: ranks x bytes.  It is a barrier, too.
 * Where a rank ended or died instead, it fails on all others, with what that rank said. */
enum tp_status tp_team_gather(struct tp_team *group, const void *mine, size_t bytes, void *all,
                               struct tp_error *error);
#endif
