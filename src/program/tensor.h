#ifndef TP_PROGRAM_TENSOR_H
#define TP_PROGRAM_TENSOR_H
/* Operands of ops: matrices in the memory of a rank.  Like events they are registers: an op means
 * what was written last, and a pass uses the same activations in every layer.
 *
 *     weight "attn.qkv"   rows q | k | v, columns hidden; another one every layer
 *     cache  "keys"       row b * capacity + position, columns kv_heads * head_dim; one a layer
 *     "qkv"               row b * query_len + token, chunk after chunk
 *     "qkv[1]"            a view: the rows of one chunk
 */
#include "model/layer.h"
#include "program/op.h"

enum tp_tensor_kind {
  TP_TENSOR_ACTIVATION,
  TP_TENSOR_CACHE,  /* kept from pass to pass */
  TP_TENSOR_WEIGHT, /* never written */
  TP_TENSOR_INDEX   /* int32: tokens, lengths */
};

/* The part of one matrix of the model that a rank has. */
struct tp_piece {
  const char *of; /* "attn.q" */
  enum tp_role role;
  enum tp_split split;
  int64_t rows, columns; /* of the part */
  int sharers;           /* so many ranks next to each other have the same part: KV heads */
};

enum { TP_NO_TENSOR = -1 };

struct tp_tensor {
  const char *name;
  enum tp_tensor_kind kind;
  enum tp_dtype dtype; /* unless INDEX */
  int64_t rows, columns;
  int layers; /* copies: op.layer picks one; 1: the same for all */
  /* A view: row i is row first_row + i * row_step of `view_of`, from first_column on. */
  int view_of; /* or TP_NO_TENSOR */
  int64_t first_row, first_column, row_step;
  int n_pieces; /* weights: stacked by rows */
  struct tp_piece *pieces;
};

double tp_tensor_element_bytes(const struct tp_tensor *tensor);

/* Where a piece begins in its matrix on `rank`. */
int64_t tp_piece_first_row(const struct tp_piece *piece, int rank);
int64_t tp_piece_first_column(const struct tp_piece *piece, int rank);
#endif
