#ifndef TP_TESTS_CUDA_HOSTILE_H
#define TP_TESTS_CUDA_HOSTILE_H
/* A made-up GPU on a virtual clock that does what real ones do and the cost model does not know.
 *
 * The benchmarks run on it as they are; `tpsim calibrate` and `tpsim validate` then meet a truth
 * that differs from the model in structure, by known amounts.  Each effect is off where it is 0.
 */
#include "bench/rig.h"
#include "run/beside.h"

struct hostile_physics {
  struct tp_device device; /* the model's parameters, as they are in truth; warm_bytes: none */
  double gap_s;            /* between kernels of a captured graph */
  double crossing_s;       /* beyond it, where a kernel waits for one of another stream */
  double standin_s;        /* how much longer a stand-in lasts than it was told */
  double tick_s;           /* stand-ins end on a multiple of this */
  double l2_bytes;         /* cache that holds what was used last; 0: none */
  double scatter_ratio;    /* of GEMMs' times, by shape, the same each time */
  double partial_overlap;  /* share of a GEMM's shorter resource that adds to the longer one */
  bool own_attention;      /* whole waves of tiles, a floor; decode does not split the keys */
  bool own_memory;         /* a floor for each function, last-level cache twice as fast */
  double power_ratio;      /* what full arithmetic takes off the clock ... */
  double power_s;          /* ... after about so long */
  bool whole_waves;        /* held SMs cost a GEMM whole waves */
  double plan_s;           /* until an attention of a new shape is planned; 0: 0.2 */
  double widest_head;      /* that its library has a kernel for; 0: any */
  double dram_weight;      /* of a stand-in's traffic against a kernel's; 0: as much */
  double noise_ratio;      /* standard deviation of a sample; one in 40 is off by 30 % */
};

struct hostile;

/* `now_s`: of the virtual clock, host's work included. */
struct hostile *hostile_create(const struct hostile_physics *physics);
void hostile_free(struct hostile *hostile);
double hostile_now_s(const struct hostile *hostile);
void hostile_pass_s(struct hostile *hostile, double seconds); /* idle */

struct tp_opener hostile_opener(struct hostile *hostile);
struct tp_beside hostile_beside(struct hostile *hostile);

/* What the op needs with `cold_bytes` of its operands in DRAM, at `clock_ratio` of the clock, and
 * with what beside it. */
struct hostile_op {
  const struct tp_op *op;
  bool decodes;
  double kv_len; /* attention */
  double cold_bytes, all_bytes, clock_ratio;
  double held_sms;
};
struct tp_cost hostile_cost(const struct hostile_physics *physics, const struct tp_machine *machine,
                            const struct hostile_op *what);

/* What the kernel takes of the SMs beside so many that are held all the time. */
double hostile_sms_s(const struct hostile_physics *physics, const struct tp_machine *machine,
                     double held_sms, const struct tp_cost *kernel);

/* A number from -1 to 1 that belongs to the key. */
double hostile_hash(uint64_t key);
#endif
