#ifndef TP_MODEL_MODEL_H
#define TP_MODEL_MODEL_H
/* The shape of a decoder-only transformer, read from a Hugging Face config.json as it is. */
#include "base/json.h"

#include <stdint.h>

enum tp_norm { TP_NORM_RMS, TP_NORM_LAYER };
enum tp_position { TP_POSITION_ROTARY, TP_POSITION_LEARNED, TP_POSITION_ALIBI };

/* What layers of one kind have that others of the model have not. */
struct tp_layer_kind {
  int64_t window; /* a query sees so many keys at most, its own among them; 0: all before it */
};
enum { TP_MAX_LAYER_KINDS = 8 };

struct tp_model {
  const char *name;   /* file name without .json; the folder's where the file is config.json */
  const char *family; /* model_type: llama, gpt2, bloom, kraken, ... */
  int64_t layers, hidden, heads, kv_heads, head_dim, ffn, vocab; /* Kraken: of one sub-layer */
  int64_t max_positions; /* rows of the learned table; 0 where positions are computed */
  int64_t kraken_ways;   /* sub-layers a layer where the file is a Kraken model, else 0 */
  enum tp_norm norm;
  enum tp_position position;
  bool gated_mlp; /* down(act(gate(x)) * up(x)) instead of down(act(up(x))) */
  bool tied_head; /* LM head shares the embedding */
  bool qkv_bias, out_bias, mlp_bias, qk_norm, embedding_norm;
  bool parallel_residual; /* gpt_neox, falcon: attention and MLP side by side by design */
  bool shared_norm;       /* parallel_residual with a single pre-norm */
  int n_kinds;            /* of layers; 0: all are alike, and of kinds[0] */
  struct tp_layer_kind kinds[TP_MAX_LAYER_KINDS];
  const unsigned char *kind_of; /* by layer; NULL: all are alike */
};

static inline int tp_model_n_kinds(const struct tp_model *model)
{
  return model->n_kinds > 0 ? model->n_kinds : 1;
}

/* Kind of a layer; past the last one, of that. */
static inline int tp_model_kind_of(const struct tp_model *model, int64_t layer)
{
  if (model->kind_of == NULL)
    return 0;
  return model->kind_of[layer < model->layers ? layer : model->layers - 1];
}

/* Reads FILE.  Unknown keys are ignored (here only); missing, negative, non-finite, mistyped or
 * contradictory ones fail as "FILE:LINE: ..." with TP_E_INPUT.  Everything lives in `arena`. */
enum tp_status tp_model_open(const char *file, struct tp_arena *arena, struct tp_model *model,
                             struct tp_error *error);

/* Parameters: of one layer of a kind, and of the whole model (embedding, positions, norms, head
 * included; a tied head counted once). */
int64_t tp_model_layer_parameters(const struct tp_model *model, int kind);
int64_t tp_model_parameters(const struct tp_model *model);
#endif
