#ifndef TP_RUN_WINDOWS_H
#define TP_RUN_WINDOWS_H
/* Two windows of memory between which bytes are copied, round and round: each so many times as
 * large as the last-level cache that DRAM sees the copies. */
#include "base/error.h"

#include <stdint.h>

enum {
  TP_WINDOW_VECTOR_BYTES = 16,
  TP_WINDOW_CHUNK = 4096 /* vectors that a block copies at once */
};

struct tp_windows {
  void *from, *to;
  int64_t vectors; /* of each: a multiple of TP_WINDOW_CHUNK */
};

/* On the current device, full of random numbers.  Frees itself where it fails. */
enum tp_status tp_windows_open(int device, struct tp_windows *windows, struct tp_error *error);
void tp_windows_close(struct tp_windows *windows);
#endif
