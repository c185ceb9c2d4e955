#ifndef TP_GPU_CLOCKS_H
#define TP_GPU_CLOCKS_H
/* What only the driver's management library (NVML) knows: clocks as they are now, and its release.
 * It comes with the driver, not with the toolkit, so that it is looked for when the program runs.
 */
#include <stdbool.h>
#include <stddef.h>

struct tp_gpu_clocks {
  double clock_hz, memory_clock_hz;
  char driver[24]; /* "580.65.06" */
};

/* Of a CUDA device; false where the library is absent or does not tell. */
bool tp_gpu_clocks(int device, struct tp_gpu_clocks *clocks);
#endif
