#ifndef TP_GPU_LATENESS_H
#define TP_GPU_LATENESS_H
/* How late stand-ins begin: one needs empty SMs, and beside a kernel it waits for blocks to end.
 *
 *     stream   ... waits | stamp |      | stand-in, block by block
 *     entry              release          begins[0] begins[1] ...
 */
#include "base/error.h"

#include <stdbool.h>

enum { TP_LATENESS_MOST = 1024 };

struct tp_lateness {
  int sms, n; /* entries taken */
  int blocks[TP_LATENESS_MOST];
  unsigned long long *memory; /* the GPU's; NULL: nobody has watched */
  bool watching;
};

/* From when it could begin: of a stand-in's first block and of its last one. */
struct tp_late {
  double first_s, last_s;
};

/* Begins a new log, on the current device of `sms` SMs.  The first makes room for it, which may
 * wait for the device.  Zero-initialised to begin with. */
enum tp_status tp_lateness_begin(struct tp_lateness *lateness, int sms, struct tp_error *error);

/* Where the next stand-in, of so many blocks, notes its release and, from the second number on,
 * when each block began; NULL: nobody watches, or the log is full. */
unsigned long long *tp_lateness_entry(struct tp_lateness *lateness, int blocks);

/* Ends the log, of which all stand-ins have run: lateness->n, for which `late` has room. */
enum tp_status tp_lateness_read(struct tp_lateness *lateness, struct tp_late *late,
                                struct tp_error *error);
void tp_lateness_close(struct tp_lateness *lateness);
#endif
