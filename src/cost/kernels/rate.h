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

/* Groups of a device that have one table and a type each are one struct to a kernel's model: its
 * fields, and how they come from a group. */
#define TP_FIT_KEY(key, least, most, meaning)   double key;
#define TP_FIT_VALUE(key, least, most, meaning) .key = group->key,
#define TP_FIT_OF(name, TABLE)                                  \
  static struct fit fit_##name(const struct tp_device *device)  \
  {                                                             \
    const struct tp_device_##name *const group = &device->name; \
    return (struct fit){TABLE(TP_FIT_VALUE)};                   \
  }

/* Of the regions that TP_DEVICE_REGIONS names, the one that so many rows are in. */
enum { TP_N_REGIONS = 4 };
static inline int tp_region_of(double rows)
{
  static const double ends[TP_N_REGIONS - 1] = {16, 256, 2048};
  int i = 0;
  while (i < TP_N_REGIONS - 1 && rows > ends[i])
    i++;
  return i;
}

static inline double tp_region_spread(double rows, const double *regions, double all)
{
  const double over = regions[tp_region_of(rows)];
  return over > 0 ? over * all : all;
}
#define TP_REGIONS_OF(group)                                                      \
  (const double[])                                                                \
  {                                                                               \
    (group)->spread_rows_16, (group)->spread_rows_256, (group)->spread_rows_2048, \
        (group)->spread_rows_more                                                 \
  }

/* The exponent at which two limits that a kernel meets together add up: its fourth root is near the
 * larger, and 1.19 times it where they are equal. */
static inline double tp_power_4(double x)
{
  return x * x * x * x;
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
