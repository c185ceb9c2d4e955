/* The two engines on every shipped platform, one small model, TP 2 to 8.
 *
 * On paper a collective takes the rate that the busiest link leaves its pattern, in the DES every
 * flow has the real links on its way; both end with the last flow.  So where a collective runs by
 * itself they agree on shared routes, too (PCIe switches, host bridges, NICs): the analytic rate is
 * worked out from the same flows. */
#include "../des.h"
#include "../request.h"
#include "../suite.h"
#include "engine/engine.h"
#include "world.h"

#include <string.h>

#ifdef __SANITIZE_ADDRESS__
enum { LAYERS = 1 }; /* SimGrid runs its actors as threads then */

static bool takes(size_t platform, int tp)
{
  (void)platform;
  return tp == 2 || tp == 8;
}
#else
enum { LAYERS = 4 };

/* Powers of two on every platform; the degrees between, whose rings end within a switch, a socket
 * or a node, in turn: most platforms differ in rates alone. */
static bool takes(size_t platform, int tp)
{
  static const int odd[] = {3, 5, 6, 7};
  return (tp & (tp - 1)) == 0 || tp == odd[platform % 4];
}
#endif

/* As many heads as the ranks divide. */
static struct tp_model model_for(int tp)
{
  return (struct tp_model){.name = "toy",
                           .family = "llama",
                           .layers = LAYERS,
                           .hidden = 2048,
                           .heads = 4 * tp,
                           .kv_heads = tp,
                           .head_dim = 128,
                           .ffn = 1024 * tp,
                           .vocab = 32000,
                           .gated_mlp = true};
}

static void price(const struct tp_machine *machine, const struct tp_program *program,
                  struct tp_arena *arena, const struct tp_cost **rows)
{
  for (size_t s = 0; s < program->n_segments; s++) {
    struct tp_cost *costs = TP_NEW(arena, struct tp_cost, program->segments[s].n_ops);
    for (size_t i = 0; i < program->segments[s].n_ops; i++)
      costs[i] =
          tp_cost_op(machine, tp_batch_decodes(&program->batch), &program->segments[s].ops[i]);
    rows[s] = costs;
  }
}

/* Largest difference of the engines' times, over the time of the pass. */
static double difference(const struct tp_run *run, struct tp_arena *arena)
{
  struct tp_error error = {.text = ""};
  struct tp_result a, b;
  enum tp_status status = tp_engine_analytic.run(&tp_engine_analytic, run, arena, &a, &error);
  if (status == TP_OK)
    status = test_des()->run(test_des(), run, arena, &b, &error);
  ck_assert_msg(status == TP_OK, "%s: %s", run->program->title, error.text);
  ck_assert_rel(b.link_bytes, a.link_bytes, 1e-12);
  const double apart_s[] = {a.total_s - b.total_s, a.compute_s - b.compute_s, a.comm_s - b.comm_s,
                            a.comm_exposed_s - b.comm_exposed_s};
  double most_s = 0;
  for (size_t i = 0; i < sizeof apart_s / sizeof *apart_s; i++)
    most_s = fmax(most_s, fabs(apart_s[i]));
  return most_s / a.total_s;
}

/* Of one variant at one TP degree: the larger of its two passes. */
static double variant_difference(const struct tp_setup *setup, const char *name, int tp)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_error error = {.text = ""};
  const struct tp_model model = model_for(tp);
  const struct tp_point point = {.model = &model,
                                 .device = &setup->device,
                                 .stack = &setup->stack,
                                 .mesh = tp_mesh_of_tp(tp),
                                 .batch = 4,
                                 .prompt = 512,
                                 .generate = 64,
                                 .dtype = TP_DTYPE_BF16};
  struct tp_machine machine;
  struct tp_variant variant;
  enum tp_status status =
      tp_machine_make(&setup->platform, &setup->device, &setup->stack, tp, &machine, &error);
  if (status == TP_OK)
    status = tp_variant_parse(name, arena, &variant, &error);
  machine.program = machine.sustained = true;
  double most = 0;
  for (int decode = 0; decode <= 1 && status == TP_OK; decode++) {
    struct tp_program program;
    const struct tp_cost *rows[TP_MAX_SEGMENTS];
    const struct tp_request request = request_at(&point, decode == 1, 544);
    status = tp_variant_build(&variant, &request, arena, &program, &error);
    if (status != TP_OK)
      break;
    price(&machine, &program, arena, rows);
    const struct tp_run run = {.program = &program, .machine = &machine, .costs = rows};
    most = fmax(most, difference(&run, arena));
  }
  ck_assert_msg(status == TP_OK, "%s", error.text);
  tp_arena_free(arena);
  return most;
}

static size_t platforms(struct world *world, const char ***names)
{
  size_t n = 0;
  world_open(world);
  ck_assert_int_eq(
      tp_datadir_list(&world->dirs, "platforms", ".json", world->arena, names, &n, NULL), TP_OK);
  ck_assert_uint_ge(n, 15);
  return n;
}

static const struct tp_setup *open(struct world *world, const char *platform, const char *stack)
{
  const struct tp_setup *setup = NULL;
  ck_assert_int_eq(tp_catalog_setup(&world->catalog, platform, stack, &setup, NULL), TP_OK);
  return setup;
}

/* The most come first: the DES reads the routes of a platform as plans need them, anew for more. */
static int most_ranks(const struct tp_setup *setup)
{
  return setup->platform.n_gpus < 8 ? setup->platform.n_gpus : 8;
}

/* Every other architecture at each degree, the others at the next one and on the next platform. */
static void agree_without_contention(struct world *world, const char *platform, size_t number)
{
  size_t n = 0;
  while (tp_architectures[n] != NULL)
    n++;
  const struct tp_setup *setup = open(world, platform, "ideal");
  for (int tp = most_ranks(setup); tp >= 2; tp--)
    for (size_t a = (number + (size_t)tp / 4) % 2; a < n && takes(number, tp); a += 2) {
      const double apart = variant_difference(setup, tp_architectures[a]->name, tp);
      ck_assert_msg(apart <= 1e-6, "%s, %s, tp %d: engines differ by %g of the time", platform,
                    tp_architectures[a]->name, tp, apart);
    }
}

/* With SMs and DRAM contended for, ranks that are alike still agree; and those that are not (PCIe
 * switches and sockets between GPUs: l40s, P2P disabled), for what runs there, NCCL's rings, goes
 * at the pace of the slowest. */
static void agree_with_contention(struct world *world, const char *platform, size_t number,
                                  const char *stack)
{
  static const char *const variants[] = {"kraken", "ladder"};
  const struct tp_setup *setup = open(world, platform, stack);
  for (int tp = most_ranks(setup); tp >= 2; tp--)
    for (size_t v = 0; takes(number, tp) && v < sizeof variants / sizeof *variants; v++) {
      const double apart = variant_difference(setup, variants[v], tp);
      ck_assert_msg(apart <= 1e-6, "%s, %s, %s, tp %d: %g", platform, stack, variants[v], tp,
                    apart);
    }
}

/* All of a platform in turn: the DES reads it once a stack, of which each platform has one. */
START_TEST(engines_agree_on_every_platform)
{
  static const char *const stacks[] = {"gpt-fast-compile", "vllm-graph", "tensorrt-llm-0.12"};
  struct world world;
  const char **names;
  const size_t n = platforms(&world, &names);
  for (size_t i = 0; i < n; i++) {
    agree_without_contention(&world, names[i], i);
#ifndef __SANITIZE_ADDRESS__
    agree_with_contention(&world, names[i], i, stacks[i % (sizeof stacks / sizeof *stacks)]);
#endif
  }
#ifdef __SANITIZE_ADDRESS__
  (void)stacks;
  (void)agree_with_contention;
#endif
  world_close(&world);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("agree");
  TCase *cases = tcase_create("cases");
  tcase_set_timeout(cases, 300);
  tcase_add_test(cases, engines_agree_on_every_platform);
  suite_add_tcase(suite, cases);
  return suite;
}

TP_SUITE_MAIN
