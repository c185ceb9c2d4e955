/* Elementwise kernels over rows: residuals, copies, activations, token rows. */
#include "gpu/kernels/values.cuh"

namespace
{

/* Blocks of up to this many items of one row; a division a block finds the row. */
enum { TILE = 256 };

struct tiling {
  int packs, items, tiles; /* of a row */
};

template <class T> __device__ __forceinline__ bool place(tiling t, int64_t *row, int *item)
{
  *row = blockIdx.x / static_cast<unsigned>(t.tiles);
  const unsigned tile = blockIdx.x - static_cast<unsigned>(*row) * static_cast<unsigned>(t.tiles);
  *item = static_cast<int>(tile * blockDim.x + threadIdx.x);
  return *item < t.items;
}

/* y = f(a, b): b of the same shape, or absent. */
template <class T, class F>
__global__ void combine(F f, tiling t, const T *a, int64_t a_row, const T *b, int64_t b_row, T *y,
                        int64_t y_row)
{
  int64_t row;
  int item;
  if (!place<T>(t, &row, &item))
    return;
  const int64_t first = tp_item_first<T>(item, t.packs);
  const tp_raw raw = tp_fetch(a + row * a_row, first, item < t.packs);
  tp_raw other = {raw.n, {0, 0, 0, 0}};
  if (b != nullptr)
    other = tp_fetch(b + row * b_row, first, item < t.packs);
  tp_item<T> x = tp_numbers<T>(raw);
  const tp_item<T> h = tp_numbers<T>(other);
  TP_EACH(T, i, x)
  x.at[i] = f(x.at[i], h.at[i]);
  tp_store(y + row * y_row, first, x);
}

struct add_share {
  float share;
  __device__ __forceinline__ float operator()(float x, float h) const
  {
    return share * x + h;
  }
};
struct same {
  __device__ __forceinline__ float operator()(float x, float) const
  {
    return x;
  }
};
struct gelu {
  __device__ __forceinline__ float operator()(float x, float) const
  {
    return tp_gelu(x);
  }
};
struct gated_silu {
  __device__ __forceinline__ float operator()(float up, float gate) const
  {
    return tp_silu(gate) * up;
  }
};

template <class T, class F>
cudaError_t launch_combine(F f, tp_extent extent, tp_row_view a, tp_row_view b, tp_row_view y,
                           cudaStream_t stream)
{
  if (extent.rows == 0)
    return cudaSuccess;
  /* Rows without gaps are one row, if its items, and the threads for them, can be counted. */
  if (extent.rows * extent.columns <= INT32_MAX - TILE && a.row_elements == extent.columns &&
      y.row_elements == extent.columns && (b.data == nullptr || b.row_elements == extent.columns)) {
    extent.columns *= extent.rows;
    extent.rows = 1;
  }
  tiling t;
  t.packs = tp_packs<T>(extent.columns, a, b, y);
  t.items = tp_items<T>(extent.columns, t.packs);
  const int threads = tp_threads(t.items, TILE);
  t.tiles = (t.items + threads - 1) / threads;
  TP_LAUNCH((combine<T, F>), static_cast<unsigned>(extent.rows * t.tiles),
            static_cast<unsigned>(threads), 0, stream, f, t, static_cast<const T *>(a.data),
            a.row_elements, static_cast<const T *>(b.data), b.row_elements,
            static_cast<T *>(y.data), y.row_elements);
  return cudaGetLastError();
}

template <class T> __global__ void embed(tp_embedding e, tiling t)
{
  int64_t row;
  int item;
  if (!place<T>(t, &row, &item))
    return;
  const int64_t first = tp_item_first<T>(item, t.packs);
  const int64_t token = e.first_token + row, sequence = token / e.query_len;
  const int64_t entry = e.tokens[token] - e.first_row;
  const int64_t position = e.lengths[sequence] - e.query_len + (token - sequence * e.query_len);
  const bool here = entry >= 0 && entry < e.table_rows;
  tp_item<T> x;
  if (here) {
    x = tp_load(static_cast<const T *>(e.table.data) + entry * e.table.row_elements, first,
                item < t.packs);
  } else {
    x.n = item < t.packs ? tp_pack<T>::elements : 1;
    TP_EACH(T, i, x)
    x.at[i] = 0;
  }
  if (here && e.positions.data != nullptr && position >= 0 && position < e.position_rows) {
    const tp_item<T> learned =
        tp_load(static_cast<const T *>(e.positions.data) + position * e.positions.row_elements,
                first, item < t.packs);
    TP_EACH(T, i, x)
    x.at[i] += learned.at[i];
  }
  tp_store(static_cast<T *>(e.x.data) + row * e.x.row_elements, first, x);
}

template <class T> cudaError_t launch_embed(const tp_embedding &e, cudaStream_t stream)
{
  tiling t;
  t.packs = tp_packs<T>(e.extent.columns, e.table, e.positions, e.x);
  t.items = tp_items<T>(e.extent.columns, t.packs);
  const int threads = tp_threads(t.items, TILE);
  t.tiles = (t.items + threads - 1) / threads;
  TP_LAUNCH((embed<T>), static_cast<unsigned>(e.extent.rows * t.tiles),
            static_cast<unsigned>(threads), 0, stream, e, t);
  return cudaGetLastError();
}

} // namespace

cudaError_t tp_launch_add(tp_extent extent, tp_row_view x, float share, tp_row_view h,
                          tp_row_view y, cudaStream_t stream)
{
  TP_BY_TYPE(extent.dtype, T, return launch_combine<T>(add_share{share}, extent, x, h, y, stream));
  return cudaErrorInvalidValue;
}

cudaError_t tp_launch_copy(tp_extent extent, tp_row_view x, tp_row_view y, cudaStream_t stream)
{
  const tp_row_view none = {nullptr, 0};
  TP_BY_TYPE(extent.dtype, T, return launch_combine<T>(same{}, extent, x, none, y, stream));
  return cudaErrorInvalidValue;
}

cudaError_t tp_launch_activate(tp_extent extent, bool gated, tp_row_view x, tp_row_view y,
                               cudaStream_t stream)
{
  tp_row_view gate = {nullptr, 0};
  if (!gated) {
    TP_BY_TYPE(extent.dtype, T, return launch_combine<T>(gelu{}, extent, x, gate, y, stream));
    return cudaErrorInvalidValue;
  }
  TP_BY_TYPE(extent.dtype, T, {
    gate.data = static_cast<T *>(x.data) + extent.columns;
    gate.row_elements = x.row_elements;
    return launch_combine<T>(gated_silu{}, extent, x, gate, y, stream);
  });
  return cudaErrorInvalidValue;
}

cudaError_t tp_launch_embed(const tp_embedding *embedding, cudaStream_t stream)
{
  TP_BY_TYPE(embedding->extent.dtype, T, return launch_embed<T>(*embedding, stream));
  return cudaErrorInvalidValue;
}
