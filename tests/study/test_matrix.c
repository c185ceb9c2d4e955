/* Every architecture with every overlap and every wire at TP 1 to 8: it runs in both engines, which
 * agree, or is refused by name. */
#include "../des.h"
#include "../request.h"
#include "../suite.h"
#include "engine/engine.h"
#include "world.h"

#include <string.h>

#ifdef __SANITIZE_ADDRESS__
enum { LAYERS = 4, TP_FACTOR = 8 }; /* SimGrid runs its actors as threads then */
#else
enum { LAYERS = 4, TP_FACTOR = 2 }; /* desync-4x repeats two */
#endif

static const struct tp_model model = {.name = "toy",
                                      .family = "llama",
                                      .layers = LAYERS,
                                      .hidden = 2048,
                                      .heads = 16,
                                      .kv_heads = 8,
                                      .head_dim = 128,
                                      .ffn = 8192,
                                      .vocab = 32000,
                                      .gated_mlp = true};

struct matrix {
  struct world world;
  const struct tp_setup *setup;
  int ran, refused;
  double apart; /* largest difference of the engines' times, over the time */
};

/* Costs live in `arena`, rows in `rows`. */
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

static struct tp_result run_by(const struct tp_engine *engine, enum tp_detail detail,
                               struct tp_run run, struct tp_arena *arena)
{
  struct tp_error error = {.text = ""};
  struct tp_result result;
  run.detail = detail;
  const enum tp_status status = engine->run(engine, &run, arena, &result, &error);
  ck_assert_msg(status == TP_OK, "%s: %s", run.program->title, error.text);
  ck_assert_msg(isfinite(result.total_s) && result.total_s > 0 && result.compute_s > 0 &&
                    result.comm_s >= 0 && result.comm_exposed_s >= 0,
                "%s: %g s, kernels %g, communication %g, exposed %g", run.program->title,
                result.total_s, result.compute_s, result.comm_s, result.comm_exposed_s);
  return result;
}

static void run_pass(struct matrix *matrix, int tp, const struct tp_machine *machine,
                     const struct tp_program *program, struct tp_arena *arena)
{
  const struct tp_cost *rows[TP_MAX_SEGMENTS];
  price(machine, program, arena, rows);
  const struct tp_run run = {.program = program, .machine = machine, .costs = rows};
  const struct tp_result fluid = run_by(&tp_engine_analytic, TP_DETAIL_FLOW, run, arena);
  const struct tp_result flow = run_by(test_des(), TP_DETAIL_FLOW, run, arena);
  const double apart = fabs(flow.total_s / fluid.total_s - 1);
  ck_assert_msg(apart <= 1e-6, "%s: engines differ by %g of the time", program->title, apart);
  matrix->apart = fmax(matrix->apart, apart);
  ck_assert_rel(flow.link_bytes, fluid.link_bytes, 1e-12);
  if (tp == 1)
    ck_assert_msg(fluid.link_bytes == 0, "%s: one rank sends %g bytes", program->title,
                  fluid.link_bytes);
  const bool sends = flow.link_bytes > 0; /* else every detail is the same */
  for (int detail = TP_DETAIL_STEP; detail <= TP_DETAIL_CHUNK && sends && tp <= 4; detail++) {
    const struct tp_result fine = run_by(test_des(), (enum tp_detail)detail, run, arena);
    ck_assert_rel(fine.link_bytes, flow.link_bytes, 1e-12);
  }
  matrix->ran++;
}

static void refused(struct matrix *matrix, const char *name, const struct tp_error *error)
{
  const char *const begin = tp_arena_printf(matrix->world.arena, "variant '%s': ", name);
  ck_assert_msg(strncmp(error->text, begin, strlen(begin)) == 0,
                "'%s' is refused without its name: %s", name, error->text);
  matrix->refused++;
}

/* False where the variant is refused. */
static bool run_variant(struct matrix *matrix, const char *name, int tp, bool decode)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_error error = {.text = ""};
  const struct tp_point point = {.model = &model,
                                 .device = &matrix->setup->device,
                                 .stack = &matrix->setup->stack,
                                 .mesh = tp_mesh_of_tp(tp),
                                 .batch = 4,
                                 .prompt = 512,
                                 .generate = 64,
                                 .dtype = TP_DTYPE_BF16};
  const struct tp_request request = request_at(&point, decode, 544);
  struct tp_machine machine;
  struct tp_variant variant;
  struct tp_program program;
  ck_assert_int_eq(tp_machine_make(&matrix->setup->platform, &matrix->setup->device,
                                   &matrix->setup->stack, tp, &machine, &error),
                   TP_OK);
  enum tp_status status = tp_variant_parse(name, arena, &variant, &error);
  if (status == TP_OK)
    status = tp_variant_build(&variant, &request, arena, &program, &error);
  if (status == TP_OK)
    run_pass(matrix, tp, &machine, &program, arena);
  else
    refused(matrix, name, &error);
  tp_arena_free(arena);
  return status == TP_OK;
}

/* As messages have it. */
static const char *name_of(struct matrix *matrix, const struct tp_architecture *architecture,
                           const struct tp_transform *overlap, const struct tp_transform *wire)
{
  struct tp_variant variant;
  const char *name = architecture->name;
  const struct tp_transform *const parts[] = {overlap, wire};
  for (size_t i = 0; i < 2; i++)
    if (parts[i] != NULL)
      name = tp_arena_printf(matrix->world.arena, "%s+%s", name, parts[i]->name);
  const bool known = tp_variant_parse(name, matrix->world.arena, &variant, NULL) == TP_OK;
  return known ? variant.text : name;
}

static void run_point(struct matrix *matrix, const struct tp_architecture *architecture,
                      const struct tp_transform *overlap, const struct tp_transform *wire)
{
  const char *const name = name_of(matrix, architecture, overlap, wire);
  const bool plain = overlap == NULL && wire == NULL;
  for (int tp = 1; tp <= 8; tp *= TP_FACTOR)
    for (int decode = 0; decode <= 1; decode++) {
      const bool ran = run_variant(matrix, name, tp, decode == 1);
      ck_assert_msg(ran || !plain, "'%s' alone is refused at tp %d", name, tp);
      ck_assert_msg(!ran || plain || strcmp(architecture->name, "no-comm") != 0,
                    "'%s' has nothing to arrange, yet runs at tp %d", name, tp);
    }
}

START_TEST(all_combinations)
{
  struct matrix matrix = {.ran = 0};
  world_open(&matrix.world);
  ck_assert_int_eq(
      tp_catalog_setup(&matrix.world.catalog, "dgx-h100", "ideal", &matrix.setup, NULL), TP_OK);
  const struct tp_architecture *const architecture = tp_architectures[_i];
  if (architecture != NULL)
    for (size_t o = 0; o == 0 || tp_overlaps[o - 1] != NULL; o++)
      for (size_t w = 0; w == 0 || tp_wires[w - 1] != NULL; w++)
        run_point(&matrix, architecture, o == 0 ? NULL : tp_overlaps[o - 1],
                  w == 0 ? NULL : tp_wires[w - 1]);
  if (architecture != NULL)
    printf("# %s: %d ran, %d refused, engines apart by at most %g\n", architecture->name,
           matrix.ran, matrix.refused, matrix.apart);
  world_close(&matrix.world);
}
END_TEST

static Suite *suite(void)
{
  int n = 0;
  while (tp_architectures[n] != NULL)
    n++;
  Suite *suite = suite_create("matrix");
  TCase *cases = tcase_create("cases");
  tcase_set_timeout(cases, 300);
  tcase_add_loop_test(cases, all_combinations, 0, n);
  suite_add_tcase(suite, cases);
  return suite;
}

TP_SUITE_MAIN
