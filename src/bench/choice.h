#ifndef TP_BENCH_CHOICE_H
#define TP_BENCH_CHOICE_H
/* Defaults that follow from the device found. */
#include "base/datadir.h"

/* The shipped platform whose GPUs have so many SMs and about so much memory; of several, the one
 * with the shortest name.  TP_E_INPUT where there is none. */
enum tp_status tp_platform_like(const struct tp_datadir *dirs, int sms, double memory_bytes,
                                struct tp_arena *arena, const char **platform,
                                struct tp_error *error);
#endif
