#include "fit/nccl_hosts.h"

#include "platform/platform.h"

#include <string.h>

static void add_to_host(struct tp_nccl_hosts *hosts, const char *name, struct tp_arena *arena)
{
  for (size_t i = 0; i < hosts->n; i++)
    if (strcmp(hosts->items[i].name, name) == 0) {
      hosts->items[i].ranks++;
      return;
    }
  const struct tp_nccl_host fresh = {tp_arena_strdup(arena, name), 1};
  TP_APPEND(arena, hosts->items, hosts->n, fresh);
}

void tp_nccl_hosts_add(struct tp_nccl_hosts *hosts, int group, const char *name, const char *gpu,
                       struct tp_arena *arena)
{
  if (hosts->ranks == 0)
    hosts->group = group;
  if (group != hosts->group) {
    hosts->of_others++;
    return;
  }
  hosts->ranks++;
  if (name != NULL && hosts->n < TP_MAX_GPUS) /* no run has more */
    add_to_host(hosts, name, arena);
  if (gpu != NULL && (hosts->gpu == NULL || strstr(hosts->gpu, gpu) == NULL))
    hosts->gpu = hosts->gpu == NULL ? tp_arena_strdup(arena, gpu)
                                    : tp_arena_printf(arena, "%s and %s", hosts->gpu, gpu);
}

bool tp_nccl_hosts_are_alike(const struct tp_nccl_hosts *hosts)
{
  return hosts->ranks == 0 || hosts->of_others % hosts->ranks == 0;
}

void tp_nccl_hosts_say(const struct tp_nccl_hosts *hosts, struct tp_nccl_row *row)
{
  int n_ranks = 0, most = 0;
  for (size_t i = 0; i < hosts->n; i++) {
    n_ranks += hosts->items[i].ranks;
    most = hosts->items[i].ranks > most ? hosts->items[i].ranks : most;
  }
  const bool placed = n_ranks > 0 && n_ranks == row->ranks;
  row->hosts = placed ? (int)hosts->n : 0;
  row->ranks_per_host = placed ? most : 0;
  row->gpu = hosts->gpu;
}
