#ifndef TP_BENCH_HOST_H
#define TP_BENCH_HOST_H
/* The host device for benchmarks: a lone rank whose clock is the cost model's.  It measures
 * nothing; it shows what a GPU would be asked for. */
#include "bench/rig.h"

struct tp_opener tp_opener_host(void);
#endif
