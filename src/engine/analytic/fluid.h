#ifndef TP_ENGINE_ANALYTIC_FLUID_H
#define TP_ENGINE_ANALYTIC_FLUID_H
/* The ops that run at a moment, and how they stretch each other: the sharing rule of engine.h.
 *
 * A lane is a stream.  Between two changes of what runs every component has one rate, so it is
 * kept as the time at which it would end; when the rate changes, what is left is rescaled.
 *
 * An op is in one stage at a time: FIXED; then a kernel's is COMPUTE, a collective's the DELAY and
 * the FLOW of a phase, phase after phase.  Its work and its DRAM bytes go on beside these; when all
 * have ended, a kernel with blocks that had no place is LATE.
 */
#include "engine/engine.h"
#include "engine/queue.h"
#include "engine/sms.h"

/* With the end of a stage before COMPUTE another begins. */
enum tp_stage {
  TP_STAGE_FIXED,
  TP_STAGE_DELAY,
  TP_STAGE_FLOW,
  TP_STAGE_LATE,
  TP_STAGE_COMPUTE,
  TP_STAGE_OVER
};

/* Ends are at the present rates; what does not end in the future is over. */
struct tp_fluid_lane {
  const struct tp_cost *cost;
  double alone_s;
  unsigned bit; /* of the lane, in the sets below */
  enum tp_stage stage;
  int phase;
  int sharers; /* of FLOW: collectives on the pattern */
  double start_s;
  double stage_end_s, work_end_s, dram_end_s;
  double dram_weight;
  double late_s, late_since_s; /* kernels without room: engine.h's late_s, and since when */
  double owed_s;               /* for which it will be LATE */
  double rate;                 /* of COMPUTE: 1 undisturbed */
  double slower;               /* the work takes so much longer: 1 undisturbed */
};

/* What must be shared anew. */
enum {
  TP_SHARE_LATE = 1 << 0,
  TP_SHARE_SMS = 1 << 1,
  TP_SHARE_QUEUES = 1 << 2,
  TP_SHARE_DRAM = 1 << 3,
  TP_SHARE_LINKS = 1 << 4
};

/* Sets of lanes have the bit 1 << lane.  A component that ends without any other to leave its share
 * to may stay in `computing`, `stalling` and `loading` until the next time that these are shared.
 */
struct tp_fluid {
  const struct tp_machine *machine;
  double now_s;
  double dram_weight; /* sum over the DRAM components that run, or that ran last */
  unsigned running, collectives;
  unsigned holders, queuers; /* collectives that hold SMs, that have accesses before kernels' */
  unsigned late;             /* kernels without room */
  unsigned computing;        /* kernels in that stage that can want for SMs */
  unsigned stalling;         /* kernels whose work these may slow */
  unsigned loading;          /* ops whose DRAM component runs */
  unsigned flowing;          /* collectives in that stage */
  unsigned changed;          /* TP_SHARE_* */
  struct tp_fluid_lane lanes[TP_MAX_STREAMS];
};

/* Starts an op on the idle lane q, now.  `alone_s` is its tp_engine_alone_s, and finite. */
void tp_fluid_start(struct tp_fluid *fluid, int q, const struct tp_cost *cost, bool collective,
                    double alone_s);

/* Goes on to the next end of an op (some must run) and returns the lanes whose op ended then.
 * now_s becomes infinite where no op can end. */
unsigned tp_fluid_advance(struct tp_fluid *fluid);

/* Sets the clock back by `by_s`, so that times stay small and comparable between repetitions. */
void tp_fluid_rebase(struct tp_fluid *fluid, double by_s);

/* Whether both would go on alike: same stages, times equal within `tolerance_s`.  Both have been
 * rebased since they advanced. */
bool tp_fluid_same(const struct tp_fluid *a, const struct tp_fluid *b, double tolerance_s);

/* alone.c: when an op ends that has nothing beside it from now on. */
double tp_fluid_undisturbed_end_s(const struct tp_fluid_lane *lane);

/* stage.c: ends what of the lane is due, begins what follows, and says whether the op has ended. */
bool tp_fluid_turn(struct tp_fluid *fluid, struct tp_fluid_lane *lane);

/* share.c: works out anew what `changed` says, which is something. */
void tp_fluid_share(struct tp_fluid *fluid);
/* The kernel has room, or has ended: says for how long it will be late. */
void tp_fluid_settle_late(struct tp_fluid *fluid, struct tp_fluid_lane *lane);
/* What the collectives hold that have begun before this moment: one that begins now comes too late
 * to keep blocks waiting. */
struct tp_sms_held tp_fluid_held_before(const struct tp_fluid *fluid);

/* The number of the lowest bit set, for loops over the few that are. */
static inline int tp_fluid_lowest(unsigned bits)
{
  return __builtin_ctz(bits);
}

static inline double tp_fluid_larger(double a, double b)
{
  return a > b ? a : b;
}

static inline double tp_fluid_delay_s(const struct tp_comm_phase *phase)
{
  return phase->steps * (phase->hop_s + phase->latency_s);
}

static inline double tp_fluid_flow_s(const struct tp_comm_phase *phase)
{
  return phase->flow_bytes > 0 ? phase->flow_bytes / phase->flow_bytes_per_s : 0;
}

/* Whether the flows of both share links. */
static inline bool tp_fluid_share_links(const struct tp_comm_phase *a,
                                        const struct tp_comm_phase *b)
{
  return a->rate == b->rate;
}
#endif
