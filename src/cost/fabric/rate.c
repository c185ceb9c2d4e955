/* What the routes give a pattern: every flow of every group runs at once, so that the busiest
 * directed link on the way says how fast all go. */
#include "cost/fabric/pattern.h"

/* The flows of one rank at a time: those of all are too many to keep at a thousand ranks. */
struct walk {
  const struct tp_communicator *communicator;
  const struct tp_platform *platform;
  enum tp_pattern pattern;
  struct tp_flow *flows;
  struct tp_route *routes; /* by flow */
  size_t n_flows;
  double *all_s, *own_s; /* by directed link: seconds for a flow_byte, of all ranks or this one */
};

static void to_rank(struct walk *walk, int rank)
{
  walk->n_flows = tp_pattern_rank_flows(walk->communicator, walk->pattern, rank, walk->flows);
  for (size_t i = 0; i < walk->n_flows; i++)
    walk->routes[i] = tp_platform_route(walk->platform, walk->flows[i].src, walk->flows[i].dst);
}

/* Seconds a directed link needs for one flow_byte of the pattern: sum of shares over its rate. */
static void add_load(const struct walk *walk, double sign, double *load_s)
{
  for (size_t i = 0; i < walk->n_flows; i++) {
    const struct tp_route *route = &walk->routes[i];
    for (int h = 0; h < route->n_hops; h++)
      load_s[route->hops[h]] +=
          sign * walk->flows[i].share / walk->platform->links[route->hops[h] / 2].bytes_per_s;
  }
}

/* The busiest directed link on the way of the rank's flows. */
static double most_s(const struct walk *walk, const double *load_s)
{
  double most_s = 0;
  for (size_t i = 0; i < walk->n_flows; i++) {
    const struct tp_route *route = &walk->routes[i];
    for (int h = 0; h < route->n_hops; h++)
      most_s = load_s[route->hops[h]] > most_s ? load_s[route->hops[h]] : most_s;
  }
  return most_s;
}

/* Loads of all links, and the slowest kind.  A chunk that goes round meets every link in turn, so
 * its steps take the mean; flows that all start at once end with the slowest. */
static void load_links(struct walk *walk, struct tp_pattern_rate *rate)
{
  double longest_s = 0, sum_s = 0, shares = 0;
  for (int rank = 0; rank < walk->communicator->fabric->ranks; rank++) {
    to_rank(walk, rank);
    add_load(walk, 1, walk->all_s);
    for (size_t i = 0; i < walk->n_flows; i++) {
      const struct tp_route *route = &walk->routes[i];
      rate->kind = route->kind > rate->kind ? route->kind : rate->kind;
      if (route->kind != TP_LINK_NETWORK && route->kind > rate->local_kind)
        rate->local_kind = route->kind;
      longest_s = route->latency_s > longest_s ? route->latency_s : longest_s;
      sum_s += walk->flows[i].share * route->latency_s;
      shares += walk->flows[i].share;
    }
  }
  const bool goes_round = walk->pattern == TP_PATTERN_RING || walk->pattern == TP_PATTERN_TREE;
  rate->latency_s = goes_round ? sum_s / shares : longest_s;
}

/* Of the flows of the group that leaves its servers most. */
static double most_network_share(struct walk *walk)
{
  const struct tp_communicator *const communicator = walk->communicator;
  double most = 0;
  for (int group = 0; group < communicator->n_groups; group++) {
    double leave = 0, shares = 0;
    for (int member = 0; member < communicator->ranks; member++) {
      to_rank(walk, tp_communicator_rank(communicator, group, member));
      for (size_t i = 0; i < walk->n_flows; i++) {
        shares += walk->flows[i].share;
        leave += walk->routes[i].kind == TP_LINK_NETWORK ? walk->flows[i].share : 0;
      }
    }
    if (leave > most * shares)
      most = leave / shares;
  }
  return most;
}

/* Time of a flow_byte over the busiest link, and whether some rank's flows would end sooner without
 * the others'. */
static double find_busiest(struct walk *walk, struct tp_pattern_rate *rate)
{
  double busiest_s = 0;
  for (int rank = 0; rank < walk->communicator->fabric->ranks; rank++) {
    to_rank(walk, rank);
    add_load(walk, 1, walk->own_s);
    const double with_s = most_s(walk, walk->all_s), alone_s = most_s(walk, walk->own_s);
    add_load(walk, -1, walk->own_s);
    rate->shared |= with_s > alone_s * (1 + 1e-9);
    busiest_s = with_s > busiest_s ? with_s : busiest_s;
  }
  return busiest_s;
}

/* Of links as busy as the busiest, to rounding (several rings fill more than one), the slowest
 * kind. */
static enum tp_link_kind limiting_kind(struct walk *walk, double busiest_s)
{
  enum tp_link_kind kind = TP_LINK_NVLINK;
  for (int rank = 0; rank < walk->communicator->fabric->ranks; rank++) {
    to_rank(walk, rank);
    for (size_t i = 0; i < walk->n_flows; i++) {
      const struct tp_route *route = &walk->routes[i];
      for (int h = 0; h < route->n_hops; h++) {
        const enum tp_link_kind here = walk->platform->links[route->hops[h] / 2].kind;
        if (walk->all_s[route->hops[h]] >= busiest_s * (1 - 1e-9) && here > kind)
          kind = here;
      }
    }
  }
  return kind;
}

static void work_out(struct tp_pattern_rate *rate)
{
  const struct tp_platform *platform = rate->communicator->fabric->platform;
  const size_t n_hops = 2 * platform->n_links;
  const size_t most = tp_pattern_most_flows(rate->communicator);
  struct tp_arena *scratch = tp_arena_create();
  struct walk walk = {.communicator = rate->communicator,
                      .platform = platform,
                      .pattern = rate->pattern,
                      .flows = TP_NEW(scratch, struct tp_flow, most),
                      .routes = TP_NEW(scratch, struct tp_route, most),
                      .all_s = TP_NEW(scratch, double, n_hops + 1),
                      .own_s = TP_NEW(scratch, double, n_hops + 1)};
  load_links(&walk, rate);
  if (rate->kind == TP_LINK_NETWORK)
    rate->network_share = most_network_share(&walk);
  const double busiest_s = find_busiest(&walk, rate);
  rate->flow_bytes_per_s = 1 / busiest_s;
  rate->limiting = limiting_kind(&walk, busiest_s);
  tp_arena_free(scratch);
}

const struct tp_pattern_rate *tp_communicator_rate(const struct tp_communicator *communicator,
                                                   enum tp_pattern pattern)
{
  struct tp_pattern_rate *rate = &communicator->rates[pattern];
  if (rate->communicator != NULL)
    return rate;
  *rate = (struct tp_pattern_rate){.communicator = communicator, .pattern = pattern};
  if (tp_communicator_has(communicator, pattern))
    work_out(rate);
  return rate;
}
