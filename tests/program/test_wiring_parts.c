/* Wirings of halves of a step's tokens, of a rank's share of them, and of groups of ranks: against
 * builders in C where there are any, and against what is counted on paper. */
#include "../model/open.h"
#include "wiring.h"

#include "base/file.h"
#include "program/op_fields.h"
#include "program/train.h"

#include "../arena.h" /* whose names nothing above may meet */

enum { MOST_OPS = 4000 };

static struct tp_program built(const char *name, const struct tp_request *request)
{
  struct tp_error error = {""};
  struct tp_program program;
  ck_assert_msg(build_wired(name, request, arena, &program, &error) == TP_OK, "%s", error.text);
  return program;
}

/* A pass as it is issued: what its ops are, and which ops each waits for. */
struct issued {
  int n;
  const char *texts[MOST_OPS];
};

static bool is_left_out(const struct tp_op *op)
{
  return strcmp(op->name, "attn.cache") == 0; /* training keeps none */
}

static void issue(struct issued *issued, const struct tp_op *op, int *recorded)
{
  char payload[160];
  tp_op_text(op, payload, sizeof payload);
  const char *text =
      tp_arena_printf(arena, "stream %d %s %s", op->stream, tp_op_kind_text(op->kind), payload);
  for (int w = 0; w < op->n_waits; w++)
    if (recorded[op->waits[w]] > 0)
      text = tp_arena_printf(arena, "%s waits %d", text, recorded[op->waits[w]]);
  ck_assert_int_lt(issued->n, MOST_OPS);
  issued->texts[issued->n++] = text;
  if (op->records != TP_NO_EVENT)
    recorded[op->records] = issued->n;
}

/* All but the segment `end` and those behind it. */
static struct issued *issue_all(const struct tp_program *program, const char *end)
{
  struct issued *issued = TP_NEW(arena, struct issued, 1);
  int recorded[TP_MAX_EVENTS] = {0};
  for (size_t s = 0; s < program->n_segments; s++) {
    const struct tp_segment *segment = &program->segments[s];
    if (strcmp(segment->name, end) == 0)
      break;
    for (int64_t i = 0; i < segment->repeat; i++)
      for (size_t o = 0; o < segment->n_ops; o++)
        if (!is_left_out(&segment->ops[o]))
          issue(issued, &segment->ops[o], recorded);
  }
  return issued;
}

static void assert_same(const struct issued *a, const struct issued *b)
{
  for (int i = 0; i < a->n && i < b->n; i++)
    ck_assert_str_eq(a->texts[i], b->texts[i]);
  ck_assert_int_eq(a->n, b->n);
  ck_assert_int_gt(a->n, 20);
}

/* The one builder of sequence parallelism in C is of training steps: its forward pass, all-gathers
 * and reduce-scatters included, is the wiring's. */
START_TEST(sequence_parallel_is_the_forward_of_training)
{
  for (int layers = 2; layers <= 7; layers++)
    for (int tp = 2; tp <= 8; tp *= 2)
      for (int sharded = 0; sharded < 2; sharded++)
        for (int fused = 0; fused < 2; fused++) {
          const struct tp_model model = toy_model(layers);
          struct tp_request request = prefill_request(&model, tp);
          request.batch = tp_batch_prefill(3, 16);
          request.style.fused_rope = false; /* nor is there one with the cache */
          request.style.embedding_sharded = sharded == 1;
          request.style.fused_residual_norm = fused == 1;
          const struct tp_program mine = built("sequence-parallel", &request);
          request.train = true;
          request.training.sequence_parallel = true;
          const struct tp_program trained = built("standard", &request);
          assert_same(issue_all(&mine, "epilogue"), issue_all(&trained, "loss"));
        }
}
END_TEST

/* A step that is not split, in the order of the other text: standard's ops one by one. */
START_TEST(a_small_step_is_standard)
{
  const struct tp_model model = toy_model(5);
  for (int style = 0; style < 8; style++)
    for (int r = 0; r < 2; r++) {
      struct tp_request request = r == 0 ? prefill_request(&model, 4) : decode_request(&model, 4);
      request.style.fused_residual_norm = (style & 1) != 0;
      request.style.fused_overlapped_residual = (style & 2) != 0;
      request.style.fused_norm_max_bytes = (style & 4) != 0 ? 1e9 : 0;
      const struct tp_program mine = built("tokenweave:1000", &request);
      const struct tp_program standard = built("standard", &request);
      assert_same(issue_all(&mine, ""), issue_all(&standard, ""));
      ck_assert_double_eq(mine.weight_bytes, standard.weight_bytes);
    }
}
END_TEST

/* Where a kernel reduces, adds and normalises, the sum of one half does so under the other's
 * modules, and what comes next has nothing left to do; a ladder's residual is not there yet. */
START_TEST(norms_ride_on_the_sums_of_halves)
{
  const struct tp_model model = toy_model(4);
  struct tp_request request = prefill_request(&model, 4);
  static const char *const names[] = {"tokenweave:2", "ladder.tpa"};
  request.style.fused_norm_max_bytes = 1e9;
  for (int n = 0; n < 2; n++) {
    const struct tp_program program = built(names[n], &request);
    int norms = 0, carried = 0, carrying = 0;
    for (size_t s = 1; s < program.n_segments; s++)
      for (size_t i = 0; i < program.segments[s].n_ops; i++) {
        const struct tp_op *op = &program.segments[s].ops[i];
        norms += op->kind == TP_OP_MEMORY && op->memory.function == TP_FUNCTION_ADD_NORM;
        carried += op->kind == TP_OP_MEMORY && op->memory.carried;
        carrying += op->kind == TP_OP_COLLECTIVE && op->collective.norm == model.hidden;
      }
    ck_assert_int_eq(carried, n == 0 ? norms : 0);
    ck_assert_int_eq(carrying, n == 0 ? 8 : 0); /* two halves, two sums, two segments */
    ck_assert_int_gt(norms, 2);
  }
}
END_TEST

/* Rows, flops and bytes of both halves together are those of the whole; attention apart, which
 * skips nothing that it did not skip. */
START_TEST(halves_make_a_whole)
{
  static const struct tp_batch batches[] = {{1, {{4, 16, 0}}},
                                            {1, {{1, 32, 0}}},
                                            {1, {{3, 10, 6}}},
                                            {3, {{1, 8, 4}, {2, 1, 11}, {1, 3, 0}}}};
  const struct tp_model model = toy_model(6);
  for (int b = 0; b < 4; b++) {
    struct tp_request request = prefill_request(&model, 4);
    request.batch = batches[b];
    const struct tp_program mine = built("tokenweave:2", &request);
    const struct tp_program standard = built("standard", &request);
    const struct sums halves = sum_program(&mine), whole = sum_program(&standard);
    ck_assert_double_eq_tol(halves.gemm_flops, whole.gemm_flops, 1e-9 * whole.gemm_flops);
    ck_assert_double_eq_tol(halves.flops, whole.flops, 1e-9 * whole.flops);
    ck_assert_double_eq_tol(halves.reduce_bytes, whole.reduce_bytes, 1e-9 * whole.reduce_bytes);
    ck_assert_int_eq(halves.reduces, 2 * whole.reduces);
  }
}
END_TEST

static const struct tp_op *attention_of(const struct tp_program *program, int which)
{
  const struct tp_segment *segment = &program->segments[1];
  for (size_t i = 0; i < segment->n_ops; i++)
    if (segment->ops[i].kind == TP_OP_ATTENTION && which-- == 0)
      return &segment->ops[i];
  return NULL;
}

/* One sequence in two: the second half's queries see the first's keys, and a longer context of
 * those that decode leaves both alone. */
START_TEST(the_second_half_attends_the_first)
{
  const struct tp_model model = toy_model(4);
  struct tp_request request = prefill_request(&model, 2);
  request.batch = (struct tp_batch){2, {{1, 100, 28}, {2, 1, 50}}};
  struct tp_program program = built("tokenweave:2", &request);
  const struct tp_op *first = attention_of(&program, 0), *second = attention_of(&program, 1),
                     *decode = attention_of(&program, 2);
  ck_assert_int_eq(first->attention.query_len, 51);
  ck_assert_int_eq(first->attention.kv_len, 28 + 51);
  ck_assert_int_eq(second->attention.query_len, 49);
  ck_assert_int_eq(second->attention.kv_len, 128);
  ck_assert_int_eq(decode->attention.batch, 2);
  ck_assert_int_eq(decode->attention.kv_len, 51);
  ck_assert_ptr_null(attention_of(&program, 3));
  struct tp_batch later = request.batch;
  later.chunks[1].context = 90;
  tp_program_set_contexts(&program, &later);
  ck_assert_int_eq(first->attention.kv_len, 79);
  ck_assert_int_eq(second->attention.kv_len, 128);
  ck_assert_int_eq(decode->attention.kv_len, 91);
}
END_TEST

/* standard.tpa with every sum in two, over the shards of experts and then over experts. */
static const char *in_two_levels(void)
{
  const char *text;
  struct tp_error error;
  const char *path = tp_arena_printf(arena, "%s/models/wirings/standard.tpa", TP_SRCDIR);
  ck_assert_int_eq(tp_file_read(path, arena, &text, &error), TP_OK);
  FILE *out = fopen("two-levels.tpa", "w");
  ck_assert_ptr_nonnull(out);
  for (const char *at; (at = strstr(text, " ~sum\n")) != NULL; text = at + 6)
    fprintf(out, "%.*s ~sum over expert-tensor\n  %c ~sum over experts\n", (int)(at - text), text,
            at[-1]);
  fputs(text, out);
  ck_assert_int_eq(fclose(out), 0);
  return "two-levels.tpa";
}

/* On 8 ranks that have 2 experts' shares of 4: {4, 1}, then {2, 4}, and the reader waits for that.
 */
START_TEST(sums_name_their_groups)
{
  struct tp_model model = open_shipped("mixtral-8x7b", arena);
  struct tp_request request = prefill_request(&model, 8);
  request.mesh = (struct tp_mesh){1, 1, 8, 2, 4};
  const struct tp_program program = built(in_two_levels(), &request);
  const struct tp_segment *layer = &program.segments[1];
  int n = 0;
  for (size_t i = 0; i < layer->n_ops; i++) {
    const struct tp_op *op = &layer->ops[i];
    if (op->kind != TP_OP_COLLECTIVE)
      continue;
    const struct tp_group group = op->collective.group;
    ck_assert_int_eq(group.size, n % 2 == 0 ? 4 : 2);
    ck_assert_int_eq(group.stride, n % 2 == 0 ? 1 : 4);
    ck_assert_double_eq(op->collective.bytes, 48.0 * (double)model.hidden * 2);
    if (n++ % 2 == 0)
      continue;
    ck_assert_int_eq(op[0].records, op[1].waits[0]);
    ck_assert_int_eq(op[-1].records, op[0].records);
  }
  ck_assert_int_eq(n, 4);
  remove("two-levels.tpa");
}
END_TEST

static const struct tp_op *op_named(const struct tp_program *program, const char *name, int which)
{
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++)
      if (strcmp(program->segments[s].ops[i].name, name) == 0 && which-- == 0)
        return &program->segments[s].ops[i];
  return NULL;
}

/* The tensor, behind so many rows of what it is a view of. */
static void check_rows(const struct tp_program *program, int tensor, int64_t first, int64_t rows)
{
  int64_t row = 0;
  ck_assert_int_eq(program->tensors[tensor].rows, rows);
  for (; program->tensors[tensor].view_of != TP_NO_TENSOR;
       tensor = program->tensors[tensor].view_of)
    row += program->tensors[tensor].first_row;
  ck_assert_int_eq(row, first);
}

/* Three sequences of 5: 8 tokens, then 7.  The second sequence is of both halves, with all of its
 * cache and its length: what the second half does with it stands behind the first. */
START_TEST(halves_of_a_sequence)
{
  static const struct {
    const char *name;
    int which;
    int64_t first_token, tokens, first_sequence, sequences, kv_len;
  } ops[] = {{"attn.attention@1", 0, 0, 5, 0, 1, 5},
             {"attn.attention@1", 1, 5, 3, 1, 1, 3},
             {"attn.attention@2", 0, 8, 2, 1, 1, 5},
             {"attn.attention@2", 1, 10, 5, 2, 1, 5}};
  const struct tp_model model = toy_model(4);
  struct tp_request request = prefill_request(&model, 4);
  request.operands = true;
  request.batch = tp_batch_prefill(3, 5);
  const struct tp_program program = built("tokenweave:2", &request);
  ck_assert_ptr_null(program.unsaid);
  for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
    const struct tp_op *op = op_named(&program, ops[i].name, ops[i].which);
    ck_assert_int_eq(op->attention.kv_len, ops[i].kv_len);
    check_rows(&program, op->in[0], ops[i].first_token, ops[i].tokens);
    check_rows(&program, op->in[1], 24 * ops[i].first_sequence, 24 * ops[i].sequences);
    check_rows(&program, op->in[3], ops[i].first_sequence, ops[i].sequences);
    check_rows(&program, op->out[0], ops[i].first_token, ops[i].tokens);
  }
  const struct tp_op *cached = op_named(&program, "attn.rope+cache@2", 0);
  check_rows(&program, cached->in[0], 8, 7);
  check_rows(&program, cached->in[1], 1, 2);
  check_rows(&program, cached->out[1], 24, 48);
}
END_TEST

/* What no rank could compute says so: tokens that the ranks do not divide. */
START_TEST(what_is_cut_says_so)
{
  const struct tp_model model = toy_model(4);
  struct tp_request request = prefill_request(&model, 4);
  request.operands = true;
  request.batch = tp_batch_prefill(3, 16);
  ck_assert_ptr_null(built("tokenweave:2", &request).unsaid);
  ck_assert_ptr_null(built("sequence-parallel", &request).unsaid);
  request.batch = tp_batch_prefill(3, 5);
  ck_assert_ptr_nonnull(strstr(built("sequence-parallel", &request).unsaid, "that it divides"));
}
END_TEST

/* Shares of tokens that do not divide are padded. */
START_TEST(shares_are_padded)
{
  const struct tp_model model = toy_model(4);
  struct tp_request request = decode_request(&model, 8);
  request.batch = tp_batch_decode(3, 20);
  const struct tp_program program = built("sequence-parallel", &request);
  const struct tp_segment *layer = &program.segments[1];
  for (size_t i = 0; i < layer->n_ops; i++)
    if (layer->ops[i].kind == TP_OP_COLLECTIVE)
      ck_assert_double_eq(layer->ops[i].collective.bytes, 8 * 256 * 2);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("wiring_parts");
  TCase *tcase = tcase_create("wiring_parts");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, sequence_parallel_is_the_forward_of_training);
  tcase_add_test(tcase, a_small_step_is_standard);
  tcase_add_test(tcase, norms_ride_on_the_sums_of_halves);
  tcase_add_test(tcase, halves_make_a_whole);
  tcase_add_test(tcase, halves_of_a_sequence);
  tcase_add_test(tcase, the_second_half_attends_the_first);
  tcase_add_test(tcase, sums_name_their_groups);
  tcase_add_test(tcase, what_is_cut_says_so);
  tcase_add_test(tcase, shares_are_padded);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
