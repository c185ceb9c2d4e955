#ifndef TP_FIT_KERNEL_PARAMETERS_H
#define TP_FIT_KERNEL_PARAMETERS_H
/* The numbers of a device's groups that fits may move; and how those of kernels move: shares as a
 * logit inside their bounds, the rest as a logarithm.
 */
#include "cost/kernels/rate.h"
#include "platform/device.h"

#include <stdbool.h>
#include <stddef.h>

/* A key of the device file, between its schema's bounds. */
struct tp_kernel_parameter {
  const char *key;
  size_t offset; /* in struct tp_device */
  double least, most;
};

struct tp_kernel_group {
  const char *name;
  const struct tp_kernel_parameter *table;
  size_t n_table;
  size_t kind;     /* its enum tp_provenance in struct tp_device */
  bool of_kernels; /* else of collectives, which are fitted otherwise */
};

/* The spreads of regions, in their order (tp_region_of). */
extern const char *const tp_kernel_region_keys[TP_N_REGIONS];

/* NULL where there is no such group. */
const struct tp_kernel_group *tp_kernel_group_find(const char *name);

/* NULL where the group has no such key. */
const struct tp_kernel_parameter *tp_kernel_parameter_find(const struct tp_kernel_group *group,
                                                           const char *key);

double *tp_kernel_parameter_slot(struct tp_device *device, size_t offset);

/* Whether a fit leaves the parameter as it is: it is a count, only other measurements tell it, or
 * its term is switched off at this value. */
bool tp_kernel_parameter_is_held(const struct tp_kernel_parameter *parameter, double value);

/* Between a value and the free number that the search moves. */
double tp_kernel_parameter_to_free(const struct tp_kernel_parameter *parameter, double value);
double tp_kernel_parameter_from_free(const struct tp_kernel_parameter *parameter, double x);

/* Change of ln(value) with the free parameter. */
double tp_kernel_parameter_slope(const struct tp_kernel_parameter *parameter, double value);
#endif
