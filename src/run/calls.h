#ifndef TP_RUN_CALLS_H
#define TP_RUN_CALLS_H
/* What an executor asks of a device, in CUDA's own words: memory, streams, events, captured graphs,
 * and one launch an op.  Two devices answer: a GPU (gpu/gpu.h) and the host (host/host.h), which
 * computes the same numbers on the CPU in any order the events allow.
 *
 * Streams and events are numbered as in the program.  record and wait are CUDA's: a wait is for the
 * latest record issued before it.  No call but `read`, `finish` and `seconds` waits for the device.
 * Every call that can fail says what failed, on which device and for which op (TP_E_ENVIRONMENT).
 */
#include "base/error.h"
#include "program/program.h"

#include <stddef.h>

/* A matrix in device memory. */
struct tp_operand {
  void *data; /* NULL: absent */
  const struct tp_tensor *tensor;
  int64_t rows, columns;
  int64_t row_elements; /* from a row to the next */
};

/* An op with its operands found. */
struct tp_bound_op {
  const struct tp_op *op;
  const struct tp_program *program;
  struct tp_operand in[TP_MAX_INPUTS], out[TP_MAX_OUTPUTS];
};

/* Random numbers of a weight's piece: element (row, column) of the matrix `of` in layer `layer` is
 * the same on whichever rank and device it lies (run/weights.h). */
struct tp_fill {
  uint64_t key;          /* of matrix and layer */
  int64_t rows, columns; /* of the part */
  int64_t first_row, first_column;
  double mean, spread; /* uniform in mean +- spread; spread 0: constant */
  enum tp_dtype dtype;
};

struct tp_graph; /* a captured pass, the device's own */
struct tp_device_state;

struct tp_calls {
  const char *name; /* "NVIDIA H200", "host" */
  struct tp_device_state *state;
  int rank, ranks;

  /* Memory; new bytes are 0xff, so that what nobody wrote is NaN. */
  enum tp_status (*allocate)(struct tp_device_state *state, size_t bytes, void **memory,
                             struct tp_error *error);
  void (*release)(struct tp_device_state *state, void *memory);
  enum tp_status (*fill)(struct tp_device_state *state, void *memory, const struct tp_fill *fill,
                         struct tp_error *error);
  /* From and to the caller's memory.  `write` takes its place on the compute stream. */
  enum tp_status (*write)(struct tp_device_state *state, void *to, const void *from, size_t bytes,
                          struct tp_error *error);
  enum tp_status (*read)(struct tp_device_state *state, void *to, const void *from, size_t bytes,
                         struct tp_error *error);

  enum tp_status (*launch)(struct tp_device_state *state, const struct tp_bound_op *bound,
                           struct tp_error *error); /* on the op's stream */
  enum tp_status (*record)(struct tp_device_state *state, int event, int stream,
                           struct tp_error *error);
  enum tp_status (*wait)(struct tp_device_state *state, int event, int stream,
                         struct tp_error *error);

  /* What is issued between the two calls is kept and not run: launches, records and waits only.
   * All streams start together with the compute stream and end in it. */
  enum tp_status (*capture)(struct tp_device_state *state, struct tp_error *error);
  enum tp_status (*capture_end)(struct tp_device_state *state, struct tp_graph **graph,
                                struct tp_error *error);
  enum tp_status (*replay)(struct tp_device_state *state, struct tp_graph *graph,
                           struct tp_error *error);
  void (*graph_free)(struct tp_device_state *state, struct tp_graph *graph);

  /* The compute stream waits for all others, and all others for it: between passes. */
  enum tp_status (*join)(struct tp_device_state *state, struct tp_error *error);

  /* Clock marks on the compute stream, 0 to TP_MAX_MARKS - 1; `seconds` is the time from one mark
   * to another once both are done. */
  enum tp_status (*mark)(struct tp_device_state *state, int mark, struct tp_error *error);
  enum tp_status (*seconds)(struct tp_device_state *state, int from, int to, double *seconds,
                            struct tp_error *error);
  /* How late stand-ins for collectives begin; both NULL where ranks are not emulated.  From `watch`
   * on, stand-ins that are issued or captured note when they could begin and when they did, which
   * takes time.  `late` ends that, the device being idle: seconds from the one to the other (that
   * of a stand-in's last block), summed over them, of the last time each ran. */
  enum tp_status (*watch)(struct tp_device_state *state, struct tp_error *error);
  enum tp_status (*late)(struct tp_device_state *state, double *late_s, struct tp_error *error);

  /* Waits until everything issued is done; errors of kernels appear here at the latest. */
  enum tp_status (*finish)(struct tp_device_state *state, struct tp_error *error);
};

enum { TP_MAX_MARKS = 1024 };
#endif
