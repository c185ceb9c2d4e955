/* Training steps: counts against the forward pass, and gradients in a world of small numbers, one a
 * rank and residual.
 *
 * There every module is linear, so the loss of an embedding of 1 is the loss's derivative by the
 * embedding: a backward pass is right if it ends with what the forward pass gave.
 */
#include "builds.h"

enum { RANKS = 4, MAX_LAYERS = 5 };

/* Architectures that train, from the registry. */
static const char *trained(int i)
{
  for (size_t a = 0; tp_architectures[a] != NULL; a++)
    if (tp_architectures[a]->build_train != NULL && i-- == 0)
      return tp_architectures[a]->name;
  return NULL;
}

static int n_trained(void)
{
  int n = 0;
  while (trained(n) != NULL)
    n++;
  return n;
}

static struct tp_request train_request(const struct tp_model *model, int tp)
{
  struct tp_request request = prefill_request(model, tp);
  request.train = true;
  return request;
}

static bool can_split(const char *variant)
{
  return strcmp(variant, "ladder") != 0 && strncmp(variant, "desync", 6) != 0;
}

/* Work of the GEMMs but the head's. */
static double block_gemm_flops(const struct tp_program *program)
{
  double flops = 0;
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++) {
      const struct tp_op *op = &program->segments[s].ops[i];
      if (op->kind == TP_OP_GEMM && strncmp(op->name, "head", 4) != 0)
        flops += (double)program->segments[s].repeat * tp_op_flops(op);
    }
  return flops;
}

static double activation_bytes(const struct tp_program *program)
{
  return program->activation_bytes + program->kept_bytes;
}

static double attention_flops(const struct tp_program *program)
{
  double flops = 0;
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++)
      if (program->segments[s].ops[i].kind == TP_OP_ATTENTION)
        flops += (double)program->segments[s].repeat * tp_op_flops(&program->segments[s].ops[i]);
  return flops;
}

/* Two more GEMMs backward for each forward; attention 5 products for 2, 7 materialised in both. */
START_TEST(test_three_times_the_forward_pass)
{
  struct tp_arena *arena = tp_arena_create();
  for (int v = 0; v < n_trained(); v++)
    for (int mode = 0; mode < 32; mode++) {
      struct tp_model model = toy_model(5);
      model.gated_mlp = mode & 1;
      model.parallel_residual = strcmp(trained(v), "standard") == 0 && mode & 2;
      model.shared_norm = mode & 4;
      const int tp = 1 << (mode >> 3);
      struct tp_request forward = prefill_request(&model, tp), train = train_request(&model, tp);
      forward.style.all_positions = true;
      const struct tp_program once = build_program(trained(v), &forward, arena);
      struct tp_program step = build_program(trained(v), &train, arena);
      ck_assert_rel(sum_program(&step).gemm_flops, 3 * sum_program(&once).gemm_flops, 1e-14);
      ck_assert_rel(attention_flops(&step), 3.5 * attention_flops(&once), 1e-14);
      train.training.recompute = true;
      step = build_program(trained(v), &train, arena);
      ck_assert_rel(block_gemm_flops(&step), 4 * block_gemm_flops(&once), 1e-14);
      ck_assert_rel(attention_flops(&step), 4.5 * attention_flops(&once), 1e-14);
      train.style.attention_prefill = TP_ATTENTION_MATERIALISED;
      train.training.recompute = false;
      step = build_program(trained(v), &train, arena);
      forward.style.attention_prefill = TP_ATTENTION_MATERIALISED;
      ck_assert_rel(attention_flops(&step),
                    3 * attention_flops(
                            &(struct tp_program[]){build_program(trained(v), &forward, arena)}[0]),
                    1e-14);
    }
  tp_arena_free(arena);
}
END_TEST

/* All-reduces a forward pass of `layers` layers: as many backward. */
static int64_t forward_sums(const char *variant, int64_t layers, bool side_by_side)
{
  if (strcmp(variant, "no-comm") == 0)
    return 0;
  if (strcmp(variant, "desync-4x") == 0)
    return (layers + 1) / 2;
  const bool two = strcmp(variant, "standard") == 0 || strcmp(variant, "ladder") == 0;
  return two && !side_by_side ? 2 * layers : layers;
}

START_TEST(test_collectives)
{
  struct tp_arena *arena = tp_arena_create();
  const double row_bytes = 48.0 * 256 * 2;
  for (int v = 0; v < n_trained(); v++)
    for (int64_t layers = 1; layers <= 6; layers++)
      for (int mode = 0; mode < 4; mode++) {
        struct tp_model model = toy_model(layers);
        model.parallel_residual = mode & 1 && strcmp(trained(v), "standard") == 0;
        struct tp_request request = train_request(&model, 4);
        request.training.recompute = mode & 2;
        const int64_t sums = forward_sums(trained(v), layers, model.parallel_residual);
        const int64_t expected = sums * (mode & 2 ? 3 : 2);
        struct tp_program program = build_program(trained(v), &request, arena);
        const struct sums plain = sum_program(&program);
        ck_assert_msg(plain.reduces == expected, "%s, %d layers, mode %d: %d all-reduces, want %d",
                      trained(v), (int)layers, mode, (int)plain.reduces, (int)expected);
        ck_assert_double_eq(plain.reduce_bytes, (double)expected * row_bytes);
        ck_assert_int_eq(plain.gathers, 0);
        request.mesh = tp_mesh_of_tp(1);
        program = build_program(trained(v), &request, arena);
        const struct sums alone = sum_program(&program);
        ck_assert_int_eq(alone.reduces + alone.gathers, 0);
      }
  tp_arena_free(arena);
}
END_TEST

/* Reduce-scatter and all-gather take one all-reduce's place and move its bytes; two gathers more,
 * for the head and for the embedding's gradient; and one for every weight gradient that needs a
 * gathered input again, as many as all-reduces backward. */
START_TEST(test_sequence_parallel_collectives)
{
  struct tp_arena *arena = tp_arena_create();
  for (int v = 0; v < n_trained(); v++) {
    if (!can_split(trained(v)))
      continue;
    const struct tp_model model = toy_model(3);
    struct tp_request request = train_request(&model, 4);
    struct tp_program program = build_program(trained(v), &request, arena);
    const struct sums plain = sum_program(&program);
    request.training.sequence_parallel = true;
    program = build_program(trained(v), &request, arena);
    const struct sums split = sum_program(&program);
    ck_assert_int_eq(split.reduces, 0);
    ck_assert_int_eq(split.gathers, plain.reduces == 0 ? 0 : 2 * plain.reduces + 2 + plain.reduces / 2);
    ck_assert_double_eq(split.gather_bytes, (double)split.gathers * 48 * 256 * 2);
    ck_assert_double_eq(split.gemm_flops, plain.gemm_flops);
    request.training.sequence_parallel = false;
    request.style.head_sharded = request.style.embedding_sharded = true;
    program = build_program(trained(v), &request, arena);
    const struct sums sharded = sum_program(&program);
    const int64_t edges = plain.reduces == 0 ? 0 : 3; /* embedding, loss, head's gradient */
    ck_assert_int_eq(sharded.reduces, plain.reduces + edges);
    if (edges > 0)
      ck_assert_double_eq(sharded.reduce_bytes,
                          plain.reduce_bytes + 2 * 48.0 * 256 * 2 + 48.0 * 3 * 4);
  }
  tp_arena_free(arena);
}
END_TEST

/* Ranks share the work: a degree times a rank's GEMMs is the same whatever the degree. */
START_TEST(test_ranks_share_the_work)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = toy_model(2);
  for (int v = 0; v < n_trained(); v++) {
    struct tp_request request = train_request(&model, 1);
    const double whole =
        block_gemm_flops(&(struct tp_program[]){build_program(trained(v), &request, arena)}[0]);
    for (int tp = 2; tp <= 4; tp *= 2) {
      request.mesh = tp_mesh_of_tp(tp);
      const struct tp_program part = build_program(trained(v), &request, arena);
      ck_assert_rel(tp * block_gemm_flops(&part), whole, 1e-14);
    }
  }
  tp_arena_free(arena);
}
END_TEST

/* Toy at tp 2, a token: 4 heads, 2 kv heads of 32; ffn 256, gated; 2 residuals of 256 and as many
 * norms: 4 * 256 + 32 * (8 + 4) + 3 * 256 = 2176 elements a layer; sequence-parallel, halves of
 * both. */
START_TEST(test_memory)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model ten = toy_model(10), twenty = toy_model(20);
  struct tp_request request = train_request(&ten, 2);
  struct tp_request more = train_request(&twenty, 2);
  struct tp_program a = build_program("standard", &request, arena);
  struct tp_program b = build_program("standard", &more, arena);
  ck_assert_double_eq(tp_program_kv_bytes(&a, 1), 0);
  ck_assert_double_eq(activation_bytes(&b) - activation_bytes(&a), 10 * 48.0 * 2176 * 2);
  request.training.sequence_parallel = more.training.sequence_parallel = true;
  a = build_program("standard", &request, arena);
  b = build_program("standard", &more, arena);
  ck_assert_double_eq(activation_bytes(&b) - activation_bytes(&a), 10 * 48.0 * (2176 - 512) * 2);
  request.training.recompute = more.training.recompute = true;
  a = build_program("standard", &request, arena);
  b = build_program("standard", &more, arena);
  ck_assert_double_eq(activation_bytes(&b) - activation_bytes(&a), 10 * 48.0 * 128 * 2);
  const struct tp_request inference = prefill_request(&ten, 2);
  const struct tp_program once = build_program("standard", &inference, arena);
  ck_assert_double_eq(a.weight_bytes, once.weight_bytes);
  ck_assert_double_eq(a.state_bytes, once.weight_bytes);
  more.style.optimiser_bytes = 12; /* of weights of two bytes */
  b = build_program("standard", &more, arena);
  ck_assert_double_eq(b.state_bytes, 7 * b.weight_bytes);
  tp_arena_free(arena);
}
END_TEST

/* One rank's numbers.  Forward: residual, normed, module outputs.  Backward: gradients of the
 * residual, of the modules' outputs and of their inputs; those of norms outside a layer. */
struct rank {
  double x, n, part, attn, mlp;
  double g, gathered, attn_out, mlp_out, attn_in, mlp_in, outer, grad;
};

struct world {
  const char *variant;
  int ranks, module;
  int64_t layers;
  bool lazy, split, backward;
  double loss;
  struct rank rank[RANKS];
  const struct tp_op *queue[8];
  int n_queue;
};

static double coefficient(int module, int rank)
{
  return 0.3 + 0.2 * sin(1.3 * module + 0.7 * rank);
}

enum { ATTENTION, MLP };
static double norm_factor(int module)
{
  return module == MLP ? 0.8 : 0.9;
}

static bool is(const struct world *world, const char *prefix)
{
  return strncmp(world->variant, prefix, strlen(prefix)) == 0;
}

static double *summed(struct world *world, const char *name, int rank)
{
  struct rank *r = &world->rank[rank];
  if (strncmp(name, "attn.grad.", 10) == 0)
    return is(world, "desync") ? &r->g : &r->attn_in;
  if (strncmp(name, "mlp.grad.", 9) == 0)
    return &r->mlp_in;
  if (strncmp(name, "attn.", 5) == 0)
    return &r->attn;
  ck_assert_int_eq(strncmp(name, "mlp.", 4), 0);
  return is(world, "desync") ? &r->x : &r->mlp;
}

static void run_first_collective(struct world *world)
{
  const struct tp_op *op = world->queue[0];
  double sum = 0;
  for (int r = 0; r < world->ranks; r++) {
    struct rank *rank = &world->rank[r];
    if (op->collective.kind == TP_ALL_GATHER)
      *(strstr(op->name, ".grad.") != NULL ? &rank->gathered : &rank->n) =
          strstr(op->name, ".grad.") != NULL ? rank->g : rank->part;
    else
      sum += *summed(world, op->name, r);
  }
  for (int r = 0; op->collective.kind != TP_ALL_GATHER && r < world->ranks; r++)
    *summed(world, op->name, r) = sum;
  world->n_queue--;
  memmove(world->queue, world->queue + 1, (size_t)world->n_queue * sizeof world->queue[0]);
}

static void wait_for(struct world *world, int event)
{
  int last = -1;
  for (int i = 0; i < world->n_queue; i++)
    if (world->queue[i]->records == event)
      last = i;
  for (int i = 0; i <= last; i++)
    run_first_collective(world);
}

static void run_forward(struct world *world, const struct tp_op *op, const char *word, int rank)
{
  struct rank *r = &world->rank[rank];
  const bool sum = is(world, "desync") && op->records != TP_NO_EVENT;
  if (strcmp(word, "embed") == 0)
    r->x = 1;
  else if (strstr(word, ".norm") != NULL)
    *(world->split ? &r->part : &r->n) = r->x;
  else if (strcmp(word, "attn.out") == 0)
    r->attn = coefficient(world->module, rank) * norm_factor(ATTENTION) * r->n;
  else if (strcmp(word, "mlp.down") == 0)
    r->mlp = coefficient(world->module, rank) * norm_factor(MLP) * r->n;
  else if (strcmp(word, "attn.add") == 0 && is(world, "parallel"))
    r->mlp += r->attn;
  else if (strcmp(word, "attn.add") == 0)
    r->x += r->attn;
  else if (strcmp(word, "mlp.add") == 0)
    r->x = r->mlp + (sum ? r->x / world->ranks : r->x);
  else if (strcmp(word, "head") == 0)
    world->loss = r->n;
}

/* desync: the rank's residual went into this layer's sum as a share. */
static bool shared_out(const struct world *world, int layer)
{
  if (!is(world, "desync"))
    return false;
  return is(world, "desync-2x") || layer % 2 == 0 || layer == world->layers;
}

static void run_backward(struct world *world, const char *name, int rank)
{
  struct rank *r = &world->rank[rank];
  const int mlp = 2 * (world->module / 2), attention = mlp - 1; /* of the layer in work */
  const double out = world->split ? r->gathered : r->g;
  if (strcmp(name, "head.dgrad") == 0)
    r->outer = 1;
  else if (strcmp(name, "final.norm.grad") == 0)
    r->g = r->outer;
  else if (strcmp(name, "mlp.down.dgrad") == 0)
    r->mlp_out = out;
  else if (strcmp(name, "attn.out.dgrad") == 0)
    r->attn_out = out;
  else if (strcmp(name, "mlp.up+gate.dgrad") == 0)
    r->mlp_in = coefficient(mlp, rank) * r->mlp_out;
  else if (strcmp(name, "attn.qkv.dgrad") == 0)
    r->attn_in = coefficient(attention, rank) * r->attn_out;
  else if (strcmp(name, "qkv+up.dgrad") == 0) /* one norm: its factor goes into the sum */
    r->attn_in = coefficient(attention, rank) * r->attn_out +
                 coefficient(mlp, rank) * norm_factor(MLP) / norm_factor(ATTENTION) * r->mlp_out;
  else if (strcmp(name, "mlp.norm.grad+add") == 0)
    r->g = norm_factor(MLP) * r->mlp_in +
           (shared_out(world, world->module / 2) ? r->g / world->ranks : r->g);
  else if (strcmp(name, "attn.norm.grad+add") == 0)
    r->g += norm_factor(ATTENTION) * r->attn_in;
  else if (strcmp(name, "embed.grad") == 0)
    r->grad = r->g;
}

static void run_kernel(struct world *world, const struct tp_op *op)
{
  for (int i = 0; i < op->n_waits; i++)
    wait_for(world, op->waits[i]);
  if (!world->backward && (strcmp(op->name, "attn.out") == 0 || strcmp(op->name, "mlp.down") == 0))
    world->module++;
  for (int rank = 0; rank < world->ranks; rank++) {
    run_backward(world, op->name, rank);
    char words[80];
    snprintf(words, sizeof words, "%s", op->name);
    for (char *word = words, *end; word != NULL && !world->backward; word = end) {
      end = strchr(word, '+');
      if (end != NULL)
        *end++ = '\0';
      run_forward(world, op, word, rank);
    }
  }
  if (strcmp(op->name, "head") == 0)
    world->backward = true;
  if (strcmp(op->name, "attn.qkv.wgrad") == 0 || strcmp(op->name, "qkv+up.wgrad") == 0)
    world->module -= 2;
}

static struct world run(const char *variant, int64_t layers, int ranks, unsigned mode)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = toy_model(layers);
  struct tp_request request = train_request(&model, ranks);
  request.training.async_reduce = mode & 2;
  request.training.sequence_parallel = mode & 4;
  request.training.recompute = mode & 8;
  const struct tp_program program = build_program(variant, &request, arena);
  struct world world = {
      .variant = variant, .ranks = ranks, .layers = layers, .lazy = mode & 1, .split = mode & 4};
  for (size_t s = 0; s < program.n_segments; s++)
    for (int64_t repeat = 0; repeat < program.segments[s].repeat; repeat++)
      for (size_t i = 0; i < program.segments[s].n_ops; i++) {
        const struct tp_op *op = &program.segments[s].ops[i];
        if (op->kind != TP_OP_COLLECTIVE) {
          run_kernel(&world, op);
          continue;
        }
        ck_assert_int_lt(world.n_queue, 8);
        world.queue[world.n_queue++] = op;
        if (!world.lazy)
          run_first_collective(&world);
      }
  tp_arena_free(arena);
  return world;
}

/* Each rank of desync has its own path from the embedding; their gradients have been summed. */
START_TEST(test_gradient_is_the_loss)
{
  const char *variant = trained(_i);
  if (strcmp(variant, "no-comm") == 0) /* its ranks never sum a gradient */
    return;
  for (int64_t layers = 1; layers <= MAX_LAYERS; layers++)
    for (int ranks = 2; ranks <= RANKS; ranks += 2)
      for (unsigned mode = 0; mode < 16; mode++) {
        if (mode & 4 && !can_split(variant))
          continue;
        const struct world world = run(variant, layers, ranks, mode);
        ck_assert_int_eq(world.module, 0);
        ck_assert(world.loss > 1.1 && world.loss < 1e9);
        for (int r = 0; r < ranks; r++)
          ck_assert_msg(fabs(world.rank[r].grad / world.loss - 1) < 1e-12,
                        "%s, %d layers, %d ranks, mode %u: gradient %.15g, loss %.15g", variant,
                        (int)layers, ranks, mode, world.rank[r].grad, world.loss);
      }
}
END_TEST

/* 4 query and 2 KV heads of 32 a rank, in halves: rotating back reads and writes
 * queries and keys once; undoing their norm reads what it read, too. */
START_TEST(test_gradients_of_heads_by_bytes)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_model model = toy_model(4);
  model.qk_norm = TP_QK_NORM_HEAD;
  const struct tp_request request = train_request(&model, 2);
  const struct tp_program program = build_program("standard", &request, arena);
  const double tokens = (double)tp_batch_tokens(&request.batch), bytes = tokens * (4 + 2) * 32 * 2;
  int found = 0;
  for (size_t s = 0; s < program.n_segments; s++)
    for (size_t i = 0; i < program.segments[s].n_ops; i++) {
      const struct tp_op *const op = &program.segments[s].ops[i];
      const bool norm = strcmp(op->name, "attn.qk_norm.grad") == 0;
      if (!norm && strcmp(op->name, "attn.rope.grad") != 0)
        continue;
      ck_assert_double_eq(op->memory.read_bytes, norm ? 2 * bytes : bytes);
      ck_assert_double_eq(op->memory.write_bytes, bytes);
      found++;
    }
  ck_assert_int_eq(found, 2);
  tp_arena_free(arena);
}
END_TEST

/* Who waits for the MLP's all-reduce. */
START_TEST(test_weight_gradient_under_the_all_reduce)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = toy_model(4);
  static const struct {
    const char *variant;
    bool async_reduce;
    const char *waiter;
  } cases[] = {{"standard", false, "mlp.up+gate.wgrad"},
               {"standard", true, "mlp.norm.grad+add"},
               {"ladder", false, "mlp.norm.grad+add"}};
  for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
    struct tp_request request = train_request(&model, 2);
    request.training.async_reduce = cases[c].async_reduce;
    const struct tp_program program = build_program(cases[c].variant, &request, arena);
    int found = 0;
    for (size_t s = 0; s < program.n_segments; s++)
      for (size_t i = 0; i < program.segments[s].n_ops; i++) {
        const struct tp_op *op = &program.segments[s].ops[i];
        if (op->n_waits == 0 || strcmp(program.event_names[op->waits[0]], "mlp.grad.done") != 0)
          continue;
        ck_assert_str_eq(op->name, cases[c].waiter);
        found++;
      }
    ck_assert_int_gt(found, 0);
  }
  tp_arena_free(arena);
}
END_TEST

START_TEST(test_refused)
{
  struct tp_model model = toy_model(2);
  struct tp_request request = train_request(&model, 4);
  assert_build_refused("kraken", &request, "training of kraken is not modelled");
  request.training.sequence_parallel = true;
  assert_build_refused("ladder", &request, "no sequence-parallel form: a ladder's gather");
  assert_build_refused("desync-2x", &request, "no sequence-parallel form: every rank of desync");
  request.batch = tp_batch_prefill(3, 18);
  assert_build_refused("standard", &request, "tp 4 does not divide the 18 tokens of a sequence");
  model.parallel_residual = true;
  request.batch = tp_batch_prefill(3, 16);
  assert_build_refused("standard", &request, "no sequence-parallel form: modules side by side");
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("train");
  TCase *counts = tcase_create("counts");
  tcase_add_test(counts, test_three_times_the_forward_pass);
  tcase_add_test(counts, test_collectives);
  tcase_add_test(counts, test_sequence_parallel_collectives);
  tcase_add_test(counts, test_ranks_share_the_work);
  tcase_add_test(counts, test_memory);
  tcase_add_test(counts, test_refused);
  suite_add_tcase(suite, counts);
  TCase *flow = tcase_create("flow");
  tcase_add_loop_test(flow, test_gradient_is_the_loss, 0, n_trained());
  tcase_add_test(flow, test_gradients_of_heads_by_bytes);
  tcase_add_test(flow, test_weight_gradient_under_the_all_reduce);
  suite_add_tcase(suite, flow);
  return suite;
}

TP_SUITE_MAIN
