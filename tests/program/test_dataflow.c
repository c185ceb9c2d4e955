/* Runs programs on small numbers and holds the result against the papers' recursions.
 *
 * Every rank has a residual x and buffers; a module's output is a nonlinear function of its number,
 * the rank and its input.  All-reduces work in place on the communication stream, either as soon as
 * they are issued or as late as the events allow: a wait that is missing or in the wrong place
 * gives another number under one of the two.
 */
#include "toy.h"

enum { RANKS = 4, MAX_LAYERS = 9 };

struct rank {
  double x, n, attn, mlp; /* residual, normed input, module outputs */
  double z, sum;          /* kraken: the MLP's input; sum of all y */
};

struct world {
  const char *variant;
  int ranks;
  struct rank rank[RANKS];
  int modules;                    /* started so far */
  int pending_at[2 * MAX_LAYERS]; /* all-reduces still running when module i started (lazy) */
  bool lazy;
  const struct tp_op *queue[8]; /* issued collectives that have not run */
  int n_queue;
};

static double module_value(int module, int rank, double n)
{
  return sin(1.3 * module + 0.7 * rank + n);
}

static double norm_value(double x)
{
  return x / sqrt(1 + x * x);
}

static double combine_weight(int rank)
{
  return 0.5 + 0.25 * rank;
}

static bool is(const struct world *world, const char *variant)
{
  return strcmp(world->variant, variant) == 0;
}

static double *reduced_buffer(struct world *world, const struct tp_op *op, int rank)
{
  struct rank *r = &world->rank[rank];
  if (strcmp(op->name, "attn.all_reduce") == 0)
    return &r->attn;
  if (strcmp(op->name, "exchange.all_reduce") == 0)
    return &r->sum;
  if (strcmp(op->name, "combine.all_reduce") == 0)
    return &r->x;
  ck_assert_str_eq(op->name, "mlp.all_reduce");
  return strncmp(world->variant, "desync", 6) == 0 ? &r->x : &r->mlp;
}

static void run_first_collective(struct world *world)
{
  const struct tp_op *op = world->queue[0];
  double sum = 0;
  for (int r = 0; r < world->ranks; r++)
    sum += *reduced_buffer(world, op, r);
  for (int r = 0; r < world->ranks; r++)
    *reduced_buffer(world, op, r) = sum;
  world->n_queue--;
  memmove(world->queue, world->queue + 1, (size_t)world->n_queue * sizeof world->queue[0]);
}

/* The stream waits for the latest record: all collectives up to the last one that records it. */
static void wait_for(struct world *world, int event)
{
  int last = -1;
  for (int i = 0; i < world->n_queue; i++)
    if (world->queue[i]->records == event)
      last = i;
  for (int i = 0; i <= last; i++)
    run_first_collective(world);
}

static void run_word(struct world *world, const struct tp_op *op, const char *word, int rank)
{
  struct rank *r = &world->rank[rank];
  const bool desync_sum = strncmp(world->variant, "desync", 6) == 0 && op->records != TP_NO_EVENT;
  if (strcmp(word, "embed") == 0)
    r->x = 0.3;
  else if (strcmp(word, "mlp.norm") == 0 && is(world, "kraken"))
    r->n = norm_value(r->z);
  else if (strstr(word, ".norm") != NULL)
    r->n = norm_value(r->x);
  else if (strcmp(word, "attn.out") == 0)
    r->attn = module_value(world->modules, rank, r->n);
  else if (strcmp(word, "mlp.down") == 0)
    r->mlp = module_value(world->modules, rank, r->n);
  else if (strcmp(word, "attn.add") == 0 && is(world, "parallel"))
    r->mlp += r->attn;
  else if (strcmp(word, "attn.add") == 0)
    r->z = r->x += r->attn;
  else if (strcmp(word, "mlp.add") == 0)
    r->x = r->mlp + (desync_sum ? r->x / world->ranks : r->x);
  else if (strcmp(word, "exchange.copy_in") == 0)
    r->sum = r->x;
  else if (strcmp(word, "exchange.add") == 0)
    r->z = r->attn + r->sum;
  else if (strcmp(word, "combine") == 0)
    r->x *= combine_weight(rank);
}

static void run_kernel(struct world *world, const struct tp_op *op)
{
  for (int i = 0; i < op->n_waits; i++)
    wait_for(world, op->waits[i]);
  if (strcmp(op->name, "attn.qkv") == 0 || strncmp(op->name, "mlp.up", 6) == 0 ||
      strcmp(op->name, "qkv+up") == 0)
    world->pending_at[world->modules] = world->n_queue;
  if (strcmp(op->name, "attn.out") == 0 || strcmp(op->name, "mlp.down") == 0)
    world->modules++;
  for (int rank = 0; rank < world->ranks; rank++) {
    char words[80];
    snprintf(words, sizeof words, "%s", op->name);
    for (char *word = words, *end; word != NULL; word = end) {
      end = strchr(word, '+');
      if (end != NULL)
        *end++ = '\0';
      run_word(world, op, word, rank);
    }
  }
}

static struct world run(const char *variant, int64_t layers, int ranks, bool lazy, bool fused)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = toy_model(layers);
  struct tp_request request = decode_request(&model, ranks);
  request.style.fused_overlapped_residual = fused;
  const struct tp_program program = build_program(variant, &request, arena);
  struct world world = {.variant = variant, .ranks = ranks, .lazy = lazy};
  for (size_t s = 0; s < program.n_segments; s++)
    for (int64_t repeat = 0; repeat < program.segments[s].repeat; repeat++)
      for (size_t i = 0; i < program.segments[s].n_ops; i++) {
        const struct tp_op *op = &program.segments[s].ops[i];
        if (op->kind != TP_OP_COLLECTIVE) {
          run_kernel(&world, op);
          continue;
        }
        world.queue[world.n_queue++] = op;
        if (!lazy)
          run_first_collective(&world);
      }
  ck_assert_int_eq(world.n_queue, 0); /* nothing is left unwaited for */
  tp_arena_free(arena);
  return world;
}

/* The papers' recursions.  x[r]: residual of rank r. */

static double reduced(int module, int ranks, double n)
{
  double sum = 0;
  for (int r = 0; r < ranks; r++)
    sum += module_value(module, r, n);
  return sum;
}

static void standard_reference(int64_t layers, int ranks, double *x)
{
  double residual = 0.3;
  for (int i = 1; i <= 2 * layers; i++)
    residual += reduced(i, ranks, norm_value(residual));
  for (int r = 0; r < ranks; r++)
    x[r] = residual;
}

static void ladder_reference(int64_t layers, int ranks, double *x)
{
  double last = 0.3, before = 0.3; /* x_{i-1}, x_{i-2} */
  for (int i = 1; i <= 2 * layers; i++) {
    const double next = reduced(i, ranks, norm_value(before)) + last;
    before = last;
    last = next;
  }
  for (int r = 0; r < ranks; r++)
    x[r] = last;
}

static void parallel_reference(int64_t layers, int ranks, double *x)
{
  double residual = 0.3;
  for (int l = 0; l < layers; l++) {
    const double n = norm_value(residual);
    residual += reduced(2 * l + 1, ranks, n) + reduced(2 * l + 2, ranks, n);
  }
  for (int r = 0; r < ranks; r++)
    x[r] = residual;
}

static void no_comm_reference(int64_t layers, int ranks, double *x)
{
  for (int r = 0; r < ranks; r++) {
    x[r] = 0.3;
    for (int i = 1; i <= 2 * layers; i++)
      x[r] += module_value(i, r, norm_value(x[r]));
  }
}

static void desync_reference(int64_t layers, int ranks, int period, double *x)
{
  for (int r = 0; r < ranks; r++)
    x[r] = 0.3;
  for (int i = 1; i <= 2 * layers; i++) {
    const bool together = i % 2 == 0 && (i / 2 % period == 0 || i == 2 * layers);
    double sum = 0;
    for (int r = 0; r < ranks; r++) {
      const double h = module_value(i, r, norm_value(x[r]));
      sum += h + x[r] / ranks;
      x[r] += h;
    }
    for (int r = 0; together && r < ranks; r++)
      x[r] = sum;
  }
}

static void desync_2x_reference(int64_t layers, int ranks, double *x)
{
  desync_reference(layers, ranks, 1, x);
}

static void desync_4x_reference(int64_t layers, int ranks, double *x)
{
  desync_reference(layers, ranks, 2, x);
}

static void kraken_reference(int64_t layers, int ranks, double *x)
{
  double y[RANKS], next[RANKS];
  for (int r = 0; r < ranks; r++)
    y[r] = 0.3;
  for (int l = 0; l < layers; l++) {
    for (int r = 0; r < ranks; r++) {
      const double a = y[r] + module_value(2 * l + 1, r, norm_value(y[r]));
      double z = a;
      for (int j = 0; l > 0 && j < ranks; j++)
        z += j != r ? y[j] : 0;
      next[r] = a + module_value(2 * l + 2, r, norm_value(z));
    }
    memcpy(y, next, sizeof y);
  }
  double sum = 0;
  for (int r = 0; r < ranks; r++)
    sum += combine_weight(r) * y[r];
  for (int r = 0; r < ranks; r++)
    x[r] = sum;
}

static const struct {
  const char *variant;
  void (*reference)(int64_t layers, int ranks, double *x);
} flows[] = {
    {"standard", standard_reference},   {"ladder", ladder_reference},
    {"parallel", parallel_reference},   {"no-comm", no_comm_reference},
    {"desync-2x", desync_2x_reference}, {"desync-4x", desync_4x_reference},
    {"kraken", kraken_reference},
};

START_TEST(test_computes_the_papers_recursion)
{
  for (int64_t layers = 1; layers <= MAX_LAYERS; layers++)
    for (int ranks = 2; ranks <= RANKS; ranks += 2)
      for (int mode = 0; mode < 4; mode++) {
        const bool lazy = mode & 1, fused = mode & 2;
        const struct world world = run(flows[_i].variant, layers, ranks, lazy, fused);
        double x[RANKS] = {0};
        flows[_i].reference(layers, ranks, x);
        ck_assert_int_eq(world.modules, 2 * layers);
        for (int r = 0; r < ranks; r++)
          ck_assert_msg(fabs(world.rank[r].n - norm_value(x[r])) < 1e-12,
                        "%s, %d layers, %d ranks, %s, rank %d: %.15g, want %.15g",
                        flows[_i].variant, (int)layers, ranks, lazy ? "lazy" : "eager", r,
                        world.rank[r].n, norm_value(x[r]));
      }
}
END_TEST

/* Who overlaps with what: all-reduces still allowed to run when a module starts. */
START_TEST(test_overlap)
{
  const struct world standard = run("standard", 4, 2, true, true);
  const struct world ladder = run("ladder", 4, 2, true, true);
  const struct world kraken = run("kraken", 4, 2, true, true);
  const struct world parallel = run("parallel", 4, 2, true, true);
  for (int i = 0; i < 8; i++) {
    ck_assert_int_eq(standard.pending_at[i], 0);
    ck_assert_int_eq(parallel.pending_at[i], 0);
    /* Module i runs beside the all-reduce of i-1 alone: that of i-2 has been waited for. */
    ck_assert_int_eq(ladder.pending_at[i], i == 0 ? 0 : 1);
    /* The exchange runs under attention, not under the MLP, and not in layer 1. */
    ck_assert_int_eq(kraken.pending_at[i], i >= 2 && i % 2 == 0 ? 1 : 0);
  }
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("dataflow");
  TCase *flow = tcase_create("flow");
  tcase_add_loop_test(flow, test_computes_the_papers_recursion, 0, sizeof flows / sizeof flows[0]);
  tcase_add_test(flow, test_overlap);
  suite_add_tcase(suite, flow);
  return suite;
}

TP_SUITE_MAIN
