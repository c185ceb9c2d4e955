#ifndef TP_RUN_PEER_TRY_H
#define TP_RUN_PEER_TRY_H
/* An all-reduce over peer memory with one GPU: its ranks are streams of one process, and what each
 * of them calls its own is that GPU's memory.  It tells what the kernels compute and that they
 * meet; of links and of memory between processes it tells nothing. */
#include "run/comm_choice.h"

/* Whether this build has what takes several GPUs (gpu/peers.h). */
bool tp_peers_are_here(void);

enum { TP_PEER_TRY_MOST_RANKS = 8 };

struct tp_peer_trial {
  enum tp_comm_way way; /* one-shot, two-shot or flash */
  struct tp_wire wire;  /* of flash */
  int ranks;
  enum tp_dtype dtype;
  int64_t elements;
  /* The host's, by rank. */
  const void *in[TP_PEER_TRY_MOST_RANKS];
  void *out[TP_PEER_TRY_MOST_RANKS];
};

/* On `device`, which is current and has nothing else to do.  TP_E_INPUT where this build left peers
 * out. */
enum tp_status tp_peer_try(int device, const struct tp_peer_trial *trial, struct tp_error *error);
#endif
