#ifndef TP_BENCH_HOST_H
#define TP_BENCH_HOST_H
/* The host device for benchmarks: a lone rank whose clock is the cost model's.  It measures
 * nothing; it shows what a GPU would be asked for. */
#include "bench/rig.h"
#include "run/beside.h"

/* Devices that feel `load`, which outlives them; NULL: there will be none. */
struct tp_opener tp_opener_host(struct tp_load *load);
/* Sets that load. */
struct tp_beside tp_beside_host(struct tp_load *load);
#endif
