#include "config.h"

#include "peers/nccl.h"

#ifdef HAVE_NCCL
#include "gpu/check.h"
#include "peers/nccl_library.h"

#include <stdlib.h>

enum { MAX_LIMITS = 8, FIRST_WITH_LIMITS = 21700 };

struct limited {
  int sms; /* 0: as many as NCCL likes */
  ncclComm_t comm;
};

struct tp_nccl {
  struct tp_team *group;
  struct tp_nccl_library library;
  enum tp_status loaded;
  struct tp_error absent; /* where it was not: for the first op that needs it */
  int n;
  struct limited limited[MAX_LIMITS];
};

static enum tp_status check(const struct tp_nccl *nccl, ncclResult_t result, const char *what,
                            struct tp_error *error)
{
  if (result == ncclSuccess)
    return TP_OK;
  return tp_fail(error, TP_E_ENVIRONMENT, "%s: NCCL: %s (%s)", what,
                 nccl->library.GetErrorString(result), nccl->library.GetLastError(NULL));
}

enum tp_status tp_nccl_open(struct tp_team *group, struct tp_nccl **nccl, struct tp_error *error)
{
  struct tp_nccl *const made = calloc(1, sizeof *made);
  if (made == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  made->group = group;
  made->loaded = tp_nccl_library_load(&made->library, &made->absent);
  *nccl = made;
  return TP_OK;
}

void tp_nccl_close(struct tp_nccl *nccl)
{
  if (nccl == NULL)
    return;
  for (int i = 0; i < nccl->n; i++)
    nccl->library.CommDestroy(nccl->limited[i].comm);
  free(nccl);
}

/* What rank 0 invents and all others learn. */
struct name {
  enum tp_status status;
  ncclUniqueId id;
};

static enum tp_status agree(const struct tp_nccl *nccl, ncclUniqueId *id, struct tp_error *error)
{
  struct tp_team *const group = nccl->group;
  struct name mine = {.status = TP_OK};
  struct name *const names = calloc((size_t)tp_team_ranks(group), sizeof *names);
  if (names == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  if (tp_team_rank(group) == 0)
    mine.status = check(nccl, nccl->library.GetUniqueId(&mine.id), "rank 0", error);
  enum tp_status status = tp_team_gather(group, &mine, sizeof mine, names, error);
  if (status == TP_OK && names[0].status != TP_OK)
    status = tp_team_rank(group) == 0 ? mine.status
                                      : tp_fail(error, names[0].status, "rank 0 cannot start NCCL");
  *id = names[0].id;
  free(names);
  return status;
}

static enum tp_status connect_limited(struct tp_nccl *nccl, int sms, struct tp_error *error)
{
  struct limited *const made = &nccl->limited[nccl->n];
  int version = 0;
  ncclUniqueId id;
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  enum tp_status status = check(nccl, nccl->library.GetVersion(&version), "version", error);
  if (status == TP_OK && sms > 0 && version < FIRST_WITH_LIMITS)
    return tp_fail(error, TP_E_ENVIRONMENT, "NCCL %d cannot be limited to %d SMs; 2.17 can",
                   version, sms);
  if (sms > 0)
    config.maxCTAs = sms;
  if (status == TP_OK)
    status = agree(nccl, &id, error);
  if (status == TP_OK)
    status = check(nccl,
                   nccl->library.CommInitRankConfig(&made->comm, tp_team_ranks(nccl->group), id,
                                                    tp_team_rank(nccl->group), &config),
                   "start", error);
  if (status == TP_OK) {
    made->sms = sms;
    nccl->n++;
  }
  return status;
}

static enum tp_status comm_for(struct tp_nccl *nccl, const struct tp_op *op, cudaStream_t stream,
                               ncclComm_t *comm, struct tp_error *error)
{
  const int sms = op->collective.sms;
  int i = 0;
  while (i < nccl->n && nccl->limited[i].sms != sms)
    i++;
  if (i == nccl->n) {
    enum cudaStreamCaptureStatus capture = cudaStreamCaptureStatusNone;
    enum tp_status status = TP_CUDA(cudaStreamIsCapturing(stream, &capture), error);
    if (status == TP_OK && capture != cudaStreamCaptureStatusNone)
      status = tp_fail(error, TP_E_INPUT,
                       "%s: NCCL with %d SMs is not set up yet; run a pass before it is captured",
                       op->name, sms);
    if (status == TP_OK && i == MAX_LIMITS)
      status = tp_fail(error, TP_E_INPUT, "%s: more than %d limits of SMs", op->name, MAX_LIMITS);
    if (status == TP_OK)
      status = connect_limited(nccl, sms, error);
    if (status != TP_OK)
      return status;
  }
  *comm = nccl->limited[i].comm;
  return TP_OK;
}

static ncclDataType_t type_of(enum tp_dtype dtype)
{
  switch (dtype) {
  case TP_DTYPE_FP16:
    return ncclFloat16;
  case TP_DTYPE_BF16:
    return ncclBfloat16;
  case TP_DTYPE_FP32:
    return ncclFloat32;
  default: /* no such elements travel */
    break;
  }
  return ncclInt8;
}

static ncclResult_t all_to_all(const struct tp_nccl *nccl, const struct tp_comm_buffers *buffers,
                               ncclDataType_t type, ncclComm_t comm, cudaStream_t stream)
{
  const struct tp_nccl_library *const library = &nccl->library;
  const int ranks = tp_team_ranks(nccl->group);
  const size_t part = (size_t)buffers->elements / (size_t)ranks;
  const size_t part_bytes = part * (size_t)tp_dtype_bytes(buffers->dtype);
  ncclResult_t result = library->GroupStart();
  for (int rank = 0; rank < ranks && result == ncclSuccess; rank++) {
    const size_t at = (size_t)rank * part_bytes;
    result = library->Send((const char *)buffers->in + at, part, type, rank, comm, stream);
    if (result == ncclSuccess)
      result = library->Recv((char *)buffers->out + at, part, type, rank, comm, stream);
  }
  const ncclResult_t end = library->GroupEnd();
  return result != ncclSuccess ? result : end;
}

enum tp_status tp_nccl_run(struct tp_nccl *nccl, const struct tp_op *op,
                           const struct tp_comm_buffers *buffers, cudaStream_t stream,
                           struct tp_error *error)
{
  const void *const in = buffers->in;
  void *const out = buffers->out;
  const ncclDataType_t type = type_of(buffers->dtype);
  const struct tp_nccl_library *const library = &nccl->library;
  const int ranks = tp_team_ranks(nccl->group);
  const size_t count = (size_t)buffers->elements, part = count / (size_t)ranks;
  ncclResult_t result = ncclInvalidUsage;
  ncclComm_t comm;
  if (nccl->loaded != TP_OK)
    return tp_fail(error, nccl->loaded, "%s: %.400s", op->name, nccl->absent.text);
  const enum tp_status status = comm_for(nccl, op, stream, &comm, error);
  if (status != TP_OK)
    return status;
  switch (op->collective.kind) {
  case TP_ALL_REDUCE:
    result = library->AllReduce(in, out, count, type, ncclSum, comm, stream);
    break;
  case TP_ALL_GATHER:
    result = library->AllGather(in, out, part, type, comm, stream);
    break;
  case TP_REDUCE_SCATTER:
    result = library->ReduceScatter(in, out, part, type, ncclSum, comm, stream);
    break;
  case TP_ALL_TO_ALL:
    result = all_to_all(nccl, buffers, type, comm, stream);
    break;
  case TP_SEND:
  case TP_PREPARE:
  case TP_DISPATCH:
  case TP_COMBINE:
    break;
  }
  return check(nccl, result, op->name, error);
}

int tp_nccl_version(void)
{
  struct tp_nccl_library library;
  int version = 0;
  const bool known =
      tp_nccl_library_load(&library, NULL) == TP_OK && library.GetVersion(&version) == ncclSuccess;
  return known ? version : 0;
}

#else

enum tp_status tp_nccl_open(struct tp_team *group, struct tp_nccl **nccl, struct tp_error *error)
{
  (void)group, (void)error;
  *nccl = NULL;
  return TP_OK;
}

void tp_nccl_close(struct tp_nccl *nccl)
{
  (void)nccl;
}

enum tp_status tp_nccl_run(struct tp_nccl *nccl, const struct tp_op *op,
                           const struct tp_comm_buffers *buffers, cudaStream_t stream,
                           struct tp_error *error)
{
  (void)nccl, (void)buffers, (void)stream;
  return tp_fail(error, TP_E_ENVIRONMENT,
                 "%s: this build has no NCCL; configure where nccl.h is, or take a stack with "
                 "'peer-kernels'",
                 op->name);
}

int tp_nccl_version(void)
{
  return 0;
}
#endif
