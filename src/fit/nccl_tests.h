#ifndef TP_FIT_NCCL_TESTS_H
#define TP_FIT_NCCL_TESTS_H
/* What nccl-tests prints: a comment line a rank, then a line a size.
 *
 *     #  Rank  0 Group  0 Pid  2814 on  node1 device  0 [0x1b] NVIDIA H100
 *     #       size         count      type   redop    root     time   algbw   busbw #wrong ...
 *             1024           256     float     sum      -1    18.45    0.06    0.10      0 ...
 *
 * The first time is that of the out-of-place run, in microseconds.
 */
#include "fit/collectives.h"

/* Reads FILE into arena-owned rows.  The op is `op` ("all_reduce"), or where that is NULL the one
 * that the text names ("all_reduce_perf").  Faults are TP_E_INPUT with FILE:LINE. */
enum tp_status tp_nccl_tests_read(const char *file, const char *op, struct tp_arena *arena,
                                  struct tp_fit_row **rows, size_t *n_rows, struct tp_error *error);
enum tp_status tp_nccl_tests_parse(const char *file, const char *text, const char *op,
                                   struct tp_arena *arena, struct tp_fit_row **rows, size_t *n_rows,
                                   struct tp_error *error);
#endif
