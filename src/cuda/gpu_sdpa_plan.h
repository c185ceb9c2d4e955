#ifndef TP_CUDA_GPU_SDPA_PLAN_H
#define TP_CUDA_GPU_SDPA_PLAN_H
/* The kernel of a graph of attention: the first that cuDNN's heuristics name and can make. */
#include "cuda/gpu_sdpa_graph.h"

struct tp_sdpa_plan {
  struct tp_sdpa_graph graph;
  cudnnBackendDescriptor_t config, plan; /* the plan refers to its config and graph */
  int64_t workspace_bytes;
};

/* For a device by its properties: CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR.  TP_E_ENVIRONMENT where
 * cuDNN has no kernel for the shape, naming the mend. */
enum tp_status tp_sdpa_plan_make(cudnnBackendDescriptor_t properties,
                                 const struct tp_sdpa_shape *shape, struct tp_sdpa_plan *plan,
                                 struct tp_error *error);
void tp_sdpa_plan_free(struct tp_sdpa_plan *plan);
#endif
