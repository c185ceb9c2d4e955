/* Sliding windows: what they take off an op, and which layers' ops they are in. */
#include "builds.h"

static struct tp_attention attention(enum tp_attention_style style, int64_t query_len,
                                     int64_t kv_len, int64_t window)
{
  return (struct tp_attention){.style = style,
                               .batch = 1,
                               .query_len = query_len,
                               .kv_len = kv_len,
                               .heads = 1,
                               .kv_heads = 1,
                               .head_dim = 1,
                               .window = window};
}

/* 2 products of 2 flops a pair. */
static double pairs(struct tp_attention a)
{
  return tp_op_flops(&(struct tp_op){.kind = TP_OP_ATTENTION, .attention = a}) / 4;
}

START_TEST(pairs_and_keys)
{
  /* 6 queries see 1, 2, 3, 3, 3, 3 keys */
  ck_assert_double_eq(pairs(attention(TP_ATTENTION_FLASH, 6, 6, 3)), 15);
  ck_assert_double_eq(pairs(attention(TP_ATTENTION_FLASH, 6, 6, 1)), 6);
  ck_assert_double_eq(pairs(attention(TP_ATTENTION_FLASH, 6, 6, 6)), 21);
  ck_assert_double_eq(pairs(attention(TP_ATTENTION_FLASH, 6, 6, 0)), 21);
  /* 3 queries after 4 cached tokens: 5, 6, 7, of a window of 6: 5, 6, 6; of 2: 2, 2, 2 */
  ck_assert_double_eq(pairs(attention(TP_ATTENTION_FLASH, 3, 7, 6)), 17);
  ck_assert_double_eq(pairs(attention(TP_ATTENTION_FLASH, 3, 7, 2)), 6);
  ck_assert_double_eq(pairs(attention(TP_ATTENTION_MATERIALISED, 6, 6, 3)), 36);
  for (int style = TP_ATTENTION_FLASH; style <= TP_ATTENTION_EXPANDED; style++) {
    const struct tp_attention step = attention((enum tp_attention_style)style, 1, 9, 4);
    ck_assert_double_eq(pairs(step), 4);
    ck_assert_int_eq(tp_attention_keys(&step), 4);
  }
  const struct tp_attention prompt = attention(TP_ATTENTION_FLASH, 6, 6, 3);
  ck_assert_int_eq(tp_attention_keys(&prompt), 6);
  const struct tp_attention chunk = attention(TP_ATTENTION_FLASH, 3, 7, 2);
  ck_assert_int_eq(tp_attention_keys(&chunk), 4);
  const struct tp_attention masked = attention(TP_ATTENTION_MATERIALISED, 3, 7, 2);
  ck_assert_int_eq(tp_attention_keys(&masked), 7);
}
END_TEST

/* Every `period`-th layer is full, the others see 8 keys. */
enum { WINDOW = 8, MOST_LAYERS = 16 };
static unsigned char kinds_of[MOST_LAYERS];

static struct tp_model windowed_model(int64_t layers, int period)
{
  struct tp_model model = toy_model(layers);
  for (int64_t layer = 0; layer < layers; layer++)
    kinds_of[layer] = (layer + 1) % period == 0;
  model.n_kinds = 2;
  model.kinds[0].window = WINDOW;
  model.kind_of = kinds_of;
  return model;
}

/* Each layer's attention has that layer's window, in as many ops as it takes. */
static void assert_windows(const struct tp_program *program, const struct tp_model *model,
                           int a_layer)
{
  int found[MOST_LAYERS] = {0};
  for (size_t s = 0; s < program->n_segments; s++) {
    const struct tp_segment *segment = &program->segments[s];
    for (int64_t r = 0; r < segment->repeat; r++)
      for (size_t i = 0; i < segment->n_ops; i++) {
        const struct tp_op *op = &segment->ops[i];
        const int64_t layer = op->layer + r * segment->layers;
        if (op->kind != TP_OP_ATTENTION)
          continue;
        ck_assert_msg(layer >= 0 && layer < model->layers, "%s: layer %d", program->title,
                      (int)layer);
        found[layer]++;
        ck_assert_msg(op->attention.window == model->kinds[model->kind_of[layer]].window,
                      "%s: %s of layer %d has a window of %d", program->title, op->name, (int)layer,
                      (int)op->attention.window);
      }
  }
  for (int64_t layer = 0; layer < model->layers; layer++)
    ck_assert_msg(found[layer] == a_layer, "%s: layer %d attends %d times", program->title,
                  (int)layer, found[layer]);
}

START_TEST(every_layer_has_its_window)
{
  struct tp_arena *arena = tp_arena_create();
  for (int i = 0; tp_architectures[i] != NULL; i++)
    for (int period = 2; period <= 6; period += 2)
      for (int64_t layers = 1; layers <= MOST_LAYERS; layers++) {
        const struct tp_model model = windowed_model(layers, period);
        struct tp_request request = decode_request(&model, 2);
        struct tp_program program = build_program(tp_architectures[i]->name, &request, arena);
        assert_windows(&program, &model, 1);
        request = prefill_request(&model, 2);
        program = build_program(tp_architectures[i]->name, &request, arena);
        assert_windows(&program, &model, 1);
        if (tp_architectures[i]->build_train == NULL)
          continue;
        request.train = true;
        request.training.recompute = true; /* forward twice and backward */
        program = build_program(tp_architectures[i]->name, &request, arena);
        assert_windows(&program, &model, 3);
      }
  tp_arena_free(arena);
}
END_TEST

static void assert_segment(const struct tp_program *program, size_t s, const char *name,
                           int64_t repeat, int layers)
{
  ck_assert_str_eq(program->segments[s].name, name);
  ck_assert_int_eq(program->segments[s].repeat, repeat);
  ck_assert_int_eq(program->segments[s].layers, layers);
}

START_TEST(cycles_become_segments)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_model model = windowed_model(14, 6);
  struct tp_request request = decode_request(&model, 2);
  struct tp_program program = build_program("standard", &request, arena);
  ck_assert_uint_eq(program.n_segments, 4);
  assert_segment(&program, 1, "layers", 2, 6);
  assert_segment(&program, 2, "layer", 2, 1);
  program = build_program("ladder", &request, arena); /* one layer, LLLLG L LLLLG L, L L */
  assert_segment(&program, 1, "layer 1", 1, 1);
  assert_segment(&program, 2, "layers", 2, 6);
  assert_segment(&program, 3, "layer", 1, 1);
  program = build_program("desync-4x", &request, arena);
  ck_assert_uint_eq(program.n_segments, 4);
  assert_segment(&program, 1, "layers", 2, 6); /* three groups of two */
  assert_segment(&program, 2, "layers", 1, 2);
  request = prefill_request(&model, 2);
  request.train = true;
  program = build_program("standard", &request, arena);
  assert_segment(&program, 4, "layers.grad", 2, -6);
  tp_arena_free(arena);
}
END_TEST

/* 5 layers: 3 keep 8 tokens of 24, 2 keep all; keys and values of 2 heads of 32 in 2 bytes. */
START_TEST(a_cache_holds_its_window)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = windowed_model(5, 2);
  struct tp_request request = decode_request(&model, 2);
  struct tp_program program = build_program("standard", &request, arena);
  ck_assert_double_eq(tp_program_kv_bytes(&program, request.kv_capacity),
                      (3 * 8 + 2 * 24) * 3 * 2.0 * 2 * 32 * 2);
  request.kv_capacity = 6;
  program = build_program("standard", &request, arena);
  ck_assert_double_eq(tp_program_kv_bytes(&program, request.kv_capacity),
                      5 * 6 * 3 * 2.0 * 2 * 32 * 2);
  tp_arena_free(arena);
}
END_TEST

START_TEST(texts_name_windows)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = windowed_model(4, 2);
  const struct tp_request request = decode_request(&model, 2);
  const struct tp_program program = build_program("standard", &request, arena);
  const char *text = tp_program_text(&program, arena);
  ck_assert_ptr_nonnull(strstr(text, "q=1 kv=20 heads=4/2 dim=32 fp16 window=8\n"));
  ck_assert_ptr_nonnull(strstr(text, "q=1 kv=20 heads=4/2 dim=32 fp16\n"));
  tp_arena_free(arena);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("windows");
  TCase *cases = tcase_create("cases");
  tcase_set_timeout(cases, 60);
  tcase_add_test(cases, pairs_and_keys);
  tcase_add_test(cases, every_layer_has_its_window);
  tcase_add_test(cases, cycles_become_segments);
  tcase_add_test(cases, a_cache_holds_its_window);
  tcase_add_test(cases, texts_name_windows);
  suite_add_tcase(suite, cases);
  return suite;
}

TP_SUITE_MAIN
