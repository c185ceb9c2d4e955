/* Where tensors lie, and that every rank has its part of the same matrices. */
#include "host/host.h"
#include "run/element.h"
#include "run/store.h"
#include "run/weights.h"

#include "hand.h"

static struct tp_error error;
static struct tp_arena *arena;
static struct tp_host *host;

enum { RANKS = 4 };

static void setup(void)
{
  arena = tp_arena_create();
  host = tp_host_create(&(struct tp_host_options){.ranks = RANKS, .arithmetic = true});
}

static void teardown(void)
{
  tp_host_free(host);
  tp_arena_free(arena);
}

static struct tp_binding *bind(struct tp_store *store, const struct tp_program *program)
{
  struct tp_binding *binding;
  ck_assert_msg(tp_store_bind(store, program, arena, &binding, &error) == TP_OK, "%s", error.text);
  return binding;
}

static int weight(struct hand *hand, const char *name, int layers, struct tp_piece *pieces, int n)
{
  const int w = hand_tensor(hand, name, TP_TENSOR_WEIGHT, 0, pieces[0].columns);
  hand->make.tensors[w].layers = layers;
  hand->make.tensors[w].pieces = pieces;
  hand->make.tensors[w].n_pieces = n;
  for (int p = 0; p < n; p++)
    hand->make.tensors[w].rows += pieces[p].rows;
  return w;
}

/* A program of `ranks` with a matrix of 8 x 4 by rows, one of 2 x 8 by columns, KV heads (2 x 4)
 * shared by pairs of four ranks, one of the rank's own and a bias of the first rank only. */
enum { STACKED, COLUMNS, OWN, FIRST };

struct sharded {
  struct hand hand;
  struct tp_piece stacked[2], columns, own, first;
};

static void shard(struct sharded *s, int ranks)
{
  const int kv = ranks == 4 ? 2 : 1; /* sharers */
  hand_begin(&s->hand, arena, ranks);
  s->stacked[0] = (struct tp_piece){"q", TP_ROLE_MATRIX, TP_SPLIT_ROWS, 8 / ranks, 4, 1};
  s->stacked[1] = (struct tp_piece){"k", TP_ROLE_MATRIX, TP_SPLIT_ROWS, 2 * kv / ranks, 4, kv};
  s->columns = (struct tp_piece){"out", TP_ROLE_MATRIX, TP_SPLIT_COLUMNS, 2, 8 / ranks, 1};
  s->own = (struct tp_piece){"own", TP_ROLE_MATRIX, TP_SPLIT_OWN, 2, 4, 1};
  s->first = (struct tp_piece){"bias", TP_ROLE_BIAS, TP_SPLIT_FIRST, 4, 1, 1};
  weight(&s->hand, "stacked", 2, s->stacked, 2);
  weight(&s->hand, "columns", 2, &s->columns, 1);
  weight(&s->hand, "own", 1, &s->own, 1);
  weight(&s->hand, "first", 1, &s->first, 1);
  hand_segment(&s->hand, 1, 0);
}

static float element(const struct tp_binding *binding, int tensor, int layer, int64_t row,
                     int64_t column)
{
  const struct tp_operand operand = tp_binding_operand(binding, tensor, layer);
  return ((const float *)operand.data)[row * operand.row_elements + column];
}

START_TEST(shards_are_parts)
{
  const int ranks = _i;
  struct sharded whole, part;
  shard(&whole, 1);
  shard(&part, ranks);
  struct tp_store *alone = tp_store_create(tp_host_calls(host, 0), 3, 0);
  const struct tp_binding *want = bind(alone, &whole.hand.program);
  struct tp_store *stores[RANKS];
  const int q = 8 / ranks, kv = ranks == 4 ? 2 : 1, k = 2 * kv / ranks;
  for (int r = 0; r < ranks; r++) {
    stores[r] = tp_store_create(tp_host_calls(host, r), 3, 0);
    const struct tp_binding *got = bind(stores[r], &part.hand.program);
    for (int layer = 0; layer < 2; layer++) {
      for (int column = 0; column < 4; column++) {
        for (int row = 0; row < q; row++)
          ck_assert(element(got, STACKED, layer, row, column) ==
                    element(want, STACKED, layer, r * q + row, column));
        for (int row = 0; row < k; row++)
          ck_assert(element(got, STACKED, layer, q + row, column) ==
                    element(want, STACKED, layer, 8 + r / kv * k + row, column));
      }
      for (int row = 0; row < 2; row++)
        for (int column = 0; column < q; column++)
          ck_assert(element(got, COLUMNS, layer, row, column) ==
                    element(want, COLUMNS, layer, row, r * q + column));
    }
    ck_assert((element(got, OWN, 0, 0, 0) == element(want, OWN, 0, 0, 0)) == (r == 0));
    for (int i = 0; i < 4; i++)
      ck_assert(element(got, FIRST, 0, i, 0) == (r == 0 ? element(want, FIRST, 0, i, 0) : 0));
  }
  for (int r = 0; r < ranks; r++)
    tp_store_free(stores[r]);
  tp_store_free(alone);
}
END_TEST

START_TEST(layers_differ)
{
  struct sharded s;
  shard(&s, 1);
  struct tp_store *store = tp_store_create(tp_host_calls(host, 0), 3, 0);
  const struct tp_binding *binding = bind(store, &s.hand.program);
  ck_assert(element(binding, STACKED, 0, 0, 0) != element(binding, STACKED, 1, 0, 0));
  ck_assert(element(binding, OWN, 0, 0, 0) == element(binding, OWN, 1, 0, 0)); /* one copy */
  struct tp_store *other = tp_store_create(tp_host_calls(host, 0), 4, 0);      /* seed */
  ck_assert(element(bind(other, &s.hand.program), STACKED, 0, 0, 0) !=
            element(binding, STACKED, 0, 0, 0));
  tp_store_free(other);
  tp_store_free(store);
}
END_TEST

/* Five layers in two copies: the odd ones are layer 1. */
START_TEST(layers_in_turn)
{
  struct hand hand;
  struct tp_piece piece = {"w", TP_ROLE_MATRIX, TP_SPLIT_WHOLE, 2, 4, 1};
  hand_begin(&hand, arena, 1);
  weight(&hand, "w", 5, &piece, 1);
  hand.make.tensors[hand_tensor(&hand, "keys", TP_TENSOR_CACHE, 3, 4)].layers = 5;
  hand_segment(&hand, 1, 0);
  struct tp_store *all = tp_store_create(tp_host_calls(host, 0), 3, 0);
  struct tp_store *few = tp_store_create(tp_host_calls(host, 0), 3, 2);
  const struct tp_binding *want = bind(all, &hand.program), *got = bind(few, &hand.program);
  ck_assert_uint_eq(tp_store_bytes(all), 5 * (8 + 12) * 4);
  ck_assert_uint_eq(tp_store_bytes(few), 2 * (8 + 12) * 4);
  for (int layer = 0; layer < 5; layer++)
    ck_assert(element(got, 0, layer, 1, 2) == element(want, 0, layer % 2, 1, 2));
  ck_assert_ptr_ne(tp_binding_operand(want, 1, 0).data, tp_binding_operand(want, 1, 2).data);
  ck_assert_ptr_eq(tp_binding_operand(got, 1, 0).data, tp_binding_operand(got, 1, 2).data);
  tp_store_free(all);
  tp_store_free(few);
}
END_TEST

/* Rows 1, 3, 5 of columns 2 and 3; then the last of these from its second column on. */
START_TEST(views)
{
  struct hand hand;
  hand_begin(&hand, arena, 1);
  const int x = hand_tensor(&hand, "x", TP_TENSOR_ACTIVATION, 6, 5);
  const int part = hand_tensor(&hand, "part", TP_TENSOR_ACTIVATION, 3, 2);
  const int last = hand_tensor(&hand, "last", TP_TENSOR_ACTIVATION, 1, 1);
  hand.make.tensors[part].view_of = x;
  hand.make.tensors[part].first_row = 1;
  hand.make.tensors[part].first_column = 2;
  hand.make.tensors[part].row_step = 2;
  hand.make.tensors[last].view_of = part;
  hand.make.tensors[last].first_row = 2;
  hand.make.tensors[last].first_column = 1;
  hand.make.tensors[last].row_step = 1;
  hand.make.tensors[x].dtype = hand.make.tensors[part].dtype = hand.make.tensors[last].dtype =
      TP_DTYPE_BF16;
  hand_segment(&hand, 1, 0);
  struct tp_store *store = tp_store_create(tp_host_calls(host, 0), 3, 0);
  const struct tp_binding *binding = bind(store, &hand.program);
  const struct tp_operand whole = tp_binding_operand(binding, x, 0);
  const struct tp_operand operand = tp_binding_operand(binding, part, 0);
  const struct tp_operand single = tp_binding_operand(binding, last, 0);
  ck_assert_int_eq(operand.row_elements, 10);
  ck_assert_int_eq(operand.rows, 3);
  ck_assert_ptr_eq(operand.data, (uint16_t *)whole.data + 5 + 2);
  ck_assert_ptr_eq(single.data, (uint16_t *)whole.data + 5 * 5 + 3);
  ck_assert_uint_eq(tp_store_bytes(store), 6 * 5 * 2); /* views have no memory */
  tp_store_free(store);
}
END_TEST

/* Two programs share by name; the larger one's needs count, for both. */
START_TEST(programs_share)
{
  struct hand small, large;
  hand_begin(&small, arena, 1);
  hand_begin(&large, arena, 1);
  struct tp_piece piece = {"w", TP_ROLE_MATRIX, TP_SPLIT_WHOLE, 2, 4, 1};
  hand_tensor(&small, "x", TP_TENSOR_ACTIVATION, 2, 4);
  weight(&small, "w", 1, &piece, 1);
  weight(&large, "w", 1, &piece, 1);
  hand_tensor(&large, "x", TP_TENSOR_ACTIVATION, 9, 4);
  hand_segment(&small, 1, 0);
  hand_segment(&large, 1, 0);
  struct tp_store *store = tp_store_create(tp_host_calls(host, 0), 3, 0);
  const struct tp_binding *first = bind(store, &small.program), *second;
  const void *w = tp_binding_operand(first, 1, 0).data;
  second = bind(store, &large.program);
  ck_assert_ptr_eq(tp_binding_operand(second, 0, 0).data, w);
  ck_assert_ptr_eq(tp_binding_operand(first, 1, 0).data, w);
  ck_assert_ptr_eq(tp_binding_operand(first, 0, 0).data, tp_binding_operand(second, 1, 0).data);
  ck_assert_int_eq(tp_binding_operand(first, 0, 0).rows, 2);
  ck_assert_uint_eq(tp_store_bytes(store), (8 + 36) * 4);
  bind(store, &small.program);
  ck_assert_uint_eq(tp_store_bytes(store), (8 + 36) * 4);

  piece.rows = 3;
  large.make.tensors[0].rows = 3;
  struct tp_binding *none;
  ck_assert_int_eq(tp_store_bind(store, &large.program, arena, &none, &error), TP_E_INPUT);
  ck_assert_msg(strstr(error.text, "'w' is 3 x 4 in 1 layers here and 2 x 4") != NULL, "%s",
                error.text);
  tp_store_free(store);
}
END_TEST

START_TEST(new_memory_is_nan)
{
  struct hand hand;
  hand_begin(&hand, arena, 1);
  hand_tensor(&hand, "x", TP_TENSOR_ACTIVATION, 2, 4);
  hand_segment(&hand, 1, 0);
  struct tp_store *store = tp_store_create(tp_host_calls(host, 0), 3, 0);
  ck_assert(isnan(element(bind(store, &hand.program), 0, 0, 1, 3)));
  tp_store_free(store);
}
END_TEST

/* Three digits after the leading one: numbers of all kinds err by 2.6 % in the mean, however wide
 * their matrix; none is beyond the type's largest. */
START_TEST(fp8_keeps_its_digits)
{
  static const int64_t widths[] = {1, 16, 1024, 8192, 28672};
  enum { ROWS = 1000 };
  const struct tp_piece piece = {
      .of = "w", .rows = ROWS, .columns = widths[_i], .sharers = 1, .role = TP_ROLE_MATRIX};
  const struct tp_fill exact = tp_weight_fill(&piece, 1, 0, 0, 1, TP_DTYPE_FP32);
  const struct tp_fill fp8 = tp_weight_fill(&piece, 1, 0, 0, 1, TP_DTYPE_FP8);
  double error2 = 0, sum2 = 0;
  for (int row = 0; row < ROWS; row++) {
    uint8_t code;
    const float value = tp_fill_value(&exact, row, 0);
    tp_element_set(TP_DTYPE_FP8, &code, 0, tp_fill_value(&fp8, row, 0));
    const float kept = tp_element_value(TP_DTYPE_FP8, &code, 0) * tp_weight_unit(TP_DTYPE_FP8);
    error2 += (double)((kept - value) * (kept - value));
    sum2 += (double)(value * value);
  }
  ck_assert_msg(sqrt(error2 / sum2) < 0.03, "%lld wide: %g", (long long)widths[_i],
                sqrt(error2 / sum2));
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("store");
  TCase *cases = tcase_create("cases");
  tcase_add_checked_fixture(cases, setup, teardown);
  tcase_add_loop_test(cases, shards_are_parts, 2, 3);
  tcase_add_loop_test(cases, shards_are_parts, 4, 5);
  tcase_add_test(cases, layers_differ);
  tcase_add_test(cases, layers_in_turn);
  tcase_add_test(cases, views);
  tcase_add_test(cases, programs_share);
  tcase_add_test(cases, new_memory_is_nan);
  tcase_add_loop_test(cases, fp8_keeps_its_digits, 0, 5);
  suite_add_tcase(suite, cases);
  return suite;
}

TP_SUITE_MAIN
