/* Overlaps: what t3 moves and adds up, really done with numbers; what the others cut; what is
 * refused. */
#include "../random.h"
#include "builds.h"
#include "program/transforms/overlap.h"

enum { MOST_RANKS = 64, MOST_PARTS = 16 };

struct world {
  struct tp_arena *arena;
  struct tp_model model;
  struct tp_request request;
  struct tp_op ops[3];
  struct tp_program program;
};

/* One GEMM of 64 x 128 x 96 in 16 bits, a collective of its result, one more kernel. */
static void open_world(struct world *world, int ranks, enum tp_collective_kind kind)
{
  *world = (struct world){.arena = tp_arena_create(), .model = toy_model(2)};
  world->request = decode_request(&world->model, ranks);
  world->ops[0] = (struct tp_op){.name = "out", .kind = TP_OP_GEMM, .records = 0};
  world->ops[0].gemm = (struct tp_gemm){.m = 64, .n = 128, .k = 96, .dtype = TP_DTYPE_FP16};
  world->ops[1] = (struct tp_op){.name = "out.reduce",
                                 .kind = TP_OP_COLLECTIVE,
                                 .stream = TP_STREAM_COMM,
                                 .n_waits = 1,
                                 .records = 1};
  world->ops[1].collective = (struct tp_collective){.kind = kind, .bytes = 64 * 128 * 2};
  world->ops[2] = (struct tp_op){
      .name = "next", .kind = TP_OP_MEMORY, .n_waits = 1, .waits = {1}, .records = TP_NO_EVENT};
  world->program = (struct tp_program){.title = "toy",
                                       .mesh = tp_mesh_of_tp(ranks),
                                       .n_streams = 2,
                                       .n_events = 2,
                                       .stream_names = {"compute", "comm"},
                                       .event_names = {"ready", "done"},
                                       .n_segments = 1};
  world->program.segments[0] =
      (struct tp_segment){.name = "layer", .repeat = 3, .n_ops = 3, .ops = world->ops};
}

static enum tp_status apply(struct world *world, const char *name, struct tp_error *error)
{
  struct tp_variant variant;
  ck_assert_int_eq(tp_variant_parse(name, world->arena, &variant, error), TP_OK);
  return variant.overlap->apply(&world->request, &variant, world->arena, &world->program, error);
}

static void apply_well(struct world *world, const char *name)
{
  struct tp_error error = {""};
  ck_assert_msg(apply(world, name, &error) == TP_OK, "%s: %s", name, error.text);
}

/* --- a walk with numbers ------------------------------------------------------------------- */

/* One element a part of a chunk, in the memory of every rank. */
struct cell {
  int64_t sum;
  int updates, sent;
};

struct walk {
  int ranks, parts;
  struct cell (*memory)[MOST_RANKS][MOST_PARTS]; /* [rank][chunk][part] */
  int64_t (*value)[MOST_RANKS][MOST_PARTS];      /* what the rank computes */
};

/* Ranks begin one chunk apart, so that step s of a rank is step s-1 of the one before it. */
static int chunk_of(const struct walk *walk, int rank, int step)
{
  return (rank - step + walk->ranks) % walk->ranks;
}

static void update(struct walk *walk, int rank, int chunk, int part, int64_t value)
{
  walk->memory[rank][chunk][part].sum += value;
  walk->memory[rank][chunk][part].updates++;
}

static void store_or_update(struct walk *walk, const struct tp_op *op, int rank, int slice)
{
  const int chunk = chunk_of(walk, rank, slice / walk->parts), part = slice % walk->parts;
  const bool remote = op->gemm.output == TP_OUTPUT_REMOTE;
  ck_assert_int_eq(op->gemm.output == TP_OUTPUT_CACHED, false);
  /* Remote stores travel with the send that follows. */
  if (remote)
    walk->memory[rank][chunk][part].sent++;
  update(walk, remote ? (rank + 1) % walk->ranks : rank, chunk, part,
         walk->value[rank][chunk][part]);
}

static void forward(struct walk *walk, int rank, int send)
{
  const int chunk = chunk_of(walk, rank, send / walk->parts), part = send % walk->parts;
  struct cell *cell = &walk->memory[rank][chunk][part];
  ck_assert_int_eq(cell->updates, 2); /* mine and my neighbour's: the trigger */
  ck_assert_int_eq(cell->sent, 0);
  cell->sent++;
  update(walk, (rank + 1) % walk->ranks, chunk, part, cell->sum);
}

/* Kernels of a rank at any moment that the events allow, sends on all ranks together. */
static void run_walk(struct walk *walk, const struct tp_segment *segment, uint64_t *state)
{
  int n_sends = 0, computed[MOST_RANKS] = {0}, sends = 0, settled = 0;
  for (size_t i = 0; i < segment->n_ops; i++)
    n_sends += segment->ops[i].kind == TP_OP_COLLECTIVE &&
               segment->ops[i].collective.kind == TP_SEND &&
               segment->ops[i].collective.role != TP_DMA_SETTLE;
  ck_assert_int_eq(n_sends, (walk->ranks - 1) * walk->parts);
  const int n_slices = walk->ranks * walk->parts;
  while (settled == 0) {
    const int rank = (int)tp_random_below(state, (size_t)walk->ranks + 1);
    if (rank < walk->ranks && computed[rank] < n_slices) {
      const int slice = computed[rank]++;
      const size_t at = (size_t)(slice < n_sends ? 2 * slice : n_sends + slice);
      ck_assert_int_eq(segment->ops[at].kind, TP_OP_GEMM);
      store_or_update(walk, &segment->ops[at], rank, slice);
      continue;
    }
    int least = n_slices;
    for (int r = 0; r < walk->ranks; r++)
      least = computed[r] < least ? computed[r] : least;
    if (sends == n_sends) {
      settled = least == n_slices;
      continue;
    }
    if (least <= sends) /* the send waits for the slice issued before it */
      continue;
    const struct tp_op *op = &segment->ops[2 * sends + 1];
    for (int r = 0; r < walk->ranks && op->collective.role == TP_DMA_FORWARD; r++)
      forward(walk, r, sends);
    sends++;
  }
}

static void check_sums(const struct walk *walk)
{
  for (int rank = 0; rank < walk->ranks; rank++)
    for (int chunk = 0; chunk < walk->ranks; chunk++)
      for (int part = 0; part < walk->parts; part++) {
        const struct cell *cell = &walk->memory[rank][chunk][part];
        const bool kept = chunk == chunk_of(walk, rank, walk->ranks - 1);
        ck_assert_int_eq(cell->sent, !kept); /* every chunk once over every link but one */
        if (!kept)
          continue;
        int64_t sum = 0;
        for (int r = 0; r < walk->ranks; r++)
          sum += walk->value[r][chunk][part];
        ck_assert_int_eq(cell->sum, sum);
        ck_assert_int_eq(cell->updates, 2);
      }
}

static void walk_once(int ranks, int parts, uint64_t *state)
{
  struct world world;
  open_world(&world, ranks, TP_ALL_REDUCE);
  apply_well(&world, tp_arena_printf(world.arena, "t3:%d", parts));
  struct walk walk = {.ranks = ranks, .parts = parts};
  walk.memory = calloc((size_t)ranks, sizeof *walk.memory);
  walk.value = calloc((size_t)ranks, sizeof *walk.value);
  for (int r = 0; r < ranks; r++)
    for (int c = 0; c < ranks; c++)
      for (int p = 0; p < parts; p++)
        walk.value[r][c][p] = (int64_t)tp_random_below(state, 1 << 20);
  run_walk(&walk, &world.program.segments[0], state);
  check_sums(&walk);
  free(walk.memory);
  free(walk.value);
  tp_arena_free(world.arena);
}

START_TEST(test_t3_adds_up)
{
  uint64_t state = tp_random_seed(_i);
  for (int ranks = 2; ranks <= MOST_RANKS; ranks += ranks < 10 ? 1 : 9)
    walk_once(ranks, 1 + (int)tp_random_below(&state, MOST_PARTS), &state);
}
END_TEST

/* --- what is emitted ----------------------------------------------------------------------- */

START_TEST(test_t3_all_reduce)
{
  struct world world;
  open_world(&world, 4, TP_ALL_REDUCE);
  apply_well(&world, "t3:2");
  const struct tp_segment *segment = &world.program.segments[0];
  ck_assert_int_eq(world.program.n_streams, 3);
  ck_assert_uint_eq(segment->n_ops, 8 + 6 + 1 + 1 + 1); /* slices, sends, settle, gather, next */
  ck_assert_int_eq(segment->repeat, 3);
  double flops = 0, link_bytes = 0;
  for (size_t i = 0; i < segment->n_ops; i++) {
    flops += tp_op_flops(&segment->ops[i]);
    if (segment->ops[i].kind == TP_OP_COLLECTIVE && segment->ops[i].stream == 2 &&
        segment->ops[i].collective.role != TP_DMA_SETTLE)
      link_bytes += segment->ops[i].collective.bytes;
  }
  ck_assert_rel(flops, 2.0 * 64 * 128 * 96, 1e-15);
  ck_assert_rel(link_bytes, 64 * 128 * 2 * 3.0 / 4, 1e-15);
  const struct tp_op *gather = &segment->ops[segment->n_ops - 2];
  ck_assert_int_eq(gather->collective.kind, TP_ALL_GATHER);
  ck_assert_rel(gather->collective.bytes, 64 * 128 * 2, 0);
  ck_assert_int_eq(gather->records, 1);
  ck_assert_str_eq(gather->name, "out.all_gather");
  tp_arena_free(world.arena);
}
END_TEST

START_TEST(test_t3_reduce_scatter)
{
  struct world world;
  open_world(&world, 2, TP_REDUCE_SCATTER);
  apply_well(&world, "t3-mca:1");
  const struct tp_segment *segment = &world.program.segments[0];
  ck_assert_uint_eq(segment->n_ops, 2 + 1 + 1 + 1);
  ck_assert_int_eq(segment->ops[3].collective.role, TP_DMA_SETTLE);
  ck_assert_int_eq(segment->ops[3].records, 1); /* whoever waited for the reduce-scatter */
  ck_assert(segment->ops[0].gemm.arbitrated && segment->ops[1].collective.arbitrated);
  ck_assert(!segment->ops[0].gemm.continues && segment->ops[2].gemm.continues);
  tp_arena_free(world.arena);
}
END_TEST

START_TEST(test_chunked)
{
  struct world world;
  open_world(&world, 2, TP_ALL_REDUCE);
  apply_well(&world, "chunked:5");
  const struct tp_segment *segment = &world.program.segments[0];
  ck_assert_uint_eq(segment->n_ops, 11);
  int64_t rows = 0;
  double bytes = 0;
  for (size_t i = 0; i < 10; i += 2) {
    rows += segment->ops[i].gemm.m;
    bytes += segment->ops[i + 1].collective.bytes;
    ck_assert_int_eq(segment->ops[i].records, 0);
    ck_assert_int_eq(segment->ops[i + 1].waits[0], 0);
    ck_assert_int_eq(segment->ops[i + 1].records, 1);
    ck_assert_int_eq(segment->ops[i].gemm.slices, 0); /* kernels of their own */
  }
  ck_assert_int_eq(rows, 64);
  ck_assert_rel(bytes, 64 * 128 * 2, 1e-15);
  tp_arena_free(world.arena);
}
END_TEST

START_TEST(test_chunked_has_no_empty_chunks)
{
  struct world world;
  open_world(&world, 2, TP_ALL_REDUCE);
  world.ops[0].gemm.m = 3;
  world.ops[1].collective.bytes = 3 * 128 * 2;
  apply_well(&world, "chunked:64");
  ck_assert_uint_eq(world.program.segments[0].n_ops, 7);
  ck_assert_int_eq(world.program.segments[0].ops[4].gemm.m, 1);
  tp_arena_free(world.arena);
}
END_TEST

START_TEST(test_ideal_starts_with_the_gemm)
{
  static const char *const names[] = {"ideal-overlap", "cu-share:16"};
  struct world world;
  open_world(&world, 8, TP_ALL_REDUCE);
  world.ops[0].n_waits = 1;
  world.ops[0].waits[0] = 1;
  apply_well(&world, names[_i]);
  const struct tp_segment *segment = &world.program.segments[0];
  ck_assert_uint_eq(segment->n_ops, 5);
  ck_assert_int_eq(segment->ops[0].waits[0], 1); /* what the GEMM waited for */
  ck_assert_int_eq(segment->ops[1].collective.kind, TP_REDUCE_SCATTER);
  ck_assert_int_eq(segment->ops[1].collective.sms, _i == 0 ? TP_NO_SMS : 16);
  ck_assert_int_eq(segment->ops[1].waits[0], segment->ops[0].records);
  ck_assert_int_eq(segment->ops[2].kind, TP_OP_GEMM);
  ck_assert_int_eq(segment->ops[3].collective.kind, TP_ALL_GATHER);
  ck_assert_int_eq(segment->ops[3].waits[0], segment->ops[2].records);
  tp_arena_free(world.arena);
}
END_TEST

/* The same by DMA engines: seven parts go on, each from the GEMM's start; the end waits for it. */
START_TEST(test_ideal_near_memory_starts_with_the_gemm)
{
  struct world world;
  open_world(&world, 8, _i == 0 ? TP_ALL_REDUCE : TP_REDUCE_SCATTER);
  apply_well(&world, "ideal-nmc");
  const struct tp_segment *segment = &world.program.segments[0];
  ck_assert_uint_eq(segment->n_ops, 1 + 7 + 1 + 1 + 1);
  for (int i = 1; i <= 7; i++) {
    ck_assert_int_eq(segment->ops[i].collective.role, TP_DMA_FORWARD);
    ck_assert_rel(segment->ops[i].collective.bytes, 64 * 128 * 2 / 8, 1e-15);
    ck_assert_int_eq(segment->ops[i].waits[0], segment->ops[0].records);
  }
  ck_assert_int_eq(segment->ops[8].kind, TP_OP_GEMM);
  const struct tp_op *const end = &segment->ops[9];
  ck_assert_int_eq(end->collective.kind, _i == 0 ? TP_ALL_GATHER : TP_SEND);
  ck_assert_int_eq(end->waits[0], segment->ops[8].records);
  ck_assert_int_eq(end->records, 1); /* what the next kernel waits for */
  tp_arena_free(world.arena);
}
END_TEST

/* --- models -------------------------------------------------------------------------------- */

static const struct {
  const char *variant;
  int fused; /* collectives that overlap, a pass of 4 layers */
} models[] = {
    {"t3", 8},           {"t3-mca", 8},      {"parallel+t3", 4},    {"ladder+t3", 8},
    {"desync-2x+t3", 4}, {"kraken:8+t3", 1}, {"ladder+chunked", 8},
};

static int count_slices(const struct tp_program *program, bool *only_at_start)
{
  int kernels = 0;
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++) {
      const struct tp_op *op = &program->segments[s].ops[i];
      if (op->kind != TP_OP_GEMM)
        continue;
      const bool starts = op->gemm.slices > 0 && !op->gemm.continues;
      kernels += starts ? (int)program->segments[s].repeat : 0;
      *only_at_start &= !op->gemm.continues || op->n_waits == 0;
    }
  return kernels;
}

START_TEST(test_models)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_model model = toy_model(4);
  const struct tp_request request = decode_request(&model, 8);
  struct tp_variant variant;
  struct tp_program program, plain;
  struct tp_error error = {""};
  model.kv_heads = 8;
  ck_assert_int_eq(tp_variant_parse(models[_i].variant, arena, &variant, &error), TP_OK);
  ck_assert_msg(tp_variant_build(&variant, &request, arena, &program, &error) == TP_OK, "%s",
                error.text);
  bool only_at_start = true;
  const int kernels = count_slices(&program, &only_at_start);
  if (strstr(models[_i].variant, "t3") != NULL)
    ck_assert_int_eq(kernels, models[_i].fused);
  ck_assert(only_at_start);
  variant.overlap = NULL;
  ck_assert_int_eq(tp_variant_build(&variant, &request, arena, &plain, &error), TP_OK);
  ck_assert_rel(sum_program(&program).flops, sum_program(&plain).flops, 1e-12);
  ck_assert_rel(program.weight_bytes, plain.weight_bytes, 0);
  tp_arena_free(arena);
}
END_TEST

static void assert_refused(const char *name, int tp, const char *words)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_model model = toy_model(4);
  const struct tp_request request = decode_request(&model, tp);
  struct tp_variant variant;
  struct tp_program program;
  struct tp_error error = {""};
  ck_assert_int_eq(tp_variant_parse(name, arena, &variant, &error), TP_OK);
  const enum tp_status status = tp_variant_build(&variant, &request, arena, &program, &error);
  ck_assert_int_eq(status, words == NULL ? TP_OK : TP_E_INPUT);
  ck_assert_msg(words == NULL || strstr(error.text, words) != NULL, "%s: %s", name, error.text);
  tp_arena_free(arena);
}

START_TEST(test_refused)
{
  assert_refused("t3-mca", 1, NULL);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("overlap");
  TCase *walk = tcase_create("walk");
  tcase_set_timeout(walk, 60);
  tcase_add_loop_test(walk, test_t3_adds_up, 0, 3);
  suite_add_tcase(suite, walk);
  TCase *ops = tcase_create("ops");
  tcase_add_test(ops, test_t3_all_reduce);
  tcase_add_test(ops, test_t3_reduce_scatter);
  tcase_add_test(ops, test_chunked);
  tcase_add_test(ops, test_chunked_has_no_empty_chunks);
  tcase_add_loop_test(ops, test_ideal_starts_with_the_gemm, 0, 2);
  tcase_add_loop_test(ops, test_ideal_near_memory_starts_with_the_gemm, 0, 2);
  tcase_add_loop_test(ops, test_models, 0, sizeof models / sizeof *models);
  tcase_add_test(ops, test_refused);
  suite_add_tcase(suite, ops);
  return suite;
}

TP_SUITE_MAIN
