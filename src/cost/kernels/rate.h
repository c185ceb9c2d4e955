#ifndef TP_COST_KERNELS_RATE_H
#define TP_COST_KERNELS_RATE_H
/* Helpers that the kernel models share. */
#include "platform/device.h"
#include "program/op.h"

/* Dense matrix rate of the datasheet.  A device without units of a format runs it at the rate of
 * the next wider one that it has. */
static inline double tp_matrix_flops_per_s(const struct tp_device *device, enum tp_dtype dtype)
{
  switch (dtype) {
  case TP_DTYPE_NVFP4:
    if (device->datasheet.fp4_flops_per_s > 0)
      return device->datasheet.fp4_flops_per_s;
    break;
  case TP_DTYPE_FP8:
  case TP_DTYPE_FP8_BLOCK:
  case TP_DTYPE_W4A8_MXFP4:
    break;
  case TP_DTYPE_FP32:
    return device->datasheet.fp32_flops_per_s;
  case TP_DTYPE_FP16:
  case TP_DTYPE_BF16:
  case TP_DTYPE_W4A16:
  case TP_DTYPE_W4A16_MXFP4:
    return device->datasheet.fp16_flops_per_s;
  }
  return device->datasheet.fp8_flops_per_s > 0 ? device->datasheet.fp8_flops_per_s
                                               : device->datasheet.fp16_flops_per_s;
}

/* Share of `bytes` that comes from DRAM when a benchmark repeats the same op: none up to
 * `warm_bytes`, all from twice that. */
static inline double tp_cold_ratio(double bytes, double warm_bytes)
{
  if (bytes >= 2 * warm_bytes)
    return 1;
  return bytes <= warm_bytes ? 0 : bytes / warm_bytes - 1;
}
#endif
