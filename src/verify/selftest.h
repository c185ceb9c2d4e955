#ifndef TP_VERIFY_SELFTEST_H
#define TP_VERIFY_SELFTEST_H
/* What `tpsim-cuda selftest` runs, one line of result each. */
#include "program/variant.h"
#include "ranks/team.h"
#include "run/calls.h"
#include "run/peer_try.h"
#include "run/standin_try.h"

enum tp_selftest_outcome { TP_SELFTEST_PASSED, TP_SELFTEST_FAILED, TP_SELFTEST_SKIPPED };

struct tp_selftest_line {
  const char *name;
  enum tp_selftest_outcome outcome;
  double error, bound; /* where it passed or failed */
  const char *why;     /* reason why it failed or was skipped */
};

struct tp_selftest {
  uint64_t seed;    /* of numbers, and of orders on the host */
  const char *only; /* lines whose names contain it; NULL: all */
  /* These variants and nothing else; none: all of the registries, and what a device is made of. */
  const struct tp_variant *variants;
  size_t n_variants;
  const struct tp_variant *against; /* whose equations they are held against; NULL: their own */
  /* Called on every rank, with the worst outcome of all ranks. */
  void (*report)(void *data, const struct tp_selftest_line *line);
  void *data;
  int passed, failed, skipped;
};

/* Variants at every degree on the host device (verify/matrix.h). */
void tp_selftest_host(struct tp_selftest *selftest);

/* Every kernel, GEMM and attention of a device against the host's, or with several ranks every
 * collective; then the variants at the degree of its ranks.  fp8, fused attention in fp32 and
 * windows are skipped where the device refuses them (TP_E_INPUT).  Fails only where the ranks of
 * `group` cannot agree; `group` is NULL for a lone rank. */
enum tp_status tp_selftest_device(struct tp_selftest *selftest, const struct tp_calls *calls,
                                  struct tp_team *group, struct tp_error *error);

/* Judges what stand-ins were measured to do.  Returns whether kernels of two streams run at once.
 */
bool tp_selftest_standins(struct tp_selftest *selftest, const struct tp_standin_ratios *ratios);

/* All-reduces over peer memory among 2 and 4 ranks that are streams of one GPU, where those run at
 * once: they wait for each other.  `run` is tp_peer_try; where this build left that out, one line
 * is skipped. */
void tp_selftest_peers(struct tp_selftest *selftest, int device,
                       enum tp_status (*run)(int device, const struct tp_peer_trial *trial,
                                             struct tp_error *error));
#endif
