#include "program/tensor.h"

double tp_tensor_element_bytes(const struct tp_tensor *tensor)
{
  return tensor->kind == TP_TENSOR_INDEX ? 4 : tp_dtype_bytes(tensor->dtype);
}

int64_t tp_piece_first_row(const struct tp_piece *piece, int rank)
{
  return piece->split == TP_SPLIT_ROWS ? rank / piece->sharers * piece->rows : 0;
}

int64_t tp_piece_first_column(const struct tp_piece *piece, int rank)
{
  return piece->split == TP_SPLIT_COLUMNS ? rank / piece->sharers * piece->columns : 0;
}
