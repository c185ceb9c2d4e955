#ifndef TP_VERIFY_OP_CHECK_H
#define TP_VERIFY_OP_CHECK_H
/* Whether a device computes ops as the host device does: a few ops on random inputs, every element
 * that they write compared.  Elements that no op writes, and none should read, are NaN on both.
 */
#include "run/calls.h"

/* One or a few ops, their tensors and shapes. */
struct tp_op_check {
  const struct tp_program *program; /* ranks: as many as tested->ranks */
  uint64_t seed;
  double bound; /* of the relative error (Euclidean) of any tensor */
};

/* In a decode step every sequence has a length of its own, up to kv_len.  `largest` becomes the
 * largest error of any tensor that is written.  TP_E_CHECK where it is above the bound; the error
 * names the tensor. */
enum tp_status tp_op_check_run(const struct tp_op_check *check, const struct tp_calls *tested,
                               double *largest, struct tp_error *error);
#endif
