/* What ops say they read and write: shapes that fit, every layer's weights used once, nothing read
 * that nothing wrote. */
#include "../cuda/computed.h"
#include "builds.h"

struct built {
  bool gated; /* its MLP: Kraken's sub-layers are not */
  struct tp_arena *arena;
  struct tp_model model;
  struct tp_program program;
};

static struct built build(const char *variant, int tp, bool decode, bool fused, bool plain)
{
  struct built built = {.arena = tp_arena_create(), .model = toy_model(5)};
  if (plain) {
    built.model.norm = TP_NORM_LAYER;
    built.model.gated_mlp = false;
    built.model.position = TP_POSITION_LEARNED;
    built.model.max_positions = 64;
    built.model.qkv_bias = built.model.out_bias = built.model.mlp_bias = true;
    built.model.qk_norm = built.model.embedding_norm = true;
  }
  struct tp_request request =
      decode ? decode_request(&built.model, tp) : prefill_request(&built.model, tp);
  request.operands = true;
  if (!fused)
    request.style = (struct tp_style){.head_sharded = true, .embedding_sharded = true};
  built.gated = built.model.gated_mlp && strncmp(variant, "kraken", 6) != 0;
  built.program = build_program(variant, &request, built.arena);
  return built;
}

static const struct tp_tensor *tensor(const struct built *built, int index)
{
  ck_assert_int_ge(index, 0);
  ck_assert_int_lt(index, built->program.n_tensors);
  return &built->program.tensors[index];
}

static void check_gemm(const struct built *built, const struct tp_op *op)
{
  const struct tp_tensor *x = tensor(built, op->in[0]), *w = tensor(built, op->in[1]);
  int64_t columns = 0;
  ck_assert_int_eq(op->rows > 0 ? op->rows : x->rows, op->gemm.m);
  ck_assert_int_eq(x->columns, op->gemm.k);
  ck_assert_int_eq(w->columns, op->gemm.k);
  ck_assert_int_eq(w->rows, op->gemm.n);
  if (op->n_in == 3)
    ck_assert_int_eq(tensor(built, op->in[2])->rows, op->gemm.n);
  for (int i = 0; i < op->n_out; i++) {
    const bool halved = op->gemm.activates && built->gated && i == op->n_out - 1;
    columns += tensor(built, op->out[i])->columns * (halved ? 2 : 1);
  }
  ck_assert_int_eq(columns, op->gemm.n);
}

static void check_weight(const struct tp_tensor *tensor)
{
  int64_t rows = 0;
  for (int i = 0; i < tensor->n_pieces; i++) {
    rows += tensor->pieces[i].rows;
    ck_assert_int_eq(tensor->pieces[i].columns, tensor->columns);
    ck_assert_int_ge(tensor->pieces[i].sharers, 1);
  }
  ck_assert_int_eq(rows, tensor->rows);
}

/* Walks the whole pass; `written` and `used` by tensor. */
static void check_op(const struct built *built, const struct tp_op *op, int layer, bool *written,
                     int (*used)[8])
{
  ck_assert_msg(op->n_in > 0 && op->n_out > 0, "%s", op->name);
  if (op->kind == TP_OP_MEMORY)
    ck_assert_int_ne(op->memory.function, TP_FUNCTION_UNNAMED);
  if (op->kind == TP_OP_GEMM)
    check_gemm(built, op);
  for (int i = 0; i < op->n_in; i++) {
    const struct tp_tensor *t = tensor(built, op->in[i]);
    const int base = t->view_of == TP_NO_TENSOR ? op->in[i] : t->view_of;
    if (t->layers > 1)
      ck_assert_msg(layer < t->layers, "%s reads %s of layer %d", op->name, t->name, layer);
    if (t->kind == TP_TENSOR_ACTIVATION)
      ck_assert_msg(written[base], "%s reads %s", op->name, t->name);
    if (t->kind == TP_TENSOR_WEIGHT && op->first_row == 0)
      used[op->in[i]][t->layers > 1 ? layer : 0]++;
  }
  for (int i = 0; i < op->n_out; i++) {
    const struct tp_tensor *t = tensor(built, op->out[i]);
    ck_assert_int_ne(t->kind, TP_TENSOR_WEIGHT);
    written[op->out[i]] = true;
    if (t->view_of != TP_NO_TENSOR)
      written[t->view_of] = true;
  }
}

static void check_program(const struct built *built)
{
  const struct tp_program *program = &built->program;
  bool written[64] = {false};
  int used[64][8] = {{0}};
  ck_assert_ptr_null(program->unsaid);
  ck_assert_int_le(program->n_tensors, 64);
  for (size_t s = 0; s < program->n_segments; s++)
    for (int64_t r = 0; r < program->segments[s].repeat; r++)
      for (size_t i = 0; i < program->segments[s].n_ops; i++) {
        const struct tp_op *op = &program->segments[s].ops[i];
        check_op(built, op, op->layer + (int)r * program->segments[s].layers, written, used);
      }
  for (int t = 0; t < program->n_tensors; t++)
    if (program->tensors[t].kind == TP_TENSOR_WEIGHT) {
      check_weight(&program->tensors[t]);
      /* Kraken has a final norm of its own. */
      const bool spare = strncmp(program->tensors[t].name, "attn.", 5) == 0 &&
                         strstr(program->title, "kraken") != NULL;
      for (int layer = 0; layer < program->tensors[t].layers - (spare ? 1 : 0); layer++)
        ck_assert_msg(used[t][layer] == 1, "%s: %s of layer %d used %d times", program->title,
                      program->tensors[t].name, layer, used[t][layer]);
    }
  ck_assert_int_ge(program->tokens, 0);
  ck_assert_int_ge(program->lengths, 0);
  ck_assert_int_ge(program->logits, 0);
  ck_assert_int_ge(program->next, 0);
}

START_TEST(test_operands_fit)
{
  for (int tp = 1; tp <= 4; tp *= 2)
    for (int flags = 0; flags < 8; flags++) {
      if (tp == 1 && is_overlapped(_i)) /* one rank cuts nothing */
        continue;
      struct built built =
          build(computed_name(_i), tp, flags & 1, (flags & 2) != 0, (flags & 4) != 0);
      check_program(&built);
      tp_arena_free(built.arena);
    }
}
END_TEST

/* 8 query and 4 KV heads of 32 over 8 ranks: two ranks share a KV head. */
START_TEST(test_shares)
{
  struct built built = build("standard", 8, true, true, false);
  for (int t = 0; t < built.program.n_tensors; t++) {
    const struct tp_tensor *weight = &built.program.tensors[t];
    if (strcmp(weight->name, "qkv.weight") != 0)
      continue;
    ck_assert_int_eq(weight->n_pieces, 3);
    ck_assert_str_eq(weight->pieces[1].of, "attn.k");
    ck_assert_int_eq(weight->pieces[1].sharers, 2);
    ck_assert_int_eq(tp_piece_first_row(&weight->pieces[0], 5), 5 * 32);
    ck_assert_int_eq(tp_piece_first_row(&weight->pieces[1], 5), 2 * 32);
    ck_assert_int_eq(tp_piece_first_column(&weight->pieces[0], 5), 0);
  }
  tp_arena_free(built.arena);
}
END_TEST

static void check_view(const struct tp_program *program, int tensor, const char *of,
                       int64_t first_row, int64_t rows)
{
  const struct tp_tensor *view = &program->tensors[tensor];
  int64_t row = 0;
  for (; view->view_of != TP_NO_TENSOR; view = &program->tensors[view->view_of])
    row += view->first_row;
  ck_assert_str_eq(view->name, of);
  ck_assert_int_eq(row, first_row);
  ck_assert_int_eq(program->tensors[tensor].rows, rows);
}

/* One attention op a chunk, each on its own rows and its own sequences' part of the cache; the
 * head's rows are the last tokens', which no view can say. */
START_TEST(test_chunks)
{
  static const struct {
    int64_t first_token, tokens, first_sequence, sequences;
  } stretches[] = {{0, 4, 0, 1}, {4, 2, 1, 2}, {6, 3, 3, 3}};
  struct tp_arena *arena = tp_arena_create();
  struct tp_model model = toy_model(2);
  struct tp_request request = decode_request(&model, 2);
  request.operands = true;
  request.batch = (struct tp_batch){3, {{1, 4, 8}, {2, 1, 5}, {3, 1, 9}}};
  const struct tp_program program = build_program("ladder", &request, arena);
  ck_assert_ptr_null(program.unsaid);
  int attentions = 0;
  for (size_t s = 0; s < program.n_segments; s++)
    for (size_t i = 0; i < program.segments[s].n_ops; i++) {
      const struct tp_op *op = &program.segments[s].ops[i];
      if (strcmp(op->name, "head") == 0) {
        ck_assert_int_eq(op->gemm.m, 6);
        check_view(&program, op->in[0], "normed", 0, 9);
      }
      if (op->kind != TP_OP_ATTENTION)
        continue;
      const int chunk = attentions++ % 3;
      const int64_t token = stretches[chunk].first_token, tokens = stretches[chunk].tokens;
      const int64_t first = stretches[chunk].first_sequence, n = stretches[chunk].sequences;
      ck_assert_int_eq(op->chunk, chunk);
      check_view(&program, op->in[0], "qkv", token, tokens);
      check_view(&program, op->in[1], "keys", 24 * first, 24 * n);
      check_view(&program, op->in[2], "values", 24 * first, 24 * n);
      check_view(&program, op->in[3], "lengths", first, n);
      check_view(&program, op->out[0], "attended", token, tokens);
    }
  ck_assert_int_ge(attentions, 3);
  tp_arena_free(arena);
}
END_TEST

START_TEST(test_unsaid)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_model model = toy_model(2);
  struct tp_request request = decode_request(&model, 2);
  struct tp_program program = build_program("ladder", &request, arena);
  ck_assert_ptr_nonnull(program.unsaid);
  ck_assert_int_eq(program.n_tensors, 0);
  ck_assert_int_eq(program.segments[0].ops[0].n_in, 0);
  request.operands = true;
  model.position = TP_POSITION_ALIBI;
  program = build_program("ladder", &request, arena);
  ck_assert_ptr_nonnull(strstr(program.unsaid, "ALiBi"));
  model.position = TP_POSITION_ROTARY;
  model.chunk = 8;
  program = build_program("ladder", &request, arena);
  ck_assert_ptr_nonnull(strstr(program.unsaid, "within chunks"));
  model.chunk = 0;
  model.post_norms = true;
  program = build_program("ladder", &request, arena);
  ck_assert_ptr_nonnull(strstr(program.unsaid, "norms, heads or layers"));
  model.post_norms = false;
  model.latent =
      (struct tp_latent_shape){.kv_rank = 16, .nope_dim = 16, .rope_dim = 8, .value_dim = 16};
  program = build_program("ladder", &request, arena);
  ck_assert_ptr_nonnull(strstr(program.unsaid, "over a latent"));
  ck_assert_int_eq(program.n_tensors, 0);
  model.latent.kv_rank = 0;
  request.mesh = tp_mesh_of_tp(1);
  program = build_program("kraken:4", &request, arena);
  ck_assert_ptr_nonnull(strstr(program.unsaid, "sub-layers"));
  tp_arena_free(arena);
}
END_TEST

/* Experts that ranks cut are said: a piece an expert and matrix.  What is shared out, or what no
 * device computes, is refused in words. */
START_TEST(test_experts)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_model model = toy_model(2);
  model.kinds[0].mixture = true;
  model.experts = (struct tp_expert_shape){.count = 4, .top_k = 2, .ffn = 64, .shared_ffn = 128};
  struct tp_request request = decode_request(&model, 2);
  request.operands = true;
  struct tp_program program = build_program("standard", &request, arena);
  ck_assert_ptr_null(program.unsaid);
  for (int t = 0; t < program.n_tensors; t++) {
    const struct tp_tensor *weight = &program.tensors[t];
    if (weight->n_pieces > 0)
      check_weight(weight);
    if (strcmp(weight->name, "expert.up.weight") != 0)
      continue;
    ck_assert_int_eq(weight->rows, 4 * 2 * 32); /* up and gate of four, half of each */
    ck_assert_int_eq(weight->n_pieces, 8);
    ck_assert_str_eq(weight->pieces[3].of, "expert.gate.1");
    ck_assert_int_eq(tp_piece_first_row(&weight->pieces[3], 1), 32);
  }
  request.style.fused_shared_experts = true;
  program = build_program("standard", &request, arena);
  ck_assert_ptr_nonnull(strstr(program.unsaid, "take one without fusion.shared_experts"));
  request.style.fused_shared_experts = false;
  request.mesh.ep = 2;
  request.mesh.etp = 1;
  program = build_program("standard", &request, arena);
  ck_assert_ptr_nonnull(strstr(program.unsaid, "take ep 1"));
  request.mesh = tp_mesh_of_tp(2);
  model.experts.shared_gate = true;
  program = build_program("standard", &request, arena);
  ck_assert_ptr_nonnull(strstr(program.unsaid, "what weighs its shared experts"));
  model.experts.shared_gate = false;
  model.experts.biased = true;
  program = build_program("standard", &request, arena);
  ck_assert_ptr_nonnull(strstr(program.unsaid, "the biases of its experts"));
  model.experts.biased = false;
  model.chunk = 8192;
  program = build_program("standard", &request, arena);
  ck_assert_ptr_nonnull(strstr(program.unsaid, "within chunks of tokens"));
  tp_arena_free(arena);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("operands");
  TCase *tcase = tcase_create("programs");
  tcase_add_loop_test(tcase, test_operands_fit, 0, n_computed());
  tcase_add_test(tcase, test_shares);
  tcase_add_test(tcase, test_chunks);
  tcase_add_test(tcase, test_unsaid);
  tcase_add_test(tcase, test_experts);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
