#ifndef TP_VERIFY_REFERENCE_BLOCK_H
#define TP_VERIFY_REFERENCE_BLOCK_H
/* The modules of a transformer block by their equations, for the tokens of sequences: values in
 * fp32, sums in double.  No shards, no cache: every token is there at once.
 *
 * Rows are tokens.  Scratch memory comes from `arena`.
 */
#include "program/pass.h"

struct tp_reference_weights {
  uint64_t seed;
  enum tp_dtype dtype; /* of matrices; tables and vectors are kept in its wide type */
};

/* The part of a module that a rank computes.  The parts of all ranks add up to the module. */
struct tp_reference_part {
  int owner; /* rank whose weights are meant, where each has its own (Kraken); -1: the model's */
  int64_t first_head, heads;  /* query heads, with the key and value heads they read */
  int64_t first_inner, inner; /* of the MLP's width */
  int part, parts;            /* of each expert's width this part of so many; parts 0: all of it */
  bool biases;                /* with the biases that are added to the sum over ranks */
};

struct tp_reference_block {
  struct tp_model model; /* of kraken, the narrower one */
  struct tp_reference_weights weights;
  int64_t tokens; /* of all sequences, one after the other */
  int64_t length; /* of each of them */
  struct tp_arena *arena;
};

/* y [tokens, width] = norm(x); the matrix `of` says which gains. */
void tp_reference_norm(const struct tp_reference_block *block, const char *of, int layer, int owner,
                       const float *x, float *y);

/* y [tokens, hidden] = the part's share of the module's output for the normalised n. */
void tp_reference_attention(const struct tp_reference_block *block, int layer,
                            struct tp_reference_part part, const float *n, float *y);
void tp_reference_mlp(const struct tp_reference_block *block, int layer,
                      struct tp_reference_part part, const float *n, float *y);

/* A matrix of the model, or `owner`'s. */
struct tp_reference_matrix {
  const char *of;
  int layer, owner;
  int64_t rows, columns;
  bool table; /* embedding, positions, head */
};

/* y [tokens, n_rows] = x [tokens, n_columns] W', W rows first_row.. and columns first_column.. of
 * the matrix. */
struct tp_reference_range {
  int64_t first_row, n_rows, first_column, n_columns;
};
void tp_reference_multiply(const struct tp_reference_block *block,
                           struct tp_reference_matrix matrix, struct tp_reference_range range,
                           const float *x, float *y);

/* values[column] = what the matrix holds in `row`, in the type it is kept in. */
void tp_reference_row(const struct tp_reference_weights *weights, enum tp_role role,
                      struct tp_reference_matrix matrix, int64_t row, float *values);

/* A matrix of the layer's table, of layer `layer` and `owner`. */
struct tp_reference_matrix tp_reference_matrix_of(const struct tp_layer *table, const char *of,
                                                  int layer, int owner);
/* y = x W' + b, W and b rows first_row.. of the matrix; all of its columns.  A matrix that the
 * table does not name, an expert's, has no bias. */
float *tp_reference_multiply_rows(const struct tp_reference_block *block,
                                  const struct tp_layer *table, struct tp_reference_matrix matrix,
                                  int64_t first_row, int64_t n_rows, const float *x);
/* y = x W' + b, W columns first_column.. of the matrix; b where the part has it. */
void tp_reference_multiply_columns(const struct tp_reference_block *block,
                                   const struct tp_layer *table, struct tp_reference_matrix matrix,
                                   struct tp_reference_part part, int64_t first_column,
                                   int64_t n_columns, const float *x, float *y);
#endif
