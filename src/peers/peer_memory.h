#ifndef TP_PEERS_PEER_MEMORY_H
#define TP_PEERS_PEER_MEMORY_H
/* Memory of every rank that all ranks of the group reach, through CUDA's handles between processes.
 */
#include "peers/peer.h"
#include "ranks/team.h"

struct tp_peer_memory {
  struct tp_peer peer;
  bool reached; /* false: a GPU does not reach another, or there are too many; no memory then */
};

/* All ranks call it together; `device` is current.  Two ranks may share a GPU: slow, but it works.
 */
enum tp_status tp_peer_memory_open(struct tp_team *group, int device, struct tp_peer_memory *memory,
                                   struct tp_error *error);
/* To be called once no rank's kernels run any more. */
void tp_peer_memory_close(struct tp_peer_memory *memory);
#endif
