#ifndef TP_RUN_BESIDE_H
#define TP_RUN_BESIDE_H
/* A load that runs on a device beside what is measured: SMs held, or DRAM traffic of a copy.
 *
 *     beside.start(beside.state, &(struct tp_load){.held_sms = 8}, error);
 *     ... time a GEMM by the device's calls, without waiting for the whole device ...
 *     beside.stop(beside.state, &moved_bytes_per_s, error);
 */
#include "base/error.h"

/* SMs that do nothing but wait or, with a rate, copy within the device's memory.  A rate with no
 * SMs is copied by copy engines; TP_E_INPUT where a trial shows that such copies take SMs. */
struct tp_load {
  int held_sms;            /* no other block fits on them */
  double copy_bytes_per_s; /* read and written, together */
};

/* How late stand-ins for a collective began that were launched amid other work: of each its first
 * block and its last one, from when it could begin. */
enum { TP_STARTS = 32 };
struct tp_starts {
  double first_s[TP_STARTS], last_s[TP_STARTS];
};

struct tp_beside_state;

struct tp_beside {
  struct tp_beside_state *state;
  /* Returns when the SMs are held and bytes move.  An empty load starts nothing.  One load runs at
   * a time. */
  enum tp_status (*start)(struct tp_beside_state *state, const struct tp_load *load,
                          struct tp_error *error);
  /* `moved_bytes_per_s`: what was read and written since start. */
  enum tp_status (*stop)(struct tp_beside_state *state, double *moved_bytes_per_s,
                         struct tp_error *error);
  /* Launches TP_STARTS stand-ins of `sms` SMs one after another, as a collective's: of the highest
   * priority.  The caller has issued work that lasts tp_starts_s from now on.  Returns when all
   * have begun and ended. */
  enum tp_status (*starts)(struct tp_beside_state *state, int sms, struct tp_starts *starts,
                           struct tp_error *error);
  void (*close)(struct tp_beside_state *state);
};

/* Longer than the stand-ins of `starts` take. */
static const double tp_starts_s = 0.02;

/* On a GPU (built with CUDA only).  A load ends by itself after a minute, so that a program that
 * died leaves no GPU held. */
enum tp_status tp_beside_open_gpu(int device, struct tp_beside *beside, struct tp_error *error);
#endif
