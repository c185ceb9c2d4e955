/* SimGrid's engine, made from the platform and run: in a child, once. */
#include "engine/des/sim.h"

#include <simgrid/link.h>
#include <stdlib.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ADDRESS_SANITIZER 1
#endif
#endif

/* The network model that is latency + bytes/rate and nothing else: the default multiplies latency
 * by 13, takes 3 % of the rate, and caps a flow by a TCP window. */
static void start_engine(void)
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

/* Latency is paid elsewhere (des_collective.c), and sizes are counted in parts of a byte. */
static void adapt_links(void)
{
  sg_link_t *links = sg_link_list();
  for (size_t i = 0; i < sg_link_count(); i++) {
    sg_link_set_latency(links[i], 0);
    sg_link_set_bandwidth(links[i], TP_DES_PARTS_PER_BYTE * sg_link_get_bandwidth(links[i]));
  }
  free(links);
}

static void load_platform(const struct tp_platform *platform, double dram_bytes_per_s,
                          const struct tp_ends *ends, size_t n_ends)
{
  const int fd = memfd_create("tpsim-platform", 0);
  FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
  if (out == NULL)
    abort();
  tp_platform_write_xml(platform, dram_bytes_per_s, ends, n_ends, out);
  fflush(out);
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  simgrid_load_platform(path);
  fclose(out);

  adapt_links();
}

void tp_des_engine_open(const struct tp_platform *platform, double dram_bytes_per_s,
                        const struct tp_ends *ends, size_t n_ends)
{
  start_engine();
  load_platform(platform, dram_bytes_per_s, ends, n_ends);
}

static int compare_ends(const void *a, const void *b)
{
  const struct tp_ends *x = a, *y = b;
  return x->from != y->from ? (x->from > y->from) - (x->from < y->from)
                            : (x->to > y->to) - (x->to < y->to);
}

/* The ends of the flows that are sent, once each: SimGrid reads each route as text. */
static struct tp_ends *travelled(const struct tp_des_plan *plan, size_t *n)
{
  size_t n_flows = 0;
  for (size_t p = 0; p < plan->n_patterns; p++)
    n_flows += plan->patterns[p].first[plan->ranks];
  struct tp_ends *ends = calloc(n_flows + 1, sizeof *ends);
  if (ends == NULL)
    abort();
  n_flows = 0;
  for (size_t p = 0; p < plan->n_patterns; p++) {
    const struct tp_flow *flows = plan->patterns[p].flows;
    for (size_t i = 0; i < plan->patterns[p].first[plan->ranks]; i++)
      ends[n_flows++] = (struct tp_ends){flows[i].src, flows[i].dst};
  }
  qsort(ends, n_flows, sizeof *ends, compare_ends);
  *n = 0;
  for (size_t i = 0; i < n_flows; i++)
    if (i == 0 || compare_ends(&ends[i], &ends[i - 1]) != 0)
      ends[(*n)++] = ends[i];
  return ends;
}

static void find_hosts(struct tp_des_sim *sim)
{
  const struct tp_platform *platform = sim->plan->run->machine->fabric->platform;
  sim->hosts = calloc(platform->n_vertices, sizeof(sg_host_t));
  if (sim->hosts == NULL)
    abort();
  for (size_t v = 0; v < platform->n_vertices; v++)
    sim->hosts[v] = sg_host_by_name(platform->vertices[v].name);
}

static void start_lane(struct tp_des_sim *sim, int rank, int stream)
{
  const struct tp_fabric *fabric = sim->plan->run->machine->fabric;
  const int n_streams = sim->plan->run->program->n_streams;
  struct tp_des_lane *lane = &sim->lanes[rank * n_streams + stream];
  const int vertex = fabric->gpus[rank];
  char memory[256];
  snprintf(memory, sizeof memory, "%s.mem", fabric->platform->vertices[vertex].name);
  *lane = (struct tp_des_lane){.sim = sim,
                               .rank = rank,
                               .stream = stream,
                               .gpu = sim->hosts[vertex],
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
  const int n_streams = plan->run->program->n_streams;
  struct tp_des_sim sim = {.plan = plan, .record = record};
  size_t n_ends;
  struct tp_ends *ends = travelled(plan, &n_ends);
  tp_des_engine_open(plan->run->machine->fabric->platform, plan->run->machine->dram_bytes_per_s,
                     ends, n_ends);
  free(ends);
  find_hosts(&sim);
  sim.lanes = calloc((size_t)(plan->ranks * n_streams), sizeof *sim.lanes);
  if (sim.lanes == NULL)
    abort();
  for (int q = 0; q < n_streams; q++)
    sim.meeting[q] = sg_barrier_init((unsigned)plan->ranks);
  for (int rank = 0; rank < plan->ranks; rank++)
    for (int q = 0; q < n_streams; q++)
      start_lane(&sim, rank, q);
  simgrid_run();
  record->ranks = plan->ranks;
  record->done = true;
  for (int i = 0; i < plan->ranks * n_streams; i++)
    record->done &= sim.lanes[i].ended == (int64_t)plan->streams[i % n_streams].n_items;
}
