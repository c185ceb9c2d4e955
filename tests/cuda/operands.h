#ifndef TP_TESTS_CUDA_OPERANDS_H
#define TP_TESTS_CUDA_OPERANDS_H
/* Operands of ops under test, twice: for kernels, and for the host device that they are held to.
 * Rows may have gaps after them and start off the usual 16 bytes; gaps are compared, too. */
#include "../random.h"
#include "../suite.h"

#include "host/math.h"
#include "run/element.h"

#include <stdio.h>
#include <string.h>

/* How the rows of a case lie. */
struct layout {
  enum tp_dtype dtype;
  int gap, shift; /* elements */
};

struct twin {
  struct tp_tensor tensor;
  struct tp_operand kernel, host;
  size_t elements;
  void *kernel_memory, *host_memory;
};

enum { MOST_TWINS = 8 };

/* An op under test and its operands. */
struct trial {
  struct tp_arena *arena;
  struct tp_program program;
  struct tp_op op;
  struct tp_bound_op kernel, host;
  int n_twins;
  struct twin twins[MOST_TWINS];
  uint64_t random;
  char text[160];
};

static inline float random_value(uint64_t *random)
{
  return (float)tp_random_below(random, 4001) / 1000.0f - 2.0f;
}

static inline void trial_begin(struct trial *trial, enum tp_function function, int64_t batch,
                               int64_t query_len)
{
  memset(trial, 0, sizeof *trial);
  trial->arena = tp_arena_create();
  trial->program =
      (struct tp_program){.mesh = tp_mesh_of_tp(2), .batch = tp_batch_prefill(batch, query_len)};
  trial->op = (struct tp_op){.name = tp_function_text(function), .kind = TP_OP_MEMORY};
  trial->op.memory.function = function;
  trial->random = tp_random_seed((int)function);
  trial->kernel = trial->host = (struct tp_bound_op){.op = &trial->op, .program = &trial->program};
}

static inline struct twin *twin_make(struct trial *trial, struct layout layout,
                                     enum tp_tensor_kind kind, int64_t rows, int64_t columns)
{
  ck_assert_int_lt(trial->n_twins, MOST_TWINS);
  struct twin *twin = &trial->twins[trial->n_twins++];
  twin->tensor = (struct tp_tensor){.name = "twin",
                                    .kind = kind,
                                    .dtype = layout.dtype,
                                    .rows = rows,
                                    .columns = columns,
                                    .layers = 1,
                                    .view_of = TP_NO_TENSOR};
  const int64_t row_elements = columns + layout.gap;
  const size_t element_bytes = (size_t)tp_tensor_element_bytes(&twin->tensor);
  twin->elements = (size_t)(rows * row_elements - layout.gap + layout.shift);
  twin->kernel_memory = malloc(twin->elements * element_bytes);
  twin->host_memory = malloc(twin->elements * element_bytes);
  ck_assert_ptr_nonnull(twin->kernel_memory);
  ck_assert_ptr_nonnull(twin->host_memory);
  twin->kernel = (struct tp_operand){.data = (char *)twin->kernel_memory +
                                             (size_t)layout.shift * element_bytes,
                                     .tensor = &twin->tensor,
                                     .rows = rows,
                                     .columns = columns,
                                     .row_elements = row_elements};
  twin->host = twin->kernel;
  twin->host.data = (char *)twin->host_memory + (size_t)layout.shift * element_bytes;
  if (kind == TP_TENSOR_INDEX)
    memset(twin->host_memory, 0, twin->elements * element_bytes);
  else
    for (size_t i = 0; i < twin->elements; i++)
      tp_element_set(layout.dtype, twin->host_memory, (int64_t)i, random_value(&trial->random));
  memcpy(twin->kernel_memory, twin->host_memory, twin->elements * element_bytes);
  return twin;
}

static inline void twin_poison(struct twin *twin)
{
  const size_t bytes = twin->elements * (size_t)tp_tensor_element_bytes(&twin->tensor);
  memset(twin->kernel_memory, 0xff, bytes);
  memset(twin->host_memory, 0xff, bytes);
}

static inline struct twin *trial_in(struct trial *trial, struct layout layout, int64_t rows,
                                    int64_t columns)
{
  struct twin *twin = twin_make(trial, layout, TP_TENSOR_ACTIVATION, rows, columns);
  const int i = trial->op.n_in++;
  trial->kernel.in[i] = twin->kernel;
  trial->host.in[i] = twin->host;
  return twin;
}

static inline void trial_index(struct trial *trial, int64_t rows, const int32_t *values)
{
  struct twin *twin =
      twin_make(trial, (struct layout){.dtype = TP_DTYPE_FP32}, TP_TENSOR_INDEX, rows, 1);
  memcpy(twin->kernel_memory, values, (size_t)rows * sizeof *values);
  memcpy(twin->host_memory, values, (size_t)rows * sizeof *values);
  const int i = trial->op.n_in++;
  trial->kernel.in[i] = twin->kernel;
  trial->host.in[i] = twin->host;
}

/* The same memory as an operand that is read. */
static inline void trial_out_same(struct trial *trial, int in)
{
  const int i = trial->op.n_out++;
  trial->kernel.out[i] = trial->kernel.in[in];
  trial->host.out[i] = trial->host.in[in];
}

static inline struct twin *trial_out(struct trial *trial, struct layout layout, int64_t rows,
                                     int64_t columns)
{
  struct twin *twin = twin_make(trial, layout, TP_TENSOR_ACTIVATION, rows, columns);
  twin_poison(twin);
  const int i = trial->op.n_out++;
  trial->kernel.out[i] = twin->kernel;
  trial->host.out[i] = twin->host;
  return twin;
}

static inline double rounding(enum tp_dtype dtype)
{
  return dtype == TP_DTYPE_FP16 ? 0x1p-10 : dtype == TP_DTYPE_BF16 ? 0x1p-7 : 1e-4;
}

/* Both hold the same, gaps and NaN included, up to one rounding. */
static inline void twin_compare(const struct trial *trial, const struct twin *twin)
{
  const size_t bytes = twin->elements * (size_t)tp_tensor_element_bytes(&twin->tensor);
  if (twin->tensor.kind == TP_TENSOR_INDEX) {
    ck_assert_msg(memcmp(twin->kernel_memory, twin->host_memory, bytes) == 0, "%s: %s: indices",
                  trial->op.name, trial->text);
    return;
  }
  const enum tp_dtype dtype = twin->tensor.dtype;
  for (size_t i = 0; i < twin->elements; i++) {
    const double got = (double)tp_element_value(dtype, twin->kernel_memory, (int64_t)i);
    const double want = (double)tp_element_value(dtype, twin->host_memory, (int64_t)i);
    ck_assert_msg(
        (isnan(got) && isnan(want)) || fabs(got - want) <= rounding(dtype) * (fabs(want) + 0.1),
        "%s: %s: element %zu is %.9g, want %.9g", trial->op.name, trial->text, i, got, want);
  }
}

static inline void trial_end(struct trial *trial)
{
  for (int i = 0; i < trial->n_twins; i++) {
    free(trial->twins[i].kernel_memory);
    free(trial->twins[i].host_memory);
  }
  tp_arena_free(trial->arena);
}
#endif
