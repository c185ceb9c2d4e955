#ifndef TP_MODEL_MODEL_H
#define TP_MODEL_MODEL_H
/* The shape of a decoder-only transformer, read from a Hugging Face config.json as it is. */
#include "base/hash.h"
#include "base/json.h"

#include <stdint.h>

enum tp_norm { TP_NORM_RMS, TP_NORM_LAYER, TP_NORM_PLAIN /* without weights */ };
enum tp_position { TP_POSITION_ROTARY, TP_POSITION_LEARNED, TP_POSITION_ALIBI };
enum tp_qk_norm {
  TP_QK_NORM_NONE,
  TP_QK_NORM_HEAD,  /* of each head, by one gain */
  TP_QK_NORM_WHOLE, /* of all queries, of all keys */
  TP_QK_NORM_PLAIN  /* of each head, without weights */
};

/* What a checkpoint gives a type of its own. */
#define TP_PARTS(X)                                                   \
  X(TP_PART_ATTENTION, "attention")                                   \
  X(TP_PART_MLP, "mlp")                                               \
  X(TP_PART_EXPERTS, "experts")                                       \
  X(TP_PART_SHARED, "shared")                                         \
  X(TP_PART_ROUTER, "router") /* never quantised, as the embedding */ \
  X(TP_PART_HEAD, "head")     /* of no layer; rarely quantised */
enum tp_model_part {
#define X(name, text) name,
  TP_PARTS(X)
#undef X
      TP_N_PARTS
};
const char *tp_part_text(enum tp_model_part part);

/* A feed-forward of which a token sees `top_k` of `count` blocks, and the shared one. */
struct tp_expert_shape {
  int64_t count, top_k; /* count 0: none */
  int64_t ffn;          /* width of one */
  int64_t shared_ffn;   /* of what every token sees, all together; 0: nothing */
  bool biased, router_biased;
  bool shared_gate; /* the shared one is weighed by a score of its own */
};

/* Attention on a latent vector that all heads share (multi-head latent attention). */
struct tp_latent_shape {
  int64_t kv_rank;                       /* 0: each head has its keys */
  int64_t q_rank;                        /* 0: queries come straight from the residual */
  int64_t nope_dim, rope_dim, value_dim; /* of a head */
};

/* Scores all keys and lets attention see the best `top_k`. */
struct tp_indexer_shape {
  int64_t heads, dim, top_k; /* heads 0: none */
};

/* What layers of one kind have that others of the model have not; a width of 0 is the model's. */
struct tp_layer_kind {
  int64_t window; /* a query sees so many keys at most, its own among them; 0: all before it */
  int64_t heads, kv_heads, head_dim, value_dim, ffn;
  bool mixture;              /* its feed-forward has experts */
  bool no_attention, no_mlp; /* the layer lacks the module and its norm */
  bool keys_as_values;       /* one projection makes both */
  bool indexer;              /* has one of its own */
};
enum { TP_MAX_LAYER_KINDS = 16 };

struct tp_model {
  const char *name;   /* file name without .json; the folder's where the file is config.json */
  const char *family; /* model_type: llama, gpt2, bloom, kraken, ... */
  int64_t layers, hidden, heads, kv_heads, head_dim, ffn, vocab; /* Kraken: of one sub-layer */
  int64_t value_dim;     /* width of a head's values; 0: head_dim */
  int64_t max_positions; /* rows of the learned table; 0 where positions are computed */
  int64_t context;       /* tokens of the longest sequence it is made for; 0: not said */
  int64_t kraken_ways;   /* sub-layers a layer where the file is a Kraken model, else 0 */
  struct tp_expert_shape experts;
  struct tp_latent_shape latent;
  struct tp_indexer_shape indexer;
  enum tp_norm norm;
  enum tp_position position;
  bool gated_mlp; /* down(act(gate(x)) * up(x)) instead of down(act(up(x))) */
  bool tied_head; /* LM head shares the embedding */
  bool headless;  /* there is none */
  bool qkv_bias, out_bias, mlp_bias, embedding_norm;
  enum tp_qk_norm qk_norm;
  bool parallel_residual; /* gpt_neox, falcon: attention and MLP side by side by design */
  bool shared_norm;       /* parallel_residual with a single pre-norm */
  bool post_norms;        /* gemma2: a module's output is normalised, too, before it is added */
  bool norms_after;       /* olmo2: only its output is */
  bool sinks;             /* a logit a head that no key has */
  int64_t chunk;          /* llama4: layers attend within chunks of so many tokens; 0: none */
  int n_kinds;            /* of layers; 0: all are alike, and of kinds[0] */
  struct tp_layer_kind kinds[TP_MAX_LAYER_KINDS];
  const unsigned char *kind_of; /* by layer; NULL: all are alike */
  /* What the checkpoint says of its types (quantise.c); NULL: nothing. */
  const char *dtype;                /* of activations */
  const char *dtypes[TP_N_PARTS];   /* of a part's GEMMs, where they are quantised */
  double element_bytes[TP_N_PARTS]; /* with its share of scales; 0: as the type has it */
  const char *kv_dtype;
  const char *unknown_dtype; /* they are quantised as nothing here is: why --dtype is needed */
  const char *unpriced;      /* what no op here does, and the mend; NULL: all can be predicted */
  size_t n_notes;            /* what of the file is not used, or taken from elsewhere; for stderr */
  const char *const *notes;
  char hash[TP_HASH_CHARS];        /* of its file's text */
  const char *beside;              /* the path of a file beside it that is used, too; or NULL */
  char beside_hash[TP_HASH_CHARS]; /* of that one's text */
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

static inline bool tp_model_is_quantised(const struct tp_model *model)
{
  for (int part = 0; part < TP_N_PARTS; part++)
    if (model->dtypes[part] != NULL)
      return true;
  return false;
}

/* Whether a layer has what the plain block has not: norms elsewhere, sinks, other widths. */
bool tp_model_is_odd(const struct tp_model *model);

/* Tools write beside config.json what they quantised: whether the last part of a path is the name
 * of such a file. */
bool tp_model_is_beside(const char *name);

/* Reads FILE, and what tools wrote beside it where that says nothing of types.  Keys that change
 * cost or memory are used, or fail by name, or are named in the notes; missing, negative,
 * non-finite, mistyped or contradictory ones fail as "FILE:LINE: ..." with TP_E_INPUT.  Everything
 * lives in `arena`. */
enum tp_status tp_model_open(const char *file, struct tp_arena *arena, struct tp_model *model,
                             struct tp_error *error);

/* Parameters: of one layer of a kind, and of the whole model (embedding, positions, norms, head
 * included; a tied head counted once); of those the ones that a token meets, embedding included.
 * Layers that predict further tokens are not the model's. */
int64_t tp_model_layer_parameters(const struct tp_model *model, int kind);
int64_t tp_model_parameters(const struct tp_model *model);
int64_t tp_model_active_parameters(const struct tp_model *model);
/* Elements that a token leaves in the caches of all layers. */
int64_t tp_model_cache_elements(const struct tp_model *model);
#endif
