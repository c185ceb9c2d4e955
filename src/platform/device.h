#ifndef TP_PLATFORM_DEVICE_H
#define TP_PLATFORM_DEVICE_H
/* One GPU: what its datasheet says and what was fitted to measurements of it.
 *
 * platforms/devices/NAME.json has an object a group; each group says "kind" (datasheet, measured,
 * fitted, assumed) and "source".  The X-macro tables below are the schema: key, least, most,
 * meaning.
 */
#include "base/json.h"

#include <stdint.h>

#define TP_DEVICE_DATASHEET(X)                                        \
  X(sm_count, 1, 1e4, "streaming multiprocessors or compute units")   \
  X(clock_hz, 1e8, 1e10, "boost clock")                               \
  X(fp16_flops_per_s, 1e12, 1e17, "dense matrix rate, fp16 and bf16") \
  X(fp8_flops_per_s, 0, 1e17, "dense matrix rate, fp8; 0: none")      \
  X(fp4_flops_per_s, 0, 1e17, "dense matrix rate, fp4; 0: none")      \
  X(fp32_flops_per_s, 1e11, 1e16, "vector rate, fp32")                \
  X(dram_bytes_per_s, 1e10, 1e14, "memory bandwidth")                 \
  X(dram_bytes, 1e9, 1e13, "memory size")                             \
  X(l2_bytes, 1e5, 1e10, "last-level cache")

#include "platform/device_groups.h"

enum tp_provenance {
  TP_PROVENANCE_NONE,
  TP_PROVENANCE_DATASHEET,
  TP_PROVENANCE_MEASURED,
  TP_PROVENANCE_FITTED,
  TP_PROVENANCE_ASSUMED
};

#define TP_DECLARE_DOUBLE(key, least, most, meaning) double key;
#define TP_DEVICE_GROUP(group, TABLE) \
  struct tp_device_##group {          \
    enum tp_provenance kind;          \
    const char *source;               \
    TABLE(TP_DECLARE_DOUBLE)          \
  };
TP_DEVICE_GROUP(datasheet, TP_DEVICE_DATASHEET)
#define X(group, TABLE) TP_DEVICE_GROUP(group, TABLE)
TP_DEVICE_FITTED_GROUPS(X)
#undef X

struct tp_device {
  const char *name;
  struct tp_device_datasheet datasheet;
#define X(group, TABLE) struct tp_device_##group group;
  TP_DEVICE_FITTED_GROUPS(X)
#undef X
};

/* Whether the key may be absent: then it is 0, and leaves its term out. */
bool tp_device_may_lack(const char *key);

/* Writes such keys as 0 into the groups that are there, so that --set can name them. */
void tp_device_say_absent(const struct tp_doc *doc);

/* Reads the document; every other key of every group is required, but for later groups
 * (device_groups.h), which are lent (lend.h) where they are absent. */
enum tp_status tp_device_read(const struct tp_doc *doc, struct tp_arena *arena,
                              struct tp_device *device, struct tp_error *error);
#endif
