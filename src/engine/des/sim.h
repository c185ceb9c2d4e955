#ifndef TP_ENGINE_DES_SIM_H
#define TP_ENGINE_DES_SIM_H
/* A plan being simulated: one lane a (rank, stream), each with an actor that walks its ops and, for
 * collectives, one sender for each further thing that moves at the same time.
 *
 * SimGrid runs one actor at a time and switches only inside its calls, so lanes share plain memory.
 */
#include "engine/des/des.h"

#include <simgrid/actor.h>
#include <simgrid/barrier.h>
#include <simgrid/engine.h>
#include <simgrid/exec.h>
#include <simgrid/host.h>
#include <simgrid/semaphore.h>
#include <stdio.h>

/* SimGrid cuts the size of a message to a whole number, up to 2^64: it gets it in this unit. */
#define TP_DES_PARTS_PER_BYTE 0x1p20

struct tp_des_sim;
struct tp_des_lane;

/* An actor that may have to wait until something in its lane changes. */
struct tp_des_waiter {
  sg_sem_t wake;
  bool blocked;
};

/* What has arrived of one phase: message i is there when all flows in have delivered it. */
struct tp_des_inbox {
  int *arrived;    /* by message: flows in that have delivered it */
  double *ready_s; /* by message: when the last of them did */
  int n_ready;
};

/* Something to move: a flow of a phase or, with `phase` -1, the collective's DRAM traffic. */
struct tp_des_job {
  int phase;
  size_t flow;
  double begin_s;
};

struct tp_des_sender {
  struct tp_des_lane *lane;
  struct tp_des_waiter waiter;
  struct tp_des_job job;
  bool posted, quit;
};

struct tp_des_lane {
  struct tp_des_sim *sim;
  int rank, stream;
  sg_host_t gpu, memory;
  struct tp_des_waiter waiter;
  int64_t ended;                     /* ops */
  const struct tp_des_item *current; /* collective */
  bool reading;                      /* the collective's DRAM traffic is under way */
  const struct tp_cost *working;     /* kernel whose work is under way and can be slowed, or NULL */
  double work_left_s, work_since_s;  /* of it, at rate 1; when that was so */
  const struct tp_cost *queuing;     /* collective that has accesses before kernels', or NULL */
  const struct tp_cost *holding;     /* SMs: collective that runs, or NULL */
  double holding_since_s;
  const struct tp_cost *placing; /* kernel that has no room for all of its blocks, or NULL */
  double late_s, late_since_s;   /* of it, or of the last: engine.h's late_s, and since when */
  double owed_s;                 /* how much later the last one ends */
  int n_sending;                 /* flows that senders have under way */
  int n_senders;
  struct tp_des_sender *senders;
  struct tp_des_inbox inboxes[TP_MAX_COMM_PHASES];
};

struct tp_des_sim {
  const struct tp_des_plan *plan;
  struct tp_des_record *record;
  sg_host_t *hosts;                 /* by vertex */
  sg_bar_t meeting[TP_MAX_STREAMS]; /* where the ranks begin a collective together */
  struct tp_des_lane *lanes;        /* ranks x streams */
};

/* Starts SimGrid's engine, without a platform. */
void tp_des_engine_start(void);

/* Writes what SimGrid reads in file `xml`: once a process, in place of a simulation.  Returns the
 * exit status. */
int tp_des_list(const char *xml, FILE *out);

/* Starts SimGrid's engine with the platform in file `xml`: once a process.  Aborts where SimGrid
 * does. */
void tp_des_engine_open(const char *xml);

/* Simulates the plan in the engine: once a process, since the clock goes on.  Leaves the memory it
 * took to the end of that process. */
void tp_des_simulate(const struct tp_des_plan *plan, struct tp_des_record *record);

/* Blocks the actor until tp_des_wake; the caller checks its condition again. */
void tp_des_block(struct tp_des_waiter *waiter);
void tp_des_wake(struct tp_des_waiter *waiter);

/* lane.c.  How much longer the lane's work takes at present; takes from it what is done by now. */
double tp_des_slower(const struct tp_des_lane *lane);
void tp_des_settle_work(struct tp_des_lane *lane);

/* Whether blocks of the kernel find no place on an SM; what the kernel owes by now, if so. */
void tp_des_place(struct tp_des_lane *lane, const struct tp_cost *cost);
void tp_des_settle_late(struct tp_des_lane *lane);

/* A collective of the lane begins, or ends (NULL), to have accesses before kernels'. */
void tp_des_queue(struct tp_des_lane *lane, const struct tp_cost *collective);

/* A collective of the lane has ended: kernels may have room now. */
void tp_des_make_room(struct tp_des_lane *lane);

void tp_des_sleep(struct tp_des_lane *lane, double duration_s);
void tp_des_sleep_until(struct tp_des_lane *lane, double when_s);
void tp_des_send(struct tp_des_lane *lane, sg_host_t from, sg_host_t to, double bytes);

/* The actor of a lane, which is its data. */
void tp_des_lane_main(int argc, char **argv);

/* Makes inboxes and senders of a lane with collectives and starts their actors. */
void tp_des_lane_open(struct tp_des_lane *lane);

void tp_des_collective(struct tp_des_lane *lane, const struct tp_des_item *item);
#endif
