/* NCCL among forked ranks, over memory that they share:
 *
 *     a communicator's board   | rank 0: posted, left, what it asked for, data | rank 1: .. | ..
 *
 * A collective waits until all have left the last one, puts the rank's data on the board, waits
 * until all have, and takes the result.  Ranks that ask for different things stop the test.
 */
#include "config.h"
#ifdef HAVE_NCCL
#include <nccl.h> /* before host_cuda.h gives words of CUDA another meaning */

#include "fake_runtime_state.h"
extern "C" {
#include "run/element.h"
}

#include <cstdio>
#include <cstdlib>

enum { MOST_RANKS = 8, MOST_COMMS = 8, DATA_BYTES = FAKE_BOARD_BYTES / 128 };

namespace
{

enum kind { ALL_REDUCE, ALL_GATHER, REDUCE_SCATTER, ALL_TO_ALL };

struct wish {
  kind what;
  size_t elements; /* that a rank gives */
  ncclDataType_t type;
};

struct desk {
  volatile uint64_t posted, left;
  wish asked;
  char data[];
};

struct job {
  wish asked;
  const void *in;
  void *out;
  size_t bytes; /* that the rank gives */
};

size_t bytes_of(ncclDataType_t type)
{
  return type == ncclFloat32 ? 4 : type == ncclInt8 ? 1 : 2;
}

enum tp_dtype dtype_of(ncclDataType_t type)
{
  return type == ncclFloat32 ? TP_DTYPE_FP32 : type == ncclFloat16 ? TP_DTYPE_FP16 : TP_DTYPE_BF16;
}

/* Sends and receives between ncclGroupStart and ncclGroupEnd, in the order of peers. */
struct {
  bool open;
  std::vector<const void *> from;
  std::vector<void *> to;
  size_t part;
  ncclDataType_t type;
  ncclComm_t comm;
  cudaStream_t stream;
} group;

} // namespace

struct ncclComm {
  int number, rank, ranks;
  uint64_t rounds;

  desk &of(int which) const
  {
    const int place = number * MOST_RANKS + which;
    return *reinterpret_cast<desk *>(fake_shared_board() +
                                     static_cast<size_t>(1 + place) * DATA_BYTES);
  }
};

namespace
{

void take(const ncclComm &comm, const job &j)
{
  const size_t n = j.asked.elements, part = n / static_cast<size_t>(comm.ranks);
  const size_t each = j.bytes / static_cast<size_t>(comm.ranks);
  const size_t first = j.asked.what == REDUCE_SCATTER ? part * static_cast<size_t>(comm.rank) : 0;
  const enum tp_dtype dtype = dtype_of(j.asked.type);
  char *const out = static_cast<char *>(j.out);
  for (int rank = 0; rank < comm.ranks; rank++) {
    const size_t place = static_cast<size_t>(rank);
    if (j.asked.what == ALL_GATHER)
      memcpy(out + place * j.bytes, comm.of(rank).data, j.bytes);
    if (j.asked.what == ALL_TO_ALL)
      memcpy(out + place * each, comm.of(rank).data + static_cast<size_t>(comm.rank) * each, each);
  }
  if (j.asked.what == ALL_GATHER || j.asked.what == ALL_TO_ALL)
    return;
  for (size_t i = 0; i < (j.asked.what == ALL_REDUCE ? n : part); i++) {
    float sum = 0;
    for (int rank = 0; rank < comm.ranks; rank++)
      sum += tp_element_value(dtype, comm.of(rank).data, static_cast<int64_t>(first + i));
    tp_element_set(dtype, out, static_cast<int64_t>(i), sum);
  }
}

bool all_at(const ncclComm &comm, uint64_t round, bool left)
{
  for (int rank = 0; rank < comm.ranks; rank++)
    if ((left ? comm.of(rank).left : comm.of(rank).posted) < round)
      return false;
  __sync_synchronize();
  return true;
}

void agree(const ncclComm &comm, const job &j)
{
  for (int rank = 0; rank < comm.ranks; rank++) {
    const wish &other = comm.of(rank).asked;
    if (other.what == j.asked.what && other.elements == j.asked.elements &&
        other.type == j.asked.type)
      continue;
    fprintf(stderr, "NCCL: ranks %d and %d ask for different collectives\n", comm.rank, rank);
    abort();
  }
}

host_cuda_progress go_on(ncclComm *comm, const job &j, uint64_t *round)
{
  desk &own = comm->of(comm->rank);
  if (*round == 0) {
    if (!all_at(*comm, comm->rounds, true))
      return HOST_CUDA_GOES_ON;
    *round = ++comm->rounds;
    own.asked = j.asked;
    memcpy(own.data, j.in, j.bytes);
    __sync_synchronize();
    own.posted = *round;
  }
  if (!all_at(*comm, *round, false))
    return HOST_CUDA_GOES_ON;
  agree(*comm, j);
  take(*comm, j);
  __sync_synchronize();
  own.left = *round;
  *round = 0; /* for the next replay */
  return HOST_CUDA_DONE;
}

ncclResult_t submit(ncclComm *comm, const job &j, cudaStream_t stream)
{
  const auto round = std::make_shared<uint64_t>(0);
  host_cuda_work work = {};
  if (j.bytes > DATA_BYTES - sizeof(desk))
    return ncclInvalidUsage;
  work.step = [comm, j, round]() { return go_on(comm, j, round.get()); };
  return fake_submit(stream, std::move(work)) == cudaSuccess ? ncclSuccess : ncclUnhandledCudaError;
}

ncclResult_t collective(kind what, const void *in, void *out, size_t n, ncclDataType_t type,
                        ncclComm_t comm, cudaStream_t stream)
{
  return submit(comm, {{what, n, type}, in, out, n * bytes_of(type)}, stream);
}

} // namespace

extern "C" {

ncclResult_t ncclGetVersion(int *version)
{
  *version = 22809;
  return ncclSuccess;
}

const char *ncclGetErrorString(ncclResult_t)
{
  return "NCCL of the test";
}

const char *ncclGetLastError(ncclComm_t)
{
  return "misused";
}

/* A name is the number of a board. */
ncclResult_t ncclGetUniqueId(ncclUniqueId *id)
{
  int *const made = reinterpret_cast<int *>(fake_shared_board());
  memset(id, 0, sizeof *id);
  memcpy(id->internal, made, sizeof *made);
  return (*made)++ < MOST_COMMS ? ncclSuccess : ncclSystemError;
}

/* Allocates, so that no capture may see it. */
ncclResult_t ncclCommInitRankConfig(ncclComm_t *comm, int ranks, ncclUniqueId id, int rank,
                                    ncclConfig_t *)
{
  int number;
  memcpy(&number, id.internal, sizeof number);
  if (ranks > MOST_RANKS || fake_forbidden() != cudaSuccess)
    return ncclInvalidUsage;
  *comm = new ncclComm{number, rank, ranks, 0};
  return ncclSuccess;
}

ncclResult_t ncclCommDestroy(ncclComm_t comm)
{
  delete comm;
  return ncclSuccess;
}

ncclResult_t ncclAllReduce(const void *in, void *out, size_t n, ncclDataType_t type, ncclRedOp_t op,
                           ncclComm_t comm, cudaStream_t stream)
{
  return op == ncclSum ? collective(ALL_REDUCE, in, out, n, type, comm, stream)
                       : ncclInvalidArgument;
}

ncclResult_t ncclAllGather(const void *in, void *out, size_t n, ncclDataType_t type,
                           ncclComm_t comm, cudaStream_t stream)
{
  return collective(ALL_GATHER, in, out, n, type, comm, stream);
}

ncclResult_t ncclReduceScatter(const void *in, void *out, size_t n, ncclDataType_t type,
                               ncclRedOp_t op, ncclComm_t comm, cudaStream_t stream)
{
  const size_t all = n * static_cast<size_t>(comm->ranks);
  return op == ncclSum ? collective(REDUCE_SCATTER, in, out, all, type, comm, stream)
                       : ncclInvalidArgument;
}

ncclResult_t ncclGroupStart(void)
{
  group.open = true;
  group.from.clear();
  group.to.clear();
  return ncclSuccess;
}

ncclResult_t ncclSend(const void *in, size_t n, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream)
{
  if (!group.open || peer != static_cast<int>(group.from.size()))
    return ncclInvalidUsage;
  group.from.push_back(in);
  group.part = n;
  group.type = type;
  group.comm = comm;
  group.stream = stream;
  return ncclSuccess;
}

ncclResult_t ncclRecv(void *out, size_t n, ncclDataType_t, int peer, ncclComm_t, cudaStream_t)
{
  if (!group.open || peer != static_cast<int>(group.to.size()) || n != group.part)
    return ncclInvalidUsage;
  group.to.push_back(out);
  return ncclSuccess;
}

/* All to all, the parts next to each other. */
ncclResult_t ncclGroupEnd(void)
{
  const size_t ranks = group.from.size(), part_bytes = group.part * bytes_of(group.type);
  group.open = false;
  if (ranks != static_cast<size_t>(group.comm->ranks) || group.to.size() != ranks)
    return ncclInvalidUsage;
  for (size_t i = 0; i < ranks; i++)
    if (group.from[i] != static_cast<const char *>(group.from[0]) + i * part_bytes ||
        group.to[i] != static_cast<char *>(group.to[0]) + i * part_bytes)
      return ncclInvalidUsage;
  return collective(ALL_TO_ALL, group.from[0], group.to[0], ranks * group.part, group.type,
                    group.comm, group.stream);
}
}
#endif
