#ifndef TP_ENGINE_ANALYTIC_FLUID_H
#define TP_ENGINE_ANALYTIC_FLUID_H
/* The ops that run at a moment, and how they stretch each other: the sharing rule of engine.h.
 *
 * A lane is a stream.  Between two changes of what runs every component has one rate, so it is
 * kept as the time at which it would end; when the rate changes, what is left is rescaled.
 */
#include "engine/engine.h"

/* FIXED runs before the others, LATE before COMPUTE; FLOW is the flow part of the present phase,
 * DELAY its delay. */
enum tp_part {
  TP_PART_FIXED,
  TP_PART_WORK,
  TP_PART_LATE,
  TP_PART_COMPUTE,
  TP_PART_DRAM,
  TP_PART_DELAY,
  TP_PART_FLOW,
  TP_N_PARTS
};

struct tp_fluid_lane {
  const struct tp_cost *cost;
  double alone_s;
  bool collective;
  int phase;
  unsigned parts; /* bit 1 << part: running */
  double start_s;
  double end_s[TP_N_PARTS]; /* at the present rates; of the parts that run */
  double rate;              /* of COMPUTE: 1 undisturbed */
  double slower;            /* WORK takes so much longer: 1 undisturbed */
  int sharers;              /* of FLOW: collectives on the pattern */
};

struct tp_fluid {
  const struct tp_machine *machine;
  double now_s;
  unsigned running;   /* bit 1 << lane */
  unsigned changed;   /* bit 1 << part: some began or ended since the shares were worked out */
  double dram_weight; /* sum over the DRAM components that run, or that ran last */
  struct tp_fluid_lane lanes[TP_MAX_STREAMS];
};

/* Starts an op on the idle lane q, now.  `alone_s` is its tp_fluid_alone_s. */
void tp_fluid_start(struct tp_fluid *fluid, int q, const struct tp_cost *cost, bool collective,
                    double alone_s);

/* Goes on to the next end of an op (some must run) and returns the lanes whose op ended then.
 * now_s becomes infinite where no op can end (a flow without a route). */
unsigned tp_fluid_advance(struct tp_fluid *fluid);

/* Sets the clock back by `by_s`, so that times stay small and comparable between repetitions. */
void tp_fluid_rebase(struct tp_fluid *fluid, double by_s);

/* Whether both would go on alike: same parts, times equal within `tolerance_s`. */
bool tp_fluid_same(const struct tp_fluid *a, const struct tp_fluid *b, double tolerance_s);

/* How long the op lasts with nothing beside it. */
double tp_fluid_alone_s(const struct tp_machine *machine, const struct tp_cost *cost,
                        bool collective);

/* How much longer the work of a kernel takes while collectives keep so many accesses queued. */
double tp_fluid_slower(const struct tp_cost *cost, double queued_accesses);
#endif
