#ifndef TP_CUDA_GPU_ATTENTION_STYLES_H
#define TP_CUDA_GPU_ATTENTION_STYLES_H
/* The two ways behind tp_gpu_attention_run; arguments and errors as there. */
#include "cuda/calls.h"

#include <cuda_runtime_api.h>

/* gpu_attention_blas.c: K and V repeated for the query heads that share them (expanded), the
 * scores QK' in memory in the op's type, our softmax, PV. */
struct tp_gpu_products;
enum tp_status tp_gpu_products_open(struct tp_gpu_products **products, struct tp_error *error);
void tp_gpu_products_close(struct tp_gpu_products *products);
enum tp_status tp_gpu_products_run(struct tp_gpu_products *products,
                                   const struct tp_bound_op *bound, cudaStream_t stream,
                                   bool capturing, struct tp_error *error);

/* gpu_attention_cudnn.c: one fused kernel. */
struct tp_gpu_flash;
enum tp_status tp_gpu_flash_open(struct tp_gpu_flash **flash, struct tp_error *error);
void tp_gpu_flash_close(struct tp_gpu_flash *flash);
enum tp_status tp_gpu_flash_run(struct tp_gpu_flash *flash, const struct tp_bound_op *bound,
                                cudaStream_t stream, bool capturing, struct tp_error *error);
#endif
