/* SimGrid's engine with its platform, and the simulation of one plan: once a process. */
#include "engine/des/sim.h"

#include <math.h>
#include <simgrid/link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ADDRESS_SANITIZER 1
#endif
#endif

/* The network model that is latency + bytes/rate and nothing else: the default multiplies latency
 * by 13, takes 3 % of the rate, and caps a flow by a TCP window. */
void tp_des_engine_start(void)
{
  char *argv[] = {"tpsim",
                  "--log=root.thresh:error",
                  "--cfg=network/model:CM02",
                  "--cfg=network/TCP-gamma:0",
                  "--cfg=network/crosstraffic:0",
                  "--cfg=network/weight-S:0",
                  "--cfg=surf/precision:1e-15",
                  "--cfg=maxmin/precision:1e-9",
#ifdef ADDRESS_SANITIZER
                  "--cfg=contexts/factory:thread",
#else
                  "--cfg=contexts/stack-size:128",
#endif
                  NULL};
  int argc = sizeof argv / sizeof *argv - 1;
  simgrid_init(&argc, argv);
}

/* Latency is paid elsewhere (collective.c), and sizes are counted in parts of a byte. */
static void adapt_links(void)
{
  sg_link_t *links = sg_link_list();
  for (size_t i = 0; i < sg_link_count(); i++) {
    sg_link_set_latency(links[i], 0);
    sg_link_set_bandwidth(links[i], TP_DES_PARTS_PER_BYTE * sg_link_get_bandwidth(links[i]));
  }
  free(links);
}

struct warm {
  sg_host_t memory;
  sg_bar_t meeting;
};

static void warm_main(int argc, char **argv)
{
  (void)argc;
  (void)argv;
  struct warm *warm = sg_actor_self_get_data();
  sg_exec_t held = sg_actor_exec_init(HUGE_VAL), exec = sg_actor_exec_init(0);
  sg_exec_set_bound(held, 0.1);
  sg_exec_start(held);
  sg_exec_start(exec);
  sg_host_sendto(sg_host_self(), warm->memory, 0);
  sg_exec_wait(exec);
  sg_actor_execute_with_priority(0, 2);
  sg_exec_cancel(held);
  sg_barrier_wait(warm->meeting);
}

/* What SimGrid looks up and allocates on first use, every copy of the process would do again: done
 * here, in no time of its clock. */
static void warm_up(void)
{
  sg_host_t *const hosts = sg_host_list();
  struct warm warm = {.meeting = sg_barrier_init(2)};
  for (size_t i = 0; i < sg_host_count() && warm.memory == NULL; i++) {
    char memory[256];
    snprintf(memory, sizeof memory, "%s.mem", sg_host_get_name(hosts[i]));
    warm.memory = sg_host_by_name(memory);
    for (int n = 0; n < 2 && warm.memory != NULL; n++) {
      sg_actor_t actor = sg_actor_init("warm", hosts[i]);
      sg_actor_set_data(actor, &warm);
      sg_actor_start(actor, warm_main, 0, NULL);
    }
  }
  free(hosts);
  simgrid_run();
  if (simgrid_get_clock() != 0)
    abort();
}

void tp_des_engine_open(const char *xml)
{
  tp_des_engine_start();
  simgrid_load_platform(xml);
  adapt_links();
  warm_up();
}

static void find_hosts(struct tp_des_sim *sim)
{
  sim->hosts = calloc(sim->plan->n_hosts, sizeof(sg_host_t));
  if (sim->hosts == NULL)
    abort();
  const char *name = sim->plan->host_names;
  for (size_t v = 0; v < sim->plan->n_hosts; v++, name += strlen(name) + 1)
    sim->hosts[v] = sg_host_by_name(name);
}

static void start_lane(struct tp_des_sim *sim, int rank, int stream)
{
  struct tp_des_lane *lane = &sim->lanes[rank * sim->plan->n_streams + stream];
  sg_host_t gpu = sim->hosts[sim->plan->gpus[rank]];
  char memory[256];
  snprintf(memory, sizeof memory, "%s.mem", sg_host_get_name(gpu));
  *lane = (struct tp_des_lane){.sim = sim,
                               .rank = rank,
                               .stream = stream,
                               .gpu = gpu,
                               .memory = sg_host_by_name(memory),
                               .waiter.wake = sg_sem_init(0)};
  if (sim->plan->streams[stream].collectives)
    tp_des_lane_open(lane);
  sg_actor_t actor = sg_actor_init("stream", lane->gpu);
  sg_actor_set_data(actor, lane);
  sg_actor_start(actor, tp_des_lane_main, 0, NULL);
}

void tp_des_simulate(const struct tp_des_plan *plan, struct tp_des_record *record)
{
  const int n_lanes = plan->ranks * plan->n_streams;
  struct tp_des_sim sim = {.plan = plan, .record = record};
  find_hosts(&sim);
  sim.lanes = calloc((size_t)n_lanes, sizeof *sim.lanes);
  if (sim.lanes == NULL)
    abort();
  for (int q = 0; q < plan->n_streams; q++)
    sim.meeting[q] = sg_barrier_init((unsigned)plan->ranks);
  for (int rank = 0; rank < plan->ranks; rank++)
    for (int q = 0; q < plan->n_streams; q++)
      start_lane(&sim, rank, q);
  simgrid_run();
  record->counts->done = true;
  for (int i = 0; i < n_lanes; i++)
    record->counts->done &=
        sim.lanes[i].ended == (int64_t)plan->streams[i % plan->n_streams].n_items;
}
