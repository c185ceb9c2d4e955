/* Mixtures of experts and latent attention: the dense model as a limit, closed forms of what they
 * move, what variants make of them. */
#include "predict/predict.h"

#include "../des.h"
#include "predicting.h"

#include <string.h>

static struct tp_mesh mesh_of(int tp, int dp, int ep)
{
  return (struct tp_mesh){.pp = 1, .dp = dp, .tp = tp, .ep = ep, .etp = dp * tp / ep};
}

static struct tp_prediction predicted(const char *model, const char *variant, struct tp_mesh mesh,
                                      int64_t batch)
{
  struct tp_point point = world_case(&world, model, "dgx-h200", "ideal", variant);
  point.mesh = mesh;
  point.batch = batch;
  point.prompt = 256;
  point.generate = 3;
  return any_row_of(&point);
}

/* One expert that every token goes to, on one GPU or cut over eight, is a dense model. */
START_TEST(one_expert_is_a_dense_model)
{
  static const char *const stacks[] = {"ideal", "gpt-fast-compile", "vllm-graph"};
  struct tp_point dense = world_case(&world, "mistral-7b", "dgx-h100", stacks[_i % 3], "standard");
  struct tp_model one = *dense.model;
  one.experts = (struct tp_expert_shape){.count = 1, .top_k = 1, .ffn = one.ffn};
  for (int kind = 0; kind < tp_model_n_kinds(&one); kind++)
    one.kinds[kind].mixture = true;
  dense.mesh = tp_mesh_of_tp(_i < 3 ? 1 : 8);
  dense.generate = 16;
  struct tp_point mixture = dense;
  mixture.model = &one;
  const struct tp_prediction a = any_row_of(&dense), b = any_row_of(&mixture);
  ck_assert_str_eq(b.status, "ok");
#define SAME(column) ck_assert_double_eq(a.column, b.column)
  SAME(ttft_s);
  SAME(tpot_s);
  SAME(e2e_s);
  SAME(memory_bytes);
  SAME(flops);
  SAME(dram_bytes);
  SAME(link_bytes);
  SAME(comm_s);
#undef SAME
}
END_TEST

/* Elements that a GPU sends in one pass of Mixtral 8x7B over `rows` tokens of its replica: an
 * all-reduce over tp after attention and experts, and of the embedding; the logits of 8 sequences;
 * over dp an all-gather before the experts and a reduce-scatter after them. */
static double sent_elements(struct tp_mesh mesh, double rows, double reduces, bool exchanges)
{
  const double x = rows * 4096, tp = mesh.tp, dp = mesh.dp, layers = 32;
  const double reduced = 2 * (tp - 1) / tp * x * (reduces + 1) + (tp - 1) / tp * 8 * 32000;
  const double gathered = 2 * (dp - 1) * x * layers;
  return exchanges ? reduced + gathered : 0;
}

static const struct {
  const char *variant;
  int tp, dp, ep;
  double reduces; /* all-reduces over the tensor ranks */
} sent[] = {
    {"standard", 8, 1, 1, 64}, {"standard", 8, 1, 8, 64},  {"ladder", 8, 1, 8, 64},
    {"parallel", 8, 1, 4, 32}, {"desync-2x", 8, 1, 1, 32}, {"desync-4x", 8, 1, 1, 16},
    {"standard", 1, 8, 8, 0},  {"standard", 1, 8, 4, 0},   {"ladder", 1, 8, 8, 0},
    {"parallel", 1, 8, 8, 0},  {"standard", 2, 4, 8, 64},  {"ladder", 2, 4, 8, 64},
    {"standard", 4, 2, 2, 64}, {"no-comm", 2, 4, 8, 0},
};

START_TEST(bytes_on_links_are_the_closed_forms)
{
  const struct tp_mesh mesh = mesh_of(sent[_i].tp, sent[_i].dp, sent[_i].ep);
  const struct tp_prediction row =
      predicted("mixtral-8x7b", sent[_i].variant, mesh, 8 * (int64_t)mesh.dp);
  const bool exchanges = strcmp(sent[_i].variant, "no-comm") != 0;
  ck_assert_str_eq(row.status, "ok");
  ck_assert_rel(row.link_bytes,
                2 * (sent_elements(mesh, 8 * 256, sent[_i].reduces, exchanges) +
                     2 * sent_elements(mesh, 8, sent[_i].reduces, exchanges)),
                1e-12);
}
END_TEST

/* Products of a decode step of Mixtral, one row on one GPU; and of DeepSeek-V3's attention, whose
 * absorbed form attends rows of 576 with 128 heads. */
START_TEST(flops_are_those_of_the_layers)
{
  struct tp_point point = world_case(&world, "mixtral-8x7b", "dgx-b200", "ideal", "no-comm");
  point.mesh = tp_mesh_of_tp(1);
  point.prompt = 1;
  point.generate = 1;
  const struct tp_prediction row = any_row_of(&point);
  const double attention = 4096.0 * (4096 + 2 * 1024) + 4096.0 * 4096 + 2 * 4096.0;
  const double experts = 8 * 4096.0 + 2 * 3 * 4096.0 * 14336;
  ck_assert_rel(row.flops, 2 * (32 * (attention + experts) + 4096.0 * 32000), 1e-12);

  point = world_case(&world, "deepseek-v3", "dgx-b200", "ideal", "no-comm");
  point.prompt = 1;
  point.generate = 1;
  const struct tp_prediction prompt = any_row_of(&point);
  point.generate = 2;
  const struct tp_prediction both = any_row_of(&point);
  const double heads = 16, down = 7168.0 * 2112, up = 1536 * heads * 192, out = heads * 128 * 7168;
  const double absorbed = heads * (512 * 128 + 128 * 512) + 2.0 * heads * (576 + 512);
  const double dense = 3 * 3 * 7168.0 * 18432 / 8;
  const double mixture = 58 * (7168.0 * 256 + 3 * 7168.0 * 2048 / 8 * (8 + 1));
  ck_assert_rel(both.flops - prompt.flops,
                2 * (61 * (down + up + out + absorbed) + dense + mixture + 7168.0 * 129280 / 8),
                1e-9);
}
END_TEST

static struct tp_program decode_of(const char *model, struct tp_mesh mesh)
{
  struct tp_point point = world_case(&world, model, "dgx-h200", "ideal", "standard");
  const struct tp_batch batch = tp_point_decode(&point, 1000);
  struct tp_request request = tp_point_request(&point, 0, &batch);
  struct tp_program program;
  struct tp_error error = {""};
  request.mesh = mesh;
  ck_assert_msg(tp_variant_build(point.variant, &request, world.arena, &program, &error) == TP_OK,
                "%s", error.text);
  return program;
}

/* Every rank keeps the whole latent, and an eighth of the experts, cut or not. */
START_TEST(memory_of_a_rank)
{
  const struct tp_program cut = decode_of("deepseek-v3", mesh_of(8, 1, 1)),
                          shared = decode_of("deepseek-v3", mesh_of(8, 1, 8)),
                          replicas = decode_of("deepseek-v3", mesh_of(1, 8, 8));
  ck_assert_double_eq(tp_program_kv_bytes(&cut, 1000), 1000.0 * 61 * 576 * 2);
  ck_assert_double_eq(cut.weight_bytes, shared.weight_bytes);
  /* A replica has all of what its eight ranks had parts of: heads, dense and shared MLPs, tables.
   */
  const double heads = 61 * (1536.0 * 24576 + 512 * 32768 + 16384 * 7168);
  const double mlps = (3 * 18432.0 + 58 * 2048) * 3 * 7168;
  const double tables = 2 * 129280.0 * 7168;
  ck_assert_rel(replicas.weight_bytes - cut.weight_bytes, 2 * 7.0 / 8 * (heads + mlps + tables),
                1e-9);
}
END_TEST

/* sglang has DeepSeek's shared expert in the kernel of the others, but not where experts are shared
 * out; the products are the same, and the router's is never quantised. */
START_TEST(shared_experts_in_the_kernel_of_the_others)
{
  double flops[2] = {0};
  for (int ep = 1; ep <= 8; ep += 7) {
    struct tp_point point =
        world_case(&world, "deepseek-v3", "dgx-h200", "sglang-0.5.14", "standard");
    point.mesh = mesh_of(8, 1, ep);
    const struct tp_batch batch = tp_batch_decode(4, 100);
    const struct tp_request request = tp_point_request(&point, 0, &batch);
    struct tp_program program;
    struct tp_error error = {""};
    ck_assert_msg(tp_variant_build(point.variant, &request, world.arena, &program, &error) == TP_OK,
                  "%s", error.text);
    int experts = 0, shared = 0;
    for (size_t s = 0; s < program.n_segments; s++)
      for (size_t i = 0; i < program.segments[s].n_ops; i++) {
        const struct tp_op *const op = &program.segments[s].ops[i];
        flops[ep > 1] += (double)program.segments[s].repeat * tp_op_flops(op);
        shared += strncmp(op->name, "shared.", 7) == 0;
        ck_assert_str_ne(op->name, "moe.router.quantise");
        if (op->kind == TP_OP_GEMM && strcmp(op->name, "moe.router") == 0)
          ck_assert_int_eq(op->gemm.quantising, TP_QUANTISED_WITH);
        if (op->kind != TP_OP_EXPERTS)
          continue;
        experts++;
        ck_assert_int_eq(op->experts.top_k, ep == 1 ? 9 : 8);
        ck_assert_int_eq(op->experts.experts, ep == 1 ? 257 : 256);
        ck_assert_double_eq(op->experts.skew, TP_RANDOM_EXPERTS);
      }
    ck_assert(experts > 0 && (shared > 0) == (ep > 1));
  }
  ck_assert_rel(flops[0], flops[1], 0.05);
}
END_TEST

/* The busiest rank is waited for. */
START_TEST(uneven_tokens_cost_more)
{
  struct tp_point point = world_case(&world, "mixtral-8x7b", "dgx-h100", "ideal", "standard");
  point.mesh = mesh_of(8, 1, 8);
  const struct tp_batch batch = tp_batch_prefill(8, 1024);
  struct tp_request request = tp_point_request(&point, 0, &batch);
  request.style.expert_skew = 1.2;
  struct tp_program program;
  struct tp_error error = {""};
  ck_assert_msg(tp_variant_build(point.variant, &request, world.arena, &program, &error) == TP_OK,
                "%s", error.text);
  int n = 0;
  for (size_t s = 0; s < program.n_segments; s++)
    for (size_t i = 0; i < program.segments[s].n_ops; i++) {
      const struct tp_op *const op = &program.segments[s].ops[i];
      if (op->kind != TP_OP_EXPERTS)
        continue;
      n++;
      ck_assert_double_eq(op->experts.skew, 1.2);
      ck_assert(op->experts.tokens == 8192 && op->experts.moe_ep == 8 && op->experts.moe_tp == 1);
    }
  ck_assert_int_eq(n, 1);
}
END_TEST

/* All-to-all sends a token once to each rank that has any of its experts: of 8 experts on 8 ranks,
 * two. */
START_TEST(tokens_travel_to_the_ranks_of_their_experts)
{
  struct tp_point point = world_case(&world, "mixtral-8x7b", "dgx-h100", "ideal", "standard");
  point.mesh = mesh_of(1, 8, 8);
  point.batch = 64;
  const struct tp_batch batch = tp_point_prefill(&point, 0);
  struct tp_request request = tp_point_request(&point, 0, &batch);
  request.style.dispatch_prefill = TP_DISPATCH_ALL_TO_ALL;
  struct tp_program program;
  struct tp_error error = {""};
  ck_assert_msg(tp_variant_build(point.variant, &request, world.arena, &program, &error) == TP_OK,
                "%s", error.text);
  int n = 0;
  for (size_t s = 0; s < program.n_segments; s++)
    for (size_t i = 0; i < program.segments[s].n_ops; i++) {
      const struct tp_op *const op = &program.segments[s].ops[i];
      if (op->kind != TP_OP_COLLECTIVE || op->collective.kind != TP_ALL_TO_ALL)
        continue;
      n++;
      ck_assert_rel(op->collective.bytes, 8 * 1024 * 4096.0 * 2 * 2, 1e-12);
      ck_assert(op->collective.group.size == 8 && op->collective.group.stride == 1);
    }
  ck_assert_int_eq(n, 2);
}
END_TEST

/* Kernels made for it: prefill by one, decode by another, each token of a rank. */
START_TEST(kernels_of_a_library_take_tokens_there)
{
  static const enum tp_algorithm asked[] = {TP_ALGORITHM_NVLINK_TWO_SIDED,
                                            TP_ALGORITHM_DEEPEP_LOW_LATENCY};
  struct tp_point point = world_case(&world, "mixtral-8x7b", "dgx-h100", "ideal", "standard");
  point.mesh = mesh_of(1, 8, 8);
  point.batch = 64;
  const struct tp_batch batch = _i == 0 ? tp_point_prefill(&point, 0) : tp_batch_decode(8, 1024);
  struct tp_request request = tp_point_request(&point, 0, &batch);
  request.style.dispatch_prefill = TP_DISPATCH_NVLINK_TWO_SIDED;
  request.style.dispatch_decode = TP_DISPATCH_DEEPEP_LOW_LATENCY;
  struct tp_program program;
  struct tp_error error = {""};
  ck_assert_msg(tp_variant_build(point.variant, &request, world.arena, &program, &error) == TP_OK,
                "%s", error.text);
  int n[TP_N_COLLECTIVES] = {0};
  for (size_t s = 0; s < program.n_segments; s++)
    for (size_t i = 0; i < program.segments[s].n_ops; i++) {
      const struct tp_op *const op = &program.segments[s].ops[i];
      if (op->kind != TP_OP_COLLECTIVE)
        continue;
      const struct tp_collective *const exchange = &op->collective;
      n[exchange->kind]++;
      ck_assert_int_eq(exchange->algorithm, asked[_i]);
      ck_assert_int_eq(exchange->tokens, _i == 0 ? 8 * 1024 : 8);
      ck_assert(exchange->hidden == 4096 && exchange->top_k == 2 && exchange->experts == 8);
      ck_assert(exchange->group.size == 8 && exchange->group.stride == 1);
    }
  ck_assert_int_eq(n[TP_PREPARE], _i == 0 ? 1 : 0);
  ck_assert_int_eq(n[TP_DISPATCH], 1);
  ck_assert_int_eq(n[TP_COMBINE], 1);
}
END_TEST

static const struct {
  const char *model, *variant;
  int tp, dp, ep;
  const char *says;
} refused[] = {
    {"mixtral-8x7b", "kraken", 8, 1, 1, "kraken's sub-layers are dense blocks"},
    {"mixtral-8x7b", "desync-2x", 8, 1, 8, "would never see the other ranks' experts"},
    {"deepseek-v3", "kraken:8", 8, 1, 1, "kraken's sub-layers are dense blocks"},
    {"llama-3.1-8b", "standard", 4, 2, 2, "has no experts"},
    {"mixtral-8x7b", "standard", 8, 1, 3, "ep 3 does not divide the 8 GPUs"},
    {"mixtral-8x7b", "standard", 2, 4, 8, "ok"},
    {"gemma-3-27b", "desync-4x", 8, 1, 1, "needs the sum that desync drops"},
    {"gpt-oss-20b", "ladder+flash-int8", 4, 1, 2, "ok"},
    {"gpt-oss-20b", "ladder+chunked:2", 4, 1, 4, "ok"},
    {"mixtral-8x7b", "t3", 8, 1, 8, "ok"},
};

START_TEST(what_has_no_meaning_is_refused_by_name)
{
  const struct tp_prediction row =
      predicted(refused[_i].model, refused[_i].variant,
                mesh_of(refused[_i].tp, refused[_i].dp, refused[_i].ep), 8);
  ck_assert_msg(strstr(row.status, refused[_i].says) != NULL, "%s", row.status);
}
END_TEST

/* Ladder hides what standard shows, and nothing is faster than no exchange. */
START_TEST(ladder_hides_the_exchanges_of_experts)
{
  static const int meshes[][3] = {{8, 1, 1}, {8, 1, 8}, {1, 8, 8}, {2, 4, 8}};
  const struct tp_mesh mesh = mesh_of(meshes[_i][0], meshes[_i][1], meshes[_i][2]);
  const struct tp_prediction standard = predicted("mixtral-8x7b", "standard", mesh, 64),
                             ladder = predicted("mixtral-8x7b", "ladder", mesh, 64),
                             bound = predicted("mixtral-8x7b", "no-comm", mesh, 64);
  ck_assert(ladder.e2e_s < standard.e2e_s);
  ck_assert(bound.e2e_s < ladder.e2e_s);
  ck_assert(ladder.comm_exposed_s < standard.comm_exposed_s);
}
END_TEST

/* The two engines on every kind of model and arrangement. */
START_TEST(engines_agree)
{
  static const char *const models[] = {"mixtral-8x7b", "deepseek-v3", "gpt-oss-20b",
                                       "qwen3-30b-a3b"},
                           *const variants[] = {"standard", "ladder", "parallel",
                                                "ladder+flash-int8"};
  static const int meshes[][3] = {{4, 1, 1}, {4, 1, 4}, {1, 4, 4}, {2, 2, 4}, {2, 4, 2}};
  for (int m = 0; m < 5; m++) {
    struct tp_point point =
        world_case(&world, models[_i % 4], "dgx-b200", "vllm-graph", variants[_i / 4]);
    struct tp_model cut = *point.model;
    cut.layers = 4;
    point.model = &cut;
    point.mesh = mesh_of(meshes[m][0], meshes[m][1], meshes[m][2]);
    if (point.mesh.tp == 1 && point.variant->wire != NULL)
      continue; /* no all-reduce is left */
    point.batch = 8;
    point.prompt = 128;
    point.generate = 2;
    const struct tp_prediction analytic = any_row_of(&point);
    point.engine = test_des();
    const struct tp_prediction des = any_row_of(&point);
    ck_assert_str_eq(analytic.status, "ok");
    ck_assert_rel(des.ttft_s, analytic.ttft_s, 1e-6);
    ck_assert_rel(des.tpot_s, analytic.tpot_s, 1e-6);
    ck_assert_rel(des.link_bytes, analytic.link_bytes, 1e-12);
  }
}
END_TEST

/* A text that never splits its tokens is the standard one: its layers wait for the experts of the
 * one before, behind layers without any, too, where only replicas meet. */
START_TEST(layers_wait_for_the_experts_before_them)
{
  const struct tp_mesh mesh = mesh_of(1, 8, 8);
  const struct tp_prediction standard = predicted("glm-4.5", "standard", mesh, 512);
  const struct tp_prediction whole = predicted("glm-4.5", "tokenweave:1000000", mesh, 512);
  ck_assert_str_eq(standard.status, "ok");
  ck_assert_rel(whole.e2e_s, standard.e2e_s, 1e-7);
  ck_assert_rel(whole.comm_exposed_s, standard.comm_exposed_s, 1e-7);
}
END_TEST

#define COUNT(table) (int)(sizeof table / sizeof table[0])
static Suite *suite(void)
{
  Suite *const s = suite_create("mixtures");
  TCase *const t = tcase_create("mixtures");
  tcase_add_checked_fixture(t, set_up, tear_down);
  tcase_add_loop_test(t, one_expert_is_a_dense_model, 0, 6);
  tcase_add_loop_test(t, bytes_on_links_are_the_closed_forms, 0, COUNT(sent));
  tcase_add_test(t, flops_are_those_of_the_layers);
  tcase_add_test(t, memory_of_a_rank);
  tcase_add_test(t, shared_experts_in_the_kernel_of_the_others);
  tcase_add_test(t, uneven_tokens_cost_more);
  tcase_add_test(t, tokens_travel_to_the_ranks_of_their_experts);
  tcase_add_loop_test(t, kernels_of_a_library_take_tokens_there, 0, 2);
  tcase_add_loop_test(t, what_has_no_meaning_is_refused_by_name, 0, COUNT(refused));
  tcase_add_loop_test(t, engines_agree, 0, 16);
  tcase_add_test(t, layers_wait_for_the_experts_before_them);
  tcase_add_loop_test(t, ladder_hides_the_exchanges_of_experts, 0, 4);
  suite_add_tcase(s, t);
  return s;
}

TP_SUITE_MAIN
