#ifndef TP_FIT_CALIBRATE_H
#define TP_FIT_CALIBRATE_H
/* Fits the groups of a device file to measurements and rewrites them in its text.
 *
 *     gemm, gemm_fp8, attention_prefill, attention_decode   fit/kernels.h
 *     memory, scaling                                       the same
 *     sustained_ratio of gemm, gemm_fp8                     fit/sustained.h
 *     nccl, peer_kernels, deepep_dispatch ...               fit/collectives.h
 *     overlap                                               fit/overlap.h
 *
 * Everything else of the file stays as it was, byte for byte.
 */
#include "fit/kernels.h"
#include "fit/measured.h"
#include "fit/traces.h"
#include "platform/open.h"

struct tp_file_list {
  const char *const *items;
  size_t n;
};

/* Columns: those of `cost` for the op, without `op`, and time_us; collectives: op, ranks, bytes,
 * time_us. */
struct tp_calibrate_request {
  const char *device;   /* name or path */
  const char *platform; /* of collectives; NULL: the best shipped one with this device */
  const char *stack;    /* of collectives: its switch points; NULL: one with that library */
  struct tp_file_list gemm, attention_prefill, attention_decode, quantise;
  struct tp_file_list ops; /* kernels of any kind, named in a column `op` */
  struct tp_file_list nccl, peer_kernels;
  struct tp_file_list exchanges;  /* dispatch, combine, prepare: op, algorithm, ranks, ... */
  struct tp_file_list nccl_tests; /* see fit/nccl_tests.h; `where` holds what they leave open */
  const struct tp_traces *traces; /* NULL: none; a group with too few rows in it is left out */
  struct tp_where where;
  struct tp_fit_options options;
};

struct tp_calibrated_parameter {
  const char *key;
  double before, after;
  double error;  /* standard error, in its unit; NAN: the rows do not tell, so `before` is kept */
  bool at_bound; /* the value is a bound of its range or of what the rows tell: no error */
};

struct tp_calibrated {
  const char *group, *source; /* the files' names */
  size_t n_fitted, n_held_out;
  double fitted_error, held_out_error; /* mean of |predicted / measured - 1| */
  double spread_ratio;
  const char *unsettled; /* a parameter whose search had not ended, or NULL */
  const char *left_out;  /* why nothing was fitted, or NULL */
  size_t n_parameters;   /* 0: the group was left out, or was only judged */
  struct tp_calibrated_parameter *parameters;
};

struct tp_calibration {
  size_t n_groups;
  struct tp_calibrated *groups; /* in the file's order */
  const char *text;             /* the whole device file */
};

/* Where a standard error is above this share of the value, the rows hardly tell the parameter. */
static const double tp_ill_determined_ratio = 1;

/* Everything lives in `arena`.  Deterministic. */
enum tp_status tp_calibrate(const struct tp_datadir *dirs,
                            const struct tp_calibrate_request *request, struct tp_arena *arena,
                            struct tp_calibration *calibration, struct tp_error *error);
#endif
