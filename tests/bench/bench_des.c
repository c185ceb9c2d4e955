/* Time of a DES pass: `make bench`.
 *
 * Llama 3.1 70B on 8 GPUs of a DGX H100, whole and folded, at each detail, against a bare SimGrid
 * loop: the same numbers of sleeps, executions and messages, by as many actors, with nothing to
 * wait for or to account, in a fork that starts the engine and loads the platform, as the first of
 * the passes does.
 */
#include "engine/des/sim.h"
#include "platform/open.h"
#include "program/variant.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 9 };

struct bench {
  struct tp_engine des;
  struct tp_arena *arena;
  struct tp_setup *setup;
  struct tp_model model;
  struct tp_machine machine;
};

struct bare {
  sg_host_t gpu, next, memory;
  struct tp_des_counts counts;
};

static void require(enum tp_status status, const struct tp_error *error)
{
  if (status == TP_OK)
    return;
  fprintf(stderr, "%s\n", error->text);
  exit((int)status);
}

static double now_s(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void bare_main(int argc, char **argv)
{
  (void)argc;
  (void)argv;
  struct bare *bare = sg_actor_self_get_data();
  struct tp_des_counts left = bare->counts;
  for (int64_t i = 0; left.sleeps + left.executions + left.messages > 0; i++) {
    sg_exec_t exec = NULL;
    if (left.executions-- > 0) {
      exec = sg_actor_exec_init(1e-6 * (double)(1 + i % 7));
      sg_exec_set_bound(exec, 0.5);
      sg_exec_start(exec);
    }
    if (left.messages-- > 0)
      sg_host_sendto(bare->gpu, i % 2 == 0 ? bare->memory : bare->next, 0x1p40);
    if (exec != NULL)
      sg_exec_wait(exec);
    if (left.sleeps-- > 0)
      sg_actor_sleep_for(1e-6 * (double)(1 + i % 5));
    left.sleeps = left.sleeps < 0 ? 0 : left.sleeps;
    left.executions = left.executions < 0 ? 0 : left.executions;
    left.messages = left.messages < 0 ? 0 : left.messages;
  }
}

static void run_bare(const struct tp_machine *machine, struct tp_des_counts counts, int ranks)
{
  const struct tp_fabric *fabric = machine->fabric;
  struct bare *bare = calloc((size_t)ranks, sizeof *bare);
  char xml[32];
  FILE *const out = tmpfile();
  if (out == NULL || bare == NULL)
    abort();
  tp_platform_write_xml(fabric->platform, machine->dram_bytes_per_s, NULL, 0, out);
  fflush(out);
  snprintf(xml, sizeof xml, "/proc/self/fd/%d", fileno(out));
  tp_des_engine_open(xml);
  for (int rank = 0; rank < ranks; rank++) {
    const struct tp_vertex *vertices = fabric->platform->vertices;
    const char *name = vertices[fabric->gpus[rank]].name;
    char memory[256];
    snprintf(memory, sizeof memory, "%s.mem", name);
    bare[rank] = (struct bare){
        .gpu = sg_host_by_name(name),
        .next = sg_host_by_name(vertices[fabric->gpus[(rank + 1) % fabric->ranks]].name),
        .memory = sg_host_by_name(memory),
        .counts = {.sleeps = counts.sleeps / ranks,
                   .executions = counts.executions / ranks,
                   .messages = counts.messages / ranks}};
    sg_actor_t actor = sg_actor_init("bare", bare[rank].gpu);
    sg_actor_set_data(actor, &bare[rank]);
    sg_actor_start(actor, bare_main, 0, NULL);
  }
  simgrid_run();
}

static double bare_s(const struct tp_machine *machine, struct tp_des_counts counts, int ranks)
{
  const double start_s = now_s();
  fflush(NULL);
  const pid_t child = fork();
  if (child == 0) {
    run_bare(machine, counts, ranks);
    _exit(0);
  }
  int state = 0;
  if (child < 0 || waitpid(child, &state, 0) < 0 || state != 0)
    abort();
  return now_s() - start_s;
}

/* Best of several rounds, in turn: the others were disturbed. */
static void measure(const struct bench *bench, const struct tp_run *run, const char *name)
{
  static const char *const details[] = TP_DETAIL_NAMES;
  struct tp_error error = {{0}};
  struct tp_result result = {0};
  struct tp_des_plan plan;
  struct tp_des_record record;
  struct tp_des_counts counts = {0};
  double best_s = 1e9, best_bare_s = 1e9;
  for (int round = 0; round < ROUNDS; round++) {
    struct tp_arena *scratch = tp_arena_create();
    const double start_s = now_s();
    require(tp_des_run(&bench->des, run, scratch, &result, &plan, &record, &error), &error);
    const double lasted_s = now_s() - start_s;
    best_s = lasted_s < best_s ? lasted_s : best_s;
    counts = *record.counts;
    const double bare = bare_s(&bench->machine, counts, plan.ranks);
    best_bare_s = bare < best_bare_s ? bare : best_bare_s;
    tp_arena_free(scratch);
  }
  const struct tp_des_counts *n = &counts;
  printf("%-9s %-6s %-6s %7.1f ms  %7lld activities  %4.2f x bare loop  (predicts %.3f ms)\n", name,
         details[run->detail], run->no_fold ? "whole" : "folded", 1e3 * best_s,
         (long long)(n->sleeps + n->executions + n->messages), best_s / best_bare_s,
         1e3 * result.total_s);
}

static void measure_variant(const struct bench *bench, const char *name)
{
  const struct tp_request request = {.model = &bench->model,
                                     .mesh = tp_mesh_of_tp(tp_machine_ranks(&bench->machine)),
                                     .batch = tp_batch_decode(16, 1280),
                                     .kv_capacity = 1536,
                                     .dtype = TP_DTYPE_BF16};
  struct tp_error error = {{0}};
  struct tp_variant variant;
  struct tp_program program = {0};
  require(tp_variant_parse(name, bench->arena, &variant, &error), &error);
  require(tp_variant_build(&variant, &request, bench->arena, &program, &error), &error);
  const struct tp_cost *rows[TP_MAX_SEGMENTS];
  for (size_t s = 0; s < program.n_segments; s++) {
    struct tp_cost *costs = TP_NEW(bench->arena, struct tp_cost, program.segments[s].n_ops);
    for (size_t i = 0; i < program.segments[s].n_ops; i++)
      costs[i] = tp_cost_op(&bench->machine, tp_batch_decodes(&program.batch),
                            &program.segments[s].ops[i]);
    rows[s] = costs;
  }
  for (int whole = 0; whole < 2; whole++)
    for (int detail = TP_DETAIL_FLOW; detail <= TP_DETAIL_CHUNK; detail++)
      measure(bench,
              &(struct tp_run){.program = &program,
                               .machine = &bench->machine,
                               .costs = rows,
                               .detail = (enum tp_detail)detail,
                               .no_fold = whole},
              name);
}

int main(void)
{
  static const char *const roots[] = {TP_SRCDIR};
  const struct tp_datadir dirs = {.roots = roots, .n_roots = 1};
  /* Rings of 14 steps, whatever the size: the most messages. */
  static const char *const sets[] = {"stack.collectives.library=nccl",
                                     "stack.collectives.nvls=false"};
  const struct tp_setup_request request = {
      .platform = "dgx-h100", .stack = "gpt-fast-compile", .sets = sets, .n_sets = 2};
  struct bench bench = {.des = tp_des_open(), .arena = tp_arena_create()};
  struct tp_error error = {{0}};
  require(tp_setup_open(&dirs, &request, bench.arena, &bench.setup, &error), &error);
  require(tp_model_open(TP_SRCDIR "/models/llama-3.1-70b.json", bench.arena, &bench.model, &error),
          &error);
  require(tp_machine_make(&bench.setup->platform, &bench.setup->device, &bench.setup->stack, 8,
                          &bench.machine, &error),
          &error);
  measure_variant(&bench, "standard");
  measure_variant(&bench, "ladder");
  tp_des_close(&bench.des);
  tp_arena_free(bench.arena);
  return 0;
}
