/* What can be known of a pass before it runs: what each wait means, what can overlap. */
#include "engine/des/des.h"

#include "program/check.h"

#include <math.h>
#include <string.h>

enum { MAX_OPS = 1000000 };

/* The latest record of an event: the `count`-th op of `stream`. */
struct record {
  int64_t count; /* 0: never recorded */
  int stream;
};

int tp_des_rounds(enum tp_detail detail, const struct tp_comm_phase *phase)
{
  return detail == TP_DETAIL_FLOW || phase->steps < 1 ? 1 : phase->steps;
}

int tp_des_chunks(enum tp_detail detail)
{
  return detail == TP_DETAIL_CHUNK ? TP_DES_CHUNKS : 1;
}

/* Whether an op with this cost ends: a flow needs a route. */
static bool ends(const struct tp_cost *cost)
{
  bool ends = isfinite(cost->fixed_s) && isfinite(cost->work_s) && isfinite(cost->compute_s) &&
              isfinite(cost->dram_bytes);
  for (int p = 0; p < cost->n_phases; p++) {
    const struct tp_comm_phase *phase = &cost->phases[p];
    ends &= isfinite(phase->hop_s) && isfinite(phase->flow_bytes);
    ends &= phase->flow_bytes <= 0 || phase->flow_bytes_per_s > 0;
  }
  return ends;
}

static enum tp_status check(const struct tp_run *run, struct tp_error *error)
{
  const struct tp_program *program = run->program;
  double n_ops = 0;
  for (size_t s = 0; s < program->n_segments; s++) {
    n_ops += (double)program->segments[s].repeat * (double)program->segments[s].n_ops;
    for (size_t i = 0; i < program->segments[s].n_ops; i++)
      if (!ends(&run->costs[s][i]))
        return tp_fail(error, TP_E_INPUT,
                       "%s: %s never ends: it uses a pattern of the platform that has no route, or "
                       "a cost is not finite",
                       program->title, program->segments[s].ops[i].name);
  }
  if (n_ops > MAX_OPS)
    return tp_fail(error, TP_E_INPUT,
                   "%s: %.0f ops are too many to simulate one by one (%d at most): use the "
                   "analytic engine",
                   program->title, n_ops, MAX_OPS);
  return TP_OK;
}

static void allocate_streams(struct tp_des_plan *plan, struct tp_arena *arena)
{
  const struct tp_program *program = plan->run->program;
  for (size_t s = 0; s < program->n_segments; s++) {
    const struct tp_segment *segment = &program->segments[s];
    for (size_t i = 0; i < segment->n_ops && segment->repeat > 0; i++)
      plan->streams[segment->ops[i].stream].n_items += (size_t)segment->repeat;
  }
  for (int q = 0; q < program->n_streams; q++) {
    struct tp_des_stream *stream = &plan->streams[q];
    stream->items = TP_NEW(arena, struct tp_des_item, stream->n_items);
    stream->first = plan->n_items;
    plan->n_items += stream->n_items;
    stream->n_items = 0;
  }
}

/* The ops by number, with their costs: segment after segment. */
static void list_ops(struct tp_des_plan *plan, struct tp_arena *arena)
{
  const struct tp_run *run = plan->run;
  for (size_t s = 0; s < run->program->n_segments; s++)
    plan->n_ops += run->program->segments[s].n_ops;
  plan->program_ops = TP_NEW(arena, const struct tp_op *, plan->n_ops);
  plan->ops = TP_NEW(arena, struct tp_des_op, plan->n_ops);
  size_t n = 0;
  for (size_t s = 0; s < run->program->n_segments; s++)
    for (size_t i = 0; i < run->program->segments[s].n_ops; i++, n++) {
      plan->program_ops[n] = &run->program->segments[s].ops[i];
      plan->ops[n].cost = run->costs[s][i];
      plan->ops[n].alone_s = tp_cost_alone_s(run->machine, &run->costs[s][i]);
    }
}

/* `clock` becomes what is known once op `count` of `stream` has ended. */
static void join(const struct tp_des_plan *plan, int64_t *clock, int stream, int64_t count)
{
  const struct tp_des_item *item = &plan->streams[stream].items[count - 1];
  for (int q = 0; q < TP_MAX_STREAMS; q++)
    clock[q] = item->clock[q] > clock[q] ? item->clock[q] : clock[q];
  clock[stream] = count > clock[stream] ? count : clock[stream];
}

static void issue(struct tp_des_plan *plan, struct record *records, const struct tp_op *op,
                  struct tp_des_item item)
{
  struct tp_des_stream *stream = &plan->streams[op->stream];
  if (stream->n_items > 0)
    join(plan, item.clock, op->stream, (int64_t)stream->n_items);
  for (int w = 0; w < op->n_waits; w++) {
    const struct record *record = &records[op->waits[w]];
    if (record->count <= item.clock[record->stream])
      continue;
    item.waits[item.n_waits++] =
        (struct tp_des_wait){.stream = record->stream, .count = record->count};
    join(plan, item.clock, record->stream, record->count);
  }
  stream->items[stream->n_items++] = item;
  if (op->records != TP_NO_EVENT)
    records[op->records] = (struct record){.stream = op->stream, .count = (int64_t)stream->n_items};
}

static void issue_all(struct tp_des_plan *plan)
{
  const struct tp_run *run = plan->run;
  struct record records[TP_MAX_EVENTS] = {{0}};
  size_t first = 0; /* op of the segment */
  for (size_t s = 0; s < run->program->n_segments; s++) {
    const struct tp_segment *segment = &run->program->segments[s];
    for (int64_t repetition = 0; repetition < segment->repeat; repetition++)
      for (size_t i = 0; i < segment->n_ops; i++)
        issue(plan, records, &segment->ops[i],
              (struct tp_des_item){.op = first + i,
                                   .collective = segment->ops[i].kind == TP_OP_COLLECTIVE});
    first += segment->n_ops;
  }
}

/* Of another stream, the ops that have not ended when this one starts all wait for its end: true
 * of all if it is true of the first, since what is known only grows along a stream. */
static bool is_alone(const struct tp_des_plan *plan, int q, size_t i)
{
  const struct tp_des_item *item = &plan->streams[q].items[i];
  for (int other = 0; other < plan->run->program->n_streams; other++) {
    const struct tp_des_stream *stream = &plan->streams[other];
    const size_t next = (size_t)item->clock[other];
    if (other != q && next < stream->n_items && stream->items[next].clock[q] <= (int64_t)i)
      return false;
  }
  return true;
}

static void find_alone(struct tp_des_plan *plan)
{
  for (int q = 0; q < plan->run->program->n_streams; q++)
    for (size_t i = 0; i < plan->streams[q].n_items; i++)
      plan->streams[q].items[i].alone = is_alone(plan, q, i);
}

const struct tp_des_pattern *tp_des_pattern_of(const struct tp_des_plan *plan,
                                               const struct tp_comm_phase *phase)
{
  size_t p = 0;
  while (p < plan->n_patterns && plan->patterns[p].rate != phase->rate)
    p++;
  return p < plan->n_patterns ? &plan->patterns[p] : NULL;
}

static struct tp_des_pattern pattern_make(const struct tp_pattern_rate *rate,
                                          struct tp_arena *arena)
{
  const int ranks = rate->communicator->fabric->ranks;
  struct tp_des_pattern made = {
      .rate = rate, .first = TP_NEW(arena, size_t, ranks + 1), .n_in = TP_NEW(arena, int, ranks)};
  made.n_flows = tp_pattern_flows(rate->communicator, rate->pattern, arena, &made.flows);
  for (size_t i = 0; i < made.n_flows; i++) {
    made.first[made.flows[i].rank + 1] = i + 1;
    made.n_in[made.flows[i].to]++;
  }
  for (int rank = 0; rank < ranks; rank++) /* of ranks without flows, too */
    if (made.first[rank + 1] < made.first[rank])
      made.first[rank + 1] = made.first[rank];
  return made;
}

static void add_phases(struct tp_des_plan *plan, struct tp_des_stream *stream,
                       const struct tp_cost *cost, struct tp_arena *arena)
{
  for (int p = 0; p < cost->n_phases; p++) {
    const struct tp_comm_phase *phase = &cost->phases[p];
    if (tp_des_pattern_of(plan, phase) == NULL) {
      struct tp_des_pattern *added = &plan->patterns[plan->n_patterns++];
      *added = pattern_make(phase->rate, arena);
      added->first_sent = plan->n_sent;
      plan->n_sent += added->n_flows;
    }
    const struct tp_des_pattern *pattern = tp_des_pattern_of(plan, phase);
    for (int rank = 0; rank < plan->run->machine->fabric->ranks; rank++) {
      const int flows = (int)(pattern->first[rank + 1] - pattern->first[rank]);
      stream->max_flows = flows > stream->max_flows ? flows : stream->max_flows;
    }
    const int items = tp_des_rounds(plan->detail, phase) * tp_des_chunks(plan->detail);
    plan->max_items = items > plan->max_items ? items : plan->max_items;
  }
}

/* No more than there are phases. */
static struct tp_des_pattern *room_for_patterns(const struct tp_run *run, struct tp_arena *arena)
{
  size_t n_phases = 0;
  for (size_t s = 0; s < run->program->n_segments; s++)
    for (size_t i = 0; i < run->program->segments[s].n_ops; i++)
      n_phases += (size_t)run->costs[s][i].n_phases;
  return TP_NEW(arena, struct tp_des_pattern, n_phases);
}

static void find_communication(struct tp_des_plan *plan, struct tp_arena *arena)
{
  const struct tp_run *run = plan->run;
  double held[TP_MAX_STREAMS] = {0};
  plan->patterns = room_for_patterns(run, arena);
  for (size_t s = 0; s < run->program->n_segments; s++) {
    const struct tp_segment *segment = &run->program->segments[s];
    for (size_t i = 0; i < segment->n_ops; i++) {
      if (segment->ops[i].kind != TP_OP_COLLECTIVE)
        continue;
      const int q = segment->ops[i].stream;
      const struct tp_cost *cost = &run->costs[s][i];
      plan->streams[q].collectives = true;
      held[q] = fmax(held[q], cost->sm_share);
      add_phases(plan, &plan->streams[q], cost, arena);
    }
  }
  for (int q = 0; q < TP_MAX_STREAMS; q++)
    plan->held_most += held[q];
}

/* Where SimGrid finds the ranks: hosts by the names of the vertices. */
static void place_ranks(struct tp_des_plan *plan, struct tp_arena *arena)
{
  const struct tp_fabric *fabric = plan->run->machine->fabric;
  const struct tp_platform *platform = fabric->platform;
  plan->machine_ranks = (size_t)fabric->ranks;
  plan->gpus = TP_NEW(arena, int, plan->machine_ranks);
  memcpy(plan->gpus, fabric->gpus, plan->machine_ranks * sizeof *plan->gpus);
  plan->n_hosts = platform->n_vertices;
  for (size_t v = 0; v < plan->n_hosts; v++)
    plan->names_bytes += strlen(platform->vertices[v].name) + 1;
  plan->host_names = TP_NEW(arena, char, plan->names_bytes);
  char *end = plan->host_names;
  for (size_t v = 0; v < plan->n_hosts; v++)
    end = stpcpy(end, platform->vertices[v].name) + 1;
}

enum tp_status tp_des_plan_make(const struct tp_run *run, struct tp_arena *arena,
                                struct tp_des_plan *plan, struct tp_error *error)
{
  TP_TRY(tp_program_check(run->program, error));
  TP_TRY(check(run, error));
  *plan = (struct tp_des_plan){.run = run,
                               .n_streams = run->program->n_streams,
                               .detail = run->detail,
                               .dram_bytes_per_s = run->machine->dram_bytes_per_s};
  place_ranks(plan, arena);
  list_ops(plan, arena);
  allocate_streams(plan, arena);
  issue_all(plan);
  find_communication(plan, arena);
  if (!run->no_fold)
    find_alone(plan);
  plan->folded = !run->no_fold && tp_des_can_fold(plan);
  plan->ranks = plan->folded ? 1 : tp_machine_ranks(run->machine);
  return TP_OK;
}
