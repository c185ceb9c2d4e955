/* The table of a layer: what is in it, and what a rank holds of it. */
#include "model/layer.h"
#include "model/shard.h"

#include "open.h"

#include <string.h>

#include "../arena.h" /* whose names nothing above may meet */

static void assert_matrix(const struct tp_layer *layer, const char *name, enum tp_split split,
                          int64_t rows, int64_t columns, int sharers)
{
  const struct tp_matrix *matrix = tp_layer_matrix(layer, name);
  ck_assert_msg(matrix != NULL, "no %s", name);
  ck_assert_int_eq(matrix->split, split);
  ck_assert_int_eq(matrix->rows, rows);
  ck_assert_int_eq(matrix->columns, columns);
  ck_assert_int_eq(matrix->sharers, sharers);
}

/* 64 query heads of 128, 8 key/value heads, 28672 wide. */
START_TEST(ranks_of_a_llama)
{
  const struct tp_model m = open_shipped("llama-3.1-70b", arena);
  struct tp_layer layer = tp_layer_make(&m, 0);
  ck_assert_int_eq(layer.n_matrices, 7);
  ck_assert_int_eq(tp_layer_matrix_elements(&layer),
                   8192 * (8192 + 2 * 1024) + 8192 * 8192 + 3 * 8192 * (int64_t)28672);
  ck_assert_int_eq(tp_layer_vector_elements(&layer), 2 * 8192);
  ck_assert_int_eq(tp_layer_cache_elements(&layer), 2 * 8 * 128);
  tp_layer_share(&layer, 16);
  assert_matrix(&layer, "attn.q", TP_SPLIT_ROWS, 4 * 128, 8192, 1);
  assert_matrix(&layer, "attn.k", TP_SPLIT_ROWS, 128, 8192, 2); /* one head, of two ranks */
  assert_matrix(&layer, "attn.v", TP_SPLIT_ROWS, 128, 8192, 2);
  assert_matrix(&layer, "attn.out", TP_SPLIT_COLUMNS, 8192, 4 * 128, 1);
  assert_matrix(&layer, "mlp.up", TP_SPLIT_ROWS, 1792, 8192, 1);
  assert_matrix(&layer, "mlp.gate", TP_SPLIT_ROWS, 1792, 8192, 1);
  assert_matrix(&layer, "mlp.down", TP_SPLIT_COLUMNS, 8192, 1792, 1);
  ck_assert_int_eq(tp_layer_outputs(&layer, TP_PROJECTION_QKV), 6 * 128);
  ck_assert_int_eq(tp_layer_outputs(&layer, TP_PROJECTION_UP), 2 * 1792);
  ck_assert_int_eq(tp_layer_outputs(&layer, TP_PROJECTION_QKV | TP_PROJECTION_UP), 4352);
  ck_assert_int_eq(tp_layer_outputs(&layer, TP_PROJECTION_OUT), 8192);
  ck_assert_int_eq(tp_layer_inputs(&layer, TP_PROJECTION_OUT), 512);
  ck_assert_int_eq(tp_layer_inputs(&layer, TP_PROJECTION_DOWN), 1792);
  ck_assert_int_eq(tp_layer_vector_elements(&layer), 2 * 8192);
  ck_assert_int_eq(tp_layer_cache_elements(&layer), 2 * 128);
  ck_assert(!tp_layer_is_biased(&layer, TP_PROJECTION_QKV | TP_PROJECTION_UP));
}
END_TEST

/* Layer norms have a bias each; so has every matrix: an element a row. */
START_TEST(biases_of_a_gpt)
{
  const struct tp_model m = open_shipped("bloom-176b", arena);
  struct tp_layer layer = tp_layer_make(&m, 0);
  ck_assert_int_eq(layer.n_matrices, 6);
  ck_assert_int_eq(tp_layer_vector_elements(&layer),
                   2 * 2 * 14336 + 3 * 14336 + 14336 + 57344 + 14336);
  tp_layer_share(&layer, 4);
  ck_assert_int_eq(tp_layer_vector_elements(&layer),
                   2 * 2 * 14336 + 3 * 3584 + 14336 + 14336 + 14336);
  ck_assert(tp_layer_is_biased(&layer, TP_PROJECTION_DOWN));
  ck_assert_ptr_null(tp_layer_matrix(&layer, "mlp.gate"));
  ck_assert_str_eq(tp_layer_matrix(&layer, "attn.k")->bias_name, "attn.k.bias");
}
END_TEST

/* Six sub-layers of 6 heads stay whole: three of them on each of two ranks. */
START_TEST(sub_layers_are_shared_out_whole)
{
  const struct tp_model m = open_shipped("kraken-125m-6way", arena);
  struct tp_layer layer = tp_layer_make(&m, 0);
  ck_assert_int_eq(layer.block.copies, 6);
  ck_assert_int_eq(tp_layer_units(&layer, TP_UNIT_COPY), 6);
  ck_assert_int_eq(tp_layer_units(&layer, TP_UNIT_HEAD), 0);
  const int64_t elements = tp_layer_matrix_elements(&layer);
  tp_layer_share(&layer, 2);
  ck_assert_int_eq(layer.block.copies, 3);
  ck_assert_int_eq(layer.block.heads, m.heads);
  ck_assert_int_eq(tp_layer_matrix_elements(&layer), elements);
  assert_matrix(&layer, "mlp.down", TP_SPLIT_OWN, m.hidden, m.ffn, 1);
  for (int i = 0; i < layer.n_vectors; i++)
    ck_assert_int_eq(layer.vectors[i].split, TP_SPLIT_OWN);
}
END_TEST

START_TEST(vectors_are_those_of_the_family)
{
  struct tp_model m = {.hidden = 64,
                       .heads = 4,
                       .kv_heads = 4,
                       .head_dim = 16,
                       .ffn = 128,
                       .norm = TP_NORM_LAYER,
                       .shared_norm = true,
                       .qk_norm = true};
  struct tp_layer layer = tp_layer_make(&m, 0);
  static const char *const names[] = {"attn.gain", "attn.bias", "attn.q.gain", "attn.k.gain"};
  ck_assert_int_eq(layer.n_vectors, 4);
  for (int i = 0; i < 4; i++)
    ck_assert_str_eq(layer.vectors[i].name, names[i]);
  ck_assert_int_eq(tp_layer_vector_elements(&layer), 2 * 64 + 2 * 16);
  m.norm = TP_NORM_RMS;
  m.shared_norm = false;
  layer = tp_layer_make(&m, 0);
  ck_assert_str_eq(layer.vectors[1].name, "mlp.gain");
  ck_assert_int_eq(tp_layer_vector_elements(&layer), 2 * 64 + 2 * 16);
}
END_TEST

/* Of six layers, by what a file says of them: 1 has experts. */
static const struct {
  const char *says, *have;
} mixtures[] = {
    {"", "111111"},
    {",\"decoder_sparse_step\":2", "010101"},
    {",\"decoder_sparse_step\":4", "000100"},
    {",\"first_k_dense_replace\":2", "001111"},
    {",\"moe_layer_freq\":2", "010101"},
    {",\"moe_layer_freq\":[0,1,1,0,0,1]", "011001"},
    {",\"mlp_layer_types\":[\"dense\",\"sparse\",\"sparse\",\"dense\",\"dense\",\"sparse\"]",
     "011001"},
    {",\"mlp_only_layers\":[0,4]", "011101"},
    {",\"moe_layer_end_index\":3", "111100"},
    {",\"moe_layer_end_index\":0", "100000"},
    {",\"moe_layer_end_index\":-1", "111111"},
    {",\"moe_layers_enum\":\"1,3,5\"", "010101"},
    {",\"moe_layers_enum\":\"0\"", "100000"},
    {",\"moe_layers_enum\":\"\"", "000000"},
};

START_TEST(layers_that_have_experts)
{
  const char *const text = tp_arena_printf(
      arena,
      "{\"model_type\":\"qwen3_moe\",\"hidden_size\":64,\"num_hidden_layers\":6,"
      "\"num_attention_heads\":4,\"intermediate_size\":128,\"vocab_size\":99,\"num_experts\":4,"
      "\"num_experts_per_tok\":2,\"moe_intermediate_size\":32%s}",
      mixtures[_i].says);
  const struct tp_model m = open_text(text, arena);
  char have[7] = "";
  for (int layer = 0; layer < 6; layer++)
    have[layer] = m.kinds[tp_model_kind_of(&m, layer)].mixture ? '1' : '0';
  ck_assert_str_eq(have, mixtures[_i].have);
}
END_TEST

/* Of 4 experts 32 wide, 3 and 5 divide neither: what would do is told of each degree by itself, and
 * of both where only one does not fit. */
static const struct {
  struct tp_cut cut;
  const char *message;
} misfits[] = {
    {{.tp = 2, .ep = 3, .etp = 5}, "ep 3 does not divide its 4 experts; ep can be 1, 2, 4"},
    {{.tp = 2, .ep = 3, .etp = 2}, "ep 3 does not divide its 4 experts; ep can be 1, 2, 4"},
    {{.tp = 2, .ep = 2, .etp = 5},
     "5 ranks an expert do not divide its width 32; there can be 1, 2, 4, 8, 16, 32"},
    {{.tp = 3, .ep = 3, .etp = 5}, "tp 3 does not divide its 4 heads; tp can be 1, 2, 4"},
    {{.tp = 3, .ep = 2, .etp = 2}, "tp 3 does not divide its 4 heads; tp can be 1, 2, 4"},
};

START_TEST(degrees_that_would_do_are_told_by_unit)
{
  const struct tp_model m = open_text(
      "{\"model_type\":\"qwen3_moe\",\"hidden_size\":64,\"num_hidden_layers\":2,"
      "\"num_attention_heads\":4,\"intermediate_size\":128,\"vocab_size\":99,\"num_experts\":4,"
      "\"num_experts_per_tok\":2,\"moe_intermediate_size\":32}",
      arena);
  struct tp_layer share;
  struct tp_error error = {""};
  ck_assert_int_eq(tp_shard_cut(&m, 0, misfits[_i].cut, &share, &error), TP_E_INPUT);
  ck_assert_msg(strstr(error.text, misfits[_i].message) != NULL, "%s", error.text);
}
END_TEST

static Suite *suite(void)
{
  Suite *const s = suite_create("layer");
  TCase *const table = tcase_create("table");
  tcase_add_checked_fixture(table, setup, teardown);
  tcase_add_test(table, ranks_of_a_llama);
  tcase_add_test(table, biases_of_a_gpt);
  tcase_add_test(table, sub_layers_are_shared_out_whole);
  tcase_add_test(table, vectors_are_those_of_the_family);
  tcase_add_loop_test(table, layers_that_have_experts, 0,
                      (int)(sizeof mixtures / sizeof *mixtures));
  tcase_add_loop_test(table, degrees_that_would_do_are_told_by_unit, 0,
                      (int)(sizeof misfits / sizeof *misfits));
  suite_add_tcase(s, table);
  return s;
}

TP_SUITE_MAIN
