#ifndef TP_FIT_NCCL_WORDS_H
#define TP_FIT_NCCL_WORDS_H
/* The names that nccl-tests and its kin use, in headers, command lines and reports. */
#include "base/arena.h"

#include <stdbool.h>

/* Collectives; from OTHER on nccl-tests times them and nothing here has them. */
enum tp_nccl_op {
  TP_NCCL_ALL_REDUCE,
  TP_NCCL_ALL_GATHER,
  TP_NCCL_REDUCE_SCATTER,
  TP_NCCL_ALL_TO_ALL,
  TP_NCCL_OTHER,
  TP_NCCL_ALL_TO_ALL_V = TP_NCCL_OTHER,
  TP_NCCL_SEND_RECV,
  TP_NCCL_BROADCAST,
  TP_NCCL_HYPERCUBE,
  TP_NCCL_SCATTER,
  TP_NCCL_GATHER,
  TP_NCCL_REDUCE,
  TP_NCCL_UNNAMED
};
#define TP_NCCL_OURS "all_reduce, all_gather, reduce_scatter and all_to_all" /* in messages */
const char *tp_nccl_op_name(enum tp_nccl_op op); /* "all_reduce", as tables of ours say it */

/* Of a cell or a word ("AllReduce", "all_reduce_perf"); UNNAMED where it is none. */
enum tp_nccl_op tp_nccl_op_of(const char *word);
/* Of the program that a line names, "./build/all_gather_perf -b 8"; UNNAMED where it names none. */
enum tp_nccl_op tp_nccl_op_run(const char *line);

/* Types as nccl-tests names them -> as we do; what has no counterpart counts by its size.  False
 * where it is no type; *dtype is NULL for one that no table here has. */
bool tp_nccl_type(const char *word, const char **dtype);

/* What a column or a key of a report is. */
enum tp_nccl_field {
  TP_NCCL_NOTHING,
  TP_NCCL_SIZE,
  TP_NCCL_TYPE,
  TP_NCCL_TIME, /* out of place, or whichever the row says */
  TP_NCCL_TIME_IN_PLACE,
  TP_NCCL_TIME_CPU, /* -C 1: until the call returns */
  TP_NCCL_ALGBW,
  TP_NCCL_WRONG,
  TP_NCCL_COLLECTIVE,
  TP_NCCL_RANKS,
  TP_NCCL_IN_PLACE, /* whether the row's run was */
  TP_NCCL_REDOP,    /* "sum"; "none" where nothing is reduced */
  TP_NCCL_ROOT      /* -1 where there is none */
};
enum tp_nccl_field tp_nccl_field_of(const char *name);
#endif
