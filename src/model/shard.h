#ifndef TP_MODEL_SHARD_H
#define TP_MODEL_SHARD_H
/* What one of `tp` ranks holds of a model under Megatron tensor parallelism. */
#include "model/model.h"

struct tp_shard {
  int tp;
  int64_t heads;    /* query heads a rank */
  int64_t kv_heads; /* key/value heads a rank: at least 1, replicated where tp > kv_heads */
  int64_t ffn;      /* MLP width a rank */
  int64_t vocab;    /* vocabulary rows a rank if head and embedding are sharded: ceil(vocab/tp) */
};

/* A rank of a Kraken model holds ways/tp whole sub-layers: heads, kv_heads and ffn are their sums.
 * Fails with TP_E_INPUT, naming the model and the TP degrees that would do, where tp does not
 * divide the query heads or the MLP width, neither of tp and kv_heads divides the other, or tp does
 * not divide the sub-layers of a Kraken model. */
enum tp_status tp_shard_make(const struct tp_model *model, int tp, struct tp_shard *shard,
                             struct tp_error *error);
#endif
