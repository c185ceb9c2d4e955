#ifndef TP_PROGRAM_MESH_H
#define TP_PROGRAM_MESH_H
/* Ranks in a row, and the groups that they form.
 *
 *     job      pp stages, one after the other, of dp * tp ranks each
 *     stage    rank = replica * tp + shard: dp replicas of the attention, each cut over tp ranks;
 *              the feed-forward layers see the same ranks as ep * etp: experts shared out over ep,
 *              each of them cut over etp
 *     group    ranks r, r + stride, r + 2 * stride, ... (`size` of them)
 *
 * A collective and a send name their group, and every group of that size and stride of the stage
 * works at the same time.  Which GPU a rank sits on is the machine's matter.
 */
#include "base/error.h"

#include <stdbool.h>

struct tp_group {
  int size, stride;
};

struct tp_mesh {
  int pp, dp, tp; /* dp * tp == ep * etp */
  int ep, etp;
};

/* Tensor parallelism alone. */
static inline struct tp_mesh tp_mesh_of_tp(int tp)
{
  return (struct tp_mesh){.pp = 1, .dp = 1, .tp = tp, .ep = 1, .etp = tp};
}

static inline int tp_mesh_stage_ranks(const struct tp_mesh *mesh)
{
  return mesh->dp * mesh->tp;
}

/* Parts that the layers are cut into, where a rank of the pipeline has `interleave` of them; 0:
 * one.
 */
static inline int tp_mesh_parts(const struct tp_mesh *mesh, int interleave)
{
  return mesh->pp * (interleave > 1 ? interleave : 1);
}

static inline int tp_mesh_ranks(const struct tp_mesh *mesh)
{
  return mesh->pp * tp_mesh_stage_ranks(mesh);
}

/* Ranks that an expert is cut over: `etp`, said or not where nothing is shared out. */
static inline int tp_mesh_expert_parts(const struct tp_mesh *mesh)
{
  return mesh->dp * mesh->tp / mesh->ep;
}

/* The groups by axis: the shards of a replica, ... */
static inline struct tp_group tp_mesh_tensor(const struct tp_mesh *mesh)
{
  return (struct tp_group){mesh->tp, 1};
}

/* ... the replicas of a shard, ... */
static inline struct tp_group tp_mesh_data(const struct tp_mesh *mesh)
{
  return (struct tp_group){mesh->dp, mesh->tp};
}

/* ... who has the other experts, ... */
static inline struct tp_group tp_mesh_experts(const struct tp_mesh *mesh)
{
  return (struct tp_group){mesh->ep, mesh->etp};
}

/* ... who has the other parts of the same experts, ... */
static inline struct tp_group tp_mesh_expert_tensor(const struct tp_mesh *mesh)
{
  return (struct tp_group){mesh->etp, 1};
}

/* ... and the same place of the other stages. */
static inline struct tp_group tp_mesh_stages(const struct tp_mesh *mesh)
{
  return (struct tp_group){mesh->pp, mesh->dp * mesh->tp};
}

static inline bool tp_mesh_same(const struct tp_mesh *a, const struct tp_mesh *b)
{
  return a->pp == b->pp && a->dp == b->dp && a->tp == b->tp && a->ep == b->ep && a->etp == b->etp;
}

/* TP_E_INPUT where a degree is below 1 or the two views of a stage differ in ranks. */
enum tp_status tp_mesh_check(const struct tp_mesh *mesh, struct tp_error *error);
#endif
