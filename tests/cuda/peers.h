#ifndef TP_TESTS_PEERS_H
#define TP_TESTS_PEERS_H
/* Several GPUs in one process: memory that all of them reach, and a stream each. */
#include "peers/peer.h"

#include <cstdint>
#include <cstring>
#include <vector>

struct peers {
  int ranks;
  int64_t slot_bytes;
  std::vector<std::vector<char>> memory;

  peers(int ranks_, int64_t slot_bytes_) : ranks(ranks_), slot_bytes(slot_bytes_)
  {
    for (int rank = 0; rank < ranks; rank++) {
      memory.emplace_back(tp_peer_bytes(slot_bytes) + 16);
      /* What a kernel reads before it is written is no number. */
      memset(slot(rank, 0), 0xff, static_cast<size_t>(2 * slot_bytes));
    }
  }
  char *base(int rank)
  {
    return reinterpret_cast<char *>((reinterpret_cast<uintptr_t>(&memory[rank][0]) + 15) / 16 * 16);
  }
  char *slot(int rank, int which)
  {
    return base(rank) + tp_peer_bytes(slot_bytes) + (which - 2) * slot_bytes;
  }
  tp_peer of(int rank)
  {
    tp_peer peer = {rank, ranks, {}, slot_bytes};
    for (int i = 0; i < ranks; i++)
      peer.memory[i] = base(i);
    return peer;
  }
  static cudaStream_t stream(int rank)
  {
    return reinterpret_cast<cudaStream_t>(static_cast<uintptr_t>(rank) + 1);
  }
};
#endif
