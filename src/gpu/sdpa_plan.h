#ifndef TP_GPU_SDPA_PLAN_H
#define TP_GPU_SDPA_PLAN_H
/* The kernel of a graph of attention: the first that cuDNN's heuristics name and can make. */
#include "gpu/sdpa_graph.h"

struct tp_sdpa_plan {
  struct tp_sdpa_graph graph;
  cudnnBackendDescriptor_t config, plan; /* the plan refers to its config and graph */
  int64_t workspace_bytes;
};

/* Whose device a plan is for: the one of a handle, or one that is told by its properties
 * (CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR) and is not here.  A handle goes the way that frameworks go,
 * which cuDNN 9.19 calls deprecated and which alone is known to run everywhere. */
struct tp_sdpa_target {
  cudnnHandle_t handle; /* NULL: by properties */
  cudnnBackendDescriptor_t properties;
};

/* TP_E_ENVIRONMENT where cuDNN has no kernel for the shape, naming the mend. */
enum tp_status tp_sdpa_plan_make(const struct tp_sdpa_target *target,
                                 const struct tp_sdpa_shape *shape, struct tp_sdpa_plan *plan,
                                 struct tp_error *error);
void tp_sdpa_plan_free(struct tp_sdpa_plan *plan);
#endif
