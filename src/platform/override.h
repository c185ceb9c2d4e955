#ifndef TP_PLATFORM_OVERRIDE_H
#define TP_PLATFORM_OVERRIDE_H
/* --set KEY=VALUE: one value of the platform, device or stack changed for this run.
 *
 * KEY is the end of a path, as much of it as is needed to mean one value:
 *     gemm.compute_ratio=0.6                      device
 *     nvlink.bytes_per_s_per_direction=225e9      platform: the link entry named "nvlink"
 *     stack.spread_ratio=0                        platform., device. or stack. before a path
 */
#include "base/json.h"

/* The documents KEY may mean; NULL where there is none (a platform read from XML). */
struct tp_override_docs {
  struct tp_doc *platform, *device, *stack;
};

/* Changes the document in memory.  TP_E_INPUT where KEY means no value (the error names close
 * matches) or several (it names them).  Ranges are checked when the document is read afterwards. */
enum tp_status tp_override_apply(const struct tp_override_docs *docs, const char *text,
                                 struct tp_error *error);
#endif
