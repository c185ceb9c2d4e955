#ifndef TP_GPU_SDPA_PLAN_H
#define TP_GPU_SDPA_PLAN_H
/* The kernel of a graph of attention: the first of those that cuDNN's heuristics name that can be
 * made. */
#include "gpu/sdpa_graph.h"

struct tp_sdpa_plan {
  struct tp_sdpa_graph graph;
  cudnnBackendDescriptor_t config, plan; /* the plan refers to its config and graph */
  int64_t workspace_bytes;
};

/* The device that a plan is for: that of a handle, or one that is not here and is described by its
 * properties (CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR).  With a handle, plans are made as frameworks
 * make them; cuDNN 9.19 calls that way deprecated, but only it is known to run everywhere. */
struct tp_sdpa_target {
  cudnnHandle_t handle; /* NULL: by properties */
  cudnnBackendDescriptor_t properties;
};

/* Each plan compiles its own kernel: with one cache of kernels for graphs of any shape
 * (CUDNN_ATTR_EXECUTION_PLAN_KERNEL_CACHE) cuDNN 9.19 computes wrong numbers on an H200 and reads
 * memory that is not its own.  TP_E_INPUT where it has no kernel for the shape, naming the mend;
 * TP_E_ENVIRONMENT where it fails otherwise. */
enum tp_status tp_sdpa_plan_make(const struct tp_sdpa_target *target,
                                 const struct tp_sdpa_shape *shape, struct tp_sdpa_plan *plan,
                                 struct tp_error *error);
void tp_sdpa_plan_free(struct tp_sdpa_plan *plan);
#endif
