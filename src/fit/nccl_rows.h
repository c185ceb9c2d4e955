#ifndef TP_FIT_NCCL_ROWS_H
#define TP_FIT_NCCL_ROWS_H
/* Rows of nccl-tests while they are read, from text or from a report. */
#include "fit/nccl_tests.h"
#include "fit/nccl_words.h"

struct tp_nccl_row {
  int line, ranks; /* ranks 0: not said */
  enum tp_nccl_op op;
  const char *redop; /* "none": nothing is reduced; "": not said */
  bool rooted;       /* one rank sends or gets all: a broadcast, a reduction to one */
  const char *dtype;
  double bytes, time_us;
  double algbw;              /* GB/s, as the output rounds it; NAN: not said */
  int hosts, ranks_per_host; /* 0: not said */
  const char *gpu;           /* as the driver calls it; NULL: not said */
};

struct tp_nccl_reader {
  const char *file;
  const struct tp_nccl_tests_request *request;
  struct tp_arena *arena;
  struct tp_error *error;
  int line;
  struct tp_nccl_row *rows;
  size_t n_rows;
};

/* Fails with "FILE:LINE: text". */
enum tp_status tp_nccl_fail(const struct tp_nccl_reader *reader, const char *text);

/* Adds a row with its checks: a type of ours, numbers above 0, nothing wrong in the result. */
enum tp_status tp_nccl_add(struct tp_nccl_reader *reader, const struct tp_nccl_row *row,
                           const char *type, double wrong);

/* Tells by algbw which rows are in milliseconds, as nccl-tests printed until 2018, and makes them
 * microseconds; all are or none is. */
enum tp_status tp_nccl_settle_unit(struct tp_nccl_reader *reader, bool *was_ms);

/* The whole of a JSON report; *is_report false where the text is none. */
enum tp_status tp_nccl_read_json(struct tp_nccl_reader *reader, const char *text, bool *is_report);
/* The whole of a log, or of a CSV report. */
enum tp_status tp_nccl_read_text(struct tp_nccl_reader *reader, const char *text);
#endif
