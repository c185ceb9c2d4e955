/* Every built-in architecture as text is its builder's program; what a wrong one changes. */
#include "../model/open.h"
#include "wiring.h"

#include "base/file.h"
#include "cost/style.h"
#include "platform/stack.h"

#include "../arena.h" /* whose names nothing above may meet */

static const char *const built_in[] = {"standard",  "parallel", "ladder", "desync-2x",
                                       "desync-4x", "kraken",   "no-comm"};
enum { N_BUILT_IN = sizeof built_in / sizeof built_in[0] };

static struct tp_style style_of(const char *name)
{
  const char *const path = tp_arena_printf(arena, "%s/platforms/stacks/%s.json", TP_SRCDIR, name);
  struct tp_doc doc;
  struct tp_stack stack;
  struct tp_error error = {""};
  ck_assert_msg(tp_doc_open(path, arena, &doc, &error) == TP_OK, "%s", error.text);
  ck_assert_msg(tp_stack_read(&doc, arena, &stack, &error) == TP_OK, "%s", error.text);
  const struct tp_style style = tp_style_of(&stack, 1);
  tp_doc_close(&doc);
  return style;
}

/* Two kinds of layers in turn, layer norms and biases. */
static struct tp_model other_model(int64_t layers)
{
  struct tp_model model = toy_model(layers);
  static const unsigned char kinds[] = {0, 1, 0, 1, 0, 1, 0};
  model.norm = TP_NORM_LAYER;
  model.qkv_bias = model.out_bias = model.mlp_bias = true;
  model.gated_mlp = false;
  model.n_kinds = 2;
  model.kinds[0].window = 8;
  model.kind_of = kinds;
  return model;
}

/* Programs that differ, of those tried. */
struct tally {
  int tried, differ;
};

static void compare(const char *wired, const char *name, const struct tp_request *request,
                    struct tally *tally)
{
  struct tp_arena *const own = tp_arena_create();
  struct tp_program mine, builtin;
  struct tp_error error = {""};
  ck_assert_msg(build_wired(wired, request, own, &mine, &error) == TP_OK, "%s", error.text);
  ck_assert_msg(build_wired(name, request, own, &builtin, &error) == TP_OK, "%s", error.text);
  const char *const a = text_but_for_names(mine, own), *b = text_but_for_names(builtin, own);
  tally->tried++;
  const bool same = strcmp(a, b) == 0 && mine.n_alike == builtin.n_alike;
  if (!same && tally->differ++ == 0 && getenv("TP_SHOW") != NULL)
    printf("# %s layers %d tp %d\n%s\n%s\n", name, (int)request->model->layers, request->mesh.tp, a,
           b);
  tp_arena_free(own);
}

typedef struct tp_model (*model_maker)(int64_t layers);

static struct tally compare_models(const char *wired, const char *name, model_maker one,
                                   model_maker other)
{
  static const char *const stacks[] = {"gpt-fast-compile", "vllm-graph", "tensorrt-llm-0.12",
                                       "ideal"};
  struct tally tally = {0};
  const struct tp_batch batches[] = {tp_batch_prefill(3, 16),
                                     tp_batch_decode(3, 20),
                                     {.n = 3, .chunks = {{1, 8, 4}, {2, 1, 11}, {1, 3, 0}}}};
  for (int s = 0; s < 4; s++) {
    const struct tp_style style = style_of(stacks[s]);
    for (int layers = 2; layers <= 7; layers++)
      for (int tp = 2; tp <= 8; tp *= 2)
        for (int b = 0; b < 3; b++)
          for (int m = 0; m < 2; m++) {
            const struct tp_model model = m == 0 ? one(layers) : other(layers);
            const struct tp_request request = {.model = &model,
                                               .mesh = tp_mesh_of_tp(tp),
                                               .batch = batches[b],
                                               .kv_capacity = 24,
                                               .operands = true,
                                               .style = style};
            compare(wired, name, &request, &tally);
          }
  }
  return tally;
}

static struct tally compare_all(const char *wired, const char *name)
{
  return compare_models(wired, name, toy_model, other_model);
}

/* Experts cut and shared out, replicas that meet in them, a latent, windows and norms of their own:
 * a module is the layer's. */
START_TEST(text_is_the_builders_program_of_mixtures)
{
  static const char *const models[] = {"mixtral-8x7b", "deepseek-v3", "gpt-oss-20b",
                                       "qwen3-30b-a3b", "gemma-3-27b"};
  static const struct tp_mesh meshes[] = {
      {1, 1, 8, 1, 8}, {1, 1, 8, 8, 1}, {1, 4, 2, 8, 1}, {1, 4, 2, 1, 8}};
  const char *const name = built_in[_i], *const text = tp_arena_printf(arena, "%s.tpa", name);
  struct tally tally = {0};
  int refused = 0;
  for (int m = 0; m < 5; m++)
    for (int g = 0; g < 4; g++)
      for (int b = 0; b < 3; b++) {
        struct tp_model model = open_shipped(models[m], arena);
        struct tp_program mine, builtin;
        struct tp_error error = {""}, other = {""};
        model.layers = 7;
        const struct tp_request request = {
            .model = &model,
            .mesh = meshes[g],
            .batch = b == 0   ? tp_batch_prefill(8, 16)
                     : b == 1 ? tp_batch_decode(8, 20)
                              : (struct tp_batch){.n = 2, .chunks = {{4, 8, 4}, {8, 1, 11}}},
            .kv_capacity = 24,
            .style = fused_style()};
        const bool builds = build_wired(name, &request, arena, &builtin, &other) == TP_OK;
        ck_assert_msg((build_wired(text, &request, arena, &mine, &error) == TP_OK) == builds,
                      "%s: '%s', '%s'", models[m], error.text, other.text);
        refused += !builds;
        if (builds)
          compare(text, name, &request, &tally);
      }
  printf("# %s: %d of %d programs differ, %d are refused\n", name, tally.differ, tally.tried,
         refused);
  ck_assert_int_gt(tally.tried, 2);
  ck_assert_int_eq(tally.differ, 0);
}
END_TEST

START_TEST(text_is_the_builders_program)
{
  const char *const name = built_in[_i];
  const struct tally tally = compare_all(tp_arena_printf(arena, "%s.tpa", name), name);
  printf("# %s: %d of %d programs differ\n", name, tally.differ, tally.tried);
  ck_assert_int_eq(tally.tried, 4 * 6 * 3 * 3 * 2);
  ck_assert_int_eq(tally.differ, 0);
}
END_TEST

static struct tp_model neox(int64_t layers)
{
  struct tp_model model = other_model(layers);
  model.parallel_residual = true;
  return model;
}

static struct tp_model falcon(int64_t layers)
{
  struct tp_model model = neox(layers);
  model.shared_norm = true;
  return model;
}

/* What standard is to a model depends on how its modules hang together: a text for each, and no
 * other's is taken. */
START_TEST(standard_is_of_its_models)
{
  static const struct {
    const char *text;
    model_maker model;
  } texts[] = {{"standard.tpa", other_model},
               {"standard-side-by-side", neox},
               {"standard-on-one-norm", falcon}};
  for (int i = 0; i < 3; i++) {
    const struct tally tally =
        compare_models(texts[i].text, "standard", texts[i].model, texts[i].model);
    ck_assert_int_eq(tally.differ, 0);
    for (int j = 0; j < 3; j++) {
      struct tp_program program;
      struct tp_error error = {""};
      const struct tp_model model = texts[j].model(3);
      const struct tp_request request = prefill_request(&model, 2);
      ck_assert_int_eq(build_wired(texts[i].text, &request, arena, &program, &error),
                       i == j ? TP_OK : TP_E_INPUT);
      ck_assert(i == j || strstr(error.text, "is of models with modules") != NULL);
    }
  }
}
END_TEST

/* The file with the first `from` turned into `to`, beside it. */
static const char *changed(const char *name, const char *from, const char *to)
{
  const char *text;
  struct tp_error error;
  const char *path = tp_arena_printf(arena, "%s/models/wirings/%s.tpa", TP_SRCDIR, name);
  ck_assert_int_eq(tp_file_read(path, arena, &text, &error), TP_OK);
  const char *const at = strstr(text, from);
  ck_assert_ptr_nonnull(at);
  const char *const file = tp_arena_printf(arena, "changed-%s.tpa", name);
  FILE *out = fopen(file, "w");
  ck_assert_ptr_nonnull(out);
  fprintf(out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
  ck_assert_int_eq(fclose(out), 0);
  return file;
}

/* Another architecture in the words of the language: the programs all differ. */
static const struct {
  const char *name, *from, *to;
} others[] = {
    {"ladder", "  x += m\n  n = norm x for mlp", "  n = norm x for mlp\n  x += m"},
    {"ladder", "  x += a                     # the first reader of a sum under way waits for it\n",
     "  wait a\n  x += m\n  x += a\n"},
    {"standard", "  m ~sum\n  x += m", "  m ~sum\n  wait m\n  x += a\n  x += m"},
    {"parallel", "a, m = attention & mlp n", "a = attention n\n  m = mlp n"},
};

START_TEST(another_wiring_is_another_program)
{
  const char *const file = changed(others[_i].name, others[_i].from, others[_i].to);
  struct tp_error error = {""};
  struct tp_variant variant;
  if (tp_variant_open(NULL, file, arena, &variant, &error) == TP_OK) {
    const struct tally tally = compare_all(file, others[_i].name);
    ck_assert_int_eq(tally.differ, tally.tried);
  } else
    ck_assert_msg(false, "%s", error.text);
  remove(file);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("wiring");
  TCase *tcase = tcase_create("wiring");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_loop_test(tcase, text_is_the_builders_program, 0, N_BUILT_IN);
  tcase_add_loop_test(tcase, text_is_the_builders_program_of_mixtures, 0, N_BUILT_IN);
  tcase_add_test(tcase, standard_is_of_its_models);
  tcase_add_loop_test(tcase, another_wiring_is_another_program, 0,
                      sizeof others / sizeof others[0]);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
