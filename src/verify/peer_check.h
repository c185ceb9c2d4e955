#ifndef TP_VERIFY_PEER_CHECK_H
#define TP_VERIFY_PEER_CHECK_H
/* Whether kernels over peer memory compute what the host does, with one GPU (run/peer_try.h). */
#include "run/peer_try.h"

struct tp_peer_check {
  const struct tp_program *program; /* an all-reduce alone (verify/op_cases.h) */
  enum tp_comm_way way;
  uint64_t seed;
  double bound; /* of the relative error (Euclidean) of any rank's sum */
  int device;
  enum tp_status (*run)(int device, const struct tp_peer_trial *trial, struct tp_error *error);
};

/* `largest` becomes the largest error of any rank.  TP_E_CHECK where it is above the bound, and
 * where ranks do not have the same bits. */
enum tp_status tp_peer_check_run(const struct tp_peer_check *check, double *largest,
                                 struct tp_error *error);
#endif
