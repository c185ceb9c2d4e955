#include "run/weights.h"

#include "run/fill_value.h"

#include <math.h>

/* FNV-1a over the name, then mixed with what else the matrix is known by. */
static uint64_t key_of(const char *name, uint64_t seed, int layer, int owner)
{
  uint64_t key = 0xcbf29ce484222325u;
  for (; *name != '\0'; name++)
    key = (key ^ (unsigned char)*name) * 0x100000001b3u;
  key = tp_mix64(key ^ seed);
  return tp_mix64(key + ((uint64_t)layer << 32) + (uint64_t)owner);
}

struct tp_fill tp_weight_fill(const struct tp_piece *piece, uint64_t seed, int layer, int rank,
                              int ranks, enum tp_dtype dtype)
{
  const bool own = piece->split == TP_SPLIT_OWN;
  const bool absent = piece->split == TP_SPLIT_FIRST && rank != 0;
  const int64_t whole_columns =
      piece->columns * (piece->split == TP_SPLIT_COLUMNS ? ranks / piece->sharers : 1);
  struct tp_fill fill = {
      .key = key_of(piece->of, seed, layer, own ? rank + 1 : 0),
      .rows = piece->rows,
      .columns = piece->columns,
      .first_row = tp_piece_first_row(piece, rank),
      .first_column = tp_piece_first_column(piece, rank),
      .mean = piece->role == TP_ROLE_GAIN ? 1 : 0,
      .spread = piece->role == TP_ROLE_MATRIX ? sqrt(3 / (double)whole_columns) : 0.1,
      .dtype = dtype,
  };
  if (absent || piece->role == TP_ROLE_ZERO)
    fill.mean = fill.spread = 0;
  fill.mean /= (double)tp_weight_unit(dtype);
  fill.spread /= (double)tp_weight_unit(dtype);
  return fill;
}

struct tp_fill tp_cache_fill(const struct tp_tensor *cache, uint64_t seed, int layer, int rank)
{
  return (struct tp_fill){.key = key_of(cache->name, seed, layer, rank + 1),
                          .rows = cache->rows,
                          .columns = cache->columns,
                          .spread = 1,
                          .dtype = cache->dtype};
}

float tp_weight_unit(enum tp_dtype dtype)
{
  return dtype == TP_DTYPE_FP8 ? 0x1p-8f : 1;
}

void tp_fill_values(const struct tp_fill *fill, int64_t row, int64_t column, int64_t n,
                    float *values)
{
  const uint64_t row_key = tp_uniform_row(fill->key, fill->first_row + row);
  const float mean = (float)fill->mean, spread = (float)fill->spread;
  for (int64_t i = 0; i < n; i++)
    values[i] = mean + spread * tp_uniform_at(row_key, fill->first_column + column + i);
}

float tp_fill_value(const struct tp_fill *fill, int64_t row, int64_t column)
{
  float value;
  tp_fill_values(fill, row, column, 1, &value);
  return value;
}
