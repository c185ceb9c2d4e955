#include "gpu/sdpa_graph.h"

#include "gpu/cudnn.h"

typedef cudnnBackendDescriptor_t descriptor;

enum {
  RANK = 4,
  MOST_OPERATIONS = 24,
  ALIGNMENT = 16,
  LENGTHS_ALIGNMENT = 4,
  QUERY_AXIS = 2,
  KEY_AXIS = 3
};

/* After the first call that fails nothing is called: `status` says it at the end. */
struct builder {
  struct tp_sdpa_graph *graph;
  const struct tp_sdpa_shape *shape;
  int64_t next_inner;
  int n_operations;
  descriptor operations[MOST_OPERATIONS];
  enum tp_status status;
  struct tp_error *error;
};

#define DO(builder, call)         \
  if ((builder)->status == TP_OK) \
  (builder)->status = TP_CUDNN(call, (builder)->error)

static descriptor create(struct builder *builder, cudnnBackendDescriptorType_t type)
{
  struct tp_sdpa_graph *const graph = builder->graph;
  descriptor made = NULL;
  if (builder->status == TP_OK && graph->n == TP_SDPA_DESCRIPTORS)
    builder->status = tp_fail(builder->error, TP_E_ENVIRONMENT, "too many descriptors");
  DO(builder, cudnnBackendCreateDescriptor(type, &made));
  if (builder->status == TP_OK)
    graph->descriptors[graph->n++] = made;
  return made;
}

static void set(struct builder *builder, descriptor of, cudnnBackendAttributeName_t name,
                cudnnBackendAttributeType_t type, int64_t n, const void *values)
{
  DO(builder, cudnnBackendSetAttribute(of, name, type, n, values));
}

static void set_part(struct builder *builder, descriptor of, cudnnBackendAttributeName_t name,
                     descriptor part)
{
  if (part != NULL)
    set(builder, of, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &part);
}

static void set_type(struct builder *builder, descriptor of, cudnnBackendAttributeName_t name,
                     cudnnDataType_t type)
{
  set(builder, of, name, CUDNN_TYPE_DATA_TYPE, 1, &type);
}

static void finalise(struct builder *builder, descriptor of)
{
  DO(builder, cudnnBackendFinalize(of));
}

static void add_operation(struct builder *builder, descriptor operation)
{
  finalise(builder, operation);
  if (builder->status == TP_OK && builder->n_operations == MOST_OPERATIONS)
    builder->status = tp_fail(builder->error, TP_E_ENVIRONMENT, "too many operations");
  if (builder->status == TP_OK)
    builder->operations[builder->n_operations++] = operation;
}

enum place { IN_MEMORY, VIRTUAL, BY_VALUE };

static descriptor tensor(struct builder *builder, int64_t id, enum place place,
                         cudnnDataType_t type, const int64_t dimensions[RANK],
                         const int64_t strides[RANK])
{
  const int64_t alignment = type == CUDNN_DATA_INT32 ? LENGTHS_ALIGNMENT : ALIGNMENT;
  const bool is_virtual = place == VIRTUAL, by_value = place == BY_VALUE;
  const descriptor made = create(builder, CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  set_type(builder, made, CUDNN_ATTR_TENSOR_DATA_TYPE, type);
  set(builder, made, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, RANK, dimensions);
  set(builder, made, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, RANK, strides);
  set(builder, made, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, &id);
  set(builder, made, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, 1, &alignment);
  set(builder, made, CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, 1, &is_virtual);
  set(builder, made, CUDNN_ATTR_TENSOR_IS_BY_VALUE, CUDNN_TYPE_BOOLEAN, 1, &by_value);
  finalise(builder, made);
  return made;
}

/* One number a query and key, or a query where `keys` is 1. */
static descriptor inner(struct builder *builder, cudnnDataType_t type, int64_t keys)
{
  const struct tp_sdpa_shape *const s = builder->shape;
  const int64_t dimensions[RANK] = {s->batch, s->heads, s->query_len, keys};
  const int64_t strides[RANK] = {s->heads * s->query_len * keys, s->query_len * keys, keys, 1};
  return tensor(builder, builder->next_inner++, VIRTUAL, type, dimensions, strides);
}

static descriptor number(struct builder *builder, int64_t id)
{
  const int64_t ones[RANK] = {1, 1, 1, 1};
  return tensor(builder, id, BY_VALUE, CUDNN_DATA_FLOAT, ones, ones);
}

static descriptor whole_number(struct builder *builder, int64_t id)
{
  const int64_t ones[RANK] = {1, 1, 1, 1};
  return tensor(builder, id, BY_VALUE, CUDNN_DATA_INT32, ones, ones);
}

static descriptor lengths(struct builder *builder, int64_t id)
{
  const int64_t dimensions[RANK] = {builder->shape->batch, 1, 1, 1}, strides[RANK] = {1, 1, 1, 1};
  return tensor(builder, id, IN_MEMORY, CUDNN_DATA_INT32, dimensions, strides);
}

/* Where a sequence's length is no matter all three are NULL. */
struct limits {
  descriptor rows, columns, inner; /* of the products' matrices */
};

static void matmul(struct builder *builder, descriptor a, descriptor b, descriptor c,
                   struct limits limits)
{
  const double padding = 0;
  const descriptor how = create(builder, CUDNN_BACKEND_MATMUL_DESCRIPTOR);
  set_type(builder, how, CUDNN_ATTR_MATMUL_COMP_TYPE, CUDNN_DATA_FLOAT);
  set(builder, how, CUDNN_ATTR_MATMUL_PADDING_VALUE, CUDNN_TYPE_DOUBLE, 1, &padding);
  finalise(builder, how);
  const descriptor made = create(builder, CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR);
  set_part(builder, made, CUDNN_ATTR_OPERATION_MATMUL_DESC, how);
  set_part(builder, made, CUDNN_ATTR_OPERATION_MATMUL_ADESC, a);
  set_part(builder, made, CUDNN_ATTR_OPERATION_MATMUL_BDESC, b);
  set_part(builder, made, CUDNN_ATTR_OPERATION_MATMUL_CDESC, c);
  set_part(builder, made, CUDNN_ATTR_OPERATION_MATMUL_GEMM_M_OVERRIDE_DESC, limits.rows);
  set_part(builder, made, CUDNN_ATTR_OPERATION_MATMUL_GEMM_N_OVERRIDE_DESC, limits.columns);
  set_part(builder, made, CUDNN_ATTR_OPERATION_MATMUL_GEMM_K_OVERRIDE_DESC, limits.inner);
  add_operation(builder, made);
}

static void pointwise_with(struct builder *builder, descriptor how, descriptor x, descriptor b,
                           descriptor condition, descriptor y)
{
  finalise(builder, how);
  const descriptor made = create(builder, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
  set_part(builder, made, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, how);
  set_part(builder, made, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x);
  set_part(builder, made, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, b);
  set_part(builder, made, CUDNN_ATTR_OPERATION_POINTWISE_TDESC, condition);
  set_part(builder, made, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y);
  add_operation(builder, made);
}

static descriptor mode_of(struct builder *builder, cudnnPointwiseMode_t mode, cudnnDataType_t type)
{
  const descriptor made = create(builder, CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
  set(builder, made, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode);
  set_type(builder, made, CUDNN_ATTR_POINTWISE_MATH_PREC, type);
  return made;
}

/* Of x and, unless NULL, b into a new tensor of `keys` columns. */
static descriptor pointwise(struct builder *builder, cudnnPointwiseMode_t mode,
                            cudnnDataType_t type, descriptor x, descriptor b, int64_t keys)
{
  const descriptor y = inner(builder, type, keys);
  pointwise_with(builder, mode_of(builder, mode, type), x, b, NULL, y);
  return y;
}

/* The place of an element along an axis. */
static descriptor place_along(struct builder *builder, descriptor x, int64_t axis)
{
  const descriptor y = inner(builder, CUDNN_DATA_INT32, builder->shape->kv_len);
  const descriptor how = mode_of(builder, CUDNN_POINTWISE_GEN_INDEX, CUDNN_DATA_INT32);
  set(builder, how, CUDNN_ATTR_POINTWISE_AXIS, CUDNN_TYPE_INT64, 1, &axis);
  pointwise_with(builder, how, x, NULL, NULL, y);
  return y;
}

static descriptor truth(struct builder *builder, cudnnPointwiseMode_t mode, descriptor x,
                        descriptor b)
{
  return pointwise(builder, mode, CUDNN_DATA_BOOLEAN, x, b, builder->shape->kv_len);
}

/* Scores that are not `seen` become the lowest number. */
static descriptor keep(struct builder *builder, descriptor scores, descriptor seen)
{
  const descriptor y = inner(builder, CUDNN_DATA_FLOAT, builder->shape->kv_len);
  pointwise_with(builder, mode_of(builder, CUDNN_POINTWISE_BINARY_SELECT, CUDNN_DATA_FLOAT), scores,
                 number(builder, TP_SDPA_LOWEST), seen, y);
  return y;
}

static descriptor sum(struct builder *builder, cudnnPointwiseMode_t mode, descriptor x,
                      descriptor b)
{
  return pointwise(builder, mode, CUDNN_DATA_INT32, x, b, builder->shape->kv_len);
}

/* The key that stands where a query does: the last query is that of the last key. */
static descriptor own_key(struct builder *builder, descriptor scores, const struct limits *lengths)
{
  const struct tp_sdpa_shape *const s = builder->shape;
  const descriptor query = place_along(builder, scores, QUERY_AXIS);
  if (s->padded)
    return sum(builder, CUDNN_POINTWISE_SUB,
               sum(builder, CUDNN_POINTWISE_ADD, query, lengths->columns), lengths->rows);
  return s->kv_len == s->query_len
             ? query
             : sum(builder, CUDNN_POINTWISE_ADD, query, whole_number(builder, TP_SDPA_CONTEXT));
}

/* Keys from a sequence's length on. */
static descriptor mask_absent(struct builder *builder, descriptor scores,
                              const struct limits *lengths)
{
  const descriptor query = place_along(builder, scores, QUERY_AXIS);
  const descriptor key = place_along(builder, scores, KEY_AXIS);
  const descriptor is_query = truth(builder, CUDNN_POINTWISE_CMP_LT, query, lengths->rows);
  const descriptor is_key = truth(builder, CUDNN_POINTWISE_CMP_LT, key, lengths->columns);
  return keep(builder, scores, truth(builder, CUDNN_POINTWISE_LOGICAL_AND, is_query, is_key));
}

static descriptor mask_later(struct builder *builder, descriptor scores,
                             const struct limits *lengths)
{
  const descriptor own = own_key(builder, scores, lengths);
  const descriptor key = place_along(builder, scores, KEY_AXIS);
  return keep(builder, scores, truth(builder, CUDNN_POINTWISE_CMP_GE, own, key));
}

/* Keys that are a window or more before a query's own. */
static descriptor mask_older(struct builder *builder, descriptor scores,
                             const struct limits *lengths)
{
  const descriptor own = own_key(builder, scores, lengths);
  const descriptor key = place_along(builder, scores, KEY_AXIS);
  const descriptor last =
      sum(builder, CUDNN_POINTWISE_ADD, key, whole_number(builder, TP_SDPA_WINDOW));
  return keep(builder, scores, truth(builder, CUDNN_POINTWISE_CMP_GT, last, own));
}

/* In the order in which cuDNN's own front end has them, which its engines know. */
static descriptor mask(struct builder *builder, descriptor scores, const struct limits *lengths)
{
  scores = builder->shape->padded ? mask_absent(builder, scores, lengths)
                                  : mask_later(builder, scores, lengths);
  return builder->shape->window > 0 ? mask_older(builder, scores, lengths) : scores;
}

static descriptor reduction(struct builder *builder, cudnnReduceTensorOp_t operator, descriptor x)
{
  const descriptor y = inner(builder, CUDNN_DATA_FLOAT, 1);
  const descriptor how = create(builder, CUDNN_BACKEND_REDUCTION_DESCRIPTOR);
  set(builder, how, CUDNN_ATTR_REDUCTION_OPERATOR, CUDNN_TYPE_REDUCTION_OPERATOR_TYPE, 1,
      &operator);
  set_type(builder, how, CUDNN_ATTR_REDUCTION_COMP_TYPE, CUDNN_DATA_FLOAT);
  finalise(builder, how);
  const descriptor made = create(builder, CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR);
  set_part(builder, made, CUDNN_ATTR_OPERATION_REDUCTION_DESC, how);
  set_part(builder, made, CUDNN_ATTR_OPERATION_REDUCTION_XDESC, x);
  set_part(builder, made, CUDNN_ATTR_OPERATION_REDUCTION_YDESC, y);
  add_operation(builder, made);
  return y;
}

static cudnnDataType_t type_of(enum tp_dtype dtype)
{
  return dtype == TP_DTYPE_FP16 ? CUDNN_DATA_HALF : CUDNN_DATA_BFLOAT16;
}

/* cuDNN 9.19 takes this for a softmax only with the logarithm of its sums, which training would
 * store; here it is virtual. */
static descriptor softmax(struct builder *builder, descriptor scores)
{
  const cudnnDataType_t fp32 = CUDNN_DATA_FLOAT;
  const int64_t keys = builder->shape->kv_len;
  const descriptor most = reduction(builder, CUDNN_REDUCE_TENSOR_MAX, scores);
  const descriptor below = pointwise(builder, CUDNN_POINTWISE_SUB, fp32, scores, most, keys);
  const descriptor weights = pointwise(builder, CUDNN_POINTWISE_EXP, fp32, below, NULL, keys);
  const descriptor sums = reduction(builder, CUDNN_REDUCE_TENSOR_ADD, weights);
  const descriptor logs = pointwise(builder, CUDNN_POINTWISE_LOG, fp32, sums, NULL, 1);
  pointwise(builder, CUDNN_POINTWISE_ADD, fp32, most, logs, 1);
  const descriptor y = inner(builder, type_of(builder->shape->dtype), keys);
  pointwise_with(builder, mode_of(builder, CUDNN_POINTWISE_DIV, fp32), weights, sums, NULL, y);
  return y;
}

struct operands {
  descriptor q, keys, values, out; /* keys: transposed */
};

static struct operands describe_operands(struct builder *builder)
{
  const struct tp_sdpa_shape *const s = builder->shape;
  const cudnnDataType_t type = type_of(s->dtype);
  const int64_t d = s->head_dim, queries = s->query_len;
  const int64_t q_size[RANK] = {s->batch, s->heads, queries, d};
  const int64_t keys_size[RANK] = {s->batch, s->kv_heads, d, s->kv_len};
  const int64_t values_size[RANK] = {s->batch, s->kv_heads, s->kv_len, d};
  const int64_t q[RANK] = {queries * s->q_row, d, s->q_row, 1};
  const int64_t keys[RANK] = {s->capacity * s->keys_row, d, 1, s->keys_row};
  const int64_t values[RANK] = {s->capacity * s->values_row, d, s->values_row, 1};
  const int64_t out[RANK] = {queries * s->row, d, s->row, 1};
  return (struct operands){
      .q = tensor(builder, TP_SDPA_Q, IN_MEMORY, type, q_size, q),
      .keys = tensor(builder, TP_SDPA_KEYS, IN_MEMORY, type, keys_size, keys),
      .values = tensor(builder, TP_SDPA_VALUES, IN_MEMORY, type, values_size, values),
      .out = tensor(builder, TP_SDPA_OUT, IN_MEMORY, type, q_size, out),
  };
}

static void describe_attention(struct builder *builder)
{
  const struct operands o = describe_operands(builder);
  const int64_t keys = builder->shape->kv_len;
  struct limits scores_limits = {.rows = NULL}, out_limits = {.rows = NULL};
  if (builder->shape->padded) {
    scores_limits.rows = out_limits.rows = lengths(builder, TP_SDPA_QUERY_LENGTHS);
    scores_limits.columns = out_limits.inner = lengths(builder, TP_SDPA_KEY_LENGTHS);
  }
  const descriptor products = inner(builder, CUDNN_DATA_FLOAT, keys);
  matmul(builder, o.q, o.keys, products, scores_limits);
  const descriptor scores = pointwise(builder, CUDNN_POINTWISE_MUL, CUDNN_DATA_FLOAT, products,
                                      number(builder, TP_SDPA_SCALE), keys);
  const descriptor weights = softmax(builder, mask(builder, scores, &scores_limits));
  matmul(builder, weights, o.values, o.out, out_limits);
}

enum tp_status tp_sdpa_graph_make(cudnnHandle_t handle, const struct tp_sdpa_shape *shape,
                                  struct tp_sdpa_graph *graph, struct tp_error *error)
{
  struct builder builder = {
      .graph = graph, .shape = shape, .next_inner = TP_SDPA_INNER, .error = error};
  *graph = (struct tp_sdpa_graph){.n = 0};
  describe_attention(&builder);
  graph->graph = create(&builder, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
  set(&builder, graph->graph, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR,
      builder.n_operations, builder.operations);
  if (handle != NULL)
    set(&builder, graph->graph, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1, &handle);
  finalise(&builder, graph->graph);
  if (builder.status != TP_OK)
    tp_sdpa_graph_free(graph);
  return builder.status;
}

void tp_sdpa_graph_free(struct tp_sdpa_graph *graph)
{
  while (graph->n > 0)
    cudnnBackendDestroyDescriptor(graph->descriptors[--graph->n]);
}
