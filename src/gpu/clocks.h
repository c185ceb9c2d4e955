#ifndef TP_GPU_CLOCKS_H
#define TP_GPU_CLOCKS_H
/* What only the driver's management library (NVML) knows: the clocks now, and the driver's release.
 * NVML comes with the driver, not with the toolkit, so it is looked for when the program runs.
 */
#include <stdbool.h>
#include <stddef.h>

struct tp_gpu_clocks {
  double clock_hz, memory_clock_hz;
  char driver[24]; /* "580.65.06" */
};

/* The clocks of a CUDA device; false where the library is absent or does not tell. */
bool tp_gpu_clocks(int device, struct tp_gpu_clocks *clocks);
#endif
