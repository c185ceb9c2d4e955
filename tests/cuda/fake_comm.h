#ifndef TP_TESTS_FAKE_COMM_H
#define TP_TESTS_FAKE_COMM_H
/* CUDA, NCCL and our kernels as the host's side of collectives calls them: nothing is computed,
 * everything put on the stream is written down. */
#include <cuda_runtime_api.h>
#include <stdatomic.h>
#include <stdbool.h>

struct fake_comm {
  int device;               /* this process's GPU: its number and its place on the bus */
  int unreached;            /* a GPU that this one cannot read; -1: none */
  int hidden;               /* a GPU that this process does not see; -1: none */
  int fails_in;             /* the n-th call that can fail from now on does; 0: none */
  bool capturing;           /* the stream */
  int objects, opened;      /* made and not destroyed: all; handles of peers' memory */
  int connected, most_ctas; /* communicators made; limit of the last one */
  long long first, vectors; /* of the last stand-in: where in the windows, how many */
  int held;                 /* blocks of a load that find an SM; -1: all */
  long long period;         /* between chunks of a load's block */
  bool copies_take_sms;     /* within memory: none ends while the SMs are held */
  int trials;               /* questions whether the SMs are still held */
  atomic_int n_copies;      /* by engines; what the first ones read */
  const char *copied[16];
  /* Stand-ins last `pace` times as long as they should, take `share` of an SM a block, and run at
   * once or in turn. */
  double pace, share;
  bool in_turn;
  double elapsed_ns; /* since the last question of it */
  cudaStream_t held_by;
  int held_blocks;
  char lines[1024]; /* "one-shot 24 bf16\n" */
};
extern struct fake_comm fake_comm;

void fake_comm_reset(int device);
#endif
