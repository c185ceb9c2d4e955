#ifndef TP_MODEL_SHARD_H
#define TP_MODEL_SHARD_H
/* What one of `tp` ranks holds of a model under Megatron tensor parallelism. */
#include "model/layer.h"

/* Attention and dense feed-forwards over `tp` ranks; experts over `ep`, each of them over `etp`. */
struct tp_cut {
  int tp, ep, etp;
};

/* One rank's share of a layer of a kind of the model's; of a Kraken model ways/tp whole sub-layers.
 * Fails with TP_E_INPUT, naming the model and the TP degrees that would do, where tp does not
 * divide the query heads or the MLP width, neither of tp and kv_heads divides the other, or tp does
 * not divide the sub-layers of a Kraken model. */
enum tp_status tp_shard_cut(const struct tp_model *model, int kind, struct tp_cut cut,
                            struct tp_layer *share, struct tp_error *error);
/* The same without expert parallelism: each expert over all ranks. */
enum tp_status tp_shard_make(const struct tp_model *model, int kind, int tp, struct tp_layer *share,
                             struct tp_error *error);
#endif
