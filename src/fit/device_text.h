#ifndef TP_FIT_DEVICE_TEXT_H
#define TP_FIT_DEVICE_TEXT_H
/* A device file with the fitted groups put in, all other bytes untouched. */
#include "fit/calibrate.h"

/* The new text, arena-owned; it is read again as a device before it is handed out. */
enum tp_status tp_device_text(const struct tp_doc *doc, const struct tp_device *device,
                              const struct tp_calibrated *groups, size_t n_groups,
                              struct tp_arena *arena, const char **text, struct tp_error *error);
#endif
