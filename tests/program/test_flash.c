/* Low-bit wires: their bytes by hand, every architecture with every wire, what is refused. */
#include "builds.h"
#include "program/variants/architectures.h"

static const struct {
  struct tp_wire wire;
  int bits;
  double elements, bytes;
} sizes[] = {
    {{.group = 128}, 4, 128, 64 + 4}, /* 4.25 bits an element */
    {{.group = 128}, 8, 128, 128 + 4},
    {{.group = 32}, 5, 64, 40 + 2 * 4},
    {{.group = 128}, 3, 8192, 3072 + 64 * 4},
    {{.group = 128}, 6, 1, 0.75 + 4}, /* a group begun is a group sent */
    {{.group = 128}, 6, 129, 96.75 + 2 * 4},
    {{.group = 32, .spikes = true}, 2, 32, 8 + 4 + 4 + 2},
    {{.group = 256, .spikes = true}, 2, 256, 64 + 4 + 4 + 2},
    {{.group = 512, .spikes = true}, 2, 512, 128 + 4 + 4 + 4},
};

START_TEST(bytes_by_hand)
{
  ck_assert_double_eq(tp_wire_bytes(&sizes[_i].wire, sizes[_i].bits, sizes[_i].elements),
                      sizes[_i].bytes);
}
END_TEST

static struct tp_program build(const char *text, const struct tp_request *request,
                               struct tp_arena *arena)
{
  struct tp_error error;
  struct tp_variant variant;
  struct tp_program program = {0};
  if (tp_variant_parse(text, arena, &variant, &error) != TP_OK ||
      tp_variant_build(&variant, request, arena, &program, &error) != TP_OK)
    ck_abort_msg("%s: %s", text, error.text);
  return program;
}

/* The wire is all that a wire changes: with it taken off, the text is the plain program's. */
static int take_wires_off(struct tp_program *program, const struct tp_wire *wire)
{
  int taken = 0;
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++) {
      struct tp_op *op = &program->segments[s].ops[i];
      if (op->kind != TP_OP_COLLECTIVE)
        continue;
      if (op->collective.kind != TP_ALL_REDUCE) {
        ck_assert_int_eq(op->collective.wire.reduce_bits, 0);
        continue;
      }
      ck_assert_int_eq(op->collective.wire.reduce_bits, wire->reduce_bits);
      ck_assert_int_eq(op->collective.wire.gather_bits, wire->gather_bits);
      ck_assert_int_eq(op->collective.wire.group, wire->group);
      ck_assert_int_eq(op->collective.wire.spikes, wire->spikes);
      op->collective.wire = (struct tp_wire){0};
      taken++;
    }
  return taken;
}

static void check_pair(const struct tp_architecture *architecture, const struct tp_transform *wire)
{
  const struct tp_model model = toy_model(8);
  struct tp_arena *arena = tp_arena_create();
  for (int tp = 1; tp <= 4; tp *= 2)
    for (int decode = 0; decode <= 1; decode++) {
      const struct tp_request request =
          decode == 1 ? decode_request(&model, tp) : prefill_request(&model, tp);
      struct tp_program plain = build(architecture->name, &request, arena);
      struct tp_program low =
          build(tp_arena_printf(arena, "%s+%s", architecture->name, wire->name), &request, arena);
      const int taken = take_wires_off(&low, &wire->wire);
      ck_assert_int_eq(taken > 0, tp > 1);
      low.title = plain.title;
      ck_assert_str_eq(tp_program_text(&low, arena), tp_program_text(&plain, arena));
    }
  tp_arena_free(arena);
}

START_TEST(every_architecture_takes_every_wire)
{
  for (size_t w = 0; tp_wires[w] != NULL; w++)
    if (strcmp(tp_architectures[_i]->name, "no-comm") != 0)
      check_pair(tp_architectures[_i], tp_wires[w]);
}
END_TEST

START_TEST(group_is_the_argument)
{
  const struct tp_model model = toy_model(2);
  const struct tp_request request = decode_request(&model, 2);
  struct tp_arena *arena = tp_arena_create();
  struct tp_program program = build("flash-int4-int8:32", &request, arena);
  ck_assert_int_gt(take_wires_off(&program, &(struct tp_wire){4, 8, 32, false, TP_WIRE_INTEGER}),
                   0);
  program = build("flash-int2-sr", &request, arena);
  ck_assert_ptr_nonnull(strstr(tp_program_text(&program, arena), "int2/int2 group=128 spikes"));
  tp_arena_free(arena);
}
END_TEST

static const struct {
  const char *text, *words;
} refused[] = {
    {"no-comm+flash-int4", "no-comm sends nothing that flash-int4 could shorten"},
    {"no-comm+t3", "no-comm sends nothing that t3 could hide"},
    {"flash-int8+no-comm", "no-comm sends nothing that flash-int8 could shorten"},
    {"flash-int8+flash-int4", "two wire formats"},
    {"flash-int4:8", "'8' is no number of elements a group"},
    {"flash-int4:9999", "write flash-int4:N with N from 16 to 8192"},
    {"flash-int7", "unknown part 'flash-int7'"},
    {"t3-mca+flash-int4", "what t3-mca sends by DMA is added in memory"},
    {"flash-int4:100", "write a multiple of 8"},
};

START_TEST(is_refused)
{
  const struct tp_model model = toy_model(2);
  const struct tp_request request = decode_request(&model, 2);
  struct tp_arena *arena = tp_arena_create();
  struct tp_error error;
  struct tp_variant variant;
  struct tp_program program;
  enum tp_status status = tp_variant_parse(refused[_i].text, arena, &variant, &error);
  if (status == TP_OK)
    status = tp_variant_build(&variant, &request, arena, &program, &error);
  ck_assert_int_eq(status, TP_E_INPUT);
  ck_assert_msg(strstr(error.text, refused[_i].words) != NULL, "got: %s", error.text);
  tp_arena_free(arena);
}
END_TEST

START_TEST(training_is_refused)
{
  const struct tp_model model = toy_model(2);
  struct tp_request request = decode_request(&model, 2);
  struct tp_arena *arena = tp_arena_create();
  struct tp_error error;
  struct tp_variant variant;
  struct tp_program program;
  request.train = true;
  ck_assert_int_eq(tp_variant_parse("ladder+flash-int4", arena, &variant, &error), TP_OK);
  ck_assert_int_eq(tp_variant_build(&variant, &request, arena, &program, &error), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "train without 'flash-int4'"));
  tp_arena_free(arena);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("flash");
  TCase *wires = tcase_create("wires");
  tcase_add_loop_test(wires, bytes_by_hand, 0, (int)(sizeof sizes / sizeof *sizes));
  int n = 0;
  while (tp_architectures[n] != NULL)
    n++;
  tcase_add_loop_test(wires, every_architecture_takes_every_wire, 0, n);
  tcase_add_test(wires, group_is_the_argument);
  tcase_add_test(wires, training_is_refused);
  tcase_add_loop_test(wires, is_refused, 0, (int)(sizeof refused / sizeof *refused));
  suite_add_tcase(suite, wires);
  return suite;
}

TP_SUITE_MAIN
