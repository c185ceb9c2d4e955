#ifndef TP_FIT_NCCL_HOSTS_H
#define TP_FIT_NCCL_HOSTS_H
/* Where the ranks of one run of nccl-tests sat. */
#include "fit/nccl_rows.h"

struct tp_nccl_host {
  const char *name;
  int ranks;
};

/* Begins as zeros. */
struct tp_nccl_hosts {
  struct tp_nccl_host *items;
  size_t n;
  const char *gpu; /* of the first rank that says it; NULL: none does */
};

/* Adds a rank; texts are copied, NULL: not said. */
void tp_nccl_hosts_add(struct tp_nccl_hosts *hosts, const char *name, const char *gpu,
                       struct tp_arena *arena);
/* Says it of a row that has its ranks.  Hosts that not every rank names are none. */
void tp_nccl_hosts_say(const struct tp_nccl_hosts *hosts, struct tp_nccl_row *row);
#endif
