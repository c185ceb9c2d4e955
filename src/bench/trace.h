#ifndef TP_BENCH_TRACE_H
#define TP_BENCH_TRACE_H
/* Tables of measurements that grow a row at a time and outlive an interruption.
 *
 *     DIR/gemm.csv        rows are appended whole; a torn last line is dropped when it is opened
 *     DIR/gemm.csv.json   {"machine": {..}, "runs": [{"date", "command", "clocks_hz"}, ..]}
 *
 * All rows of a table were measured on one machine: opening it on another, or with other libraries,
 * is refused.
 */
#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { TP_TRACE_COLUMNS = 24, TP_TRACE_CELL = 48 };

struct tp_trace_layout {
  const char *file; /* "gemm.csv" */
  size_t n_keys;    /* the first columns say what was measured, the others how long it took */
  const char *columns[TP_TRACE_COLUMNS]; /* NULL-terminated unless full */
};

/* Who measures; borrowed by the trace. */
struct tp_trace_source {
  const char *directory; /* there and held: bench/trace_folder.h */
  const char *device;    /* "NVIDIA H200", "host" */
  bool virtual_clock;    /* times are the cost model's: nothing was measured */
  const char *platform;  /* whose model planned the samples and the stand-ins */
  const char *stack;     /* whose kernels and collectives are benched; NULL: not said */
  const char *sets;      /* keys set for the run, "KEY=VALUE KEY=VALUE"; NULL: none */
  const char *standin;   /* of collectives of emulated ranks: "sms:16"; NULL: as modelled */
  int sms, capability;   /* 0: not a GPU */
  const char *driver, *runtime, *cublaslt, *cudnn, *nccl; /* NULL: none; nccl: it has no part */
  const char *version;                                    /* of tpsim */
  const char *date;                                       /* ISO 8601, of this run */
  const char *const *command;
  size_t n_command;
  /* Clocks now, of the GPU and its memory; NULL: it has none. */
  enum tp_status (*clocks)(void *data, double clocks_hz[2], struct tp_error *error);
  void *data;
};

struct tp_trace;

/* Reads what is there already.  TP_E_INPUT where the file has other columns or another machine's
 * rows; the error says which. */
enum tp_status tp_trace_open(const struct tp_trace_source *source,
                             const struct tp_trace_layout *layout, struct tp_trace **trace,
                             struct tp_error *error);

/* A row of a table, set by name; numbers as %.9g. */
struct tp_trace_row {
  const struct tp_trace_layout *layout;
  char cells[TP_TRACE_COLUMNS][TP_TRACE_CELL];
};

/* All cells empty. */
void tp_trace_row_clear(struct tp_trace_row *row, const struct tp_trace_layout *layout);
void tp_trace_row_text(struct tp_trace_row *row, const char *column, const char *text);
void tp_trace_row_number(struct tp_trace_row *row, const char *column, double number);

/* Is there a row with its keys? */
bool tp_trace_has(const struct tp_trace *trace, const struct tp_trace_row *row);

/* Appends the row.  Before a run's first row the sidecar is written. */
enum tp_status tp_trace_add(struct tp_trace *trace, const struct tp_trace_row *row,
                            struct tp_error *error);

/* Syncs, notes the clocks at the end, and frees the trace.  NULL is fine. */
enum tp_status tp_trace_close(struct tp_trace *trace, struct tp_error *error);
#endif
