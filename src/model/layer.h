#ifndef TP_MODEL_LAYER_H
#define TP_MODEL_LAYER_H
/* What one layer holds, as a table: whatever multiplies, shares out, counts or fills a layer's
 * weights is a loop over it.
 *
 *     matrix   name       rows        columns     shared out in      GEMM
 *              attn.q     heads * d   hidden      rows of a head     QKV
 *              attn.out   hidden      heads * d   columns of a head  OUT
 *              mlp.up     ffn         hidden      rows               UP
 *     vector   attn.gain  hidden elements, all of them on every rank
 *     cache    keys       kv_heads * d elements a token, in those of a KV head
 *
 *     matrix   expert.up  ffn         hidden      experts, each in rows    EXPERT_UP, one an expert
 *     matrix   attn.kv.down  latent   hidden      nothing           LATENT
 *     cache    latent     latent elements a token, all of them on every rank
 *
 * Layers of a Kraken model are `copies` of such a block side by side, each whole on a rank.
 */
#include "model/model.h"

/* How ranks share a matrix. */
enum tp_split {
  TP_SPLIT_WHOLE,   /* every rank has all of it */
  TP_SPLIT_ROWS,    /* rank r has the r-th part of the rows ... */
  TP_SPLIT_COLUMNS, /* ... of the columns */
  TP_SPLIT_FIRST,   /* rank 0 has it, the others zeros: a bias of a sum over ranks */
  TP_SPLIT_OWN      /* every rank has copies of its own (Kraken) */
};

enum tp_role { TP_ROLE_MATRIX, TP_ROLE_GAIN, TP_ROLE_BIAS, TP_ROLE_ZERO /* no such bias */ };

/* What ranks share out whole.  Who shares units of a kind is the same for all that is cut by them.
 */
enum tp_unit {
  TP_UNIT_HEAD,
  TP_UNIT_INNER,   /* one of the MLP's width */
  TP_UNIT_KV_HEAD, /* ranks beyond the last one share them */
  TP_UNIT_COPY,
  TP_UNIT_EXPERT,
  TP_UNIT_EXPERT_INNER, /* one of an expert's width */
  TP_N_UNITS,
  TP_UNIT_NONE = TP_N_UNITS /* is not shared out */
};

/* GEMMs of a block.  The matrices of one, or of several, are stacked by rows. */
enum tp_projection {
  TP_PROJECTION_QKV = 1,
  TP_PROJECTION_OUT = 2,
  TP_PROJECTION_UP = 4, /* and gate */
  TP_PROJECTION_DOWN = 8,
  TP_PROJECTION_ROUTER = 16,
  TP_PROJECTION_EXPERT_UP = 32, /* one of these two an expert */
  TP_PROJECTION_EXPERT_DOWN = 64,
  TP_PROJECTION_SHARED_UP = 128, /* of the experts that all tokens see, as one */
  TP_PROJECTION_SHARED_DOWN = 256,
  TP_PROJECTION_LATENT = 512,    /* residual to latent vectors */
  TP_PROJECTION_Q_UP = 1024,     /* latent to queries ... */
  TP_PROJECTION_KV_UP = 2048,    /* ... to keys and values */
  TP_PROJECTION_INDEXER = 4096,  /* of an indexer, from the residual; */
  TP_PROJECTION_INDEXER_Q = 8192 /* from the latent */
};

/* Of the GEMM type of its part; its bias, one element a row, of the activation type. */
struct tp_matrix {
  const char *name, *bias_name;
  enum tp_projection projection;
  enum tp_model_part part;
  enum tp_unit unit;   /* in which it is split */
  enum tp_split split; /* by rows or columns; or OWN */
  int sharers;         /* so many ranks next to each other have the same part */
  bool biased;
  int64_t rows, columns, copies; /* copies: experts */
};

/* Whole on every rank, of the activation type. */
struct tp_layer_vector {
  const char *name;
  enum tp_role role;
  enum tp_split split; /* WHOLE; or OWN */
  int64_t elements;
};

/* Of the activation type, for every token that a layer keeps. */
struct tp_cache {
  const char *name;
  enum tp_unit unit; /* NONE: all ranks keep all of it */
  int64_t elements;  /* a token */
};

/* Widths of a block, and what it has. */
struct tp_block {
  int64_t hidden, heads, kv_heads, head_dim, value_dim, ffn;
  int64_t window; /* a query sees so many keys at most, its own among them; 0: all before it */
  int64_t copies; /* blocks of this shape side by side in a layer: 1, but for Kraken */
  bool own;       /* its weights are not shares of the model's, but the rank's own (Kraken) */
  enum tp_norm norm;
  bool gated, rotary;
  enum tp_qk_norm qk_norm;
  bool attends, feeds;            /* has the module */
  bool post_norms;                /* of a module's output, before it is added */
  struct tp_expert_shape experts; /* count 0: none; a rank's: its own ones, and their part */
  struct tp_latent_shape latent;
};

enum { TP_MAX_MATRICES = 20, TP_MAX_VECTORS = 16, TP_MAX_CACHES = 3 };

struct tp_layer {
  struct tp_block block;
  int n_matrices, n_vectors, n_caches;
  struct tp_matrix matrices[TP_MAX_MATRICES];
  struct tp_layer_vector vectors[TP_MAX_VECTORS];
  struct tp_cache caches[TP_MAX_CACHES];
};

/* A layer of one of the model's kinds, all of it. */
struct tp_layer tp_layer_make(const struct tp_model *model, int kind);

/* Units along an axis, 0 where this layer is not shared out along it. */
int64_t tp_layer_units(const struct tp_layer *layer, enum tp_unit unit);
/* Makes a whole layer what one of `tp` ranks holds of it; they must divide every axis, or exceed
 * the KV heads by a whole factor (tp_shard_make checks). */
void tp_layer_share(struct tp_layer *layer, int tp);
/* The same of the experts: shared out over `ep` ranks, each of them over `etp`. */
void tp_layer_share_experts(struct tp_layer *layer, int ep, int etp);

/* Of the GEMM by all matrices of `projections` (a set): its outputs, its inputs, the part of the
 * model that the first is of, and whether any of them is biased. */
int64_t tp_layer_outputs(const struct tp_layer *layer, unsigned projections);
int64_t tp_layer_inputs(const struct tp_layer *layer, unsigned projections);
enum tp_model_part tp_layer_part(const struct tp_layer *layer, unsigned projections);
bool tp_layer_is_biased(const struct tp_layer *layer, unsigned projections);

/* Of one block: elements of its matrices, of those of a part; of biases, gains and norms' biases.
 */
int64_t tp_layer_matrix_elements(const struct tp_layer *layer);
int64_t tp_layer_part_elements(const struct tp_layer *layer, enum tp_model_part part);
int64_t tp_layer_vector_elements(const struct tp_layer *layer);
/* Of its matrices those that a token does not meet: the experts that are not its own. */
int64_t tp_layer_idle_elements(const struct tp_layer *layer, int64_t top_k);
/* Elements of the caches a token. */
int64_t tp_layer_cache_elements(const struct tp_layer *layer);

/* By name; NULL where the layer has none. */
const struct tp_matrix *tp_layer_matrix(const struct tp_layer *layer, const char *name);

/* Of `tokens` those within a window. */
static inline int64_t tp_window_tokens(int64_t window, int64_t tokens)
{
  return window > 0 && window < tokens ? window : tokens;
}

/* Weights of one norm. */
static inline int64_t tp_norm_elements(enum tp_norm norm, int64_t hidden)
{
  return norm == TP_NORM_LAYER ? 2 * hidden : norm == TP_NORM_RMS ? hidden : 0; /* gain, bias */
}
#endif
