/* Bytes on the links are the closed form of the algorithm, to the byte: what a cost says a GPU
 * sends, what the flows of its phases carry, and what a whole pass adds up to.  Random worlds;
 * TP_SEED chooses others, TP_CASES how many. */
#include "../suite.h"
#include "cost/collectives/algorithm.h"
#include "cost/fabric/pattern.h"
#include "passes.h"

#include <string.h>

enum { N_CASES = 1000 };

/* docs/MODEL.md, "Bytes and steps": payload a GPU sends, the mean over GPUs; S = bytes. */
static double closed_form(const struct tp_machine *machine, const struct tp_collective *collective,
                          enum tp_algorithm algorithm)
{
  const struct tp_communicator *all = tp_fabric_communicator(machine->fabric, collective->group);
  const double n = all->ranks, bytes = collective->bytes;
  const double local = all->ranks_per_node, nodes = all->nodes_used;
  if (all->ranks == 1)
    return 0;
  switch (algorithm) {
  case TP_ALGORITHM_RING:
    if (collective->kind == TP_SEND)
      return bytes;
    return (collective->kind == TP_ALL_REDUCE ? 2 : 1) * bytes * (n - 1) / n;
  case TP_ALGORITHM_TREE:
  case TP_ALGORITHM_TWO_SHOT:
    return 2 * bytes * (n - 1) / n;
  case TP_ALGORITHM_NVLS:
    return bytes + bytes / n;
  case TP_ALGORITHM_NVLS_TREE:
    return bytes + bytes / local + 2 * bytes / local * (nodes - 1) / nodes;
  case TP_ALGORITHM_ONE_SHOT:
    return (n - 1) * bytes;
  case TP_ALGORITHM_DIRECT:
    return bytes * (n - 1) / n;
  case TP_ALGORITHM_HIERARCHICAL:
    return 2 * bytes * (local - 1) / local + 2 * bytes / local * (nodes - 1) / nodes;
  case TP_ALGORITHM_DMA:
    return bytes;
  case TP_ALGORITHM_AUTO:
  case TP_ALGORITHM_FASTEST:
  case TP_ALGORITHM_FLASH:
  case TP_ALGORITHM_FLASH_HIERARCHICAL:
  case TP_ALGORITHM_DEEPEP:
  case TP_ALGORITHM_DEEPEP_LOW_LATENCY:
  case TP_ALGORITHM_NVLINK_ONE_SIDED:
  case TP_ALGORITHM_NVLINK_TWO_SIDED:
    break; /* overlaps, wires and some stacks ask for these, no architecture or other library does
            */
  }
  ck_abort_msg("a collective without a closed form");
  return 0;
}

/* What all GPUs together put on links in the phases of a cost without overheads. */
static double sent_by_flows(const struct tp_platform *platform, const struct tp_cost *cost,
                            struct tp_arena *arena)
{
  double sent = 0;
  for (int p = 0; p < cost->n_phases; p++) {
    const struct tp_pattern_rate *rate = cost->phases[p].rate;
    struct tp_flow *flows;
    const size_t n = tp_pattern_flows(rate->communicator, rate->pattern, arena, &flows);
    for (size_t i = 0; i < n; i++)
      if (platform->vertices[flows[i].src].kind == TP_VERTEX_GPU)
        sent += flows[i].share * cost->phases[p].flow_bytes;
  }
  return sent;
}

static void check_collective(struct random_world *world, const struct tp_machine *machine,
                             const struct tp_collective *collective)
{
  const struct tp_op op = {.name = "op", .kind = TP_OP_COLLECTIVE, .collective = *collective};
  const struct tp_cost cost = tp_cost_op(machine, true, &op);
  const char *const what = tp_arena_printf(
      world->arena, "%s: %s by %s (%s)", world->text, tp_collective_text(collective->kind),
      tp_algorithm_text(collective->algorithm), tp_algorithm_text(cost.algorithm));
  const double wanted = closed_form(machine, collective, cost.algorithm);
  ck_assert_msg(fabs(cost.link_bytes - wanted) <= 1e-14 * wanted, "%s: %.17g bytes, want %.17g",
                what, cost.link_bytes, wanted);
  if (collective->algorithm != TP_ALGORITHM_AUTO && collective->algorithm != TP_ALGORITHM_FASTEST &&
      tp_collective_possible(machine, collective) && tp_machine_ranks(machine) > 1)
    ck_assert_msg(cost.algorithm == collective->algorithm ||
                      (collective->algorithm == TP_ALGORITHM_NVLS &&
                       tp_machine_ranks(machine) < TP_NVLS_LEAST_RANKS),
                  "%s: another algorithm", what);
  if (machine->stack->collectives.library != TP_LIBRARY_IDEAL || collective->kind == TP_SEND)
    return;
  const double sent = sent_by_flows(&world->platform, &cost, world->arena),
               all = wanted * tp_machine_ranks(machine);
  ck_assert_msg(fabs(sent - all) <= 1e-12 * all, "%s: flows carry %.17g bytes, want %.17g", what,
                sent, all);
}

START_TEST(a_collective_sends_its_closed_form)
{
  for (int i = 0; i < tp_random_cases(N_CASES); i++) {
    struct random_world world;
    struct tp_machine machine;
    random_world_open(&world, i);
    if (random_coin(&world))
      world.stack.collectives.library = TP_LIBRARY_IDEAL;
    if (world.stack.collectives.library == TP_LIBRARY_IDEAL)
      world.stack.collectives.in_place_ratio = 1;
    ck_assert_int_eq(tp_machine_make(&world.platform, &world.device, &world.stack,
                                     world.point.mesh.tp, &machine, NULL),
                     TP_OK);
    machine.program = machine.sustained = true;
    for (int kind = TP_ALL_REDUCE; kind <= TP_SEND; kind++)
      for (int algorithm = TP_ALGORITHM_AUTO; algorithm <= TP_ALGORITHM_HIERARCHICAL; algorithm++)
        check_collective(&world, &machine,
                         &(struct tp_collective){.kind = (enum tp_collective_kind)kind,
                                                 .bytes = floor(random_real(&world, 1, 1e9)),
                                                 .dtype = TP_DTYPE_BF16,
                                                 .algorithm = (enum tp_algorithm)algorithm});
    random_world_close(&world);
  }
}
END_TEST

/* --- a whole pass -------------------------------------------------------------------------- */

/* All-reduces of a pass whose embedding is not sharded. */
static int64_t all_reduces(const struct tp_model *model, const char *variant)
{
  const int64_t layers = model->layers;
  if (strcmp(variant, "no-comm") == 0)
    return 0;
  if (strcmp(variant, "ladder") == 0 ||
      (strcmp(variant, "standard") == 0 && !model->parallel_residual))
    return 2 * layers;
  if (strcmp(variant, "desync-4x") == 0)
    return (layers + 1) / 2;
  return layers; /* standard side by side, parallel, desync-2x; kraken: layers-1 and the combine */
}

/* The width that ranks add up: the model's, or of a Kraken sub-layer, but for the combine. */
static double reduced_bytes(const struct pass *pass, const struct random_world *world,
                            const char *variant)
{
  const double tokens = (double)tp_batch_tokens(&pass->program.batch);
  const double element_bytes = tp_dtype_bytes(tp_dtype_wide(world->point.dtype));
  double width = (double)world->model.hidden;
  for (size_t s = 0; strcmp(variant, "kraken") == 0 && s < pass->program.n_segments; s++)
    for (size_t i = 0; i < pass->program.segments[s].n_ops; i++)
      if (strcmp(pass->program.segments[s].ops[i].name, "combine") == 0)
        width = (double)pass->program.segments[s].ops[i].gemm.n;
  return tokens * width * element_bytes;
}

/* By the ideal library's rings. */
START_TEST(a_pass_sends_what_its_variant_exchanges)
{
  for (int i = 0; i < tp_random_cases(N_CASES); i++) {
    struct random_world world;
    random_world_open(&world, i);
    world.stack.collectives.library = TP_LIBRARY_IDEAL;
    world.stack.head.sharded = world.stack.head.embedding_sharded = false;
    const double n = world.point.mesh.tp;
    for (size_t a = 0; n > 1 && tp_architectures[a] != NULL; a++)
      for (int decode = 0; decode <= 1; decode++) {
        const char *const variant = tp_architectures[a]->name;
        const struct pass *pass = pass_make(&world, variant, decode == 1);
        const double got = pass_run(&world, pass).link_bytes;
        const double wanted = (double)all_reduces(&world.model, variant) *
                              reduced_bytes(pass, &world, variant) * 2 * (n - 1) / n;
        ck_assert_msg(fabs(got - wanted) <= 1e-12 * wanted, "%s: %s sends %.17g bytes, want %.17g",
                      world.text, variant, got, wanted);
      }
    random_world_close(&world);
  }
}
END_TEST

/* With any library, whatever it chooses for each buffer. */
START_TEST(a_pass_adds_its_collectives_up)
{
  for (int i = 0; i < tp_random_cases(N_CASES); i++) {
    struct random_world world;
    random_world_open(&world, i);
    for (size_t a = 0; tp_architectures[a] != NULL; a++) {
      const struct pass *pass = pass_make(&world, tp_architectures[a]->name, true);
      double wanted = 0;
      for (size_t s = 0; s < pass->program.n_segments; s++)
        for (size_t o = 0; o < pass->program.segments[s].n_ops; o++) {
          const struct tp_op *op = &pass->program.segments[s].ops[o];
          if (op->kind == TP_OP_COLLECTIVE)
            wanted += (double)pass->program.segments[s].repeat *
                      closed_form(&pass->machine, &op->collective, pass->costs[s][o].algorithm);
        }
      ck_assert_rel(pass_run(&world, pass).link_bytes, wanted, 1e-12);
    }
    random_world_close(&world);
  }
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("link-bytes");
  TCase *cases = tcase_create("cases");
  tcase_set_timeout(cases, 300);
  tcase_add_test(cases, a_collective_sends_its_closed_form);
  tcase_add_test(cases, a_pass_sends_what_its_variant_exchanges);
  tcase_add_test(cases, a_pass_adds_its_collectives_up);
  suite_add_tcase(suite, cases);
  return suite;
}

TP_SUITE_MAIN
