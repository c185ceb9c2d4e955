#ifndef TP_GPU_GPU_H
#define TP_GPU_GPU_H
/* A device that is a GPU: streams, events and graphs of CUDA; GEMMs by cuBLASLt; attention by cuDNN
 * (flash) or cuBLAS (materialised, expanded); collectives by NCCL, by kernels over peer memory, or,
 * with one GPU, by stand-ins.  No CUDA type appears here: gpu/state.h has those.
 */
#include "cost/cost.h"
#include "ranks/team.h"
#include "run/calls.h"

struct tp_gpu_options {
  int device;
  struct tp_team *group;        /* NULL: alone */
  const struct tp_stack *stack; /* which library does what */
  /* Rank 0 of this machine on one GPU: every collective becomes a stand-in that holds SMs or copy
   * engines, moves the bytes its algorithm would through this GPU's memory and lasts at least its
   * modelled time.  NULL: real collectives among the group's ranks. */
  const struct tp_machine *emulated;
  int standin_sms; /* SMs a stand-in holds; 0: as many as the model says; -1: copy engines */
};

struct tp_gpu_facts {
  char name[96], driver[24], runtime[24], cublaslt[24], cudnn[24];
  char nccl[24];       /* "unused": one GPU loads none */
  int sms, capability; /* 90: sm_90 */
  size_t memory_bytes;
  double clock_hz, memory_clock_hz; /* as they are now; the highest where no driver tells */
};

/* TP_E_ENVIRONMENT, with the driver's reason, where no GPU can be used. */
enum tp_status tp_gpu_count(int *count, struct tp_error *error);
enum tp_status tp_gpu_facts(int device, struct tp_gpu_facts *facts, struct tp_error *error);

/* TP_E_ENVIRONMENT where the GPU or a library is absent; the error names it. */
enum tp_status tp_gpu_open(const struct tp_gpu_options *options, struct tp_calls *calls,
                           struct tp_error *error);
void tp_gpu_close(struct tp_calls *calls);
#endif
