#ifndef TP_PLATFORM_LEND_H
#define TP_PLATFORM_LEND_H
/* What a device file leaves out, taken from elsewhere and called assumed. */
#include "base/datadir.h"
#include "platform/device.h"

/* A file that says "like": "h200-sxm" takes the groups that it leaves out from that device's file,
 * whose ratios are to each one's own datasheet.  Adds them to the document, with wider spreads.
 * TP_E_INPUT where there is no such device, or one is like itself. */
enum tp_status tp_device_borrow(const struct tp_datadir *dirs, const struct tp_doc *doc,
                                struct tp_arena *arena, struct tp_error *error);

/* The spread_ratio of parameters on a device that they were not fitted to. */
double tp_device_widened(double spread_ratio);

/* Fills later groups (device_groups.h) that a device is still without from its others: GEMMs of one
 * format from those of the next wider, experts from GEMMs, latent attention from attention. */
void tp_device_lend(struct tp_device *device);
#endif
