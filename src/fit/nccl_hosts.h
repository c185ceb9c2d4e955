#ifndef TP_FIT_NCCL_HOSTS_H
#define TP_FIT_NCCL_HOSTS_H
/* Who ran one collective of nccl-tests and where they sat. */
#include "fit/nccl_rows.h"

struct tp_nccl_host {
  const char *name;
  int ranks;
};

/* Begins as zeros.  Where ranks are in groups (NCCL_TESTS_SPLIT), each of which runs by itself,
 * those of the first one's. */
struct tp_nccl_hosts {
  struct tp_nccl_host *items;
  size_t n;
  int ranks, group;
  int of_others;   /* ranks of the other groups */
  const char *gpu; /* those of the ranks that say it, unlike ones by " and "; NULL: none does */
};

/* Adds a rank of a group; texts are copied, NULL: not said. */
void tp_nccl_hosts_add(struct tp_nccl_hosts *hosts, int group, const char *name, const char *gpu,
                       struct tp_arena *arena);
/* Whether every group has as many ranks: of which of them a time is, no output says. */
bool tp_nccl_hosts_are_alike(const struct tp_nccl_hosts *hosts);
#define TP_NCCL_UNLIKE "groups of unlike numbers of ranks (NCCL_TESTS_SPLIT); run one alone"
/* Says it of a row that has its ranks.  Hosts that not every rank names are none. */
void tp_nccl_hosts_say(const struct tp_nccl_hosts *hosts, struct tp_nccl_row *row);
#endif
