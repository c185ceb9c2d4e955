#ifndef TP_GPU_ATTENTION_BLAS_H
#define TP_GPU_ATTENTION_BLAS_H
/* Attention by products: K and V are repeated for the query heads that share them (expanded), the
 * scores QK' lie in memory in the op's type, then come our softmax and PV.  Arguments and errors as
 * in gpu/attention.h. */
#include "run/calls.h"

#include <cuda_runtime_api.h>

struct tp_gpu_products;
enum tp_status tp_gpu_products_open(struct tp_gpu_products **products, struct tp_error *error);
void tp_gpu_products_close(struct tp_gpu_products *products);
enum tp_status tp_gpu_products_run(struct tp_gpu_products *products,
                                   const struct tp_bound_op *bound, cudaStream_t stream,
                                   bool capturing, struct tp_error *error);

#endif
