#ifndef TP_FIT_CALIBRATE_ROWS_H
#define TP_FIT_CALIBRATE_ROWS_H
/* The measurements of a calibration, read from all its files and sorted by the parameter group that
 * they tell. */
#include "fit/calibrate.h"
#include "fit/collectives.h"
#include "fit/crossing.h"
#include "fit/overlap.h"
#include "fit/sustained.h"

#define TP_GROUP_NAME(group, TABLE)  #group,
#define TP_GROUP_COUNT(group, TABLE) +1
#define TP_KERNEL_GROUPS                                                         \
  {                                                                              \
    TP_DEVICE_KERNEL_GROUPS(TP_GROUP_NAME) TP_DEVICE_LATER_GROUPS(TP_GROUP_NAME) \
  }
enum {
  TP_N_KERNEL_GROUPS =
      0 TP_DEVICE_KERNEL_GROUPS(TP_GROUP_COUNT) TP_DEVICE_LATER_GROUPS(TP_GROUP_COUNT)
};

#define TP_EXCHANGE_GROUPS                   \
  {                                          \
    TP_DEVICE_EXCHANGE_GROUPS(TP_GROUP_NAME) \
  }
enum { TP_N_EXCHANGE_GROUPS = 0 TP_DEVICE_EXCHANGE_GROUPS(TP_GROUP_COUNT) };

struct tp_kernel_rows {
  const char *source; /* NULL: none */
  struct tp_kernel_sample *items;
  size_t n;
};

struct tp_collective_rows {
  const char *source;
  struct tp_fit_row *items;
  size_t n;
};

struct tp_overlap_rows {
  const char *source;
  struct tp_overlap_sample *items;
  size_t n;
};

struct tp_sustained_rows {
  const char *source;
  struct tp_sustained_sample *items;
  size_t n;
};

struct tp_crossing_rows {
  const char *source;
  struct tp_crossing_sample *items;
  size_t n;
};

struct tp_calibrate_rows {
  struct tp_kernel_rows kernels[TP_N_KERNEL_GROUPS];
  struct tp_collective_rows nccl, peer_kernels, exchanges[TP_N_EXCHANGE_GROUPS];
  struct tp_overlap_rows overlap;
  struct tp_sustained_rows sustained;
  struct tp_crossing_rows crossings;
};

/* `device`: the one that is fitted. */
enum tp_status tp_calibrate_rows_read(const struct tp_calibrate_request *request,
                                      const struct tp_device *device, struct tp_arena *arena,
                                      struct tp_calibrate_rows *rows, struct tp_error *error);
#endif
