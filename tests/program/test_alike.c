/* Which ops are one kernel in several layers. */
#include "builds.h"
#include "program/alike.h"

enum { WINDOW = 8, MOST_LAYERS = 24 };

static unsigned char kinds_of[MOST_LAYERS];

/* Layers of two kinds by their letters: l sees WINDOW keys, g all. */
static struct tp_model model_of(const char *letters)
{
  struct tp_model model = toy_model((int64_t)strlen(letters));
  model.n_kinds = 2;
  model.kinds[0].window = WINDOW;
  model.kind_of = kinds_of;
  for (size_t i = 0; letters[i] != '\0'; i++)
    kinds_of[i] = letters[i] == 'g';
  return model;
}

static int number_of(const struct tp_program *program, size_t s, const char *name, int which)
{
  for (size_t i = 0; i < program->segments[s].n_ops; i++)
    if (strcmp(program->segments[s].ops[i].name, name) == 0 && which-- == 0)
      return program->segments[s].ops[i].alike;
  ck_abort_msg("segment %d has no %s", (int)s, name);
}

/* 14 layers as (lllllg) x2, l x2: attention of l in the first five turns and the second segment,
 * that of g once a cycle; all else in every turn. */
START_TEST(one_number_a_kernel)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = model_of("lllllglllllgll");
  const struct tp_request request = decode_request(&model, 2);
  const struct tp_program program = build_program("standard", &request, arena);
  ck_assert_uint_eq(program.n_segments, 4);
  const int local = number_of(&program, 1, "attn.attention", 0);
  const int qkv = number_of(&program, 1, "attn.qkv", 0);
  ck_assert(local > 0 && qkv > 0 && local != qkv);
  for (int turn = 0; turn < 6; turn++) {
    ck_assert_int_eq(number_of(&program, 1, "attn.qkv", turn), qkv);
    ck_assert_int_eq(number_of(&program, 1, "attn.attention", turn), turn < 5 ? local : 0);
  }
  ck_assert_int_eq(number_of(&program, 2, "attn.qkv", 0), qkv);
  ck_assert_int_eq(number_of(&program, 2, "attn.attention", 0), local);
  ck_assert_int_ne(number_of(&program, 1, "attn.all_reduce", 0), 0);
  ck_assert_int_ne(number_of(&program, 1, "attn.all_reduce", 0),
                   number_of(&program, 1, "mlp.all_reduce", 0)); /* alike, but of one layer */
  for (size_t i = 0; i < program.segments[0].n_ops; i++)
    ck_assert_int_eq(program.segments[0].ops[i].alike, 0);
  ck_assert_int_eq(program.n_alike, (int)program.segments[2].n_ops);
  tp_arena_free(arena);
}
END_TEST

/* Whose layers are of one kind errs as it did: by op and its repetitions. */
START_TEST(uniform_models_have_none)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = toy_model(12);
  for (int i = 0; tp_architectures[i] != NULL; i++) {
    struct tp_request request = prefill_request(&model, 2);
    ck_assert_int_eq(build_program(tp_architectures[i]->name, &request, arena).n_alike, 0);
    request.train = true;
    if (tp_architectures[i]->build_train != NULL)
      ck_assert_int_eq(build_program(tp_architectures[i]->name, &request, arena).n_alike, 0);
  }
  tp_arena_free(arena);
}
END_TEST

/* The slices of one GEMM are several ops of one name and one cost; the n-th is alike from layer to
 * layer. */
START_TEST(slices_are_told_apart)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = model_of("lglg");
  const struct tp_request request = prefill_request(&model, 2);
  const struct tp_program program = build_program("t3:4", &request, arena);
  enum { SLICES = 2 * 4 };
  for (int slice = 0; slice < SLICES; slice++) {
    const int number = number_of(&program, 1, "mlp.down", slice);
    ck_assert(number > 0);
    ck_assert_int_eq(number_of(&program, 1, "mlp.down", SLICES + slice), number);
    for (int other = 0; other < slice; other++)
      ck_assert_int_ne(number_of(&program, 1, "mlp.down", other), number);
  }
  tp_arena_free(arena);
}
END_TEST

/* Forward and backward are two calls: each has its own, as in a uniform model. */
START_TEST(calls_are_told_apart)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = model_of("lglg");
  struct tp_request request = prefill_request(&model, 2);
  request.train = true;
  request.training.recompute = true; /* the forward pass of a layer again in its backward */
  const struct tp_program program = build_program("standard", &request, arena);
  const int forward = number_of(&program, 1, "attn.qkv", 0);
  const int again = number_of(&program, 3, "attn.qkv", 0);
  ck_assert(forward > 0 && again > 0 && forward != again);
  ck_assert_int_eq(number_of(&program, 1, "attn.qkv", 1), forward);
  ck_assert_int_eq(number_of(&program, 3, "attn.qkv", 1), again);
  tp_arena_free(arena);
}
END_TEST

/* By hand: a layer with two equal copies, and one that has the second alone. */
START_TEST(names_tell_equal_ops_apart)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_op copy = {.kind = TP_OP_MEMORY, .memory = {.read_bytes = 8, .write_bytes = 8}};
  struct tp_op ops[] = {copy, copy, copy};
  ops[0].name = "first";
  ops[1].name = ops[2].name = "second";
  ops[2].turn = 1;
  struct tp_program program = {
      .n_segments = 1,
      .segments = {{.repeat = 1, .layers_call = 1, .n_ops = 3, .ops = ops}},
  };
  tp_program_find_alike(&program, arena);
  ck_assert_int_eq(program.n_alike, 1);
  ck_assert_int_eq(ops[0].alike, 0);
  ck_assert_int_eq(ops[1].alike, 1);
  ck_assert_int_eq(ops[2].alike, 1);
  tp_arena_free(arena);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("alike");
  TCase *cases = tcase_create("cases");
  tcase_add_test(cases, one_number_a_kernel);
  tcase_add_test(cases, uniform_models_have_none);
  tcase_add_test(cases, slices_are_told_apart);
  tcase_add_test(cases, calls_are_told_apart);
  tcase_add_test(cases, names_tell_equal_ops_apart);
  suite_add_tcase(suite, cases);
  return suite;
}

TP_SUITE_MAIN
