#ifndef TP_PEERS_NCCL_LIBRARY_H
#define TP_PEERS_NCCL_LIBRARY_H
/* NCCL's functions, out of a library that is loaded when ranks first meet and not when the program
 * starts: one GPU is measured where there is no NCCL.  Needs nccl.h: HAVE_NCCL. */
#include "base/error.h"

#include <nccl.h>

/* X(name): ncclNAME */
#define TP_NCCL_FUNCTIONS(X) \
  X(GetVersion)              \
  X(GetErrorString)          \
  X(GetLastError)            \
  X(GetUniqueId)             \
  X(CommInitRankConfig)      \
  X(CommDestroy)             \
  X(AllReduce)               \
  X(AllGather)               \
  X(ReduceScatter)           \
  X(GroupStart)              \
  X(GroupEnd)                \
  X(Send)                    \
  X(Recv)

struct tp_nccl_library {
#define X(name) __typeof__(nccl##name) *name;
  TP_NCCL_FUNCTIONS(X)
#undef X
};

/* Stays loaded as long as the process.  TP_E_ENVIRONMENT where it is not there or too old; the
 * error names it and the mend. */
enum tp_status tp_nccl_library_load(struct tp_nccl_library *library, struct tp_error *error);
#endif
